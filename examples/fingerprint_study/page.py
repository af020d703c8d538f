#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Write docs/results/fingerprints.md from the tables of a run of the fingerprint study.

usage: page.py FOLDER > docs/results/fingerprints.md     (FOLDER: assay_fingerprint_study --out FOLDER)
"""
import csv
import pathlib
import sys

CHEATS = {
    "weights(bits=8)": "int8 weights", "weights(bits=4)": "int4 weights", "kv-int(bits=8)": "int8 KV", "kv-fp8": "fp8 KV",
    "kv-int(bits=4)": "int4 KV", "skip-block(block=2)": "block skipped", "small-model": "other model",
    "edited-prompt": "prompt changed",
}
BLIND = {"cheap-text": "cheap text, honest states", "temperature(shift=0.3)": "temperature + 0.3"}
HONEST = {"honest-f32": "f32 activations", "honest-other-bf16": "another bf16 stack, logits in bf16"}
FORGED = {
    "forged-constant": "nothing: zeros, or the best constant polynomial", "forged-means": "the model's mean row",
    "forged-other-text": "honest states of another text", "forged-aimed": "those, aimed at a projection known before",
    "forged-signs": "honest states, half the signs turned",
}
# (check, setting, what to call it): those of the main tables.
SHOWN = [
    ("activation-difr", "k=64 i16", "Activation-DiFR k=64 i16"),
    ("activation-difr", "k=16 i16", "k=16 i16"),
    ("activation-difr", "k=16 i8", "k=16 i8"),
    ("activation-difr", "k=16 i4", "k=16 i4"),
    ("activation-difr", "k=16 i4 wrapped/2", "k=16 i4 wrapped"),
    ("activation-difr", "k=4 i4 wrapped/2", "k=4 i4 wrapped"),
    ("activation-difr", "k=16 i4 wrapped/2 J=4", "k=16 i4 wrapped, 4 tokens a sketch"),
    ("activation-difr", "k=16 i4 wrapped/2 J=16", "k=16 i4 wrapped, 16 tokens a sketch"),
    ("activation-difr", "k=16 i4 wrapped/2 J=64", "k=16 i4 wrapped, 64 tokens a sketch"),
    ("all-checkpoints", "sent, k=16 i16", "all five checkpoints, k=16 i16"),
    ("committed", "1 opened", "the same, committed, 1 position opened"),
    ("committed", "4 opened", "4 opened"),
    ("committed", "16 opened", "16 opened"),
    ("toploc", "k=128 b=1", "TOPLOC k=128, 1 token a proof"),
    ("toploc", "k=16 b=1", "k=16, 1 token"),
    ("toploc", "k=128 b=8", "k=128, 8 tokens"),
    ("toploc", "k=128 b=32", "k=128, 32 tokens"),
    ("toploc", "k=128 b=32 exponents", "the same by exponents"),
    ("toploc", "k=32 b=32", "k=32, 32 tokens"),
    ("state-statistics", "P_e", "state statistics: P_e"),
    ("state-statistics", "P_w", "P_w"),
    ("state-statistics", "P_m", "P_m"),
    ("state-statistics", "relative deviation", "relative deviation"),
]
RULES = [("toploc", "k=128 b=32 published limits", "TOPLOC's published limits, by chunk"),
         ("state-statistics", "published rule", "VeriLLM's thresholds, by row")]


def number(x, digits=0):
    return f"{x:,.{digits}f}"


def compact(x):
    return f"{x:.3g}" if x < 1000 else number(x)


def percent(x, digits=1):
    return f"{100 * x:.{digits}f} %"


class Run:
    def __init__(self, folder):
        def rows(name):
            with open(pathlib.Path(folder) / name, newline="", encoding="utf-8") as file:
                return list(csv.DictReader(file))
        self.settings = {r["setting"]: r["value"] for r in rows("settings.csv")}
        self.cells = {(r["attack"], r["check"], r["setting"], int(r["tokens"])): r for r in rows("detection.csv")}
        self.needs = {(r["attack"], r["check"], r["setting"]): r for r in rows("needs.csv")}
        self.baselines = rows("baselines.csv")
        self.wire = rows("wire.csv")
        self.times = rows("times.csv")
        self.length = int(self.settings["tokens_per_request"])

    def bytes_per_token(self, check, setting):
        return next(float(r["bytes_per_token"]) for (_, c, s), r in self.needs.items() if (c, s) == (check, setting))

    def unit(self, check, setting):
        """Tokens behind one score: the smallest batch that has a row."""
        return min(t for (_, c, s, t) in self.cells if (c, s) == (check, setting))

    def need(self, attack, check, setting):
        """(tokens, extrapolated?) to AUC .999, or None."""
        r = self.needs[attack, check, setting]
        if r["tokens_to_auc"]:
            return int(r["tokens_to_auc"]), False
        if r["extrapolated_tokens"]:
            unit = self.unit(check, setting)
            return max(unit, -(-float(r["extrapolated_tokens"]) // unit) * unit), True
        return None


def need_cell(run, attack, check, setting):
    found = run.need(attack, check, setting)
    if found is None:
        return f"– (z {float(run.needs[attack, check, setting]['z']):+.1f})"
    tokens, guessed = found
    text = f"{number(tokens)} · {compact(tokens * run.bytes_per_token(check, setting))} B"
    return f"({text})" if guessed else text


def needs_table(run):
    yield "| check | B/token | " + " | ".join(CHEATS.values()) + " |"
    yield "|---|--:|" + "--:|" * len(CHEATS)
    for check, setting, label in SHOWN:
        cells = " | ".join(need_cell(run, a, check, setting) for a in CHEATS)
        yield f"| {label} | {compact(run.bytes_per_token(check, setting))} | {cells} |"
    yield ""


def interval(r, name):
    return f"{float(r[name]):.3f} [{float(r[name + '_low']):.3f}, {float(r[name + '_high']):.3f}]"


def equal_table(run, tokens, figure):
    yield "| check | " + " | ".join(CHEATS.values()) + " |"
    yield "|---|" + "---|" * len(CHEATS)
    for check, setting, label in SHOWN:
        cells = []
        for attack in CHEATS:
            r = run.cells.get((attack, check, setting, tokens))
            cells.append(interval(r, figure) if r else "")
        if any(cells):
            yield f"| {label} | " + " | ".join(cells) + " |"
    yield ""


def best_for(run, attack, cost):
    """The measured setting of each kind of check with the least cost(tokens, bytes per token)."""
    for kind, name in (("activation-difr", "Activation-DiFR"), ("toploc", "TOPLOC"), ("state-statistics", "state statistics"),
                       ("committed", "committed fingerprints")):
        found = []
        for (a, check, setting), r in run.needs.items():
            if a == attack and check == kind and r["tokens_to_auc"]:
                tokens, b = int(r["tokens_to_auc"]), float(r["bytes_per_token"])
                found.append((cost(tokens, b), tokens, b, setting))
        if found:
            _, tokens, b, setting = min(found)
            yield name, setting, tokens, b


def four_bit(run):
    for attack in ("weights(bits=4)", "weights(bits=8)"):
        yield f"**{CHEATS[attack]}**, AUC above .999, the cheapest setting of each kind (the best of {count(run)} settings, chosen after the fact on these pools):"
        yield ""
        yield "| check | fewest bytes in all | fewest tokens | fewest bytes a token |"
        yield "|---|---|---|---|"
        columns = [dict((n, (s, t, b)) for n, s, t, b in best_for(run, attack, c)) for c in
                   (lambda t, b: (t * b, t), lambda t, b: (t, b), lambda t, b: (b, t))]
        for name in columns[0]:
            cells = " | ".join(f"{number(t)} token{'s' if t > 1 else ''}, {compact(t * b)} B in all, {compact(b)} B a token ({s})"
                               for s, t, b in (column[name] for column in columns))
            yield f"| {name} | {cells} |"
        yield ""


def count(run):
    return len({(c, s) for (_, c, s) in run.needs})


def committed(run):
    yield "| output tokens | positions opened | receipt | challenge | openings | all fingerprints sent | fraction |"
    yield "|--:|--:|--:|--:|--:|--:|--:|"
    for w in run.wire:
        if w["positions"] in ("1", "4", "16"):
            yield (f"| {number(int(w['output_tokens']))} | {w['positions']} | {number(float(w['receipt']))} | {number(float(w['challenge']))} | "
                   f"{number(float(w['openings']))} | {number(float(w['sent']))} | **{percent(float(w['fraction']))}** |")
    yield ""


def same_detection(run):
    def detected(setting, attack):
        check = "committed" if "opened" in setting else "all-checkpoints"
        return interval(run.cells[attack, check, setting, run.length], "detected")

    yield f"The same detection? Batches of one request of {run.length} tokens, detected at 1 % false alarms, and the share of the bytes of sending all:"
    yield ""
    yield "| | bytes | int8 weights | int8 KV | fp8 KV | int4 weights |"
    yield "|---|--:|---|---|---|---|"
    share = {w["positions"]: percent(float(w["fraction"])) for w in run.wire if int(w["output_tokens"]) == run.length}
    rows = [("sent, k=16 i16", "all sent", "100 %")] + [(f"{n} opened", f"{n} position{'s' if n != '1' else ''} opened", f) for n, f in share.items()]
    for setting, label, fraction in rows:
        cells = " | ".join(detected(setting, a) for a in ("weights(bits=8)", "kv-int(bits=8)", "kv-fp8", "weights(bits=4)"))
        yield f"| {label} | {fraction} | {cells} |"
    yield ""


def forgery_checks():
    return [("activation-difr", "k=16 i16", "DiFR k=16, projection known"), ("activation-difr", "k=8 i16", "DiFR k=8, projection not known"),
            ("toploc", "k=128 b=32", "TOPLOC k=128 b=32"), ("toploc", "k=16 b=1", "TOPLOC k=16 b=1"),
            ("state-statistics", "P_e", "P_e"), ("state-statistics", "relative deviation", "relative deviation")]


def accepted(run, attack, check, setting, tokens):
    r = run.cells.get((attack, check, setting, tokens))
    if r is None:
        return ""
    return f"{percent(1 - float(r['detected']))} [{percent(1 - float(r['detected_high']))}, {percent(1 - float(r['detected_low']))}]"


def forgeries(run):
    checks = forgery_checks()
    yield "| claim | " + " | ".join(label for _, _, label in checks) + " |"
    yield "|---|" + "--:|" * len(checks)
    for attack, label in FORGED.items():
        yield f"| {label} | " + " | ".join(accepted(run, attack, c, s, 32) for c, s, _ in checks) + " |"
    yield ""


def published(run):
    """A yes-or-no score's mean is the share that is rejected."""
    yield "| provider | " + " | ".join(label for _, _, label in RULES) + " |"
    yield "|---|--:|--:|"
    for attack, label in ({"": "honest"} | HONEST | CHEATS | FORGED).items():
        cells = []
        for check, setting, _ in RULES:
            r = run.needs[attack or "cheap-text", check, setting]
            cells.append(percent(float(r["honest_mean"]) + (float(r["shift"]) if attack else 0)))
        yield f"| {label} | " + " | ".join(cells) + " |"
    yield ""


