package io.ruido.diffusion.samplers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.SchedulerConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerNameTest {
    private static SchedulerConfig config(String scheduler, String settings) {
        try {
            return SchedulerConfig.of(new JsonMapper()
                    .readTree("{\"_class_name\": \"%s\"%s%s}"
                            .formatted(scheduler, settings.isEmpty() ? "" : ", ", settings.replace('\'', '"'))));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(settings, e);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "DDIMScheduler |                                                                       | ddim",
                "EulerDiscreteScheduler | 'use_karras_sigmas': true                                    | euler-karras",
                "HeunDiscreteScheduler | 'use_beta_sigmas': true                                       | heun-beta",
                "PNDMScheduler | 'skip_prk_steps': true                                                | plms",
                "PNDMScheduler |                                                                       | pndm",
                "DPMSolverMultistepScheduler | 'algorithm_type': 'sde-dpmsolver++', 'solver_order': 3  | dpm++-3m-sde",
                "DPMSolverMultistepScheduler | 'algorithm_type': 'dpmsolver', 'final_sigmas_type': 'sigma_min' | dpm++-2m",
                "UniPCMultistepScheduler | 'use_exponential_sigmas': true                              | unipc-exponential",
                "FlowMatchEulerDiscreteScheduler | 'shift': 5.0                                        | flow-euler",
            })
    void aModelsOwnConfigurationHasAName(String scheduler, String settings, String id) {
        SchedulerConfig config = config(scheduler, settings == null ? "" : settings);

        assertThat(SamplerName.defaultFor(config).id()).isEqualTo(id);
    }

    @Test
    void everySamplerCanBeAskedForByItsIdAndMakesTheStepsThatAreAskedFor() {
        List<SchedulerConfig> models = List.of(
                config("PNDMScheduler", "'skip_prk_steps': true, 'steps_offset': 1"),
                config("FlowMatchEulerDiscreteScheduler", ""),
                config("IPNDMScheduler", ""),
                config("EDMEulerScheduler", ""));

        for (SamplerName name : SamplerName.all()) {
            assertThat(SamplerName.of(name.id())).isSameAs(name);
            SchedulerConfig model =
                    models.stream().filter(name::fits).findFirst().orElseThrow();
            Trajectory trajectory = name.sampler(model).trajectory(8);
            assertThat(trajectory.stepsAfter(trajectory.size())).as(name.id()).isEqualTo(8);
        }
    }

    @Test
    void aSecondOrderSamplersStepIsMadeByItsLastDenoiserCall() {
        Trajectory heun =
                SamplerName.of("heun").sampler(config("DDIMScheduler", "")).trajectory(3);

        assertThat(heun.size()).isEqualTo(5);
        assertThat(heun.stepsAfter(1)).isZero();
        assertThat(heun.stepsAfter(2)).isEqualTo(1);
        assertThat(heun.stepsAfter(5)).isEqualTo(3);
    }

    @Test
    void aSamplerThatIsAskedForByNameReplacesTheShapeOfTheModelsSigmas() {
        SchedulerConfig karras = config("EulerDiscreteScheduler", "'use_karras_sigmas': true");

        assertThat(timestep("heun", karras)).isEqualTo(timestep("heun", config("EulerDiscreteScheduler", "")));
        assertThat(timestep("heun-karras", karras)).isNotEqualTo(timestep("heun", karras));
    }

    /** Of the second step. */
    private static double timestep(String id, SchedulerConfig config) {
        return SamplerName.of(id).sampler(config).trajectory(10).steps().get(2).timestep();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "ScoreSdeVeScheduler         |                                                        | setting _class_name is \"ScoreSdeVeScheduler\"",
                "DDIMScheduler               | 'prediction_type': 'flow_prediction'                   | setting prediction_type is \"flow_prediction\"",
                "DDPMScheduler               | 'variance_type': 'fixed'                               | setting variance_type is \"fixed\"",
                "DDPMScheduler               | 'beta_schedule': 'cosine'                              | setting beta_schedule is \"cosine\"",
                "DDIMScheduler               | 'timestep_spacing': 'quadratic'                        | setting timestep_spacing is \"quadratic\"",
                "PNDMScheduler               | 'prediction_type': 'sample'                            | setting prediction_type is \"sample\"",
                "UniPCMultistepScheduler     | 'solver_order': 9                                      | setting solver_order is 9",
                "UniPCMultistepScheduler     | 'predict_x0': false                                    | setting final_sigmas_type is \"zero\"",
                "DPMSolverMultistepScheduler | 'use_flow_sigmas': true, 'use_karras_sigmas': true      | setting use_karras_sigmas is true",
                "UniPCMultistepScheduler     | 'prediction_type': 'flow_prediction'                   | setting prediction_type is \"flow_prediction\"",
                "FlowMatchEulerDiscreteScheduler | 'stochastic_sampling': true                         | setting stochastic_sampling is true",
                "DPMSolverSinglestepScheduler| 'algorithm_type': 'sde-dpmsolver', 'final_sigmas_type': 'sigma_min' | setting algorithm_type is \"sde-dpmsolver\"",
                "EulerDiscreteScheduler      | 'use_karras_sigmas': true, 'use_beta_sigmas': true     | setting use_beta_sigmas is true",
                "EulerDiscreteScheduler      | 'timestep_type': 'continuous', 'prediction_type': 'v_prediction', 'interpolation_type': 'log_linear' | setting interpolation_type is \"log_linear\"",
                "LCMScheduler                | 'original_inference_steps': 2000                       | setting original_inference_steps is 2000",
                "HeunDiscreteScheduler       | 'sigma_min': 0.05                                       | setting sigma_min is 0.05",
                "DDPMScheduler               | 'trained_betas': [0.1, 0.2]                            | setting num_train_timesteps is 1000",
                "DDIMScheduler               | 'rescale_betas_zero_snr': true, 'timestep_spacing': 'trailing' | setting prediction_type is \"epsilon\"",
                "LCMScheduler                | 'rescale_betas_zero_snr': true                         | setting prediction_type is \"epsilon\"",
            })
    void aSettingThatIsNotSupportedIsRefusedByNameAndValue(String scheduler, String settings, String message) {
        assertThatThrownBy(() -> {
                    SchedulerConfig config = config(scheduler, settings == null ? "" : settings);
                    SamplerName.defaultFor(config).sampler(config);
                })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aSamplerThatAModelsSettingsDoNotAllowDoesNotFit() {
        SchedulerConfig sample = config("DDIMScheduler", "'prediction_type': 'sample'");

        assertThat(SamplerName.of("plms").fits(sample)).isFalse();
        assertThat(SamplerName.of("heun").fits(sample)).isTrue();
    }

    @Test
    void aModelOfFlowMatchingHasTheSamplersThatKnowItsLevels() {
        SchedulerConfig flow = config("FlowMatchEulerDiscreteScheduler", "'shift': 3.0");

        List<String> fitting = SamplerName.all().stream()
                .filter(name -> name.fits(flow))
                .map(SamplerName::id)
                .toList();

        assertThat(fitting).contains("flow-euler", "flow-euler-beta", "unipc", "dpm++-2m", "dpm++-2s");
        assertThat(fitting).doesNotContain("ddim", "euler", "unipc-karras", "lcm", "pndm", "deis");
        assertThat(SamplerName.of("flow-euler").fits(config("DDIMScheduler", "")))
                .isFalse();
    }

    @Test
    void anotherSamplerOfAModelOfFlowMatchingKeepsItsShift() {
        SchedulerConfig shifted = config("FlowMatchEulerDiscreteScheduler", "'shift': 3.0");
        SchedulerConfig unipc = config(
                "UniPCMultistepScheduler",
                "'use_flow_sigmas': true, 'prediction_type': 'flow_prediction', 'flow_shift': 3.0");

        assertThat(timestep("unipc", shifted)).isEqualTo(timestep("unipc", unipc));
        assertThat(timestep("flow-euler", unipc)).isEqualTo(timestep("flow-euler", shifted));
    }

    @Test
    void stepsThatASamplerCannotMakeAreRefused() {
        SchedulerConfig config = config("PNDMScheduler", "");

        assertThatThrownBy(() -> SamplerName.of("pndm").sampler(config).trajectory(3))
                .hasMessageContaining("steps must be at least 4");
        assertThatThrownBy(() -> SamplerName.of("lcm").sampler(config).trajectory(51))
                .hasMessage("steps must be from 1 to 50, was 51");
    }
}
