package io.ruido.gateway.http;

/** Who may call a route. */
public enum AccessRule {
    /** Anyone, under any host name, for the probes of an orchestrator. */
    PROBE,
    /** Anyone. */
    PUBLIC,
    /** Callers with an API key, where keys are configured. */
    KEY,
    /** Callers with the API key of an administrator, where keys are configured. */
    ADMIN
}
