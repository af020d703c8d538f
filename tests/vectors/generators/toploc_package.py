#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Records what the `toploc` package answers: tests/vectors/toploc_package.json.

    python3 -m venv venv && venv/bin/pip install toploc==0.1.6 torch==2.6.0 numpy
    venv/bin/python toploc_package.py ../toploc_package.json [seed]     (half a minute)

toploc 0.1.6 is a binary built for PyTorch of spring 2025; it does not load with PyTorch 2.15. The file holds seeds and
answers, no tensors: a reader makes the tensors again by the rules below, in integers. Another seed draws other cases:
scripts/toploc_package.sh compares fresh ones.

Stream. word(seed, i) is the i-th output, i from 0, of splitmix64 with state `seed`.
Codes. Entry i of a request's rows, prompt first, row after row, is the bf16 code that its kind makes of word(seed, i).
  normal     the sum of the four 16-bit fields, minus 131070, over 2^15, rounded to bf16 (ties to even)
  heavy      sign: bit 63; exponent 130 minus the zeros below the lowest set bit of bits 7-62, at least 100; mantissa: bits 0-6
  coarse     sign: bit 63; 0x3f80 + 16 times bits 0-2
  outliers   as normal; where the column's number is 5 mod 64, three added to the exponent
  sparse     as heavy where bits 56-59 are 0, else a zero with sign bit 63
  tiny       subnormal: sign: bit 63; bits 0-6
  negative   as normal, with the sign set
  raw        bits 0-15, with bit 14 cleared if that is no finite number
  constant   0x4000
  ramp       0x3f80 + (i mod 2048)
  special    as coarse; bits 32-37 = 0: bits 0-2 choose one of 7fc0 ffc0 7f80 ff80 7fa1 ffd8 ffff 8000
Change. What the verifier has instead; r = word(seed + 1, i).
  none       the same
  jitter     magnitude + (r mod 7) - 3, kept in 0 ... 0x7f7f, the sign unchanged (not for special)
  mixed      as jitter; where r >> 58 = 0, 0x3f80 + (r >> 8) mod 512 instead
  other      the codes of seed + 2
