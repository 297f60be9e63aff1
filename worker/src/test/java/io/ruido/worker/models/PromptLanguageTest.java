package io.ruido.worker.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.job.prompting.Composition;
import io.ruido.job.prompting.Emphasis;
import io.ruido.job.prompting.PromptSchedule;
import io.ruido.job.prompting.Weighted;
import io.ruido.model.Golden;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Beside the implementation of make_prompt_goldens.py. */
class PromptLanguageTest {
    private static JsonNode golden(String what) throws IOException {
        return new ObjectMapper()
                .readTree(Golden.path("golden/prompts/prompts.json").toFile())
                .get(what);
    }

    @Test
    void emphasisGivesPiecesAndTheirWeights() throws IOException {
        for (JsonNode expected : golden("emphasis")) {
            String prompt = expected.get("prompt").asText();

            List<Weighted> pieces = Emphasis.parse("prompt", prompt);

            assertThat(pieces).as(prompt).extracting(Weighted::text).isEqualTo(texts(expected.get("pieces")));
            for (int i = 0; i < pieces.size(); i++) {
                assertThat(pieces.get(i).weight())
                        .as(prompt)
                        .isCloseTo(expected.get("pieces").get(i).get(1).asDouble(), within(1e-12));
            }
        }
    }

    private static List<String> texts(JsonNode pieces) {
        List<String> texts = new ArrayList<>();
        pieces.forEach(piece -> texts.add(piece.get(0).textValue())); // null where a chunk begins
        return texts;
    }

    @Test
    void editingAndAlternationGiveTheTextOfEachStep() throws IOException {
        for (JsonNode expected : golden("schedules")) {
            String prompt = expected.get("prompt").asText();
            List<PromptSchedule.Span> spans = expected.get("spans")
                    .valueStream()
                    .map(span -> new PromptSchedule.Span(
                            span.get(0).asInt(), span.get(1).asText()))
                    .toList();

            assertThat(PromptSchedule.parse(prompt, expected.get("steps").asInt()))
                    .as(prompt)
                    .isEqualTo(spans);
        }
    }

    @Test
    void textsBetweenAndHaveTheirOwnWeights() {
        assertThat(Composition.parse("a cat :1.2 AND a dog AND ANDROID: -0.5"))
                .containsExactly(
                        new Composition.Part("a cat", 1.2),
                        new Composition.Part(" a dog", 1),
                        new Composition.Part(" ANDROID", -0.5));
    }

    @Test
    void bracketsWithoutEndAreReadQuickly() {
        String open = "[".repeat(5_000) + "(".repeat(5_000);

        assertThat(PromptSchedule.parse(open, 20)).containsExactly(new PromptSchedule.Span(20, open));
    }

    @Test
    void aSecondPassCountsStepsFromTheStartOfTheFirst() {
        List<PromptSchedule.Span> whole = List.of(new PromptSchedule.Span(8, "b"));

        assertThat(PromptSchedule.parse("[a:b:0.5]", 8, 20)).isEqualTo(whole);
        assertThat(PromptSchedule.parse("[a:b:12]", 8, 20)).isEqualTo(whole);
        assertThat(PromptSchedule.parse("[a:b:1.5]", 8, 20))
                .containsExactly(new PromptSchedule.Span(4, "a"), new PromptSchedule.Span(8, "b"));
        assertThat(PromptSchedule.parse("[a:b:22]", 8, 20))
                .containsExactly(new PromptSchedule.Span(2, "a"), new PromptSchedule.Span(8, "b"));
    }
}
