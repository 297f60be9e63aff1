"""LoRA files for the tiny folder golden/pipelines/stable-diffusion in the ways that diffusers and PEFT can write them, and the
pictures that diffusers makes with each.

    python make_lora_goldens.py
"""
import json
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from diffusers.training_utils import _collate_lora_metadata
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).parent.parent / "resources/golden"
FOLDER = ROOT / "pipelines/stable-diffusion"
OUT = ROOT / "loras"
ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]
RUN = dict(seed=7, steps=5, guidance=4.0, width=16, height=16, prompt="A Red  apple, isn't it? 42", negative="blue")


def pipeline():
    pipe = StableDiffusionPipeline.from_pretrained(FOLDER, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def drawn(pipe):
    image = pipe(RUN["prompt"], negative_prompt=RUN["negative"], num_inference_steps=RUN["steps"], guidance_scale=RUN["guidance"],
                 width=16, height=16, generator=torch.Generator().manual_seed(RUN["seed"]), output_type="np").images
    return torch.from_numpy(image).mul(255).round().to(torch.float32)[0].permute(2, 0, 1).contiguous()


def trained(name, metadata=True, change=lambda tensors: tensors, **settings):
    pipe = pipeline()
    torch.manual_seed(1)
    pipe.unet.add_adapter(LoraConfig(init_lora_weights=False, **{"target_modules": ATTENTION, **settings}))
    if settings.get("use_dora"):
        for key, value in pipe.unet.named_parameters():
            if "magnitude" in key:
                value.data *= 1 + torch.rand_like(value) / 2
    tensors = convert_state_dict_to_diffusers(get_peft_model_state_dict(pipe.unet))
    tensors = {key: value.clone() for key, value in change(tensors).items()}
    noted = _collate_lora_metadata({"unet": pipe.unet}) if metadata else {}
    StableDiffusionPipeline.save_lora_weights(OUT, unet_lora_layers=tensors, weight_name=f"{name}.safetensors", **noted)


def cut(tensors):
    """Every second module with one rank less."""
    for n, key in enumerate(sorted(key for key in tensors if "lora_A" in key)):
        if n % 2:
            tensors[key] = tensors[key][:-1]
            other = key.replace("lora_A", "lora_B")
            tensors[other] = tensors[other][:, :-1]
    return tensors


def main():
    OUT.mkdir(exist_ok=True)
    trained("alpha-in-metadata", r=2, lora_alpha=8)
    trained("rank-stabilized", r=2, lora_alpha=3, use_rslora=True)
    trained("patterns", r=2, lora_alpha=3, alpha_pattern={"to_k": 5}, rank_pattern={"to_v": 1})
    trained("weight-decomposed", r=2, lora_alpha=4, use_dora=True)
    trained("weight-decomposed-without-metadata", metadata=False, r=2, lora_alpha=2, use_dora=True)
    trained("biased", r=2, lora_alpha=2, lora_bias=True)
    trained("two-ranks", metadata=False, change=cut, r=3, lora_alpha=3)
    trained("convolutions", r=2, lora_alpha=4, target_modules=["conv1", "conv2", "conv_shortcut", "conv", "proj_in", "proj_out", "time_emb_proj", "net.0.proj", "net.2", "conv_in", "conv_out", "linear_1"])
    tensors = load_file(OUT / "alpha-in-metadata.safetensors")
    save_file({key.replace(".weight", ".default.weight"): value for key, value in tensors.items()}, OUT / "named-default.safetensors")
    pictures = {}
    for file in sorted(OUT.glob("*.safetensors")):
        if file.stem in ("pictures", "named-default"):  # diffusers does not read the latter, and draws something undefined
            continue
        for weight in (1.0, 0.5):
            pipe = pipeline()
            try:
                pipe.load_lora_weights(OUT, weight_name=file.name, adapter_name="x")
                pipe.set_adapters(["x"], [weight])
                pictures[f"{file.stem}:{weight}"] = drawn(pipe)
            except Exception as e:
                print(file.stem, type(e).__name__, str(e)[:200])
    pictures["none"] = drawn(pipeline())
    for name, picture in pictures.items():
        print(name, (picture - pictures["none"]).abs().mean().item())
    save_file(pictures, OUT / "pictures.safetensors")
    (OUT / "run.json").write_text(json.dumps([RUN], indent=1) + "\n")


if __name__ == "__main__":
    main()
