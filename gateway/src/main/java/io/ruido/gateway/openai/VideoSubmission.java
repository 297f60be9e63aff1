package io.ruido.gateway.openai;

import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.job.ModelCard;
import io.ruido.job.SamplingParams;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Converts the fields of OpenAI's video requests to a {@code Submission}. */
final class VideoSubmission {
    static final String IMAGE = "input_reference";

    private static final Map<String, String> NAMES = Map.of(
            "width", "size",
            "height", "size",
            "negativePrompt", "negative_prompt",
            "steps", "num_inference_steps",
            "guidanceScale", "guidance_scale",
            "image", IMAGE);

    private VideoSubmission() {}

    /** Returns OpenAI's names of a submission's fields. */
    static Map<String, String> names(JsonObject body) {
        Map<String, String> names = new HashMap<>(NAMES);
        names.put("frames", body.containsKey("seconds") ? "seconds" : "num_frames");
        return names;
    }

    /** @param image upload that the clip begins with */
    static JsonObject of(JsonObject body, ModelCard card, Optional<String> image) {
        JsonObject submission = new JsonObject()
                .put("prompt", body.getString("prompt"))
                .put("negativePrompt", body.getString("negative_prompt"))
                .put("model", card.name())
                .put("fps", body.getValue("fps"))
                .put("seed", body.getLong("seed"))
                .put("steps", body.getInteger("num_inference_steps"))
                .put("guidanceScale", body.getValue("guidance_scale"))
                .put("image", image.orElse(null))
                .put("outputFormat", "mp4")
                .put("frames", frames(body, card));
        String size = body.getString("size");
        if (size != null) {
            String[] sides = size.split("x");
            submission.put("width", Integer.valueOf(sides[0])).put("height", Integer.valueOf(sides[1]));
        }
        return submission;
    }

    private static Integer frames(JsonObject body, ModelCard card) {
        Object seconds = body.getValue("seconds");
        Integer frames = body.getInteger("num_frames");
        if (seconds == null) {
            return frames;
        }
        if (frames != null) {
            throw refused("num_frames", frames, "must not be given with seconds");
        }
        double fps = body.getDouble("fps", card.clips().framesPerSecond());
        int nearest = card.clips().frames(Double.parseDouble(seconds.toString()), fps);
        if (nearest < 2) {
            throw refused("seconds", seconds, "must be longer: it is less than a frame");
        }
        return nearest;
    }

    /** Returns a submission of the same clip with another prompt. */
    static JsonObject remix(SamplingParams params, String negativePrompt, String prompt) {
        return new JsonObject()
                .put("prompt", prompt)
                .put("negativePrompt", negativePrompt)
                .put("model", params.model())
                .put("width", params.width())
                .put("height", params.height())
                .put("frames", params.geometry().frames())
                .put("steps", params.steps())
                .put("guidanceScale", params.guidanceScale())
                .put("sampler", params.sampler())
                .put("seed", params.seed())
                .put(
                        "image",
                        params.source() == null ? null : params.source().image().id())
                .put("outputFormat", params.output().format().label())
                .put("outputQuality", params.output().quality())
                .put("fps", params.output().fps());
    }

    static ProblemException refused(String field, Object value, String reason) {
        return new ProblemException(Problem.invalid(List.of(new Problem.Field(field, value, reason))));
    }
}
