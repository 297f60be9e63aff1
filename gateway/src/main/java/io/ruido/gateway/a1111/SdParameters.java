package io.ruido.gateway.a1111;

import static io.ruido.gateway.a1111.SdParameter.Type.FLAG;
import static io.ruido.gateway.a1111.SdParameter.Type.LIST;
import static io.ruido.gateway.a1111.SdParameter.Type.NUMBER;
import static io.ruido.gateway.a1111.SdParameter.Type.OBJECT;
import static io.ruido.gateway.a1111.SdParameter.Type.TEXT;
import static io.ruido.gateway.a1111.SdParameter.Type.WHOLE;
import static io.ruido.gateway.a1111.SdParameter.honoured;
import static io.ruido.gateway.a1111.SdParameter.ignored;
import static io.ruido.gateway.a1111.SdParameter.neutral;

import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.job.Output;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Every parameter of AUTOMATIC1111's {@code txt2img} and {@code img2img}, and what becomes of it: it is honoured, or
 * has a value that changes nothing, or is refused by name and value. {@code docs/compatibility.md} shows this table.
 */
final class SdParameters {
    static final String SETTINGS = "override_settings";
    static final String IMAGES = "init_images";
    static final String MASK = "mask";
    static final String CHECKPOINT = "sd_model_checkpoint";
    static final String HIRES = "enable_hr";

    /** The parameters of both calls. */
    static final List<SdParameter> COMMON = List.of(
            honoured("prompt", TEXT, "in the web UI's language, with `<lora:name:0.8>`; may be empty"),
            honoured("negative_prompt", TEXT, "negative prompt"),
            honoured("seed", WHOLE, "drawn at random when negative"),
            honoured("subseed", WHOLE, "variation seed, drawn at random when negative")
                    .with("subseed_strength"),
            honoured("subseed_strength", NUMBER, "variation strength"),
            neutral("seed_resize_from_h", WHOLE, -1, 0),
            neutral("seed_resize_from_w", WHOLE, -1, 0),
            honoured(
                    "sampler_name",
                    TEXT,
                    "title or id, also with a schedule, such as `DPM++ 2M Karras` or `k_euler_a`"),
            honoured("sampler_index", TEXT, "the old name of `sampler_name`"),
            honoured(
                    "scheduler",
                    TEXT,
                    "`Automatic`, `Uniform` or `Normal`: the model's own; `Karras`, `Exponential`, `Beta`"),
            honoured("batch_size", WHOLE, "images"),
            honoured("n_iter", WHOLE, "`batch_size` times as many images"),
            honoured("steps", WHOLE, "steps"),
            honoured("cfg_scale", NUMBER, "guidance scale"),
            honoured("width", WHOLE, "in pixels"),
            honoured("height", WHOLE, "in pixels"),
            honoured("eta", NUMBER, "η of DDIM and Euler a; other samplers have none"),
            honoured("s_churn", NUMBER, "of Euler; only `0` with Heun and DPM2, others have none"),
            honoured("s_tmin", NUMBER, "of `s_churn`"),
            honoured("s_tmax", NUMBER, "of `s_churn`; `0` for no limit"),
            honoured("s_noise", NUMBER, "of `s_churn`"),
            neutral("s_min_uncond", NUMBER, 0),
            neutral("styles", LIST, List.of()),
            neutral("restore_faces", FLAG, false),
            honoured("tiling", FLAG, "whether images have no seams; only `false` for models that are no U-Nets"),
            honoured(SETTINGS, OBJECT, "see the settings"),
            ignored("override_settings_restore_afterwards", "one request's settings never last"),
            honoured("alwayson_scripts", OBJECT, "only scripts that are off: without arguments, or not enabled"),
            neutral("script_name", TEXT, "", "None"),
            ignored("script_args", "of no effect without `script_name`"),
            neutral("refiner_checkpoint", TEXT, "", "None"),
            ignored("refiner_switch_at", "of no effect without `refiner_checkpoint`"),
            neutral("disable_extra_networks", FLAG, false),
            ignored("comments", "accepted and ignored"),
            ignored("force_task_id", "`progress` reports the newest job"),
            neutral("infotext", TEXT, ""),
            neutral("firstpass_image", TEXT, ""),
            honoured("send_images", FLAG, "whether the response contains the images"),
            ignored("save_images", "images are always stored"),
            ignored("do_not_save_samples", "images are always stored"),
            ignored("do_not_save_grid", "there is no grid"));

