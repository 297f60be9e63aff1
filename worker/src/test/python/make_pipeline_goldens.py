"""Writes tiny random pipelines of every kind, and the pictures that diffusers makes with them, to
../resources/golden/pipelines. Weights are float16, as most folders have them; everything is computed in float32.
Run with torch 2.7, diffusers 0.35 and transformers 4.46: python make_pipeline_goldens.py"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMPipeline,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DiTPipeline,
    DiTTransformer2DModel,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    TCDScheduler,
    UNet2DConditionModel,
    UNet2DModel,
)
from PIL import Image
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

OUT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "resources/golden/pipelines"
PROMPT = "A Red  apple, isn't it? 42"


def randomize(model):
    """Random values, rounded to float16, everywhere: norms and biases too, so that none can be left out unnoticed."""
    for name, parameter in model.named_parameters():
        fan = max(parameter[0].numel(), 1) if parameter.dim() > 1 else 9
        values = torch.randn_like(parameter) / fan**0.5
        if parameter.dim() == 1 and "norm" in name and name.endswith("weight"):
            values += 1
        parameter.data = values.half().float()
    return model.eval()


def clip_tokenizer(folder, pad):
    """Lower-case letters and digits, alone and at the end of a word, and a few merges."""
    letters = [chr(c) for c in range(33, 127)]
    tokens = letters + [letter + "</w>" for letter in letters]
    merges = [("a", "p"), ("ap", "p"), ("l", "e</w>"), ("app", "le</w>"), ("r", "e"), ("re", "d</w>"), ("i", "t</w>")]
    tokens += [a + b for a, b in merges] + ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), pad_token=pad, model_max_length=16)


def clip_text(kind, tokenizer, width, act, projection=6):
    size = len(tokenizer)
    config = CLIPTextConfig(
        vocab_size=size,
        hidden_size=width,
        intermediate_size=2 * width,
        num_attention_heads=2,
        num_hidden_layers=3,
        max_position_embeddings=16,
        hidden_act=act,
        projection_dim=projection,
        bos_token_id=size - 2,
        eos_token_id=size - 1,
        pad_token_id=1,
    )
    return randomize(kind(config))


def t5(folder):
    """A vocabulary of characters instead of SentencePiece's, in a tokenizer.json."""
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)] + [(chr(c), -3.0) for c in range(33, 127)]
    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    fast = T5TokenizerFast(tokenizer_object=tokenizer, extra_ids=0, model_max_length=512)
    config = T5Config(
        vocab_size=len(vocab),
        d_model=10,
        d_kv=3,
        d_ff=12,
        num_layers=2,
        num_heads=3,
        feed_forward_proj="gated-gelu",
        relative_attention_num_buckets=8,
        relative_attention_max_distance=20,
    )
    return fast, randomize(T5EncoderModel(config))


def vae(**settings):
    settings = dict(latent_channels=4, scaling_factor=0.5) | settings
    return randomize(
        AutoencoderKL(
            block_out_channels=(4, 4),
            norm_num_groups=2,
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            **settings,
        )
    )


def unet(**settings):
    settings = (
        dict(
            sample_size=8,
            block_out_channels=(4, 8),
            norm_num_groups=2,
            layers_per_block=1,
            cross_attention_dim=8,
            attention_head_dim=2,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        )
        | settings
    )
    return randomize(UNet2DConditionModel(**settings))


def pixel_unet(**settings):
    settings = (
        dict(
            sample_size=16,
            block_out_channels=(4, 8),
            norm_num_groups=2,
            layers_per_block=1,
            attention_head_dim=4,
            down_block_types=("DownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        )
        | settings
    )
    return randomize(UNet2DModel(**settings))


def picture(seed, size=16):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8))


def mask(size=16):
    values = np.zeros((size, size), dtype=np.uint8)
    values[2:11, 5:] = 255
    values[12, 3] = 200
    return Image.fromarray(values)


def drawn(pipe, request, call):
    """A picture, with values from 0 to 255 that are not yet rounded."""
    pipe.set_progress_bar_config(disable=True)
    generator = torch.Generator("cpu").manual_seed(request["seed"])
    kind = "numpy" if isinstance(pipe, DiTPipeline | DDPMPipeline | DDIMPipeline) else "np"
    return np.asarray(pipe(**call, generator=generator, output_type=kind).images)[0] * 255


def rounded(picture):
    """As goldens keep what was drawn: exact in float16."""
    return torch.as_tensor(np.round(picture)).half().contiguous()


