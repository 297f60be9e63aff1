"""Draws configurations of models, schedulers and pipelines, and writes what diffusers and transformers make of them to a
folder, in the form of the goldens. Those that they cannot run themselves are drawn again.
Run with torch 2.7, diffusers 0.35 and transformers 4.57, scipy and torchsde:
python fuzz.py FOLDER [--seed 0] [--models 200] [--samplers 200] [--pipelines 60] [--inpaintings 0], then see docs/testing.md"""

import argparse
import inspect
import json
import random
import shutil
import sys
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from safetensors.torch import load_file

sys.argv, arguments = sys.argv[:1], sys.argv[1:]
import make_model_goldens as models
import make_pipeline_goldens as pipelines
import make_sampler_goldens as samplers

ACTIVATIONS = ["silu", "swish", "mish", "gelu", "relu"]
CROSS = "CrossAttnDownBlock2D"
draw = random.Random()


def maybe(share, *values):
    """For a setting that keeps its default most of the time."""
    return draw.choice(values) if draw.random() < share else None


def given(**settings):
    """Without those that were not drawn; "null" stands for a null that is meant."""
    return {key: None if value == "null" else value for key, value in settings.items() if value is not None}


def per_level(levels, *values):
    """One value for all levels, or one for each."""
    return draw.choice(values) if draw.random() < 0.5 else [draw.choice(values) for _ in range(levels)]


def widths(levels, groups):
    return [groups * draw.randint(1, 4) for _ in range(levels)]