    static final List<SdParameter> TEXT_TO_IMAGE = List.of(
            honoured(HIRES, FLAG, "a second pass, which begins with the enlarged image of the first"),
            honoured("denoising_strength", NUMBER, "of the second pass, which makes a step at least; 0.75 when absent")
                    .with(HIRES),
            neutralWith("firstphase_width", WHOLE, 0),
            neutralWith("firstphase_height", WHOLE, 0),
            honoured("hr_scale", NUMBER, "2 when absent").with(HIRES),
            honoured("hr_upscaler", TEXT, "`Latent` or `Lanczos`; `Latent` when absent")
                    .with(HIRES),
            honoured("hr_second_pass_steps", WHOLE, "as `steps` when 0").with(HIRES),
            honoured("hr_resize_x", WHOLE, "width of the result, instead of `hr_scale`, unless 0")
                    .with(HIRES),
            honoured("hr_resize_y", WHOLE, "height of the result, in the proportions of the first pass, unless 0")
                    .with(HIRES),
            neutralWith("hr_checkpoint_name", TEXT, "", "Use same checkpoint"),
            neutralWith("hr_sampler_name", TEXT, "", "Use same sampler"),
            neutralWith("hr_scheduler", TEXT, "", "Use same scheduler", "Automatic"),
            neutralWith("hr_prompt", TEXT, ""),
            neutralWith("hr_negative_prompt", TEXT, ""));

    static final List<SdParameter> IMAGE_TO_IMAGE = List.of(
            honoured(IMAGES, LIST, "one image in base64, also with line breaks, unpadded or as a data URI"),
            honoured("denoising_strength", NUMBER, "0.75 when absent; a step is made at least"),
            neutral("resize_mode", WHOLE, 0),
            neutral("image_cfg_scale", NUMBER, 1.5),
            neutral("initial_noise_multiplier", NUMBER, 1),
            honoured("include_init_images", FLAG, "whether the response contains the initial images"),
            honoured(MASK, TEXT, "white where the image is repainted"),
            honoured("inpainting_mask_invert", FLAG, "black where the image is repainted")
                    .with(MASK),
            honoured("inpainting_fill", WHOLE, "0: neighbouring colours, 1: the image; 1 when absent")
                    .with(MASK),
            honoured("mask_blur", WHOLE, "standard deviation in pixels; 0 when absent")
                    .with(MASK),
            honoured("mask_blur_x", WHOLE, "as `mask_blur`").with(MASK),
            honoured("mask_blur_y", WHOLE, "as `mask_blur`").with(MASK),
            honoured("inpaint_full_res", FLAG, "draws only the part around the mask and lays it into the image")
                    .with(MASK),
            honoured("inpaint_full_res_padding", WHOLE, "pixels around the mask; 0 when absent")
                    .with("inpaint_full_res"),
            ignored("mask_round", "a mask keeps its greys").with(MASK),
            neutral("latent_mask", TEXT, ""));

    /** Keys of {@code override_settings}. */
    static final List<SdParameter> OVERRIDES = List.of(
            honoured(CHECKPOINT, TEXT, "the model's name"),
            ignored("sd_checkpoint_hash", "follows from `sd_model_checkpoint`"),
            honoured("samples_format", TEXT, "`png`, `jpg` or `webp`"),
            honoured("jpeg_quality", WHOLE, "of JPEG and WebP"),
            honoured(
                    "CLIP_stop_at_last_layers",
                    WHOLE,
                    "1 for all layers of CLIP, 2 without the last one; of no effect for models without CLIP"),
            neutral("sd_vae", TEXT, "", "Automatic", "None"),
            neutral("eta_noise_seed_delta", NUMBER, 0),
            neutral("always_discard_next_to_last_sigma", FLAG, false),
            neutral("img2img_color_correction", FLAG, false),
            neutral("use_old_emphasis_implementation", FLAG, false),
            neutral("enable_pnginfo", FLAG, true),
            ignored("send_seed", "of the web UI"),
            ignored("send_size", "of the web UI"),
            ignored("return_grid", "there is no grid"),
            ignored("grid_save", "there is no grid"),
            ignored("samples_save", "images are always stored"),
            ignored("filter_nsfw", "there is no filter"),
            ignored("face_restoration_model", "of no effect without `restore_faces`"),
            ignored("code_former_weight", "of no effect without `restore_faces`"),
            ignored("live_previews_enable", "previews are always made and returned to clients that request them"),
            ignored(
                    "show_progress_every_n_steps",
                    "previews are always made and returned to clients that request them"),
            neutral("forge_additional_modules", LIST, List.of()));

