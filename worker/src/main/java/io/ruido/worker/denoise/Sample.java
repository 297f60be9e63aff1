package io.ruido.worker.denoise;

import io.ruido.diffusion.SampleState;
import io.ruido.job.SamplingParams;
import io.ruido.kafka.JobConsumer;
import io.ruido.pipeline.lora.AppliedLora;
import io.ruido.worker.models.Conditioning;
import io.ruido.worker.models.DenoiserInput;
import io.ruido.worker.models.Model;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.MDC;

/**
 * An image while it is denoised. Its state belongs to the thread that has it in a batch; any thread may stop it. It owns the
 * additions to the denoiser's layers, and releases them at its end.
 */
public final class Sample implements AutoCloseable {
    /** How denoising ended. */
    public sealed interface End {
        /** @param latents (L, h, w) without noise */
        record Denoised(float[] latents) implements End {}

        /** The job has ended, so the image is not wanted any more. */
        record Stopped() implements End {}

        /**
         * The worker is closing.
         *
         * @param state from which another worker can resume
         */
        record Interrupted(byte[] state) implements End {}
    }

    private record AtStep(int step, Conditioning.Current current) {}

    private final Model model;
    private final SamplingParams params;
    private final Conditioning text;
    private final SampleState denoising;
    private final List<AppliedLora> loras;
    private volatile AtStep atStep;
    private final CompletableFuture<End> end = new CompletableFuture<>();
    private volatile Consumer<SampleState> onStep = denoising -> {};
    private volatile boolean stopped;
    private volatile boolean inLoop;
    /** The job id in the log context of the thread that makes the sample; the loop logs with the same one. */
    private final String jobId = MDC.get(JobConsumer.JOB_ID);

    /** A sample of the model as it is. */
    public Sample(Model model, SamplingParams params, Conditioning text, SampleState denoising) {
        this(model, params, text, denoising, List.of(), () -> {});
    }

    /**
     * @param loras added to the denoiser's layers
     * @param release gives them back; called once, at the sample's end
     */
    public Sample(
            Model model,
            SamplingParams params,
            Conditioning text,
            SampleState denoising,
            List<AppliedLora> loras,
            Runnable release) {
        this.model = model;
        this.params = params;
        this.text = text;
        this.denoising = denoising;
        this.loras = List.copyOf(loras);
        end.whenComplete((_, _) -> release.run());
    }

    /** The model that draws it. */
    public Model model() {
        return model;
    }

    BatchKey batchKey() {
        Conditioning.Current current = current();
        return new BatchKey(
                model, params.geometry(), current.tokens(), current.plain(), !loras.isEmpty(), params.tiling());
    }

    /** Rows that it takes in the denoiser's batch. */
    int rows() {
        return model.rows(params, current());
    }

    /** What guides the next step. */
    private Conditioning.Current current() {
        AtStep known = atStep;
        int step = denoising.step();
        if (known == null || known.step != step) {
            known = new AtStep(step, text.at(step));
            atStep = known;
        }
        return known.current;
    }

    public SamplingParams params() {
        return params;
    }

    public String jobId() {
        return jobId;
    }

    public DenoiserInput denoiserInput() {
        return new DenoiserInput(
                params, current(), denoising.input(), denoising.timestep(), denoising.partlyClean(), loras);
    }

    public SampleState denoising() {
        return denoising;
    }

    /** @param listener is called for each step on a thread of the loop; must not block */
    public void onStep(Consumer<SampleState> listener) {
        onStep = listener;
    }

    public void stop() {
        stopped = true;
    }

    public CompletableFuture<End> end() {
        return end;
    }

    /** From now on the sample ends when the loop ends it. */
    void enterLoop() {
        inLoop = true;
    }

    /** Ends the sample: at once if no loop has it, else after the step that is being made. */
    @Override
    public void close() {
        stop();
        if (!inLoop) {
            end.complete(new End.Stopped());
        }
    }

    /** Whether it was stopped; if so, that is its end. */
    boolean stopped() {
        return stopped && end.complete(new End.Stopped());
    }

    boolean unfinished() {
        return !end.isDone();
    }

    void interrupt() {
        end.complete(new End.Interrupted(denoising.save()));
    }

    void fail(Throwable fault) {
        end.completeExceptionally(fault);
    }

    /** Makes one step, or of a second-order sampler one of the denoiser calls that belong to a step. */
    void advance(float[] output) {
        try {
            int before = denoising.step();
            denoising.advance(output);
            if (denoising.step() > before) {
                onStep.accept(denoising);
            }
            if (denoising.done()) {
                end.complete(new End.Denoised(denoising.latents()));
            }
        } catch (RuntimeException | Error e) {
            fail(e);
        }
    }
}
