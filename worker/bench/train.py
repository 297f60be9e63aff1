"""Trains the denoiser of a recipe, a few steps at a time, in turn with PyTorch and with Ruido, on the same threads.

    mvn package -DskipTests
    python worker/bench/train.py [--precision bfloat16]

PyTorch 2.7 trains diffusers' U-Net as fast as it can without compiling: fused AdamW, gradients clipped for all tensors
at once, averages by one foreach call, autocast for bfloat16."""

import argparse
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent.parent
options = argparse.ArgumentParser(description=__doc__)
options.add_argument(
    "--model", type=Path, default=ROOT / "models/fluent-emoji", help="has train.yaml, vae, text_encoder"
)
options.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
options.add_argument("--threads", type=int, default=os.cpu_count())
options.add_argument("--rounds", type=int, default=7)
options.add_argument("--steps", type=int, default=10, help="of a round")
options = options.parse_args()
os.environ["OMP_NUM_THREADS"] = str(options.threads)

import torch  # noqa: E402, takes the number of threads from the environment
import yaml
from diffusers import UNet2DConditionModel

torch.set_num_threads(options.threads)
recipe = re.sub(r"precision: \w+", f"precision: {options.precision}", (options.model / "train.yaml").read_text())
config = yaml.safe_load(recipe)["denoiser"]
optimization, shape = config["optimization"], config["model"]
BATCH = optimization["batch"]


class PyTorch:
    def __init__(self):
        torch.manual_seed(0)
        self.model = UNet2DConditionModel(**shape)
        self.weights = list(self.model.parameters())
        self.averages = [weight.detach().clone() for weight in self.weights]
        self.adamw = torch.optim.AdamW(
            self.weights,
            lr=1e-4,
            betas=(optimization["beta1"], optimization["beta2"]),
            weight_decay=optimization["weightDecay"],
            fused=True,
        )
        side = shape["sample_size"]
        self.latents = torch.randn(64, shape["in_channels"], side, side)
        self.states = torch.randn(64 * config["captions"] + 1, config["tokens"], shape["cross_attention_dim"])
        self.alphas_cumprod = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)

    def step(self):
        x0 = self.latents[torch.randint(len(self.latents), (BATCH,))]
        t = torch.randint(1000, (BATCH,))
        eps = torch.randn_like(x0)
        alpha = self.alphas_cumprod[t].view(BATCH, 1, 1, 1)
        x, v = alpha.sqrt() * x0 + (1 - alpha).sqrt() * eps, alpha.sqrt() * eps - (1 - alpha).sqrt() * x0
        states = self.states[torch.randint(len(self.states), (BATCH,))]
        with torch.autocast("cpu", enabled=options.precision == "bfloat16"):
            out = self.model(x, t, states).sample
        loss = (out.float() - v).square().mean()
        loss.item()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, optimization["clip"], foreach=True).item()
        self.adamw.step()
        self.adamw.zero_grad(set_to_none=True)
        torch._foreach_lerp_(self.averages, [weight.detach() for weight in self.weights], 1 - optimization["ema"])

    def seconds(self, steps):
        begun = time.perf_counter()
        for _ in range(steps):
            self.step()
        return time.perf_counter() - begun


class Ruido:
    def __init__(self, recipe):
        classes = f"{ROOT}/worker/target/test-classes:" + (ROOT / "deploy/standalone/target/classpath").read_text()
        java = Path(os.environ["JAVA_HOME"]) / "bin/java" if "JAVA_HOME" in os.environ else "java"
        command = [java, "--enable-native-access=ALL-UNNAMED", "-cp", classes, "io.ruido.train.DenoiserBench"]
        self.process = subprocess.Popen(
            [*command, recipe, options.model, str(options.threads)],
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("Ruido did not start")

    def seconds(self, steps):
        print(steps, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
    file.write(recipe)
    file.flush()
    ruido, pytorch = Ruido(file.name), PyTorch()
ruido.seconds(5), pytorch.seconds(5)
samples, ratios = BATCH * options.steps, []
print(f"{options.precision}, batch {BATCH}, {options.threads} threads; samples/s")
for _ in range(options.rounds):
    theirs, ours = pytorch.seconds(options.steps), ruido.seconds(options.steps)
    ratios.append(theirs / ours)
    print(f"PyTorch {samples / theirs:6.1f}   Ruido {samples / ours:6.1f}   ratio {ratios[-1]:.2f}", flush=True)
print(f"median ratio {median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}")
