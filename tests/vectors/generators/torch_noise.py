#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What PyTorch itself draws and computes on a CPU: exponential_(), vLLM's filters, and the tokens they lead to.

Usage: torch_noise.py > ../torch_noise.json
Needs torch and numpy. ATEN_CPU_CAPABILITY (default, avx2, avx512) chooses PyTorch's kernels. Bits are hexadecimal numbers.
"""
import hashlib
import json
import os
import platform
import subprocess
import sys

import numpy
import torch

BITS = {torch.float32: torch.int32, torch.float64: torch.int64}
NAMES = {torch.float32: "float32", torch.float64: "float64"}


def bits_of(tensor):
    width = tensor.element_size() * 8
    return [f"{v & (2**width - 1):x}" for v in tensor.view(BITS[tensor.dtype]).tolist()]


def digest_of(tensor):
    """SHA-256 of the elements, little-endian, one after another."""
    return hashlib.sha256(tensor.contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()


def shown(tensor, whole):
    """All bits of a short tensor; else both ends and a digest."""
    if tensor.numel() <= whole:
        return {"bits": bits_of(tensor)}
    return {"first": bits_of(tensor[:4]), "last": bits_of(tensor[-4:]), "sha256": digest_of(tensor)}


def generator(seed):
    return torch.Generator().manual_seed(seed)


def origin():
    return {
        "torch": torch.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "mkl": torch.backends.mkl.is_available(),
    }


# --- exponential_ ----------------------------------------------------------------------------------------------------
SEEDS = [0, 1, 42, 2**31, 2**32 - 1, 2**32 + 42, 2**63 + 7, 0x123456789ABCDEF0]


def exponential_cases():
    """Rows of one generator, one call per row; "uniforms" is the digest of what torch.rand draws in their place, in float64."""
    out = []
    for dtype in (torch.float32, torch.float64):
        for size, rows in ((1, 5), (15, 3), (16, 3), (17, 3), (1000, 2), (128256, 2)):
            for seed in SEEDS if size == 17 else SEEDS[2::3] if size < 100000 else [42]:
                g = generator(seed)
                draws = [torch.empty(size, dtype=dtype).exponential_(generator=g) for _ in range(rows)]
                uniforms = torch.rand(rows * size, generator=generator(seed), dtype=torch.float64)
                out.append({"dtype": NAMES[dtype], "seed": str(seed), "size": size, "uniforms": digest_of(uniforms),
                            "rows": [shown(d, 17) for d in draws]})
    return out


# --- vLLM's sampler --------------------------------------------------------------------------------------------------
def apply_top_k_top_p(logits, k, p):
    """The rule of vLLM's native sampler on one row, with its operations: sort, cumsum, masks in float32."""
    ordered, index = logits.sort(dim=-1, descending=False, stable=True)
    if k > 0:
        threshold = ordered[max(ordered.numel() - k, 0)]
        ordered = ordered.masked_fill(ordered < threshold, -float("inf"))
    if p < 1:
        sums = torch.cumsum(ordered.softmax(dim=-1), dim=-1)
        drop = sums <= 1 - torch.tensor(p, dtype=torch.float32)
        drop[-1] = False
        ordered = ordered.masked_fill(drop, -float("inf"))
    return torch.full_like(logits, -float("inf")).scatter_(0, index, ordered)


def make_row(kind, size, g):
    if kind == "ties":  # few distinct values: borders fall among equals
        return torch.randint(0, 6, (size,), generator=g).float() / 2
    if kind == "peaked":
        return torch.randn(size, generator=g) * 4
    if kind == "probabilities":  # round decimal probabilities: cumulative sums that meet 1 - p but for rounding
        weights = torch.randint(1, 20, (size,), generator=g).double()
        return (weights / weights.sum()).log().float()
    return torch.randn(size, generator=g)


SETTINGS = [(1.0, 0, 0.9), (1.0, 5, 1.0), (1.0, 5, 0.9), (0.7, 8, 0.95), (1.3, 0, 0.5), (0.3, 3, 0.8), (1.0, 0, 1.0),
            (0.9, 50, 0.75)]


