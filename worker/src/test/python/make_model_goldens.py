"""Writes what diffusers and transformers compute with models of many configurations to ../resources/golden/models.
The weights are not kept: each value follows from its tensor's name and its place, here and in SeededWeights.java.
Run with torch 2.7, diffusers 0.35 and transformers 4.57: python make_model_goldens.py [NAME ...]"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLWan,
    DiTTransformer2DModel,
    PixArtTransformer2DModel,
    UNet2DConditionModel,
    UNet2DModel,
    WanTransformer3DModel,
)
from safetensors.torch import save_file
from transformers import (
    BertConfig,
    BertModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    T5Config,
    T5EncoderModel,
    UMT5Config,
    UMT5EncoderModel,
)

OUT = Path(__file__).resolve().parent.parent / "resources" / "golden" / "models"
MASK = (1 << 64) - 1
WANTED = sys.argv[1:]


def seeded(name, shape):
    """SplitMix64 of the hash of the name (FNV-1a) and the value's index, as uniform numbers of variance 1 / fan-in."""
    start = 0xCBF29CE484222325
    for byte in name.encode():
        start = ((start ^ byte) * 0x100000001B3) & MASK
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        x = np.uint64(start) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    uniform = (x >> np.uint64(40)).astype(np.float64) / (1 << 23) - 1
    if len(shape) > 1:
        values = uniform * (3 / (count / shape[0])) ** 0.5
    else:
        values = 0.5 * uniform + (1 if name.endswith("weight") else 0)
    return torch.from_numpy(values.astype(np.float32)).reshape(tuple(shape))


def write(name, model, inputs, run):
    if WANTED and name not in WANTED:
        return
    for key, parameter in model.named_parameters():
        parameter.data = seeded(key, parameter.shape)
    model.eval()
    outputs = run(model)
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = dict(model.config) if not hasattr(model.config, "to_dict") else model.config.to_diff_dict()
    config["_class_name"] = type(model).__name__
    (folder / "config.json").write_text(json.dumps(config, indent=1, default=list, sort_keys=True) + "\n")
    save_file({k: v.float().contiguous() for k, v in (inputs | outputs).items()}, folder / "golden.safetensors")


def unet(name, size=(8, 12), labels=None, sizes=None, guidance=None, **settings):
    settings = (
        dict(
            block_out_channels=(4, 8),
            norm_num_groups=2,
            layers_per_block=1,
            cross_attention_dim=6,
            attention_head_dim=2,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            sample_size=8,
        )
        | settings
    )
    model = UNet2DConditionModel(**settings)
    width = settings.get("encoder_hid_dim") or settings["cross_attention_dim"]
    inputs = dict(
        latents=torch.randn(2, model.config.in_channels, *size),
        timesteps=torch.tensor([981.0, 13.0]),
        states=torch.randn(2, 5, width),
    )
    more = {}
    if labels is not None:
        inputs["labels"] = more["class_labels"] = labels
    if guidance is not None:
        inputs["guidance"] = more["timestep_cond"] = guidance
    if sizes is not None:
        inputs |= dict(pooled=torch.randn(2, 5), sizes=sizes)
        more["added_cond_kwargs"] = dict(text_embeds=inputs["pooled"], time_ids=sizes)
    write(
        name,
        model,
        inputs,
        lambda m: dict(out=m(inputs["latents"], inputs["timesteps"], inputs["states"], **more).sample),
    )


