package io.ruido.gateway.http;

import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.ruido.config.RuidoConfig;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import io.vertx.openapi.contract.OpenAPIContract;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ApiRouterTest {
    private static final Vertx VERTX = Vertx.vertx();
    private static OpenAPIContract contract;

    @BeforeAll
    static void load() throws Exception {
        RuidoConfig config = RuidoConfig.load(Map.of(), Map.of(), Optional.empty());
        contract = Contract.load(VERTX, Contract.text(), config.jobs()).await(30, TimeUnit.SECONDS);
    }

    @AfterAll
    static void close() throws Exception {
        VERTX.close().await(30, TimeUnit.SECONDS);
    }

    @Test
    void anOperationWithoutARouteIsRefusedByName() {
        List<Route> routes =
                routes().filter(route -> !route.operation().equals("cancelJob")).toList();

        assertThatIllegalStateException()
                .isThrownBy(() -> new ApiRouter(contract, routes))
                .withMessage("the contract's operations have no route: [cancelJob]");
    }

    @Test
    void aRouteWithoutAnOperationIsRefusedByName() {
        List<Route> routes = Stream.concat(routes(), Stream.of(Route.of("paintJob", RoutingContext::end)))
                .toList();

        assertThatIllegalStateException()
                .isThrownBy(() -> new ApiRouter(contract, routes))
                .withMessage("the contract has no operations for routes: [paintJob]");
    }

    private static Stream<Route> routes() {
        return contract.operations().stream()
                .map(Contract::operation)
                .distinct()
                .map(operation -> Route.of(operation, RoutingContext::end));
    }
}
