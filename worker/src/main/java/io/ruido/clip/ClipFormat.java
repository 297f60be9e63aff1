package io.ruido.clip;

import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_BGRA;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The kinds of file that a clip can be written as. */
public enum ClipFormat {
    /** H.264, with the index before the pictures, so that it plays while it is fetched. */
    MP4(
            "video/mp4",
            "libopenh264",
            AV_PIX_FMT_YUV420P,
            true,
            Map.of("rc_mode", "quality", "allow_skip_frames", "0", "profile", "main"),
            Map.of("movflags", "+faststart")),
    /** VP9. */
    WEBM(
            "video/webm",
            "libvpx-vp9",
            AV_PIX_FMT_YUV420P,
            true,
            Map.of("b", "0", "deadline", "good", "cpu-used", "3", "row-mt", "0"),
            Map.of()),
    /** Animated WebP, which a page shows as a picture. */
    WEBP("image/webp", "libwebp_anim", AV_PIX_FMT_BGRA, false, Map.of(), Map.of("loop", "0"));

    private final String mediaType;
    final String encoder;
    final int pixelFormat;
    final boolean evenSides;
    final Map<String, String> encoderOptions;
    final Map<String, String> muxerOptions;

    ClipFormat(
            String mediaType,
            String encoder,
            int pixelFormat,
            boolean evenSides,
            Map<String, String> encoderOptions,
            Map<String, String> muxerOptions) {
        this.mediaType = mediaType;
        this.encoder = encoder;
        this.pixelFormat = pixelFormat;
        this.evenSides = evenSides;
        this.encoderOptions = encoderOptions;
        this.muxerOptions = muxerOptions;
    }

    public String mediaType() {
        return mediaType;
    }

    /** What the encoder is told of a quality from 1 to 100; H.264's has a rate of bits instead. */
    Map<String, String> qualityOptions(int quality) {
        return switch (this) {
            case MP4 -> Map.of();
            case WEBM -> Map.of("crf", Long.toString(Math.round(63 - 0.43 * quality)));
            case WEBP -> Map.of("quality", Integer.toString(quality));
        };
    }

    /** The name in requests and file names, such as {@code mp4}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException naming the formats that there are */
    public static ClipFormat of(String id) {
        return Arrays.stream(values())
                .filter(format -> format.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("outputFormat must be one of %s, was %s"
                        .formatted(Arrays.stream(values()).map(ClipFormat::id).collect(Collectors.joining(", ")), id)));
    }

    /**
     * Checks the size of a clip's frames.
     *
     * @throws IllegalArgumentException when the format cannot have such frames
     */
    public void check(int width, int height) {
        if (evenSides && (width % 2 != 0 || height % 2 != 0)) {
            throw new IllegalArgumentException(
                    "outputFormat %s needs even sides, width and height were %d and %d".formatted(id(), width, height));
        }
    }
}