def write(name, pipe, runs):
    """Saves a pipeline's folder, and what each run gives. A run is a request as Ruido has it, and what diffusers calls it."""
    folder = OUT / name
    tensors = {f"{i}": rounded(drawn(pipe, *run)) for i, run in enumerate(runs)}
    pipe.to(dtype=torch.float16)
    shutil.rmtree(folder, ignore_errors=True)
    pipe.save_pretrained(folder)
    if "tokenizer" in pipe.config and isinstance(pipe.tokenizer, CLIPTokenizer):
        for part in folder.glob("tokenizer*"):
            (part / "tokenizer.json").unlink(missing_ok=True)
    (folder / "runs.json").write_text(json.dumps([request for request, _ in runs], indent=1) + "\n")
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "golden.safetensors")


def request(seed=7, steps=5, guidance=1.0, size=(16, 16), prompt="", negative="", **more):
    return (
        dict(seed=seed, steps=steps, guidance=guidance, width=size[0], height=size[1], prompt=prompt, negative=negative)
        | more
    )


def text_run(steps=5, guidance=4.0, size=(16, 16), negative="blue", **more):
    call = dict(
        prompt=PROMPT,
        num_inference_steps=steps,
        guidance_scale=guidance,
        width=size[0],
        height=size[1],
        negative_prompt=negative or None,
    )
    if "clip_skip" in more:
        call["clip_skip"] = more["clip_skip"]
    return request(7, steps, guidance, size, PROMPT, negative, **more), call


def stable_diffusion(scheduler, act="quick_gelu", pad="<|endoftext|>", kind=StableDiffusionPipeline, **settings):
    tokenizer = clip_tokenizer(Path("/tmp/ruido-goldens"), pad)
    extra = dict(requires_safety_checker=False, safety_checker=None, feature_extractor=None)
    return kind(
        vae=vae(),
        text_encoder=clip_text(CLIPTextModel, tokenizer, 8, act),
        tokenizer=tokenizer,
        unet=unet(**settings),
        scheduler=scheduler,
        **extra,
    )


def make_stable_diffusion():
    pipe = stable_diffusion(DDIMScheduler(clip_sample=False, set_alpha_to_one=False, steps_offset=1))
    parts = {key: value for key, value in pipe.components.items()}
    image, hole = picture(1), mask()
    img2img = StableDiffusionImg2ImgPipeline(**parts, requires_safety_checker=False)
    inpaint = StableDiffusionInpaintPipeline(**parts, requires_safety_checker=False)
    runs = [text_run(), text_run(guidance=1.0, size=(24, 16)), text_run(clip_skip=1, negative="")]
    write("stable-diffusion", pipe, runs)
    pipe.to(dtype=torch.float32)
    common = dict(prompt=PROMPT, num_inference_steps=5, guidance_scale=3.0, image=image)
    base = request(3, 5, 3.0, (16, 16), PROMPT)
    more = [(img2img, base | dict(strength=0.6), common | dict(strength=0.6))]
    more += [
        (inpaint, base | dict(strength=s, mask=True), common | dict(strength=s, mask_image=hole, width=16, height=16))
        for s in (1.0, 0.5)
    ]
    tensors = {f"{i}": rounded(drawn(*each)) for i, each in enumerate(more)}
    folder = OUT / "stable-diffusion"
    image.save(folder / "image.png")
    hole.save(folder / "mask.png")
    save_file(tensors, folder / "image.safetensors")
    (folder / "image-runs.json").write_text(json.dumps([r for _, r, _ in more], indent=1) + "\n")


