#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Choices that llama.cpp itself made: sampler chains of libllama run on logits, no model needed; standard library only.

  npm pack @node-llama-cpp/linux-x64@3.22.1 && tar xzf node-llama-cpp-linux-x64-3.22.1.tgz
  llama_dist_engine.py package/bins/linux-x64/libllama.v0.5.0.so > ../llama_dist_engine.json

Recorded: the candidates as they reach the last sampler of the chain, `dist`, and the token it chose.
"""
import ctypes
import json
import math
import os
import struct
import sys


class TokenData(ctypes.Structure):
    _fields_ = [("id", ctypes.c_int32), ("logit", ctypes.c_float), ("p", ctypes.c_float)]


class TokenDataArray(ctypes.Structure):
    _fields_ = [("data", ctypes.POINTER(TokenData)), ("size", ctypes.c_size_t), ("selected", ctypes.c_int64),
                ("sorted", ctypes.c_bool)]


def load(path):
    folder = os.path.dirname(os.path.abspath(path))
    for name in ("libggml-base.so", "libggml.v0.5.0.so"):
        if os.path.exists(os.path.join(folder, name)):
            ctypes.CDLL(os.path.join(folder, name), mode=ctypes.RTLD_GLOBAL)
    library = ctypes.CDLL(path)
    for name, kinds in {"dist": [ctypes.c_uint32], "temp": [ctypes.c_float], "top_k": [ctypes.c_int32],
                        "top_p": [ctypes.c_float, ctypes.c_size_t], "min_p": [ctypes.c_float, ctypes.c_size_t],
                        "typical": [ctypes.c_float, ctypes.c_size_t]}.items():
        make = getattr(library, "llama_sampler_init_" + name)
        make.restype, make.argtypes = ctypes.c_void_p, kinds
    library.llama_sampler_apply.argtypes = [ctypes.c_void_p, ctypes.POINTER(TokenDataArray)]
    library.llama_sampler_apply.restype = None
    return library


def make_logits(state, size):
    """Logits on [-8, 8) in steps of 2^-20, from a linear congruential generator; returns its new state too."""
    logits = []
    for _ in range(size):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        logits.append((state >> 40) / 2**20 - 8)
    return logits, state


def record(library, seed, chain, size, count):
    samplers = [getattr(library, "llama_sampler_init_" + name)(*values) for name, *values in chain]
    dist = library.llama_sampler_init_dist(seed)
    draws, state = [], seed
    for _ in range(count):
        logits, state = make_logits(state, size)
        data = (TokenData * size)(*[TokenData(i, logit, 0) for i, logit in enumerate(logits)])
        array = TokenDataArray(data, size, -1, False)
        for sampler in samplers:
            library.llama_sampler_apply(sampler, ctypes.byref(array))
        seen = [array.data[i] for i in range(array.size)]
        ids, scaled = [t.id for t in seen], [t.logit for t in seen]
        library.llama_sampler_apply(dist, ctypes.byref(array))
        draws.append({"ids": ids, "logits": scaled, "token": array.data[array.selected].id})
    return {"seed": seed, "chain": {name: values[0] for name, *values in chain}, "vocabulary": size, "draws": draws}


def main():
    library = load(sys.argv[1])
    runs = [
        (42, [("temp", 0.75)], 120, 25),
        (7, [("top_k", 40), ("temp", 0.75)], 300, 40),
        (123456789, [("top_k", 40), ("top_p", 0.95, 1), ("min_p", 0.05, 1), ("temp", 0.75)], 300, 60),
        (11, [("top_p", 0.875, 1), ("temp", 1.25)], 300, 40),
        (12, [("min_p", 0.125, 1), ("temp", 1.25)], 300, 40),
        (1, [("typical", 0.75, 1), ("temp", 1.25)], 200, 30),
        (2, [("top_k", 60), ("typical", 0.75, 1), ("top_p", 0.875, 1), ("temp", 1.25)], 200, 30),
        (5, [("top_p", 0.25, 1), ("temp", 0.5)], 30, 80),
        (3, [("top_k", 1), ("temp", 1.0)], 50, 5),
    ]
    sequences = [record(library, *run) for run in runs]
    print(json.dumps({
        "provenance": "Recorded by generators/llama_dist_engine.py from libllama v0.5.0 (npm @node-llama-cpp/linux-x64 "
                      "3.22.1, llama.cpp of September 2026, MIT). Samplers run in the order listed. Candidates are "
                      "those that reach dist, in its order; their logits are float32 after temp. Raw logits are made by "
                      "the script's make_logits, whose state starts at the seed and runs on from draw to draw.",
        "sequences": sequences,
    }, separators=(",", ":")).replace('{"seed"', '\n{"seed"').replace('{"ids"', '\n {"ids"'))


main()
