package io.ruido.gateway.jobs;

import io.ruido.gateway.http.AccessRule;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.job.JobStatus;
import io.ruido.job.SampleId;
import io.ruido.redis.SigningKey;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;

/**
 * Signed URLs of results, {@code GET /v1/results/{id}/{file}}, which anybody can fetch temporarily without a key. The
 * {@code Authorization} header is ignored. The signature is HMAC-SHA256.
 */
public final class ResultUrls {
    private static final String PATH = "/v1/results/";

    private final SigningKey key;
    private final Duration validity;
    private final InstantSource clock;
    private final Jobs jobs;
    private final ImageRoute images;

    /** @param validity time for which a URL is valid */
    public ResultUrls(SigningKey key, Duration validity, InstantSource clock, Jobs jobs, ImageRoute images) {
        this.key = key;
        this.validity = validity;
        this.clock = clock;
        this.jobs = jobs;
        this.images = images;
    }

    public Route route() {
        return Route.of("getResult", this::get).access(AccessRule.PUBLIC);
    }

    /** Returns the URLs of a finished job's images, with the host under which the client reached this gateway. */
    Future<List<String>> of(RoutingContext ctx, JobStatus finished) {
        HttpServerRequest request = ctx.request();
        String server = request.scheme() + "://" + request.authority();
        long expires = clock.instant().plus(validity).getEpochSecond();
        return Reply.on(ctx, key.get()).map(secret -> finished.images().stream()
                .map(image -> {
                    String path = PATH + finished.job().jobId() + "/" + image.index() + image.extension();
                    return "%s%s?expires=%d&signature=%s".formatted(server, path, expires, sign(secret, path, expires));
                })
                .toList());
    }

    private static String sign(byte[] secret, String path, long expires) {
        byte[] signature = new HmacUtils(HmacAlgorithms.HMAC_SHA_256, secret).hmac(path + "\n" + expires);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
    }

    private void get(RoutingContext ctx) {
        String file = RequestValidation.value(ctx, "file");
        SampleId sample =
                new SampleId(RequestValidation.id(ctx), Integer.parseInt(file.substring(0, file.indexOf('.'))));
        long expires = Long.parseLong(RequestValidation.value(ctx, "expires"));
        String signature = RequestValidation.value(ctx, "signature");
        Reply.on(ctx, key.get())
                .compose(secret -> {
                    check(sign(secret, PATH + sample.jobId() + "/" + file, expires), signature, expires);
                    return Reply.on(ctx, jobs.find(sample.jobId()));
                })
                .compose(job -> images.send(ctx, job, sample, ImageRoute.Variant.RESULT, false))
                .onFailure(ctx::fail);
    }

    private void check(String expected, String signature, long expires) {
        boolean same = MessageDigest.isEqual(
                expected.getBytes(StandardCharsets.US_ASCII), signature.getBytes(StandardCharsets.US_ASCII));
        if (!same) {
            throw new ProblemException(
                    Problem.of(Problem.Code.FORBIDDEN, "The signature does not belong to this address."));
        }
        if (clock.instant().getEpochSecond() > expires) {
            throw new ProblemException(Problem.of(
                    Problem.Code.FORBIDDEN, "This address has expired; get the image with an API key instead."));
        }
    }
}
