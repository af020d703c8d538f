#!/usr/bin/env python3
"""Train a small byte-level BPE tokenizer and record what Hugging Face's `tokenizers` makes of sample texts.

usage: reference_engine_tokenizer.py > tests/vectors/reference_engine_tokenizer.json   (needs the package tokenizers)
"""
import json
import sys
from importlib.metadata import version
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

sys.path.insert(0, str(Path(__file__).parents[3] / "examples/reference_engine/training"))
import corpus  # noqa: E402

SAMPLES = [
    "", " ", "a", "In the beginning God created the heaven and the earth.\n",
    "don't we'll I've 'tis they'd you're I'm   spaces  here\n\nAnd God said, Let there be light: and there was light.\n",
    "x=1234+56; foo_bar(baz)!!  \t tabs\t\n end  ", "And<|end|>now<|end|><|end|>", " leading", "trailing  ", "\n", " \n", "  x", "\n\n\nx",
    "'s's''s \n \n x", "'", "''", " '", " 's", "A\r\nB  \n\v\f", "12ab34CD", "caf\u00e9 na\u00efve", "<|end|", "#hash-tag @ $5.00 (50%)", "!?" * 5]


def main():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<|end|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator([text for _, text in list(corpus.chapters())[:20]], trainer)
    print(json.dumps({
        "provenance": f"Hugging Face tokenizers {version('tokenizers')}, written by tests/vectors/generators/reference_engine_tokenizer.py",
        "tokenizer": json.loads(tokenizer.to_str()),
        "cases": [{"text": text, "ids": tokenizer.encode(text).ids} for text in SAMPLES]}, separators=(",", ":")))


if __name__ == "__main__":
    main()
