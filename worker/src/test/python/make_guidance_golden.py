"""Writes what diffusers makes of ../resources/golden/pipelines/stable-diffusion with guidance rescale, into that folder.
Run with torch 2.7, diffusers 0.35 and transformers 4.46: python make_guidance_golden.py"""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

FOLDER = Path(__file__).resolve().parent.parent / "resources/golden/pipelines/stable-diffusion"
PROMPT = "A Red  apple, isn't it? 42"

runs, pictures = [], {}
pipe = StableDiffusionPipeline.from_pretrained(FOLDER, torch_dtype=torch.float32)
for guidance, rescale in ((7.5, 0.7), (4.0, 1.0), (1.0, 0.7)):
    request = dict(
        seed=7, steps=4, guidance=guidance, rescale=rescale, width=16, height=16, prompt=PROMPT, negative="blue"
    )
    image = pipe(
        PROMPT,
        negative_prompt="blue",
        width=16,
        height=16,
        num_inference_steps=4,
        guidance_scale=guidance,
        guidance_rescale=rescale,
        generator=torch.Generator("cpu").manual_seed(7),
        output_type="np",
    ).images[0]
    pictures[str(len(runs))] = torch.as_tensor(np.round(image * 255)).to(torch.float16).contiguous()
    runs.append(request)
(FOLDER / "rescale-runs.json").write_text(json.dumps(runs, indent=1) + "\n")
save_file(pictures, FOLDER / "rescale.safetensors")
