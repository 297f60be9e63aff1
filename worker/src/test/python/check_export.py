"""Loads an exported model with Python's diffusers and draws a picture: check_export.py FOLDER PROMPT OUT.png"""
import sys

import torch
from diffusers import StableDiffusionPipeline

torch.set_num_threads(1)
folder, prompt, out = sys.argv[1:]
pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
pipe.set_progress_bar_config(disable=True)
size = pipe.unet.config.sample_size * 2 ** (len(pipe.vae.config.block_out_channels) - 1)
image = pipe(prompt, num_inference_steps=30, guidance_scale=3.0, height=size, width=size, generator=torch.Generator().manual_seed(7)).images[0]
image.save(out)
print(type(pipe.scheduler).__name__, pipe.tokenizer.model_max_length, image.size)
