"""What a foreign message costs: every real sample through its family. `python -m tests.bench.decode_bench`.

A family's figure is the median over its samples of the median time of one decode, in the least of some rounds over all
of them: what else the machine does only adds. A family that remembers gets a fresh memory for each, prepared before the
clock starts. The anchor is json.loads of the same messages, measured likewise.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from protocols.devices import formats
from protocols.devices.native import EXAMPLES, decode
from protocols.readings import Context
from tests.bench.table import Figure, show
from tests.unit.sample_routes import DOCUMENTS, context_of, lead_in, payload_of, route_of, topic_of
from tests.unit.samples import NOW_MS, Row, rows

RUNS, ROUNDS = 50, 40
GOAL_US = 15.0


class Cost(NamedTuple):
    """One message: microseconds of our decode and of json.loads (0 when it is no JSON)."""

    file: str
    ours_us: float
    json_us: float


def main() -> int:
    """Measure and print; 0 when all goals are met."""
    return show("decode", figures())


def figures() -> list[Figure]:
    """The slowest family's median message, and the native format's."""
    families = by_family()
    print(f"{'family':15} {'samples':>7} {'median us':>9} {'json.loads':>10} {'slowest us':>10}  slowest sample")
    for family, costs in sorted(families.items(), key=lambda one: -_typical(one[1])):
        worst = max(costs, key=lambda cost: cost.ours_us)
        plain = median(cost.json_us for cost in costs)
        print(f"{family:15} {len(costs):7} {_typical(costs):9.1f} {plain:10.1f} {worst.ours_us:10.1f}  {worst.file}")
    single, batch = _native("one weight"), _native("a batch in kilograms from the second load cell")
    print(f"{'native':15} {1:7} {single:9.1f}\n")
    found = [Figure("native message, one weight", "<= 15 us", single, GOAL_US, "us", f"a batch {batch:.1f} us")]
    if families:
        slowest = max(families, key=lambda family: _typical(families[family]))
        anchor = f"json.loads {median(cost.json_us for cost in families[slowest]):.1f} us"
        name = f"foreign message, slowest of {len(families)} families ({slowest})"
        found.append(Figure(name, "<= 15 us", _typical(families[slowest]), GOAL_US, "us", anchor))
    return found


def by_family() -> dict[str, list[Cost]]:
    """What each sample costs, by family; families that are not there, and documents, are left out."""
    wanted = [(row, route) for row in rows() if (route := route_of(row)) is not None and route.family in formats()]
    wanted = [(row, route) for row, route in wanted if not row.file.startswith(DOCUMENTS)]
    rounds = [[_cost(row) for row, _ in wanted] for _ in range(ROUNDS)]
    found: dict[str, list[Cost]] = {}
    for (row, route), costs in zip(wanted, zip(*rounds, strict=True), strict=True):
        least = Cost(row.file, min(cost.ours_us for cost in costs), min(cost.json_us for cost in costs))
        found.setdefault(route.family, []).append(least)
    return found


def _typical(costs: list[Cost]) -> float:
    return median(cost.ours_us for cost in costs)


def _cost(row: Row) -> Cost:
    route = route_of(row)
    assert route is not None
    family, topic, payload, first = (
        formats()[route.family],
        topic_of(row, route),
        payload_of(row, route),
        lead_in(route),
    )
    kept = context_of(row, route) if family.begin is None else None

    def prepare() -> Context:
        if kept is not None:
            return kept
        context = context_of(row, route)
        for earlier in first:
            family.decode(*earlier, context)
        return context

    ours = _median_us(prepare, lambda context: family.decode(topic, payload, context))
    try:
        json.loads(payload)
    except ValueError:
        return Cost(row.file, ours, 0.0)
    return Cost(row.file, ours, _median_us(lambda: None, lambda _: json.loads(payload)))


def _native(title: str) -> float:
    (example,) = [one for one in EXAMPLES if one.title == title]
    context = Context(NOW_MS)
    rounds = (
        _median_us(lambda: context, lambda known: decode(example.topic, example.payload, known)) for _ in range(ROUNDS)
    )
    return min(rounds)


def _median_us(prepare: Callable[[], Any], run: Callable[[Any], object]) -> float:
    took = []
    for _ in range(RUNS):
        given = prepare()
        start = time.perf_counter_ns()
        run(given)
        took.append(time.perf_counter_ns() - start)
    return median(took) / 1000


if __name__ == "__main__":
    sys.exit(main())
