package io.ruido.clip;

import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_BGRA;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;

import io.ruido.job.Output;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** The output formats of clips, with FFmpeg's encoders and containers. */
public enum ClipFormat {
    /** H.264, with the index before the frames, so that it plays during the download. */
    MP4(
            Output.Format.MP4,
            "libopenh264",
            AV_PIX_FMT_YUV420P,
            true,
            Map.of("rc_mode", "quality", "allow_skip_frames", "0", "profile", "main"),
            Map.of("movflags", "+faststart")),
    /** VP9. */
    WEBM(
            Output.Format.WEBM,
            "libvpx-vp9",
            AV_PIX_FMT_YUV420P,
            true,
            Map.of("b", "0", "deadline", "good", "cpu-used", "3", "row-mt", "0"),
            Map.of()),
    /** Animated WebP, which a page shows as an image. */
    WEBP(Output.Format.WEBP, "libwebp_anim", AV_PIX_FMT_BGRA, false, Map.of(), Map.of("loop", "0"));

    private final Output.Format output;
    final String encoder;
    final int pixelFormat;
    final boolean evenSides;
    final Map<String, String> encoderOptions;
    final Map<String, String> muxerOptions;

    ClipFormat(
            Output.Format output,
            String encoder,
            int pixelFormat,
            boolean evenSides,
            Map<String, String> encoderOptions,
            Map<String, String> muxerOptions) {
        this.output = output;
        this.encoder = encoder;
        this.pixelFormat = pixelFormat;
        this.evenSides = evenSides;
        this.encoderOptions = encoderOptions;
        this.muxerOptions = muxerOptions;
    }

    public Output.Format output() {
        return output;
    }

    /** Returns the encoder's options for a quality from 1 to 100; H.264 has a bit rate instead. */
    Map<String, String> qualityOptions(int quality) {
        return switch (this) {
            case MP4 -> Map.of();
            case WEBM -> Map.of("crf", Long.toString(Math.round(63 - 0.43 * quality)));
            case WEBP -> Map.of("quality", Integer.toString(quality));
        };
    }

    /** @throws IllegalArgumentException if the format cannot hold a clip */
    public static ClipFormat of(Output.Format output) {
        return Arrays.stream(values())
                .filter(format -> format.output == output)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("outputFormat must be one of %s, was %s"
                        .formatted(
                                Arrays.stream(values())
                                        .map(format -> format.output.label())
                                        .collect(Collectors.joining(", ")),
                                output.label())));
    }

    /**
     * Checks the size of a clip's frames.
     *
     * @throws IllegalArgumentException when the format does not support such frames
     */
    public void check(int width, int height) {
        if (evenSides && (width % 2 != 0 || height % 2 != 0)) {
            throw new IllegalArgumentException("outputFormat %s needs even sides, width and height were %d and %d"
                    .formatted(output.label(), width, height));
        }
    }
}
