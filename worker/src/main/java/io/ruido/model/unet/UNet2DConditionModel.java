package io.ruido.model.unet;

import ai.djl.ndarray.NDArray;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.nn.Activation;
import io.ruido.nn.Conv2d;
import io.ruido.nn.FourierFeatures;
import io.ruido.nn.GroupNorm;
import io.ruido.nn.Linear;
import io.ruido.nn.Sinusoids;
import io.ruido.nn.TimestepEmbedding;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The conditional U-Net of Stable Diffusion: "High-Resolution Image Synthesis with Latent Diffusion Models" (Rombach et
 * al., 2022), §3.2–3.3, and of SDXL (Podell et al., 2023), §2.1–2.2, with the tensor names of diffusers'
 * {@code UNet2DConditionModel}.
 *
 * <p>B batch, C latent channels, H and W sides of the latents, T context tokens, D their width, E width of the embeddings.
 */
public final class UNet2DConditionModel implements Denoiser {
    public static final Network<UNet2DConditionModel> NETWORK = new Network<>(
            "UNet2DConditionModel", (config, weights) -> new UNet2DConditionModel(UNetConfig.of(config), weights));

    private final UNetConfig config;
    private final UnaryOperator<NDArray> timeProj;
    private final TimestepEmbedding timeEmbedding;
    private final Optional<ClassEmbedding> classEmbedding;
    private final Optional<Addition> addition;
    private final Optional<Linear> encoderHidProj;
    private final Conv2d convIn;
    private final UNetBody body;
    private final GroupNorm normOut;
    private final Conv2d convOut;

    public UNet2DConditionModel(UNetConfig config, Weights weights) {
        this.config = config;
        UNetConfig.Time time = config.time();
        int first = config.body().widths().getFirst();
        convIn = Conv2d.of(weights.at("conv_in"), config.inChannels(), first, config.convInKernel());
        timeProj = timeProj(time, weights);
        timeEmbedding = timeEmbedding(time, config.activation(), weights.at("time_embedding"));
        classEmbedding = config.classes()
                .map(classes -> ClassEmbedding.of(
                        classes,
                        weights.at("class_embedding"),
                        timeProj,
                        time.sinusoids(),
                        time.width(),
                        classes.kind().equals("timestep") ? config.activation() : Activation.SILU));
        addition = config.additionTimeEmbedDim().isPresent()
                ? Optional.of(Addition.of(config, weights.at("add_embedding")))
                : Optional.empty();
        encoderHidProj = config.encoderHidDim().isPresent()
                ? Optional.of(Linear.of(
                        weights.at("encoder_hid_proj"), config.encoderHidDim().getAsInt(), config.crossAttentionDim()))
                : Optional.empty();
        body = new UNetBody(config.body(), weights, config.sides());
        var style = config.body().style();
        normOut = GroupNorm.of(weights.at("conv_norm_out"), first, style.groups(), style.eps());
        convOut = Conv2d.of(weights.at("conv_out"), first, config.outChannels(), config.convOutKernel());
    }

    private static UnaryOperator<NDArray> timeProj(UNetConfig.Time time, Weights weights) {
        return time.fourier()
                ? FourierFeatures.of(weights.at("time_proj"), time.width() / 2, false, time.cosFirst())::forward
                : Sinusoids.of(weights, time.sinusoids(), time.cosFirst(), time.shift())::forward;
    }

    private static TimestepEmbedding timeEmbedding(UNetConfig.Time time, Activation activation, Weights weights) {
        TimestepEmbedding embedding =
                TimestepEmbedding.of(weights, time.sinusoids(), time.width()).with(weights, activation);
        if (time.last().isPresent()) {
            embedding = embedding.withLast(weights, time.last().get());
        }
        return time.condition().isPresent()
                ? embedding.withCondition(weights, time.condition().getAsInt(), time.sinusoids())
                : embedding;
    }

    @Override
    public UNetConfig config() {
        return config;
    }

    /** Residual blocks of the first level. */
    public int firstLevelLayers() {
        return config.body().layers().getFirst();
    }

    @Override
    public int guidanceWidth() {
        return config.time().condition().orElse(0);
    }

    @Override
    public boolean canTile() {
        return true;
    }

    @Override
    public Sizes sizeNumbers() {
        return addition.isPresent() ? Sizes.ORIGINAL_CROP_TARGET : Sizes.NONE;
    }

    /** The prediction for noisy latents, conditioned by a text's states (B, T, D) alone. */
    public NDArray forward(NDArray latents, NDArray timesteps, NDArray states) {
        return forward(latents, timesteps, Conditioning.ofStates(states));
    }

    @Override
    public NDArray forward(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        NDArray emb = embedding(timesteps, conditioning); // (B, E)
        NDArray h = body.forward(first(latents), emb, context(conditioning));
        NDArray normed = Ops.consume(h, y -> normOut.activated(y, config.activation()));
        return Ops.consume(normed, convOut::forward);
    }

    /** What the levels on the way down and the middle make of noisy latents, for a discriminator. */
    public List<NDArray> features(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        return body.features(first(latents), embedding(timesteps, conditioning), context(conditioning));
    }

    /** Channels of the features. */
    public List<Integer> featureWidths() {
        return body.featureWidths();
    }

    private NDArray first(NDArray latents) {
        return convIn.forward(config.centerInput() ? latents.mul(2).sub(1) : latents);
    }

    private NDArray context(Conditioning conditioning) {
        NDArray states = conditioning.states();
        return encoderHidProj.isPresent() ? encoderHidProj.get().forward(states) : states;
    }

    private NDArray embedding(NDArray timesteps, Conditioning conditioning) {
        NDArray emb = timeEmbedding.forward(timeProj.apply(timesteps), conditioning.guidance());
        if (classEmbedding.isPresent()) {
            NDArray classes = classEmbedding.get().forward(conditioning.labels());
            emb = config.classesBeside() ? emb.concat(classes, 1) : emb.add(classes);
        }
        if (addition.isPresent()) {
            emb = emb.add(addition.get().forward(conditioning));
        }
        return config.time().outer().isPresent() ? config.time().outer().get().forward(emb) : emb;
    }

    /** SDXL's micro-conditioning (Podell et al., 2023, §2.2): the pooled text and the image's sizes. */
    private record Addition(Sinusoids sizes, TimestepEmbedding embedding) {
        static Addition of(UNetConfig config, Weights weights) {
            UNetConfig.Time time = config.time();
            return new Addition(
                    Sinusoids.of(weights, config.additionTimeEmbedDim().getAsInt(), time.cosFirst(), time.shift()),
                    TimestepEmbedding.of(weights, config.additionWidth(), time.width()));
        }

        NDArray forward(Conditioning conditioning) {
            NDArray pooled = conditioning.pooled(); // (B, P)
            NDArray numbers = sizes.forward(conditioning.sizes().reshape(-1)); // (B·S, F)
            NDArray flat = numbers.reshape(pooled.getShape().get(0), -1); // (B, S·F)
            return embedding.forward(Ops.cast(pooled, flat.getDataType()).concat(flat, 1));
        }
    }
}