def sampler_cases():
    """Kept ids and three tokens of exponential races, p / q, as vLLM samples with a generator per request."""
    g, out = generator(2024), []
    for number in range(96):
        kind = ("plain", "ties", "peaked", "probabilities")[number % 4]
        size = (8, 20, 33, 64)[number // 4 % 4]
        temperature, k, p = SETTINGS[number % len(SETTINGS)] if number % 3 else SETTINGS[number // 3 % len(SETTINGS)]
        row = make_row(kind, size, g)
        left = apply_top_k_top_p(row.div(temperature), k, p)
        probabilities = left.softmax(dim=-1, dtype=torch.float32)
        draws, tokens = generator(7000 + number), []
        for _ in range(3):
            q = torch.empty_like(probabilities).exponential_(generator=draws)
            tokens.append(int(probabilities.div(q).argmax()))
        kept = (left > -float("inf")).nonzero().flatten().tolist()
        out.append({"logits": bits_of(row), "temperature": temperature, "top_k": k, "top_p": p, "seed": 7000 + number,
                    "kept": kept, "tokens": tokens})
    return out


def kept_by_serial_sums(row, k, p):
    """The same rule with running sums in float32, one after another: torch.cumsum on a CPU sums in double and rounds."""
    ordered, index = row.sort(stable=True)
    if k > 0:
        ordered = ordered.masked_fill(ordered < ordered[max(ordered.numel() - k, 0)], -float("inf"))
    running, limit, kept = numpy.float32(0), numpy.float32(1) - numpy.float32(p), []
    for at, share in enumerate(ordered.softmax(-1).numpy()):
        running = numpy.float32(running + share)
        if ordered[at] > -float("inf") and (p >= 1 or running > limit or at == len(row) - 1):
            kept.append(int(index[at]))
    return sorted(kept)


def border_cases():
    """Rows whose cumulative sums come within an ulp of 1 - p, where ways of summing disagree."""
    out = []
    for weights, k, p in (([40, 30, 20, 6, 4], 0, 0.9), ([40, 30, 20, 6, 4], 3, 0.75), ([40, 30, 20, 6, 4], 0, 0.75),
                          ([5, 5, 5, 5], 0, 0.75), ([5, 5, 5, 5], 0, 0.5), ([1] * 10, 0, 0.9), ([1] * 10, 0, 0.3),
                          ([70, 20, 10], 0, 0.7), ([70, 20, 10], 0, 0.9), ([60, 25, 10, 5], 2, 0.85),
                          ([8, 4, 2, 1, 1], 0, 0.9375), ([8, 4, 2, 1, 1], 0, 0.5), ([2, 1, 1, 1, 0.5], 2, 1.0)):
        w = torch.tensor(weights, dtype=torch.float64)
        row = (w / w.sum()).log().float()
        left = apply_top_k_top_p(row, k, p)
        wide = row.double()
        ordered, index = wide.sort(stable=True)
        if k > 0:
            ordered = ordered.masked_fill(ordered < ordered[max(ordered.numel() - k, 0)], -float("inf"))
        drop = torch.cumsum(ordered.softmax(-1), -1) <= 1 - p
        drop[-1] = False
        double_kept = sorted(index[~drop & (ordered > -float("inf"))].tolist())
        kept = (left > -float("inf")).nonzero().flatten().tolist()
        out.append({"logits": bits_of(row), "temperature": 1.0, "top_k": k, "top_p": p, "kept": kept,
                    "serial_kept": kept_by_serial_sums(row, k, p), "float64_kept": double_kept})
    return out


# --- Files ---------------------------------------------------------------------------------------------------------
def cases_by_capability(what):
    """The same cases under each kernel set that this processor has; sets that agree with an earlier one are named with it."""
    sets = []
    for capability in ("default", "avx2", "avx512"):
        told = subprocess.run([sys.executable, __file__, what], env={**os.environ, "ATEN_CPU_CAPABILITY": capability},
                              capture_output=True, text=True, check=True)
        cases = json.loads(told.stdout)
        same = next((s for s in sets if s["cases"] == cases), None)
        if same:
            same["capabilities"].append(capability)
        else:
            sets.append({"capabilities": [capability], "cases": cases})
    return sets


def lines(value, depth=0):
    """JSON with one case per line."""
    if depth < 5 and isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(lines(v, depth + 1) for v in value) + "]"
    nested = isinstance(value, dict) and "rows" not in value and any(
        isinstance(v, list) and v and isinstance(v[0], dict) for v in value.values())
    if depth < 5 and nested:
        return "{" + ",\n".join(json.dumps(k) + ":" + lines(v, depth + 1) for k, v in value.items()) + "}"
    return json.dumps(value, separators=(",", ":"))


def main(what):
    if what == "exponential":
        print(json.dumps(exponential_cases()))
    elif what == "noise":
        print(lines({"provenance": "Made by generators/torch_noise.py with PyTorch itself, on a CPU.", "origin": origin(),
                     "exponential": cases_by_capability("exponential"), "sampler": sampler_cases(),
                     "borders": border_cases()}))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "noise")
