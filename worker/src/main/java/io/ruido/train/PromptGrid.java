package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.model.Denoiser;
import io.ruido.train.data.TrainingSet;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Draws the prompts of a recipe with the sampler of its scheduler. */
final class PromptGrid {
    private static final int COLUMNS = 8;

    private final TrainingSet data;
    private final TrainConfig.Sampling sampling;
    private final SchedulerConfig scheduler;
    private final long seed;

    /** @param seed seed of the first image; the next one has the next seed */
    PromptGrid(TrainingSet data, TrainConfig.Sampling sampling, ObjectNode scheduler, long seed) {
        this.data = data;
        this.sampling = sampling;
        this.scheduler = SchedulerConfig.of(scheduler);
        this.seed = seed;
    }

    void write(NDManager scratch, Denoiser denoiser, Path grid) throws IOException {
        Shape one = data.latents().shape(1);
        NDArray context = data.encode(scratch, sampling.prompts()); // (B, T, D)
        var guided = new Guided(denoiser, sampling.guidance(), data.empty(scratch, 1));
        Trajectory trajectory =
                SamplerName.defaultFor(scheduler).sampler(scheduler).trajectory(sampling.steps());
        List<float[]> drawn = Drawing.run(
                scratch,
                trajectory,
                sampling.prompts().size(),
                seed,
                one,
                (x, timesteps) -> guided.forward(x, x.getManager().create(timesteps), context.duplicate()));
        NDArray pixels = data.decode(Drawing.tensor(scratch, drawn, one));
        Grid.write(grid, pixels.toFloatArray(), data.imageSize(), COLUMNS);
    }
}
