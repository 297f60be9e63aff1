"""Adversarial losses of a small discriminator, and the losses of distillation with small U-Nets, with the gradient of everything that
is trained, to ../resources/golden/adversarial and ../resources/golden/distillation. Run with torch 2.7 and diffusers 0.35:
python make_adversarial_golden.py"""

import math

import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, UNet2DConditionModel
from make_goldens import GOLDEN, randomize
from safetensors.torch import save_file
from torch import nn

WIDTH, GROUPS, SIGMA, PENALTY = 32, 4, 0.1, 0.3
TEXT, BATCH = 8, 3


class Level(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3, padding=1)
        self.norm = nn.GroupNorm(GROUPS, width, eps=1e-6)
        self.down = nn.ModuleDict({"conv": nn.Conv2d(width, width, 3, stride=2, padding=1)})

    def forward(self, x):
        return self.down["conv"](F.silu(self.norm(self.conv(x))))


class ConvFeatures(nn.ModuleList):
    def __init__(self, channels, widths):
        super().__init__(Level(a, b) for a, b in zip([channels, *widths], widths))

    def forward(self, x, timesteps, states):
        maps = []
        for level in self:
            x = level(x)
            maps.append(x)
        return maps


def unet_features(unet):
    """What the last layer of each level on the way down gives, and the middle."""

    def forward(x, timesteps, states):
        emb = unet.time_embedding(unet.time_proj(timesteps))
        h, maps = unet.conv_in(x), []
        for block in unet.down_blocks:
            text = dict(encoder_hidden_states=states) if getattr(block, "has_cross_attention", False) else {}
            h, results = block(h, emb, **text)
            maps.append(results[-2] if block.downsamplers else results[-1])
        return [*maps, unet.mid_block(h, emb, encoder_hidden_states=states)]

    return forward


class Head(nn.Module):
    def __init__(self, channels, text):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels, eps=1e-6)
        self.conv = nn.Conv2d(channels, WIDTH, 3, padding=1)
        self.norm_out = nn.GroupNorm(GROUPS, WIDTH, eps=1e-6)
        self.out = nn.Conv2d(WIDTH, 1, 1)
        self.text = nn.Linear(text, WIDTH)

    def forward(self, x, states):
        h = F.silu(self.norm_out(self.conv(self.norm(x))))
        wanted = self.text(states[:, -1])[:, :, None, None]
        return self.out(h) + (h * wanted).sum(1, keepdim=True) / math.sqrt(WIDTH)


def discriminator(features, heads):
    def scores(x, timesteps, states):
        return [head(h, states) for head, h in zip(heads, features(x, timesteps, states))]

    return scores


def mean(some, others, function):
    return sum(function(a, b).mean() for a, b in zip(some, others)) / len(some)


def relativistic(real, fake):
    return mean(real, fake, lambda r, f: F.softplus(f - r))


def generator_loss(d, real, fake, timesteps, states):
    return relativistic(d(fake, timesteps, states), d(real, timesteps, states))


def discriminator_loss(d, real, fake, timesteps, states, noise):
    moves = SIGMA * noise
    scores = d(real, timesteps, states), d(fake, timesteps, states)
    shaken = d(real + moves[:BATCH], timesteps, states), d(fake + moves[BATCH:], timesteps, states)
    penalties = sum(mean(s, n, lambda a, b: (a - b).square()) / SIGMA**2 for s, n in zip(scores, shaken))
    mismatched = d(real, timesteps, states.roll(-1, 0))
    return relativistic(*scores) + PENALTY * penalties + relativistic(scores[0], mismatched)


def gradients(module, loss):
    names, parameters = zip(*module.named_parameters())
    return {f"grad.{n}": g for n, g in zip(names, torch.autograd.grad(loss, parameters))}


def save(name, tensors):
    (GOLDEN / name).mkdir(exist_ok=True)
    save_file({k: v.detach().contiguous() for k, v in tensors.items()}, GOLDEN / name / "golden.safetensors")


