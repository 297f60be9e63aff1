package io.ruido.job.prompting;

import static io.ruido.job.InvalidFieldException.check;

import java.util.List;

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

    private static final int MOST_LORAS = 16;

    /** Plain texts, and the model as it is. */
    public static final Prompting PLAIN = new Prompting(PromptSyntax.PLAIN, 0, List.of());

    public Prompting {
        syntax = syntax == null ? PromptSyntax.PLAIN : syntax;
        loras = loras == null ? List.of() : List.copyOf(loras);
        check(clipSkip >= 0 && clipSkip <= 11, "clipSkip", clipSkip, "must be from 0 to 11");
        check(
                loras.size() <= MOST_LORAS,
                "loras",
                loras.size(),
                "must be at most %d, with those that the prompt names".formatted(MOST_LORAS));
    }

    /** @throws InvalidFieldException when a prompt consists of too many texts, or has weights that are too large */
    public void checkPrompts(String prompt, String negativePrompt) {
        if (syntax == PromptSyntax.PLAIN) {
            return;
        }
        List<Composition.Part> parts = Composition.parse(ExtraNetworks.without(prompt));
        check(
                parts.size() <= MOST_TEXTS,
                "prompt",
                prompt,
                "must have at most %d texts between AND".formatted(MOST_TEXTS));
        parts.forEach(part -> Emphasis.parse("prompt", part.text()));
        Emphasis.parse("negativePrompt", negativePrompt);
    }
}