def sides(levels, exact=False):
    step = 2 ** (levels - 1) if exact or draw.random() < 0.7 else 1
    return tuple(step * draw.randint(max(1, 4 // step), max(3, 12 // step)) for _ in range(2))


def any_unet_settings():
    """What both kinds of U-Net have."""
    return given(
        act_fn=maybe(0.4, *ACTIVATIONS),
        norm_eps=maybe(0.2, 1e-6, 1e-2),
        center_input_sample=maybe(0.15, True),
        flip_sin_to_cos=maybe(0.2, False),
        freq_shift=maybe(0.2, 1, 2),
        downsample_padding=maybe(0.2, 0, 1),
        mid_block_scale_factor=maybe(0.2, 1.5, 0.5),
        dropout=maybe(0.1, 0.1),
    )


def unet_settings(levels, groups, width):
    """Of UNet2DConditionModel, but for what it is conditioned by."""
    common = ["CrossAttn", "", "CrossAttn", "", "CrossAttn", "Attn", "Resnet"]
    rare = ["SimpleCrossAttn", "K", "Skip"]
    kinds = [draw.choice(common if draw.random() < 0.98 else rare) for _ in range(levels)]
    up = kinds[::-1] if draw.random() < 0.7 else [draw.choice(common[:6]) for _ in range(levels)]
    names = {"Resnet": ("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D")}
    layers = per_level(levels, 1, 2)
    own = layers if isinstance(layers, list) else [layers] * levels
    nested = [[draw.randint(1, 2) for _ in range(max(own) + 1)] for _ in range(levels)]
    depth = draw.choice([None, 2, [draw.randint(1, 2) for _ in range(levels)], nested])
    return any_unet_settings() | given(
        sample_size=draw.choice([8, 8, [8, 6]]),
        block_out_channels=widths(levels, groups),
        norm_num_groups=groups,
        layers_per_block=layers,
        down_block_types=[names.get(kind, (f"{kind}DownBlock2D",))[0] for kind in kinds],
        up_block_types=[names.get(kind, ("", f"{kind}UpBlock2D"))[1] for kind in up],
        mid_block_type=maybe(0.3, "null", "UNetMidBlock2D", "UNetMidBlock2DCrossAttn", "UNetMidBlock2DSimpleCrossAttn"),
        cross_attention_dim=width,
        attention_head_dim=per_level(levels, 1, 2, 3, 4),
        transformer_layers_per_block=depth,
        reverse_transformer_layers_per_block=nested[::-1] if isinstance(depth, list) and draw.random() < 0.3 else None,
        use_linear_projection=maybe(0.5, True),
        only_cross_attention=maybe(0.25, True, [draw.random() < 0.5 for _ in range(levels)]),
        mid_block_only_cross_attention=maybe(0.15, True, False),
        dual_cross_attention=maybe(0.03, True),
        upcast_attention=maybe(0.1, True),
        resnet_time_scale_shift=maybe(0.25, "scale_shift"),
        resnet_skip_time_act=maybe(0.2, True),
        resnet_out_scale_factor=maybe(0.2, 1.4),
        time_embedding_type=maybe(0.15, "fourier", "positional"),
        time_embedding_dim=maybe(0.2, 6, 10),
        time_embedding_act_fn=maybe(0.2, *ACTIVATIONS),
        timestep_post_act=maybe(0.2, *ACTIVATIONS),
        conv_in_kernel=maybe(0.2, 1, 3, 5),
        conv_out_kernel=maybe(0.2, 1, 3, 5),
        attention_type=maybe(0.03, "gated"),
        cross_attention_norm=maybe(0.05, "layer_norm", "group_norm"),
    )


def unet():
    levels, groups = draw.choice([1, 2, 2, 3, 3, 4]), draw.choice([1, 2, 3, 4])
    width = draw.choice([4, 6, 9])
    settings = unet_settings(levels, groups, width)
    settings |= given(in_channels=maybe(0.3, 1, 3, 8, 9), out_channels=maybe(0.3, 1, 3, 8))
    conditions = {}
    if draw.random() < 0.15:
        settings["cross_attention_dim"] = [width] * levels
    if draw.random() < 0.15:
        settings |= dict(encoder_hid_dim=7) | given(encoder_hid_dim_type=maybe(0.5, "text_proj", "image_proj"))
    elif draw.random() < 0.03:
        settings["encoder_hid_dim_type"] = "text_image_proj"
    if draw.random() < 0.2:
        settings["time_cond_proj_dim"] = 6
        conditions["guidance"] = torch.randn(2, 6)
    kind = draw.choice(["table", "timestep", "identity", "projection", "simple_projection"] + [None] * 8)
    time = settings.get(
        "time_embedding_dim",
        (2 if settings.get("time_embedding_type") == "fourier" else 4) * settings["block_out_channels"][0],
    )
    if kind == "table":
        settings["num_class_embeds"] = 5
        conditions["labels"] = torch.tensor([1, 3])
    elif kind:
        settings["class_embed_type"] = kind
        size = {"timestep": None, "identity": time}.get(kind, 7)
        conditions["labels"] = torch.randn(2, size) if size else torch.tensor([7.0, 400.0])
        settings |= {} if size in (None, time) else dict(projection_class_embeddings_input_dim=size)
    if kind and draw.random() < 0.3:
        settings["class_embeddings_concat"] = True
    addition = draw.choice(["text_time"] * 3 + ["text", "image"] + [None] * 12)
    if addition:
        frequencies = draw.choice([3, 4])
        settings |= dict(addition_embed_type=addition, addition_time_embed_dim=frequencies)
        settings["projection_class_embeddings_input_dim"] = 5 + 6 * frequencies
        conditions["sizes"] = torch.randint(0, 1024, (2, 6)).float()
        if settings.get("class_embed_type") in ("projection", "simple_projection"):
            conditions["labels"] = torch.randn(2, 5 + 6 * frequencies)
    return lambda name: models.unet(name, size=sides(levels), **conditions, **settings)


def pixel_settings(levels, groups):
    kinds = [draw.choice(["", "Attn", "Resnet"]) for _ in range(levels)]
    up = kinds[::-1] if draw.random() < 0.7 else [draw.choice(["", "Attn", "Resnet"]) for _ in range(levels)]
    names = {"Resnet": ("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D")}
    old = "UNetRes" if draw.random() < 0.1 else ""
    return any_unet_settings() | given(
        sample_size=draw.choice([None, 8, [8, 16]]),
        block_out_channels=widths(levels, groups),
        norm_num_groups=groups,
        layers_per_block=draw.choice([1, 2]),
        down_block_types=[old + names.get(kind, (f"{kind}DownBlock2D",))[0] for kind in kinds],
        up_block_types=[old + names.get(kind, ("", f"{kind}UpBlock2D"))[1] for kind in up],
        mid_block_type=maybe(0.15, "null", "UNetMidBlock2D"),
        attention_head_dim=draw.choice(["null", 1, 2, 3, 4]),
        add_attention=maybe(0.3, False, True),
        attn_norm_num_groups=maybe(0.25, 1, groups),
        downsample_type=maybe(0.3, "resnet", "conv"),
        upsample_type=maybe(0.3, "resnet", "conv"),
        resnet_time_scale_shift=maybe(0.3, "scale_shift", "default"),
        time_embedding_dim=maybe(0.2, 6, 10),
    )


def pixel_unet():
    levels, groups = draw.choice([1, 2, 2, 3, 3, 4]), draw.choice([1, 2, 3, 4])
    settings = pixel_settings(levels, groups) | given(in_channels=maybe(0.3, 1, 4), out_channels=maybe(0.3, 1, 4, 6))
    time = draw.choice([None] * 6 + ["fourier", "learned", "positional"])
    settings |= given(time_embedding_type=time, num_train_timesteps=1000 if time == "learned" else None)
    labels = None
    kind = draw.choice([None] * 6 + ["table", "timestep", "identity"])
    if kind == "table":
        settings["num_class_embeds"] = 5
        labels = torch.tensor([1, 3])
    elif kind:
        settings["class_embed_type"] = kind
        width = settings.get("time_embedding_dim", 4 * settings["block_out_channels"][0])
        labels = torch.randn(2, width) if kind == "identity" else torch.tensor([7.0, 400.0])
    return lambda name: models.pixel_unet(name, labels=labels, learned=time == "learned", **settings)


def vae_settings(levels, groups):
    return given(
        block_out_channels=widths(levels, groups),
        norm_num_groups=groups,
        layers_per_block=draw.choice([1, 2]),
        latent_channels=maybe(0.4, 1, 3, 8, 16),
        act_fn=maybe(0.4, *ACTIVATIONS),
        mid_block_add_attention=maybe(0.3, False, True),
        use_quant_conv=maybe(0.3, False, True),
        use_post_quant_conv=maybe(0.3, False, True),
        sample_size=maybe(0.3, 16, 32),
        force_upcast=maybe(0.2, False, True),
        scaling_factor=maybe(0.3, 0.5, 1.5),
        shift_factor=maybe(0.05, 0.1),
        latents_mean=maybe(0.03, [0.0] * 4),
    )


def vae():
    levels, groups = draw.choice([1, 2, 2, 3]), draw.choice([1, 2, 3, 4])
    settings = vae_settings(levels, groups) | given(in_channels=maybe(0.3, 1, 4), out_channels=maybe(0.3, 1, 4))
    tiled = levels == 2 and settings.get("sample_size") == 16 and draw.random() < 0.5
    return lambda name: models.vae(name, tiled=tiled, **settings)


def transformer_settings():
    return given(
        num_layers=draw.choice([1, 2, 3]),
        norm_num_groups=1,
        in_channels=maybe(0.2, 3, 6),
        attention_bias=maybe(0.3, False, True),
        activation_fn=maybe(0.5, "gelu", "geglu", "gelu-approximate", "geglu-approximate", "linear-silu", "swiglu"),
        norm_elementwise_affine=maybe(0.3, True, False),
        norm_eps=maybe(0.3, 1e-6, 1e-3),
        upcast_attention=maybe(0.1, True),
        dropout=maybe(0.1, 0.1),
    )


def dit():
    patch = draw.choice([1, 2, 2, 4])
    settings = transformer_settings() | given(
        num_attention_heads=draw.choice([1, 2, 3]),
        attention_head_dim=draw.choice([4, 8, 12]),
        patch_size=patch,
        sample_size=draw.choice([8, 9, 16]),
        out_channels=maybe(0.7, 3, 4, 8),
        num_embeds_ada_norm=draw.choice([5, 11]),
        norm_type=maybe(0.03, "ada_norm"),
    )
    return lambda name: models.dit(name, size=patch * draw.randint(1, 4), **settings)


def pixart():
    patch = draw.choice([1, 2, 2, 4])
    heads, head_dim = draw.choice([(1, 12), (2, 6), (3, 4), (3, 8), (2, 4)])
    sized = heads * head_dim % 3 == 0 and draw.random() < 0.4
    settings = transformer_settings() | given(
        num_attention_heads=heads,
        attention_head_dim=head_dim,
        cross_attention_dim=heads * head_dim,
        caption_channels=10 if draw.random() < 0.8 else None,
        patch_size=patch,
        sample_size=draw.choice([8, 9, 32, 64, 128]),
        interpolation_scale=maybe(0.5, 1, 2, 1.5),
        out_channels=maybe(0.7, 4, 8, "null"),
        use_additional_conditions=sized,
    )
    settings.pop("in_channels", None)
    sizes = torch.tensor([[512.0, 512, 1], [1024, 768, 4 / 3]]) if sized else None
    return lambda name: models.pixart(
        name, size=(patch * draw.randint(1, 5), patch * draw.randint(1, 5)), sizes=sizes, **settings
    )


def clip():
    heads = draw.choice([1, 2, 4])
    settings = given(
        hidden_size=heads * draw.choice([2, 3, 5]),
        intermediate_size=draw.choice([7, 12]),
        num_attention_heads=heads,
        num_hidden_layers=draw.choice([2, 3]),
        hidden_act=draw.choice(["quick_gelu", "gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "tanh"]),
        layer_norm_eps=maybe(0.3, 1e-3, 1e-6),
        projection_dim=maybe(0.5, 6, 9),
        eos_token_id=draw.choice([2, 29]),
        attention_dropout=maybe(0.1, 0.1),
    )
    kind = draw.choice([transformers.CLIPTextModel, transformers.CLIPTextModelWithProjection])
    return lambda name: models.clip(name, kind, **settings)


def t5():
    settings = given(
        d_model=draw.choice([6, 8, 12]),
        d_kv=draw.choice([2, 3, 5]),
        d_ff=draw.choice([7, 10]),
        num_layers=draw.choice([1, 2, 3]),
        num_heads=draw.choice([1, 2, 3]),
        relative_attention_num_buckets=draw.choice([4, 8, 16, 32]),
        relative_attention_max_distance=draw.choice([10, 20, 128]),
        layer_norm_epsilon=maybe(0.3, 1e-3),
        feed_forward_proj=draw.choice(["relu", "gelu", "silu", "gated-gelu", "gated-silu", "gated-relu", "gelu_new"]),
    )
    return lambda name: models.t5(name, draw.choice([7, 30]), **settings)


def bert():
    heads = draw.choice([1, 2, 3])
    settings = given(
        hidden_size=heads * draw.choice([2, 3, 4]),
        num_attention_heads=heads,
        num_hidden_layers=draw.choice([1, 2, 3]),
        intermediate_size=draw.choice([7, 12]),
        hidden_act=maybe(0.15, "gelu", "relu"),
        layer_norm_eps=maybe(0.3, 1e-3),
        type_vocab_size=maybe(0.3, 1, 2),
        use_attention_mask=maybe(0.5, True, False),
        position_embedding_type=maybe(0.05, "relative_key"),
    )
    return lambda name: models.bert(name, **settings)


def umt5():
    settings = given(
        d_model=draw.choice([6, 8, 12]),
        d_kv=draw.choice([2, 3, 5]),
        d_ff=draw.choice([7, 10]),
        num_layers=draw.choice([1, 2, 3]),
        num_heads=draw.choice([1, 2, 3]),
        relative_attention_num_buckets=draw.choice([4, 8, 16, 32]),
        relative_attention_max_distance=draw.choice([10, 20, 128]),
        layer_norm_epsilon=maybe(0.3, 1e-3),
        feed_forward_proj=maybe(0.5, "gated-gelu", "gated-silu", "gelu"),
    )
    return lambda name: models.umt5(name, draw.choice([7, 30]), **settings)


def wan_vae():
    levels, latent = draw.choice([3, 3, 4]), draw.choice([2, 3, 5])
    residual, patch = draw.random() < 0.5, draw.choice([1, 1, 2])
    halving = [False] * (levels - 3) + [True, True]
    draw.shuffle(halving)
    down = patch * 2 ** (levels - 1)
    settings = given(
        base_dim=draw.choice([2, 4]),
        decoder_base_dim=maybe(0.4, 2, 4, 6),
        z_dim=latent,
        dim_mult=[1] + [draw.choice([1, 2, 2, 4]) for _ in range(levels - 1)],
        num_res_blocks=draw.choice([1, 2]),
        temperal_downsample=halving,
        latents_mean=[draw.uniform(-1, 1) for _ in range(latent)],
        latents_std=[draw.uniform(0.5, 2) for _ in range(latent)],
        is_residual=residual,
        in_channels=3 * patch**2,
        out_channels=3 * patch**2,
        patch_size=patch if patch > 1 else None,
        scale_factor_spatial=down,
    )
    size = (down * draw.randint(1, 2), down * draw.randint(1, 3))
    return lambda name: models.wan_vae(name, draw.choice([1, 5, 9, 13]), size, batch=draw.choice([1, 2]), **settings)


def wan():
    heads, head_dim = draw.choice([1, 2, 3]), draw.choice([6, 8, 10, 12, 14, 16])
    patch = draw.choice([(1, 2, 2)] * 4 + [(1, 1, 1), (1, 2, 1), (2, 2, 2)])
    told = draw.choice(["text"] * 4 + ["picture", "pictures"])
    settings = given(
        num_attention_heads=heads,
        attention_head_dim=head_dim,
        patch_size=patch,
        in_channels=draw.choice([3, 4, 9]),
        out_channels=draw.choice([3, 4, "null"]),
        freq_dim=draw.choice([8, 16, 256]),
        ffn_dim=draw.choice([7, 20]),
        num_layers=draw.choice([1, 2, 3]),
        cross_attn_norm=maybe(0.3, False),
        eps=maybe(0.3, 1e-5, 1e-3),
    )
    if told != "text":
        settings |= dict(image_dim=6, added_kv_proj_dim=heads * head_dim)
    settings |= given(pos_embed_seq_len=6 if told == "pictures" else None)
    picture = dict(text=None, picture=torch.randn(2, 5, 6), pictures=torch.randn(4, 3, 6))[told]
    size = tuple(step * draw.randint(1, 4) for step in patch)
    tokens = 512 if told != "text" else draw.choice([1, 7, 30])
    return lambda name: models.wan(name, size, tokens, each=draw.random() < 0.4, picture=picture, **settings)


MODELS = [unet] * 8 + [pixel_unet] * 4 + [vae] * 3 + [wan_vae, wan] * 2 + [dit, pixart, clip, t5, umt5, bert]


def scheduler_settings(kind):
    parameters = inspect.signature(getattr(diffusers, kind + "Scheduler")).parameters
    train = draw.choice([1000] * 5 + [100, 333, 2000])
    shape = draw.choice(
        [None] * 5 + ["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas"]
    )
    settings = given(
        num_train_timesteps=train,
        beta_start=draw.choice([0.0001, 0.00085, 0.001]),
        beta_end=draw.choice([0.02, 0.012, 0.014]),
        beta_schedule=draw.choice(
            ["linear", "scaled_linear", "scaled_linear", "squaredcos_cap_v2"]
            + ["sigmoid"] * (kind == "DDPM")
            + ["exp"] * (kind == "HeunDiscrete")
        ),
        trained_betas=maybe(0.08, list(np.linspace(1 / train, 20 / train, train))),
        prediction_type=draw.choice(["epsilon", "epsilon", "v_prediction", "sample"]),
        shift=maybe(0.7, 0.5, 3.0, 5.0, 8.0),
        timestep_spacing=maybe(0.7, "linspace", "leading", "trailing"),
        steps_offset=maybe(0.4, 0, 1),
        clip_sample=maybe(0.6, True, False),
        clip_sample_range=maybe(0.3, 0.5, 2.0),
        set_alpha_to_one=maybe(0.4, True, False),
        thresholding=maybe(0.12, True),
        dynamic_thresholding_ratio=maybe(0.5, 0.6, 0.9),
        sample_max_value=maybe(0.3, 1.5),
        rescale_betas_zero_snr=maybe(0.15, True),
        interpolation_type=maybe(0.2, "linear", "log_linear"),
        final_sigmas_type=maybe(0.3, "zero", "sigma_min"),
        timestep_type=maybe(0.1, "continuous", "discrete"),
        solver_order=maybe(0.7, 1, 2, 3),
        algorithm_type=maybe(0.5, "dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++", "deis"),
        solver_type=maybe(0.5, "midpoint", "heun", "logrho", "bh1", "bh2"),
        lower_order_final=maybe(0.4, True, False),
        euler_at_final=maybe(0.3, True),
        lambda_min_clipped=maybe(0.2, -5.1),
        variance_type=maybe(
            0.5, "fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log", "learned", "learned_range"
        )
        if kind == "DDPM"
        else maybe(0.05, "learned"),
        skip_prk_steps=maybe(0.6, True, False),
        predict_x0=maybe(0.3, False, True),
        disable_corrector=maybe(0.2, [0], [0, 2]),
        original_inference_steps=maybe(0.4, 40, 50),
        timestep_scaling=maybe(0.2, 1.0),
        noise_sampler_seed=maybe(0.6, 0, 7, 2**40),
        sigma_min=maybe(0.1, 0.05),
        sigma_max=maybe(0.1, 10.0),
    )
    if shape:
        settings[shape] = True
    if draw.random() < 0.25:
        settings |= dict(
            use_flow_sigmas=True, flow_shift=draw.choice([1.0, 3.0, 5.0]), prediction_type="flow_prediction"
        )
    return {name: value for name, value in settings.items() if name in parameters}


def sampler_case(kind):
    eta = draw.choice([0.0, 0.3, 1.0]) if kind in ("DDIM", "TCD") else 0.0
    runs = [(draw.choice([1, 2, 3, 5, 8, 13, 20, 31]), 1), (draw.choice([7, 10, 20]), draw.choice([1, 0.55, 0.3]))]
    return kind + "Scheduler", runs, eta, scheduler_settings(kind)


def stable_diffusion(name, kind=None):
    levels, groups = draw.choice([1, 2, 3]), draw.choice([1, 2])
    scheduler = drawn_scheduler(list(samplers.CASES))
    kind = kind or draw.choice(["plain"] * 3 + ["changed", "xl", "lcm"])
    if kind == "lcm":
        scheduler = diffusers.LCMScheduler(beta_schedule="scaled_linear", clip_sample=False)
    settings = unet_settings(levels, groups, 8) | dict(sample_size=8)
    tokenizer = pipelines.clip_tokenizer(Path(f"/tmp/ruido-fuzz/{name}"), draw.choice(["<|endoftext|>", "!"]))
    encoder = pipelines.clip_text(transformers.CLIPTextModel, tokenizer, 8, draw.choice(["quick_gelu", "gelu"]))
    common = dict(vae=small_vae(), scheduler=scheduler, tokenizer=tokenizer)
    written = scheduler.to_json_string()  # before the pipeline sets it right
    size = tuple(8 * draw.randint(1, 4) for _ in range(2))
    steps, guidance = draw.randint(2, 8), draw.choice([1.0, 3.0, 7.5])
    run = pipelines.text_run(
        steps, guidance, size, draw.choice(["", "blue"]), **(dict(clip_skip=1) if draw.random() < 0.3 else {})
    )
    if kind == "xl":
        tokenizer2 = pipelines.clip_tokenizer(Path(f"/tmp/ruido-fuzz/{name}-2"), "!")
        settings |= dict(
            cross_attention_dim=16,
            addition_embed_type="text_time",
            addition_time_embed_dim=4,
            projection_class_embeddings_input_dim=30,
        )
        pipe = diffusers.StableDiffusionXLPipeline(
            text_encoder=encoder,
            tokenizer_2=tokenizer2,
            unet=randomized(diffusers.UNet2DConditionModel(**settings)),
            text_encoder_2=pipelines.clip_text(transformers.CLIPTextModelWithProjection, tokenizer2, 8, "gelu"),
            force_zeros_for_empty_prompt=draw.random() < 0.5,
            add_watermarker=False,
            **common,
        )
        run[0].pop("clip_skip", None), run[1].pop("clip_skip", None)
    else:
        kinds = dict(
            plain=diffusers.StableDiffusionPipeline,
            changed=diffusers.StableDiffusionImg2ImgPipeline,
            painted=diffusers.StableDiffusionInpaintPipeline,
            lcm=diffusers.LatentConsistencyModelPipeline,
        )
        if kind in ("changed", "painted"):
            strength = draw.choice([share for share in (0.3, 0.55, 0.8, 1.0) if steps * share >= 1])
            image = pipelines.picture(1, size[0])
            run = run[0] | dict(strength=strength, height=size[0]), run[1] | dict(image=image, strength=strength)
            del run[1]["width"], run[1]["height"]
        if kind == "painted":
            hole = pipelines.mask(size[0])
            run = run[0] | dict(mask=True), run[1] | dict(mask_image=hole, width=size[0], height=size[0])
            settings["in_channels"] = draw.choice([4, 9])
        if kind == "lcm":
            settings["time_cond_proj_dim"] = 6
            run[1].pop("negative_prompt")
        rescale = draw.choice([0, 0, 0.5]) if kind == "plain" else 0
        if rescale:
            run = run[0] | dict(rescale=rescale), run[1] | dict(guidance_rescale=rescale)
        pipe = kinds[kind](
            text_encoder=encoder,
            unet=randomized(diffusers.UNet2DConditionModel(**settings)),
            requires_safety_checker=False,
            safety_checker=None,
            feature_extractor=None,
            **common,
        )
    pipelines.write(name, pipe, [run])
    (pipelines.OUT / name / "scheduler/scheduler_config.json").write_text(written)
    if kind in ("changed", "painted"):
        image.save(pipelines.OUT / name / "image.png")
    if kind == "painted":
        hole.save(pipelines.OUT / name / "mask.png")


def inpainting(name):
    stable_diffusion(name, "painted")


def pixels(name):
    levels, groups = draw.choice([1, 2, 3]), draw.choice([1, 2])
    settings = pixel_settings(levels, groups) | dict(sample_size=2 ** (levels - 1) * draw.randint(2, 4))
    kind = draw.choice([diffusers.DDPMPipeline, diffusers.DDIMPipeline])
    scheduler = drawn_scheduler(["DDPM"] * 3 + ["DDIM", "DPMSolverMultistep", "DPMSolverSinglestep", "LCM", "TCD"])
    steps = draw.randint(2, 8)
    side = settings["sample_size"]
    pipe = kind(randomized(diffusers.UNet2DModel(**settings)), scheduler)
    pipelines.write(name, pipe, [(pipelines.request(5, steps, 1.0, (side, side)), dict(num_inference_steps=steps))])


def transformers_pipeline(name):
    dit = draw.random() < 0.3
    noisy = ("DDPM", "LCM", "TCD", "EulerAncestralDiscrete", "DPMSolverSDE")  # which DiTPipeline gives no generator
    scheduler = drawn_scheduler([kind for kind in samplers.CASES if not (dit and kind in noisy)])
    if dit and "sde" in scheduler.config.get("algorithm_type", ""):
        raise ValueError("noise that does not follow from the seed")
    steps, guidance = draw.randint(2, 8), draw.choice([1.0, 3.0])
    settings = {key: value for key, value in transformer_settings().items() if key != "in_channels"}
    settings |= dict(sample_size=8, num_attention_heads=2, attention_head_dim=6)
    if dit:
        settings |= dict(out_channels=draw.choice([4, 8]), attention_head_dim=4)
        transformer = randomized(diffusers.DiTTransformer2DModel(**settings))
        pipe = pipelines.scaled(diffusers.DiTPipeline(transformer, small_vae(), scheduler))
        call = dict(class_labels=[207], guidance_scale=guidance, num_inference_steps=steps)
        pipelines.write(name, pipe, [(pipelines.request(5, steps, guidance, prompt="207"), call)])
        return
    tokenizer, encoder = pipelines.t5(None)
    settings |= dict(cross_attention_dim=12, caption_channels=10, out_channels=draw.choice([4, 8]))
    kind = draw.choice([diffusers.PixArtAlphaPipeline, diffusers.PixArtSigmaPipeline])
    pipe = kind(tokenizer, encoder, small_vae(), randomized(diffusers.PixArtTransformer2DModel(**settings)), scheduler)
    request, call = pipelines.text_run(steps, guidance, draw.choice([(16, 16), (24, 16)]), draw.choice(["", "blue"]))
    if request["negative"] == "":
        call["negative_prompt"] = ""
    pipelines.write(name, pipe, [(request, call | dict(clean_caption=False, use_resolution_binning=False))])


def drawn_scheduler(kinds):
    kind = draw.choice(kinds)
    settings = scheduler_settings(kind)
    if kind == "DPMSolverSDE":
        settings.setdefault("noise_sampler_seed", 7)  # without one it does not follow from the picture's
    return getattr(diffusers, kind + "Scheduler")(**settings)


def small_vae():
    settings = vae_settings(2, draw.choice([1, 2])) | dict(latent_channels=4, in_channels=3, out_channels=3)
    settings |= dict(down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2)
    return randomized(diffusers.AutoencoderKL(**settings))


def randomized(model):
    return pipelines.randomize(model)


PIPELINES = [stable_diffusion] * 4 + [pixels, transformers_pipeline]


def leave_out_defaults(folder):
    """Files of older versions have fewer settings; those that they lack have the value of always."""
    file = folder / "config.json"
    config = json.loads(file.read_text())
    known = inspect.signature(getattr(diffusers, config["_class_name"], object).__init__).parameters
    for name in list(config):
        default = known[name].default if name in known else inspect.Parameter.empty
        same = config[name] == (list(default) if isinstance(default, tuple) else default)
        if same and config[name] is not None and draw.random() < 0.4:
            del config[name]
    file.write_text(json.dumps(config, indent=1) + "\n")


def write_steady(name, model, inputs, run):
    """Refuses what tells more of rounding than of the model: where a millionth of the weights becomes much more."""
    WRITE(name, model, inputs, run)
    outputs = run(model)
    for parameter in model.parameters():
        parameter.data *= 1 + 1e-6 * torch.randn_like(parameter)
    for key, other in run(model).items():
        if not (outputs[key] - other).abs().max() < 3e-5 * max(1e-3, outputs[key].abs().max()):
            shutil.rmtree(models.OUT / name)
            raise ValueError("not steady")


def write_steady_pictures(name, pipe, runs):
    """The same of pictures; the latents that a step is given are changed by a rounding, too."""
    pictures = [pipelines.drawn(pipe, *run) for run in runs]
    denoiser, scheduler = getattr(pipe, "unet", None) or pipe.transformer, pipe.scheduler
    for parameter in denoiser.parameters():
        parameter.data *= 1 + 1e-6 * torch.randn_like(parameter)
    step = scheduler.step
    scheduler.step = lambda out, t, x, *more, **named: step(
        out, t, x * (1 + 1e-7 * torch.randn_like(x)), *more, **named
    )
    others = [pipelines.drawn(pipe, *run) for run in runs]
    if not all(np.abs(picture - other).max() < 0.2 for picture, other in zip(pictures, others)):
        raise ValueError("not steady")
    del scheduler.step
    for parameter in denoiser.parameters():
        parameter.data = parameter.data.half().float()  # as they were
    WRITE_PICTURES(name, pipe, runs)


def until_runs(count, attempt):
    """How often the reference had to be asked for something else."""
    again = 0
    for i in range(count):
        while True:
            seed = draw.getrandbits(32)
            torch.manual_seed(seed)
            try:
                attempt(i)
                break
            except Exception as e:  # whatever the reference does not accept
                again += 1
                if options.verbose:
                    print(type(e).__name__, str(e)[:160], file=sys.stderr)
    return again


def model(i):
    kind = draw.choice(MODELS)
    name = f"{i:03}-{kind.__name__}"
    kind()(name)
    folder = models.OUT / name
    if kind not in (clip, t5, bert):
        leave_out_defaults(folder)


def in_double(scheduler):
    """The same numbers of a schedule, but computed with in float64."""
    set_timesteps = scheduler.set_timesteps

    def in_float64(*arguments, **named):
        set_timesteps(*arguments, **named)
        names = ["alphas_cumprod", "final_alpha_cumprod"]
        if not isinstance(scheduler, diffusers.DPMSolverSDEScheduler):  # whose noise is another one at other times
            names.append("sigmas")
        for name in names:
            if isinstance(getattr(scheduler, name, None), torch.Tensor):
                setattr(scheduler, name, getattr(scheduler, name).double())

    scheduler.set_timesteps = in_float64
    return scheduler


def numbers(run, name):
    return np.frombuffer(samplers.base64.b64decode(run[name]), np.float32).astype(np.float64)


def sampler(i):
    kind = draw.choice(list(samplers.CASES))
    name, runs, eta, settings = sampler_case(kind)
    train = settings["num_train_timesteps"]
    if settings.get("timestep_spacing") == "trailing" and any(
        np.ceil(train / (train / steps)) > steps for steps, _ in runs
    ):
        raise ValueError("one timestep more, which is below 0")
    if kind == "DPMSolverSDE" and settings.get("use_beta_sigmas") and any(steps % 2 for steps, _ in runs):
        raise ValueError("a median, which may lie between two float32 and is rounded as SciPy's last bit will have it")
    case = samplers.case(name, runs=runs, eta=eta, **settings)
    samplers.denoise, denoise = lambda *given: denoise(*given).double(), samplers.denoise
    try:
        exact = [
            samplers.trajectory(in_double(getattr(diffusers, name)(**settings)), steps, eta, strength)
            for steps, strength in runs
        ]
    finally:
        samplers.denoise = denoise
    for run, other in zip(case["runs"], exact):
        latents = numbers(run, "latents").reshape(-1, 4)
        errors = np.abs(latents - numbers(other, "latents").reshape(-1, 4)).max(1)
        if not (errors < 2e-5 * np.maximum(1, np.abs(latents).max(1))).all():
            raise ValueError("not steady")
    with open(options.folder / "diffusion" / f"{kind}.jsonl", "a") as file:
        print(json.dumps(case), file=file)


def pipeline(i, kinds=PIPELINES):
    kind = draw.choice(kinds)
    name = f"{i:03}-{kind.__name__}"
    with samplers.nearest_functions():
        kind(name)
    folder = pipelines.OUT / name
    for part in folder.glob("*/config.json"):
        if part.parent.name in ("unet", "vae", "transformer"):
            leave_out_defaults(part.parent)
    tensors = load_file(folder / "golden.safetensors")
    if any(tensor.float().std() < 1 for tensor in tensors.values()):
        shutil.rmtree(folder)
        raise ValueError("a picture of one colour")


parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--models", type=int, default=200)
parser.add_argument("--samplers", type=int, default=200)
parser.add_argument("--pipelines", type=int, default=60)
parser.add_argument("--inpaintings", type=int, default=0)
parser.add_argument("--verbose", action="store_true", help="print why something was drawn again")
options = parser.parse_args(arguments)
draw.seed(options.seed)
torch.set_num_threads(1)
torch.set_grad_enabled(False)
diffusers.logging.set_verbosity(50)
transformers.logging.set_verbosity(50)
WRITE, models.write = models.write, write_steady
WRITE_PICTURES, pipelines.write = pipelines.write, write_steady_pictures
models.OUT = options.folder / "golden/models"
pipelines.OUT = options.folder / "golden/pipelines"
for part in (models.OUT, pipelines.OUT, options.folder / "diffusion"):
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
for title, count, attempt in (
    ("models", options.models, model),
    ("samplers", options.samplers, sampler),
    ("pipelines", options.pipelines, pipeline),
    ("inpaintings", options.inpaintings, lambda i: pipeline(i, [inpainting])),
):
    print(f"{count} {title}, drawn again {until_runs(count, attempt)} times")
