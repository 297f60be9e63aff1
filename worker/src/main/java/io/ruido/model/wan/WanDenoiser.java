package io.ruido.model.wan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.adapter.Adapters;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.tensor.Ops;
import java.util.Optional;

/** One transformer for all noise, or two as in Wan 2.2: the first for much noise, the second for little. */
public final class WanDenoiser implements Denoiser {
    private final WanTransformer3DModel transformer;
    private final Optional<WanTransformer3DModel> lowNoise;
    private final double boundary;

    /** @param boundary timestep below which the second transformer predicts */
    public WanDenoiser(WanTransformer3DModel transformer, Optional<WanTransformer3DModel> lowNoise, double boundary) {
        this.transformer = transformer;
        this.lowNoise = lowNoise;
        this.boundary = boundary;
    }

    /** @param latents (B, C, F, H, W) */
    @Override
    public NDArray forward(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        if (lowNoise.isEmpty()) {
            NDArray perPatch = conditioning.firstFrameClean().isEmpty()
                    ? timesteps
                    : eachPatch(
                            latents.getShape(), timesteps, Ops.cast(conditioning.firstFrameClean(), DataType.FLOAT32));
            return transformer.forward(latents, perPatch, conditioning.states(), conditioning.image());
        }
        float[] all = timesteps.toFloatArray();
        var parts = new NDList();
        int from = 0;
        for (int i = 1; i <= all.length; i++) { // neighbours that the same transformer predicts go together
            if (i == all.length || isLowNoise(all[i]) != isLowNoise(all[from])) {
                var rows = new NDIndex("{}:{}", from, i);
                WanTransformer3DModel model = isLowNoise(all[from]) ? lowNoise.get() : transformer;
                Conditioning own = conditioning.map(part -> part.get(rows));
                parts.add(Adapters.ofRows(
                        from,
                        i,
                        () -> model.forward(latents.get(rows), timesteps.get(rows), own.states(), own.image())));
                from = i;
            }
        }
        return parts.size() == 1 ? parts.head() : NDArrays.concat(parts, 0);
    }

    @Override
    public boolean isLowNoise(float timestep) {
        return lowNoise.isPresent() && timestep < boundary;
    }

    /** A timestep for each patch, (B, N): 0 for those of a first frame without noise. */
    private NDArray eachPatch(Shape latents, NDArray timesteps, NDArray firstFrameClean) {
        int side = config().divisor();
        long patches = latents.get(3) / side * (latents.get(4) / side); // of one frame
        NDArray first =
                timesteps.sub(timesteps.mul(firstFrameClean)).reshape(-1, 1).repeat(1, patches);
        NDArray others = timesteps.reshape(-1, 1).repeat(1, patches * (latents.get(2) - 1));
        return first.concat(others, 1);
    }

    @Override
    public WanConfig config() {
        return transformer.config();
    }
}