def make_loras():
    """Additions to the folder above, in three ways of naming them, and a picture with all of them merged."""
    folder = OUT / "stable-diffusion"
    pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    modules = [
        ("unet", name, m)
        for name, m in pipe.unet.named_modules()
        if name.endswith(("to_q", "conv1", "proj_in", "time_emb_proj"))
    ]
    modules += [
        ("text_encoder", name, m) for name, m in pipe.text_encoder.named_modules() if name.endswith(("q_proj", "fc1"))
    ]
    kohya, peft, original = {}, {}, {}
    for i, (part, name, module) in enumerate(modules):
        weight, rank = module.weight, 2
        kernel = weight.shape[2:]
        down = (torch.randn(rank, weight.shape[1], *kernel) / 4).half()
        up = (torch.randn(weight.shape[0], rank, *[1] * len(kernel)) / 4).half()
        alpha = 1.0 + i % 3
        delta = (up.float().flatten(1) @ down.float().flatten(1)).reshape(weight.shape)
        if name.startswith("down_blocks.0.attentions"):
            # sgm's numbers: 1 + (layers + 1) · level + layer
            path = "lora_unet_" + name.replace("down_blocks.0.attentions.0", "input_blocks.1.1").replace(".", "_")
            original |= {
                path + ".lora_down.weight": down,
                path + ".lora_up.weight": up,
                path + ".alpha": torch.tensor(alpha),
            }
            module.weight.data += 0.5 * alpha / rank * delta
        elif i % 2:
            path = ("lora_unet_" if part == "unet" else "lora_te_") + name.replace(".", "_")
            kohya |= {
                path + ".lora_down.weight": down,
                path + ".lora_up.weight": up,
                path + ".alpha": torch.tensor(alpha),
            }
            module.weight.data += 0.75 * alpha / rank * delta
        else:
            peft |= {f"{part}.{name}.lora_A.weight": down, f"{part}.{name}.lora_B.weight": up}
            module.weight.data += delta
    for name, tensors in dict(kohya=kohya, peft=peft, original=original).items():
        save_file(tensors, folder / f"lora-{name}.safetensors")
    run, call = text_run()
    save_file({"0": rounded(drawn(pipe, run, call))}, folder / "lora.safetensors")
    (folder / "lora-runs.json").write_text(json.dumps([run], indent=1) + "\n")


def make_inpainting():
    """Nine channels: the denoiser takes the mask and the masked picture."""
    scheduler = EulerAncestralDiscreteScheduler(beta_schedule="scaled_linear")
    pipe = stable_diffusion(scheduler, kind=StableDiffusionInpaintPipeline, in_channels=9)
    image, hole = picture(2), mask()
    runs = []
    for strength in (1.0, 0.7):
        call = dict(
            prompt=PROMPT,
            num_inference_steps=5,
            guidance_scale=3.0,
            image=image,
            mask_image=hole,
            strength=strength,
            width=16,
            height=16,
        )
        runs.append((request(3, 5, 3.0, (16, 16), PROMPT, strength=strength, mask=True), call))
    write("inpainting", pipe, runs)
    image.save(OUT / "inpainting/image.png")
    hole.save(OUT / "inpainting/mask.png")


def make_v_prediction():
    """As Stable Diffusion 2 is built: linear projections, heads by level, another padding."""
    scheduler = DDIMScheduler(
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        beta_schedule="scaled_linear",
    )
    pipe = stable_diffusion(scheduler, "gelu", "!", use_linear_projection=True, attention_head_dim=[1, 2])
    write("v-prediction", pipe, [text_run()])


def make_turbo():
    pipe = stable_diffusion(EulerDiscreteScheduler(timestep_spacing="trailing", beta_schedule="scaled_linear"))
    write("turbo", pipe, [text_run(steps=1, guidance=0.0, negative=""), text_run(steps=4, guidance=0.0, negative="")])


def make_latent_consistency():
    pipe = stable_diffusion(LCMScheduler(beta_schedule="scaled_linear", clip_sample=False), time_cond_proj_dim=6)
    pipe = LatentConsistencyModelPipeline(**pipe.components, requires_safety_checker=False)
    run, call = text_run(steps=4, guidance=8.5, negative="")
    del call["negative_prompt"]
    write("latent-consistency", pipe, [(run, call)])


