"""How few words alerts need, and that none is missing: storms, chattering sensors, a month of a site, criticals
wherever they may come, speed. Rules, life cycle and notices go as the service lets them; beside them what an unshaped
service, which tells of everything that is wrong as soon as it is, would have told in the same run.

Run: python -m tests.bench.alerts_bench [--days 30] [--seeds 3] [--first 1]. The month was looked at with seed 5 while
its world was made, and reported with others.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from cloud.alerts import rules
from cloud.alerts.facts import ClimateNow, Facts, GatewayLink
from cloud.alerts.lifecycle import Alert
from cloud.core.view import SkuView
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import DeviceHealth, SlotLevel
from tests.bench.alerts_run import HOUR_MS, MINUTE_MS, People, Run, most_an_hour
from tests.bench.alerts_storms import (
    CHATTER_RULES,
    CHATTERS,
    LOST_MS,
    ONE,
    STORMS,
    T0,
    Hall,
    Lost,
    chatter,
    storm,
)
from tests.bench.alerts_world import DAY_MS, TICK_MS, World
from tests.bench.table import Figure, show

BREACH = ("temperature_breach", "cold")
OFFICE = {"below_reorder_point", "stock_out", "overstock", "expiry", "supplier_late", "forecast_off"}
FLOOR = {"stock_unknown", "stock_differs", "misplaced_item", "theft", "shrinkage"}
OTHERS = ("cold_rows", "telling_rows")
"""Rows of the same table that are measured elsewhere: modules of this folder with `rows()`."""


def team(alert: Alert) -> Sequence[str]:
    """Three operators, each with one who stands in."""
    return ("olga", "max") if alert.rule in OFFICE else ("flo", "fay") if alert.rule in FLOOR else ("tom", "tina")


class Tally:
    """What all runs have in common: criticals and whether they were told, what was told twice, delays in ms."""

    def __init__(self) -> None:
        self.criticals = self.missed = self.twice = 0
        self.delays: list[float] = []
        self.told_after: list[float] = []

    def run(self, run: Run, every_ms: int) -> None:
        """One run that looked every so often."""
        self.twice += run.twice
        if every_ms > 1000:
            return  # what is seen late by looking seldom says nothing
        holds = rules.delays()
        for at_ms, alert in run.fired:
            if alert.rule in holds and not alert.reopened:
                self.delays.append(max(0, at_ms - alert.since_ms - holds[alert.rule].hold_ms))

    def critical(self, run: Run, subject: str, at_ms: int, every_ms: int = 1000) -> None:
        """A breach began: was somebody told of it, within the minute that others of its kind may take?"""
        self.criticals += 1
        told_ms = run.first_told(BREACH[0], subject, at_ms)
        if told_ms is None or told_ms - at_ms > MINUTE_MS + every_ms:
            self.missed += 1
        elif every_ms <= 1000:
            self.told_after.append(told_ms - at_ms)


def storms(seeds: range, tally: Tally) -> list[Figure]:
    """Each of them, of several seeds; in every second one a room elsewhere is lost meanwhile."""
    rows = []
    for name, lost in STORMS.items():
        worst, raw = 0, 0
        for seed in seeds:
            calm = storm(lost, seed)
            tally.run(calm, 1000)
            worst, raw = max(worst, len(calm.handed)), max(raw, len(calm.raw))
        for after_ms in (5_000, 95_000, 10 * MINUTE_MS):
            hit = storm(lost, seeds.stop, breach_ms=LOST_MS + after_ms, hours=0.5)
            tally.run(hit, 1000)
            tally.critical(hit, BREACH[1], LOST_MS + after_ms)
        rows.append(Figure(f"500 devices lost: {name}", "<= 3", worst, 3, "notices", f"{raw} unshaped"))
    return rows


def in_need(tally: Tally) -> None:
    """Criticals while places are used up, in quiet hours, while something else is in a maintenance window."""
    calm = Lost(False, 0)
    for at_ms in (T0 + 50 * MINUTE_MS, T0 + 90 * MINUTE_MS):
        hall, run = Hall(calm, 7), Run(ONE)
        for now_ms in range(T0, T0 + 2 * HOUR_MS, 5_000):
            facts = hall.facts(now_ms, now_ms >= at_ms)
            gone = (now_ms - T0) // (3 * MINUTE_MS)
            silent = {
                f"d{i}": replace(facts.devices[f"d{i}"], state="silent", last_seen_ms=T0 - i * HOUR_MS)
                for i in range(gone)
            }
            run.tick(replace(facts, devices={**facts.devices, **silent}))
        assert any(one.notice.kind == "digest" for one in run.handed), "the places were used up"
        tally.run(run, 5_000)
        tally.critical(run, BREACH[1], at_ms, 5_000)
    quiet = ONE._replace(quiet=lambda _person, _now_ms: True)
    busy = ONE._replace(asked=lambda alert: () if alert.subject in ("t", "hall") else ("ann", "bob"))
    for people in (quiet, busy):
        run = storm(STORMS["power cut of a zone"], 9, people, LOST_MS + 30_000, 0.5)
        tally.run(run, 1000)
        tally.critical(run, BREACH[1], LOST_MS + 30_000)


def chattering(seeds: range, tally: Tally) -> list[Figure]:
    """Days of a sensor near its limit, and of one that comes and goes, in several ways; the worst of the days."""
    runs = [chatter(seed, how) for how in CHATTERS for seed in seeds]
    for one in runs:
        tally.run(one, MINUTE_MS)
    calls = max(most_an_hour(one.about(rule, calls=True)) for one in runs for rule in CHATTER_RULES)
    told = max(most_an_hour(one.about(rule, calls=False)) for one in runs for rule in CHATTER_RULES)
    raw = min(most_an_hour(at_ms for at_ms, of in one.raw if of == rule) for one in runs for rule in CHATTER_RULES)
    mean = max(len(one.handed) for one in runs) / 24
    unshaped = min(len(one.raw) for one in runs) / 24
    days = f"of {len(runs)} days"
    return [
        Figure(
            f"a chattering sensor: calls in the worst hour {days}", "<= 1", calls, 1, "notices",
            f"at least {raw} unshaped; ours with those that it is over: {told}",
        ),
        Figure(
            f"two chattering sensors, an hour, worst {days}", "<= 1", mean, 1.0, "notices",
            f"at least {unshaped:.1f} unshaped",
        ),
    ]  # fmt: skip


def month(days: int, seed: int, tally: Tally) -> list[Figure]:
    """The steady state: the busiest of three operators."""
    world, run = World(seed), Run(People(team))
    for _ in range(days * DAY_MS // TICK_MS):
        world.step()
        run.tick(world.facts())
    tally.run(run, TICK_MS)
    for zone, at_ms in world.breaches:
        tally.critical(run, zone, at_ms, TICK_MS)
    hours = days * 24
    busiest = max(Counter(one.notice.person for one in run.handed).values()) / hours
    alerts, raw = len(run.fired) / hours / 3, len(run.raw) / hours / 3
    tens = Counter(at_ms // (10 * MINUTE_MS) for at_ms, _ in run.fired)
    flood = 100 * sum(n >= 10 for n in tens.values()) / (hours * 6)
    top = ", ".join(f"{rule} {n}" for rule, n in Counter(one.rule for _, one in run.fired).most_common(5))
    print(f"the month of seed {seed}, alerts by rule: {top}")
    return [
        Figure("steady month, an hour and operator", "<= 1", busiest, 1.0, "notices", f"{raw:.2f} unshaped"),
        Figure("the same: alerts that fired", "<= 1", alerts, 1.0, "alerts", f"{raw:.2f} unshaped"),
        Figure("the same: time with 10 in 10 minutes", "< 1 %", flood, 1.0, "%", "-"),
    ]


def speed() -> Figure:
    """All rules over 2,000 SKUs, 10,000 slots and 500 devices of which a few things are wrong."""
    zones = [Zone(f"z{i}", f"Z{i}", min_c=2, max_c=8) for i in range(20)]
    devices = [Device(f"d{i}", "shelf" if i < 400 else "climate", f"z{i % 20}") for i in range(500)]
    kept = [Sku(f"s{i}", f"S{i}", 5.0) for i in range(2000)]
    slots = [Slot(f"l{i}", f"z{i % 20}", f"s{i % 2000}", f"d{i % 400}", str(i // 400)) for i in range(10_000)]
    site = Site(About("s", "S"), zones, kept, slots, devices)
    levels = {
        one.id: SlotLevel(one.id, one.sku, None if i % 500 == 0 else 5, 5, 5, 0.99, 25.0, 0)
        for i, one in enumerate(slots)
    }
    views = [
        SkuView(one.id, one.name, 50 * (i % 100 > 0), 0, 0, 2.0, 10, 50, 25.0, "ok" if i % 100 else "out",
                available=50, projected=50, order_up_to=60, verdict="enough")
        for i, one in enumerate(kept)
    ]  # fmt: skip
    health = {
        one.id: DeviceHealth(one.id, "silent" if i % 50 == 0 else "ok", 0, -i * HOUR_MS, 5000, 0, 0, 0, 90.0)
        for i, one in enumerate(devices)
    }
    took = []
    for at in range(60):
        facts = Facts(
            site, at, levels, views, health, {one.id: ClimateNow(5.0, 40.0, 0) for one in zones},
            gateways={"g": GatewayLink(True, 0)}, gateway_of=dict.fromkeys(health, "g"),
        )  # fmt: skip
        begun = time.perf_counter()
        rules.evaluate(facts)
        took.append(time.perf_counter() - begun)
    each = 1e9 * float(np.median(took)) / (len(rules.rules()) * (2000 + 10_000 + 500))
    anchor = f"{each:.2f} ns a rule and subject"
    return Figure(
        "all rules, 2,000 SKUs 10,000 slots 500 devices", "<= 20", 1e3 * float(np.median(took)), 20, "ms", anchor
    )


def elsewhere() -> list[Figure]:
    """The rows that others measure."""
    rows: list[Figure] = []
    for name in OTHERS:
        if importlib.util.find_spec(f"tests.bench.{name}") is not None:
            rows += importlib.import_module(f"tests.bench.{name}").rows()
    return rows


def main() -> int:
    """Measure, and print the one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=1, help="the first seed (the month's is 100 more)")
    asked = parser.parse_args()
    tally, seeds = Tally(), range(asked.first, asked.first + asked.seeds)
    rows = storms(seeds, tally)
    rows += chattering(seeds, tally)
    in_need(tally)
    rows += month(asked.days, 100 + asked.first, tally)
    p95 = float(np.percentile(tally.delays, 95)) / 1000
    told = max(tally.told_after) / 1000
    rows += [
        Figure(f"criticals that nobody was told of, of {tally.criticals}", "0", tally.missed, 0, "", "-"),
        Figure("critical seen to notice, at worst (looked at each second)", "<= 5", told, 5.0, "s", "0"),
        Figure("beyond the hold until it fires, p95", "<= 5", p95, 5.0, "s", f"of {len(tally.delays)} alerts"),
        Figure("told twice as new, without being worse", "0", tally.twice, 0, "", "-"),
        speed(),
    ]
    return show("alerts", rows + elsewhere())


if __name__ == "__main__":
    raise SystemExit(main())
