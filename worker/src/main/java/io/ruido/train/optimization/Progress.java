package io.ruido.train.optimization;

import io.ruido.train.recipe.Optimization;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Measures loss and time of the steps, and reports their means periodically. */
final class Progress {
    private static final Logger log = LoggerFactory.getLogger(Progress.class);
    private static final int STEPS_PER_ROW = 20;

    private final String stage;
    private final Metrics metrics;
    private final Optimization optimization;
    private final double peak;
    private double seconds;
    private double secondsAtRow;
    private long begun;
    private double[] losses = new double[0];
    private double norm;
    private int samples;
    private int steps;
    private double operations;

    /**
     * @param peak floating-point operations a second that the processor can do
     * @param seconds spent before, by the run that this one resumes
     */
    Progress(String stage, Metrics metrics, Optimization optimization, double peak, double seconds) {
        this.stage = stage;
        this.peak = peak;
        this.metrics = metrics;
        this.optimization = optimization;
        this.seconds = seconds;
        this.secondsAtRow = seconds;
    }

    /** Begins a step. Time between steps, for instance for a checkpoint, is not counted. */
    void begin() {
        begun = System.nanoTime();
    }

    /**
     * A step ends.
     *
     * @param stepLosses losses of the optimizers, the model's own first
     * @param gradientNorm norm of the model's own gradients
     * @param work floating-point operations of the step
     */
    void end(double[] stepLosses, double gradientNorm, int batch, double work) {
        seconds += (System.nanoTime() - begun) / 1e9;
        losses = Arrays.copyOf(losses, stepLosses.length);
        Arrays.setAll(losses, i -> losses[i] + stepLosses[i]);
        norm += gradientNorm;
        samples += batch;
        operations += work;
        steps++;
    }

    /** Time spent in steps. */
    double seconds() {
        return seconds;
    }

    /** Reports the means since the last report, if it is time. */
    void report(int step) throws IOException {
        if (step % STEPS_PER_ROW != 0 && step != optimization.steps()) {
            return;
        }
        double taken = seconds - secondsAtRow;
        var row = new Metrics.Row(
                step,
                seconds,
                losses[0] / steps,
                norm / steps,
                optimization.learningRateAt(step - 1),
                samples / taken,
                operations / taken / peak,
                Arrays.stream(losses).skip(1).map(sum -> sum / steps).boxed().toList());
        metrics.append(row);
        Duration left = Duration.ofSeconds(Math.round(taken / steps * (optimization.steps() - step)));
        log.info(
                "{} {}/{}: loss {}, {} samples/s, {} % of the matrix product's peak, {} left",
                stage,
                step,
                optimization.steps(),
                "%.4f".formatted(row.loss()),
                "%.1f".formatted(row.samplesPerSecond()),
                "%.0f".formatted(100 * row.peakShare()),
                "%d:%02d:%02d".formatted(left.toHours(), left.toMinutesPart(), left.toSecondsPart()));
        secondsAtRow = seconds;
        Arrays.fill(losses, 0);
        norm = operations = samples = steps = 0;
    }
}
