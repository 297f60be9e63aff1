package io.ruido.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.job.UnavailableModel;
import io.ruido.job.prompting.AddOn;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnnouncedTest {
    @Test
    void whatCannotBeReadOrHasNoNameIsSkipped() {
        String model = "{\"name\": \"plums\", \"reason\": \"no such file\"}";
        String addOn = "[{\"name\": \"toy\", \"bytes\": 12}]";

        assertThat(Announced.read(
                        List.of("{\"reason\": \"no such file\"}", "null", "[]", "{", model), UnavailableModel.class))
                .containsExactly(new UnavailableModel("plums", "no such file"));
        assertThat(Announced.read(List.of("[{\"bytes\": 12}]", "{}", addOn), AddOn[].class))
                .containsExactly(new AddOn[] {new AddOn("toy", 12)});
    }
}
