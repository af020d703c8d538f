#!/usr/bin/env python3
"""Held-out loss of interpolated Kneser-Ney n-gram models on the same tokens: what the trained model has to beat.

usage: ngram_baseline.py tokenizer.json
"""
import json
import math
import sys
from collections import Counter, defaultdict

from tokenizers import Tokenizer

import corpus


class KneserNey:
    """Interpolated Kneser-Ney with one discount per order, n1 / (n1 + 2 n2)."""

    def __init__(self, ids, order, vocabulary):
        self.order, self.vocabulary = order, vocabulary
        counts = [None] * (order + 1)
        counts[order] = Counter(tuple(ids[i:i + order]) for i in range(len(ids) - order + 1))
        for n in range(order - 1, 0, -1):
            counts[n] = Counter(gram[1:] for gram in counts[n + 1])  # continuation counts
        self.counts, self.totals, self.types, self.discount = counts, [], [], []
        for n in range(1, order + 1):
            total, types = defaultdict(int), defaultdict(int)
            for gram, c in counts[n].items():
                total[gram[:-1]] += c
                types[gram[:-1]] += 1
            n1 = sum(1 for c in counts[n].values() if c == 1)
            n2 = sum(1 for c in counts[n].values() if c == 2)
            self.totals.append(total)
            self.types.append(types)
            self.discount.append(n1 / (n1 + 2 * n2) if n1 else 0.5)

    def probability(self, context, token):
        p = 1 / self.vocabulary
        for n in range(1, self.order + 1):
            history = tuple(context[len(context) - n + 1:]) if n > 1 else ()
            total = self.totals[n - 1].get(history, 0)
            if total == 0:
                break
            d = self.discount[n - 1]
            c = self.counts[n].get(history + (token,), 0)
            p = max(c - d, 0) / total + d * self.types[n - 1][history] / total * p
        return p


def main():
    tokenizer = Tokenizer.from_file(sys.argv[1])
    train, held_out = corpus.split()

    def encode(chapters):
        ids = []
        for _, text in chapters:
            ids += [0] + tokenizer.encode(text).ids
        return ids

    ids, test = encode(train), encode(held_out)
    test_bytes = sum(len(text.encode()) for _, text in held_out)
    results = {}
    for order in (1, 2, 3, 4, 5):
        model = KneserNey(ids, order, tokenizer.get_vocab_size())
        loss = -sum(math.log(model.probability(test[max(0, i - order + 1):i], test[i])) for i in range(1, len(test))) / (len(test) - 1)
        bits = loss * len(test) / math.log(2) / test_bytes
        results[f"{order}-gram"] = {"nats_per_token": loss, "bits_per_byte": bits}
        print(f"{order}-gram Kneser-Ney: {loss:.4f} nats/token, {bits:.3f} bits/byte", flush=True)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
