#!/usr/bin/env python3
"""Train the byte-level BPE tokenizer (GPT-2 pre-tokenisation) and write tokenizer.json.

usage: tokenizer.py OUT_DIR
"""
import sys
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import corpus

VOCABULARY = 2048
END_OF_TEXT = "<|end|>"


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    train, held_out = corpus.split()
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((text for _, text in train), trainer)
    tokenizer.save(str(out / "tokenizer.json"))
    n = sum(len(tokenizer.encode(text).ids) for _, text in held_out)
    b = sum(len(text.encode()) for _, text in held_out)
    print(f"vocabulary {tokenizer.get_vocab_size()}, held-out text: {b} bytes in {n} tokens ({b / n:.3f} bytes per token)")


if __name__ == "__main__":
    main()
