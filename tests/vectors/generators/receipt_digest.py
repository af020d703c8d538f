#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Golden receipts: JSON, CBOR and digest, from the documented formats alone (transcript in hash/transcript.hpp, order of
fields in protocol/receipt.hpp, documents in docs/reference/json.md).

Independent of the C++ library; standard library only. Usage: receipt_digest.py > ../receipt.json
"""
import hashlib
import json
import struct

HEX_FIELDS = {"run", "request", "output", "states", "final_rows", "block_rows", "beacon"}
SOURCES = {"interactive": 1, "beacon": 2}


def transcript(domain, items):
    """Items are (label, integer or 32-byte digest)."""
    def item(kind, label, payload):
        return bytes([kind, len(label)]) + label.encode() + struct.pack("<Q", len(payload)) + payload

    data = item(1, "", domain.encode())
    for label, value in items:
        data += item(2, label, struct.pack("<Q", value)) if isinstance(value, int) else item(4, label, value)
    return hashlib.sha256(data + item(0, "", struct.pack("<Q", 1 + len(items)))).digest()


def digest_of(receipt):
    def raw(name, source=receipt):
        return bytes.fromhex(source[name])

    terms = receipt["terms"]
    return transcript("assay/v0/receipt", [
        ("run", raw("run")), ("request", raw("request")),
        ("prompt-tokens", receipt["prompt_tokens"]), ("output-tokens", receipt["output_tokens"]),
        ("output", raw("output")), ("states", raw("states")), ("final-rows", raw("final_rows")),
        ("challenge-source", SOURCES[terms["source"]]), ("retention-seconds", terms["retention_seconds"]),
        ("beacon", raw("beacon", terms)), ("round", terms["round"])]
        + ([("block-rows", raw("block_rows"))] if receipt["block_rows"] is not None else []))


def cbor(value):
    """Deterministic CBOR of integers, text, byte strings and maps; keys in alphabetical order."""
    def head(major, n):
        if n < 24:
            return bytes([major << 5 | n])
        size = next(s for s in (1, 2, 4, 8) if n < 1 << 8 * s)
        return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + n.to_bytes(size, "big")

    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(5, len(value)) + b"".join(cbor(key) + cbor(value[key]) for key in sorted(value))


def with_bytes(document):
    """The CBOR view: hexadecimal members become byte strings."""
    return {key: with_bytes(value) if isinstance(value, dict) else bytes.fromhex(value) if key in HEX_FIELDS and value is not None else value
            for key, value in document.items()}


def named(text):
    return hashlib.sha256(text.encode()).hexdigest()


def receipt(terms, prompt_tokens, output_tokens, block_rows=None):
    return {"assay": "receipt", "version": 0, "run": named("run"), "request": named("request"),
            "prompt_tokens": prompt_tokens, "output_tokens": output_tokens, "output": named("output"),
            "states": named("states"), "final_rows": named("final rows"), "block_rows": block_rows, "terms": terms}


def main():
    documents = [
        receipt({"source": "interactive", "retention_seconds": 3600, "beacon": "00" * 32, "round": 0}, 17, 256),
        receipt({"source": "beacon", "retention_seconds": 2**64 - 1, "beacon": named("beacon"), "round": 4242424242},
                100000, 1),
        receipt({"source": "interactive", "retention_seconds": 60, "beacon": "00" * 32, "round": 0}, 3, 2, named("block rows")),
    ]
    golden = [{"json": d, "cbor": cbor(with_bytes(d)).hex(), "digest": digest_of(d).hex()} for d in documents]
    print(json.dumps({"provenance": "tests/vectors/generators/receipt_digest.py", "receipts": golden}, indent=1))


main()
