package io.ruido.job.prompting;

import static io.ruido.job.InvalidFieldException.check;

import io.ruido.job.Job;
import java.util.List;
import java.util.Set;

/**
 * How a job's prompts are read, and what is added to the model.
 *
 * @param syntax of the prompts
 * @param clipSkip how many of the last layers of a CLIP text encoder are left out
 * @param loras those of the job and those that its prompt names, in the order in which they are applied
 */
public record Prompting(PromptSyntax syntax, int clipSkip, List<LoraUse> loras) {
    /** Texts of a prompt between {@code AND}, each of which costs a call of the denoiser in each step. */
    private static final int MOST_TEXTS = 8;

    /** Texts that a prompt has in the course of the steps, each of which has to be encoded. */
    private static final int MOST_VERSIONS = 64;

    private static final int MOST_LORAS = 16;

    /** More than the layers of any CLIP text encoder. */
    public static final int MOST_CLIP_SKIP = 11;

    /** Plain texts, and the model as it is. */
    public static final Prompting PLAIN = new Prompting(PromptSyntax.PLAIN, 0, List.of());

    public Prompting {
        syntax = syntax == null ? PromptSyntax.PLAIN : syntax;
        loras = loras == null ? List.of() : List.copyOf(loras);
        check(clipSkip >= 0 && clipSkip <= MOST_CLIP_SKIP, "clipSkip", clipSkip, "must be from 0 to " + MOST_CLIP_SKIP);
        check(
                loras.size() <= MOST_LORAS,
                "loras",
                loras.size(),
                "must be at most %d, with those that the prompt names".formatted(MOST_LORAS));
    }

    /**
     * Refuses a job's prompts, in all forms that they have in the course of its steps.
     *
     * @param emphasis whether the model's text encoder takes weights and {@code BREAK}
     * @throws InvalidFieldException when a prompt consists of too many texts, or has weights that are too large, or any where
     *     the model takes none
     */
    public static void checkPrompts(Job job, boolean emphasis) {
        if (job.params().prompting().syntax() == PromptSyntax.PLAIN) {
            return;
        }
        int texts = Composition.parse(ExtraNetworks.without(job.prompt())).size();
        check(
                texts <= MOST_TEXTS,
                "prompt",
                job.prompt(),
                "must have at most %d texts between AND".formatted(MOST_TEXTS));
        List<PromptSpan> spans = PromptSpan.of(job);
        checkTexts("prompt", job.prompt(), PromptSpan.wanted(spans), emphasis);
        checkTexts("negativePrompt", job.negativePrompt(), PromptSpan.unwanted(spans), emphasis);
    }

    private static void checkTexts(String field, String prompt, Set<String> texts, boolean emphasis) {
        check(
                texts.size() <= MOST_VERSIONS,
                field,
                prompt,
                "must have at most %d different texts in the course of the steps".formatted(MOST_VERSIONS));
        texts.forEach(text -> checkText(field, text, emphasis));
    }

    private static void checkText(String field, String text, boolean emphasis) {
        List<Weighted> pieces = Emphasis.parse(field, text);
        check(
                emphasis || pieces.size() == 1 && pieces.getFirst().weight() == 1,
                field,
                text,
                "must have no emphasis and no BREAK, which the model's text encoder does not take; brackets that stand for"
                        + " themselves are written \\( and \\)");
    }
}