def variants(run):
    yield "| check | " + " | ".join(f"{label}, {n} tokens" for label in (HONEST | BLIND).values() for n in (64,)) + " |"
    yield "|---|" + "---|" * len(HONEST | BLIND)
    for check, setting, label in SHOWN:
        cells = []
        for attack in HONEST | BLIND:
            r = run.cells.get((attack, check, setting, 64))
            cells.append(f"{percent(float(r['detected']))} [{percent(float(r['detected_low']))}, {percent(float(r['detected_high']))}]" if r else "")
        yield f"| {label} | " + " | ".join(cells) + " |"
    yield ""


def baselines(run):
    yield "| check | tokens | honest batches that alarm |"
    yield "|---|--:|---|"
    for check, setting, label in SHOWN:
        for r in run.baselines:
            if (r["check"], r["setting"]) == (check, setting) and int(r["tokens"]) == 64:
                rate = f"{r['alarms']} of {r['batches']} [{percent(float(r['rate_low']))}, {percent(float(r['rate_high']))}]"
                yield f"| {label} | 64 | {rate} |"
    yield ""


def times(run):
    yield "| check | setting | provider, µs a token | verifier, µs a token |"
    yield "|---|---|--:|--:|"
    for t in run.times:
        yield f"| {t['check']} | {t['setting']} | {float(t['provider_us']):.2f} | {float(t['verifier_us']):.2f} |"
    yield ""


