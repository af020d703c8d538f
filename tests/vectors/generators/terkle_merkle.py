#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Golden roots and openings of Terkle trees over SHA-256 Merkle nodes, from the documented byte formats alone.

Independent of the C++ library: a node is hashed by plain top-down recursion. Usage: terkle_merkle.py > ../terkle_merkle.json
"""
import hashlib
import itertools
import json
import struct

DTYPE = {"i8": (7, 1), "i16": (9, 2), "f32": (1, 4), "opaque": (14, 1)}
OPAQUE = 14


def sha(data):
    return hashlib.sha256(data).digest()


def u32(n):
    return struct.pack("<I", n)


class Transcript:
    def __init__(self, domain):
        self.data, self.items = b"", 0
        self.item(1, "", domain.encode())

    def item(self, kind, label, payload):
        self.data += bytes([kind, len(label)]) + label.encode() + struct.pack("<Q", len(payload)) + payload
        self.items += 1

    def u64(self, label, n):
        self.item(2, label, struct.pack("<Q", n))

    def raw(self, label, payload):
        self.item(3, label, payload)

    def digest(self, label, payload):
        self.item(4, label, payload)

    def finish(self):
        return sha(self.data + bytes([0, 0]) + struct.pack("<Q", 8) + struct.pack("<Q", self.items))


class Node:
    """A Merkle node: ordered row values, recursion as in RFC 6962."""

    def __init__(self, context, level, index, dtype, width, arity, present, values):
        self.header = b"assay/v0/tree-node" + bytes(2) + u32(level) + struct.pack("<Q", index) + context
        self.shape = bytes([1, dtype, len(arity)]) + u32(width) + b"".join(map(u32, arity)) + b"".join(map(u32, present))
        self.values = values

    def top(self, lo, hi):
        if hi - lo == 1:
            return sha(self.header + b"\0" + u32(lo) + self.values[lo])
        split = 1
        while 2 * split < hi - lo:
            split *= 2
        return sha(self.header + b"\1" + self.top(lo, lo + split) + self.top(lo + split, hi))

    def commitment(self):
        return sha(self.header + b"\2" + self.shape + self.top(0, len(self.values)))

    def siblings(self, slots):
        """Hashes of the subtrees without an opened slot whose parent has one, in the order in which they are met."""
        out = []

        def walk(lo, hi):
            if hi - lo == 1:
                return
            split = 1
            while 2 * split < hi - lo:
                split *= 2
            for a, b in ((lo, lo + split), (lo + split, hi)):
                if any(a <= s < b for s in slots):
                    walk(a, b)
                else:
                    # bottom up, two subtrees meet at step k where the left one has 2^k leaves
                    out.append((split.bit_length() - 1, a, self.top(a, b)))

        walk(0, len(self.values))
        return [h for _, _, h in sorted(out)]


class Tree:
    def __init__(self, case):
        self.rank, self.extents, self.arity = len(case["extents"]), case["extents"], case["arity"]
        self.dtype, element = DTYPE[case["dtype"]]
        self.width, self.row_bytes = case["width"], case["width"] * element
        self.caller = bytes.fromhex(case["context"])
        rows = 1
        for n in self.extents:
            rows *= n
        self.data = bytes((i * i * 7 + i * 13 + 5) >> 3 & 255 for i in range(rows * self.row_bytes))
        t = Transcript("assay/v0/tree-context")
        t.u64("scheme", 1), t.digest("parameters", bytes(32)), t.digest("context", self.caller)
        t.u64("dtype", self.dtype), t.u64("width", self.width), t.u64("rank", self.rank), t.u64("arities", len(self.arity))
        for n in self.extents[1:]:
            t.u64("extent", n)
        for level in self.arity:
            for n in level:
                t.u64("arity", n)
        self.context = t.finish()
        self.slots = [list(self.extents)]
        while True:
            a = self.at(len(self.slots) - 1)
            self.slots.append([-(-n // k) for n, k in zip(self.slots[-1], a)])
            if all(n == 1 for n in self.slots[-1]):
                break
        self.levels = len(self.slots) - 1
        t = Transcript("assay/v0/tree-root")
        t.digest("tree", self.context), t.u64("extent", self.extents[0])
        t.digest("top", self.node(self.levels - 1, (0,) * self.rank).commitment())
        self.root = t.finish()

    def at(self, level):
        return self.arity[min(level, len(self.arity) - 1)]

    @staticmethod
    def index(extents, at):
        n = 0
        for e, i in zip(extents, at):
            n = n * e + i
        return n

    def children(self, level, at):
        spans = [range(i * a, min((i + 1) * a, n)) for i, a, n in zip(at, self.at(level), self.slots[level])]
        return list(itertools.product(*spans)), [len(s) for s in spans]

    def row(self, at):
        i = self.index(self.extents, at)
        return self.data[i * self.row_bytes:(i + 1) * self.row_bytes]

    def node(self, level, at):
        children, present = self.children(level, at)
        values = [self.row(c) if level == 0 else self.node(level - 1, c).commitment() for c in children]
        kind = (self.dtype, self.width) if level == 0 else (OPAQUE, 32)
        return Node(self.context, level, self.index(self.slots[level + 1], at), *kind, self.at(level), present, values)

    def opening(self, requested):
        t = Transcript("assay/v0/tree-opening")
        t.digest("tree", self.context), t.u64("extent", self.extents[0]), t.digest("root", self.root)
        t.raw("requested", b"".join(u32(i) for at in requested for i in at))
        out = b"ASTO" + bytes([0, 0, 1, self.dtype]) + t.finish() + b"".join(map(self.row, requested))
        known = {tuple(at) for at in requested}
        for level in range(self.levels):
            nodes = {tuple(i // a for i, a in zip(at, self.at(level))) for at in known}
            for at in sorted(nodes):
                children, _ = self.children(level, at)
                out += b"".join(self.node(level, at).siblings([i for i, c in enumerate(children) if c in known]))
            known = nodes
        return out


CONTEXT = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
CASES = [
    dict(name="one row", extents=[1], arity=[[16]], dtype="i8", width=4, requested=[[0]]),
    dict(name="one node", extents=[5], arity=[[16]], dtype="i8", width=4, requested=[[1], [4]]),
    dict(name="final rows", extents=[37], arity=[[16]], dtype="opaque", width=512, requested=[[0], [20], [36]]),
    dict(name="positions and layers", extents=[50, 6], arity=[[1, 6], [16, 1]], dtype="i16", width=16,
         requested=[[3, 0], [3, 1], [3, 5], [17, 2], [49, 0]]),
    dict(name="binary", extents=[11], arity=[[2]], dtype="f32", width=3, requested=[[2], [10]]),
    dict(name="boxes", extents=[7, 5, 3], arity=[[2, 2, 2], [3, 2, 1], [2, 2, 2]], dtype="i8", width=2,
         requested=[[0, 0, 0], [0, 4, 2], [6, 3, 1]]),
]

if __name__ == "__main__":
    cases = []
    for case in CASES:
        case["context"] = CONTEXT
        tree = Tree(case)
        case["root"] = tree.root.hex()
        case["opening_bytes"] = len(tree.opening(case["requested"]))
        case["opening_sha256"] = sha(tree.opening(case["requested"])).hex()
        cases.append(case)
    head = json.dumps("tests/vectors/generators/terkle_merkle.py (Python hashlib); row bytes: "
                      "byte i of the tensor is ((7 i^2 + 13 i + 5) >> 3) & 255")
    print('{"provenance": ' + head + ',\n "cases": [\n  ' + ",\n  ".join(map(json.dumps, cases)) + "\n ]}")
