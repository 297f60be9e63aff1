"""What AUTOMATIC1111's prompts mean, for the tiny folder golden/pipelines/stable-diffusion: pieces and weights, texts by step,
states of the text encoder, and latents of samples whose text changes or is composed. An implementation of its own of what the
web UI's documentation says and its pictures show; PyTorch and transformers compute the states.

    python make_prompt_goldens.py
"""
import json
import re
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

ROOT = Path(__file__).parent.parent / "resources/golden"
OUT = ROOT / "prompts"
EMPHASIS = ["a red apple", "a (red) apple", "a ((red)) apple", "a [red] apple", "a (red:1.3) apple", "(a (red:0.5) apple:1.5)",
            "(a [red (round:2)] apple", "a red) apple]", r"a \(red\) apple \\", "a:b (c:d)", "(red:1.3", "a (very big:1.2), red, [[small]] apple",
            "", "()", "(a BREAK b:1.2) c", "one BREAK two", "BREAK", "BREAKFAST", "a (:1.2) b", "(a: +1.5 ) b", "(x:1.2.3) y"]
SCHEDULES = [("a [red:green:0.5] apple", 10), ("a [red:green:3] apple", 10), ("a [red:0.25] apple", 8), ("a [red::0.5] apple", 8),
             ("a [red|green|blue] apple", 7), ("a ([red:green:0.5]:1.3) apple", 10), ("[a [b:c:0.2]:d:0.6]", 10), ("a [red] apple", 5),
             ("a [red:green apple", 5), ("[a|[b:c:0.5]]", 6), (r"a \[red:green:0.5\]", 5), ("[a:b:20]", 10), ("plain: text", 4),
             ("[cow|cow|horse]", 4), ("[:a:1]", 4), ("[a:b:1.0]", 10), ("(a:1.2)", 3), ("[a|]b", 4)]
STATES = ["a red apple", "a (red:1.5) apple", "(a red apple:0.7), [on] white", "a b c d e f g h i j k l m n o p q (r:1.3) s t",
          "a b c d e, f g h i j k l m n o p", "one BREAK (two:2)", ""]
RUNS = [("a [red:green:0.5] apple", "blue", 1), ("a red apple AND a (big:1.2) dog :0.5", "blue", 1), ("[a|b] c", "", 1),
        ("a b c d e f g h i j k l m n o p", "blue", 1), ("a red apple", "a [b:c:2]", 1), ("a red apple", "blue", 2)]
STEPS, GUIDANCE, SEED = 5, 4.0, 7


def pieces(text):
    """Pieces and weights. An open bracket is a place in the list from which everything is multiplied when it closes."""
    found, opened = [], []
    i = 0
    while i < len(text):
        c = text[i]
        number = re.compile(r":\s*([+-]?[.\d]+)\s*\)").match(text, i)
        rounds = [o for o in opened if o[0] == "("]
        squares = [o for o in opened if o[0] == "["]

        def close(bracket, factor):
            place = bracket[1]
            opened.remove(bracket)
            for piece in found[place:]:
                if piece[0] is not None:
                    piece[1] *= factor

        if c == "\\" and i + 1 < len(text) and text[i + 1] in "()[]\\":
            found.append([text[i + 1], 1.0])
            i += 2
        elif c == "(" or c == "[":
            opened.append((c, len(found)))
            i += 1
        elif number and rounds and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", number[1]):
            close(rounds[-1], float(number[1]))
            i = number.end()
        elif number:
            found.append([number[0], 1.0])
            i = number.end()
        elif c == ")" and rounds:
            close(rounds[-1], 1.1)
            i += 1
        elif c == "]" and squares:
            close(squares[-1], 1 / 1.1)
            i += 1
        elif c in "\\)]:":
            found.append([c, 1.0])
            i += 1
        else:
            end = i
            while end < len(text) and text[end] not in "\\()[]:":
                end += 1
            for n, part in enumerate(re.split(r"\s*\bBREAK\b\s*", text[i:end])):
                if n:
                    found.append([None, 1.0])
                found.append([part, 1.0])
            i = end
    for bracket, place in opened:
        for piece in found[place:]:
            if piece[0] is not None:
                piece[1] *= 1.1 if bracket == "(" else 1 / 1.1
    joined = []
    for piece in found:
        if joined and piece[0] is not None and joined[-1][0] is not None and joined[-1][1] == piece[1]:
            joined[-1][0] += piece[0]
        else:
            joined.append(piece)
    return joined or [["", 1.0]]


class Malformed(Exception):
    pass


def schedule(text, steps):
    """[last step, text] of each span. The tree is made of strings, lists, and functions of the step."""
    changes = {steps}

    def inner(i):
        tree = []
        while i < len(text) and text[i] not in ")]:|":
            if text[i] == "\\" and i + 1 < len(text):
                tree.append(text[i:i + 2])
                i += 2
            elif text[i] in "([":
                before = set(changes)
                node = (group if text[i] == "(" else square)(i + 1)
                if node is None:
                    changes.clear()
                    changes.update(before)
                    return tree, i
                tree.append(node[0])
                i = node[1]
            else:
                tree.append(text[i])
                i += 1
        return tree, i

    def at(i):
        return text[i] if i < len(text) else ""

    def group(i):
        tree, i = inner(i)
        tree = ["(", tree]
        if at(i) == ":":
            weight, i = inner(i + 1)
            tree += [":", weight]
        return (tree + [")"], i + 1) if at(i) == ")" else None

    def when(i):
        number = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*]").match(text, i)
        if not number:
            return None
        value = float(number[1]) * steps if "." in number[1] else float(number[1])
        step = min(steps, int(value))
        if step >= 1:
            changes.add(step)
        return step, number.end()

    def square(i):
        first, i = inner(i)
        if at(i) == "]":
            return ["[", first, "]"], i + 1
        if at(i) == "|":
            options = [first]
            while at(i) == "|":
                option, i = inner(i + 1)
                options.append(option)
            if at(i) != "]":
                return None
            changes.update(range(1, steps + 1))
            return (lambda step: options[(step - 1) % len(options)]), i + 1
        if at(i) != ":":
            return None
        end = when(i + 1)
        if end:
            return (lambda step: first if step > end[0] else []), end[1]
        second, i = inner(i + 1)
        end = when(i + 1) if at(i) == ":" else None
        return ((lambda step: first if step <= end[0] else second), end[1]) if end else None

    def flat(tree, step):
        if callable(tree):
            return flat(tree(step), step)
        return tree if isinstance(tree, str) else "".join(flat(node, step) for node in tree)

    tree, i = [], 0
    while i < len(text):
        part, i = inner(i)
        tree.append(part)
        if i < len(text):
            if text[i] == "|":
                return [[steps, text]]
            tree.append(text[i])
            i += 1
    return [[step, flat(tree, step)] for step in sorted(changes)]