def make_xl(zeros):
    tokenizer = clip_tokenizer(Path("/tmp/ruido-goldens"), "<|endoftext|>")
    tokenizer2 = clip_tokenizer(Path("/tmp/ruido-goldens"), "!")
    pipe = StableDiffusionXLPipeline(
        vae=vae(),
        text_encoder=clip_text(CLIPTextModel, tokenizer, 4, "quick_gelu"),
        tokenizer=tokenizer,
        text_encoder_2=clip_text(CLIPTextModelWithProjection, tokenizer2, 8, "gelu"),
        tokenizer_2=tokenizer2,
        unet=unet(
            cross_attention_dim=12,
            addition_embed_type="text_time",
            addition_time_embed_dim=4,
            projection_class_embeddings_input_dim=6 * 4 + 6,
            transformer_layers_per_block=[1, 2],
            use_linear_projection=True,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear"),
        force_zeros_for_empty_prompt=zeros,
        add_watermarker=False,
    )
    write("xl" if zeros else "xl-encoded-empty", pipe, [text_run(), text_run(negative="", size=(24, 16))])


def make_pixels():
    run = request(5, 6, 1.0)
    call = dict(num_inference_steps=6)
    write("ddpm", DDPMPipeline(pixel_unet(), DDPMScheduler()), [(run, call)])
    write("ddim", DDIMPipeline(pixel_unet(in_channels=1, out_channels=1), DDPMScheduler()), [(run, call)])


def make_ddpm_with_tcd():
    """Whose γ this pipeline leaves to the scheduler."""
    folder = OUT / "ddpm"
    pipe = DDPMPipeline.from_pretrained(folder)
    pipe = DDPMPipeline(pipe.unet.float(), TCDScheduler.from_config(pipe.scheduler.config))
    save_file({"0": rounded(drawn(pipe, request(5), dict(num_inference_steps=6)))}, folder / "tcd.safetensors")


def make_eta():
    """The folders above whose schedulers are DDIM's, with noise in each step."""
    for name, kind, (run, call) in (
        ("ddim", DDIMPipeline, (request(5, 6, 1.0), dict(num_inference_steps=6))),
        ("stable-diffusion", StableDiffusionPipeline, text_run()),
    ):
        folder = OUT / name
        pipe = kind.from_pretrained(folder, torch_dtype=torch.float32)
        save_file({"0": rounded(drawn(pipe, run, call | dict(eta=0.6)))}, folder / "eta.safetensors")
        (folder / "eta-runs.json").write_text(json.dumps([run | dict(eta=0.6)], indent=1) + "\n")


def make_dit():
    transformer = randomize(
        DiTTransformer2DModel(
            num_attention_heads=2,
            attention_head_dim=4,
            num_layers=2,
            sample_size=8,
            out_channels=8,
            norm_num_groups=1,
        )
    )
    pipe = DiTPipeline(transformer, vae(), DDIMScheduler(clip_sample=False))
    write(
        "dit",
        pipe,
        [
            (request(5, 4, 3.0, prompt="goldfish"), dict(class_labels=[1], guidance_scale=3.0, num_inference_steps=4)),
            (request(5, 4, 1.0, prompt="207"), dict(class_labels=[207], guidance_scale=1.0, num_inference_steps=4)),
        ],
    )
    index = OUT / "dit/model_index.json"  # published folders name their classes there
    names = {"id2label": {"0": "tench, Tinca tinca", "1": "gold fish, goldfish"}}
    index.write_text(json.dumps(json.loads(index.read_text()) | names, indent=2) + "\n")


def scaled(pipe):
    """DiTPipeline begins with noise of deviation 1 whatever its scheduler asks for, and steps on from the denoiser's scaled
    input instead of the latents, so that a scheduler that scales gives no picture. Here it is as in all other pipelines."""
    scheduler, scale, denoise = pipe.scheduler, pipe.scheduler.scale_model_input, pipe.transformer.forward
    first = lambda t: t == scheduler.timesteps[0]
    scheduler.scale_model_input = lambda x, t: x * scheduler.init_noise_sigma if first(t) else x
    pipe.transformer.forward = lambda x, timestep, **more: denoise(scale(x, timestep[0]), timestep=timestep, **more)
    return pipe


def make_dit_with_euler():
    folder = OUT / "dit"
    pipe = DiTPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    run = request(5, 4, 3.0, prompt="207", sampler="euler")
    image = drawn(scaled(pipe), run, dict(class_labels=[207], guidance_scale=3.0, num_inference_steps=4))
    save_file({"0": rounded(image)}, folder / "euler.safetensors")
    (folder / "euler-runs.json").write_text(json.dumps([run], indent=1) + "\n")


def make_pixart(kind, name, **settings):
    tokenizer, encoder = t5(None)
    transformer = randomize(
        PixArtTransformer2DModel(
            num_attention_heads=2,
            attention_head_dim=6,
            num_layers=2,
            sample_size=8,
            cross_attention_dim=12,
            caption_channels=10,
            norm_num_groups=1,
            **settings,
        )
    )
    pipe = kind(tokenizer, encoder, vae(), transformer, DPMSolverMultistepScheduler())
    run, call = text_run(steps=4)
    write(name, pipe, [(run, call | dict(clean_caption=False, use_resolution_binning=False))])


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    make_stable_diffusion()
    make_loras()
    make_inpainting()
    make_v_prediction()
    make_turbo()
    make_latent_consistency()
    make_xl(True)
    make_xl(False)
    make_pixels()
    make_ddpm_with_tcd()
    make_eta()
    make_dit()
    make_dit_with_euler()
    make_pixart(PixArtAlphaPipeline, "pixart-alpha")
    make_pixart(PixArtSigmaPipeline, "pixart-sigma", interpolation_scale=2)
