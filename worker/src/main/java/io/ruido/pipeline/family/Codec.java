package io.ruido.pipeline.family;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.Inpainting;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.image.ImageEncoder;
import io.ruido.job.Artifact;
import io.ruido.job.Geometry;
import io.ruido.job.ModelCard;
import io.ruido.job.Output;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.LatentPreview;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Converts between latents and results. Shapes: B batch, L latent channels, h and w sides of the latents, f their
 * frames, C channels of the pixels.
 */
public interface Codec {
    /** L. */
    int channels();

    /** Pixels along each side that one of the latents stands for. */
    int downscale();

    /** What clips it makes; empty where it makes images only. */
    default Optional<Clips> clips() {
        return Optional.empty();
    }

    /**
     * What clips a codec makes.
     *
     * @param frameStep their frames are 1 more than a multiple of this
     * @param framesPerSecond of those that the model was trained with
     * @param firstFrame whether an image can be, or must be, their first frame
     */
    record Clips(int frameStep, double framesPerSecond, FirstFrame firstFrame) {
        /** Returns the possible number of frames nearest to a duration. */
        public int frames(double seconds, double fps) {
            return ModelCard.Clips.framesOf(seconds, fps, frameStep);
        }

        public boolean requiresFirstFrame() {
            return firstFrame == FirstFrame.REQUIRED;
        }

        public Clips withFramesPerSecond(double other) {
            return new Clips(frameStep, other, firstFrame);
        }
    }

    /** Whether a clip begins with a given image. */
    enum FirstFrame {
        NONE,
        OPTIONAL,
        REQUIRED
    }

    /** How many channels a denoiser can take: those of the latents, and what an inpainting model has beside them. */
    default Set<Integer> inputChannels() {
        return Set.of(channels(), 2 * channels() + 1);
    }

    /**
     * The shape of one sample's latents: (1, L, h, w) of an image, (1, L, f, h, w) of a clip.
     *
     * @param geometry whose sides are multiples of {@link #downscale()}
     * @throws IllegalArgumentException naming what of the geometry the model cannot make
     */
    default Shape latentShape(Geometry geometry) {
        if (geometry.frames() != 1) {
            throw new IllegalArgumentException("frames must be 1, was " + geometry.frames());
        }
        return new Shape(1, channels(), geometry.height() / downscale(), geometry.width() / downscale());
    }

    /**
     * The frames of finished latents, those of each sample.
     *
     * @param latents (B, L, h, w) or (B, L, f, h, w), float32
     */
    List<Frames> decode(NDArray latents);

    /** Whether results can begin with an image. */
    default boolean encodes() {
        return clips().map(clips -> clips.firstFrame() != FirstFrame.NONE).orElse(true);
    }

    /**
     * Latents that stand for an image, as the denoiser sees them.
     *
     * @param image (1, 3, H, W) in −1…1
     * @param random to draw from a distribution, if the codec has one
     * @throws IllegalArgumentException when the model cannot begin with an image
     */
    float[] encode(NDArray image, TorchRandom random);

    /**
     * How a clip begins with an image.
     *
     * @param image the first frame, (1, 3, H, W) in −1…1
     * @param latents shape of the clip's, (1, L, f, h, w)
     * @throws IllegalArgumentException when the model cannot begin with an image
     */
    default Inpainting firstFrame(NDArray image, Shape latents) {
        throw new IllegalArgumentException("image: the model makes no clips");
    }

    /** A small, rough image of unfinished latents. */
    LatentPreview preview();

    /** Frees what does not belong to its manager. */
    default void close() {}

    /**
     * The file of a result.
     *
     * @param framesPerSecond of a clip
     * @param parameters that it was made with, to be kept in the file
     */
    default Artifact artifact(Frames frames, Output output, double framesPerSecond, String parameters) {
        byte[] bytes = ImageEncoder.write(frames.first().toBufferedImage(), output, parameters);
        Output.Format format = output.format();
        return new Artifact(bytes, format.mediaType(), format.label());
    }
}
