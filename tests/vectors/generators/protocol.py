#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Golden protocol runs, from sections 1 to 9 of docs/protocol.md alone: seeds, sampling, fingerprints, trees, messages.

Independent of the C++ library; standard library only. Usage: protocol.py > ../protocol.json
"""
import hashlib
import json
import math
import struct

MASK32, MASK64 = 2**32 - 1, 2**64 - 1
TYPE_NUMBER = {"f32": 1, "f16": 3, "bf16": 4, "i8": 7, "i16": 9, "opaque": 14}


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def f32_bits(x):
    return struct.unpack("<I", struct.pack("<f", x))[0]


def f64_bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def f64_of(bits):
    return struct.unpack("<d", struct.pack("<Q", bits & MASK64))[0]


def le16(n):
    return struct.pack("<H", n)


def le32(*numbers):
    return b"".join(struct.pack("<I", n) for n in numbers)


def le64(n):
    return struct.pack("<Q", n)


def sha(data):
    return hashlib.sha256(data).digest()


# --- 2 and 3: transcripts and randomness -----------------------------------------------------------------------------

def transcript(domain, *items):
    """Items are (type, label, value)."""
    def item(kind, label, payload):
        return bytes([kind, len(label)]) + label.encode() + le64(len(payload)) + payload

    data = item(1, "", ("assay/v0/" + domain).encode())
    for kind, label, value in items:
        number, payload = {"u64": lambda: (2, le64(value)), "bytes": lambda: (3, value), "digest": lambda: (4, value),
                           "text": lambda: (5, value.encode())}[kind]()
        data += item(number, label, payload)
    return sha(data + item(0, "", le64(1 + len(items))))


def derive_seed(parent, purpose, context=b""):
    return transcript("seed", ("bytes", "parent", parent), ("text", "purpose", purpose), ("bytes", "context", context))


def philox(c, k):
    k = list(k)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = ((b >> 32) ^ c[1] ^ k[0], b & MASK32, (a >> 32) ^ c[3] ^ k[1], a & MASK32)
        k = [(k[0] + 0x9E3779B9) & MASK32, (k[1] + 0xBB67AE85) & MASK32]
    return c


class Stream:
    def __init__(self, seed, purpose):
        d = transcript("stream", ("bytes", "seed", seed), ("text", "purpose", purpose))
        self.key, self.nonce, self.block, self.words = struct.unpack("<II", d[:8]), struct.unpack("<II", d[8:16]), 0, []

    def u32(self):
        if not self.words:
            self.words = list(philox((self.block & MASK32, self.block >> 32, *self.nonce), self.key))
            self.block += 1
        return self.words.pop(0)

    def u64(self):
        low = self.u32()
        return low | self.u32() << 32

    def below(self, n):
        while True:
            product = self.u64() * n
            if product & MASK64 >= (2**64 - n) % n:
                return product >> 64

    def subset(self, population, count):
        taken = set()
        for t in range(population - count, population):
            x = self.below(t + 1)
            taken.add(t if x in taken else x)
        return sorted(taken)


LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42fefa3800p-1"), float.fromhex("0x1.ef35793c76730p-45")


def ln(x):
    k = f64_bits(x) - 0x3FE6A09E667F3BCD >> 52
    m = f64_of(f64_bits(x) - (k << 52))
    s = (m - 1) / (m + 1)
    z = s * s
    p = 2 / 19
    for d in range(17, 2, -2):
        p = p * z + 2 / d
    return k * LN2_HIGH + (k * LN2_LOW + ((s + s) + s * (p * z)))


def exp(y):
    q = y * float.fromhex("0x1.71547652b82fep0") + float.fromhex("0x1.8p52")
    k = q - float.fromhex("0x1.8p52")
    r = (y - k * LN2_HIGH) - k * LN2_LOW
    p = 1 / math.factorial(12)
    for i in range(11, -1, -1):
        p = p * r + 1 / math.factorial(i)
    return f64_of(f64_bits(p) + (f64_bits(q) << 52))


def gumbel(key, step, token):
    w = philox((token, step, 0x4E4F4953, 0), key)
    u = ((w[1] << 32 | w[0]) >> 12) + 0.5
    return -ln(-ln(u * 2.0**-52))


# --- 4 to 6: run, request, sampling ----------------------------------------------------------------------------------

def run_digest(run):
    return transcript(
        "run", ("digest", "weights", run["weights"]), ("digest", "tokenizer", run["tokenizer"]),
        ("u64", "weight-type", TYPE_NUMBER[run["weight_type"]]), ("u64", "activation-type", TYPE_NUMBER[run["activation_type"]]),
        ("u64", "checkpoints", run["checkpoints"]), ("u64", "width", run["width"]), ("u64", "vocabulary", run["vocabulary"]),
        ("u64", "sampler", run.get("sampler", 1)), ("u64", "temperature", f32_bits(run["temperature"])), ("u64", "top-k", run["top_k"]),
        ("u64", "top-p", f32_bits(run["top_p"])), ("u64", "sketch", run["sketch"]),
        ("u64", "sketch-type", TYPE_NUMBER[run["sketch_type"]]), ("u64", "steps", len(run["steps"])),
        *(("u64", "step", f32_bits(s)) for s in run["steps"]),
        ("u64", "row-type", TYPE_NUMBER[run["row_type"]]), ("u64", "fan-out", run["fan_out"]),
        *((("u64", "committed-rows", len(run["committed_rows"])), *(("u64", "checkpoint", l) for l in run["committed_rows"]))
          if run["committed_rows"] else ()),
        *((("u64", "scheme", run["scheme"]), ("digest", "parameters", run["parameters"])) if run.get("scheme", 1) != 1 else ()),
        *run.get("sampler_items", ()))


def sample(logits, run, key, step):
    temperature, top_p = f32(run["temperature"]), f32(run["top_p"])
    if temperature < f32(1e-5):
        return max(range(len(logits)), key=lambda v: (logits[v], -v))
    x = [f32(l / temperature) for l in logits]
    kept = sorted(range(len(x)), key=lambda v: (x[v], v))
    if 0 < run["top_k"] < run["vocabulary"]:
        kept = [v for v in kept if x[v] >= x[kept[-run["top_k"]]]]
    if top_p < 1:
        e = {v: f32(exp(max(f32(x[v] - x[kept[-1]]), -110.0))) for v in kept}
        exact = sum(int(term * 2**60) for term in e.values())
        total = f32((exact >> 64) * 16.0 + (exact & MASK64) * 2.0**-60)
        c = 0.0
        while len(kept) > 1:
            c = f32(c + f32(e[kept[0]] / total))
            if c > f32(1 - top_p):
                break
            kept.pop(0)
    z = {v: logits[v] + temperature * gumbel(key, step, v) for v in kept}
    return max(kept, key=lambda v: (z[v], -v))


# --- 7: encoding of states -------------------------------------------------------------------------------------------

def rounded(x, kind):
    """(bytes, value) of x in the row type."""
    if kind == "f16":
        return struct.pack("<e", x), struct.unpack("<e", struct.pack("<e", x))[0]
    if kind == "bf16":
        bits = f32_bits(x)
        code = bits + 0x7FFF + (bits >> 16 & 1) >> 16
        return le16(code), struct.unpack("<f", le32(code << 16))[0]
    return struct.pack("<f", x), x


class Projection:
    def __init__(self, seed, width, sketch):
        self.n = 1 << (width - 1).bit_length()
        own = derive_seed(seed, "hadamard-projection", le32(width, sketch))
        flips = Stream(own, "signs")
        words = [flips.u32() for _ in range(-(-width // 32))]
        self.signs = [words[i // 32] >> i % 32 & 1 for i in range(width)]
        self.outputs = Stream(own, "outputs").subset(self.n, sketch)
        self.scale = f32(1 / math.sqrt(sketch))

    def __call__(self, row):
        x = [-v if s else v for v, s in zip(row, self.signs)] + [0.0] * (self.n - len(row))
        half = self.n // 2
        while half:
            for i in range(self.n):
                if not i & half:
                    x[i], x[i + half] = f32(x[i] + x[i + half]), f32(x[i] - x[i + half])
            half //= 2
        return [f32(x[o] * self.scale) for o in self.outputs]


def fingerprint(sketch, step, kind):
    low, high, form = (-128, 127, "<b") if kind == "i8" else (-32768, 32767, "<h")
    return b"".join(struct.pack(form, round(min(max(f32(v / step), low), high))) for v in sketch)


# --- 8: trees --------------------------------------------------------------------------------------------------------

class Tree:
    def __init__(self, request, name, kind, width, extents, arities, rows):
        context = transcript("committed-rows", ("digest", "request", request), ("text", "rows", name))
        self.kind, self.width, self.extents, self.arities = kind, width, extents, arities
        self.grow(context, rows)

    def grow(self, context, rows):
        kind, width, extents, arities = self.kind, self.width, self.extents, self.arities
        self.digests = []  # per level: {node coordinates: commitment}
        self.context = transcript(
            "tree-context", ("u64", "scheme", 1), ("digest", "parameters", bytes(32)), ("digest", "context", context),
            ("u64", "dtype", TYPE_NUMBER[kind]), ("u64", "width", width), ("u64", "rank", len(extents)),
            ("u64", "arities", len(arities)), *(("u64", "extent", n) for n in extents[1:]),
            *(("u64", "arity", a) for level in arities for a in level))
        self.levels = []  # per level: {node coordinates: (header, shape bytes, slot values by number, slot coordinates)}
        slots = {at: rows[i] for i, at in enumerate(self.all_of(extents))}
        self.rows = slots
        while not self.levels or len(slots) > 1:
            slots = self.commit_level(slots)
            self.digests.append(slots)
        self.root = transcript("tree-root", ("digest", "tree", self.context), ("u64", "extent", extents[0]),
                               ("digest", "top", next(iter(slots.values()))))

    @staticmethod
    def all_of(extents):
        places = [()]
        for n in extents:
            places = [p + (i,) for p in places for i in range(n)]
        return places

    def arity(self, level):
        return self.arities[min(level, len(self.arities) - 1)]

    def node_of(self, level, slot):
        return tuple(s // a for s, a in zip(slot, self.arity(level)))

    def commit_level(self, slots):
        level, arity = len(self.levels), self.arity(len(self.levels))
        nodes = {}
        for slot in sorted(slots):
            nodes.setdefault(self.node_of(level, slot), []).append(slot)
        committed, parents = {}, {}
        for index, node in enumerate(sorted(nodes)):
            held = nodes[node]
            present = [1 + max(s[i] for s in held) - min(s[i] for s in held) for i in range(len(arity))]
            kind, width = (self.kind, self.width) if level == 0 else ("opaque", 32)
            header = b"assay/v0/tree-node" + bytes(2) + le32(level) + le64(index) + self.context
            layers = [[sha(header + b"\0" + le32(i) + slots[s]) for i, s in enumerate(held)]]
            while len(layers[-1]) > 1:
                last = layers[-1]
                layers.append([sha(header + b"\1" + last[i] + last[i + 1]) if i + 1 < len(last) else last[i]
                               for i in range(0, len(last), 2)])
            shape = bytes([1, TYPE_NUMBER[kind], len(arity)]) + le32(width) + le32(*arity) + le32(*present)
            parents[node] = sha(header + b"\2" + shape + layers[-1][0])
            committed[node] = (held, layers)
        self.levels.append(committed)
        return parents

    def open(self, asked):
        requested = b"".join(le32(*at) for at in asked)
        out = b"ASTO" + le16(0) + bytes([1, TYPE_NUMBER[self.kind]]) + transcript(
            "tree-opening", ("digest", "tree", self.context), ("u64", "extent", self.extents[0]),
            ("digest", "root", self.root), ("bytes", "requested", requested)) + b"".join(self.rows[at] for at in asked)
        visited = asked
        for level, committed in enumerate(self.levels):
            nodes = sorted({self.node_of(level, s) for s in visited})
            for node in nodes:
                held, layers = committed[node]
                known = sorted(held.index(s) for s in visited if self.node_of(level, s) == node)
                for layer in layers[:-1]:
                    out += b"".join(layer[i ^ 1] for i in known if i ^ 1 < len(layer) and i ^ 1 not in known)
                    known = sorted({i // 2 for i in known})
            visited = nodes
        return out


# --- 9: messages, and whole runs -------------------------------------------------------------------------------------

def state(position, layer, j):
    """Any values will do; these need rounding in the narrow types and differ from place to place."""
    return f32(((position * 131 + layer * 71 + j * 17 + position * j * 7) % 257 - 128) / 48)


def logit(step, token):
    return f32(((step * 37 + token * 101 + step * token * 13) % 211 - 105) / 24)


def group_levels(count, group):
    """Levels that join `count` checkpoints, `group` at a time."""
    levels = 0
    while count > 1:
        count, levels = -(-count // group), levels + 1
    return levels


def play(case):
    run, request = case["run"], case["request"]
    promised = run_digest(run)
    asked = transcript("request", ("digest", "run", promised), ("bytes", "id", request["id"]), ("bytes", "nonce", request["nonce"]),
                       ("bytes", "prompt", le32(*request["prompt"])), ("u64", "max-output", request["max_output"]))
    noise = transcript("noise", ("bytes", "seed", derive_seed(request["nonce"], "sampling-noise", asked)))
    key = struct.unpack("<II", noise[:8])
    output = [sample([logit(t, v) for v in range(run["vocabulary"])], run, key, t) for t in range(request["max_output"])]
    output_digest = transcript("output", ("digest", "request", asked), ("bytes", "output", le32(*output)))

    prompt, last = len(request["prompt"]), run["checkpoints"] - 1
    positions = prompt + len(output) - 1
    projection = Projection(derive_seed(request["nonce"], "fingerprint-projection", asked), run["width"], run["sketch"])
    committed = run["committed_rows"]
    states, final_rows, block_rows = [], [], []
    for p in range(positions):
        states.append(b"")
        for l in range(run["checkpoints"]):
            row = [state(p, l, j) for j in range(run["width"])]
            if l == last or l in committed:
                pairs = [rounded(v, run["row_type"]) for v in row]
                row = [value for _, value in pairs]
                kept = b"".join(code for code, _ in pairs)
                if l in committed:
                    block_rows.append(kept)
                elif p >= prompt - 1:
                    final_rows.append(kept)
            states[-1] += fingerprint(projection(row), f32(run["steps"][l]), run["sketch_type"])
    fan_out = run["fan_out"]
    tree = Tree(asked, "states", run["sketch_type"], run["sketch"] * run["checkpoints"], (positions,), [(fan_out,)], states)
    rows = Tree(asked, "final-rows", run["row_type"], run["width"], (len(output),), [(fan_out,)], final_rows)

    between = None
    if committed:
        group = fan_out
        while group_levels(len(committed), group) > 6:
            group += 1
        arities = [(fan_out, 1)] + [(1, group)] * group_levels(len(committed), group) + [(fan_out, 1)]
        between = Tree(asked, "block-rows", run["row_type"], run["width"], (positions, len(committed)), arities, block_rows)

    terms = case["terms"]
    source = {"interactive": 1, "beacon": 2}[terms["source"]]
    receipt = (b"ASRC" + le16(1 if between else 0) + promised + asked + le32(prompt, len(output)) + output_digest + tree.root + rows.root
               + bytes([source]) + le64(terms["retention_seconds"]) + terms["beacon"] + le64(terms["round"])
               + (between.root if between else b""))
    receipt_digest = transcript(
        "receipt", ("digest", "run", promised), ("digest", "request", asked), ("u64", "prompt-tokens", prompt),
        ("u64", "output-tokens", len(output)), ("digest", "output", output_digest), ("digest", "states", tree.root),
        ("digest", "final-rows", rows.root), ("u64", "challenge-source", source),
        ("u64", "retention-seconds", terms["retention_seconds"]), ("digest", "beacon", terms["beacon"]), ("u64", "round", terms["round"]),
        *([("digest", "block-rows", between.root)] if between else []))
    wanted, recheck = case["challenge"], case["challenge"].get("recheck")
    challenge = (b"ASCH" + le16(1 if recheck else 0) + receipt_digest + wanted["randomness"] + le32(wanted["positions"], wanted["final_rows"])
                 + (le32(recheck["blocks"], recheck["positions"], recheck["prefix"], len(recheck["among"]), *recheck["among"]) if recheck else b""))
    challenge_digest = transcript(
        "challenge", ("digest", "receipt", receipt_digest), ("bytes", "randomness", wanted["randomness"]),
        ("u64", "positions", wanted["positions"]), ("u64", "final-rows", wanted["final_rows"]),
        *([("u64", "among", len(recheck["among"])), *(("u64", "block", b) for b in recheck["among"]), ("u64", "blocks", recheck["blocks"]),
           ("u64", "block-positions", recheck["positions"]), ("u64", "block-prefix", recheck["prefix"])] if recheck else []))
    places = Stream(challenge_digest, "challenge-places")
    drawn = places.subset(positions, min(wanted["positions"], positions))
    outputs = places.subset(len(output), min(wanted["final_rows"], len(output)))
    blocks = []
    if recheck:
        among = recheck["among"]
        blocks = [(among[i], None) for i in places.subset(len(among), min(recheck["blocks"], len(among)))]
        within = min(positions, recheck["prefix"])
        blocks = [(b, places.subset(within, min(recheck["positions"], within))) for b, _ in blocks]
    of_states = sorted({(p,) for p in drawn} | {(prompt - 1 + t,) for t in outputs} | {(p,) for _, at in blocks for p in at})
    of_blocks = {(p, committed.index(b)) for b, at in blocks for p in at}
    of_blocks |= {(p, committed.index(b - 1)) for b, at in blocks if b > 0 for p in range(at[-1] + 1)}
    if blocks and last - 1 in committed:
        of_blocks |= {(prompt - 1 + t, committed.index(last - 1)) for t in outputs}
    openings = b"ASOS" + le16(0) + challenge_digest
    for opened, at in ((tree, of_states), (rows, [(t,) for t in outputs]), *([(between, sorted(of_blocks))] if between else [])):
        encoded = opened.open(at) if at else b""
        openings += le64(len(encoded)) + encoded
    return {"run_digest": promised, "request_digest": asked, "noise_key": list(key),
            "gumbel_bits": [f64_bits(gumbel(key, 1, v)) for v in range(4)], "output": output, "projection_outputs": projection.outputs,
            "first_fingerprint": states[0][:len(states[0]) // run["checkpoints"]], "receipt": receipt, "receipt_digest": receipt_digest, "challenge": challenge,
            "challenge_digest": challenge_digest, "positions": drawn, "outputs": outputs,
            "blocks": [{"block": b, "positions": at} for b, at in blocks], "openings": openings}


def cases():
    run = {"weights": sha(b"weights"), "tokenizer": sha(b"tokenizer"), "weight_type": "bf16", "activation_type": "f32", "checkpoints": 3,
           "width": 24, "vocabulary": 64, "temperature": 0.8, "top_k": 20, "top_p": 0.9, "sketch": 8, "sketch_type": "i16",
           "steps": [0.015625, 0.0078125, 0.01], "row_type": "bf16", "fan_out": 4, "committed_rows": []}
    request = {"id": bytes(range(16)), "nonce": sha(b"nonce"), "prompt": [1, 2, 3, 62, 63], "max_output": 6}
    terms = {"source": "interactive", "retention_seconds": 3600, "beacon": bytes(32), "round": 0}
    challenge = {"randomness": sha(b"challenge"), "positions": 3, "final_rows": 2}
    beacon = {"source": "beacon", "retention_seconds": 86400, "beacon": sha(b"beacon"), "round": 4242}
    yield {"name": "bf16 rows, i16 sketches", "run": run, "request": request, "terms": terms, "challenge": challenge}
    yield {"name": "f16 rows, i8 sketches, no top-k, a beacon",
           "run": {**run, "top_k": 0, "row_type": "f16", "sketch_type": "i8", "steps": [0.125, 0.0625, 0.25], "width": 40, "sketch": 24, "fan_out": 2},
           "request": {**request, "prompt": [7], "max_output": 17}, "terms": beacon, "challenge": {**challenge, "positions": 30, "final_rows": 30}}
    yield {"name": "f32 rows, no filters, states only",
           "run": {**run, "top_k": 0, "top_p": 1.0, "temperature": 1.5, "row_type": "f32", "checkpoints": 1, "steps": [0.001], "width": 1, "sketch": 1},
           "request": {**request, "max_output": 9}, "terms": terms, "challenge": {**challenge, "final_rows": 0}}
    yield {"name": "greedy, one position, final rows only", "run": {**run, "temperature": 0.0},
           "request": {**request, "prompt": [9], "max_output": 1}, "terms": terms, "challenge": {**challenge, "positions": 0}}
    many = {**run, "checkpoints": 70, "steps": [0.015625] * 70}
    yield {"name": "rows of all blocks, f16, two blocks of three", "run": {**run, "checkpoints": 5, "steps": [0.015625] * 5, "row_type": "f16", "committed_rows": [0, 1, 2, 3]},
           "request": request, "terms": terms, "challenge": {**challenge, "recheck": {"among": [0, 2, 3], "blocks": 2, "positions": 3, "prefix": 7}}}
    yield {"name": "rows between some blocks, nothing asked of them", "run": {**run, "checkpoints": 6, "steps": [0.015625] * 6, "committed_rows": [1, 2, 4]},
           "request": request, "terms": beacon, "challenge": challenge}
    yield {"name": "blocks only, a deep tree of checkpoints", "run": {**many, "fan_out": 2, "committed_rows": list(range(69))},
           "request": {**request, "prompt": [5, 6], "max_output": 3}, "terms": terms,
           "challenge": {**challenge, "positions": 0, "final_rows": 0, "recheck": {"among": [7, 68], "blocks": 3, "positions": 9, "prefix": 100}}}


class Rows(Tree):
    """A tree whose caller's context is given."""

    def __init__(self, context, arities, rows):
        self.kind, self.width, self.extents, self.arities = "opaque", 32, (len(rows),), arities
        self.grow(context, rows)


