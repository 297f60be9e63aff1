"""Writes a tiny SentencePiece model, and the ids that T5's tokenizer gives with it, to ../resources/golden/tokenizer.
Run with transformers 4.46 and sentencepiece 0.2: python make_tokenizer_golden.py"""

import json
import random
import tempfile
from pathlib import Path

import sentencepiece
from transformers import T5Tokenizer

OUT = Path(__file__).resolve().parent.parent / "resources" / "golden" / "tokenizer"
WORDS = "a red apple green dog runs over the quick brown fox jumps lazy photo of cat astronaut riding horse on mars it isn't 42 blue sky ＡＢＣ ﬁne café"
TEXTS = ["a red apple", "The  dog ﬁne ＡＢＣ café, isn't it? 42  ", "", "zebra ☃ of cats"]

random.seed(0)
with tempfile.TemporaryDirectory() as folder:
    corpus = Path(folder) / "corpus.txt"
    corpus.write_text("\n".join(" ".join(random.choices(WORDS.split(), k=8)) for _ in range(500)))
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus),
        model_prefix=f"{folder}/spiece",
        vocab_size=64,
        model_type="unigram",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        normalization_rule_name="nmt_nfkc",
        minloglevel=2,
    )
    tokenizer = T5Tokenizer(f"{folder}/spiece.model", extra_ids=100, legacy=True, model_max_length=16)
    tokenizer.save_pretrained(OUT)
(OUT / "added_tokens.json").unlink(missing_ok=True)
(OUT / "ids.json").write_text(
    json.dumps([dict(text=text, ids=tokenizer(text).input_ids) for text in TEXTS], ensure_ascii=False) + "\n"
)
