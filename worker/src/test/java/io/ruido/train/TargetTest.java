package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerConfig;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TargetTest {
    private static final Level LEVEL = new Level(Math.sqrt(20 / 21.0), Math.sqrt(1 / 21.0)); // SNR 20

    @ParameterizedTest
    @EnumSource
    void theSamplersRecoverTheImageFromAPerfectOutput(Target target) {
        boolean flow = target == Target.FLOW_PREDICTION;
        SchedulerConfig scheduler = SchedulerConfig.of(new JsonMapper()
                .createObjectNode()
                .put("_class_name", flow ? "UniPCMultistepScheduler" : "DDIMScheduler")
                .put("clip_sample", false)
                .put("use_flow_sigmas", flow)
                .put("prediction_type", target.name().toLowerCase(java.util.Locale.ROOT)));
        float x0 = 0.7f, eps = -1.3f;

        for (Step step : SamplerName.defaultFor(scheduler)
                .sampler(scheduler)
                .trajectory(10)
                .steps()) {
            double x = step.level().signal() * x0 + step.level().noise() * eps;
            double output = target.of(x0, eps, step.level());
            double recovered = step.x0().x() * x + step.x0().output() * output;
            assertThat(recovered).isCloseTo(x0, within(1e-4));
        }
    }

    @ParameterizedTest
    @EnumSource
    void minSnrWeightsClampTheWeightOfTheCleanImage(Target target) {
        // The ε loss is SNR times the squared error of x₀, the v loss SNR + 1 times, that of the velocity 1/σ² times:
        // each
        // becomes min(SNR, γ) times.
        double perImage =
                switch (target) {
                    case EPSILON -> 20;
                    case V_PREDICTION -> 21;
                    case SAMPLE -> 1;
                    case FLOW_PREDICTION -> 21;
                };

        assertThat(target.minSnrWeight(LEVEL, 5) * perImage).isCloseTo(5, within(1e-9));
    }
}
