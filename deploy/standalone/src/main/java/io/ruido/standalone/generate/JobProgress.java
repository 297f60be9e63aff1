package io.ruido.standalone.generate;

import io.ruido.job.JobEvent;
import io.ruido.standalone.Bars;
import java.util.Locale;
import java.util.stream.IntStream;
import me.tongfei.progressbar.ProgressBar;

/** Denoising steps as a bar on the terminal. */
final class JobProgress implements AutoCloseable {
    private final ProgressBar bar;
    private final int[] steps;

    JobProgress(String name, int images, int stepsOfEach) {
        this.steps = new int[images];
        this.bar = Bars.of(name, (long) images * stepsOfEach);
    }

    void show(JobEvent event) {
        switch (event) {
            case JobEvent.State state ->
                bar.setExtraMessage(state.state().name().toLowerCase(Locale.ROOT));
            case JobEvent.Queue queue -> bar.setExtraMessage("waits, number " + queue.position());
            case JobEvent.Step step -> step(step.index(), step.step());
            case JobEvent.Image image -> {}
            case JobEvent.Result result -> {}
            case JobEvent.Warnings warnings -> warnings.messages().forEach(System.err::println);
        }
    }

    /** @param made number of finished steps of the image */
    void step(int image, int made) {
        steps[image] = made;
        bar.stepTo(IntStream.of(steps).sum());
    }

    @Override
    public void close() {
        bar.close();
    }
}
