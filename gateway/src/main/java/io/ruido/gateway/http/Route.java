package io.ruido.gateway.http;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.OptionalLong;

/**
 * The handler of one operation of the contract, with its access rule, limit and error format.
 *
 * @param operation {@code operationId} in the contract
 * @param access who may call it
 * @param maxBodyBytes maximum size of the request body; empty for {@code ruido.gateway.max-body-bytes}
 * @param errors how its errors are written
 * @param submitsJobs whether an error counts as a refused job
 */
public record Route(
        String operation,
        Handler<RoutingContext> handler,
        AccessRule access,
        OptionalLong maxBodyBytes,
        ErrorFormat errors,
        boolean submitsJobs) {

    private static final String KEY = "route";

    /**
     * Returns a route that needs an API key, takes a body of the configured maximum size and writes its errors as
     * problem JSON.
     */
    public static Route of(String operation, Handler<RoutingContext> handler) {
        return new Route(operation, handler, AccessRule.KEY, OptionalLong.empty(), ErrorFormat.PROBLEM_JSON, false);
    }

    public Route access(AccessRule rule) {
        return new Route(operation, handler, rule, maxBodyBytes, errors, submitsJobs);
    }

    public Route maxBodyBytes(long bytes) {
        return new Route(operation, handler, access, OptionalLong.of(bytes), errors, submitsJobs);
    }

    public Route errors(ErrorFormat format) {
        return new Route(operation, handler, access, maxBodyBytes, format, submitsJobs);
    }

    /** Returns the same route, with its errors counted as refused jobs. */
    public Route submittingJobs() {
        return new Route(operation, handler, access, maxBodyBytes, errors, true);
    }

    /** Returns the route that serves a request, or null before one was found. */
    static Route of(RoutingContext ctx) {
        return ctx.get(KEY);
    }

    void put(RoutingContext ctx) {
        ctx.put(KEY, this);
    }
}