def adversarial():
    torch.manual_seed(11)
    model = nn.ModuleDict({"features": ConvFeatures(2, (4, 8)), "heads": nn.ModuleList([Head(4, TEXT), Head(8, TEXT)])})
    randomize(model)
    d = discriminator(model["features"], model["heads"])
    real, noise = torch.randn(BATCH, 2, 8, 8), torch.randn(2 * BATCH, 2, 8, 8)
    fake, states = torch.randn(BATCH, 2, 8, 8, requires_grad=True), torch.randn(BATCH, 3, TEXT)
    timesteps = torch.zeros(BATCH)
    generator = generator_loss(d, real, fake, timesteps, states)
    (grad_fake,) = torch.autograd.grad(generator, fake)
    loss = discriminator_loss(d, real, fake.detach(), timesteps, states, noise)
    tensors = dict(real=real, fake=fake, noise=noise, states=states, generator_loss=generator[None])
    tensors |= dict(grad_fake=grad_fake, discriminator_loss=loss[None]) | gradients(model, loss)
    save("adversarial", tensors | {f"weights.{n}": p for n, p in model.named_parameters()})


def unet():
    return randomize(
        UNet2DConditionModel(
            block_out_channels=(4, 8),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            layers_per_block=1,
            norm_num_groups=1,
            cross_attention_dim=TEXT,
            attention_head_dim=2,
            in_channels=2,
            out_channels=2,
            sample_size=8,
        )
    ).eval()


def column(values):
    return values[:, None, None, None]


def distillation():
    torch.manual_seed(12)
    guidance, huber, weight = 2.5, 0.1, 0.7
    scheduler = DDIMScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012)
    scheduler.save_pretrained(GOLDEN / "distillation/teacher/scheduler")
    teacher, student, average = unet(), unet(), unet()
    teacher.save_pretrained(GOLDEN / "distillation/teacher/unet")
    heads = randomize(nn.ModuleList([Head(4, TEXT), Head(8, TEXT), Head(8, TEXT)]))
    alphas = scheduler.alphas_cumprod
    x0, eps, noise = torch.randn(BATCH, 2, 8, 8), torch.randn(BATCH, 2, 8, 8), torch.randn(2 * BATCH, 2, 8, 8)
    context, empty = torch.randn(BATCH, 3, TEXT), torch.randn(1, 3, TEXT)
    start, end = torch.tensor([999, 499, 24]), torch.tensor([974, 474, 0])

    def noisy(x, e, t):
        return column(alphas[t].sqrt()) * x + column((1 - alphas[t]).sqrt()) * e

    def from_epsilon(x, e, t):
        return (x - column((1 - alphas[t]).sqrt()) * e) / column(alphas[t].sqrt())

    def guided(x, t):
        unwanted = teacher(x, t, empty.expand_as(context)).sample
        return unwanted + guidance * (teacher(x, t, context).sample - unwanted)

    def consistent(model, x, t):  # the student predicts v
        v = model(x, t, context).sample
        denoised = column(alphas[t].sqrt()) * x - column((1 - alphas[t]).sqrt()) * v
        return torch.where(column(t == 0), x, denoised)

    x = noisy(x0, eps, start)
    with torch.no_grad():
        predicted = guided(x, start)
        solved = noisy(from_epsilon(x, predicted, start), predicted, end)
        wanted = consistent(average, solved, end)
    consistency = ((consistent(student, x, start) - wanted).square() + huber**2).sqrt().sub(huber).mean()

    fake = torch.randn(BATCH, 2, 8, 8, requires_grad=True)
    levels = torch.tensor([700, 20, 350])
    with torch.no_grad():
        x = noisy(fake, eps, levels)
        taught = from_epsilon(x, guided(x, levels), levels)
    distance = ((fake - taught).square() * weight * column(alphas[levels].sqrt())).mean()
    d = discriminator(unet_features(teacher), heads)
    generator = generator_loss(d, x0, fake, levels.float(), context)
    loss = discriminator_loss(d, x0, fake.detach(), levels.float(), context, noise)
    tensors = dict(x0=x0, eps=eps, noise=noise, context=context, empty=empty, fake=fake)
    tensors |= {"from": start.float(), "to": end.float(), "levels": levels.float()}
    tensors |= dict(consistency_loss=consistency[None], distance=distance[None], generator_loss=generator[None])
    tensors |= dict(discriminator_loss=loss[None], grad_distance=torch.autograd.grad(distance, fake)[0])
    tensors |= dict(grad_fake=torch.autograd.grad(generator, fake)[0])
    tensors |= {f"student.{k}": v for k, v in gradients(student, consistency).items()}
    tensors |= {f"heads.{k}": v for k, v in gradients(heads, loss).items()}
    for name, model in dict(student=student, average=average, heads=heads).items():
        tensors |= {f"{name}.weights.{n}": p for n, p in model.named_parameters()}
    save("distillation", tensors)


if __name__ == "__main__":
    adversarial()
    distillation()
