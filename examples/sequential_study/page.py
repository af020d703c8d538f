#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes docs/results/sequential_tests.md from the rows of a full run.

  assay_sequential_study --csv full.csv
  examples/sequential_study/page.py full.csv > docs/results/sequential_tests.md
"""
import csv
import sys

rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8")))
for r in rows:
    for key in ("alpha", "effect", "value", "low", "high"):
        r[key] = float(r[key])
    r["n"] = int(r["n"])


def of(part, **wanted):
    return [r for r in rows if r["part"] == part and all(r[k] == v for k, v in wanted.items())]


def unique(values):
    return list(dict.fromkeys(values))


def percent(r):
    mark = "**" if r["low"] > r["alpha"] else ""
    return f"{mark}{100 * r['value']:.2f} % [{100 * r['low']:.2f}, {100 * r['high']:.2f}]{mark}"


def table(head, body, numbers=True):
    print("| " + " | ".join(head) + " |")
    print("|---|" + ("--:|" if numbers else "---|") * (len(head) - 1))
    for line in body:
        print("| " + " | ".join(line) + " |")
    print()


def validity(worlds):
    tests = unique(r["test"] for r in of("validity", world=worlds[0]))
    body = [[t] + [percent(of("validity", world=w, test=t)[0]) for w in worlds] for t in tests]
    table(["test"] + worlds, body)


def power(world, alpha):
    found = of("power", world=world, alpha=alpha)
    effects = unique(r["effect"] for r in found)
    first = [r for r in found if r["quantity"] == "steps to reject"]
    head = ["test"] + [f"{e:g}" for e in effects]
    body = [[f"*{first[0]['test']}: steps*"] + [f"{r['value']:,.0f}" for r in first]]
    for t in unique(r["test"] for r in found if r["quantity"] != "steps to reject"):
        line = [r for r in found if r["test"] == t]
        body.append([t] + [f"{r['value']:.2f} ± {(r['high'] - r['low']) / 2:.2f}" for r in line])
    table(head, body)


def worst(test, alpha, effects):
    return max(r["value"] for r in of("power", test=test, alpha=alpha, world="normal, independent / token") if r["effect"] in effects)


n = of("validity")[0]["n"]
alpha = of("validity")[0]["alpha"]
narrow, wide = (0.0707, 0.1, 0.1414), (0.05, 0.0707, 0.1, 0.1414, 0.2)
print(f"""# Sequential tests: false alarms and speed

Written by `examples/sequential_study/page.py` from the rows of `assay_sequential_study --csv full.csv` (seed 1; four minutes of processor time). `--quick` runs a small version, which is
also a test. Contracts of the tests: [stats](../modules/stats.md). Intervals are 95 %: Clopper-Pearson for shares, paired normal ones for ratios.

In short:

- **Where its assumption holds, no test exceeds its rate**, looked at after every step in {n:,} honest audits at α = {100 * alpha:g} %: 100 requests of 32 tokens each.
- **Tokens of one request depend on each other, and a test that is fed tokens then accuses up to half of the honest.** A step must be a request; then all are valid again.
- **Heavy tails break every test that standardises** (SPRT, mixtures): up to 2.8 times α even per request. Betting holds its rate in every world, because it assumes the mean only.
- **Speed**: aimed at a range of a factor of two, the mixture of shifts takes at most {100 * worst('shifts 0.0707 to 0.141', 0.005, narrow) - 100:.0f} % more tokens than the SPRT that knows the shift (α = 0.5 %), and bets aimed at the same
  range at most {100 * worst('bets 0.0707 to 0.141', 0.005, narrow) - 100:.0f} %. Over a factor of four it is {100 * worst('shifts 0.05 to 0.2', 0.005, wide) - 100:.0f} % at α = 0.5 %, {100 * worst('shifts 0.05 to 0.2', 1e-4, wide) - 100:.0f} % at 10⁻⁴, {100 * worst('shifts 0.05 to 0.2', 1e-6, wide) - 100:.0f} % at 10⁻⁶. Not aiming at all (default bets) costs 32 to 38 % at α = 0.5 % and 16 to 21 % at 10⁻⁶.
- **The average of dependent checks stays valid; their product does not** (6 times α if the checks are one and the same).

## False alarms

Share of {n:,} honest audits that a test rejects at α = {100 * alpha:g} %, stopping at the first alarm. **Bold**: the interval lies above α.

- *normal, independent*: tokens N(0, 1). *autoregressive*: correlation 0.8ᵏ between tokens k apart in a request. *request effect*: a fifth of the variance is common to the request. *margins*: 5 % of
  tokens exponential of mean 0.3, cut at 1, the rest 0. *bursty*: that rate varies log-normally (0.7) from request to request.
- */ token*: fed token by token. */ request*: fed the mean of a request, standardised by the honest spread of such means, or divided by their 99.9th percentile for betting.
- Betting takes normal scores cut at three deviations. Honest mean and spread are known (100,000 requests; for margins four standard errors are added to the mean), but for the last line of all.

