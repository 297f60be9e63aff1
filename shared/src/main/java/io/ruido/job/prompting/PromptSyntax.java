package io.ruido.job.prompting;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How prompts are read. */
public enum PromptSyntax {
    /** Every character stands for itself. */
    PLAIN,
    /** As AUTOMATIC1111's web UI reads them: emphasis, editing, alternation, BREAK, AND and {@code <lora:name:0.8>}. */
    A1111;

    /** As JSON has it. */
    @JsonValue
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
