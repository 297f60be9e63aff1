package io.ruido.gateway.openai;

import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.job.Output;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/** Converts the fields of OpenAI's image requests to a {@code Submission}. */
final class OpenAiSubmission {
    /** OpenAI's names of a submission's fields. */
    static final Map<String, String> NAMES = Map.of(
            "count", "n",
            "width", "size",
            "height", "size",
            "negativePrompt", "negative_prompt",
            "guidanceScale", "guidance_scale",
            "outputFormat", "output_format",
            "outputQuality", "output_compression");

    /** OpenAI's own default. */
    private static final int QUALITY = 100;

    private OpenAiSubmission() {}

    static JsonObject of(JsonObject body) {
        JsonObject submission = new JsonObject()
                .put("prompt", body.getString("prompt", ""))
                .put("negativePrompt", body.getString("negative_prompt"))
                .put("model", body.getString("model"))
                .put("count", body.getInteger("n"))
                .put("frames", 1)
                .put("seed", body.getLong("seed"))
                .put("steps", body.getInteger("steps"))
                .put("guidanceScale", body.getValue("guidance_scale"));
        putSize(submission, body.getString("size"));
        putOutput(submission, body);
        return submission;
    }

    private static void putSize(JsonObject submission, String size) {
        if (size != null && !size.equals("auto")) {
            String[] sides = size.split("x");
            submission.put("width", Integer.valueOf(sides[0])).put("height", Integer.valueOf(sides[1]));
        }
    }

    private static void putOutput(JsonObject submission, JsonObject body) {
        String format = body.getString("output_format");
        Integer compression = body.getInteger("output_compression");
        if (format != null && !format.equals(Output.Format.PNG.label())) {
            submission
                    .put("outputFormat", format)
                    .put("outputQuality", compression == null ? QUALITY : Math.max(1, compression));
        } else if (compression != null && compression != QUALITY) {
            throw new ProblemException(Problem.invalid(List.of(
                    new Problem.Field("output_compression", compression, "must be 100 for png, which loses nothing"))));
        }
    }
}
