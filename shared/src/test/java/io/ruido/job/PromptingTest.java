package io.ruido.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ruido.job.prompting.ExtraNetworks;
import io.ruido.job.prompting.LoraUse;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
        assertRefused("weights from", "prompt", "(a:" + "9".repeat(40) + ")", "");
        assertRefused("weights from", "prompt", "((a:-1000):1000)", "");
        assertRefused("weights from", "prompt", "[b:(a:10001):5]", "");
        assertRefused("weights from", "prompt", "a AND b :" + "9".repeat(400), "");
        assertRefused("weights from", "negativePrompt", "a", "(".repeat(98) + "a");
        assertThatCode(() -> check("((((a)))) (b:1.5) <lora:x:1> AND c :-100", "[[[(d:0)]]]", true))
                .doesNotThrowAnyException();
    }

    @Test
    void bracketsThatNestTooDeepAreRefused() {
        assertRefused("brackets open", "prompt", "(".repeat(1_000) + "a", "");
        assertRefused("brackets open", "negativePrompt", "a", "([a".repeat(300));
        assertThatCode(() -> check("[".repeat(100) + "a" + "]".repeat(100), "[(a)]".repeat(400), true))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a (red) apple", "a [red] apple", "a BREAK b", "[a:(b:1.2):3]"})
    void emphasisIsRefusedWhereTheTextEncoderDoesNotTakeIt(String prompt) {
        assertThatCode(() -> check(prompt, prompt, true)).doesNotThrowAnyException();
        assertThatThrownBy(() -> check(prompt, "", false)).isInstanceOfSatisfying(InvalidFieldException.class, e -> {
            assertThat(e.field()).isEqualTo("prompt");
            assertThat(e.reason()).contains("emphasis");
        });
        assertThatThrownBy(() -> check("a", prompt, false))
                .isInstanceOfSatisfying(
                        InvalidFieldException.class, e -> assertThat(e.field()).isEqualTo("negativePrompt"));
    }

    @Test
    void aTextWithoutEmphasisIsForEveryTextEncoder() {
        assertThatCode(() -> check("a [red:green:0.5] apple \\(x\\) <lora:x:1> AND [b|c]", "", false))
                .doesNotThrowAnyException();
    }

    private static void check(String prompt, String negativePrompt, boolean emphasis) {
        Prompting.checkPrompts(job(prompt, negativePrompt), emphasis);
    }

    private static PromptJob job(String prompt, String negativePrompt) {
        SamplingParams params = new SamplingParams("m", 64, 64, 20, 4.5, "ddim", 7).with(A1111);
        return new PromptJob(new UUID(0, 1), prompt, negativePrompt, 1, params, Priority.BATCH, Instant.EPOCH);
    }

    private static void assertRefused(String reason, String field, String prompt, String negativePrompt) {
        assertThatThrownBy(() -> check(prompt, negativePrompt, true))
                .isInstanceOfSatisfying(InvalidFieldException.class, e -> {
                    assertThat(e.field()).isEqualTo(field);
                    assertThat(e.reason()).contains(reason);
                });
    }

    @Test
    void severalTextsLorasAndChangesCostMore() {
        long step = 64 * 64;

        assertThat(StepCost.PIXELS.of(job("a cat", ""))).isEqualTo(20 * step);
        assertThat(StepCost.PIXELS.of(job("a AND b AND c", ""))).isEqualTo(Math.round(40.2 * step));
        assertThat(StepCost.PIXELS.of(job("[a|b]", ""))).isEqualTo(Math.round(20.1 * step));
        PromptJob plain = job("a cat", "");
        PromptJob added = new PromptJob(
                plain.jobId(),
                "a cat",
                "",
                1,
                plain.params().with(new Prompting(PromptSyntax.PLAIN, 0, List.of(new LoraUse("toy", 1)))),
                Priority.BATCH,
                Instant.EPOCH);
        assertThat(StepCost.PIXELS.of(added)).isEqualTo(25 * step);
    }
}