def session_case():
    """Roots and frontiers after some turns of one session, and the context of a turn."""
    session, previous, entries, roots, frontiers = sha(b"session"), bytes(32), [], {}, {}
    log = transcript("session-log", ("digest", "session", session))
    for turn in range(300):
        if turn in (0, 1, 17):
            roots["context of turn %d" % turn] = transcript("session-turn", ("digest", "session", session), ("u64", "turn", turn),
                                                            ("digest", "previous", previous), ("digest", "context", sha(b"context")))
        entries.append(transcript("session-entry", ("digest", "session", session), ("u64", "turn", turn), ("digest", "previous", previous),
                                  ("digest", "content", sha(b"turn %d" % turn))))
        tree = Rows(log, [(16,)], entries)
        previous = tree.root
        n = turn + 1
        if n in (1, 2, 16, 17, 256, 257, 300):
            roots[str(n)] = previous
            slots, level, frontier = entries, 0, b""
            while n >> 4 * level:
                complete = n >> 4 * level
                frontier += b"".join(slots[complete - complete % 16:complete])
                slots = [tree.digests[level][k] for k in sorted(tree.digests[level])] if level < len(tree.digests) else []
                level += 1
            frontiers[str(n)] = frontier
    return {"session": session, "roots": roots, "frontiers": frontiers}


def as_json(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {k: as_json(v) for k, v in value.items()}
    return [as_json(v) for v in value] if isinstance(value, (list, tuple)) else value


def main():
    print(json.dumps({"provenance": "tests/vectors/generators/protocol.py, written from docs/protocol.md",
                  "other_schemes": [{"scheme": n, "parameters": sha(b"srs").hex(), "run_digest": run_digest({**next(cases())["run"], "scheme": n, "parameters": sha(b"srs")}).hex()} for n in (2, 3)],
                  "session": as_json(session_case()), "cases": [as_json({**case, "expected": play(case)}) for case in cases()]}, indent=1))


if __name__ == "__main__":
    main()
