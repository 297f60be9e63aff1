package io.ruido.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.ruido.job.prompting.Composition;
import io.ruido.job.prompting.Emphasis;
import io.ruido.job.prompting.ExtraNetworks;
import io.ruido.job.prompting.LoraUse;
import io.ruido.job.prompting.PromptSchedule;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

    @Test
    void aPromptWithMoreThan64TextsIsRefused() {
        String changes = IntStream.range(0, 7).mapToObj("[a|%d]"::formatted).collect(Collectors.joining());
        String many = "[" + IntStream.range(0, 65).mapToObj(String::valueOf).collect(Collectors.joining("|")) + "]";

        assertThatCode(() -> check(changes, "", true)).doesNotThrowAnyException();
        SamplingParams params = new SamplingParams("m", 64, 64, 100, 4.5, "ddim", 7).with(A1111);
        assertThatThrownBy(() -> Prompting.checkPrompts(
                        new PromptJob(new UUID(0, 1), many, "", 1, params, Priority.BATCH, Instant.EPOCH), true))
                .isInstanceOf(InvalidFieldException.class)
                .hasMessageStartingWith("prompt: must have at most 64 different texts in the course of the steps");
    }

    /** Patterns that search again from each character of a run would take minutes. */
    @Test
    void longRunsAreReadInLinearTime() {
        String digits = "1".repeat(200_000);
        String spaces = " ".repeat(200_000);

        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            assertThat(PromptSchedule.parse("[a:" + digits, 20)).hasSize(1);
            assertThat(Emphasis.parse("prompt", "(a:" + digits + ".1.)")).hasSize(1);
            assertThat(Emphasis.parse("prompt", "a" + spaces + "b BREAK c")).hasSize(3);
            assertThat(Composition.parse("a" + spaces + "b :2 ").getFirst().weight())
                    .isEqualTo(2);
        });
    }

    @Test
    void anAbilityThatAnOlderCardDoesNotMentionIsAssumed() {
        assertThat(JobJson.read("{\"tiling\": false}".getBytes(UTF_8), ModelCard.Abilities.class))
                .isEqualTo(new ModelCard.Abilities(true, false, true, Prompting.MOST_CLIP_SKIP));
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
