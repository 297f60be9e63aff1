"""Writes tiny random models with their inputs, outputs and gradients, as diffusers and transformers compute them, to
../resources/golden. Run with torch 2.7, diffusers 0.39 and transformers 4.46: python make_goldens.py"""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, BertTokenizerFast

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
    settings = dict(block_out_channels=(4, 8), norm_num_groups=2, latent_channels=3) | settings
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
            block_out_channels=(4, 8),
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            layers_per_block=1,
            norm_num_groups=2,
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


def pipeline(name):
    """A whole text-to-image model, and what its pipeline makes of two prompts."""
    torch.manual_seed(2)
    folder = GOLDEN / name
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "green", "app", "##le", "dog", "!"]
    (folder / "tokenizer").mkdir(parents=True, exist_ok=True)
    vocabulary = folder / "tokenizer" / "vocab.txt"
    vocabulary.write_text("".join(word + "\n" for word in words))
    bert = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=12,
        max_position_embeddings=10,
        use_attention_mask=True,
    )
    pipe = StableDiffusionPipeline(
        vae=randomize(
            AutoencoderKL(
                block_out_channels=(4, 8),
                down_block_types=("DownEncoderBlock2D",) * 2,
                up_block_types=("UpDecoderBlock2D",) * 2,
                norm_num_groups=4,
                mid_block_add_attention=False,
                scaling_factor=0.7,
            )
        ),
        text_encoder=randomize(BertModel(bert)).eval(),
        tokenizer=BertTokenizerFast(str(vocabulary), model_max_length=7),
        unet=randomize(
            UNet2DConditionModel(
                sample_size=8,
                block_out_channels=(4, 8),
                down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
                up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
                layers_per_block=1,
                norm_num_groups=4,
                cross_attention_dim=8,
                attention_head_dim=2,
            )
        ),
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    prompts = ["A red apple!", "dogs, a green apple, a dog and a red, red dog"]
    with torch.no_grad():
        states, negative = pipe.encode_prompt(prompts, "cpu", 1, True, negative_prompt=["", "dog"])
        latents = torch.randn(2, 4, 8, 8)
        timesteps = torch.tensor([700.0, 20.0])
        cond = pipe.unet(latents, timesteps, states).sample
        uncond = pipe.unet(latents, timesteps, negative).sample
        guided = uncond + torch.tensor([3.0, 7.5]).view(2, 1, 1, 1) * (cond - uncond)
        decoded = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
        rgb = (decoded / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).mul(255).round()

        # one sample at a time, as seeds are used
        def sample(kind):
            return torch.cat(
                [
                    torch.as_tensor(
                        pipe(
                            prompts[0],
                            height=16,
                            width=16,
                            num_inference_steps=5,
                            guidance_scale=3.0,
                            output_type=kind,
                            generator=torch.Generator("cpu").manual_seed(seed),
                        ).images
                    )
                    for seed in (7, 8)
                ]
            )

        ddim = sample("latent")
        ddim_rgb = sample("np").mul(255).round()
    tensors = dict(
        states=states,
        negative=negative,
        latents=latents,
        timesteps=timesteps,
        cond=cond,
        guided=guided,
        rgb=rgb,
        ddim=ddim,
        ddim_rgb=ddim_rgb,
    )
    save_file({key: value.float().contiguous() for key, value in tensors.items()}, folder / "golden.safetensors")


if __name__ == "__main__":
    pipeline("pipeline")
    vae("vae")
    vae(
        "vae-plain",
        mid_block_add_attention=False,
        use_quant_conv=False,
        use_post_quant_conv=False,
        block_out_channels=(2, 4, 4),
        norm_num_groups=1,
        layers_per_block=2,
        latent_channels=5,
    )
    unet("unet")
    unet(
        "unet-deep",
        block_out_channels=(4, 4, 4),
        norm_num_groups=2,
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
    unet("unet-no-middle-attention", mid_block_type="UNetMidBlock2D", block_out_channels=(2, 4), norm_num_groups=1)
