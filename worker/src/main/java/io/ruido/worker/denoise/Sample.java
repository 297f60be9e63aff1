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
 * An image while it is denoised. Only the thread whose batch contains it may use its state; any thread may stop it. It
 * owns the LoRAs that are applied to the denoiser, and releases them at its end.
 */
public final class Sample implements AutoCloseable {
    /** How denoising ended. */
    public sealed interface End {
        /** @param latents (L, h, w) without noise */
        record Denoised(float[] latents) implements End {}

        /** The job has ended, so the image is no longer wanted. */
        record Stopped() implements End {}

        /**
         * The worker is closing.
         *
         * @param state state from which another worker can resume
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

    /** Creates a sample without LoRAs. */
    public Sample(Model model, SamplingParams params, Conditioning text, SampleState denoising) {
        this(model, params, text, denoising, List.of(), () -> {});
    }

    /**
     * Creates a sample.
     *
     * @param loras LoRAs to apply to the denoiser
     * @param release releases them; called once, at the sample's end
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

    /** Returns the model that draws it. */
    public Model model() {
        return model;
    }

    BatchKey batchKey() {
        Conditioning.Current current = current();
        return new BatchKey(
                model, params.geometry(), current.tokens(), current.plain(), !loras.isEmpty(), params.tiling());
    }

    /** Returns the number of its rows in the denoiser's batch. */
    int rows() {
        return model.rows(params, current());
    }

    /** Returns the conditioning of the next step. */
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
                params, current(), denoising.input(), denoising.timestep(), denoising.hasCleanRegion(), loras);
    }

    public SampleState denoising() {
        return denoising;
    }

    /**
     * Sets a listener.
     *
     * @param listener called after each step on a thread of the loop; it must not block
     */
    public void onStep(Consumer<SampleState> listener) {
        onStep = listener;
    }

    public void stop() {
        stopped = true;
    }

    public CompletableFuture<End> end() {
        return end;
    }

    /** Marks that the sample is in the loop, which ends it from now on. */
    void enterLoop() {
        inLoop = true;
    }

    /** Ends the sample: at once if it is not in the loop, otherwise after the current step. */
    @Override
    public void close() {
        stop();
        if (!inLoop) {
            end.complete(new End.Stopped());
        }
    }

    /** Returns whether it was stopped; if so, it ends now. */
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

    /** Makes one step, or one of the denoiser calls of a step with a second-order sampler. */
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
