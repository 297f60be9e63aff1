"""How long a call of a denoiser takes here and in diffusers, in turns, on the same threads of the same machine.

    pip install torch==2.7.1 diffusers==0.35.2
    python worker/bench/step.py --folder models/fluent-emoji/unet --latents 16 --batch 2 --tokens 16 --compile
    python worker/bench/step.py --latents 64 --batch 2
    python worker/bench/step.py --model dit
    pip install openvino==2026.4.1
    python worker/bench/step.py --folder models/fluent-emoji/unet --latents 16 --tokens 16 --batch 1 2 8 --engine eager plan --openvino

./ruido asks for large pages of memory. For diffusers with them, set GLIBC_TUNABLES to what the script ruido sets it to.

Without a folder a model with random weights is made, in a folder that is deleted in the end: Stable Diffusion 1.5's U-Net, 3.4 GB
of weights, or a transformer of the size of DiT-B/2.
Prints the medians, their ratios to diffusers' and what share they are of the speed at which two large matrices are multiplied;
and how much memory Ruido's processes had at most.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import diffusers
import torch
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parents[2]
PAUSE = 0.1  # for some 20 ms after a call the threads of the other side still spin, on cores that are wanted
CROSS = "CrossAttnDownBlock2D"
DIT_B = dict(
    in_channels=4,
    out_channels=8,
    num_layers=12,
    num_attention_heads=12,
    attention_head_dim=64,
    sample_size=32,
    patch_size=2,
)
MODELS = dict(
    sd15=lambda: diffusers.UNet2DConditionModel(**SD15),
    dit=lambda: diffusers.DiTTransformer2DModel(**DIT_B),
    pixart=lambda: diffusers.PixArtTransformer2DModel(**DIT_B, cross_attention_dim=768, caption_channels=4096),
)
SD15 = dict(
    sample_size=64,
    block_out_channels=(320, 640, 1280, 1280),
    down_block_types=(CROSS, CROSS, CROSS, "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    cross_attention_dim=768,
    attention_head_dim=8,
)


def seconds(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def gemm_gflops():
    size = 2048 if arguments.device == "cpu" else 8192
    a = torch.randn(size, size, device=arguments.device, dtype=DTYPE)
    return 2 * size**3 / min(seconds(lambda: (a @ a)[0, 0].item()) for _ in range(8)) / 1e9


def work(model, inputs):
    """GFLOP of a call's products and convolutions, counted without computing."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        type(model).from_config(model.config).to(DTYPE)(
            **{name: x.to("meta") if isinstance(x, torch.Tensor) else x for name, x in inputs.items()}
        )
    return counter.get_total_flops() / 1e9


def conditions(model, states, batch):
    if isinstance(model, diffusers.DiTTransformer2DModel):
        return dict(class_labels=torch.zeros(batch, dtype=torch.long, device=states.device))
    if isinstance(model, diffusers.PixArtTransformer2DModel):
        return dict(encoder_hidden_states=states, added_cond_kwargs=dict(resolution=None, aspect_ratio=None))
    return dict(encoder_hidden_states=states)


def openvino_model(model, inputs, threads):
    """The same with OpenVINO, compiled for the shapes of these inputs."""
    import openvino

    tensors = {name: x for name, x in inputs.items() if isinstance(x, torch.Tensor)}
    others = {name: x for name, x in inputs.items() if name not in tensors}

    class Call(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, *given):
            return self.model(**dict(zip(tensors, given)), **others).sample

    given = tuple(tensors.values())
    converted = openvino.convert_model(Call().eval(), example_input=given, input=[tuple(x.shape) for x in given])
    compiled = openvino.compile_model(
        converted,
        "CPU",
        dict(INFERENCE_PRECISION_HINT="f32", INFERENCE_NUM_THREADS=threads, PERFORMANCE_HINT="LATENCY"),
    )
    arrays = [x.numpy() for x in given]
    return lambda: torch.from_numpy(compiled(arrays)[0])


class Ruido:
    """The other process: a line in, a call, a line out."""

    def __init__(self, folder, arguments):
        command = [ROOT / "ruido", "bench", "step", folder, *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"
        self.mean = None
        self.first = None

    def step(self):
        print(file=self.process.stdin, flush=True)
        took, self.mean = map(float, self.process.stdout.readline().split())
        self.first = took if self.first is None else self.first
        return took

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) // 1024

    def close(self):
        self.process.stdin.close()
        self.process.wait()


@torch.no_grad()
def measure(folder, args):
    config = json.loads((Path(folder) / "config.json").read_text())
    denoiser = (
        getattr(diffusers, config["_class_name"]).from_pretrained(folder, torch_dtype=DTYPE).eval().to(args.device)
    )
    compiled = torch.compile(denoiser) if args.compile else None
    for batch in args.batch:
        measure_batch(Path(folder), config, denoiser, compiled, batch, args)


