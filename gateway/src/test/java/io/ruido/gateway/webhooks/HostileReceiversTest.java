package io.ruido.gateway.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.SlowNames;
import io.ruido.gateway.access.KeyFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Receivers of one tenant that are there to keep the gateway from its work for others. */
class HostileReceiversTest {
    private static final Path KEYS = KeyFile.write(KeyFile.entry("shop", "shop-secret", "tenant: shop")
            + KeyFile.entry("rival", "rival-secret", "tenant: rival"));

    @RegisterExtension
    static final Services SERVICES =
            new Services(Map.of("ruido.gateway.api-keys", KEYS.toString(), "ruido.gateway.private-webhooks", "true"));

    private final Client client = SERVICES.client;

    @Test
    void receiversWhoseNamesAreResolvedSlowlyDelayNobodyElse() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", exchange -> {
            called.countDown();
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        receiver.start();
        try {
            for (int i = 0; i < 40; i++) {
                end("http://name-%d.%s/".formatted(i, SlowNames.DOMAIN), "rival-secret");
            }
            Thread.sleep(2_000); // They are all due by now.
            long begin = System.nanoTime();

            end("http://127.0.0.1:%d/".formatted(receiver.getAddress().getPort()), "shop-secret");

            assertThat(client.get("/health/ready").status()).isEqualTo(200);
            assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(SlowNames.SECONDS));
        } finally {
            receiver.stop(0);
        }
    }

    /** A job that ends at once, whose receiver is to be told. */
    private void end(String webhook, String secret) {
        Client.Answer job = client.submit(
                "{\"prompt\": \"x\", \"webhook\": \"%s\"}".formatted(webhook), "Authorization", "Bearer " + secret);
        assertThat(job.status()).as(job.toString()).isEqualTo(202);
        String cancel = "/v1/jobs/" + job.json().get("id").asText() + "/cancel";
        assertThat(client.post(cancel, "", "Authorization", "Bearer " + secret).status())
                .isEqualTo(202);
    }
}
