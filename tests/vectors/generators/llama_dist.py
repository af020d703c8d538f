#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Choices of llama.cpp's `dist` sampler on recorded logits, from its rule alone: Mersenne Twister, float32, one pass.

Independent of the C++ library and of llama.cpp; standard library only. Usage: llama_dist.py > ../llama_dist.json
"""
import json
import math
import struct

MASK32 = 2**32 - 1


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


class Twister:
    """MT19937 as published by Matsumoto and Nishimura: outputs are made one state word at a time."""

    def __init__(self, seed):
        self.words = [seed & MASK32]
        for i in range(1, 624):
            previous = self.words[-1]
            self.words.append((1812433253 * (previous ^ (previous >> 30)) + i) & MASK32)
        self.at = 0

    def output(self):
        w, i = self.words, self.at
        joined = (w[i] & 0x80000000) | (w[(i + 1) % 624] & 0x7FFFFFFF)
        w[i] = w[(i + 397) % 624] ^ (joined >> 1) ^ (0x9908B0DF if joined & 1 else 0)
        self.at = (i + 1) % 624
        y = w[i]
        y ^= y >> 11
        y ^= (y << 7) & 0x9D2C5680
        y ^= (y << 15) & 0xEFC60000
        return y ^ (y >> 18)

    def uniform(self):
        """libstdc++'s generate_canonical<double, 53>: two outputs, the first one low; Python's int / int rounds once."""
        low, high = self.output(), self.output()
        return min((low + (high << 32)) / 2**64, math.nextafter(1.0, 0.0))


def choose(logits, u):
    """The index at which the running sum reaches u times the total, and the cumulative sums divided by the total."""
    top = max(logits)
    p = [0.0 if x == -math.inf else f32(math.exp(f32(x - top))) for x in logits]
    sums, total = [], 0.0
    for v in p:
        total += v
        sums.append(total)
    target = total * u
    return next(i for i, s in enumerate(sums) if s >= target), [s / total for s in sums]


def recorded_rows(count):
    """Logits like a language model's: a bulk and a few far above it, from a generator of their own."""
    state = 0x1234567

    def word():
        nonlocal state
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        return state >> 33

    def normal():
        return math.sqrt(-2 * math.log((word() + 0.5) / 2**31)) * math.cos(2 * math.pi * word() / 2**31)

    sizes = [1, 2, 3, 5, 8, 13, 21, 40]
    for index in range(count):
        size = sizes[index % len(sizes)]
        temperature = f32([0.5, 0.8, 1.0, 1.3][index // 8 % 4])
        logits = [f32(f32(3 * normal()) / temperature) for _ in range(size)]
        if index % 3 == 0:
            logits.sort(reverse=True)  # as top-k leaves them
        if index % 5 == 0 and size > 2:
            logits[size // 2] = -math.inf  # as a banned token
        ids = sorted({word() % 50000 for _ in range(3 * size)})[:size]
        ids.sort(key=lambda i: (i * 7919) % 50021)
        yield ids, logits


def main():
    sequences = []
    for seed in (0, 1, 42, 3141592653, 2**32 - 2):
        twister = Twister(seed)
        draws = []
        for ids, logits in recorded_rows(48):
            u = twister.uniform()
            chosen, cumulative = choose(logits, u)
            draws.append({
                "ids": ids,
                "logits": [None if x == -math.inf else x for x in logits],
                "u": u.hex(),
                "chosen": chosen,
                "low": (cumulative[chosen - 1] if chosen else 0.0),
                "high": cumulative[chosen],
            })
        sequences.append({"seed": seed, "draws": draws})
    print(json.dumps({
        "provenance": "Made by generators/llama_dist.py from the rule of llama.cpp's dist sampler: std::mt19937, one double "
                      "of libstdc++ per token, float32 exponentials, sums in double in array order. Logits are float32, "
                      "null is -infinity.",
        "sequences": sequences,
    }, separators=(",", ":")).replace('{"seed"', '\n{"seed"').replace('{"ids"', '\n {"ids"'))


main()
