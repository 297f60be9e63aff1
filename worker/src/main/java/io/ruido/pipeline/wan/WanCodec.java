package io.ruido.pipeline.wan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.clip.ClipEncoder;
import io.ruido.clip.ClipFormat;
import io.ruido.diffusion.Inpainting;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.job.Artifact;
import io.ruido.job.Geometry;
import io.ruido.job.Output;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.pipeline.family.Codec;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.LatentPreview;
import io.ruido.pipeline.image.RgbImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The autoencoder of Wan, in the part {@code vae}. */
final class WanCodec implements Codec {
    private final AutoencoderKLWan vae;
    private final Clips clips;
    private final LatentPreview preview;

    private WanCodec(AutoencoderKLWan vae, Clips clips, NDManager manager) {
        this.vae = vae;
        this.clips = clips;
        this.preview = LatentPreview.fit(this::encodeImages, vae.config().downscale(), manager);
    }

    /**
     * @param framesPerSecond frames per second of the clips that the model was trained with
     * @param firstFrame whether it was trained with clips whose first frame is given
     */
    static WanCodec read(Parts parts, double framesPerSecond, FirstFrame firstFrame) throws IOException {
        AutoencoderKLWan vae = AutoencoderKLWan.read(parts.folder().folder("vae"), parts.manager());
        var clips = new Clips(vae.config().frames(), framesPerSecond, firstFrame);
        return new WanCodec(vae, clips, parts.manager());
    }

    /** Latents (B, L, h, w) of images (B, 3, H, W), which are clips of one frame. */
    private NDArray encodeImages(NDArray images) {
        return vae.normalized(vae.encode(images.expandDims(2)).mean()).squeeze(2);
    }

    @Override
    public int channels() {
        return vae.config().zDim();
    }

    @Override
    public int downscale() {
        return vae.config().downscale();
    }

    @Override
    public Optional<Clips> clips() {
        return Optional.of(clips);
    }

    @Override
    public Shape latentShape(Geometry geometry) {
        int frames = AutoencoderKLWan.latentFrames(geometry.frames());
        return new Shape(1, channels(), frames, geometry.height() / downscale(), geometry.width() / downscale());
    }

    /** Keeps frames as bytes, so that the pixels of a clip are never in memory as a whole. */
    @Override
    public List<Frames> decode(NDArray latents) {
        List<List<Frames>> pieces = new ArrayList<>();
        vae.decode(vae.denormalized(latents), piece -> pieces.add(Frames.of(piece)));
        return Frames.joined(pieces);
    }

    @Override
    public float[] encode(NDArray image, TorchRandom random) {
        return encodeImages(image).toFloatArray();
    }

    /** A model that requires a first frame takes, beside the noisy latents, a mask of the frames and latents of the image. */
    @Override
    public Set<Integer> inputChannels() {
        return Set.of(clips.requiresFirstFrame() ? 2 * channels() + clips.frameStep() : channels());
    }

    @Override
    public Inpainting firstFrame(NDArray image, Shape latents) {
        return switch (clips.firstFrame()) {
            case NONE -> throw new IllegalArgumentException("image: the model makes clips from text only");
            case OPTIONAL ->
                Inpainting.CleanRegion.ofFirstFrame(
                        encodeImages(image).toFloatArray(), channels(), (int) latents.get(2));
            case REQUIRED -> new Inpainting.Concatenated(maskAndLatents(image, latents));
        };
    }

    /**
     * The mask, with a channel for each frame that one latent frame stands for, 1 where the frame is given; then latents of
     * the clip in which grey follows the given frame.
     */
    private float[] maskAndLatents(NDArray image, Shape latents) {
        int step = clips.frameStep();
        long missing = (latents.get(2) - 1) * step;
        Shape frames = image.getShape();
        NDArray grey = image.getManager().zeros(new Shape(1, frames.get(1), missing, frames.get(2), frames.get(3)));
        float[] clip = vae.normalized(
                        vae.encode(image.expandDims(2).concat(grey, 2)).mean())
                .toFloatArray();
        int frame = Math.toIntExact(latents.get(3) * latents.get(4));
        int channel = Math.toIntExact(latents.get(2) * frame);
        float[] maskAndLatents = new float[step * channel + clip.length];
        for (int i = 0; i < step; i++) {
            Arrays.fill(maskAndLatents, i * channel, i * channel + frame, 1);
        }
        System.arraycopy(clip, 0, maskAndLatents, step * channel, clip.length);
        return maskAndLatents;
    }

    @Override
    public LatentPreview preview() {
        return preview;
    }

    @Override
    public Artifact artifact(Frames frames, Output output, double framesPerSecond, String parameters) {
        if (frames.images().size() == 1) {
            return Codec.super.artifact(frames, output, framesPerSecond, parameters);
        }
        ClipFormat format = ClipFormat.of(output.format());
        RgbImage first = frames.first();
        try (ClipEncoder encoder =
                new ClipEncoder(format, first.width(), first.height(), framesPerSecond, output.quality(), parameters)) {
            for (RgbImage frame : frames.images()) {
                encoder.add(frame.rgb());
            }
            return new Artifact(
                    encoder.finish(),
                    output.format().mediaType(),
                    output.format().label());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the clip: " + e.getMessage(), e);
        }
    }
}
