package io.ruido.gateway.http;

/** How an HTTP interface writes its errors. */
@FunctionalInterface
public interface ErrorFormat {
    /** Writes problem JSON (RFC 9457). */
    ErrorFormat PROBLEM_JSON = problem -> new Body(problem.status(), "application/problem+json", problem);

    /** Converts a problem to the response that this interface's clients expect. */
    Body of(Problem problem);

    /** @param json object that is written as JSON */
    record Body(int status, CharSequence mediaType, Object json) {}
}
