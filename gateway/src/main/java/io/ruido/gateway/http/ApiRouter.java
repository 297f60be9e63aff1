package io.ruido.gateway.http;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.PlatformHandler;
import io.vertx.ext.web.openapi.router.OpenAPIRoute;
import io.vertx.ext.web.openapi.router.RouterBuilder;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Builds the router from the contract and the routes of all features. */
public final class ApiRouter {
    private final OpenAPIContract contract;
    private final Map<String, Route> routes;

    /** @throws IllegalStateException when an operation has no route, or a route has no operation */
    public ApiRouter(OpenAPIContract contract, List<Route> routes) {
        this.contract = contract;
        this.routes = routes.stream().collect(Collectors.toUnmodifiableMap(Route::operation, Function.identity()));
        Set<String> operations =
                contract.operations().stream().map(Contract::operation).collect(Collectors.toSet());
        check("the contract's operations have no route", operations, this.routes.keySet());
        check("the contract has no operations for routes", this.routes.keySet(), operations);
    }

    private static void check(String what, Set<String> all, Set<String> known) {
        Set<String> missing = new TreeSet<>(all);
        missing.removeAll(known);
        if (!missing.isEmpty()) {
            throw new IllegalStateException(what + ": " + missing);
        }
    }

    /**
     * A router with all operations of the contract.
     *
     * @param rootHandlers called before all others, for every request
     * @param access handler that lets requests through by a rule
     * @param maxBodyBytes maximum size of the body for routes that set none themselves
     * @param bodyTimeout within which a request's body has to be sent
     */
    public Router router(
            Vertx vertx,
            List<PlatformHandler> rootHandlers,
            Function<AccessRule, Handler<RoutingContext>> access,
            long maxBodyBytes,
            Duration bodyTimeout) {
        BodyBudgets budgets = BodyBudgets.of(routes.values().stream()
                .mapToLong(route -> route.maxBodyBytes().orElse(maxBodyBytes))
                .max()
                .orElse(maxBodyBytes));
        RouterBuilder builder = RouterBuilder.create(vertx, contract);
        builder.rootHandler((PlatformHandler) ctx -> {
            ctx.response().putHeader("X-Content-Type-Options", "nosniff");
            ctx.next();
        });
        rootHandlers.forEach(builder::rootHandler);
        for (OpenAPIRoute openApiRoute : builder.getRoutes()) {
            Operation operation = openApiRoute.getOperation();
            Route route = routes.get(Contract.operation(operation));
            openApiRoute
                    .setDoValidation(false)
                    .addHandler(ctx -> {
                        route.put(ctx);
                        ctx.next();
                    })
                    .addHandler(access.apply(route.access()))
                    .addHandler(new BodyReader(
                            route.maxBodyBytes().orElse(maxBodyBytes), mediaTypes(operation), budgets, bodyTimeout))
                    .addHandler(new RequestValidation(operation, contract.getSchemaRepository()))
                    .addHandler(route.handler());
        }
        return builder.createRouter();
    }

    private static Set<String> mediaTypes(Operation operation) {
        return operation.getRequestBody() == null
                ? Set.of()
                : operation.getRequestBody().getContent().keySet();
    }

    /** Methods of a path, as an {@code Allow} header lists them. */
    String allowedMethods(String path) {
        List<Operation> operations = operations(path);
        return operations.isEmpty()
                ? "GET, HEAD"
                : operations.stream()
                        .map(operation -> operation.getHttpMethod().name())
                        .sorted()
                        .collect(Collectors.joining(", "));
    }

    /** The format of errors of a path whose method has no route. */
    ErrorFormat errors(String path) {
        return operations(path).stream()
                .map(operation -> routes.get(Contract.operation(operation)).errors())
                .findFirst()
                .orElse(ErrorFormat.PROBLEM_JSON);
    }

    private List<Operation> operations(String path) {
        var known = contract.findPath(path);
        return known == null ? List.of() : known.getOperations();
    }
}
