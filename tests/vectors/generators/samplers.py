#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Golden runs of every sampler profile, filter rule and processor, from sections 4 and 6 of docs/protocol.md alone.

Independent of the C++ library; standard library only. Usage: samplers.py > ../samplers.json
"""
import json
import struct

from protocol import MASK32, MASK64, as_json, cases, exp, f32, f32_bits, gumbel, le32, ln, philox, run_digest, sha

VOCABULARY = 64
PROFILES = {"assay_philox": 1, "torch_cuda_f32": 2, "torch_cuda_f64": 3, "torch_cpu_f32": 4, "vllm_triton": 5, "vllm_triton_log": 6,
            "vllm_cpu": 7, "sglang": 8, "llama_cpp_dist": 9, "prefix_cdf_cpu": 10, "prefix_cdf_cuda": 11}
RULES = {"vllm_sort": 1, "vllm_triton": 2, "sglang": 3, "llama_cpp": 4, "descending_keep": 5}
NOTHING = float("-inf")
DEFAULT = {"profile": "assay_philox", "temperature": 1.3, "top_k": 0, "top_p": 1.0, "filter_rule": "vllm_sort", "min_p": 0.0, "typical_p": 1.0,
           "min_keep": 0, "temperature_first": False, "cuda_grid": 0, "processors": None}
IDLE = {"allowed": [], "bad_words": [], "min_tokens": 0, "stop_ids": [], "bias": [], "style": 1, "repetition": 1.0, "frequency": 0.0,
        "presence": 0.0, "window": 64, "order": [1, 2, 3, 4, 5]}


def digest_items(s):
    """What section 4 adds to the run digest."""
    items = []
    filters = (RULES[s["filter_rule"]], f32(s["min_p"]), f32(s["typical_p"]), s["min_keep"], s["temperature_first"])
    if filters != (1, 0, 1, 0, False):
        items += [("u64", "filter-rule", filters[0]), ("u64", "min-p", f32_bits(filters[1])), ("u64", "typical-p", f32_bits(filters[2])),
                  ("u64", "min-keep", filters[3]), ("u64", "temperature-first", int(filters[4]))]
    if s["cuda_grid"]:
        items.append(("u64", "cuda-grid", s["cuda_grid"]))
    p = s["processors"]
    if p and p != IDLE:
        items += [("u64", "processor", step) for step in p["order"]]
        items += [("bytes", "allowed", le32(*p["allowed"])), ("u64", "bad-words", len(p["bad_words"]))]
        items += [("bytes", "bad-word", le32(*word)) for word in p["bad_words"]]
        items += [("u64", "min-tokens", p["min_tokens"]), ("bytes", "stop-ids", le32(*p["stop_ids"])), ("u64", "biases", len(p["bias"]))]
        for token, bias in p["bias"]:
            items += [("u64", "biased", token), ("u64", "bias", f32_bits(bias))]
        items += [("u64", "penalty-style", p["style"]), ("u64", "repetition", f32_bits(p["repetition"])), ("u64", "frequency", f32_bits(p["frequency"])),
                  ("u64", "presence", f32_bits(p["presence"])), ("u64", "window", p["window"])]
    return items


# --- 6.1 processors --------------------------------------------------------------------------------------------------

def processed(row, p, prompt, output):
    row = list(row)
    for step in p["order"]:
        if step == 1 and p["allowed"]:
            row = [l if v in p["allowed"] else NOTHING for v, l in enumerate(row)]
        if step == 2:
            for word in p["bad_words"]:
                if len(word) == 1 or output[1 - len(word):] == word[:-1]:
                    row[word[-1]] = NOTHING
        if step == 3 and len(output) < p["min_tokens"]:
            for v in p["stop_ids"]:
                row[v] = NOTHING
        if step == 4:
            for v, bias in p["bias"]:
                row[v] = f32(row[v] + f32(bias))
        if step == 5:
            penalise(row, p, prompt, output)
    return row


def penalise(row, p, prompt, output):
    repetition, frequency, presence = f32(p["repetition"]), f32(p["frequency"]), f32(p["presence"])
    if (repetition, frequency, presence) == (1, 0, 0) or (p["style"] == 2 and p["window"] == 0):
        return
    seen = prompt + output if p["style"] == 1 else (prompt + output)[-p["window"]:]
    for v in set(seen):
        l = f32(row[v] / repetition) if row[v] > 0 else f32(row[v] * repetition)
        n = output.count(v) if p["style"] == 1 else seen.count(v)
        if p["style"] == 2:
            l = f32(l - f32(f32(n * frequency) + presence))
        elif n:
            l = f32(f32(l - f32(frequency * n)) - presence)
        row[v] = l


# --- 6.2 filters -----------------------------------------------------------------------------------------------------

def term(x, top):
    return f32(exp(max(f32(x - top), -110.0)))


def exact_total(terms):
    exact = sum(int(e * 2**60) for e in terms)
    return f32((exact >> 64) * 16.0 + (exact & MASK64) * 2.0**-60)


def running(values):
    c = 0.0
    for value in values:
        c = f32(c + value)
        yield c


def f32_sum(values):
    c = 0.0
    for value in values:
        c = f32(c + value)
    return c


def kept(row, s):
    """Ids of the candidates that stay, best first."""
    rule, k, top_p, min_p = RULES[s["filter_rule"]], s["top_k"], f32(s["top_p"]), f32(s["min_p"])
    divisor = 1.0 if rule == 5 or (rule == 4 and not s["temperature_first"]) else f32(s["temperature"])
    x = {v: f32(l / divisor) for v, l in enumerate(row) if l > NOTHING}
    best = sorted(x, key=lambda v: (-x[v], -v if rule == 1 else v))
    top = x[best[0]]
    if rule == 4:
        return kept_by_llama(best, x, s, k, top_p, min_p)
    e = {v: term(x[v], top) for v in best}
    total = exact_total(e.values())

    def drop_improbable(ids):
        least = f32(f32(e[ids[0]] / total) * min_p)
        return [v for v in ids if not f32(e[v] / total) < least]

    if rule != 3 and min_p > 0:
        best = drop_improbable(best)
    if 0 < k < len(best):
        last = x[best[k - 1]]
        best = best[:k] + ([v for v in best[k:] if x[v] == last] if rule == 1 else [])
    if rule != 3 and (k or min_p > 0):
        total = exact_total(e[v] for v in best)
    if top_p < 1:
        best = top_p_rule(rule, best, {v: f32(e[v] / total) for v in best}, top_p)
    return drop_improbable(best) if rule == 3 and min_p > 0 else best


def top_p_rule(rule, best, p, top_p):
    if rule == 1:
        left = list(best)
        for c in running(p[v] for v in reversed(best)):
            if len(left) == 1 or c > f32(1 - top_p):
                return left
            left.pop()
    sums = list(running(p[v] for v in best))
    if rule == 3:
        cut = [j for j in range(1, len(best)) if f32(sums[j] - p[best[j]]) > top_p]
        return best[:cut[0]] if cut else best
    if rule == 5:
        cut = [j for j in range(1, len(best)) if sums[j] > top_p]
        return best[:cut[0]] if cut else best
    reached = [j for j in range(len(best)) if sums[j] >= top_p]
    if not reached:
        return best
    value = p[best[reached[0]]]
    equal = [j for j in range(len(best)) if p[best[j]] == value]
    excess = f32(f32(sums[equal[-1]] - top_p) / value)
    return best[:equal[-1] + 1 - min(int(excess), len(equal) - 1)]


def kept_by_llama(best, x, s, k, top_p, min_p):
    least_kept, top, total = s["min_keep"], x[best[0]], None
    by_id = sorted(best)
    if k:
        best = best[:k]
    if f32(s["typical_p"]) < 1:
        e = {v: term(x[v], top) for v in best}
        whole = f32_sum(e[v] for v in best)
        p = {v: f32(e[v] / whole) for v in best}
        entropy = f32_sum(f32(-p[v] * f32(ln(p[v]))) for v in best if p[v] > 0)
        order = sorted((v for v in best if p[v] > 0), key=lambda v: (abs(f32(-f32(ln(p[v])) - entropy)), best.index(v)))
        taken = []
        for v, c in zip(order, running(p[v] for v in order)):
            taken.append(v)
            if c > f32(s["typical_p"]) and len(taken) >= least_kept:
                break
        top = max(x[v] for v in taken)
        total = f32_sum(term(x[v], top) for v in taken)
        best = sorted(taken, key=lambda v: (-x[v], v))
    if top_p < 1:
        if total is None:
            total = f32_sum(term(x[v], top) for v in (best if k else by_id))
        for j, c in enumerate(running(f32(term(x[v], top) / total) for v in best)):
            if c >= top_p and j + 1 >= least_kept:
                best = best[:j + 1]
                break
    if min_p > 0:
        least = f32(x[best[0]] + f32(ln(min_p)))
        for j in range(1, len(best)):
            if x[best[j]] < least and j >= least_kept:
                return best[:j]
    return best


# --- 6.3 noise -------------------------------------------------------------------------------------------------------

class MersenneTwister:
    def __init__(self, seed):
        self.state = [seed & MASK32]
        for i in range(1, 624):
            last = self.state[-1]
            self.state.append((1812433253 * (last ^ last >> 30) + i) & MASK32)
        self.words = []

    def word(self, number):
        while len(self.words) <= number:
            self.twist()
        return self.words[number]

    def twist(self):
        s = self.state
        for i in range(624):
            y = s[i] & 0x80000000 | s[(i + 1) % 624] & 0x7FFFFFFF
            s[i] = s[(i + 397) % 624] ^ y >> 1 ^ (0x9908B0DF if y & 1 else 0)
        for y in s:
            y ^= y >> 11
            y ^= y << 7 & 0x9D2C5680
            y ^= y << 15 & 0xEFC60000
            self.words.append(y ^ y >> 18)


def halves(n):
    return n & MASK32, n >> 32 & MASK32


def philox4x64(c, k):
    k = list(k)
    for _ in range(10):
        a, b = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = ((b >> 64) ^ c[1] ^ k[0], b & MASK64, (a >> 64) ^ c[3] ^ k[1], a & MASK64)
        k = [(k[0] + 0x9E3779B97F4A7C15) & MASK64, (k[1] + 0xBB67AE8584CAA73B) & MASK64]
    return c


def mix(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK64
    return z ^ z >> 31


def murmur(words):
    def rotate(x, by):
        return (x << by | x >> 32 - by) & MASK32

    h = 0
    for word in words:
        h ^= rotate(word * 0xCC9E2D51 & MASK32, 15) * 0x1B873593 & MASK32
        h = (rotate(h, 13) * 5 + 0xE6546B64) & MASK32
    h ^= 4 * len(words)
    h = (h ^ h >> 16) * 0x85EBCA6B & MASK32
    h = (h ^ h >> 13) * 0xC2B2AE35 & MASK32
    return h ^ h >> 16


def torch_cuda(seed, grid, step, v, double):
    threads = 256 * min(-(-VOCABULARY // 256), grid)
    lanes = 2 if double else 4
    passes = (VOCABULARY - 1) // (lanes * threads) + 1
    w = philox((*halves(step * passes + v // (lanes * threads)), *halves(v % threads)), halves(seed))
    lane = v // threads % lanes
    if double:
        u = (w[2 * lane] ^ w[2 * lane + 1] << 21) * 2.0**-53 + 2.0**-54
        return -ln(2.0**-53 if u >= 1 - 2.0**-53 else -ln(u))
    u = f32(f32(w[lane]) * 2.0**-32 + 2.0**-33)
    return -ln(2.0**-24 if u >= 1 - 2.0**-24 else f32(-ln(u)))


def torch_cpu(twister, step, v):
    at = 2 * (step * VOCABULARY + v)
    r = (twister.word(at) << 32 | twister.word(at + 1)) % 2**53
    e = f32(-ln(1 - r * 2.0**-53))
    return -ln(e) if e > 0 else 36.736800569678


def vllm_triton(seed, step, v, plain_log):
    w = philox((v, 0, 0, 0), halves(philox4x64((step, 0, 0, 0), (seed, 0))[0]))[0]
    w = w - 2**32 if w >> 31 else w
    w = -w - 1 if w < 0 else w
    c = f32(4.6566127342e-10)
    u = max(f32(f32(w) * c), c)
    e = -ln(u) if plain_log else (-ln(1 - u) if u < 1 else 53 * 0.6931471805599453)
    return -ln(e) if e > 0 else 21.48757


def vllm_cpu(twister, step, v):
    k = twister.word(2 * step + 1) % 2**31
    bits = mix((mix(k) + (v + 1) * 0x9E3779B97F4A7C15) & MASK64) >> 11
    u = (bits + 0.5) * 2.0**-53
    return -ln(-ln(u)) if u < 1 else 36.7368005696772 + 0.7


def sglang(seed, step, column):
    u = murmur((*halves(seed), step, column)) / 4294967295
    return -ln(max(-ln(u) if u > 0 else 745.0, 2.0**-32))


# --- 6.4 draws -------------------------------------------------------------------------------------------------------

def xxh64(data, seed):
    p1, p2, p3, p4, p5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)

    def rotate(x, by):
        return (x << by | x >> 64 - by) & MASK64

    def mixed(lane, value):
        return rotate((lane + value * p2) & MASK64, 31) * p1 & MASK64

    lanes = [(seed + p1 + p2) & MASK64, (seed + p2) & MASK64, seed, (seed - p1) & MASK64]
    whole = len(data) // 32 * 32
    for at in range(0, whole, 32):
        lanes = [mixed(lane, value) for lane, value in zip(lanes, struct.unpack("<4Q", data[at:at + 32]))]
    h = (seed + p5) & MASK64
    if len(data) >= 32:
        h = sum(rotate(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18))) & MASK64
        for lane in lanes:
            h = ((h ^ mixed(0, lane)) * p1 + p4) & MASK64
    h = (h + len(data)) & MASK64
    rest = data[whole:]
    while len(rest) >= 8:
        h = (rotate(h ^ mixed(0, struct.unpack("<Q", rest[:8])[0]), 27) * p1 + p4) & MASK64
        rest = rest[8:]
    if rest:  # token lists: 0 or 4 bytes
        h = (rotate(h ^ struct.unpack("<I", rest)[0] * p1 & MASK64, 23) * p2 + p3) & MASK64
    h = (h ^ h >> 33) * p2 & MASK64
    h = (h ^ h >> 29) * p3 & MASK64
    return h ^ h >> 32


def draw(order, row, temperature, u):
    y = [f32(row[v] / temperature) for v in order]
    e = [term(value, max(y)) for value in y]
    total = 0.0
    for value in e:
        total += value
    c = 0.0
    for v, value in zip(order, e):
        c += value
        if c >= total * u:
            return v
    return order[-1]


# --- whole texts -----------------------------------------------------------------------------------------------------

def engine_seed(profile, key):
    whole = key[1] << 32 | key[0]
    if profile == 1:
        return whole
    if profile in (4, 7, 9):
        return 0xFFFFFFFE if profile == 9 and whole & MASK32 == MASK32 else whole & MASK32
    return whole & 2**63 - 1


def logit(step, v, modulus):
    """Ties are common for a small modulus."""
    return f32(((step * 37 + v * 101 + step * v * 13) % modulus - modulus // 2) / 24)


def text(s, key, prompt, count, modulus):
    profile, temperature, output = PROFILES[s["profile"]], f32(s["temperature"]), []
    seed = engine_seed(profile, key)
    twister = MersenneTwister(seed & MASK32)
    for t in range(count):
        row = [logit(t, v, modulus) for v in range(VOCABULARY)]
        if s["processors"]:
            row = processed(row, s["processors"], prompt, output)
        if temperature < f32(1e-5):
            output.append(max(range(VOCABULARY), key=lambda v: (row[v], -v)))
            continue
        best = kept(row, s)
        position = len(prompt) - 1 + t
        if profile >= 9:
            order = best if profile == 9 and (s["top_k"] or f32(s["top_p"]) < 1) else sorted(best)
            h = xxh64(le32(*prompt, *output), seed)
            w = f32(f32(philox((0, 0, 0, 0), halves(h))[0]) * 2.0**-32 + 2.0**-33)
            u = {9: lambda: min((float(twister.word(2 * t)) + float(twister.word(2 * t + 1)) * 2.0**32) * 2.0**-64, 1 - 2.0**-53),
                 10: lambda: MersenneTwister(h & MASK32).word(0) % 2**24 * 2.0**-24, 11: lambda: 0.0 if w == 1 else w}[profile]()
            output.append(draw(order, row, temperature, u))
            continue
        filtered = s["top_k"] != 0 or f32(s["top_p"]) < 1
        noise = {1: lambda v: gumbel(key, t, v), 2: lambda v: torch_cuda(seed, s["cuda_grid"], t, v, False),
                 3: lambda v: torch_cuda(seed, s["cuda_grid"], t, v, True), 4: lambda v: torch_cpu(twister, t, v),
                 5: lambda v: vllm_triton(seed, position, v, False), 6: lambda v: vllm_triton(seed, position, v, True),
                 7: lambda v: vllm_cpu(twister, t, v), 8: lambda v: sglang(seed, position, best.index(v) if filtered else v)}[profile]
        z = {v: row[v] + temperature * noise(v) for v in best}
        output.append(max(best, key=lambda v: (z[v], -v)))
    return output


def samplers():
    basic = {**DEFAULT, "top_k": 20, "top_p": 0.95}
    for profile in PROFILES:
        needed = {"sglang": {"filter_rule": "sglang"}, "llama_cpp_dist": {"filter_rule": "llama_cpp"},
                  "torch_cuda_f32": {"cuda_grid": 864}, "torch_cuda_f64": {"cuda_grid": 1056}}.get(profile, {})
        yield profile + ", filtered", {**basic, **needed, "profile": profile}
        yield profile + ", unfiltered", {**DEFAULT, **needed, "profile": profile}
    for rule in RULES:
        for name, more in (("top-k", {"top_k": 7}), ("top-p", {"top_p": 0.6}), ("both", {"top_k": 9, "top_p": 0.7}), ("narrow", {"top_p": 0.01}),
                           ("min-p", {"min_p": 0.2, "top_k": 30}), ("min-p alone", {"min_p": 0.4})):
            if rule == "descending_keep" and "min_p" in more:
                continue
            yield rule + ", " + name, {**DEFAULT, "filter_rule": rule, "temperature": 1.7, **more}
    llama = {**DEFAULT, "filter_rule": "llama_cpp", "top_p": 0.9}
    yield "llama_cpp, typical", {**llama, "typical_p": 0.5, "top_p": 1.0}
    yield "llama_cpp, typical and the rest", {**llama, "typical_p": 0.6, "top_k": 30, "min_p": 0.05, "min_keep": 3}
    yield "llama_cpp, temperature first", {**llama, "temperature_first": True, "min_keep": 5, "top_p": 0.2}
    yield "llama_cpp_dist, typical", {**llama, "profile": "llama_cpp_dist", "typical_p": 0.7, "top_p": 0.8}
    busy = {**IDLE, "bad_words": [[3], [5, 6], [7, 8, 9]], "min_tokens": 8, "stop_ids": [0, 1, 2], "bias": [[4, 1.5], [10, -2.0]],
            "repetition": 1.25, "frequency": 0.3, "presence": 0.7}
    yield "processors of vLLM", {**basic, "processors": busy}
    yield "processors of llama.cpp", {**basic, "processors": {**busy, "style": 2, "window": 5, "order": [5, 4, 3, 2, 1]}}
    yield "a whitelist", {**basic, "processors": {**IDLE, "allowed": [5, 9, 17, 33], "repetition": 1.5}}
    yield "greedy with penalties", {**basic, "temperature": 0.0, "processors": {**IDLE, "presence": 9.0}}


def main():
    base, prompt, count = next(cases())["run"], [1, 2, 3, 62, 63], 24
    out = []
    for number, (name, s) in enumerate(samplers()):
        d = sha(b"sampler %d" % number)
        key, modulus = struct.unpack("<II", d[:8]), 41 if number % 3 == 2 else 211
        run = {**base, "temperature": s["temperature"], "top_k": s["top_k"], "top_p": s["top_p"], "sampler": PROFILES[s["profile"]],
               "sampler_items": digest_items(s)}
        out.append({"name": name, "sampler": s, "key": list(key), "modulus": modulus, "run_digest": run_digest(run).hex(),
                    "seed": engine_seed(PROFILES[s["profile"]], key), "output": text(s, key, prompt, count, modulus)})
    print(json.dumps({"provenance": "tests/vectors/generators/samplers.py, written from docs/protocol.md", "prompt": prompt, "vocabulary": VOCABULARY,
                      "run": as_json(base), "cases": out}, indent=None, separators=(",", ":")))


if __name__ == "__main__":
    main()
