package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.SampleState;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.noise.TorchRandom;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Draws several samples together, from noise to the end of a trajectory. */
public final class Drawing {
    private Drawing() {}

    /** Returns the denoiser's prediction for x (B, C, H, W) at the timesteps (B), with guidance. */
    public interface Prediction {
        NDArray of(NDArray x, float[] timesteps);
    }

    /**
     * Draws {@code count} samples.
     *
     * @param seed seed of the first sample; the next one has the next seed
     * @param one (1, C, H, W), or (1, C, F, H, W) of a clip
     */
    public static List<float[]> run(
            NDManager manager, Trajectory trajectory, int count, long seed, Shape one, Prediction prediction) {
        int length = (int) one.size();
        List<SampleState> states = IntStream.range(0, count)
                .mapToObj(i -> new SampleState(trajectory, new TorchRandom(seed + i), length))
                .toList();
        float[] timesteps = new float[count];
        while (!states.getFirst().done()) {
            Arrays.fill(timesteps, states.getFirst().timestep());
            try (NDManager step = manager.newSubManager()) {
                NDArray x = tensor(step, states.stream().map(SampleState::input).toList(), one);
                float[] output = prediction.of(x, timesteps).toFloatArray();
                for (int i = 0; i < count; i++) {
                    states.get(i).advance(Arrays.copyOfRange(output, i * length, (i + 1) * length));
                }
            }
        }
        return states.stream().map(SampleState::latents).toList();
    }

    /** (B, C, H, W), or what else one sample's shape is. */
    public static NDArray tensor(NDManager manager, List<float[]> samples, Shape one) {
        long[] shape = one.getShape().clone();
        shape[0] = samples.size();
        return manager.create(join(samples), new Shape(shape));
    }

    /** Concatenates the samples. */
    public static float[] join(List<float[]> samples) {
        int length = samples.getFirst().length;
        float[] all = new float[samples.size() * length];
        for (int i = 0; i < samples.size(); i++) {
            System.arraycopy(samples.get(i), 0, all, i * length, length);
        }
        return all;
    }
}
