"""Ten AdamW steps of a tiny U-Net, as PyTorch takes them, to ../resources/golden/adamw. The start is the model and the
inputs of ../resources/golden/unet-no-middle-attention. Run with torch 2.7 and diffusers 0.39."""

import math
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

GOLDEN = Path(__file__).resolve().parent.parent / "resources" / "golden"
STEPS, LR, WARMUP, DECAY, CLIP, EMA = 10, 1e-2, 3, 5, 0.5, 0.9

start = GOLDEN / "unet-no-middle-attention"
model = UNet2DConditionModel.from_pretrained(start).train()
inputs = load_file(start / "golden.safetensors")
averages = {name: p.detach().clone() for name, p in model.named_parameters()}
adamw = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.99), weight_decay=0.1)
losses, norms = [], []
for step in range(STEPS):
    left = min(1, (STEPS - step) / DECAY)
    adamw.param_groups[0]["lr"] = LR * min(1, (step + 1) / WARMUP) * (0.01 + 0.99 * (1 - math.cos(math.pi * left)) / 2)
    out = model(inputs["latents"], inputs["timesteps"], inputs["context"]).sample
    loss = (out - inputs["noise"]).square().mean()
    adamw.zero_grad()
    loss.backward()
    norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP))
    adamw.step()
    decay = min(EMA, (1 + step) / (10 + step))
    for name, p in model.named_parameters():
        averages[name].lerp_(p.detach(), 1 - decay)
    losses.append(loss.detach())
tensors = {f"weights.{name}": p.detach() for name, p in model.named_parameters()}
tensors |= {f"averages.{name}": a for name, a in averages.items()}
(GOLDEN / "adamw").mkdir(exist_ok=True)
save_file(tensors | dict(losses=torch.stack(losses), norms=torch.stack(norms)), GOLDEN / "adamw" / "golden.safetensors")
