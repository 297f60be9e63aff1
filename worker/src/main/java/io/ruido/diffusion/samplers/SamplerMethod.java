package io.ruido.diffusion.samplers;

import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.diffusion.schedules.SchedulerSettings;
import io.ruido.diffusion.schedules.Sigmas.Shape;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** The methods, each with the one of diffusers' schedulers whose settings it reads, and the settings that make it. */
enum SamplerMethod {
    DDIM("ddim", "DDIM", "DDIMScheduler", Ddim::new, Shapes.NONE, Map.of()),
    DDPM("ddpm", "DDPM", "DDPMScheduler", Ddpm::new, Shapes.NONE, Map.of()),
    EULER("euler", "Euler", "EulerDiscreteScheduler", Euler::new, Shapes.COMMON, Map.of()),
    EULER_ANCESTRAL(
            "euler-a", "Euler a", "EulerAncestralDiscreteScheduler", EulerAncestral::new, Shapes.NONE, Map.of()),
    HEUN("heun", "Heun", "HeunDiscreteScheduler", Heun::new, Shapes.COMMON, Map.of()),
    KDPM2("kdpm2", "DPM2", "KDPM2DiscreteScheduler", Kdpm2::plain, Shapes.COMMON, Map.of()),
    KDPM2_ANCESTRAL("kdpm2-a", "DPM2 a", "KDPM2AncestralDiscreteScheduler", Kdpm2::ancestral, Shapes.COMMON, Map.of()),
    LMS("lms", "LMS", "LMSDiscreteScheduler", Lms::new, Shapes.COMMON, Map.of()),
    PLMS("plms", "PLMS", "PNDMScheduler", Pndm::new, Shapes.NONE, Map.of("skip_prk_steps", true)),
    PNDM("pndm", "PNDM", "PNDMScheduler", Pndm::new, Shapes.NONE, Map.of("skip_prk_steps", false)),
    DPMPP_2M("dpm++-2m", "DPM++ 2M", Shapes.ALL, DpmAlgorithm.DATA, 2),
    DPMPP_2M_SDE("dpm++-2m-sde", "DPM++ 2M SDE", Shapes.ALL, DpmAlgorithm.DATA_SDE, 2),
    DPMPP_3M_SDE("dpm++-3m-sde", "DPM++ 3M SDE", Shapes.ALL, DpmAlgorithm.DATA_SDE, 3),
    DPMPP_SDE("dpm++-sde", "DPM++ SDE", "DPMSolverSDEScheduler", DpmSde::new, Shapes.COMMON, Map.of()),
    DPMPP_2S(
            "dpm++-2s",
            "DPM++ 2S",
            "DPMSolverSinglestepScheduler",
            DpmSinglestep::new,
            Shapes.COMMON,
            algorithm(DpmAlgorithm.DATA, 2)),
    DEIS("deis", "DEIS", "DEISMultistepScheduler", Deis::new, Shapes.COMMON, Map.of()),
    UNIPC("unipc", "UniPC", "UniPCMultistepScheduler", UniPc::new, Shapes.COMMON, Map.of()),
    LCM("lcm", "LCM", "LCMScheduler", Lcm::new, Shapes.NONE, Map.of()),
    TCD("tcd", "TCD", "TCDScheduler", Tcd::new, Shapes.NONE, Map.of()),
    IPNDM("ipndm", "iPNDM", "IPNDMScheduler", Ipndm::new, Shapes.NONE, Map.of()),
    EDM_EULER("edm-euler", "EDM Euler", "EDMEulerScheduler", EdmEuler::new, Shapes.NONE, Map.of()),
    EDM_DPMPP("edm-dpm++", "EDM DPM++", "EDMDPMSolverMultistepScheduler", DpmMultistep::edm, Shapes.NONE, Map.of()),
    FLOW_EULER("flow-euler", "Flow Euler", SchedulerConfig.FLOW, FlowEuler::new, Shapes.COMMON, Map.of());

    /** How a method's sigmas can fall; {@link Shape#PLAIN} only, where it has no choice. */
    private static final class Shapes {
        static final Set<Shape> NONE = EnumSet.of(Shape.PLAIN);
        static final Set<Shape> COMMON = EnumSet.complementOf(EnumSet.of(Shape.LU));
        static final Set<Shape> ALL = EnumSet.allOf(Shape.class);
    }

    final String id;
    final String title;
    final String scheduler;
    final Function<SchedulerSettings, Sampler> create;
    final Set<Shape> shapes;
    final Map<String, Object> settings;

    SamplerMethod(
            String id,
            String title,
            String scheduler,
            Function<SchedulerSettings, Sampler> create,
            Set<Shape> shapes,
            Map<String, Object> settings) {
        this.id = id;
        this.title = title;
        this.scheduler = scheduler;
        this.create = create;
        this.shapes = shapes;
        this.settings = settings;
    }

    /** A method of multistep DPM-Solver. */
    SamplerMethod(String id, String title, Set<Shape> shapes, DpmAlgorithm algorithm, int order) {
        this(id, title, "DPMSolverMultistepScheduler", DpmMultistep::new, shapes, algorithm(algorithm, order));
    }

    private static Map<String, Object> algorithm(DpmAlgorithm algorithm, int order) {
        return Map.of("algorithm_type", algorithm.toString(), "solver_order", order);
    }
}
