"""Writes tiny random pipelines of Wan 2.1 and 2.2, and the clips that diffusers makes with them, to
../resources/golden/wan-pipelines, and cleaned prompts to ../resources/golden/wan-prompts.json. Weights are float16; everything
is computed in float32. Run with torch 2.7, diffusers 0.35, transformers 4.57 and ftfy 6.3: python make_wan_goldens.py"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKLWan,
    FlowMatchEulerDiscreteScheduler,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
)
from diffusers.pipelines.wan.pipeline_wan import prompt_clean
from safetensors.torch import save_file
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel, UMT5Config, UMT5EncoderModel

sys.argv, arguments = sys.argv[:1], sys.argv[1:]
import make_pipeline_goldens as pipelines

GOLDEN = Path(__file__).resolve().parent.parent / "resources/golden"
OUT = Path(arguments[0]) if arguments else GOLDEN / "wan-pipelines"
PROMPT = "A Red  apple &amp; it rolls， slowly"
NEGATIVE = "blurred"
PROMPTS = [
    PROMPT,
    "  two\n\tlines ",
    "&amp;lt;b&amp;gt; &lt;i&gt;",
    "1 &lt 2 &copy; 3",
    "“curly” ‘quotes’ and ｆｕｌｌ　ｗｉｄｔｈ１２！",
    "ﬁne ﬂuﬀy",
    "e\u0301te\u0301",
    "a\u00a0b\u2028c\u0085d\r\ne",
    "bell\x07 \x1b[31mred\x1b[0m \ufeffbom",
    "一只猫，在草地上奔跑。",
    "ｶﾞｷﾞ ﾊﾝｶｸ",
    "&#8217;&#x1F34E; &notanentity;",
    "<p>&eacute;</p> stays",
    "&EACUTE; &HELLIP;",
    "\ud83c\udf4e".encode("utf-16", "surrogatepass").decode("utf-16"),
    "",
]


def vae(**settings):
    settings = (
        dict(
            base_dim=4,
            z_dim=4,
            dim_mult=[1, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[True, True],
            latents_mean=[0.1, -0.2, 0.3, 0.0],
            latents_std=[0.6, 0.9, 1.2, 0.7],
            scale_factor_spatial=4,
        )
        | settings
    )
    return pipelines.randomize(AutoencoderKLWan(**settings))


def transformer(**settings):
    settings = (
        dict(
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=4,
            out_channels=4,
            text_dim=10,
            freq_dim=16,
            ffn_dim=20,
            num_layers=2,
        )
        | settings
    )
    return pipelines.randomize(WanTransformer3DModel(**settings))


def text():
    tokenizer, _ = pipelines.t5(None)
    config = UMT5Config(
        vocab_size=len(tokenizer),
        d_model=10,
        d_kv=3,
        d_ff=12,
        num_layers=2,
        num_heads=3,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=20,
    )
    return dict(tokenizer=tokenizer, text_encoder=pipelines.randomize(UMT5EncoderModel(config)))


def run(frames, steps=4, guidance=4.0, size=(32, 16), guidance2=None, image=None, last=None):
    request = dict(
        seed=7,
        steps=steps,
        guidance=guidance,
        width=size[0],
        height=size[1],
        frames=frames,
        prompt=PROMPT,
        negative=NEGATIVE,
    )
    call = dict(
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        num_inference_steps=steps,
        guidance_scale=guidance,
        width=size[0],
        height=size[1],
        num_frames=frames,
    )
    if guidance2:
        request["guidance2"] = call["guidance_scale_2"] = guidance2
    if image:
        request["image"] = image
        call["image"] = pipelines.Image.fromarray(picture(int(image.strip("image.png") or 0), size))
    return request, call


def picture(seed, size):
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)


def write(name, pipe, runs):
    folder = OUT / name
    pipe.set_progress_bar_config(disable=True)
    tensors = {}
    for i, (_, call) in enumerate(runs):
        frames = pipe(**call, generator=torch.Generator("cpu").manual_seed(7), output_type="np").frames[0] * 255
        tensors[f"{i}"] = pipelines.rounded(frames)
    for part in ("text_encoder", "transformer", "transformer_2", "vae", "image_encoder"):
        model = getattr(pipe, part, None)
        if model is not None:
            model.half()
    shutil.rmtree(folder, ignore_errors=True)
    pipe.save_pretrained(folder)
    (folder / "runs.json").write_text(json.dumps([request for request, _ in runs], indent=1) + "\n")
    for request, call in runs:
        if "image" in call:
            call["image"].save(folder / request["image"])
    save_file(tensors, folder / "golden.safetensors")


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    GOLDEN.joinpath("wan-prompts.json").write_text(json.dumps([[p, prompt_clean(p)] for p in PROMPTS], indent=1) + "\n")
    unipc = lambda shift: UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift
    )
    residual = dict(
        is_residual=True, patch_size=2, in_channels=12, out_channels=12, decoder_base_dim=6, scale_factor_spatial=8
    )
    write(
        "text-2.1",
        WanPipeline(**text(), vae=vae(), scheduler=unipc(3.0), transformer=transformer()),
        [run(1), run(9, steps=5), run(5, guidance=1.0, size=(16, 48))],
    )
    write(
        "text-2.1-euler",
        WanPipeline(
            **text(),
            vae=vae(dim_mult=[1, 2, 2, 1], temperal_downsample=[False, True, True], scale_factor_spatial=8),
            scheduler=FlowMatchEulerDiscreteScheduler(shift=5.0),
            transformer=transformer(num_attention_heads=1),
        ),
        [run(13, steps=3)],
    )
    write(
        "text-2.2-two",
        WanPipeline(
            **text(),
            vae=vae(),
            scheduler=unipc(5.0),
            transformer=transformer(),
            transformer_2=transformer(),
            boundary_ratio=0.875,
        ),
        [run(5, steps=6), run(9, steps=5)],
    )
    write(
        "text-2.2-tokens",
        WanPipeline(
            **text(), vae=vae(**residual), scheduler=unipc(5.0), transformer=transformer(), expand_timesteps=True
        ),
        [run(5), run(9)],
    )
    write(
        "image-2.2-two",
        WanImageToVideoPipeline(
            **text(),
            vae=vae(),
            scheduler=unipc(3.0),
            transformer=transformer(in_channels=12),
            transformer_2=transformer(in_channels=12),
            boundary_ratio=0.9,
        ),
        [run(5, image="image1.png"), run(9, steps=5, guidance2=2.0, image="image2.png", size=(16, 32))],
    )
    write(
        "image-2.2-tokens",
        WanImageToVideoPipeline(
            **text(), vae=vae(**residual), scheduler=unipc(5.0), transformer=transformer(), expand_timesteps=True
        ),
        [run(5, image="image1.png"), run(13, image="image2.png", size=(16, 32))],
    )
    vision = CLIPVisionConfig(
        hidden_size=6,
        intermediate_size=10,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=28,
        patch_size=7,
        hidden_act="gelu",
    )
    write(
        "image-2.1",
        WanImageToVideoPipeline(
            **text(),
            vae=vae(),
            scheduler=unipc(3.0),
            transformer=transformer(in_channels=12, image_dim=6, added_kv_proj_dim=24),
            image_encoder=pipelines.randomize(CLIPVisionModel(vision)),
            image_processor=CLIPImageProcessor(size=dict(shortest_edge=28), crop_size=dict(height=28, width=28)),
        ),
        [run(5, image="image1.png"), run(9, image="image2.png", size=(16, 32))],
    )
