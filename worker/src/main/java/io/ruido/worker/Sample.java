package io.ruido.worker;

import io.ruido.diffusion.SampleState;
import io.ruido.job.SamplingParams;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** An image while it is denoised. Its state belongs to the loop's thread; any thread may stop it. */
final class Sample {
    /** How denoising ended. */
    sealed interface End {
        /** @param latents (L, h, w) without noise */
        record Denoised(float[] latents) implements End {}

        /** Its job is over: nobody wants it any more. */
        record Stopped() implements End {}

        /** The worker is closing. */
        record Interrupted() implements End {}
    }

    private final Model model;
    private final SamplingParams params;
    private final Conditioning text;
    private final SampleState denoising;
    private final CompletableFuture<End> end = new CompletableFuture<>();
    private volatile Consumer<SampleState> onStep = denoising -> {};
    private volatile boolean stopped;

    Sample(Model model, SamplingParams params, Conditioning text) {
        this.model = model;
        this.params = params;
        this.text = text;
        this.denoising = model.start(params);
    }

    /** @param listener told of each step on the loop's thread; must not block */
    void onStep(Consumer<SampleState> listener) {
        onStep = listener;
    }

    void stop() {
        stopped = true;
    }

    CompletableFuture<End> end() {
        return end;
    }

    /**
     * Makes one step, or of a second-order sampler one of the denoiser calls that belong to a step.
     *
     * @return whether there is more to do
     */
    boolean advance() {
        try {
            if (stopped) {
                end.complete(new End.Stopped());
                return false;
            }
            int before = denoising.step();
            denoising.advance(model.predict(denoising, params, text));
            if (denoising.step() > before) {
                onStep.accept(denoising);
            }
            if (denoising.done()) {
                end.complete(new End.Denoised(denoising.latents()));
                return false;
            }
            return true;
        } catch (RuntimeException | Error e) {
            end.completeExceptionally(e);
            return false;
        }
    }
}
