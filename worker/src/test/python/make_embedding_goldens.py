"""Embeddings of textual inversion for the tiny folder golden/pipelines/stable-diffusion, in the ways that diffusers and
AUTOMATIC1111's web UI write them, and the states that diffusers gives texts that name them.

    python make_embedding_goldens.py
"""
import json
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

ROOT = Path(__file__).parent.parent / "resources/golden"
OUT = ROOT / "embeddings"
TEXTS = ["a toy", "a toy, ink", "ink toy ink", "pear"]


def main():
    torch.set_grad_enabled(False)
    OUT.mkdir(exist_ok=True)
    pipe = StableDiffusionPipeline.from_pretrained(ROOT / "pipelines/stable-diffusion", torch_dtype=torch.float32)
    width = pipe.text_encoder.config.hidden_size
    torch.manual_seed(1)
    save_file({"<learned>": torch.randn(width)}, OUT / "toy.safetensors")
    save_file({"emb_params": torch.randn(2, width)}, OUT / "ink.safetensors")
    for name in ("toy", "ink"):
        pipe.load_textual_inversion(str(OUT), weight_name=f"{name}.safetensors", token=name, local_files_only=True)
    states = {str(i): pipe.encode_prompt(text, "cpu", 1, False)[0].contiguous() for i, text in enumerate(TEXTS)}
    save_file(states, OUT / "states.safetensors")
    (OUT / "texts.json").write_text(json.dumps(TEXTS) + "\n")


if __name__ == "__main__":
    main()
