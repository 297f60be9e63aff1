package io.ruido.model.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.nn.Activation;
import io.ruido.nn.Conv2d;
import io.ruido.nn.Embedding;
import io.ruido.nn.FourierFeatures;
import io.ruido.nn.GroupNorm;
import io.ruido.nn.Sinusoids;
import io.ruido.nn.TimestepEmbedding;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The U-Net without a text: "Denoising Diffusion Probabilistic Models" (Ho et al., 2020), appendix B, with the tensor names
 * of diffusers' {@code UNet2DModel}.
 *
 * <p>B batch, C channels, H and W sides, E width of the embeddings.
 */
public final class UNet2DModel implements Denoiser {
    public static final Network<UNet2DModel> NETWORK =
            new Network<>("UNet2DModel", (config, weights) -> new UNet2DModel(UNet2DConfig.of(config), weights));

    private static final String TIME_PROJ = "time_proj";

    private final UNet2DConfig config;
    private final UnaryOperator<NDArray> timeProj;
    private final TimestepEmbedding timeEmbedding;
    private final Optional<ClassEmbedding> classEmbedding;
    private final Conv2d convIn;
    private final UNetBody body;
    private final GroupNorm normOut;
    private final Conv2d convOut;

    public UNet2DModel(UNet2DConfig config, Weights weights) {
        this.config = config;
        int first = config.body().widths().getFirst();
        int sinusoids = config.fourier() ? 2 * first : first;
        convIn = Conv2d.of(weights.at("conv_in"), config.inChannels(), first, 3);
        timeProj = timeProj(config, weights, first);
        timeEmbedding = TimestepEmbedding.of(weights.at("time_embedding"), sinusoids, config.timeWidth());
        classEmbedding = config.classes()
                .map(classes -> ClassEmbedding.of(
                        classes,
                        weights.at("class_embedding"),
                        timeProj,
                        sinusoids,
                        config.timeWidth(),
                        Activation.SILU));
        body = new UNetBody(config.body(), weights, config.sides());
        var style = config.body().style();
        normOut = GroupNorm.of(weights.at("conv_norm_out"), first, style.groups(), style.eps());
        convOut = Conv2d.of(weights.at("conv_out"), first, config.outChannels(), 3);
    }

    private static UnaryOperator<NDArray> timeProj(UNet2DConfig config, Weights weights, int width) {
        if (config.timestepTable() > 0) {
            Embedding table = Embedding.of(weights.at(TIME_PROJ), config.timestepTable(), width);
            return timesteps -> table.forward(timesteps.toType(DataType.INT64, false));
        }
        return config.fourier()
                ? FourierFeatures.of(weights.at(TIME_PROJ), width, true, false)::forward
                : Sinusoids.of(weights, width, config.cosFirst(), config.freqShift())::forward;
    }

    @Override
    public boolean canTile() {
        return true;
    }

    @Override
    public UNet2DConfig config() {
        return config;
    }

    @Override
    public NDArray forward(NDArray images, NDArray timesteps, Conditioning conditioning) {
        NDArray sample = config.centerInput() ? images.mul(2).sub(1) : images;
        NDArray time = timeEmbedding.forward(timeProj.apply(timesteps)); // (B, E)
        NDArray emb = classEmbedding.isPresent() ? time.add(classEmbedding.get().forward(conditioning.labels())) : time;
        NDArray h = body.forward(convIn.forward(sample), emb, Ops.none());
        NDArray out = Ops.consume(Ops.consume(h, normOut::silu), convOut::forward); // (B, C, H, W)
        return config.fourier() ? out.div(timesteps.reshape(-1, 1, 1, 1)) : out;
    }
}
