"""How right the fused counts are, and the alarms on wrong books, over months in slots whose truth is known.

Run: python -m tests.bench.truth.fusion [--slots 48] [--seed 100] [--regime NAME]. Tuned on seeds 1-9 only.

Beside the fused count stands what each source says alone, on the same evidence: the book; the mass, rounded and
through the filter of the scale; the tags that are there. Exact is the share of slot-days at whose end the likeliest
count is the true one, and nobody recounts; the alarms are scored in a second run, where each sends somebody to count
and to correct the book. Claims are judged in every regime and the worst one is the figure.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edge.core.slots import belief, discrepancy, fusion, tagcount
from edge.core.slots.counting import Unit
from edge.core.tagging import presence
from firmware_sim.worlds.slots import (
    CYCLES,
    DAY_MS,
    READ_NOISE_G,
    START_MS,
    TAGS_A_SLOT,
    Booked,
    Looked,
    Regime,
    Slots,
    Weighed,
)
from tests.bench.table import Figure, show

MAIN = Regime("as specified")
REGIMES = (
    replace(MAIN, name="cv 6 %", cv=0.06),
    replace(MAIN, name="RFID 60 %", read_rate=0.6, dead=0.1),
    replace(MAIN, name="scale once a day", scale="daily"),
    replace(MAIN, name="cv 6 %, once a day", cv=0.06, scale="daily"),
    replace(MAIN, name="no tags", tags=False),
    replace(MAIN, name="cv 6 %, no tags", cv=0.06, tags=False),
    replace(MAIN, name="no scale", scale="none"),
    replace(MAIN, name="no scale, RFID 60 %", scale="none", read_rate=0.6, dead=0.1),
    replace(MAIN, name="book only", scale="none", tags=False),
    replace(MAIN, name="nothing goes wrong", theft=0.0, found=0.0, wrong=0.0),
    replace(MAIN, name="nothing wrong, no scale", theft=0.0, found=0.0, wrong=0.0, scale="none"),
    replace(MAIN, name="spread x0.5", spread=0.5),
    replace(MAIN, name="spread x1.5, drift x2", spread=1.5, walk_g=0.3, thermal_g=0.56),
    replace(MAIN, name="lots, spread x1.5", spread=1.5, lots=0.5),
    replace(MAIN, name="bare lots, dead 10 %", dead=0.1, untagged_lots=0.1, blocked_a_day=0.01),
    replace(MAIN, name="theft x3, bookings x3", theft=0.03, wrong=0.06),
)
"""What is tried besides: weaker sources, missing sources, and worlds that are not as the estimator was told."""
HARD = ("no scale", "no scale, RFID 60 %", "book only", "nothing wrong, no scale")
"""Where no scale speaks: little is sure there and errors last for weeks, so twice as many slots are watched."""
MONTH_DAYS = 30.4


class Reader:
    """One reader over all slots: each tag's probability of being there, an epoch an inventory cycle."""

    def __init__(self) -> None:
        self.crowd = presence.Crowd()
        self.tags: list[int] = []
        self.row: dict[int, int] = {}

    def look(self, reads: dict[int, int]) -> dict[int, list[float]]:
        """By slot, the probability of each of its tags after a look."""
        for tag in reads:
            if tag not in self.row:
                self.row[tag] = len(self.tags)
                self.tags.append(tag)
                presence.join(self.crowd)
        bits = np.array([reads.get(tag, 0) for tag in self.tags], dtype=np.int64)
        for cycle in range(CYCLES):
            presence.advance(self.crowd, (bits >> cycle) & 1 == 1)
        chances = presence.chances(self.crowd)
        kept = (chances > 1e-4) | (bits > 0)
        if not kept.all():
            presence.keep(self.crowd, kept)
            self.tags = [tag for tag, stays in zip(self.tags, kept.tolist(), strict=True) if stays]
            self.row = {tag: i for i, tag in enumerate(self.tags)}
        by_slot: dict[int, list[float]] = {}
        for tag, chance in zip(self.tags, chances[kept].tolist(), strict=True):
            by_slot.setdefault(tag // TAGS_A_SLOT, []).append(chance)
        return by_slot


SOURCES = ("fused", "book", "mass, rounded", "mass, filter", "tags")


@dataclass
class Score:
    """What one run counts: by slot-day whether each source was right, how sure the fused count was; the alarms."""

    regime: Regime
    right: list[list[bool]] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    claimed: list[bool] = field(default_factory=list)
    """Whether the gateway would have told the count."""
    delays: list[float] = field(default_factory=list)
    """Days from the end of the day on which the book became wrong to the alarm."""
    false: int = 0
    missed: int = 0
    """Books that were wrong for a week and raised nothing."""
    rates: discrepancy.Rates = field(default_factory=discrepancy.Rates)

    def share(self, source: str) -> float:
        """Share of slot-days on which the source was exact."""
        return float(np.mean([row[SOURCES.index(source)] for row in self.right]))

    @property
    def claims(self) -> tuple[float, float]:
        """The share of slot-days that were claimed, and the share of those that were right."""
        sure = np.array(self.claimed)
        fused = np.array([row[0] for row in self.right])
        return float(sure.mean()), float(fused[sure].mean()) if sure.any() else 1.0

    @property
    def calibration(self) -> float:
        """Expected calibration error of the fused probability, in 15 equal bins."""
        return calibration_error(np.array(self.confidence), np.array([row[0] for row in self.right]))

    @property
    def worse(self) -> float:
        """By how many points the fused count is behind the best source alone."""
        best = max(self.share(source) for source in SOURCES[1:])
        return 100.0 * (best - self.share("fused"))

    @property
    def months(self) -> float:
        """Slot-months that were watched."""
        return self.regime.slots * self.regime.days / MONTH_DAYS

    @property
    def precision(self) -> float:
        """Share of alarms whose book was wrong."""
        return len(self.delays) / (len(self.delays) + self.false) if self.delays else 1.0

    @property
    def recall(self) -> float:
        """Of the wrong books that were told of or stayed wrong for a week untold, the share that was told of."""
        return len(self.delays) / (len(self.delays) + self.missed) if self.delays else 0.0


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Mean distance of confidence and share right over 15 equal bins, weighed by what is in them (ECE)."""
    bins = np.minimum((confidence * 15).astype(int), 14)
    gaps = [abs(confidence[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean() for one in set(bins)]
    return float(sum(gaps))


def run(regime: Regime, seed: int, recount: bool = False, filter_alone: bool = True) -> Score:
    """A whole world. `recount`: each alarm sends somebody to count and correct the book."""
    world, score, reader = Slots(regime, seed), Score(regime), Reader()
    rates, watches = score.rates, dict[str, discrepancy.Watch]()
    units = [Unit(mass_g, regime.cv, regime.sample, READ_NOISE_G, 30_000.0) for mass_g in world.told_g]
    stocks = [fusion.begin(regime.capacity, START_MS, booked) for booked in world.books]
    scales = [belief.begin(regime.capacity, START_MS, booked) for booked in world.books]
    masses, tags, wrong_days = [-1e6] * regime.slots, [-1] * regime.slots, [0] * regime.slots
    filtering = filter_alone and regime.scale != "none"
    for day in range(regime.days):
        evidence = world.pass_day()
        looks = _looks(evidence)
        present: dict[int, dict[int, list[float]]] = {}
        for one in evidence:
            slot, at_ms, unit = one.slot, one.at_ms, units[one.slot]
            if isinstance(one, Booked):
                fusion.book(stocks[slot], one.delta, at_ms, unit, rates)
            elif isinstance(one, Weighed):
                fusion.weigh(stocks[slot], one.mass_g, at_ms, one.stepped, unit, rates)
                masses[slot] = one.mass_g
                if filtering:
                    still = regime.scale == "events" and not one.stepped
                    belief.weigh(scales[slot], one.mass_g, at_ms, unit, belief.STILL if still else belief.ANY)
            else:
                if at_ms not in present:
                    present[at_ms] = reader.look(looks[at_ms])
                chances = present[at_ms].get(slot, [])
                tags[slot] = sum(chance > 0.5 for chance in chances)
                fusion.see(stocks[slot], tagcount.look(chances), at_ms, unit, rates)
        now_ms, true = START_MS + (day + 1) * DAY_MS - 1, world.counts
        for slot, stock in enumerate(stocks):
            fusion.pass_time(stock, now_ms, units[slot], rates)
            counts, p = fusion.now(stock, rates)
            said = [
                int(counts[p.argmax()]),
                stock.book,
                max(0, round(masses[slot] / units[slot].mass_g)),
                -1,
                tags[slot],
            ]
            if filtering:
                counts_alone, p_alone = belief.probabilities(scales[slot])
                said[3] = int(counts_alone[p_alone.argmax()])
            score.right.append([one == true[slot] for one in said])
            score.confidence.append(float(p.max()))
            score.claimed.append(fusion.estimate(stock, units[slot], regime.capacity, rates).count is not None)
            wrong_days[slot] = wrong_days[slot] + 1 if stock.book != true[slot] else 0
            score.missed += wrong_days[slot] == 8
        doubts = [fusion.doubt(stock, str(slot), now_ms, rates) for slot, stock in enumerate(stocks)]
        for alarm in discrepancy.judge(watches, [one for one in doubts if one is not None]):
            slot = int(alarm.slot)
            if wrong_days[slot]:
                score.delays.append(wrong_days[slot] - 1)
            else:
                score.false += 1
            score.missed -= wrong_days[slot] >= 8
            wrong_days[slot] = -10_000 if not recount and wrong_days[slot] else 0
            if recount:
                counted = world.recount(slot)
                fusion.count(stocks[slot], counted, "somebody", now_ms, units[slot], rates)
                watches.pop(alarm.slot, None)
    return score


def _looks(evidence: Iterable[object]) -> dict[int, dict[int, int]]:
    """By time, what the reader read in all slots."""
    looks: dict[int, dict[int, int]] = {}
    for one in evidence:
        if isinstance(one, Looked):
            looks.setdefault(one.at_ms, {}).update(one.reads)
    return looks


def show_regime(score: Score) -> None:
    """One line of the table of regimes."""
    claimed, right = score.claims
    shares = " ".join(f"{score.share(source):>{len(source) + 1}.3f}" for source in SOURCES)
    print(
        f"{score.regime.name:>24} {score.regime.slots:4d} {shares} {score.worse:+7.2f} {score.calibration:7.3f} "
        f"{claimed:8.3f} {right:7.4f}",
        flush=True,
    )


def head() -> str:
    """The head of the table of regimes."""
    sources = " ".join(f"{source:>{len(source) + 1}}" for source in SOURCES)
    return f"{'exact share of':>24} slots {sources}  behind     ECE  claimed   right"


def figures(slots: int = 48, seed: int = 100, each: int = 10) -> list[Figure]:
    """The figures; prints the table of regimes, each with so many slots (the first, and the alarms, with `slots`)."""
    print(f"seed {seed}, {MAIN.days} days; `behind`: points behind the best source alone; `right`: of claims")
    print(head())
    main = run(replace(MAIN, slots=slots), seed)
    show_regime(main)
    scores = []
    for number, regime in enumerate(REGIMES):
        many = 2 * each if regime.name in HARD else each
        scores.append(run(replace(regime, slots=many), seed + 1 + number))
        show_regime(scores[-1])
    alarms = run(replace(MAIN, slots=slots), seed + 50, recount=True, filter_alone=False)
    worst = max([main, *scores], key=lambda one: one.worse)
    furthest = max([main, *scores], key=lambda one: one.calibration)
    boldest = min([main, *scores], key=lambda one: one.claims[1])
    alone = ", ".join(f"{source} {100 * main.share(source):.1f}" for source in SOURCES[1:])
    found = f"{alarms.false} of {len(alarms.delays) + alarms.false} alarms in {alarms.months:.0f} slot-months"
    found += f"; fitted: lost {alarms.rates.lost_a_day:.4f}, found {alarms.rates.found_a_day:.4f} a slot-day"
    delays = alarms.delays or [float("inf")]
    return [
        Figure("fused counts exact, no recounts", ">= 97 %", 100 * main.share("fused"), 97.0, "%", alone, True),
        Figure(
            "fused: claims that are right, worst regime",
            ">= 98.5 %",
            100 * boldest.claims[1],
            98.5,
            "%",
            f"{_claimed(boldest)}; {_claimed(main)}, {100 * main.claims[1]:.1f} % right",
            True,
        ),
        Figure(
            "fused: calibration error, as specified", "<= .03", main.calibration, 0.03, "", f"worst: {_named(furthest)}"
        ),
        Figure("fused behind the best source, worst", "<= .5 pt", worst.worse, 0.5, "pt", worst.regime.name),
        Figure(
            "wrong books: alarms that are right", ">= 97 %", 100 * alarms.precision, 97.0, "%", _recalled(alarms), True
        ),
        Figure("wrong books: false a slot-month", "<= .02", alarms.false / alarms.months, 0.02, "", found),
        Figure(
            "wrong books told of: median delay, from the end of the day the book became wrong",
            "<= 2 d",
            float(np.median(delays)),
            2.0,
            "d",
            _late(delays),
        ),
    ]


def _claimed(score: Score) -> str:
    return f"{score.regime.name}: {100 * score.claims[0]:.1f} % claimed"


def _named(score: Score) -> str:
    return f"{score.calibration:.3f}, {score.regime.name}"


def _recalled(score: Score) -> str:
    return f"no goal: recall {score.recall:.3f}, {score.missed} books wrong for a week raised nothing"


def _late(delays: list[float]) -> str:
    return f"p90 {np.percentile(delays, 90):.0f} d; counting each slot monthly: 15 d"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=48)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--regime", help="only this one")
    chosen = parser.parse_args()
    if chosen.regime:
        print(head())
        for regime in (MAIN, *REGIMES):
            if regime.name == chosen.regime:
                show_regime(run(replace(regime, slots=chosen.slots), chosen.seed))
    else:
        show("fusion", figures(chosen.slots, chosen.seed, chosen.each))
