#!/usr/bin/env python3
"""Write a tiny random Llama with its hidden states and logits, computed by plain NumPy in double precision.

usage: reference_logits.py > tests/vectors/reference_engine_tiny.json

The forward pass is written from the architecture's definition and shares no code with llama.py or the C++ engine.
Every position is computed from the whole prefix again: no cache, no batching.
"""
import json

import numpy as np

CONFIG = {"model_type": "llama", "hidden_act": "silu", "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24,
          "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4,
          "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": False}
TOKENS = [3, 17, 31, 0, 5, 5, 22, 9, 14, 1, 28, 6, 11, 19, 2, 30, 8, 13, 4, 27]


def shapes(c):
    n, ff = c["hidden_size"], c["intermediate_size"]
    q, kv = c["num_attention_heads"] * c["head_dim"], c["num_key_value_heads"] * c["head_dim"]
    out = {"model.embed_tokens.weight": (c["vocab_size"], n)}
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        out |= {p + "input_layernorm.weight": (n,), p + "self_attn.q_proj.weight": (q, n), p + "self_attn.k_proj.weight": (kv, n),
                p + "self_attn.v_proj.weight": (kv, n), p + "self_attn.o_proj.weight": (n, q),
                p + "post_attention_layernorm.weight": (n,), p + "mlp.gate_proj.weight": (ff, n),
                p + "mlp.up_proj.weight": (ff, n), p + "mlp.down_proj.weight": (n, ff)}
    return out | {"model.norm.weight": (n,), "lm_head.weight": (c["vocab_size"], n)}


def random_bf16(shape, rng):
    """Values with a bf16 representation: the lower 16 bits of the f32 are cleared."""
    values = rng.normal(0, 0.4, shape) if len(shape) == 2 else rng.normal(1, 0.2, shape)
    return (values.astype(np.float32).view(np.uint32) & 0xffff0000).view(np.float32)


def norm(x, weight, eps):
    return x / np.sqrt(np.mean(x * x) + eps) * weight


def rope(x, position, base):
    """Treat (x[j], x[j + d/2]) as a complex number and turn it."""
    half = len(x) // 2
    turned = (x[:half] + 1j * x[half:]) * np.exp(1j * position / base ** (2 * np.arange(half) / len(x)))
    return np.concatenate([turned.real, turned.imag])


def forward(w, c, tokens):
    """Return (rows after each block and after the final norm, logits), all [positions, ...]."""
    hd, group = c["head_dim"], c["num_attention_heads"] // c["num_key_value_heads"]
    rows = [w["model.embed_tokens.weight"][t] for t in tokens]
    checkpoints = []
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        normed = [norm(x, w[p + "input_layernorm.weight"], c["rms_norm_eps"]) for x in rows]
        keys = [[rope(k, at, c["rope_theta"]) for k in (w[p + "self_attn.k_proj.weight"] @ x).reshape(-1, hd)] for at, x in enumerate(normed)]
        values = [(w[p + "self_attn.v_proj.weight"] @ x).reshape(-1, hd) for x in normed]
        out = []
        for at, x in enumerate(normed):
            heads = []
            for h, q in enumerate((w[p + "self_attn.q_proj.weight"] @ x).reshape(-1, hd)):
                q = rope(q, at, c["rope_theta"])
                scores = np.array([q @ keys[j][h // group] for j in range(at + 1)]) / np.sqrt(hd)
                weights = np.exp(scores - scores.max())
                heads.append(sum(a * values[j][h // group] for j, a in enumerate(weights / weights.sum())))
            y = rows[at] + w[p + "self_attn.o_proj.weight"] @ np.concatenate(heads)
            z = norm(y, w[p + "post_attention_layernorm.weight"], c["rms_norm_eps"])
            gate, up = w[p + "mlp.gate_proj.weight"] @ z, w[p + "mlp.up_proj.weight"] @ z
            out.append(y + w[p + "mlp.down_proj.weight"] @ (gate / (1 + np.exp(-gate)) * up))
        rows = out
        checkpoints.append(rows)
    final = [norm(x, w["model.norm.weight"], c["rms_norm_eps"]) for x in rows]
    return [*checkpoints, final], [w["lm_head.weight"] @ x for x in final]


def main():
    rng = np.random.default_rng(20240521)
    weights = {name: random_bf16(shape, rng) for name, shape in shapes(CONFIG).items()}
    checkpoints, logits = forward({k: v.astype(np.float64) for k, v in weights.items()}, CONFIG, TOKENS)
    as_list = lambda rows: [[float(f"{v:.9g}") for v in row] for row in rows]
    print(json.dumps({
        "provenance": "written by examples/reference_engine/training/reference_logits.py (NumPy, double precision)",
        "config": CONFIG,
        "tensors": {name: {"shape": list(v.shape), "bf16": (v.view(np.uint32) >> 16).astype("<u2").tobytes().hex()} for name, v in weights.items()},
        "tokens": TOKENS,
        "checkpoints": [as_list(rows) for rows in checkpoints],
        "logits": as_list(logits)}))


if __name__ == "__main__":
    main()
