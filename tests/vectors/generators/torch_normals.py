#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes tests/vectors/torch_normals.json with PyTorch on the CPU: normal draws, and Gaussian fingerprints as the authors of
Activation-DiFR compute them. Usage: torch_normals.py OUTPUT (needs torch; see `provenance` for the version used)."""
import json
import math
import sys

import torch


def draws():
    """What follows what on one generator: (dtype, size) pairs, with the last elements of each tensor."""
    sequences = []
    for seed, calls in ((42, [("float32", n) for n in (5, 3, 15, 16, 17, 31, 32, 33, 100, 7)]),
                        (42, [("float64", n) for n in (3, 16, 21, 2)]),
                        (2**32 + 7, [("float32", 1), ("float64", 2), ("float32", 40), ("float32", 2)]),
                        (123456789, [("float32", 4096 * 4)])):
        generator = torch.Generator().manual_seed(seed)
        tensors = []
        for dtype, size in calls:
            values = torch.randn(size, generator=generator, dtype=getattr(torch, dtype)).tolist()
            tensors.append({"dtype": dtype, "size": size, "last": values[-24:]})
        sequences.append({"seed": seed, "tensors": tensors})
    return sequences


def row(width, shift):
    """Exact in bfloat16."""
    return [((i * 37 + shift) % 101 - 50) / 16 for i in range(width)]


def fingerprints():
    cases = []
    for width, sketch in ((64, 2), (256, 8), (1024, 16), (896, 32)):
        drawn = torch.randn(width, sketch, generator=torch.Generator().manual_seed(42))
        narrow = drawn.bfloat16()
        narrow = narrow / torch.sqrt(torch.tensor(sketch, dtype=torch.bfloat16))
        wide = drawn / math.sqrt(sketch)
        a, b = (torch.tensor(row(width, shift)) for shift in (0, 1))
        f16 = [(x.bfloat16() @ narrow) for x in (a, b)]
        f32 = [(x.double() @ wide.double()) for x in (a, b)]
        cases.append({"width": width, "sketch": sketch, "bf16": f16[0].tolist(),
                      "bf16_distance": torch.linalg.vector_norm(f16[0] - f16[1]).item(),
                      "fp32": f32[0].tolist(), "fp32_distance": torch.linalg.vector_norm(f32[0] - f32[1]).item()})
    return cases


def golden():
    """Two rows that differ by one bfloat16 step in two elements, projected by a stated matrix."""
    weights = torch.tensor([[1, .5], [-.25, 1.5], [.75, -1], [2, .125], [-.5, .25], [1, 1], [.375, -.625], [-1.5, 2]])
    a = torch.tensor([.5, -1.25, 3, .75, -2, .125, 1, -.375])
    b = a.clone()
    b[2], b[4] = 3.03125, -2.015625
    narrow = weights.bfloat16() / torch.sqrt(torch.tensor(2, dtype=torch.bfloat16))
    f = [x.bfloat16() @ narrow for x in (a, b)]
    return {"a": f[0].tolist(), "b": f[1].tolist(), "distance": torch.linalg.vector_norm(f[0] - f[1]).item()}


with open(sys.argv[1], "w", encoding="utf-8") as out:
    json.dump({"provenance": f"torch {torch.__version__} on the CPU, capability {torch.backends.cpu.get_cpu_capability()}, "
                             "by generators/torch_normals.py",
               "draws": draws(), "fingerprints": fingerprints(), "golden": golden()}, out, indent=1)
    out.write("\n")
