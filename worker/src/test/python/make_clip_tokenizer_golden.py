"""The ids of texts in many scripts by transformers' CLIPTokenizer, without ftfy, with the vocabulary of CLIP (MIT licence, Copyright
(c) 2021 OpenAI), which is in golden/clip-vocabulary/merges.txt.gz as OpenAI published it.

    python make_clip_tokenizer_golden.py
"""
import gzip
import json
import sys
import tempfile
from pathlib import Path

sys.modules["ftfy"] = None
from transformers import CLIPTokenizer

OUT = Path(__file__).parent.parent / "resources/golden/clip-vocabulary"
TEXTS = [
    "a red apple", "A Red  APPLE,\tisn't it?\n42", "ein grüner Apfel, Größe ÄÖÜß", "une pomme d'été à l'œuvre", "une pomme d'e\u0301te\u0301",
    "красное яблоко", "κόκκινο μήλο ΣΙΣΥΦΟΣ", "苹果在桌子上", "赤いリンゴとりんご", "빨간 사과", "تفاحة حمراء", "תפוח אדום", "लाल सेब", "แอปเปิ้ลสีแดง",
    "🍏 an apple 👩‍👩‍👧 family", "\ufeffa red apple", "a\u200bred\u200dapple", "a\u00a0red\u3000apple\u2028here", "a\x00red\x07apple\x1b", "\ufffd?", "a\u00adred",
    "don't WE'LL they've i'm he'd 's", "1234567 3.14 ½ ² Ⅷ", "!!! ... --- ~~~ ###", "(red:1.3) [apple] {x} <y> \\z", "<|endoftext|> a <|startoftext|> b", "İstanbul I ı",
    "ﬁne ﬂow", "Ａ Ｂ Ｃ １２３", "naïve café", "  leading and trailing  ", "", " ", "a" * 200, "漢字kanji混ぜ", "\U00020000\U0002a6d6", "e\u0301\u0302", "x\u2060y\u180ez",
]


def bytes_to_unicode():
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in kept]
    return {**{b: chr(b) for b in kept}, **{b: chr(256 + n) for n, b in enumerate(others)}}


def main():
    merges = gzip.open(OUT / "merges.txt.gz", "rt", encoding="utf-8").read().split("\n")[1:49152 - 256 - 2 + 1]
    letters = list(bytes_to_unicode().values())
    tokens = letters + [letter + "</w>" for letter in letters] + [merge.replace(" ", "") for merge in merges] + ["<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "vocab.json").write_text(json.dumps({token: n for n, token in enumerate(tokens)}))
        Path(folder, "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
        tokenizer = CLIPTokenizer(f"{folder}/vocab.json", f"{folder}/merges.txt")
        assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
        golden = [dict(text=text, ids=tokenizer(text).input_ids) for text in TEXTS]
    (OUT / "ids.json").write_text("[\n" + ",\n".join(json.dumps(line) for line in golden) + "\n]\n")


if __name__ == "__main__":
    main()