`tensor` holds (exp_mismatches, mant_err_mean, mant_err_median) of the package's path for tensors, chunk by chunk, `list`
those of its path for lists. `aliased` holds chunks of kind normal whose modulus is not 65497, and what either path says to
the very activations that were proved.
"""
import hashlib
import json
import sys

import numpy as np
import torch
import toploc
from toploc.poly import ProofPoly

GAMMA = np.uint64(0x9E3779B97F4A7C15)
SPECIAL = np.array([0x7FC0, 0xFFC0, 0x7F80, 0xFF80, 0x7FA1, 0xFFD8, 0xFFFF, 0x8000], dtype=np.uint16)


def words(seed, count, first=0):
    with np.errstate(over="ignore"):
        z = np.uint64(seed % 2**64) + (np.arange(first, first + count, dtype=np.uint64) + np.uint64(1)) * GAMMA
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def bits(w, low, count):
    return (w >> np.uint64(low)) & np.uint64(2**count - 1)


def round_to_bf16(x):
    u = x.astype(np.float32).view(np.uint32)
    return ((u + np.uint32(0x7FFF) + ((u >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)


def codes(kind, seed, count, width):
    w = words(seed, count)
    i = np.arange(count)
    sign = (bits(w, 63, 1) << np.uint64(15)).astype(np.uint16)
    if kind in ("normal", "outliers", "negative"):
        total = sum(bits(w, 16 * f, 16).astype(np.int64) for f in range(4)) - 131070
        c = round_to_bf16(total / 2.0**15)
        if kind == "outliers":
            c = np.where(i % width % 64 == 5, c + np.uint16(3 << 7), c)
        return c | np.uint16(0x8000) if kind == "negative" else c
    if kind in ("heavy", "sparse"):
        field = bits(w, 7, 56)
        lowest = field & (~field + np.uint64(1))
        zeros = np.where(field == 0, 56, np.log2(np.maximum(lowest, np.uint64(1)).astype(np.float64)))
        exponent = np.maximum(130 - zeros, 100).astype(np.uint16)
        c = sign | (exponent << np.uint16(7)) | bits(w, 0, 7).astype(np.uint16)
        return c if kind == "heavy" else np.where(bits(w, 56, 4) == 0, c, sign)
    if kind in ("coarse", "special"):
        c = sign | (0x3F80 + 16 * bits(w, 0, 3)).astype(np.uint16)
        return c if kind == "coarse" else np.where(bits(w, 32, 6) == 0, SPECIAL[bits(w, 0, 3).astype(int)], c)
    if kind == "tiny":
        return sign | bits(w, 0, 7).astype(np.uint16)
    if kind == "raw":
        c = bits(w, 0, 16).astype(np.uint16)
        return np.where((c & 0x7F80) == 0x7F80, c & 0xBFFF, c).astype(np.uint16)
    if kind == "constant":
        return np.full(count, 0x4000, dtype=np.uint16)
    assert kind == "ramp"
    return (0x3F80 + i % 2048).astype(np.uint16)


def changed(own, kind, change, seed, width):
    if change == "none":
        return own
    if change == "other":
        return codes(kind, seed + 2, len(own), width)
    r = words(seed + 1, len(own))
    magnitude = (own & 0x7FFF).astype(np.int64) + (r % np.uint64(7)).astype(np.int64) - 3
    c = (own & 0x8000) | np.clip(magnitude, 0, 0x7F7F).astype(np.uint16)
    if change == "mixed":
        c = np.where(bits(r, 58, 6) == 0, (0x3F80 + bits(r, 8, 9)).astype(np.uint16), c)
    return c.astype(np.uint16)


def tensor(c, width):
    return torch.from_numpy(np.ascontiguousarray(c)).view(torch.bfloat16).view(-1, width)


def as_numbers(results):
    return [[r.exp_mismatches, float(r.mant_err_mean), float(r.mant_err_median)] for r in results]


def request(rows, prompt):
    return ([rows[:prompt]] if prompt else []) + list(rows[prompt:])


def chunks(rows, prompt, batch):
    decode = rows[prompt:]
    return ([rows[:prompt]] if prompt else []) + [decode[i : i + batch] for i in range(0, len(decode), batch)]


def record(case):
    width, prompt, k, batch = case["width"], case["prompt"], case["k"], case["rows_per_proof"]
    own = codes(case["kind"], case["seed"], (prompt + case["steps"]) * width, width)
    rows, theirs = tensor(own, width), tensor(changed(own, case["kind"], case["change"], case["seed"], width), width)
    skip = prompt == 0
    case["proofs"] = toploc.build_proofs_base64(request(rows, prompt), batch, k, skip)
    proofs = [ProofPoly.from_base64(p) for p in case["proofs"]]
    assert len(proofs) == len(chunks(rows, prompt, batch)) and all(p.modulus for p in proofs), case
    case["list"] = as_numbers(toploc.verify_proofs_base64(request(theirs, prompt), case["proofs"], batch, k, skip))
    case["tensor"] = [as_numbers(toploc.verify_proofs(c, [p], len(c), k, True))[0]
                      for c, p in zip(chunks(theirs, prompt, batch), proofs)]
    return case


def random_cases(count, seed):
    choice = np.random.Generator(np.random.PCG64(seed))
    kinds = ["normal", "normal", "heavy", "coarse", "outliers", "sparse", "tiny", "negative", "raw", "constant", "ramp", "special"]
    for number in range(count):
        kind = kinds[number % len(kinds)]
        if number % 12 == 1:  # full-size decode chunks: 32 x 4096
            width, batch, prompt, steps, k = 4096, 32, int(choice.choice([0, 3])), int(choice.choice([32, 40])), 128
        elif number % 30 == 0:  # long prompts
            width, batch, prompt, steps, k = int(choice.choice([896, 2048])), 32, 200, 2, int(choice.choice([64, 128, 200]))
        else:
            width, batch = int(choice.integers(1, 700)), int(choice.integers(1, 9))
            prompt, steps = int(choice.integers(0, 9)), int(choice.integers(1, 20))
            least = width * min(v for v in (prompt, steps % batch or batch, steps) if v)
            k = min(least, int(choice.choice([1, 2, 3, 4, 8, 16, 32, 64, 128])))
        change = "none" if kind == "special" else str(choice.choice(["none", "jitter", "jitter", "mixed", "other"]))
        yield {"kind": kind, "seed": int(choice.integers(0, 2**40)), "change": change, "width": width, "prompt": prompt,
               "steps": steps, "k": k, "rows_per_proof": batch}


def aliased_chunks(count, first):
    seed, found = first, []
    while len(found) < count:
        rows = tensor(codes("normal", seed, 32 * 4096, 4096), 4096)
        proof = toploc.build_proofs(list(rows), 32, 128, True)[0]
        if proof.modulus != 65497:
            found.append({
                "seed": seed, "modulus": proof.modulus, "proof_sha256": hashlib.sha256(proof.to_bytes()).hexdigest(),
                "list": as_numbers(toploc.verify_proofs(list(rows), [proof], 32, 128, True))[0],
                "tensor": as_numbers(toploc.verify_proofs(rows, [proof], 32, 128, True))[0]})
        seed += 1
    return {"seeds_searched": seed - first, "chunks": found}


def lines(items):
    return "[\n" + ",\n".join(json.dumps(i, separators=(",", ":")) for i in items) + "\n]"


def main():
    torch.set_num_threads(1)
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else None
    cases = [record(c) for c in random_cases(300, 20251121 if seed is None else seed)]
    aliased = aliased_chunks(86, seed or 0)
    provenance = (f"toploc 0.1.6 (PyPI) with torch {torch.__version__} and numpy {np.__version__} on a CPU, recorded by "
                  "generators/toploc_package.py, which says how the inputs follow from the seeds")
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write('{"provenance":%s,\n"cases":%s,\n"aliased":{"seeds_searched":%d,"chunks":%s}}\n' %
                   (json.dumps(provenance), lines(cases), aliased["seeds_searched"], lines(aliased["chunks"])))


if __name__ == "__main__":
    main()