def pixel_unet(name, labels=None, learned=False, **settings):
    settings = (
        dict(
            block_out_channels=(4, 8),
            norm_num_groups=2,
            layers_per_block=1,
            attention_head_dim=2,
            down_block_types=("DownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        )
        | settings
    )
    model = UNet2DModel(**settings)
    inputs = dict(latents=torch.randn(2, model.config.in_channels, 8, 16), timesteps=torch.tensor([981.0, 13.0]))
    if labels is not None:
        inputs["labels"] = labels
    steps = inputs["timesteps"].long() if learned else inputs["timesteps"]
    write(name, model, inputs, lambda m: dict(out=m(inputs["latents"], steps, labels).sample))


def vae(name, tiled=False, **settings):
    levels = len(settings["block_out_channels"])
    model = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels, **settings
    )
    inputs = dict(picture=torch.rand(2, model.config.in_channels, 16, 24) * 2 - 1)

    def run(m):
        posterior = m.encode(inputs["picture"]).latent_dist
        outputs = dict(mean=posterior.mean, logvar=posterior.logvar, out=m.decode(posterior.mean).sample)
        if tiled:
            m.enable_tiling()
            outputs["z"] = torch.randn(1, m.config.latent_channels, 9, 17)
            outputs["tiled"] = m.decode(outputs["z"]).sample
        return outputs

    write(name, model, inputs, run)


def dit(name, size=8, **settings):
    settings = dict(num_layers=2, sample_size=8, num_embeds_ada_norm=5, norm_num_groups=1) | settings
    model = DiTTransformer2DModel(**settings)
    inputs = dict(
        latents=torch.randn(2, model.config.in_channels, size, size),
        timesteps=torch.tensor([981.0, 13.0]),
        labels=torch.tensor([1, 5]),
    )
    write(
        name,
        model,
        inputs,
        lambda m: dict(
            out=m(inputs["latents"], timestep=inputs["timesteps"].long(), class_labels=inputs["labels"]).sample
        ),
    )


def pixart(name, size=(8, 12), sizes=None, **settings):
    settings = dict(num_layers=2, sample_size=8, norm_num_groups=1) | settings
    model = PixArtTransformer2DModel(**settings)
    inputs = dict(
        latents=torch.randn(2, 4, *size),
        timesteps=torch.tensor([981.0, 13.0]),
        states=torch.randn(2, 5, settings.get("caption_channels") or settings["cross_attention_dim"]),
        mask=torch.tensor([[1, 1, 1, 0, 0], [1.0, 1, 1, 1, 1]]),
    )
    added = dict(resolution=None, aspect_ratio=None)
    if sizes is not None:
        inputs["sizes"] = sizes
        added = dict(resolution=sizes[:, :2], aspect_ratio=sizes[:, 2:])
    write(
        name,
        model,
        inputs,
        lambda m: dict(
            out=m(
                inputs["latents"],
                encoder_hidden_states=inputs["states"],
                timestep=inputs["timesteps"].long(),
                encoder_attention_mask=inputs["mask"],
                added_cond_kwargs=added,
            ).sample
        ),
    )


def clip(name, kind, **settings):
    settings = (
        dict(
            vocab_size=30,
            hidden_size=8,
            intermediate_size=12,
            num_attention_heads=2,
            num_hidden_layers=3,
            max_position_embeddings=10,
            projection_dim=6,
            bos_token_id=28,
            pad_token_id=1,
        )
        | settings
    )
    model = kind(CLIPTextConfig(**settings))
    inputs = dict(ids=torch.tensor([[28, 3, 4, 5, 29, 29, 29], [28, 7, 29, 0, 0, 0, 0]]))

    def run(m):
        out = m(inputs["ids"], output_hidden_states=True)
        pooled = out.text_embeds if hasattr(out, "text_embeds") else out.pooler_output
        return dict(last=out.last_hidden_state, pooled=pooled, penultimate=out.hidden_states[-2])

    write(name, model, inputs, run)


def wan_vae(name, frames, size, batch=1, **settings):
    settings = (
        dict(
            base_dim=2,
            z_dim=3,
            dim_mult=[1, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[True, True],
            latents_mean=[0.5, -0.2, 0.1],
            latents_std=[1.2, 0.8, 2.0],
            scale_factor_spatial=4,
        )
        | settings
    )
    model = AutoencoderKLWan(**settings)
    inputs = dict(clip=torch.rand(batch, 3, frames, *size) * 2 - 1)

    def run(m):
        posterior = m.encode(inputs["clip"]).latent_dist
        return dict(mean=posterior.mean, logvar=posterior.logvar, out=m.decode(posterior.mean).sample)

    write(name, model, inputs, run)


def wan(name, size=(3, 6, 10), tokens=7, each=False, picture=None, **settings):
    settings = (
        dict(
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=4,
            out_channels=4,
            text_dim=5,
            freq_dim=16,
            ffn_dim=20,
            num_layers=2,
        )
        | settings
    )
    model = WanTransformer3DModel(**settings)
    patches = int(np.prod([side // step for side, step in zip(size, model.config.patch_size)]))
    inputs = dict(
        latents=torch.randn(2, model.config.in_channels, *size),
        states=torch.randn(2, tokens, settings["text_dim"]),
        timesteps=torch.rand(2, patches).mul(1000).round() if each else torch.tensor([981.0, 13.0]),
    )
    if picture is not None:
        inputs["picture"] = picture
    write(
        name,
        model,
        inputs,
        lambda m: dict(
            out=m(inputs["latents"], inputs["timesteps"], inputs["states"], encoder_hidden_states_image=picture).sample
        ),
    )


def umt5(name, tokens, **settings):
    settings = (
        dict(
            vocab_size=30,
            d_model=8,
            d_kv=3,
            d_ff=10,
            num_layers=3,
            num_heads=3,
            relative_attention_num_buckets=8,
            relative_attention_max_distance=20,
        )
        | settings
    )
    model = UMT5EncoderModel(UMT5Config(**settings))
    inputs = dict(
        ids=torch.randint(0, 30, (2, tokens)), mask=(torch.arange(tokens)[None] < torch.tensor([[5], [tokens]])).float()
    )
    write(name, model, inputs, lambda m: dict(out=m(inputs["ids"], attention_mask=inputs["mask"]).last_hidden_state))


def t5(name, tokens, **settings):
    settings = (
        dict(
            vocab_size=30,
            d_model=8,
            d_kv=3,
            d_ff=10,
            num_layers=2,
            num_heads=3,
            relative_attention_num_buckets=8,
            relative_attention_max_distance=20,
        )
        | settings
    )
    model = T5EncoderModel(T5Config(**settings))
    inputs = dict(
        ids=torch.randint(0, 30, (2, tokens)), mask=(torch.arange(tokens)[None] < torch.tensor([[5], [tokens]])).float()
    )
    write(name, model, inputs, lambda m: dict(out=m(inputs["ids"], attention_mask=inputs["mask"]).last_hidden_state))


def bert(name, use_attention_mask=False, **settings):
    settings = (
        dict(
            vocab_size=30,
            hidden_size=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=12,
            max_position_embeddings=10,
        )
        | settings
    )
    model = BertModel(BertConfig(use_attention_mask=use_attention_mask, **settings), add_pooling_layer=False)
    inputs = dict(ids=torch.randint(0, 30, (2, 7)), mask=(torch.arange(7)[None] < torch.tensor([[5], [7]])).float())
    mask = inputs["mask"] if use_attention_mask else None
    write(name, model, inputs, lambda m: dict(out=m(inputs["ids"], attention_mask=mask).last_hidden_state))


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    sizes = torch.tensor([[512.0, 512, 0, 0, 512, 512], [1024, 768, 8, 0, 640, 512]])
    unet(
        "unet-odd-size",
        size=(9, 7),
        block_out_channels=(4, 4, 8),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"),
    )
    unet("unet-one-head", attention_head_dim=1, use_linear_projection=True, layers_per_block=2)
    unet("unet-heads-that-do-not-divide", attention_head_dim=3, block_out_channels=(4, 10), mid_block_scale_factor=1.5)
    unet("unet-no-middle", mid_block_type=None, in_channels=9, act_fn="gelu", norm_eps=1e-3)
    unet(
        "unet-every-block",
        block_out_channels=(4, 4, 8),
        attention_head_dim=(1, 2, 4),
        resnet_time_scale_shift="scale_shift",
        size=(8, 8),
        down_block_types=("AttnDownBlock2D", "ResnetDownsampleBlock2D", "CrossAttnDownBlock2D"),
        resnet_skip_time_act=True,
        up_block_types=("CrossAttnUpBlock2D", "ResnetUpsampleBlock2D", "AttnUpBlock2D"),
        resnet_out_scale_factor=1.4,
    )
    unet(
        "unet-sdxl",
        addition_embed_type="text_time",
        addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=29,
        transformer_layers_per_block=(2, 3),
        sizes=sizes,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        use_linear_projection=True,
    )
    unet("unet-classes", num_class_embeds=4, labels=torch.tensor([1, 3]))
    unet(
        "unet-classes-beside",
        class_embed_type="projection",
        projection_class_embeddings_input_dim=7,
        class_embeddings_concat=True,
        labels=torch.randn(2, 7),
    )
    unet(
        "unet-timestep-classes",
        class_embed_type="timestep",
        labels=torch.tensor([7.0, 400.0]),
        only_cross_attention=(True, False),
    )
    unet(
        "unet-guidance",
        time_cond_proj_dim=6,
        guidance=torch.randn(2, 6),
        time_embedding_act_fn="silu",
        timestep_post_act="mish",
    )
    unet(
        "unet-fourier",
        time_embedding_type="fourier",
        encoder_hid_dim=7,
        conv_in_kernel=5,
        conv_out_kernel=1,
        downsample_padding=0,
    )
    pixel_unet("pixel-unet", add_attention=True, downsample_padding=0, freq_shift=1, flip_sin_to_cos=False)
    pixel_unet(
        "pixel-unet-resnets",
        downsample_type="resnet",
        upsample_type="resnet",
        resnet_time_scale_shift="scale_shift",
        labels=torch.tensor([1, 3]),
        num_class_embeds=4,
    )
    pixel_unet(
        "pixel-unet-no-middle",
        mid_block_type=None,
        attention_head_dim=None,
        down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"),
        center_input_sample=True,
    )
    pixel_unet(
        "pixel-unet-plain-middle",
        add_attention=False,
        mid_block_scale_factor=1.3,
        time_embedding_type="fourier",
        in_channels=1,
        out_channels=2,
    )
    pixel_unet(
        "pixel-unet-learned-time",
        time_embedding_type="learned",
        num_train_timesteps=1000,
        attn_norm_num_groups=4,
        learned=True,
    )
    vae("vae-three-levels", block_out_channels=(4, 4, 8), norm_num_groups=4, layers_per_block=1)
    vae("vae-tiled", tiled=True, block_out_channels=(2, 4), norm_num_groups=2, sample_size=16)
    vae(
        "vae-mish",
        block_out_channels=(4, 8),
        norm_num_groups=1,
        act_fn="mish",
        in_channels=1,
        out_channels=4,
        latent_channels=2,
    )
    dit("dit", num_attention_heads=2, attention_head_dim=4, out_channels=8)
    dit(
        "dit-larger",
        size=16,
        num_attention_heads=1,
        attention_head_dim=8,
        patch_size=4,
        activation_fn="geglu",
        attention_bias=False,
        norm_elementwise_affine=True,
    )
    pixart("pixart", num_attention_heads=2, attention_head_dim=6, cross_attention_dim=12, caption_channels=10)
    pixart(
        "pixart-sizes",
        num_attention_heads=3,
        attention_head_dim=8,
        cross_attention_dim=24,
        caption_channels=10,
        use_additional_conditions=True,
        interpolation_scale=2,
        sizes=torch.tensor([[512.0, 512, 1], [1024, 768, 4 / 3]]),
        out_channels=4,
        activation_fn="gelu",
    )
    pixart(
        "pixart-plain-captions",
        num_attention_heads=1,
        attention_head_dim=12,
        cross_attention_dim=5,
        size=(6, 10),
        patch_size=1,
        norm_elementwise_affine=True,
    )
    clip("clip", CLIPTextModel, eos_token_id=29, hidden_act="quick_gelu")
    clip("clip-projection", CLIPTextModelWithProjection, eos_token_id=2, hidden_act="gelu", num_attention_heads=1)
    t5("t5-gated", 30, feed_forward_proj="gated-gelu")
    t5("t5-plain", 7, feed_forward_proj="relu", num_heads=1)
    umt5("umt5", 30)
    wan_vae("wan-vae-one-frame", 1, (12, 20), batch=2)
    wan_vae("wan-vae", 5, (12, 20))
    wan_vae("wan-vae-13-frames", 13, (4, 8), decoder_base_dim=4, num_res_blocks=2)
    wan_vae(
        "wan-vae-eight",
        9,
        (8, 24),
        dim_mult=[1, 2, 2, 1],
        temperal_downsample=[False, True, True],
        scale_factor_spatial=8,
    )
    wan_vae(
        "wan-vae-residual",
        9,
        (16, 24),
        is_residual=True,
        patch_size=2,
        in_channels=12,
        out_channels=12,
        base_dim=4,
        decoder_base_dim=6,
        scale_factor_spatial=8,
    )
    wan_vae(
        "wan-vae-residual-eight",
        13,
        (16, 16),
        is_residual=True,
        patch_size=2,
        in_channels=12,
        out_channels=12,
        dim_mult=[1, 2, 4, 4],
        num_res_blocks=2,
        temperal_downsample=[False, True, True],
        scale_factor_spatial=16,
    )
    wan("wan")
    wan("wan-one-frame", size=(1, 4, 6), attention_head_dim=10, cross_attn_norm=False, out_channels=None)
    wan(
        "wan-timestep-each-patch", size=(5, 2, 6), each=True, num_attention_heads=3, attention_head_dim=8, in_channels=3
    )
    wan("wan-picture", tokens=512, image_dim=6, added_kv_proj_dim=24, in_channels=9, picture=torch.randn(2, 5, 6))
    wan(
        "wan-two-pictures",
        tokens=512,
        image_dim=6,
        added_kv_proj_dim=24,
        pos_embed_seq_len=6,
        picture=torch.randn(4, 3, 6),
        patch_size=(1, 2, 1),
    )
