#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Write docs/results/token_detection.md from the JSON of a run of the token study.

usage: page.py RUN.json > docs/results/token_detection.md     (RUN.json: assay_token_study --json RUN.json)
"""
import json
import sys

STATISTICS = ["margin", "capped margin", "exact match", "cross-entropy", "GLS", "capped GLS"]


def number(n):
    return f"{n:,.0f}"


def needed(p):
    """Tokens to AUC .999: measured, extrapolated in brackets, or a dash."""
    if p["tokens_to_auc_999"] is not None:
        return number(p["tokens_to_auc_999"])
    if p["extrapolated"] is not None:
        e = p["extrapolated"]
        digits = 10 ** max(0, len(str(int(e))) - 2)
        return f"({number(round(e / digits) * digits)})"
    return f"– (z {p['z']:+.1f})"


def auc(p):
    low, high = p["auc_interval"]
    return f"{p['auc']:.3f} [{low:.3f}, {high:.3f}]"


def percent(x, digits=1):
    return f"{100 * x:.{digits}f} %"


def share(a):
    low, high = a["interval"]
    return f"{a['count']} of {a['requests']} [{percent(low)}, {percent(high)}]"


def needed_table(title, rows):
    yield f"| {title} | pool | n ≤ | " + " | ".join(STATISTICS) + " |"
    yield "|---|--:|--:|" + "--:|" * len(STATISTICS)
    for name, pool, found in rows:
        cells = " | ".join(needed(found["statistics"][s]) for s in STATISTICS)
        yield f"| {name} | {number(pool['tokens'])} | {number(found['largest_batch'])} | {cells} |"
    yield ""


def equal_table(title, rows):
    shown = ["capped margin", "exact match", "cross-entropy", "GLS", "margin"]
    yield f"| {title} | n | n / pool | " + " | ".join(shown) + " |"
    yield "|---|--:|--:|" + "---|" * len(shown)
    for name, pool, found in rows:
        n = found["equal_tokens"]
        cells = " | ".join(auc(found["statistics"][s]) for s in shown)
        yield f"| {name} | {number(n)} | {percent(n / pool['tokens'])} | {cells} |"
    yield ""


def rate_table(title, rows, baselines):
    sizes = [b["tokens"] for b in baselines]
    yield f"| {title} | " + " | ".join(f"{number(n)} tokens" for n in sizes) + " |"
    yield "|---|" + "---|" * len(sizes)
    honest = " | ".join(f"{b['false_alarms']} of {b['batches']} [{percent(b['interval'][0])}, {percent(b['interval'][1])}]" for b in baselines)
    yield f"| **honest: false alarms** | {honest} |"
    for name, _, found in rows:
        cells = {r["tokens"]: f"{percent(r['share'])} [{percent(r['interval'][0])}, {percent(r['interval'][1])}]" for r in found["at_rate"]}
        yield f"| {name} | " + " | ".join(cells.get(n, "") for n in sizes) + " |"
    yield ""


def tables(title, rows, result, alpha):
    yield "Tokens to AUC .999; in brackets extrapolated beyond what the pool allows; –: the shift is below four standard errors (z)."
    yield ""
    yield from needed_table(title, rows)
    yield ("All statistics on equal tokens, n as the capped margin needs it or the largest batch: "
           "AUC with 95 % interval (whole requests resampled).")
    yield ""
    yield from equal_table(title, rows)
    yield f"Share of batches that exceed the capped margin's threshold for {percent(alpha, 0)} false alarms, with 95 % intervals."
    yield ""
    yield from rate_table(title, rows, result["baselines"])


def engine(run):
    s = run["settings"]
    titles = {"bf16": "Provider and verifier in bf16, summing in different orders", "f32": "Provider and verifier in f32",
              "mixed": "A verifier in f32, providers in f32 or bf16 as they like"}
    for a in run["arrangements"]:
        h = a["honest"]
        yield f"### {titles[a['name']]}"
        yield ""
        yield (f"Providers' arithmetic: {', '.join(a['providers'])}; verifier: {a['verifier']}. Honest pools: {number(a['calibration_tokens'])} tokens "
               f"to calibrate, {number(h['tokens'])} others to evaluate. Honest mismatches: {percent(h['mismatches'], 2)} of tokens; "
               f"mean Gini impurity {h['mean_gini']:.2f}; implied noise of a logit {h['implied_sigma']:.3f}; cap of the margin {a['cap']:.3f}.")
        if len(a["providers"]) > 1:
            yield "A batch comes from one arithmetic, drawn at random; pools and n count per arithmetic."
        yield ""
        rows = [(c["name"], c["pool"], c["detection"]) for c in a["cheats"]]
        yield from tables("cheat", rows, a, s["alpha"])


def blinding(run):
    cheats = {c["id"]: c for c in run["arrangements"][0]["cheats"]}
    c, plain = cheats["int4-blinding"], cheats["int4-weights"]
    at, before = c["detection"]["statistics"], plain["detection"]["statistics"]
    yield "## Adversarial temperature"
    yield ""
    yield (f"A provider with int4 weights lowers its temperature from {plain['temperature']:.2f} to **{c['temperature']:.3f}**, where the mean cross-entropy of its tokens "
           f"equals the honest one. At {number(c['detection']['equal_tokens'])} tokens the cross-entropy reads AUC **{auc(at['cross-entropy'])}**, "
           f"the capped margin **{auc(at['capped margin'])}**. Over the whole pools the cross-entropy differs by {at['cross-entropy']['shift']:+.4f} nats "
           f"(z {at['cross-entropy']['z']:+.1f}); without tuning by {before['cross-entropy']['shift']:+.4f} (z {before['cross-entropy']['z']:+.1f}), "
           f"AUC {auc(before['cross-entropy'])} at {number(plain['detection']['equal_tokens'])} tokens.")
    yield ""


def substitution(run):
    rows = [c for c in run["arrangements"][0]["cheats"] if c["id"].startswith("near-ties")]
    yield "## What substitution can carry"
    yield ""
    yield ("The provider runs everything as promised, but wherever candidates lie within a margin of the winner it picks one of them by the bits "
           "of a message. *Bits until caught*: bits per token times the tokens to AUC .999 (capped margin). "
           "A margin of 3.494 is what the published GLS rule (above -5 at sigma 1) calls safe.")
    yield ""
    yield "| margin up to | bits per token | tokens altered | tokens to AUC .999 | bits until caught | detected at 1 %, 64 tokens | 256 tokens |"
    yield "|--:|--:|--:|--:|--:|--:|--:|"
    for c in rows:
        p = c["detection"]["statistics"]["capped margin"]
        n = p["tokens_to_auc_999"] or p["extrapolated"]
        carried = "–" if n is None else f"{c['pool']['bits_per_token'] * n:.0f}" if p["tokens_to_auc_999"] else f"({c['pool']['bits_per_token'] * n:.0f})"
        rates = {r["tokens"]: percent(r["share"]) for r in c["detection"]["at_rate"]}
        yield (f"| {c['id'].rsplit('-', 1)[1]} | {c['pool']['bits_per_token']:.4f} | {percent(c['pool']['replaced'], 2)} | {needed(p)} | {carried} | "
               f"{rates.get(64, '')} | {rates.get(256, '')} |")
    yield ""


def summary(run):
    by = {c["id"]: c for c in run["arrangements"][0]["cheats"]}

    def tokens(name, statistic="capped margin"):
        return needed(by[name]["detection"]["statistics"][statistic])

    pairs = sum((n["every"]["count"] for n in run["honest_null"])), sum((n["every"]["requests"] for n in run["honest_null"]))
    mixed = [p["verifiers"] for p in run["honest_null"][0]["pairs"] if p["provider"].startswith("bf16")]
    accused = sum(a["count"] for a in mixed), sum(a["requests"] for a in mixed)
    yield "In short, for bf16 on both sides and the capped margin (tokens to AUC .999, in brackets extrapolated):"
    yield ""
    yield (f"- int4 weights {tokens('int4-weights')}, int4 KV cache {tokens('int4-kv')}, fp8 KV cache {tokens('fp8-kv')}, wrong seed {tokens('wrong-seed')}, "
           f"temperature off by 0.05 {tokens('temperature -0.05')} (colder) and {tokens('temperature +0.05')} (warmer), top-p 0.90 for 0.95 {tokens('top-p-0.90')}.")
    yield (f"- A sampler bug on 1 % of tokens: {tokens('bug-2')} (top 2) and {tokens('bug-32')} (top 32). Here the *uncapped* margin is better: "
           f"{tokens('bug-2', 'margin')} and {tokens('bug-32', 'margin')}; for cheats on all tokens the cap rarely costs and often halves the tokens.")
    yield (f"- Exact match needs up to {max_ratio(run):.1f} times the tokens of the capped margin. The GLS of capped margins equals the capped margin; as published, "
           f"with a floor for excluded tokens, honest tokens outside the nucleus swamp it ({tokens('int4-weights', 'GLS')} for int4 weights).")
    yield "- **int8 weights and an int8 KV cache are not detected** within these pools under bf16, nor is substitution at margins to 0.01."
    yield (f"- Honest requests: {pairs[0]} of {pairs[1]} alarm at α = 1 % over all pairs of arithmetics, if every arithmetic took part in the calibration. "
           f"A threshold from f32 providers alone accuses {accused[0]} of {accused[1]} honest bf16 requests.")
    yield ""


def max_ratio(run):
    """Of tokens needed by exact match to those of the capped margin, where both were measured."""
    ratios = []
    for c in run["arrangements"][0]["cheats"]:
        s = c["detection"]["statistics"]
        match, margin = s["exact match"]["tokens_to_auc_999"], s["capped margin"]["tokens_to_auc_999"]
        if match and margin:
            ratios.append(match / margin)
    return max(ratios)


def null(run):
    yield "## False alarms of honest providers"
    yield ""
    for n in run["honest_null"]:
        yield f"### Verifier: {n['verifier']}"
        yield ""
        yield (f"Requests whose mean capped margin exceeds the threshold for α = {percent(n['alpha'], 0)}, with 95 % Clopper-Pearson intervals. "
               f"{n['calibration_requests']} requests per arithmetic to calibrate, the others counted; cap {n['cap']:.3f}.")
        yield ""
        yield "| provider | mismatches | implied noise | own threshold | the largest of all thresholds | thresholds of the verifier's precision |"
        yield "|---|--:|--:|---|---|---|"
        for p in n["pairs"]:
            yield (f"| {p['provider']} | {percent(p['mismatches'], 2)} | {p['implied_sigma']:.3f} | {share(p['own'])} | {share(p['every'])} | {share(p['verifiers'])} |")
        yield f"| **all** | | | **{share(n['own'])}** | **{share(n['every'])}** | |"
        yield ""


def simulation(run):
    s = run["settings"]
    yield "## Simulation at production scale"
    yield ""
    yield (f"Rows with {number(s['vocabulary'])} ids, of which the {s['candidates']} largest are simulated (top-k keeps 50); logits fall with the logarithm of the "
           "rank at a slope that varies from row to row (log-normal, median 3.0). Temperature 1. A provider's logits are the verifier's plus noise, "
           "honest ones with σ = 0.05, cheats with the σ ratios that published greedy scores imply for 4-bit weights (4.15), fp8 weights (2.5) and an "
           "fp8 KV cache (1.87). Heavy tails: Student's t with 3 degrees of freedom times a log-normal scale per position, same variance.")
    yield ""
    for r in run["simulations"]:
        h = r["honest"]
        yield f"### {r['name']}"
        yield ""
        yield (f"Honest mismatches: {percent(h['mismatches'], 2)}; mean Gini impurity {h['mean_gini']:.2f}; cap {r['cap']:.3f}; "
               f"noise implied by the margins {h['implied_sigma']:.3f}, true 0.05.")
        yield ""
        rows = [(f"σ ratio {c['ratio']}", c["pool"], c["detection"]) for c in r["cheats"]]
        yield from tables("noise", rows, r, s["alpha"])
    yield ("The margins imply more noise than there is because the filters' border moves too: a candidate that one side keeps and the other cuts costs a large margin. "
           "In a one-off run without top-k and top-p (20,000 tokens, not an option of the tool) they implied 0.051. On such rows the implied noise of this study is an upper reading; `noise_sums::add(scored_choice, settings)`, which came later, leaves the border out ([token](../modules/token.md#how-sharp-implied-noise-is)).")
    yield ""


def missed(run):
    yield "## What is not detected"
    yield ""
    luck = next((c["detection"]["statistics"]["capped margin"] for c in run["arrangements"][0]["cheats"] if c["id"] == "near-ties-0.01"), None)
    yield "By the capped margin, within a tenth of the pool."
    if luck:
        yield (f"Near that ratio a pool's own luck shows: a shift of z {luck['z']:+.1f} reads AUC {luck['auc']:.2f} (substitution at margins to 0.01), so look at the intervals.")
    yield ""
    for a in run["arrangements"]:
        for c in a["cheats"]:
            p = c["detection"]["statistics"]["capped margin"]
            if p["tokens_to_auc_999"] is not None or p["auc"] >= 0.999:  # the latter: only at the largest batch, not at two in a row
                continue
            what = (f"AUC .999 would take about {needed(p)[1:-1]} tokens (extrapolated)" if p["extrapolated"] is not None else
                    f"the whole pool of {number(c['pool']['tokens'])} tokens shows a shift of z {p['z']:+.1f}, too little to extrapolate")
            yield f"- {a['name']}: **{c['name']}**: AUC {auc(p)} at {number(c['detection']['equal_tokens'])} tokens; {what}."
    yield ""


def main():
    run = json.load(open(sys.argv[1]))
    s = run["settings"]
    lines = [
        "# How many tokens it takes",
        "",
        f"Written by `examples/token_study/page.py` from the JSON of `{run['command']}` (seed {s['seed']}, {run['seconds'] / 60:.0f} minutes). "
        "The model: King James Bible, 3.3 M parameters, vocabulary 2,048; prompts of 24 to 48 tokens from held-out text; promised sampler: "
        f"temperature 0.8, top-k 50, top-p 0.95, noise keyed per request; {s['tokens_per_request']} tokens per request.",
        "",
        "How it was measured:",
        "",
        "- The score of a batch is the mean of one statistic over n tokens. *Margin*: finite margin, uncapped. *Capped margin*: cut at the 99.9th percentile of "
        "honest calibration margins (at least 0.01), excluded tokens count as the cap. *Exact match*: share of tokens that differ from the verifier's. *Cross-entropy*: "
        "of the claimed token under the promised sampler, told the direction of the shift. *GLS*: σ = 1, floor -20, which excluded tokens get. *Capped GLS*: of the capped margin.",
        "- A batch is consecutive tokens of whole requests, all different, so correlation inside a request counts. No batch exceeds a tenth of the pool it is drawn "
        f"from (column *n ≤*). AUC from 2,000 batches a side; intervals from {s['bootstraps']} resamplings of whole requests.",
        "- Cap and thresholds come from the calibration requests, AUC and false alarms from other honest requests. False alarms are counted on batches that share "
        "no request (Clopper-Pearson).",
        "- Extrapolations take the normal approximation of batch means, Φ(shift / spread) = .999, and are given where the shift exceeds four standard errors. "
        "Sizes are searched at 18 steps per decade.",
        "- Cheats write their own texts; nothing is teacher-forced but the verifier's one pass.",
        "",
    ]
    if run["arrangements"] and run["honest_null"] and len(run["arrangements"]) > 1:
        lines += summary(run)
    if run["arrangements"]:
        lines += ["## Dishonest providers on the reference engine", "", *engine(run), *blinding(run), *substitution(run)]
    if run["honest_null"]:
        lines += null(run)
    if run["simulations"]:
        lines += simulation(run)
    if run["arrangements"]:
        lines += missed(run)
    lines += [
        "## What these results do not say",
        "",
        "- One small model of one text. What a token tells grows with the uncertainty of the choice (the Gini impurity stated above), so text on which a model is "
        "surer needs more tokens. One machine; arithmetics differ by software, not by hardware.",
        "- Every noise key is derived from the client's nonce. A provider that chooses the seed after the text is outside these figures.",
        "- Cheats on part of the requests, at a share f, need about 1 / f² as many tokens in a pooled mean.",
        "- With few honest batches (the columns of 1,024 tokens and more) false alarms near 1 % can be neither shown nor excluded, and thresholds are as uncertain. "
        "Intervals of AUC and detection resample the evaluated pools, not the calibration.",
        "- Honest f32 pairs show no mismatch in the pools, so a single one stands out there; extrapolations, which assume normal means, overstate what is needed.",
        "- The simulation takes independent noise on every logit and simulated rows; only the ratios of σ come from published figures.",
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