class Encoder:
    def __init__(self, pipe):
        self.tokenizer, self.model = pipe.tokenizer, pipe.text_encoder
        self.room = self.tokenizer.model_max_length - 2
        self.comma = self.tokenizer(",", add_special_tokens=False).input_ids[0]

    def chunks(self, text):
        chunks, current, last_comma = [], [], None

        def finish():
            nonlocal current, last_comma
            chunks.append(current)
            current, last_comma = [], None

        for part, weight in pieces(text):
            if part is None:
                finish()
                continue
            for token in self.tokenizer(part, add_special_tokens=False, truncation=False).input_ids:
                if token == self.comma:
                    last_comma = len(current)
                elif len(current) == self.room and last_comma is not None and self.room - last_comma <= 20:
                    rest = current[last_comma + 1:]
                    current = current[:last_comma + 1]
                    finish()
                    current = rest
                if len(current) == self.room:
                    finish()
                current.append((token, weight))
        if current or not chunks:
            finish()
        return chunks

    def states(self, text, skip=0):
        parts = []
        for chunk in self.chunks(text):
            begin, end, pad = self.tokenizer.bos_token_id, self.tokenizer.eos_token_id, self.tokenizer.pad_token_id
            empty = self.room - len(chunk)
            ids = [begin] + [token for token, _ in chunk] + [end] + [pad] * empty
            weights = torch.tensor([1.0] + [weight for _, weight in chunk] + [1.0] * (1 + empty))
            out = self.model(torch.tensor([ids]), output_hidden_states=True)
            z = self.model.text_model.final_layer_norm(out.hidden_states[-1 - skip])
            mean = z.mean()
            z = z * weights[None, :, None]
            parts.append(z * (mean / z.mean()))
        return torch.cat(parts, 1)


def composition(prompt):
    parts = []
    for part in re.split(r"\bAND\b", prompt):
        match = re.fullmatch(r"(?s)(.*?)(?:\s*:\s*([-+]?(?:\d+\.?|\d*\.\d+)))?\s*", part)
        parts.append((match[1], float(match[2] or 1)))
    return parts


def at_step(spans, step):
    return next(text for last, text in spans if step <= last)


def run(pipe, encoder, prompt, negative, skip):
    parts = [(schedule(text, STEPS), weight) for text, weight in composition(prompt)]
    unwanted = schedule(negative, STEPS)
    pipe.scheduler.set_timesteps(STEPS)
    size = 16 // pipe.vae_scale_factor
    x = torch.randn(1, pipe.unet.config.in_channels, size, size, generator=torch.Generator().manual_seed(SEED)) * pipe.scheduler.init_noise_sigma
    for step, t in enumerate(pipe.scheduler.timesteps):
        given = pipe.scheduler.scale_model_input(x, t)
        u = pipe.unet(given, t, encoder.states(at_step(unwanted, step), skip - 1)).sample
        wanted = [encoder.states(at_step(spans, step), skip - 1) for spans, _ in parts]
        most = max(states.shape[1] for states in wanted)
        mixed = u
        for states, (_, weight) in zip(wanted, parts):
            repeated = torch.cat([states] + [states[:, -1:]] * (most - states.shape[1]), 1)
            mixed = mixed + weight * GUIDANCE * (pipe.unet(given, t, repeated).sample - u)
        x = pipe.scheduler.step(mixed, t, x, return_dict=False)[0]
    return x


def main():
    torch.set_grad_enabled(False)
    pipe = StableDiffusionPipeline.from_pretrained(ROOT / "pipelines/stable-diffusion", torch_dtype=torch.float32)
    encoder = Encoder(pipe)
    OUT.mkdir(exist_ok=True)
    golden = dict(
        emphasis=[dict(prompt=text, pieces=pieces(text)) for text in EMPHASIS],
        schedules=[dict(prompt=text, steps=steps, spans=schedule(text, steps)) for text, steps in SCHEDULES],
        states=STATES,
        runs=[dict(prompt=p, negative=n, clipSkip=skip - 1, steps=STEPS, guidance=GUIDANCE, seed=SEED) for p, n, skip in RUNS])
    (OUT / "prompts.json").write_text(json.dumps(golden, indent=1) + "\n")
    tensors = {f"states.{i}": encoder.states(text).contiguous() for i, text in enumerate(STATES)}
    tensors |= {f"latents.{i}": run(pipe, encoder, *r).contiguous() for i, r in enumerate(RUNS)}
    save_file(tensors, OUT / "prompts.safetensors")


if __name__ == "__main__":
    main()
