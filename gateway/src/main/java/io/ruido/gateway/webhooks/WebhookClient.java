package io.ruido.gateway.webhooks;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookSigningException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.ruido.job.JobJson;
import io.ruido.telemetry.Metric;
import java.io.IOException;
import java.net.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** Posts messages that are signed according to the Standard Webhooks specification. Calls block. */
public final class WebhookClient {
    private static final Duration TIMEOUT = Duration.ofSeconds(15);
    private static final MediaType JSON = MediaType.get("application/json");

    private final OkHttpClient http;
    private final InstantSource clock;
    private final Counter delivered;
    private final Counter failed;

    /** @param allowPrivate whether addresses that are not public may be called */
    public WebhookClient(boolean allowPrivate, InstantSource clock, MeterRegistry metrics) {
        this.clock = clock;
        this.delivered = metrics.counter(Metric.WEBHOOK_DELIVERIES.meter(), "outcome", "delivered");
        this.failed = metrics.counter(Metric.WEBHOOK_DELIVERIES.meter(), "outcome", "failed");
        OkHttpClient.Builder builder = new OkHttpClient.Builder()
                .callTimeout(TIMEOUT)
                .proxy(Proxy.NO_PROXY)
                .followRedirects(false)
                .followSslRedirects(false);
        http = (allowPrivate ? builder : builder.socketFactory(new PublicSockets())).build();
    }

    /**
     * Posts a message and returns when the receiver has accepted it.
     *
     * @param id the same for every attempt
     * @param secret {@code whsec_} and base64
     * @throws IOException when the receiver has not accepted it
     */
    public void post(String url, String id, String secret, Object message) throws IOException {
        Instant now = clock.instant();
        byte[] body = JobJson.writeBytes(message);
        Request request = new Request.Builder()
                .url(url)
                .header("webhook-id", id)
                .header("webhook-timestamp", String.valueOf(now.getEpochSecond()))
                .header("webhook-signature", sign(secret, id, now, new String(body, StandardCharsets.UTF_8)))
                .post(RequestBody.create(body, JSON))
                .build();
        try (Response response = http.newCall(request).execute()) {
            if (!response.isSuccessful()) {
                throw new IOException("it answered " + response.code());
            }
            delivered.increment();
        } catch (IOException e) {
            failed.increment();
            throw e;
        }
    }

    private static String sign(String secret, String id, Instant now, String body) {
        try {
            return new Webhook(secret).sign(id, now.getEpochSecond(), body);
        } catch (EmptyWebhookSecretException | WebhookSigningException e) {
            throw new IllegalStateException("cannot sign " + id, e);
        }
    }
}
