package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A trained denoiser that another one learns from; it does not change.
 *
 * @param unet its network
 * @param guided the network with guidance
 * @param process its noise schedule and prediction type
 */
record Teacher(UNet2DConditionModel unet, Guided guided, ForwardProcess process) {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * Reads the denoiser of a diffusers folder.
     *
     * @param manager owner of its tensors
     * @param empty states of the empty text, (1, T, D)
     */
    static Teacher read(Path folder, double guidance, NDArray empty, NDManager manager) throws IOException {
        Path part = folder.resolve("unet");
        var unet = new UNet2DConditionModel(UNetConfig.read(part), Weights.read(part, manager, DataType.FLOAT32));
        ObjectNode scheduler = (ObjectNode)
                JSON.readTree(folder.resolve("scheduler/scheduler_config.json").toFile());
        return new Teacher(unet, new Guided(unet, guidance, empty), new ForwardProcess(scheduler, 0));
    }

    /** The settings of its network. */
    static ObjectNode config(Path folder) throws IOException {
        return (ObjectNode) JSON.readTree(folder.resolve("unet/config.json").toFile());
    }

    /** Returns its estimate of x₀ from x_t (B, C, H, W). */
    NDArray x0(NDArray x, int[] t, NDArray context) {
        return process.x0(x, guided.forward(x, ForwardProcess.tensor(x.getManager(), t), context), t);
    }

    /** One step of DDIM (Song et al. 2021, equation 12, η = 0) from one timestep to another. */
    NDArray step(NDArray x, int[] from, int[] to, NDArray context) {
        NDArray x0 = x0(x, from, context);
        return process.noisy(x0, process.eps(x, x0, from), to);
    }
}
