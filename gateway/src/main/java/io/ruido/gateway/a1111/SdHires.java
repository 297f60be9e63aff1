package io.ruido.gateway.a1111;

import io.ruido.job.Hires;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.ModelCard;
import io.vertx.core.json.JsonObject;
import java.util.Map;

/** The second pass that {@code enable_hr} asks for. */
final class SdHires {
    /** Of AUTOMATIC1111's web UI, for requests that name none. */
    private static final double SCALE = 2;

    /** Upscalers by AUTOMATIC1111's names. */
    static final Map<String, Hires.Upscaler> UPSCALERS = Map.of(
            "Latent", Hires.Upscaler.LATENT,
            "Latent (antialiased)", Hires.Upscaler.LATENT,
            "Lanczos", Hires.Upscaler.LANCZOS);

    private SdHires() {}

    /**
     * Adds the second pass to a {@code Submission}.
     *
     * @param values of the request
     * @param card of the submission's model
     */
    static void put(Map<String, Object> values, JsonObject submission, ModelCard card) {
        if (!Boolean.TRUE.equals(values.get(SdParameters.HIRES))) {
            return;
        }
        int width = number(submission.getValue("width"), card.defaults().width());
        int height = number(submission.getValue("height"), card.defaults().height());
        double scale = scale(values, width, height);
        Long steps = (Long) values.get("hr_second_pass_steps");
        double strength = SdSubmission.strength(
                values, steps == null || steps == 0 ? SdSubmission.steps(submission, card) : steps);
        submission
                .put("hiresWidth", multiple(width * scale, card))
                .put("hiresHeight", multiple(height * scale, card))
                .put("hiresSteps", steps == null || steps == 0 ? null : steps)
                .put("hiresStrength", strength)
                .put(
                        "hiresUpscaler",
                        upscaler((String) values.get("hr_upscaler")).label());
    }

    /** A size to resize to wins over a scale; one that is 0 follows from the other. */
    private static double scale(Map<String, Object> values, int width, int height) {
        double toWidth = number(values.get("hr_resize_x"), 0);
        double toHeight = number(values.get("hr_resize_y"), 0);
        if (toWidth > 0 && toHeight > 0 && toWidth * height != toHeight * width) {
            throw new InvalidFieldException(
                    "hr_resize_y", values.get("hr_resize_y"), "must keep the proportions of width and height");
        }
        if (toWidth > 0) {
            return toWidth / width;
        }
        if (toHeight > 0) {
            return toHeight / height;
        }
        return values.get("hr_scale") instanceof Number scale ? scale.doubleValue() : SCALE;
    }

    private static int multiple(double pixels, ModelCard card) {
        return (int) (pixels / card.sizeMultiple()) * card.sizeMultiple();
    }

    private static Hires.Upscaler upscaler(String name) {
        Hires.Upscaler upscaler = UPSCALERS.get(name == null ? "Latent" : name.strip());
        if (upscaler == null) {
            String names =
                    String.join(", ", UPSCALERS.keySet().stream().sorted().toList());
            throw new InvalidFieldException("hr_upscaler", name, "must be one of " + names);
        }
        return upscaler;
    }

    private static int number(Object value, int absent) {
        return value instanceof Number number ? number.intValue() : absent;
    }
}