    private SdParameters() {}

    /** A parameter of the second pass that has only these values. */
    private static SdParameter neutralWith(String name, SdParameter.Type type, Object... values) {
        return neutral(name, type, values).with(HIRES);
    }

    static Map<String, Object> ofText(JsonObject body) {
        return read(
                body, "", Stream.concat(COMMON.stream(), TEXT_TO_IMAGE.stream()).toList());
    }

    static Map<String, Object> ofImage(JsonObject body) {
        return read(
                body,
                "",
                Stream.concat(COMMON.stream(), IMAGE_TO_IMAGE.stream()).toList());
    }

    /** The values of a call with these parameters. */
    static Map<String, Object> of(JsonObject body, List<SdParameter> parameters) {
        return read(body, "", parameters);
    }

    static Map<String, Object> ofSettings(JsonObject settings) {
        return read(settings, SETTINGS + ".", OVERRIDES);
    }

    /** Reads {@code POST options}, as overrides are read, except that only the checkpoint is kept. */
    static Map<String, Object> ofOptions(JsonObject options) {
        Map<String, Object> values = read(options, "", OVERRIDES);
        Map<String, Object> present = options("");
        List<Problem.Field> refused = values.entrySet().stream()
                .filter(value -> !value.getKey().equals(CHECKPOINT))
                .filter(value -> !String.valueOf(value.getValue()).equals(String.valueOf(present.get(value.getKey()))))
                .map(value -> new Problem.Field(
                        value.getKey(), value.getValue(), "cannot be set for everybody; name it in override_settings"))
                .toList();
        if (!refused.isEmpty()) {
            throw new ProblemException(Problem.invalid(refused));
        }
        return values;
    }

    /** What {@code GET options} answers. */
    static Map<String, Object> options(String checkpoint) {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put(CHECKPOINT, checkpoint);
        options.put("sd_checkpoint_hash", "");
        options.put("sd_vae", "Automatic");
        options.put("samples_format", "png");
        options.put("jpeg_quality", Output.DEFAULT_QUALITY);
        options.put("CLIP_stop_at_last_layers", 1);
        options.put("eta_noise_seed_delta", 0);
        options.put("enable_pnginfo", true);
        return options;
    }

    /**
     * The values that are to be honoured, by name.
     *
     * @param prefix of the names in a refusal
     * @throws ProblemException naming all that cannot be honoured
     */
    private static Map<String, Object> read(JsonObject body, String prefix, List<SdParameter> table) {
        Map<String, Object> honoured = new LinkedHashMap<>();
        List<Problem.Field> refused = new ArrayList<>();
        for (String name : body.fieldNames()) {
            if (table.stream().noneMatch(parameter -> parameter.name().equals(name))) {
                refused.add(new Problem.Field(prefix + name, body.getValue(name), "is unknown"));
            }
        }
        for (SdParameter parameter : table) {
            Object value = body.getValue(parameter.name());
            boolean idle = parameter.needs() != null && off(body.getValue(parameter.needs()));
            if (value == null || idle || parameter.rule() instanceof SdParameter.Ignored) {
                continue;
            }
            try {
                Object read = parameter.read(value);
                if (parameter.rule() instanceof SdParameter.Honoured) {
                    honoured.put(parameter.name(), read);
                } else if (!parameter.isNeutral(read)) {
                    refused.add(new Problem.Field(
                            prefix + parameter.name(),
                            value,
                            "is not supported; " + parameter.effect().replace("`", "") + " is"));
                }
            } catch (IllegalArgumentException e) {
                refused.add(new Problem.Field(prefix + parameter.name(), value, e.getMessage()));
            }
        }
        if (!refused.isEmpty()) {
            throw new ProblemException(Problem.invalid(refused));
        }
        return honoured;
    }

    /** Returns whether a value is absent, empty, zero or false. */
    private static boolean off(Object value) {
        return value == null
                || value.equals("")
                || value.equals(false)
                || value instanceof String text && text.strip().equalsIgnoreCase("false")
                || value instanceof Number number && number.doubleValue() == 0;
    }
}
