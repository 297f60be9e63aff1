"""Ten AdamW steps of a tiny U-Net, as PyTorch takes them, to ../resources/golden/adamw. Run with torch 2.7 and
diffusers 0.39: python make_training_golden.py"""

import math

import torch
from diffusers import UNet2DConditionModel
from make_goldens import GOLDEN, randomize
from safetensors.torch import save_file

STEPS, LR, WARMUP, DECAY, CLIP, EMA = 10, 1e-2, 3, 5, 0.5, 0.9

torch.manual_seed(3)
# One group in the norms: with as many groups as channels, gradients of some biases are nothing but rounding errors, and
# AdamW would scale these up to full steps.
model = randomize(
    UNet2DConditionModel(
        block_out_channels=(4, 8),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        norm_num_groups=1,
        cross_attention_dim=4,
        attention_head_dim=2,
        in_channels=2,
        out_channels=2,
        sample_size=8,
    )
)
model.save_pretrained(GOLDEN / "adamw")
inputs = dict(
    latents=torch.randn(2, 2, 8, 8),
    timesteps=torch.tensor([981.0, 13.0]),
    context=torch.randn(2, 5, 4),
    noise=torch.randn(2, 2, 8, 8),
)
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
ends = {f"weights.{name}": p for name, p in model.named_parameters()} | {
    f"averages.{n}": a for n, a in averages.items()
}
tensors = inputs | ends | dict(losses=torch.stack(losses), norms=torch.stack(norms))
save_file({name: t.detach().contiguous() for name, t in tensors.items()}, GOLDEN / "adamw" / "golden.safetensors")
