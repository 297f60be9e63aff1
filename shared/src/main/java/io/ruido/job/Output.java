package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * The file that an image becomes.
 *
 * @param quality from 1 to 100; without effect on PNG, which is lossless
 * @param fps frames per second of a clip, above 0 and at most 120; null for the model's own
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Output(Format format, int quality, Double fps) {
    /** The quality at which JPEG and WebP hardly differ from the original. */
    public static final int DEFAULT_QUALITY = 90;

    /** OpenH264 encodes no smaller frames. */
    private static final int MP4_MIN_SIDE = 16;

    public static final Output PNG = new Output(Format.PNG, 100);

    public static final Output MP4 = new Output(Format.MP4, DEFAULT_QUALITY);

    @JsonCreator
    public Output {
        check(format != null, "outputFormat", format, "must be given");
        check(quality >= 1 && quality <= 100, "outputQuality", quality, "must be from 1 to 100");
        check(fps == null || fps > 0 && fps <= 120, "fps", fps, "must be above 0 and at most 120");
    }

    /** Creates an output with the model's own frame rate. */
    public Output(Format format, int quality) {
        this(format, quality, null);
    }

    /** Returns the output of a job that names none: PNG, or MP4 for a clip. */
    public static Output defaultFor(Geometry geometry) {
        return geometry.isClip() ? MP4 : PNG;
    }

    /**
     * Refuses a file that cannot hold such a result.
     *
     * @throws InvalidFieldException naming the field and its value
     */
    void checkFits(Geometry geometry) {
        if (!geometry.isClip()) {
            check(fps == null, "fps", fps, "is for clips, but the job has one frame");
            check(format.images, "outputFormat", format.label(), "must be png, jpeg or webp for a single image");
            return;
        }
        check(format.clips, "outputFormat", format.label(), "must be mp4, webm or webp for a clip");
        boolean video = !format.images;
        check(!video || geometry.width() % 2 == 0, "width", geometry.width(), "must be even for mp4 and webm");
        check(!video || geometry.height() % 2 == 0, "height", geometry.height(), "must be even for mp4 and webm");
        int least = format == Format.MP4 ? MP4_MIN_SIDE : 1;
        check(geometry.width() >= least, "width", geometry.width(), "must be at least %d for mp4".formatted(least));
        check(geometry.height() >= least, "height", geometry.height(), "must be at least %d for mp4".formatted(least));
    }

    /** The format of a result's file. Its label is its name in JSON and the extension of the file. */
    public enum Format {
        PNG("image/png", true, false),
        JPEG("image/jpeg", true, false),
        /** WebP; animated for a clip. */
        WEBP("image/webp", true, true),
        /** H.264 in MP4. */
        MP4("video/mp4", false, true),
        /** VP9 in WebM. */
        WEBM("video/webm", false, true);

        private final String mediaType;
        private final boolean images;
        private final boolean clips;

        Format(String mediaType, boolean images, boolean clips) {
            this.mediaType = mediaType;
            this.images = images;
            this.clips = clips;
        }

        @JsonValue
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        @JsonIgnore
        public String mediaType() {
            return mediaType;
        }
    }
}
