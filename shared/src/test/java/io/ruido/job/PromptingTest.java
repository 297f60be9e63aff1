package io.ruido.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ruido.job.prompting.ExtraNetworks;
import io.ruido.job.prompting.LoraUse;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import java.util.List;
import org.junit.jupiter.api.Test;

class PromptingTest {
    private static final Prompting A1111 = new Prompting(PromptSyntax.A1111, 0, List.of());

    @Test
    void aJobHasAtMost16LorasWithThoseOfItsPrompt() {
        List<LoraUse> loras = ExtraNetworks.in("<lora:toy:0.1>".repeat(17));

        assertThatThrownBy(() -> new Prompting(PromptSyntax.A1111, 0, loras))
                .isInstanceOf(InvalidFieldException.class)
                .hasMessage("loras: must be at most 16, with those that the prompt names (was 17)");
        assertThatCode(() -> new Prompting(PromptSyntax.A1111, 0, loras.subList(0, 16)))
                .doesNotThrowAnyException();
    }

    @Test
    void weightsThatNoModelCanComputeWithAreRefused() {
        assertRefused("prompt", "(a:" + "9".repeat(40) + ")", "");
        assertRefused("prompt", "(".repeat(1_000) + "a", "");
        assertRefused("prompt", "((a:-1000):1000)", "");
        assertRefused("prompt", "a AND b :" + "9".repeat(400), "");
        assertRefused("negativePrompt", "a", "(".repeat(1_000) + "a");
        assertThatCode(() -> A1111.checkPrompts("((((a)))) (b:1.5) <lora:x:1> AND c :-100", "[[[(d:0)]]]"))
                .doesNotThrowAnyException();
    }

    private static void assertRefused(String field, String prompt, String negativePrompt) {
        assertThatThrownBy(() -> A1111.checkPrompts(prompt, negativePrompt))
                .isInstanceOfSatisfying(InvalidFieldException.class, e -> {
                    assertThat(e.field()).isEqualTo(field);
                    assertThat(e.reason()).contains("weights from");
                });
    }
}
