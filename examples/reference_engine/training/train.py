#!/usr/bin/env python3
"""Train one model on the CPU and write config.json and model.safetensors (bf16).

usage: train.py --tokenizer tokenizer.json --out DIR [--size base|small] [--minutes 60] [--seed 1]

The learning rate follows the share of the time budget that is used, so that a slower machine trains
a shorter but complete schedule. See README.md for the packages and the BLAS this needs.
"""
import argparse
import json
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer

import corpus
from llama import Config, Llama

SIZES = {
    "base": Config(),
    "small": Config(hidden_size=128, intermediate_size=352, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2),
}


def encode(tokenizer, chapters):
    ids = []
    for _, text in chapters:
        ids += [0] + tokenizer.encode(text).ids
    return torch.tensor(ids, dtype=torch.long)


@torch.no_grad()
def held_out_loss(model, ids, context):
    """Mean nats per token over non-overlapping windows."""
    model.eval()
    total, count = 0.0, 0
    windows = [ids[i:i + context + 1] for i in range(0, len(ids) - 1, context)]
    windows = [w for w in windows if len(w) == context + 1]
    for i in range(0, len(windows), 16):
        w = torch.stack(windows[i:i + 16])
        total += F.cross_entropy(model(w[:, :-1]).flatten(0, 1), w[:, 1:].flatten(), reduction="sum").item()
        count += w[:, 1:].numel()
    model.train()
    return total / count


def save(model, out, report):
    out.mkdir(parents=True, exist_ok=True)
    save_file({k: v.detach().to(torch.bfloat16).contiguous() for k, v in model.state_dict().items()},
              str(out / "model.safetensors"), metadata={"format": "pt"})
    (out / "config.json").write_text(json.dumps(model.config.to_json(), indent=2) + "\n")
    (out / "training.json").write_text(json.dumps(report, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--size", choices=SIZES, default="base")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    tokenizer = Tokenizer.from_file(args.tokenizer)
    train_chapters, held_out_chapters = corpus.split()
    train, held_out = encode(tokenizer, train_chapters), encode(tokenizer, held_out_chapters)
    held_out_bytes = sum(len(text.encode()) for _, text in held_out_chapters)
    model = Llama(SIZES[args.size], args.dropout)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters} parameters, {len(train)} training tokens, {len(held_out)} held out", flush=True)

    decay = [p for p in model.parameters() if p.dim() == 2]
    keep = [p for p in model.parameters() if p.dim() != 2]
    optimiser = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1}, {"params": keep, "weight_decay": 0.0}],
                                  lr=args.rate, betas=(0.9, 0.95))
    start, step, next_report, smooth = time.time(), 0, 0.0, None
    best = math.inf
    while True:
        used = (time.time() - start) / (60 * args.minutes)
        if used >= 1:
            break
        warm = min(1.0, (step + 1) / 100)
        rate = args.rate * warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * used)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        at = torch.randint(len(train) - args.context - 1, (args.batch,))
        batch = torch.stack([train[i:i + args.context + 1] for i in at])
        loss = F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        smooth = loss.item() if smooth is None else 0.98 * smooth + 0.02 * loss.item()
        if used >= next_report or used >= 0.99999:
            next_report += 0.05
            validation = held_out_loss(model, held_out, args.context)
            tokens = step * args.batch * args.context
            bits = validation * len(held_out) / math.log(2) / held_out_bytes
            print(f"{100 * used:5.1f} % step {step} tokens {tokens} rate {rate:.2e} train {smooth:.3f} "
                  f"held out {validation:.4f} nats/token {bits:.3f} bits/byte", flush=True)
            if validation < best:
                best = validation
                save(model, args.out, {"size": args.size, "parameters": parameters, "steps": step, "tokens_seen": tokens,
                                       "seed": args.seed, "held_out_nats_per_token": validation, "held_out_bits_per_byte": bits})
    validation = held_out_loss(model, held_out, args.context)
    bits = validation * len(held_out) / math.log(2) / held_out_bytes
    print(f"done: step {step} held out {validation:.4f} nats/token {bits:.3f} bits/byte (best {best:.4f})", flush=True)
    if validation < best:
        save(model, args.out, {"size": args.size, "parameters": parameters, "steps": step, "tokens_seen": step * args.batch * args.context,
                               "seed": args.seed, "held_out_nats_per_token": validation, "held_out_bits_per_byte": bits})


if __name__ == "__main__":
    main()
