"""Writes whole trajectories of diffusers' schedulers on a fixed denoiser, and PyTorch's random numbers, to
../resources/diffusion. Run with torch 2.7, diffusers 0.35, scipy and torchsde: python make_sampler_goldens.py [KIND ...]"""

import base64
import inspect
import json
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import diffusers
import numpy as np
import torch

GOLDEN = Path(__file__).resolve().parent.parent / "resources" / "diffusion"
SHAPE = (1, 1, 2, 2)
RUNS = [(steps, 1) for steps in (1, 2, 5, 10, 20, 50)] + [(10, 0.55), (20, 0.3)]  # steps, strength
FEW = dict(runs=RUNS[:4])  # for schedulers that themselves round by more than the tolerance where the steps are small
SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
V = dict(prediction_type="v_prediction")
X0 = dict(prediction_type="sample")
FLOW = dict(prediction_type="flow_prediction", use_flow_sigmas=True)
SHAPES = [{f"use_{shape}_sigmas": True} for shape in ("karras", "exponential", "beta")]
SPACINGS = [
    dict(timestep_spacing="linspace"),
    dict(timestep_spacing="leading", steps_offset=1),
    dict(timestep_spacing="trailing"),
]

CASES = {
    "DDIM": [
        dict(),
        dict(clip_sample=False, set_alpha_to_one=False, **SD),
        dict(eta=0.7, clip_sample_range=0.5),
        dict(eta=1.0, clip_sample=False, **V, **SPACINGS[0]),
        dict(**X0, **SPACINGS[1]),
        dict(thresholding=True, sample_max_value=1.5, dynamic_thresholding_ratio=0.6, **SPACINGS[2]),
        dict(rescale_betas_zero_snr=True, **V, **SPACINGS[2], **SD),
        dict(beta_schedule="squaredcos_cap_v2", clip_sample=False),
        dict(trained_betas=list(np.linspace(0.001, 0.03, 100)), num_train_timesteps=100),
        dict(num_train_timesteps=333, clip_sample=False, **SPACINGS[2]),
    ],
    "EulerDiscrete": [
        dict(),
        *(dict(**spacing, **SD) for spacing in SPACINGS),
        dict(**V, **SD, **SPACINGS[1]),
        dict(**X0, **SD),
        *(dict(**shape, **SD) for shape in SHAPES),
        dict(use_karras_sigmas=True, sigma_min=0.05, sigma_max=10.0, **SD),
        dict(final_sigmas_type="sigma_min", **SD),
        dict(interpolation_type="log_linear", **SD),
        dict(timestep_type="continuous", use_karras_sigmas=True, sigma_min=0.002, sigma_max=700.0, **V, **SD),
        dict(rescale_betas_zero_snr=True, **V, **SPACINGS[2], **SD),
        dict(churn=dict(s_churn=3.0), **SD),
        dict(churn=dict(s_churn=30.0, s_tmin=0.1, s_tmax=5.0, s_noise=1.01), use_karras_sigmas=True, **V, **SD),
        dict(churn=dict(s_churn=1.0, s_noise=0.9), **X0, **SD),
    ],
    "KDPM2Discrete": [
        dict(),
        *(dict(**spacing, **SD) for spacing in SPACINGS),
        dict(**V, **SD),
        *(dict(**shape, **SD) for shape in SHAPES),
    ],
    "KDPM2AncestralDiscrete": [
        dict(),
        *(dict(**spacing, **SD) for spacing in SPACINGS),
        dict(**V, **SD),
        *(dict(**shape, **SD) for shape in SHAPES),
    ],
    "IPNDM": [dict(runs=RUNS[:6])],
    "EDMEuler": [
        dict(),
        dict(sigma_schedule="exponential", final_sigmas_type="sigma_min"),
        dict(sigma_min=0.01, sigma_max=40.0, sigma_data=1.0, rho=5.0, **V),
    ],
    "EDMDPMSolverMultistep": [
        dict(),
        dict(solver_order=3, sigma_schedule="exponential"),
        dict(solver_type="heun", final_sigmas_type="sigma_min", sigma_min=0.01, sigma_data=1.0, **V),
        dict(algorithm_type="sde-dpmsolver++"),
        dict(thresholding=True, dynamic_thresholding_ratio=0.6),
        dict(lower_order_final=False, solver_order=1),
    ],
    "DPMSolverMultistep": [
        dict(),
        *(dict(**spacing, **SD) for spacing in SPACINGS),
        dict(**V, **SD),
        dict(**X0, **SD),
        *(dict(**shape, **SD) for shape in SHAPES),
        dict(use_lu_lambdas=True, **SD),
        dict(use_lu_lambdas=True, rescale_betas_zero_snr=True, num_train_timesteps=2000, **V, **SD),
        dict(solver_order=1, **SD),
        dict(solver_order=3, **SD),
        dict(solver_type="heun", lower_order_final=False, **SD),
        dict(euler_at_final=True, final_sigmas_type="sigma_min", **SD),
        dict(thresholding=True, dynamic_thresholding_ratio=0.6, **SD),
        dict(algorithm_type="dpmsolver", final_sigmas_type="sigma_min", solver_order=3, **SD),
        dict(algorithm_type="dpmsolver", final_sigmas_type="sigma_min", solver_type="heun", **V, **SD),
        dict(algorithm_type="dpmsolver", final_sigmas_type="sigma_min", thresholding=True, **SD),
        dict(algorithm_type="sde-dpmsolver++", **SD),
        dict(algorithm_type="sde-dpmsolver++", use_karras_sigmas=True, euler_at_final=True, **SD),
        dict(algorithm_type="sde-dpmsolver++", solver_order=3, **SD),
        dict(algorithm_type="sde-dpmsolver++", solver_type="heun", **SD),
        dict(algorithm_type="sde-dpmsolver", final_sigmas_type="sigma_min", **SD),
        dict(algorithm_type="sde-dpmsolver", final_sigmas_type="sigma_min", solver_type="heun", **SD),
        dict(beta_schedule="squaredcos_cap_v2", lambda_min_clipped=-5.1, **SPACINGS[2]),
        dict(beta_schedule="squaredcos_cap_v2", lambda_min_clipped=-5.1, use_karras_sigmas=True),
        dict(rescale_betas_zero_snr=True, **V, **SPACINGS[2], **SD),
        dict(flow_shift=3.0, **FLOW),
        dict(solver_order=3, flow_shift=5.0, **FLOW),
        dict(algorithm_type="sde-dpmsolver++", **FLOW),
    ],
    "DDPM": [
        dict(),
        dict(clip_sample=False, **SD, **SPACINGS[1]),
        dict(variance_type="fixed_small_log", clip_sample_range=0.5),
        dict(variance_type="fixed_large", **V, **SPACINGS[2]),
        dict(variance_type="learned", **SPACINGS[0]),
        dict(variance_type="learned_range", clip_sample=False, **SD),
        dict(variance_type="learned_range", **X0),
        dict(thresholding=True, sample_max_value=1.5, dynamic_thresholding_ratio=0.6),
        dict(rescale_betas_zero_snr=True, **V, **SPACINGS[2], **SD),
        dict(beta_schedule="squaredcos_cap_v2"),
        dict(beta_schedule="sigmoid", num_train_timesteps=333),
        dict(trained_betas=list(np.linspace(0.001, 0.03, 100)), num_train_timesteps=100),
    ],
    "EulerAncestralDiscrete": [
        dict(),
        *(dict(**spacing, **SD) for spacing in SPACINGS),
        dict(**V, **SD),
        dict(beta_schedule="squaredcos_cap_v2", num_train_timesteps=250, **SPACINGS[1]),
        dict(rescale_betas_zero_snr=True, **V, **SPACINGS[2], **SD),
    ],
    "HeunDiscrete": [
        dict(),
        *(dict(**spacing, **SD) for spacing in SPACINGS),
        dict(**V, **SD),
        dict(**X0, **SD),
        *(dict(**shape, **SD) for shape in SHAPES),
        dict(beta_schedule="exp", **SPACINGS[1]),
        dict(clip_sample=True, clip_sample_range=1.5, **SHAPES[0], **SD),
    ],
    "LMSDiscrete": [
        dict(),
        *(dict(**spacing, **SD) for spacing in SPACINGS),
        dict(**V, **SD),
        dict(**X0, **SD),
        *(dict(**shape, **SD) for shape in SHAPES),
    ],
    "PNDM": [
        dict(runs=RUNS[2:6]),
        dict(skip_prk_steps=True, **SPACINGS[1], **SD),
        *(
            dict(skip_prk_steps=skip, set_alpha_to_one=skip, runs=RUNS if skip else RUNS[2:], **spacing, **SD)
            for spacing in SPACINGS
            for skip in (True, False)
        ),
        dict(skip_prk_steps=True, **V, **SD),
        dict(runs=RUNS[2:], **V, **SD),
        dict(skip_prk_steps=True, num_train_timesteps=777),
    ],
    "DPMSolverSDE": [
        dict(),
        dict(noise_sampler_seed=0, beta_start=0.001, beta_end=0.008, beta_schedule="scaled_linear", **SHAPES[0]),
        dict(noise_sampler_seed=7, beta_start=0.0005, beta_end=0.009, beta_schedule="scaled_linear", **SHAPES[1]),
        dict(noise_sampler_seed=2**33 + 5, runs=RUNS[:5], **SPACINGS[1], **SD),
        dict(noise_sampler_seed=2**62, runs=RUNS[:4], **V, beta_end=0.009, beta_schedule="scaled_linear"),
        dict(beta_start=0.001, beta_end=0.012, beta_schedule="scaled_linear", runs=RUNS[:5], **SPACINGS[2]),
        *(dict(noise_sampler_seed=3, **shape, **SD) for shape in SHAPES),
        dict(noise_sampler_seed=11, beta_schedule="squaredcos_cap_v2"),  # a path whose tree has more than 32 levels
    ],
    "DPMSolverSinglestep": [
        dict(),
        dict(**V, **SD),
        dict(**X0, **SD),
        *(dict(**shape, **SD) for shape in SHAPES),
        dict(solver_order=1, **SD),
        dict(solver_order=3, **SD),
        dict(solver_order=3, solver_type="heun", lower_order_final=True, **SD),
        dict(solver_type="heun", final_sigmas_type="sigma_min", **SD),
        dict(solver_order=3, final_sigmas_type="sigma_min", lower_order_final=True, **SD),
        dict(thresholding=True, dynamic_thresholding_ratio=0.6, **SD),
        dict(algorithm_type="dpmsolver", final_sigmas_type="sigma_min", solver_order=3, **SD),
        dict(algorithm_type="dpmsolver", final_sigmas_type="sigma_min", solver_type="heun", **V, **SD),
        dict(algorithm_type="sde-dpmsolver++", **SD),
        dict(algorithm_type="sde-dpmsolver++", solver_order=3, **SD),
        dict(algorithm_type="sde-dpmsolver++", solver_order=3, solver_type="heun", **FEW, **SD),
        dict(beta_schedule="squaredcos_cap_v2", lambda_min_clipped=-5.1),
        dict(flow_shift=3.0, **FLOW),
    ],
    "DEISMultistep": [
        dict(),
        *(dict(**spacing, **SD) for spacing in SPACINGS),
        dict(**V, **SD),
        dict(**X0, **SD),
        *(dict(**shape, **SD) for shape in SHAPES),
        dict(solver_order=1, algorithm_type="dpmsolver++", **SD),
        dict(solver_order=3, solver_type="midpoint", **FEW, **SD),
        dict(lower_order_final=False, **SD),
        dict(thresholding=True, dynamic_thresholding_ratio=0.6, **SD),
    ],
    "UniPCMultistep": [
        dict(),
        *(dict(**spacing, **SD) for spacing in SPACINGS),
        dict(**V, **SD),
        dict(**X0, **SD),
        *(dict(**shape, **SD) for shape in SHAPES),
        dict(solver_order=1, **SD),
        dict(solver_order=3, solver_type="bh1", final_sigmas_type="sigma_min", **SD),
        dict(solver_order=3, disable_corrector=[0, 2], **SD),
        dict(lower_order_final=False, final_sigmas_type="sigma_min", **SD),
        dict(final_sigmas_type="sigma_min", **SHAPES[1], **SD),
        dict(predict_x0=False, final_sigmas_type="sigma_min", **V, **SD),
        dict(predict_x0=False, final_sigmas_type="sigma_min", solver_order=3, **SD),
        dict(thresholding=True, dynamic_thresholding_ratio=0.6, **SD),
        dict(rescale_betas_zero_snr=True, **V, **SPACINGS[2], **SD),
        dict(**FLOW),
        dict(flow_shift=3.0, **FLOW),
        dict(flow_shift=5.0, solver_order=3, num_train_timesteps=500, **FLOW),
        dict(use_flow_sigmas=True, flow_shift=2.0, disable_corrector=[0]),
        dict(use_flow_sigmas=True, flow_shift=2.0, **V),
    ],
    "FlowMatchEulerDiscrete": [
        dict(),
        dict(shift=3.0),
        dict(shift=0.5, num_train_timesteps=200),
        dict(shift=5.0, shift_terminal=0.1, runs=RUNS[1:]),
        *(dict(shift=2.0, **shape) for shape in SHAPES),
    ],
    "LCM": [
        dict(),
        dict(**V),
        dict(original_inference_steps=40, timestep_scaling=0.01, runs=RUNS[:5], **X0),
        dict(clip_sample=True, clip_sample_range=0.5),
        dict(thresholding=True, dynamic_thresholding_ratio=0.6, sample_max_value=1.5),
        dict(rescale_betas_zero_snr=True, **V),
    ],
    "TCD": [
        dict(),
        dict(eta=0.3),
        dict(eta=1.0, **V),
        dict(eta=0.5, original_inference_steps=40, runs=RUNS[:5], **X0),
        dict(eta=0.3, beta_schedule="linear", num_train_timesteps=333),
    ],
}


