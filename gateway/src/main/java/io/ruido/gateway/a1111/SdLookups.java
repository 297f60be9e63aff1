package io.ruido.gateway.a1111;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.gateway.uploads.Uploads;
import io.ruido.image.ImageFile;
import io.ruido.job.InvalidFieldException;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** What AUTOMATIC1111's clients ask before they begin, and calls that have nothing to do here. */
public final class SdLookups {
    private static final List<Object> NONE = List.of();
    private static final Map<String, Object> DONE = Map.of();

    /** The answers, by operation of the contract. */
    private static final Map<String, Object> ANSWERS = Map.ofEntries(
            Map.entry("sdSchedulers", schedulers()),
            Map.entry(
                    "sdUpscalers",
                    Stream.of("None", "Lanczos")
                            .map(name -> new Upscaler(name, null, null, null, 4))
                            .toList()),
            Map.entry("sdLatentUpscaleModes", List.of(Map.of("name", "Latent"))),
            Map.entry("sdVae", NONE),
            Map.entry("sdModules", NONE),
            Map.entry("sdHypernetworks", NONE),
            Map.entry("sdFaceRestorers", NONE),
            Map.entry("sdRealesrganModels", NONE),
            Map.entry("sdPromptStyles", NONE),
            Map.entry("sdExtensions", NONE),
            Map.entry("sdScripts", Map.of("txt2img", NONE, "img2img", NONE)),
            Map.entry("sdScriptInfo", NONE),
            Map.entry("sdCmdFlags", Map.of("api", true)),
            Map.entry("sdRefreshCheckpoints", DONE),
            Map.entry("sdRefreshLoras", DONE),
            Map.entry("sdRefreshVae", DONE),
            Map.entry("sdUnloadCheckpoint", DONE),
            Map.entry("sdReloadCheckpoint", DONE));

    @JsonNaming(SnakeCaseStrategy.class)
    private record Upscaler(String name, String modelName, String modelPath, String modelUrl, double scale) {}

    @JsonNaming(SnakeCaseStrategy.class)
    private record Schedule(
            String name, String label, List<String> aliases, double defaultRho, boolean needInnerModel) {}

    private SdLookups() {}

    /** @param maxBodyBytes of a request, excluding its images */
    public static List<Route> routes(long maxBodyBytes, UploadsConfig uploads) {
        long withImage = maxBodyBytes + 4L * Math.ceilDiv(uploads.maxBytes(), 3);
        Stream<Route> answers = ANSWERS.entrySet().stream()
                .map(answer -> Route.of(answer.getKey(), ctx -> Reply.json(ctx, 200, answer.getValue())));
        Stream<Route> others = Stream.of(
                Route.of("sdMemory", SdLookups::memory),
                Route.of("sdPngInfo", SdLookups::pngInfo).maxBodyBytes(withImage),
                Route.of("sdInterrogate", SdLookups::interrogate).maxBodyBytes(withImage));
        return Stream.concat(answers, others)
                .map(route -> route.errors(SdError::format))
                .toList();
    }

    private static List<Schedule> schedulers() {
        return SdSamplers.SCHEDULES.keySet().stream()
                .sorted()
                .map(name -> new Schedule(
                        name, name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1), null, -1, false))
                .toList();
    }

    private static void memory(RoutingContext ctx) {
        Runtime java = Runtime.getRuntime();
        Reply.json(
                ctx,
                200,
                Map.of(
                        "ram",
                        Map.of(
                                "free", java.freeMemory(),
                                "used", java.totalMemory() - java.freeMemory(),
                                "total", java.totalMemory()),
                        "cuda",
                        Map.of("error", "images are made by other processes")));
    }

    private static void interrogate(RoutingContext ctx) {
        ctx.fail(new ProblemException(Problem.of(
                Problem.Code.NOT_FOUND, "interrogate is not supported: no model of Ruido describes images.")));
    }

    /** The parameters in a picture. */
    private static void pngInfo(RoutingContext ctx) {
        Object image = RequestValidation.body(ctx).getValue("image");
        if (!(image instanceof String base64)) {
            throw new InvalidFieldException("image", image, "must be an image in base64");
        }
        String info =
                ImageFile.parameters("image", Uploads.decoded("image", base64)).orElse("");
        Reply.json(ctx, 200, Map.of("info", info, "items", Map.of("parameters", info), "parameters", Map.of()));
    }
}
