"""A Llama-architecture decoder in plain PyTorch, with the parameter names of a Hugging Face checkpoint."""
from dataclasses import dataclass, asdict

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Config:
    vocab_size: int = 2048
    hidden_size: int = 256
    intermediate_size: int = 640
    num_hidden_layers: int = 4
    num_attention_heads: int = 8
    num_key_value_heads: int = 4
    max_position_embeddings: int = 512
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    tie_word_embeddings: bool = True

    @property
    def head_dim(self):
        return self.hidden_size // self.num_attention_heads

    def to_json(self):
        return {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
                "torch_dtype": "bfloat16", "head_dim": self.head_dim, "bos_token_id": 0, "eos_token_id": 0, **asdict(self)}


class RMSNorm(nn.Module):
    def __init__(self, n, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
        self.eps = eps

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


def rotate(x, cos, sin):
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-b, a), dim=-1) * sin


class Block(nn.Module):
    def __init__(self, c, dropout):
        super().__init__()
        n, hd = c.hidden_size, c.head_dim
        self.c, self.dropout = c, dropout
        self.input_layernorm = RMSNorm(n, c.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(n, c.rms_norm_eps)
        self.self_attn = nn.ModuleDict({
            "q_proj": nn.Linear(n, c.num_attention_heads * hd, bias=False),
            "k_proj": nn.Linear(n, c.num_key_value_heads * hd, bias=False),
            "v_proj": nn.Linear(n, c.num_key_value_heads * hd, bias=False),
            "o_proj": nn.Linear(n, n, bias=False)})
        self.mlp = nn.ModuleDict({
            "gate_proj": nn.Linear(n, c.intermediate_size, bias=False),
            "up_proj": nn.Linear(n, c.intermediate_size, bias=False),
            "down_proj": nn.Linear(c.intermediate_size, n, bias=False)})

    def forward(self, x, cos, sin, mask):
        c, (b, t, n) = self.c, x.shape
        h = self.input_layernorm(x)
        q = self.self_attn["q_proj"](h).view(b, t, c.num_attention_heads, -1).transpose(1, 2)
        k = self.self_attn["k_proj"](h).view(b, t, c.num_key_value_heads, -1).transpose(1, 2)
        v = self.self_attn["v_proj"](h).view(b, t, c.num_key_value_heads, -1).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        group = c.num_attention_heads // c.num_key_value_heads
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        weights = (q @ k.transpose(-1, -2)) * (c.head_dim ** -0.5) + mask
        attended = (weights.softmax(-1) @ v).transpose(1, 2).reshape(b, t, n)
        x = x + F.dropout(self.self_attn["o_proj"](attended), self.dropout, self.training)
        h = self.post_attention_layernorm(x)
        h = self.mlp["down_proj"](F.silu(self.mlp["gate_proj"](h)) * self.mlp["up_proj"](h))
        return x + F.dropout(h, self.dropout, self.training)


class Llama(nn.Module):
    def __init__(self, config, dropout=0.0):
        super().__init__()
        self.config = config
        self.model = nn.ModuleDict({
            "embed_tokens": nn.Embedding(config.vocab_size, config.hidden_size),
            "layers": nn.ModuleList(Block(config, dropout) for _ in range(config.num_hidden_layers)),
            "norm": RMSNorm(config.hidden_size, config.rms_norm_eps)})
        for name, p in self.named_parameters():
            if p.dim() == 2:
                scale = 0.02 if "o_proj" not in name and "down_proj" not in name else 0.02 / (2 * config.num_hidden_layers) ** 0.5
                nn.init.normal_(p, std=scale)

    def forward(self, ids):
        c, t = self.config, ids.shape[1]
        angle = torch.arange(t)[:, None] / c.rope_theta ** (torch.arange(0, c.head_dim, 2)[None, :] / c.head_dim)
        angle = torch.cat((angle, angle), dim=-1)
        mask = torch.full((t, t), float("-inf")).triu(1)
        x = self.model["embed_tokens"](ids)
        for block in self.model["layers"]:
            x = block(x, angle.cos(), angle.sin(), mask)
        return self.model["norm"](x) @ self.model["embed_tokens"].weight.T