def denoise(x, t, learned):
    """A denoiser that is mostly right about the noise, and depends on the timestep and the place."""
    place = torch.arange(x.numel(), dtype=x.dtype).reshape(x.shape)
    t = float(t)
    out = 0.8 * x + 0.2 * torch.sin(2 * x + t / 200 + place)
    variance = 0.5 + 0.4 * torch.sin(x + t / 300)
    return torch.cat([out, variance], dim=1) if learned else out


def base64_of(values, dtype):
    return base64.b64encode(np.asarray(values, dtype=dtype).tobytes()).decode()


@contextmanager
def nearest_functions():
    """Square roots, logarithms and exponentials as the nearest float32. PyTorch has them from MKL, which sometimes gives the
    one beside it: others on another processor. With its times DPMSolverSDE's noise differs, and by much more."""
    power = torch.Tensor.__pow__

    def nearest(function):
        return lambda x, *more: function(x.double(), *more).to(x.dtype)

    root = nearest(power)
    functions = dict(log=nearest(torch.log), exp=nearest(torch.exp), sqrt=nearest(torch.sqrt))
    functions["__pow__"] = lambda x, exponent: (root if exponent == 0.5 else power)(x, exponent)
    with mock.patch.multiple(torch.Tensor, **functions):
        yield


@nearest_functions()
def trajectory(scheduler, steps, eta, churn, strength):
    scheduler.set_timesteps(steps)
    generator = torch.Generator("cpu").manual_seed(steps)
    noise = torch.randn(SHAPE, generator=generator)
    skip = (steps - int(steps * strength)) * scheduler.order
    timesteps = scheduler.timesteps[skip:]
    if hasattr(scheduler, "set_begin_index"):  # else equal first timesteps make it leave one out
        scheduler.set_begin_index(skip)
    if strength == 1:
        x = noise * getattr(scheduler, "init_noise_sigma", 1)
    else:
        picture = torch.linspace(-1, 1, 4).reshape(SHAPE)
        if hasattr(scheduler, "scale_noise"):
            x = scheduler.scale_noise(picture, timesteps[:1], noise)
        else:
            x = scheduler.add_noise(picture, noise, timesteps[:1])
    arguments = {"generator": generator, "eta": eta, **churn}
    known = inspect.signature(scheduler.step).parameters
    arguments = {name: value for name, value in arguments.items() if name in known}
    latents = [x.numpy()]
    if "DPMSolverSDE" in type(scheduler).__name__ and scheduler.noise_sampler_seed is None:
        torch.default_generator.set_state(generator.get_state())  # from which the seed of the path is drawn
    learned = str(scheduler.config.get("variance_type")).startswith("learned") and "DDPM" in type(scheduler).__name__
    for t in timesteps:
        scaled = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        out = denoise(scaled, t, learned)
        x = scheduler.step(out, t, x, **arguments).prev_sample
        latents.append(x.numpy())
    return dict(
        steps=steps,
        strength=strength,
        timesteps=base64_of(timesteps, np.float32),
        latents=base64_of(latents, np.float32),
    )