def run_notes(run, per_stack):
    s = run.settings
    yield "How it was measured:"
    yield ""
    yield (f"- **Pools.** {s['calibration']} honest requests choose thresholds, {s['evaluation']} others are compared with, {s['cheat']} a cheat; all checks see the same requests. "
           f"Providers run in bf16 on {s['stacks']} arithmetics (tiles, split-k, sequential, chunked prefill; request i on arithmetic i mod {s['stacks']}), the verifier on a fifth.")
    yield (f"- **Batches** are consecutive tokens of whole requests of one arithmetic, scored by their mean. None exceeds a tenth of an arithmetic's pool ({per_stack} requests or "
           f"{number(per_stack * run.length)} tokens, so batches of {number(per_stack * run.length // 10)}). {number(int(s['batches']))} batches a figure, ten times as many a threshold.")
    yield (f"- **Intervals** (95 %) from {s['resamples']} resamplings of whole requests; for detection rates of the calibration's requests too. [1, 1] says that no resample differed, not that none could.")
    yield (f"- **Activation-DiFR**: distance between both parties' codes of the Hadamard sketch, relative to the verifier's sketch; the projection is a request's own. Steps are fitted to {s['fitting']} further honest "
           "requests. *Wrapped* codes keep a fine step and lose the upper bits: honest differences span two codes to either side. *n tokens a sketch*: signed sums.")
    yield ("- **TOPLOC**: the package's mean mantissa error, 128 where nothing matches; *by exponents*: its count of exponent mismatches. A row here has 256 elements, so k=128 with one token a "
           "proof covers half of it; of a row of 4,096 it would be a thirty-second. An earlier run on the same seed scored mantissas and exponents together, which was far weaker on int8; the package's mean was taken after that.")
    yield "- **State statistics** by token, on the whole final state in bf16; all checks but *all five checkpoints* and *committed* look at the LM head's input only."
    yield "- **Committed**: the mean over the opened positions and all checkpoints; positions are drawn among the output tokens. Bytes are those of the protocol's own messages."


