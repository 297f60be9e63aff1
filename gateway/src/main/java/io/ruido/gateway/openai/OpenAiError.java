package io.ruido.gateway.openai;

import io.ruido.gateway.http.Problem;

/** A problem as OpenAI's clients read it. */
public record OpenAiError(Error error) {
    /** @param param the first field that was refused, or null */
    public record Error(String message, String type, String param, String code) {}

    public static OpenAiError of(Problem problem) {
        String param =
                problem.errors().isEmpty() ? null : problem.errors().getFirst().field();
        return new OpenAiError(new Error(problem.detail(), type(problem.status()), param, problem.code()));
    }

    private static String type(int status) {
        return status == 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error";
    }
}
