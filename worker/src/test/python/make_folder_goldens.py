"""Folders whose settings disagree, or say more than they must, and the pictures that diffusers makes with them: changes of
golden/pipelines/stable-diffusion, each a folder that is laid over it.

    python make_folder_goldens.py
"""
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.modules["ftfy"] = None  # transformers uses it where it is installed
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

ROOT = Path(__file__).parent.parent / "resources/golden"
FOLDER = ROOT / "pipelines/stable-diffusion"
OUT = ROOT / "folders"


def change(name, **files):
    for path, change in files.items():
        path = path.replace("__", "/") + ".json"
        content = json.loads((FOLDER / path).read_text())
        change(content)
        (OUT / name / path).parent.mkdir(parents=True, exist_ok=True)
        (OUT / name / path).write_text(json.dumps(content, indent=1) + "\n")


def drawn(name, prompt):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
        shutil.copytree(OUT / name, folder, dirs_exist_ok=True)
        pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    image = pipe(prompt, negative_prompt="blue", num_inference_steps=5, guidance_scale=4.0, width=16, height=16,
                 generator=torch.Generator().manual_seed(7), output_type="np").images
    print(name, type(pipe.scheduler).__name__, pipe.tokenizer(prompt).input_ids)
    return torch.from_numpy(image).mul(255).round().to(torch.float32)[0].permute(2, 0, 1).contiguous()


def scheduler(name, **more):
    def rename(index):
        index["scheduler"] = ["diffusers", name]
    return dict(model_index=rename, scheduler__scheduler_config=lambda config: config.update(more))


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    runs = {}
    for name, settings in {"EulerDiscreteScheduler": {}, "DPMSolverMultistepScheduler": {}, "PNDMScheduler": dict(skip_prk_steps=True),
                           "KDPM2DiscreteScheduler": {}, "HeunDiscreteScheduler": dict(of_no_scheduler=3)}.items():
        change(name, **scheduler(name, **settings))
        runs[name] = "a red apple"
    change("no-class-name", scheduler__scheduler_config=lambda config: config.pop("_class_name"))
    runs["no-class-name"] = "a red apple"
    tokenizer = CLIPTokenizer.from_pretrained(FOLDER / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(FOLDER / "text_encoder").float()
    tokenizer.add_tokens(["<toy-cat>", "Mixed Case"])
    encoder.resize_token_embeddings(len(tokenizer))
    torch.manual_seed(0)
    encoder.get_input_embeddings().weight.data[-2:] = torch.randn(2, encoder.config.hidden_size)
    tokenizer.save_pretrained(OUT / "added-tokens/tokenizer")
    encoder.half().save_pretrained(OUT / "added-tokens/text_encoder")
    runs["added-tokens"] = "A red<toy-cat>, <TOY-CAT> Mixed Case mixed case"
    shutil.copytree(OUT / "added-tokens", OUT / "added-tokens-of-old")
    config = OUT / "added-tokens-of-old/tokenizer/tokenizer_config.json"
    older = json.loads(config.read_text())
    del older["added_tokens_decoder"]
    config.write_text(json.dumps(older, indent=1) + "\n")
    runs["added-tokens-of-old"] = "a red <toy-cat>"
    save_file({name: drawn(name, prompt) for name, prompt in runs.items()}, OUT / "pictures.safetensors")
    (OUT / "prompts.json").write_text(json.dumps(runs, indent=1) + "\n")


if __name__ == "__main__":
    main()