Worlds and units in which the tests' assumptions hold:
""")
validity(["normal, independent / token", "normal, autoregressive / request", "normal, request effect / request"])
print("Margins are heavy-tailed: only betting's assumption holds.\n")
validity(["margins, independent / token", "margins, bursty / request"])
print("Tokens that depend on each other, fed one by one: no test's assumption holds.\n")
validity(["normal, autoregressive / token", "normal, request effect / token", "margins, bursty / token"])
whole = of("validity", world="margins, bursty / request, calibrated")[0]
print(f"""The whole way, with scale and honest mean from the audit's own 2 × 100 calibration requests (α/2 for the bound of the mean, α/2 for the bets): {percent(whole)} of {whole['n']:,} audits.
Default bets and a bound of the mean are conservative; that is the price of assuming so little.

## Speed

Mean number of steps until a cheat is rejected, over that of the SPRT which is told its shift, on the same scores; {of('power')[0]['n']:,} runs per shift. "SPRT for 0.1" expects 0.1 whatever comes; at 0.05 it has no
drift, and runs were cut off at 20 ln(10⁶) / shift². "Published" is the one-sided mixture e-value of the literature; the half-normal one is what it becomes when no weight is wasted on shifts downwards. The plug-in bet (aGRAPA)
follows the data; it is here for comparison and not in the library: quicker than the default bets against large shifts of normal scores, slower against small ones and against margins, and slower than aimed bets
inside their range everywhere.
""")
for a in (0.005, 1e-4, 1e-6):
    print(f"### α = {a:g}\n\nShift per token, in standard deviations:\n")
    power("normal, independent / token", a)
print("""Why not ten per cent everywhere: at α = 0.5 % the oracle has to earn ln(1/α) = 5.3 nats, and ten per cent of that are 0.53. A mixture that spreads its weight over k shifts which the data can tell apart pays ln k.
Either one knows the shift to a factor of two, or α is small, as it is when it is spent over many providers.

### Margins, per request

Requests of 32 tokens, bursty, margins enlarged by a factor; against the fixed bet that is best for that factor (found by trying).
""")
for a in (0.005, 1e-6):
    print(f"α = {a:g}; factor of the margins:\n")
    power("margins, bursty / request", a)
print("""Aimed bets aim at excesses of 0.2 to 0.8 honest deviations, that is factors of about 1.25 to 2.

## Combination

Three checks of one request, each a score with honest mean exactly 0.1; *dependence* is the correlation behind them, 1 makes them one and the same number. Default bets.
""")
worlds = unique(r["world"] for r in of("combination") if r["quantity"] == "share" and r["world"].startswith("3"))
tests = unique(r["test"] for r in of("combination", world=worlds[0]))
table(["false alarms, α = 1 %"] + worlds, [[t] + [percent(of("combination", world=w, test=t)[0]) for w in worlds] for t in tests])
cheats = unique(r["world"] for r in of("combination") if r["quantity"] != "share")
tests = unique(r["test"] for r in of("combination", world=cheats[0]))
table(["requests to reject, dependence 0.5"] + cheats,
      [[t] + [f"{r['value']:,.0f} [{r['low']:,.1f}, {r['high']:,.1f}]" for r in [of("combination", world=w, test=t)[0] for w in cheats]] for t in tests])
average, product = (of("combination", world="p-values of one calibration", test=t)[0] for t in ("average, once", "product (invalid)"))
print(f"""Runs were cut off at 2,000 requests.

Conformal p-values of 1,000 requests against one calibration of 19 scores, each turned into an e-value (exponent 0.8): their average alarms in {percent(average)}, their running product in {percent(product)} of audits. They
share the calibration, so no product of them is evidence.

## Ledger

{of('ledger')[0]['n']:,} ledgers of ten honest providers and a cheat with exactly the excluded mean in one of three dependent checks, 40 requests each, α = 1 % over all providers, β = 5 %:

| | share | allowed |
|---|--:|--:|
| some honest provider rejected, ever | {percent(of('ledger', test='any rejected')[0])} | 1 % |
| the cheat accepted, ever | {percent(of('ledger', test='ever accepted')[0])} | 5 % |

## Forecasts

After a third of the oracle's mean number of steps, how many more default bets will need (`forecast_steps`, z = 1.645: 90 % if gains were independent and the leading bet had been known). Of runs still open:
""")
body = []
for r in of("forecasts", quantity="share inside the range"):
    early = of("forecasts", quantity="share earlier than the range", effect=r["effect"])[0]
    body.append([f"{r['effect']:g}", f"{r['n']:,}", f"{100 * r['value']:.1f} %", f"{100 * early['value']:.1f} %", f"{100 - 100 * r['value'] - 100 * early['value']:.1f} %"])
table(["shift", "runs", "inside the range", "earlier", "later"], body)
print("""So the range covers 75 to 83 %, not 90: runs that are still open are the slow ones, and the leading bet was picked with hindsight. It is an estimate for planning, and no part of any guarantee.""")
