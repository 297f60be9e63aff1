"""The losses of training on clips, of a small autoencoder and a small transformer of Wan, with the gradients of all weights, to
../resources/golden/clip-training. Run with torch 2.7 and diffusers 0.35: python make_clip_training_golden.py"""

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from make_goldens import GOLDEN, gradients, randomize
from safetensors.torch import save_file

OUT = GOLDEN / "clip-training"
SQUARED, EDGES, KL = 2.0, 0.5, 1e-3


def save(name, model, loss, tensors):
    loss.backward()
    model.save_pretrained(OUT / name)
    all = {k: v.detach().contiguous() for k, v in (tensors | gradients(model) | dict(loss=loss[None])).items()}
    save_file(all, OUT / name / "golden.safetensors")


def autoencoder():
    vae = randomize(
        AutoencoderKLWan(
            base_dim=4,
            z_dim=2,
            dim_mult=[1, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[True, True],
            in_channels=12,
            out_channels=12,
            patch_size=2,
            scale_factor_spatial=8,
            latents_mean=[0.0] * 2,
            latents_std=[1.0] * 2,
        )
    )
    vae.decoder.conv_out.weight.data *= 0.1
    vae.decoder.conv_out.bias.data *= 0.1
    clip, noise = torch.rand(2, 3, 9, 16, 16) * 2 - 1, torch.randn(2, 2, 3, 2, 2)
    q = vae.encode(clip).latent_dist
    decoded = vae.decode(q.mean + (0.5 * q.logvar).exp() * noise).sample
    assert decoded.abs().max() < 1, "the reference clips values, which then have no gradient"
    error = decoded - clip
    edges = sum(error.diff(dim=axis).abs().mean() for axis in (4, 3, 2))
    kl = 0.5 * (q.mean**2 + q.logvar.exp() - q.logvar - 1).mean()
    loss = error.abs().mean() + SQUARED * error.square().mean() + EDGES * edges + KL * kl
    save("vae", vae, loss, dict(clip=clip, noise=noise))


def transformer():
    model = randomize(
        WanTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=2,
            out_channels=2,
            text_dim=6,
            freq_dim=8,
            ffn_dim=16,
            num_layers=2,
        )
    )
    x0, eps, text = torch.randn(2, 2, 3, 4, 4), torch.randn(2, 2, 3, 4, 4), torch.randn(2, 5, 6)
    timesteps = torch.tensor([300.0, 800.0])
    sigma = (timesteps / 1000).reshape(2, 1, 1, 1, 1)
    noisy = (1 - sigma) * x0 + sigma * eps
    x = torch.cat([x0[:, :, :1], noisy[:, :, 1:]], 2)  # the first frame is given
    each = timesteps[:, None].repeat(1, 12)
    each[:, :4] = 0
    velocity = model(x, each, text).sample
    error = (velocity - (eps - x0)).square()
    error[:, :, 0] = 0
    save("transformer", model, error.mean(), dict(x0=x0, noisy=noisy, wanted=eps - x0, timesteps=timesteps, text=text))


if __name__ == "__main__":
    torch.manual_seed(5)
    autoencoder()
    transformer()
