package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * The file that an image becomes.
 *
 * @param quality from 1 to 100; means nothing for PNG, which loses nothing
 */
public record Output(Format format, int quality) {
    /** At which JPEG and WebP hardly differ from the picture. */
    public static final int DEFAULT_QUALITY = 90;

    public static final Output PNG = new Output(Format.PNG, 100);

    public Output {
        check(format != null, "outputFormat", format, "must be given");
        check(quality >= 1 && quality <= 100, "outputQuality", quality, "must be from 1 to 100");
    }

    /** Spelled in JSON, and at the end of a file's name, in lower case. */
    public enum Format {
        PNG,
        JPEG,
        /** Of a clip an animated one. */
        WEBP,
        /** Of clips: H.264. */
        MP4,
        /** Of clips: VP9. */
        WEBM;

        @JsonValue
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        @JsonIgnore
        public String mediaType() {
            return (this == MP4 || this == WEBM ? "video/" : "image/") + label();
        }
    }
}