def summary(run):
    def need(attack, check, setting):
        return need_cell(run, attack, check, setting)

    def rejected(attack, check, setting):
        r = run.needs[attack or "cheap-text", check, setting]
        return percent(float(r["honest_mean"]) + (float(r["shift"]) if attack else 0))

    wire = {(int(w["output_tokens"]), int(w["positions"])): w for w in run.wire}
    four, eight = "weights(bits=4)", "weights(bits=8)"
    yield "In short (tokens · bytes to AUC .999):"
    yield ""
    yield (f"- **int4 weights**: Activation-DiFR needs {need(four, 'activation-difr', 'k=16 i4 wrapped/2')} (16 coordinates of 4 bits), or {need(four, 'activation-difr', 'k=4 i4 wrapped/2')} (4 coordinates); "
           f"TOPLOC {need(four, 'toploc', 'k=16 b=1')} (k=16) or {need(four, 'toploc', 'k=128 b=32')} (its default); whole states {need(four, 'state-statistics', 'P_e')}. int4 KV, a skipped block, another model and a "
           "changed prompt are as plain: each of these needs one request at most.")
    yield (f"- **int8 weights and caches tell the checks apart.** int8 weights: whole states, relative deviation {need(eight, 'state-statistics', 'relative deviation')}; fingerprints of all layers "
           f"{need(eight, 'all-checkpoints', 'sent, k=16 i16')}; 16 coordinates of the last one {need(eight, 'activation-difr', 'k=16 i16')}; TOPLOC's default {need(eight, 'toploc', 'k=128 b=32')}.")
    yield (f"- **Four bits that wrap keep most of what sixteen bits see**, at a quarter of the bytes: {need(eight, 'activation-difr', 'k=16 i4 wrapped/2')} against {need(eight, 'activation-difr', 'k=16 i16')}; four bits that "
           f"saturate do not: {need(eight, 'activation-difr', 'k=16 i4')}.")
    yield (f"- **Sketches of several tokens save bytes, not tokens**: one sketch for 16 tokens, half a byte a token, needs {need(eight, 'activation-difr', 'k=16 i4 wrapped/2 J=16')}.")
    yield (f"- **Committed fingerprints of all layers**: of {number(float(wire[1024, 4]['sent']))} bytes of a request with 1,024 output tokens, {percent(float(wire[1024, 4]['fraction']))} travel when four positions are opened, of one with "
           f"{run.length} tokens {percent(float(wire[run.length, 4]['fraction']))}; that sees int4 weights within one request and int8 weights in {need(eight, 'committed', '4 opened').split(' · ')[0]} tokens.")
    blind = max(1 - float(run.cells[a, c, s, 32]["detected"]) for a in list(FORGED)[:3] for c, s, _ in forgery_checks())
    yield (f"- **Nobody without the states passes a calibrated check** (at most {percent(blind)} of batches of 32 tokens), but who knows the projection beforehand passes the sketch ({accepted(run, 'forged-aimed', 'activation-difr', 'k=16 i16', 32).split(' [')[0]} of batches), and who turns signs passes "
           f"TOPLOC ({accepted(run, 'forged-signs', 'toploc', 'k=128 b=32', 32).split(' [')[0]}) and P_e ({accepted(run, 'forged-signs', 'state-statistics', 'P_e', 32).split(' [')[0]}).")
    yield (f"- **Published limits do not fit this engine**: TOPLOC's reject {rejected(four, 'toploc', 'k=128 b=32 published limits')} of the chunks from int4 weights, VeriLLM's {rejected('', 'state-statistics', 'published rule')} of honest rows. Calibrate.")
    yield "- **No fingerprint sees** who wrote the text, nor the sampler: honest states over a small model's text, or another temperature, alarm as often as honest runs."
    yield ""


