"""Loads an exported model with Python's diffusers and draws a picture: check_export.py FOLDER PROMPT OUT.png [STEPS GUIDANCE]

Where text_encoder/config.json has a pooled_token_scale, the denoiser is given one more state than there are tokens: the mean of
the tokens' states without padding, of length 1, times that scale. The pipeline takes it in prompt_embeds.
"""

import sys

import torch
from diffusers import DiffusionPipeline

torch.set_num_threads(1)


def encode(pipe, texts):
    """The states of some texts, (B, T, D) or with the pooled one (B, T + 1, D)."""
    tokens = pipe.tokenizer(
        texts, padding="max_length", truncation=True, max_length=pipe.tokenizer.model_max_length, return_tensors="pt"
    )
    states = pipe.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask).last_hidden_state
    scale = getattr(pipe.text_encoder.config, "pooled_token_scale", 0)
    if not scale:
        return states
    sums = (states * tokens.attention_mask[..., None]).sum(1, keepdim=True)
    return torch.cat([states, scale * torch.nn.functional.normalize(sums, dim=-1)], 1)


if __name__ == "__main__":
    folder, prompt, out, *rest = sys.argv[1:]
    steps, guidance = (int(rest[0]), float(rest[1])) if rest else (30, 3.0)
    pipe = DiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    denoiser = pipe.unet if hasattr(pipe, "unet") else pipe.transformer
    size = denoiser.config.sample_size * 2 ** (len(pipe.vae.config.block_out_channels) - 1)
    with torch.no_grad():
        states, negative = encode(pipe, [prompt]), encode(pipe, [""])
    masks = {}
    if denoiser is not getattr(pipe, "unet", None):  # PixArt's pipeline asks which states are padding: none
        ones = torch.ones(states.shape[:2], dtype=torch.long)
        masks = dict(prompt_attention_mask=ones, negative_prompt_attention_mask=ones, use_resolution_binning=False)
    image = pipe(
        **(dict(negative_prompt=None) if masks else {}),
        prompt_embeds=states,
        negative_prompt_embeds=negative,
        num_inference_steps=steps,
        guidance_scale=guidance,
        height=size,
        width=size,
        generator=torch.Generator().manual_seed(7),
        **masks,
    ).images[0]
    image.save(out)
    print(type(pipe.scheduler).__name__, pipe.tokenizer.model_max_length, image.size)
