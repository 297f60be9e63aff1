package io.ruido.gateway.a1111;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.ruido.gateway.http.ErrorFormat;
import io.ruido.gateway.http.Problem;
import java.util.List;

/**
 * A problem as AUTOMATIC1111's clients read it.
 *
 * @param detail in words, or a list of {@link Refusal}s
 */
record SdError(@JsonIgnore int status, String error, Object detail, String errors) {
    /**
     * @param loc where the value was
     * @param msg why it was refused
     * @param type of the error
     */
    record Refusal(List<String> loc, String msg, String type) {}

    /** Writes problems in this format. */
    static ErrorFormat.Body format(Problem problem) {
        SdError error = of(problem);
        return new ErrorFormat.Body(error.status(), "application/json", error);
    }

    static SdError of(Problem problem) {
        if (problem.errors().isEmpty() || problem.status() != 400) {
            return new SdError(problem.status(), problem.code(), problem.detail(), problem.detail());
        }
        List<Refusal> refusals = problem.errors().stream()
                .map(field -> new Refusal(List.of("body", field.field()), field.toString(), "value_error"))
                .toList();
        return new SdError(422, problem.code(), refusals, problem.detail());
    }
}
