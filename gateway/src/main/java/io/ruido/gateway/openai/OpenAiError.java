package io.ruido.gateway.openai;

import io.ruido.gateway.http.ErrorFormat;
import io.ruido.gateway.http.Problem;

/** A problem in OpenAI's format. */
record OpenAiError(Error error) {
    /** @param param the first field that was refused, or null */
    record Error(String message, String type, String param, String code) {}

    /** Writes problems in this format. */
    static ErrorFormat.Body format(Problem problem) {
        OpenAiError error = of(problem);
        return new ErrorFormat.Body(problem.status(), "application/json", error);
    }

    static OpenAiError of(Problem problem) {
        String param =
                problem.errors().isEmpty() ? null : problem.errors().getFirst().field();
        return new OpenAiError(new Error(problem.detail(), type(problem.status()), param, problem.code()));
    }

    private static String type(int status) {
        return status == 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error";
    }
}
