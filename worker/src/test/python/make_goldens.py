"""Writes tiny random models with their inputs, outputs and gradients, as diffusers and transformers compute them, to
../resources/golden. Run with torch 2.7, diffusers 0.39 and transformers 4.46: python make_goldens.py"""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file

GOLDEN = Path(__file__).resolve().parent.parent / "resources" / "golden"


def randomize(model):
    """Every parameter differs from its usual start, norms and biases too, so that none can be left out unnoticed."""
    for parameter in model.parameters():
        fan = max(parameter[0].numel(), 1) if parameter.dim() > 1 else 4
        parameter.data = torch.randn_like(parameter) / fan**0.5
    return model


def save(name, model, tensors):
    folder = GOLDEN / name
    model.save_pretrained(folder)
    save_file({key: value.detach().contiguous() for key, value in tensors.items()}, folder / "golden.safetensors")


def gradients(model):
    return {f"grad.{name}": parameter.grad for name, parameter in model.named_parameters()}


def vae(name, **settings):
    torch.manual_seed(0)
    settings = dict(block_out_channels=(8, 12), norm_num_groups=4, latent_channels=3) | settings
    levels = len(settings["block_out_channels"])
    model = randomize(
        AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels, **settings
        )
    )
    picture = torch.rand(2, 3, 8, 12) * 2 - 1
    posterior = model.encode(picture).latent_dist
    decoded = model.decode(posterior.mean).sample
    loss = (decoded - picture).square().mean() + posterior.logvar.square().mean()
    loss.backward()
    tensors = dict(picture=picture, mean=posterior.mean, logvar=posterior.logvar, decoded=decoded, loss=loss[None])
    save(name, model, tensors | gradients(model))


def unet(name, context=6, **settings):
    torch.manual_seed(1)
    settings = (
        dict(
            block_out_channels=(8, 12),
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            layers_per_block=1,
            norm_num_groups=4,
            cross_attention_dim=context,
            attention_head_dim=2,
            sample_size=8,
        )
        | settings
    )
    model = randomize(UNet2DConditionModel(**settings))
    latents = torch.randn(2, model.config.in_channels, 8, 12)
    timesteps = torch.tensor([981.0, 13.0])
    states = torch.randn(2, 5, context)
    noise = torch.randn(2, model.config.out_channels, 8, 12)
    out = model(latents, timesteps, states).sample
    loss = (out - noise).square().mean()
    loss.backward()
    tensors = dict(latents=latents, timesteps=timesteps, context=states, noise=noise, out=out, loss=loss[None])
    save(name, model, tensors | gradients(model))


if __name__ == "__main__":
    vae("vae")
    vae(
        "vae-plain",
        mid_block_add_attention=False,
        use_quant_conv=False,
        use_post_quant_conv=False,
        block_out_channels=(4, 8, 8),
        layers_per_block=2,
        latent_channels=5,
    )
    unet("unet")
    unet(
        "unet-deep",
        block_out_channels=(4, 8, 8),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=(1, 2, 1),
        attention_head_dim=(1, 2, 4),
        transformer_layers_per_block=(1, 1, 2),
        use_linear_projection=True,
        flip_sin_to_cos=False,
        freq_shift=1,
        in_channels=5,
    )
    unet("unet-no-middle-attention", mid_block_type="UNetMidBlock2D")
