"""How well a gateway tells load cells that drift or creep, months of known truth (`firmware_sim/worlds/patients.py`).

The seeds are those that `truth/patients.py` reports on, never looked at while it was tuned. Beside it, on the same:
"a day's mean 5 g off the first day's is drift". A scale that rounds to 10 g is printed, and in no figure: there a day's
drift is less than a digit.

Run: python -m tests.bench.cells_bench.
"""

from __future__ import annotations

from numpy.random import default_rng

from firmware_sim.worlds import patients as world
from firmware_sim.worlds.patients import DAY_MS, START_MS, Ill, Kind
from tests.bench.table import Figure, show
from tests.bench.truth.patients import CASES, DAYS, EACH, HOPELESS, MONTH_DAYS, SEEDS, SICK, SICK_DAYS, plain_rules, run

KINDS: tuple[Kind, ...] = ("cell", "cell 1 g", "cell 10 g")
CODES = ("drift", "creep")


def healthy() -> tuple[int, int, float]:
    """How often cells that are well were said to drift or creep; the same of the plain rule; months."""
    false = plain = count = 0
    for seed in SEEDS:
        for kind in KINDS:
            for at in range(EACH):
                holiday = (35, 42) if at % 2 else (0, 0)
                rng = default_rng([seed, 31, at, len(kind)])
                told = world.sensor(kind, DAYS, Ill(), holiday, rng, tails=at % 3 == 0)
                false += sum(one.change.came and one.change.finding.code in CODES for one in run(told))
                plain += plain_rules(told)["drift"]
                count += 1
    return false, plain, count * DAYS / MONTH_DAYS


def figures() -> tuple[list[Figure], list[str]]:
    """The figures, and what was told of each fault."""
    lines = [f"{'load cells':>20} {'told':>7} {'within':>7} {'after, d (median)':>18} {'5 g by day':>11}"]
    hits = dict.fromkeys(CODES, 0)
    ill, plain = dict(hits), dict(hits)
    for case in (one for one in CASES if one.code in CODES):
        delays: list[float] = []
        by_rule = 0
        for seed in SEEDS:
            for at in range(SICK):
                rng = default_rng([seed, 78, at, len(case.kind), len(case.fault)])
                from_ms = START_MS + int(rng.uniform(18, 25) * DAY_MS)
                told = world.sensor(case.kind, SICK_DAYS, Ill(case.fault, from_ms, case.size), (0, 0), rng)
                by_rule += plain_rules(told)["drift"] > 0
                said = [
                    one.at_ms
                    for one in run(told)
                    if one.change.came and one.change.finding.code == case.code and one.at_ms >= from_ms
                ]
                if said and said[0] <= from_ms + case.within_days * DAY_MS:
                    delays.append((said[0] - from_ms) / DAY_MS)
        cells = len(SEEDS) * SICK
        after = f"{sorted(delays)[len(delays) // 2]:18.1f}" if delays else f"{'-':>18}"
        name = f"{case.kind} {case.fault}" + (f" {case.size:g} g" if case.size else "")
        lines.append(f"{name:>20} {len(delays):3}/{cells:<3} {case.within_days:5g} d {after} {by_rule:11}")
        if (case.kind, case.fault) not in HOPELESS:
            hits[case.code] += len(delays)
            plain[case.code] += by_rule
            ill[case.code] += cells
    false, naive, months = healthy()
    found = [
        Figure(
            f"load cells that {code}: found", ">= .9", hits[code] / ill[code], 0.9, f"of {ill[code]}",
            f"5 g by day {plain[code] / ill[code]:.3g}", True,
        )
        for code in CODES
    ]  # fmt: skip
    name = "load cells: drift or creep told falsely"
    anchor = f"5 g by day {naive / months:.3g}"
    found.append(Figure(name, "<= .05/device-month", false / months, 0.05, f"in {months:.0f}", anchor))
    return found, lines


if __name__ == "__main__":
    all_figures, table = figures()
    print("\n".join(table))
    raise SystemExit(show("load cells", all_figures))