def measure_batch(folder, config, denoiser, compiled, batch, args):
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(batch, denoiser.config.in_channels, args.latents, args.latents, generator=generator)
    width = config.get("caption_channels") or config.get("cross_attention_dim") or 0
    states = torch.randn(batch, args.tokens, width, generator=generator).to(args.device, DTYPE)
    inputs = dict(timestep=torch.full((batch,), 500.0, device=args.device), **conditions(denoiser, states, batch))
    name = "sample" if isinstance(denoiser, diffusers.UNet2DConditionModel) else "hidden_states"
    inputs[name] = latents.to(args.device, DTYPE)

    def timed(model):  # until the prediction is in the CPU's memory
        return lambda: seconds(lambda: model(**inputs).sample.float().cpu())

    sides = {"diffusers": timed(denoiser)}
    if compiled:
        sides["torch.compile"] = timed(compiled)
    if args.openvino:
        infer = openvino_model(denoiser, inputs, args.threads)
        sides["openvino"] = lambda: seconds(infer)
    common = [f"--{name}={getattr(args, name)}" for name in ("latents", "tokens", "threads", "device", "dtype")]
    ruidos = {engine: Ruido(folder, [*common, f"--batch={batch}", f"--engine={engine}"]) for engine in args.engine}
    loaded = {engine: ruido.peak_mib() for engine, ruido in ruidos.items()}
    for engine, ruido in ruidos.items():
        sides[f"ruido {engine}"] = ruido.step

    for step in sides.values():
        for _ in range(args.warm_up):
            step()
    expected = denoiser(**inputs).sample.float().abs().mean().item()
    tolerance = 1e-4 if args.dtype == "float32" else 1e-2
    for engine, ruido in ruidos.items():
        assert abs(ruido.mean - expected) < tolerance * expected, (
            f"{engine} predicts {ruido.mean}, diffusers {expected}"
        )

    times = {name: [] for name in sides}
    before = gemm_gflops()
    for _ in range(args.rounds):
        for name, step in sides.items():
            time.sleep(PAUSE)
            step()  # a service's step follows another one
            times[name].append(step())
    after = gemm_gflops()

    gflop = work(denoiser, inputs)
    where = f"{args.threads} threads" if args.device == "cpu" else torch.cuda.get_device_name(args.device)
    print(
        f"latents {args.latents}×{args.latents}, batch {batch}, {args.dtype}, {where}, {gflop:.1f} GFLOP, "
        f"matrix product {before:.0f} GFLOP/s before, {after:.0f} after"
    )
    diffusers_median = statistics.median(times["diffusers"])
    for name, measured in times.items():
        median = statistics.median(measured)
        share = gflop / median / max(before, after)
        print(
            f"{name:14} {median:8.4f} s, {min(measured):.4f} to {max(measured):.4f}, {share:.0%} of the product's speed, "
            f"{median / diffusers_median:.2f} of diffusers' time"
        )
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors")) >> 20
    for engine, ruido in ruidos.items():
        print(
            f"ruido {engine}: at most {loaded[engine]} MiB until the weights were read, {ruido.peak_mib()} in the end, "
            f"first call {ruido.first:.2f} s; the weights' files have {size} MiB",
            flush=True,
        )
        ruido.close()


parser = argparse.ArgumentParser()
parser.add_argument("--folder", help="a unet or transformer folder; random weights by default")
parser.add_argument("--model", choices=MODELS, default="sd15", help="of which size random weights are")
parser.add_argument("--latents", type=int, default=32, help="height and width")
parser.add_argument("--batch", type=int, nargs="+", default=[1])
parser.add_argument("--tokens", type=int, default=77)
parser.add_argument("--device", default="cpu", help="or cuda, with a libtorch for it in PYTORCH_LIBRARY_PATH")
parser.add_argument("--dtype", default="float32", choices=["float32", "float16", "bfloat16"])
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--warm-up", type=int, default=1)
parser.add_argument("--engine", nargs="+", default=["eager"], choices=["eager", "plan"], help="of Ruido")
parser.add_argument("--openvino", action="store_true", help="compare with OpenVINO, too, on a CPU in float32")
parser.add_argument("--compile", action="store_true", help="compare with torch.compile, too")
arguments = parser.parse_args()
DTYPE = getattr(torch, arguments.dtype)
torch.set_num_threads(arguments.threads)
if arguments.folder:
    measure(Path(arguments.folder).resolve(), arguments)
else:
    with tempfile.TemporaryDirectory() as temporary:
        torch.manual_seed(0)
        MODELS[arguments.model]().save_pretrained(temporary)
        measure(temporary, arguments)
