"""The states of two texts and the pooled one behind them, as check_export.py gives them to diffusers, to
../resources/golden/pooled. Run with torch 2.7 and transformers 4.57: python make_pooled_golden.py"""

from types import SimpleNamespace

import torch
from check_export import encode
from make_goldens import GOLDEN
from safetensors.torch import save_file
from transformers import BertModel, BertTokenizerFast

PROMPTS = ["A red apple!", "dogs, a green apple, a dog and a red, red dog"]

if __name__ == "__main__":
    folder = GOLDEN / "pipeline"
    encoder = BertModel.from_pretrained(folder / "text_encoder").eval()
    encoder.config.pooled_token_scale = 2.5
    pipe = SimpleNamespace(tokenizer=BertTokenizerFast.from_pretrained(folder / "tokenizer"), text_encoder=encoder)
    with torch.no_grad():
        states = encode(pipe, PROMPTS)
    (GOLDEN / "pooled").mkdir(exist_ok=True)
    save_file({"states": states.contiguous()}, GOLDEN / "pooled" / "golden.safetensors")
