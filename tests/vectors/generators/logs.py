#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Logs as inference servers write them, of simulated servers whose every choice is known, and the scores they must get.

Independent of the C++ library; standard library only. The model is a hash: logits of a vocabulary of 1000, plus Gaussian
noise for the provider. Samplers: PyTorch's CUDA exponential race on a GPU so small that rows wrap around its threads,
SGLang's race with noise by rank, and llama.cpp's dist. Usage: logs.py [folder, by default ../logs]
"""
import hashlib
import json
import math
import pathlib
import random
import struct
import sys

from samplers import murmur

V, GRID, K = 1000, 2, 8
TEMPERATURE, TOP_P = 0.9, 0.95
MASK32, MASK64 = 2**32 - 1, 2**64 - 1
noise_of_provider = random.Random(7)


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


# --- The model ----------------------------------------------------------------------------------------------------------
def logits_after(tokens):
    """Heavy-tailed logits that depend on all tokens before."""
    key = hashlib.sha256(json.dumps(tokens).encode()).digest()
    stream = random.Random(key)
    row = [f32(stream.gauss(-4, 2)) for _ in range(V)]
    for i in range(6):
        row[stream.randrange(V)] = f32(7 - 0.5 * i + stream.random())
    return row


def noisy(row, sigma):
    return [f32(x + noise_of_provider.gauss(0, sigma)) for x in row]


def log_softmax(row):
    top = max(row)
    total = math.log(sum(math.exp(x - top) for x in row)) + top
    return [f32(x - total) for x in row]


# --- PyTorch's noise on CUDA --------------------------------------------------------------------------------------------
def philox4x32(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & MASK32, (a >> 32) ^ c[3] ^ k[1], a & MASK32]
        k = [(k[0] + 0x9E3779B9) & MASK32, (k[1] + 0xBB67AE85) & MASK32]
    return c


def cuda_gumbel(seed, call, index):
    threads = 256 * min((V + 255) // 256, GRID)
    passes = (V - 1) // (4 * threads) + 1
    block = call * passes + index // (4 * threads)
    thread, lane = index % threads, index // threads % 4
    word = philox4x32((block & MASK32, block >> 32, thread, 0), (seed & MASK32, seed >> 32 & MASK32))[lane]
    u = f32(f32(word) * 2.0**-32 + 2.0**-33)
    e = 2.0**-24 if u >= 1 - 2.0**-24 else f32(-math.log(u))
    return -math.log(e)


# --- vLLM's sampler -----------------------------------------------------------------------------------------------------
def kept_by_vllm(row, temperature, k, p):
    x = sorted((f32(v / f32(temperature)), i) for i, v in enumerate(row) if v > -math.inf)
    x = [e for e in x if e[0] >= x[max(0, len(x) - k)][0]] if k else x
    terms = [f32(math.exp(v - x[-1][0])) for v, _ in x]
    total, running, first = f32(sum(terms)), 0.0, 0
    while first + 1 < len(x):
        running = f32(running + f32(terms[first] / total))
        if running > f32(1 - f32(p)):
            break
        first += 1
    return {i: t for (_, i), t in zip(x[first:], terms[first:])}


def race(row, kept, seed, call, temperature=TEMPERATURE):
    return {i: row[i] + f32(temperature) * cuda_gumbel(seed, call, i) for i in kept}


def vllm_sample(row, seed, call):
    z = race(row, kept_by_vllm(row, TEMPERATURE, K, TOP_P), seed, call)
    return max(z, key=lambda i: (z[i], -i))


class Scores:
    def __init__(self):
        self.tokens = self.exact = self.filtered = 0
        self.margin = self.entropy = self.likelihood = 0.0
        self.margins = []

    def add(self, row, token, seed, call, cap):
        kept = kept_by_vllm(row, TEMPERATURE, K, TOP_P)
        z = race(row, kept, seed, call)
        best = max(z, key=lambda i: (z[i], -i))
        margin = z[best] - z[token] if token in kept else math.inf
        self.put(best == token, token not in kept, margin, kept.get(token, 0) / sum(kept.values()), cap)

    def put(self, exact, filtered, margin, probability, cap):
        self.tokens += 1
        self.exact += exact
        self.filtered += filtered
        self.margins.append(margin if margin < math.inf else None)
        self.margin += min(margin, cap)
        self.entropy += -math.log(probability + 1e-8)
        self.likelihood += math.log(0.5 * math.erfc(margin / 2)) if margin < 12 else -20.0

    def summary(self):
        n = self.tokens
        return {"tokens": n, "exact": self.exact, "filtered": self.filtered, "margins": self.margins,
                "row": f"{n:>8} {100 * self.exact / n:8.2f} {self.margin / n:11.6f} {100 * self.filtered / n:9.3f} "
                       f"{self.entropy / n:9.4f} {self.likelihood / n:9.4f}"}


def generate(prompt, n, seed, sigma):
    tokens = []
    for j in range(n):
        tokens.append(vllm_sample(noisy(logits_after(prompt + tokens), sigma), seed, j))
    return tokens


def prompts(count, tag):
    stream = random.Random(tag)
    return [[stream.randrange(V) for _ in range(3 + i % 3)] for i in range(count)]


# --- Spellings ----------------------------------------------------------------------------------------------------------
def candidates(row, token, k):
    """The k largest and the token itself, whose entry comes first, as vLLM lists them."""
    order = sorted(range(V), key=lambda i: (-row[i], i))
    listed = [token] + [i for i in order[:k] if i != token]
    return [(i, row[i], order.index(i) + 1) for i in listed]


def prompt_logprobs(prompt, output, raw, k):
    rows = [None]
    tokens = prompt + output
    for i in range(1, len(tokens)):
        row = logits_after(tokens[:i])
        row = row if raw else log_softmax(row)
        rows.append({str(c): {"logprob": value, "rank": rank, "decoded_token": f"t{c}"}
                     for c, value, rank in candidates(row, tokens[i], k)})
    return rows


def vllm_request_output(name, prompt, output):
    return {"request_id": name, "prompt": None, "prompt_token_ids": prompt, "encoder_prompt": None, "prompt_logprobs": None,
            "outputs": [{"index": 0, "text": "".join(f"t{t}" for t in output), "token_ids": output,
                         "cumulative_logprob": None, "logprobs": None, "finish_reason": "length", "stop_reason": None,
                         "lora_request": None}],
            "finished": True, "metrics": None, "lora_request": None, "num_cached_tokens": 0}


def vllm_completion(name, prompt, output, raw=True, k=K):
    return {"id": name, "object": "text_completion", "created": 1764000000, "model": "m", "choices": [
        {"index": 0, "text": "t1", "logprobs": None, "finish_reason": "length", "stop_reason": None, "token_ids": [1],
         "prompt_logprobs": prompt_logprobs(prompt, output, raw, k), "prompt_token_ids": prompt + output}],
        "service_tier": None, "system_fingerprint": None,
        "usage": {"prompt_tokens": len(prompt) + len(output), "total_tokens": len(prompt) + len(output) + 1,
                  "completion_tokens": 1, "prompt_tokens_details": None}, "kv_transfer_params": None}


def batch_line(number, body):
    return {"id": f"vllm-{number:04}", "custom_id": f"request-{number}",
            "response": {"status_code": 200, "request_id": f"vllm-batch-{number:04}", "body": body}, "error": None}


def llama_item(token, row, k, post=False):
    def entry(i, x):
        value = {"prob": math.exp(x)} if post else {"logprob": x}
        return {"id": i, "token": f"t{i}", "bytes": list(f"t{i}".encode()), **value}
    order = sorted(range(V), key=lambda i: (-row[i], i))[:k]
    return {**entry(token, row[token]), "top_probs" if post else "top_logprobs": [entry(i, row[i]) for i in order]}


def llama_completion(index, evaluated, tokens, items, settings):
    return {"index": index, "content": "".join(f"t{t}" for t in tokens), "tokens": tokens, "id_slot": 0, "stop": True,
            "model": "m.gguf", "tokens_predicted": len(tokens), "tokens_evaluated": evaluated,
            "generation_settings": {"n_predict": len(tokens), "max_tokens": len(tokens), "dynatemp_range": 0.0,
                                    "samplers": ["top_k", "top_p", "min_p", "temperature"], "n_probs": K, **settings},
            "prompt": "t1t2", "has_new_line": False, "truncated": False, "stop_type": "limit", "stopping_word": "",
            "tokens_cached": evaluated, "timings": {"prompt_n": 1, "prompt_ms": 1.5},
            "completion_probabilities": items}


# --- llama.cpp's dist -----------------------------------------------------------------------------------------------------
def mt19937(seed):
    state = [seed & MASK32]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + i) & MASK32)
    while True:
        for k in range(624):
            y = (state[k] & 0x80000000) | (state[(k + 1) % 624] & 0x7FFFFFFF)
            state[k] = state[(k + 397) % 624] ^ (y >> 1) ^ (0x9908B0DF if y & 1 else 0)
        for y in state:
            y ^= y >> 11
            y ^= (y << 7) & 0x9D2C5680
            y ^= (y << 15) & 0xEFC60000
            yield y ^ (y >> 18)


def llama_kept(row, k, top_p, min_p):
    order = sorted(range(V), key=lambda i: (-row[i], i))[:k]
    weights = [math.exp(row[i] - row[order[0]]) for i in order]
    running = 0.0
    for n, w in enumerate(weights, 1):
        running += w / sum(weights)
        assert abs(running - top_p) > 1e-5
        if running >= top_p:
            break
    return [i for i in order[:n] if row[i] >= row[order[0]] + math.log(min_p)]


def llama_pick(row, u, settings):
    kept = llama_kept(row, settings["top_k"], settings["top_p"], settings["min_p"])
    weights = [math.exp((row[i] - row[kept[0]]) / settings["temperature"]) for i in kept]
    running = 0.0
    for i, w in zip(kept, weights):
        running += w
        if running >= u * sum(weights):
            return i
    return kept[-1]


def llama_generate(prompt, n, settings, sigma):
    stream, tokens = mt19937(settings["seed"]), []
    for _ in range(n):
        u = (next(stream) + next(stream) * 2**32) / 2**64
        tokens.append(llama_pick(noisy(logits_after(prompt + tokens), sigma), u, settings))
    return tokens


# --- SGLang -----------------------------------------------------------------------------------------------------------
def sglang_gumbel(seed, position, column):
    e = -math.log(murmur([seed & MASK32, seed >> 32, position, column]) / MASK32)
    return -math.log(max(e, 2.0**-32))


def sglang_race(row, seed, position, k, p):
    """Perturbed logits of the candidates (pairs of logit and id) that the filters keep, each with the noise of its rank."""
    order = sorted(row, key=lambda e: (-e[0], e[1]))
    terms = [math.exp((x - order[0][0]) / TEMPERATURE) for x, _ in order]
    running, z = 0.0, {}
    for column, ((x, i), term) in enumerate(zip(order, terms)):
        share = term / sum(terms)
        running += share
        assert abs(running - share - p) > 1e-6  # no border that rounding could move
        if column < k and running - share <= p:
            z[i] = (x + TEMPERATURE * sglang_gumbel(seed, position, column), term)
    return z


def sglang_sample(row, seed, position):
    z = sglang_race([(x, i) for i, x in enumerate(row)], seed, position, K, TOP_P)
    return max(z, key=lambda i: z[i])


def sglang_triples(listed):
    return [[x, i, None] for i, x in listed]


def sglang_response(name, prompt, output, listed):
    """As /generate answers: `listed` candidates per token of prompt and output, which it was given as its prompt."""
    tokens, rows = prompt + output, [log_softmax(logits_after((prompt + output)[:i])) for i in range(1, len(prompt + output))]
    tops = [sorted(range(V), key=lambda i: (-row[i], i))[:listed] for row in rows]
    return {"text": "t1", "output_ids": [1], "meta_info": {
        "id": name, "finish_reason": {"type": "length", "length": 1}, "prompt_tokens": len(tokens), "weight_version": "default",
        "input_token_logprobs": [[None, tokens[0], None]] + [[row[t], t, None] for row, t in zip(rows, tokens[1:])],
        "output_token_logprobs": [[-0.5, 1, None]],
        "input_top_logprobs": [None] + [sglang_triples([(i, row[i]) for i in top]) for row, top in zip(rows, tops)],
        "output_top_logprobs": [[[-0.5, 1, None]]], "completion_tokens": 1, "cached_tokens": 0, "e2e_latency": 0.05}}


def sglang_claim(name, prompt, output):
    return {"text": "x", "output_ids": output, "meta_info": {
        "id": name, "finish_reason": {"type": "length", "length": len(output)}, "prompt_tokens": len(prompt),
        "weight_version": "default", "completion_tokens": len(output), "cached_tokens": 0, "e2e_latency": 0.5}}


def sglang_scores(asked, outputs, seed, listed):
    scores = Scores()
    for prompt, output in zip(asked, outputs):
        for j, t in enumerate(output):
            row = log_softmax(logits_after(prompt + output[:j]))
            top = sorted(range(V), key=lambda i: (-row[i], i))[:listed]
            z = sglang_race([(row[i], i) for i in {*top, t}], seed, len(prompt) - 1 + j, K, TOP_P)
            best = max(z, key=lambda i: z[i])
            margin = z[best][0] - z[t][0] if t in z else math.inf
            share = z[t][1] / sum(term for _, term in z.values()) if t in z else 0.0
            scores.put(best == t, t not in z, margin, share, 0.5)
    return scores


# --- Files ----------------------------------------------------------------------------------------------------------------
def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "logs")
    folder.mkdir(exist_ok=True)
    expected = {"provenance": "generators/logs.py", "settings": f"--profile torch-cuda --vocabulary {V} --gpu-grid {GRID} "
                f"--temperature {TEMPERATURE} --top-k {K} --top-p {TOP_P} --seed 42"}

    def lines(name, records):
        (folder / name).write_text("".join(json.dumps(r) + "\n" for r in records))

    def document(name, tree):
        (folder / name).write_text(json.dumps(tree, indent=1) + "\n")

    # vLLM with seeds: claims as RequestOutput, the reference by the server (logits) and by run-batch (log-probabilities).
    asked = prompts(6, "vllm")
    honest = [generate(p, 12, 42, 0.05) for p in asked]
    lines("vllm_claims.jsonl", [vllm_request_output(str(i), p, o) for i, (p, o) in enumerate(zip(asked, honest))])
    lines("vllm_reference.jsonl", [vllm_completion(f"cmpl-{i}", p, o) for i, (p, o) in enumerate(zip(asked, honest))])
    lines("vllm_batch_reference.jsonl",
          [batch_line(i, vllm_completion(f"cmpl-{i}", p, o, raw=False)) for i, (p, o) in enumerate(zip(asked, honest))])
    document("difr_claims.json", {"config": {"model": "m", "temperature": TEMPERATURE, "top_k": K, "top_p": TOP_P, "seed": 42},
                                  "samples": [{"prompt_token_ids": p, "outputs": [{"token_ids": o}]} if i % 2
                                              else {"prompt_token_ids": p, "output_token_ids": o}
                                              for i, (p, o) in enumerate(zip(asked, honest))]})
    pooled, each = Scores(), []
    for p, o in zip(asked, honest):
        one = Scores()
        for j, t in enumerate(o):
            row = logits_after(p + o[:j])
            one.add(row, t, 42, j, 0.5)
            pooled.add(row, t, 42, j, 0.5)
        each.append(one.summary())
    expected["vllm"] = {"pooled": pooled.summary()["row"], "requests": each}

    # Honest runs to calibrate on, and a provider that uses another seed; one seed more for each request.
    for name, count, shift in (("calibration", 40, 0), ("honest", 10, 0), ("wrong_seed", 10, 1000)):
        asked = prompts(count, name)
        outputs = [generate(p, 10, 5000 + i + shift, 0.05) for i, p in enumerate(asked)]
        lines(f"{name}_claims.jsonl", [{"prompt_token_ids": p, "output_token_ids": o} for p, o in zip(asked, outputs)])
        lines(f"{name}_reference.jsonl",
              [{"prompt_token_ids": p + o, "prompt_logprobs":
                [None if row is None or i < len(p) else {t: {"logprob": round(e["logprob"], 4)} for t, e in row.items()}
                 for i, row in enumerate(prompt_logprobs(p, o, True, K))]} for p, o in zip(asked, outputs)])

    # OpenAI's API at temperature 0: completions with ids in place of texts (vLLM), chat with texts and a map.
    prompt = [5, 6, 7]
    output = []
    for _ in range(8):
        row = logits_after(prompt + output)
        output.append(max(range(V), key=lambda i: (row[i], -i)))
    row = logits_after(prompt + output[:4])
    output[4] = sorted(range(V), key=lambda i: -row[i])[1]  # the provider picks the second best once, and goes on from there
    for j in range(5, 8):
        row = logits_after(prompt + output[:j])
        output[j] = max(range(V), key=lambda i: (row[i], -i))
    rows = [log_softmax(logits_after(prompt + output[:j])) for j in range(8)]
    document("openai_completion.json", {"id": "cmpl-a", "object": "text_completion", "model": "m", "choices": [
        {"index": 0, "text": "x", "finish_reason": "length", "logprobs": {
            "text_offset": [3 * j for j in range(8)], "token_logprobs": [rows[j][t] for j, t in enumerate(output)],
            "tokens": [f"token_id:{t}" for t in output],
            "top_logprobs": [{f"token_id:{c}": v for c, v, _ in candidates(rows[j], t, 5)} for j, t in enumerate(output)]}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 8, "total_tokens": 11}})
    document("openai_chat.json", {"id": "chatcmpl-a", "object": "chat.completion", "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "x", "refusal": None}, "finish_reason": "length",
         "logprobs": {"content": [
             {"token": f"t{t}", "logprob": rows[j][t], "bytes": list(f"t{t}".encode()), "top_logprobs": [
                 {"token": f"t{c}", "logprob": v, "bytes": list(f"t{c}".encode())}
                 for c, v, _ in sorted(candidates(rows[j], t, 3), key=lambda e: -e[1])[:3]]}
             for j, t in enumerate(output)], "refusal": None}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 8, "total_tokens": 11}})
    document("token_map.json", {f"t{i}": i for i in range(V)})
    lines("greedy_reference.jsonl", [vllm_completion("cmpl-b", prompt, output, raw=False, k=5)])
    margins = [max(rows[j]) - rows[j][t] for j, t in enumerate(output)]
    expected["greedy"] = {"tokens": 8, "exact": 7, "margin": margins[4], "prompt": prompt, "output": output}
    # What the reference generates by itself agrees up to the fifth token, where it takes the best.
    own = output[:4]
    for j in range(4, 8):
        row = logits_after(prompt + own)
        own.append(max(range(V), key=lambda i: (row[i], -i)))
    items = [llama_item(t, log_softmax(logits_after(prompt + own[:j])), 5) for j, t in enumerate(own)]
    document("llama_generated_reference.json", llama_completion(0, 3, own, items, {"seed": 4294967295, "temperature": 0.0}))

    # llama.cpp: claims of /completion; a reference of one request whose prompts are all prefixes of prompt and output.
    settings = {"seed": 1234, "temperature": f32(0.8), "top_k": K, "top_p": f32(0.95), "min_p": f32(0.05), "typical_p": 1.0}
    claims, steps = [], []
    total = exact = 0
    for prompt in prompts(2, "llama"):
        output = llama_generate(prompt, 15, settings, 0.2)
        items = [llama_item(t, log_softmax(logits_after(prompt + output[:j])), K, post=True) for j, t in enumerate(output)]
        claims.append(llama_completion(len(claims), len(prompt), output, items, {**settings, "post_sampling_probs": True}))
        stream = mt19937(settings["seed"])
        for j, t in enumerate(output):
            row = log_softmax(logits_after(prompt + output[:j]))
            u = (next(stream) + next(stream) * 2**32) / 2**64
            total += 1
            exact += llama_pick(row, u, settings) == t
            best = max(range(V), key=lambda i: (row[i], -i))
            steps.append(llama_completion(j, len(prompt) + j, [best], [llama_item(best, row, K)], {"temperature": 0.0}))
    lines("llama_claims.jsonl", claims)
    lines("llama_steps.jsonl", [steps[:15], steps[15:]])
    expected["llama"] = {"tokens": total, "exact": exact}

    # SGLang with a seed: noise by rank, rows by the same server's /generate.
    asked, seed = prompts(6, "sglang"), 2**40 + 42
    outputs = []
    for prompt in asked:
        output = []
        for j in range(12):
            row = noisy(logits_after(prompt + output), 0.05)
            output.append(sglang_sample(row, seed, len(prompt) - 1 + j))
        outputs.append(output)
    lines("sglang_claims.jsonl", [sglang_claim(f"{i:x}", p, o) for i, (p, o) in enumerate(zip(asked, outputs))])
    lines("sglang_reference.jsonl", [sglang_response(f"r{i:x}", p, o, 20) for i, (p, o) in enumerate(zip(asked, outputs))])
    expected["sglang"] = {"seed": seed, "pooled": sglang_scores(asked, outputs, seed, 20).summary()["row"]}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