@nearest_functions()  # schedulers take square roots of their noise schedule when they are made
def case(name, eta=0.0, churn={}, runs=RUNS, **settings):
    scheduler = getattr(diffusers, name)(**settings)
    config = json.loads(scheduler.to_json_string())
    done = [trajectory(getattr(diffusers, name)(**settings), steps, eta, churn, strength) for steps, strength in runs]
    return dict(config=config | (dict(eta=eta) if eta else {}) | churn, runs=done)


def random_numbers():
    cases = []
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        for seed in (0, 1, 42, 2**32 - 1, 2**40 + 7, 2**63 - 1, -1, -(2**62) - 5):
            generator = torch.Generator("cpu").manual_seed(seed)
            sizes = (1, 7, 15, 16, 1, 17, 100, 1024, 3, 1027) if seed in (0, -1) else (5, 16, 100, 1, 33)
            draws = [torch.randn(size, generator=generator, dtype=dtype).float().numpy() for size in sizes]
            cases.append(
                dict(
                    dtype=str(dtype).removeprefix("torch."),
                    seed=seed,
                    sizes=sizes,
                    values=base64_of(np.concatenate(draws), np.float32),
                )
            )
    return cases


def brownian_paths():
    from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler

    cases = []
    for seed, size, start, end in (
        (0, 3, 0.03, 14.6),
        (2**32, 16, 0.0, 1.0),
        (2**62 + 1, 33, 0.002, 700.0),
        (3, 4, 0.0064, 20291.3),
    ):
        path = BrownianTreeNoiseSampler(torch.zeros(1, size), torch.tensor(start), torch.tensor(end), seed)
        span = end - start
        times = torch.tensor([end, start + 0.75 * span, start + 0.5 * span, start + span / 3, start + 1e-4, start])
        pairs = [(a, b) for i, a in enumerate(times) for b in times[i + 1 :]] + [(times[4], times[2])]
        pairs += [(times[0], times[0] * (1 - 1e-6))]
        values = [path(a, b).flatten().numpy() for a, b in pairs]
        cases.append(
            dict(
                seed=seed,
                size=size,
                start=float(torch.tensor(start)),
                end=float(torch.tensor(end)),
                times=base64_of(pairs, np.float32),
                values=base64_of(values, np.float32),
            )
        )
    return cases


def write(name, cases):
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / name).write_text("".join(json.dumps(line) + "\n" for line in cases))


if __name__ == "__main__":
    diffusers.logging.set_verbosity_error()
    kinds = sys.argv[1:] or ["random", "brownian", *CASES]
    if "random" in kinds:
        write("random.jsonl", random_numbers())
    if "brownian" in kinds:
        write("brownian.jsonl", brownian_paths())
    for kind, configs in CASES.items():
        if kind in kinds:
            write(f"{kind}.jsonl", [case(f"{kind}Scheduler", **config) for config in configs])