def limits():
    yield "## What these results do not say"
    yield ""
    yield "- One small model, one machine; arithmetics differ by software, not by hardware. Honest noise of real stacks is larger, and then every count grows."
    yield "- Width 256: TOPLOC and the state statistics look at a fraction of the row that depends on its width; a sketch of k coordinates does not."
    yield "- Cheats are blanket: a provider that cheats on part of its requests, at a share f, needs about 1 / f² as many tokens in a pooled mean."
    yield "- Near 1 % the false-alarm rates of single settings are known to a percent or so (the intervals above), and so are the thresholds."
    yield "- Forgers are simple. That none of them gets past an unknown projection is no proof that none can."


def main():
    run = Run(sys.argv[1])
    s = run.settings
    per_stack = int(s["cheat"]) // int(s["stacks"])
    lines = [
        "# Which fingerprint sees which cheat",
        "",
        f"Written by `examples/fingerprint_study/page.py` from the tables of `{s['command']}` (seed {s['seed']}, {int(s['seconds']) / 60:.0f} minutes on two "
        "cores shared with other work). The model: King James Bible, 3.3 M parameters, width 256, four blocks; prompts of 24 to 48 tokens of held-out text; "
        f"temperature 0.8, top-k 50, top-p 0.95; {run.length} tokens a request. Cheats write their own texts; the verifier runs one prefill over each. Pictures: `examples/fingerprint_study/plots.sh FOLDER`.",
        "",
        *summary(run),
        *run_notes(run, per_stack),
        "",
        "![Detection against tokens](fingerprints_tokens.svg)",
        "",
        "![Detection against bytes](fingerprints_bytes.svg)",
        "",
        "Bands: 95 % intervals. A batch of a check that speaks of several tokens at once begins at that many.",
        "",
        "## Tokens and bytes to AUC .999",
        "",
        "Tokens · bytes sent for them. In brackets: extrapolated beyond what the pools allow, from the normal approximation. –: the shift is below four standard errors (z).",
        "",
        *needs_table(run),
        *four_bit(run),
        "## At equal tokens",
        "",
        "One token: AUC [95 % interval].",
        "",
        *equal_table(run, 1, "auc"),
        "64 tokens: share of batches detected at 1 % false alarms [95 % interval].",
        "",
        *equal_table(run, 64, "detected"),
        "## Committed fingerprints",
        "",
        "Bytes of one request: a receipt with the root, a challenge, and the opened positions with their hash paths, against sending the fingerprints of all positions "
        "and checkpoints (five, 16 coordinates of 16 bits). The provider is bound to all of them before it learns which are asked for. A real model of 32 blocks has more checkpoints, "
        "so that an opened position costs more, and so does sending all.",
        "",
        *committed(run),
        *same_detection(run),
        "## Forged claims",
        "",
        "Providers that did not run the model, or lie about what they ran. Share of batches of 32 tokens **accepted** at the threshold of 1 % false alarms [95 % interval]. "
        "Aimed rows have the honest sketches under the projection of 16 coordinates, which this forger knows beforehand, and are made from another text's; every other length has a projection "
        "that it does not know.",
        "",
        *forgeries(run),
        "Published rules with published limits, on single chunks and rows: share **rejected**, honest providers first.",
        "",
        *published(run),
        "## Honest deviations and what no fingerprint sees",
        "",
        "Share of batches of 64 tokens that alarm at 1 %. The first two are honest providers with arithmetic that no calibration here has seen; the last two are dishonest in a way that leaves "
        "the states honest.",
        "",
        *variants(run),
        "False alarms of fresh honest requests, on batches that share no request (Clopper-Pearson). The rows are of the same requests, so luck in them is shared; nor do these intervals know "
        "of the calibration's own luck.",
        "",
        *baselines(run),
        "## Time",
        "",
        "One checkpoint of width 4,096, one thread, without the forward passes; J: tokens a sketch, b: tokens a proof.",
        "",
        *times(run),
        *limits(),
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
