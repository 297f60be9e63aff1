package io.ruido.standalone;

import io.ruido.job.JobEvent;
import java.util.Locale;
import java.util.stream.IntStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Denoising steps as a bar on the terminal. */
final class JobProgress implements AutoCloseable {
    private static final int REFRESH_MILLIS = 100;
    private static final int WIDTH = 79;

    private final ProgressBar bar;
    private final int[] steps;

    JobProgress(String name, int images, int stepsOfEach) {
        this.steps = new int[images];
        this.bar = new ProgressBarBuilder()
                .setTaskName(name)
                .setInitialMax((long) images * stepsOfEach)
                .setUpdateIntervalMillis(REFRESH_MILLIS)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .hideEta()
                // A width that is given: asking the terminal for it would take Ctrl-C away from the shutdown hooks.
                .setConsumer(new ConsoleProgressBarConsumer(System.err, WIDTH))
                .build();
    }

    void show(JobEvent event) {
        switch (event) {
            case JobEvent.State state ->
                bar.setExtraMessage(state.state().name().toLowerCase(Locale.ROOT));
            case JobEvent.Step step -> step(step.index(), step.step());
            case JobEvent.Image image -> {}
            case JobEvent.Result result -> {}
        }
    }

    /** @param made steps of the image so far */
    void step(int image, int made) {
        steps[image] = made;
        bar.stepTo(IntStream.of(steps).sum());
    }

    @Override
    public void close() {
        bar.close();
    }
}
