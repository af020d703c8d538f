#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Write docs/results/demo.md from the JSON of one or more runs of the demo.

usage: demo_results.py RUN.json... > docs/results/demo.md     (RUN.json: assay_demo --json RUN.json)
"""
import json
import re
import sys


def caught(p):
    if not p["caught"]:
        return f"not caught within {p['tokens']} tokens"
    if p["by"] == "exact":
        return f"`{p['reason']}`"
    return f"`{p['reason']}` ({p['channel']})"


def percent(x):
    return f"{100 * x:.2f} %"


def verdicts(run):
    yield "| provider | caught by | requests | tokens | opened bytes | first request flagged | AUC of one request | caught at 1 % | LM head alone |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|---|"
    for p in run["providers"]:
        head = p["level1"]
        auc = "–" if p.get("auc") is None else f"{p['auc']:.3f}"
        tpr = "–" if p.get("tpr_at_alpha") is None else f"{100 * p['tpr_at_alpha']:.0f} %"
        level1 = f"{head['tokens']} tokens" if head["caught"] else f"not within {head['tokens']} tokens"
        if head["caught"] and head["by"] == "exact":
            level1 = f"`{head['reason']}`"
        yield (f"| {p['name']} | {caught(p)} | {p['requests']} | {p['tokens']} | {p['opened_bytes']} | "
               f"{p['first_flagged'] or '–'} | {auc} | {tpr} | {level1} |")


def honest(run):
    h, s = run["honest"], run["settings"]
    low, high = h["interval"]
    yield (f"- Fresh honest requests rejected one by one: **{h['flagged']} of {h['requests']}**, {percent(h['rate'])} "
           f"(95 % Clopper-Pearson interval {percent(low)} to {percent(high)}) against a bound of {percent(s['request_alpha'])}. Exact breaches: {h['breached']}.")
    sessions = h["sessions"]
    yield f"- Honest sessions of {sessions['length']} requests rejected: **{sessions['flagged']} of {sessions['count']}**, against a bound of {percent(s['session_alpha'])}."
    head = h["level1"]
    yield f"- The verifier with the LM head alone: {head['flagged']} of {head['requests']} honest requests."
    stacks = ", ".join(f"{p['name']} {p['flagged']} of {p['requests']}" for p in h["profiles"])
    yield f"- By honest arithmetic: {stacks}."


def costs(run):
    c = run["costs"]
    yield "| cost | |"
    yield "|---|--:|"
    yield f"| inference | {c['inference_us_per_token']:.0f} µs per output token |"
    yield f"| prover: hooks and sealing | {c['prover_us_per_token']:.2f} µs per output token, **{percent(c['prover_share'])} of inference** |"
    for part in c["prover_breakdown"]:
        yield f"| – {part['name']} | {part['us_per_token']:.2f} µs |"
    yield f"| verifier with the model | {c['verifier_us_per_request'] / 1000:.1f} ms per request, {percent(c['verifier_share'])} of inference |"
    for part in c["verifier_breakdown"]:
        yield f"| – {part['name']} | {part['us'] / 1000:.2f} ms |"
    yield f"| verifier with the LM head alone | {c['level1_us_per_request'] / 1000:.2f} ms per request, {percent(c['level1_share'])} of inference |"
    yield f"| answering a challenge | {c['open_us_per_request']:.0f} µs |"
    yield f"| receipt | {c['receipt_bytes']} bytes per request |"
    yield f"| openings | {c['opening_bytes_per_request']:.0f} bytes per audited request, {c['opening_bytes_per_token']:.0f} per output token |"
    yield f"| committed | {c['committed_bytes_per_token']} bytes per position, of which {c['fingerprint_bytes_per_token']} fingerprints |"


def level2(run):
    found = run.get("level2")
    if not found:
        return
    h = found["honest"]
    low, high = h["interval"]
    yield (f"**One block at a time (level 2).** Rows between all blocks are committed; per request {found['blocks']} of {run['model']['blocks']} blocks are drawn and recomputed, "
           f"one after the other, at {run['settings']['positions_opened']} positions, after calibration on {found['calibration_requests']} honest requests.")
    yield ""
    yield (f"- Fresh honest requests rejected one by one: **{h['flagged']} of {h['looked_at']}** (95 % interval {percent(low)} to {percent(high)}) "
           f"against a bound of {percent(run['settings']['request_alpha'])}.")
    yield (f"- Verifier {found['verifier_us_per_request'] / 1000:.1f} ms per request, {percent(found['verifier_share'])} of inference; openings "
           f"{found['opening_bytes_per_request']:.0f} bytes; prover {found['prover_us_per_token']:.2f} µs per output token with "
           f"{found['committed_bytes_per_position']} bytes of rows per position.")
    yield ""
    yield "| provider | caught by | requests | requests flagged one by one |"
    yield "|---|---|--:|--:|"
    for p in found["providers"]:
        by = f"`{p['reason']}` ({p['channel']})" if p["caught"] else f"not caught within {p['tokens']} tokens"
        yield f"| {p['name']} | {by} | {p['requests']} | {p['flagged']} of {p['looked_at']} |"
    yield ""


def section(run):
    s, m = run["settings"], run["model"]
    yield f"## {m['activation_type']} activations, seed {run['seed']}"
    yield ""
    command = re.sub(r" --(report|json) \S+", "", run["command"])  # where the output went does not matter
    yield (f"`{command}` · {run['machine']['cpu']}, {run['machine']['threads']} threads, {run['machine']['compiler']} · "
           f"{run['elapsed_seconds']:.0f} s · {s['calibration_requests']} calibration requests, {s['fresh_requests']} fresh ones, "
           f"at most {s['max_requests']} per dishonest provider, {s['output_tokens']} output tokens each, {s['positions_opened']} positions and "
           f"{s['final_rows_opened']} final rows opened, temperature {s['temperature']:.1f}, top-k {s['top_k']}, top-p {s['top_p']:.2f}")
    yield ""
    yield from honest(run)
    yield ""
    yield from verdicts(run)
    yield ""
    yield from costs(run)
    yield ""
    yield from level2(run)


def main():
    runs = [json.load(open(path)) for path in sys.argv[1:]]
    if not runs:
        sys.exit(__doc__)
    m = runs[0]["model"]
    print("# Results of the demo\n")
    print(f"Written by `scripts/demo_results.py` from the demo's JSON. The model: {m['name']}, {m['parameters']} parameters, held-out loss "
          f"{m['held_out_nats_per_token']:.3f} nats per token, {m['held_out_bits_per_byte']:.3f} bits per byte (5-gram Kneser-Ney: {m['ngram_bits_per_byte']}).\n")
    print("How to read it: a provider counts as *caught* by an exact breach or by the evidence of its whole session, which an honest provider survives with the "
          "stated probability at any stopping time. *First request flagged* is the first single request beyond the per-request bound. "
          "AUC and *caught at 1 %* are of single requests (deviation of a request against those of fresh honest ones).\n")
    for run in runs:
        print("\n".join(section(run)))


if __name__ == "__main__":
    main()
