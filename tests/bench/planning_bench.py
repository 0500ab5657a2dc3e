"""What planning costs above the optimum when demand must be learnt from 180 days of it; beside the textbook's EOQ + z.

Run: python -m tests.bench.planning_bench [--seed 31337] [--histories 40] [--days 80000] [--settings] [--sixes].
Stationary demand of 32 settings: mean .3, 1, 5, 20 a day; variance 1 and 3 times the mean; lead time 2 and 7 days; an
order costs 5 and 64, holding 1 and owing 19 a unit and day. Of each, so many histories are drawn; the policies made
from them, and the best (s, S) of the true demand, then meet the same further days in a simulator that knows nothing of
the planning's formulae. Beside them stands who knows the law of demand and learns nothing but its mean. Tuned on seeds
1 and 2, looked at on 9000; 31337 was run once, at the end, and once more when the doubt about rare SKUs was bounded.
With --sixes all is bought in sixes, unlike any negative binomial.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from cloud.core.planning import levels, points
from cloud.core.planning.amounts import lead_time_pmf, poisson, total
from cloud.core.planning.choice import Policy, alternatives
from cloud.core.planning.demand import known
from cloud.core.planning.items import Item
from cloud.core.planning.losses import Costs
from cloud.core.planning.outcomes import Outcome
from cloud.core.planning.prospects import prospect
from cloud.core.planning.settling import settle
from cloud.core.supplying.histories import Days, outlooks
from tests.bench.table import Figure, show

Array = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.int64]]
HISTORY_DAYS = 180
WARM_UP_DAYS = 500
FILL_TARGET = 0.95


class Setting(NamedTuple):
    """The truth of one SKU: a day's mean demand, its variance over the mean, the lead time and what an order costs."""

    mean: float
    spread: float
    lead_days: int
    order_cost: float
    batch: int = 1

    def drawn(self, days: int, random: np.random.Generator) -> Whole:
        """So many days of demand."""
        if self.batch > 1:
            return self.batch * random.poisson(self.mean / self.batch, days)
        if self.spread == 1:
            return random.poisson(self.mean, days)
        return random.negative_binomial(self.mean / (self.spread - 1), 1 / self.spread, days)

    def pmf(self) -> Array:
        """The chances of a day's demand."""
        if self.batch == 1:
            return lead_time_pmf(self.mean, self.mean * self.spread)
        orders = poisson(self.mean / self.batch)
        pmf = np.zeros(self.batch * (len(orders) - 1) + 1)
        pmf[:: self.batch] = orders
        return pmf


SETTINGS = [Setting(*one) for one in product((0.3, 1.0, 5.0, 20.0), (1.0, 3.0), (2, 7), (5.0, 64.0))]
SIXES = [Setting(*one, batch=6) for one in product((0.3, 1.0, 5.0, 20.0), (6.0,), (2, 7), (5.0, 64.0))]


class Run(NamedTuple):
    """One policy in one setting: which, its setting's place, what it promised, and what came of it."""

    name: str
    setting: int
    policy: Policy
    cost: float
    fill: float


class Simulated(NamedTuple):
    """Every run, and the seconds it took to make one policy, and one reorder point for a given lot."""

    runs: list[Run]
    policy_s: float
    point_s: float

    def of(self, name: str) -> list[Run]:
        """The runs of one kind of policy."""
        return [run for run in self.runs if run.name == name]

    def gaps(self, name: str) -> Array:
        """By how many per cent each run cost more than the best (s, S) of the truth on the same days."""
        least = {run.setting: run.cost for run in self.of("optimum")}
        return np.array([100 * (run.cost / least[run.setting] - 1) for run in self.of(name)])

    def missed(self, name: str) -> Array:
        """Achieved less promised fill rate of each setting, averaged over its histories. Points."""
        each: dict[int, list[float]] = {}
        for run in self.of(name):
            each.setdefault(run.setting, []).append(100 * (run.fill - run.policy.outcome.fill))
        return np.array([np.mean(of_setting) for of_setting in each.values()])


def planned(settings: list[Setting], seed: int, histories: int) -> tuple[list[tuple[str, int, Policy]], float, float]:
    """The policies to compare, and the seconds that one choice and one reorder point took."""
    random = np.random.default_rng(seed)
    made: list[tuple[str, int, Policy]] = []
    outlook_s, policy_s, point_s = 0.0, 0.0, 0.0
    for place, setting in enumerate(settings):
        costs = Costs(setting.order_cost, 1.0, 19.0)
        made.append(("optimum", place, best_of_truth(setting, costs)))
        drawn = [setting.drawn(HISTORY_DAYS, random) for _ in range(histories)]
        if not all(seen.any() for seen in drawn):
            raise SystemExit("a history without any demand: nothing can be learnt of it; take another seed")
        started = time.process_time()
        told = outlooks([Days(tuple(seen.tolist()), (False,) * HISTORY_DAYS) for seen in drawn])
        outlook_s += time.process_time() - started
        by_cost = Item("", 365.0, setting.order_cost, 1.0, setting.lead_days, backorder_cost=19 * 365.0)
        by_fill = replace(by_cost, backorder_cost=None, service_level=FILL_TARGET)
        for seen, outlook in zip(drawn, told, strict=True):
            started = time.process_time()
            chosen = settle(by_cost, outlook, others=False).policy
            policy_s += time.process_time() - started
            filling = settle(by_fill, outlook, others=False).policy
            assert chosen is not None, "each has demand"
            assert filling is not None, "each has demand"
            mean, variance = float(seen.mean()), float(seen.var(ddof=1))
            started = time.process_time()
            points.by_ready_rate(lead_time_pmf(mean * setting.lead_days, variance * setting.lead_days), 12, costs.ratio)
            point_s += time.process_time() - started
            plain = prospect(known(mean, variance), setting.lead_days)
            textbook = next(one for one in alternatives(plain, costs) if one.name == "textbook")
            law = best_of_truth(setting._replace(mean=mean), costs)
            made += [("chosen", place, chosen), ("by_fill", place, filling), ("textbook", place, textbook)]
            made.append(("law", place, law))
    count = len(settings) * histories
    return made, (outlook_s + policy_s) / count, point_s / count


def best_of_truth(setting: Setting, costs: Costs) -> Policy:
    """The best (s, S) for the demand as it is."""
    day = setting.pmf()
    whole = total(day, setting.lead_days)
    point, upto, _ = levels.exact(day, whole, costs)
    outcome: Outcome = levels.evaluate(point, upto, day, whole, costs)
    return Policy("exact_levels", "s,S", point, upto - point, outcome)


def simulate(settings: list[Setting], made: list[tuple[str, int, Policy]], seed: int, days: int) -> list[Run]:
    """Every policy through the same days of its setting: demand, then what arrives, then the order, day by day.

    Holding and owing are paid on the evening's stock; the fill rate is what was on the shelf in the morning.
    """
    random = np.random.default_rng(seed + 1_000_000)
    demands = np.stack([setting.drawn(days, random) for setting in settings])
    place = np.array([at for _, at, _ in made])
    lead = np.array([settings[at].lead_days for at in place])
    order_cost = np.array([settings[at].order_cost for at in place])
    point = np.array([policy.point for _, _, policy in made], dtype=np.float64)
    lot = np.array([policy.lot for _, _, policy in made], dtype=np.float64)
    up_to_level = np.array([policy.kind == "s,S" for _, _, policy in made])
    lanes, every = int(lead.max()) + 1, np.arange(len(made))
    coming = np.zeros((lanes, len(made)))
    stock, on_order = point + lot, np.zeros(len(made))
    cost, served = np.zeros(len(made)), np.zeros(len(made))
    for day in range(days):
        asked = demands[place, day]
        counts = day >= WARM_UP_DAYS
        if counts:
            served += np.minimum(asked, np.maximum(stock, 0))
        arrived = coming[day % lanes]
        stock = stock - asked + arrived
        on_order -= arrived
        coming[day % lanes] = 0
        short = point + 1 - (stock + on_order)
        units = np.where(up_to_level, short - 1 + lot, np.ceil(short / lot) * lot)
        units = np.where(short > 0, units, 0)
        coming[(day + lead) % lanes, every] = units
        on_order += units
        if counts:
            cost += np.where(stock > 0, stock, -19 * stock) + order_cost * (units > 0)
    cost /= days - WARM_UP_DAYS
    fill = served / demands[:, WARM_UP_DAYS:].sum(axis=1)[place]
    return [Run(*one, float(c), float(f)) for one, c, f in zip(made, cost, fill, strict=True)]


def simulated(settings: list[Setting], seed: int, histories: int, days: int) -> Simulated:
    """Plan and simulate."""
    made, policy_s, point_s = planned(settings, seed, histories)
    return Simulated(simulate(settings, made, seed, days), policy_s, point_s)


def interval(gaps: Array, seed: int) -> tuple[float, float]:
    """The bootstrap's 95 % interval of the mean over histories."""
    random = np.random.default_rng(seed)
    means = [float(random.choice(gaps, len(gaps)).mean()) for _ in range(1000)]
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def figures(seed: int = 31337, histories: int = 40, days: int = 80_000) -> list[Figure]:
    """The planning's figures; of demand in sixes the gaps alone."""
    sixes = [one._replace(name=f"{one.name}, in sixes") for one in rows(simulated(SIXES, seed, histories, days), seed)]
    return [*rows(simulated(SETTINGS, seed, histories, days), seed), *sixes[:2]]


def rows(found: Simulated, seed: int) -> list[Figure]:
    """The table of what was simulated."""
    ours, naive = found.gaps("chosen"), found.gaps("textbook")
    low, high = interval(ours, seed)
    optimum = found.of("optimum")
    against = max(100 * abs(run.cost / run.policy.outcome.cost - 1) for run in optimum)
    missed, by_fill, anchor = (found.missed(name) for name in ("chosen", "by_fill", "textbook"))
    over = 100 * (np.mean([run.fill for run in found.of("by_fill")]) - FILL_TARGET)
    within = f"{(abs(missed) <= 0.5).sum()} of {len(missed)} settings within 0.5, worst {worst(missed):+.1f}"
    fill_within = f"{(abs(by_fill) <= 0.5).sum()} of {len(by_fill)} settings within 0.5, worst {worst(by_fill):+.1f}"
    book = f"EOQ + z: mean {naive.mean():.1f}, 95 of 100 within {np.quantile(naive, 0.95):.1f} %"
    law = found.gaps("law")
    book += f"; who knows the law {law.mean():.1f}, {np.quantile(law, 0.95):.1f} %"
    return [
        Figure("cost above the optimum, mean", "<= 3 %", float(ours.mean()), 3.0, "%", book),
        Figure(
            "  the same, 95 of 100 histories within",
            "<= 8 %",
            float(np.quantile(ours, 0.95)),
            8.0,
            "%",
            f"mean's 95 % interval {low:.2f} to {high:.2f} %, median {np.median(ours):.2f}, worst {ours.max():.1f}",
        ),
        Figure("fill, by cost: achieved - promised, mean", "<= 0.5 pt", abs(float(missed.mean())), 0.5, "pt", within),
        Figure(
            "  the same of a setting, whichever way, mean",
            "<= 0.5 pt",
            float(abs(missed).mean()),
            0.5,
            "pt",
            f"0.95 asked {abs(by_fill).mean():.2f}, EOQ + z {abs(anchor).mean():.2f}",
        ),
        Figure(
            "fill, 0.95 asked: achieved - promised, mean",
            "<= 0.5 pt",
            abs(float(by_fill.mean())),
            0.5,
            "pt",
            f"{fill_within}; above 0.95 by {over:.2f}; EOQ + z {anchor.mean():+.1f}",
        ),
        Figure("optimum's cost, simulated against exact, worst", "<= 3 %", against, 3.0, "%", "the simulator's check"),
        Figure(
            "a policy of one SKU",
            "<= 1 ms",
            found.policy_s * 1e3,
            1.0,
            "ms",
            "forecast, prospect and exact (s, S), CPU",
        ),
        Figure(
            "a reorder point for a given lot", "<= 0.3 ms", found.point_s * 1e3, 0.3, "ms", "pmf and ready rate, CPU"
        ),
    ]


def worst(missed: Array) -> float:
    """The one farthest from nought."""
    return float(missed[np.argmax(abs(missed))])


def by_setting(settings: list[Setting], found: Simulated) -> None:
    """Print each setting's mean gaps and misses."""
    print("mean spread lead order   gap %  EOQ+z %   fill missed by cost, by fill: points")
    ours, naive = found.gaps("chosen").reshape(len(settings), -1), found.gaps("textbook").reshape(len(settings), -1)
    rows = zip(settings, ours.mean(1), naive.mean(1), found.missed("chosen"), found.missed("by_fill"), strict=True)
    for one, gap, book, by_cost, by_fill in rows:
        print(f"{one.mean:4} {one.spread:6} {one.lead_days:4} {one.order_cost:5} {gap:7.2f} {book:8.1f}", end="")
        print(f" {by_cost:19.2f} {by_fill:8.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=31337)
    parser.add_argument("--histories", type=int, default=40)
    parser.add_argument("--days", type=int, default=80_000)
    parser.add_argument("--settings", action="store_true", help="print each setting too")
    parser.add_argument("--sixes", action="store_true", help="all demand in sixes")
    chosen = parser.parse_args()
    truths = SIXES if chosen.sixes else SETTINGS
    result = simulated(truths, chosen.seed, chosen.histories, chosen.days)
    if chosen.settings:
        by_setting(truths, result)
    sys.exit(show(f"planning, seed {chosen.seed}", rows(result, chosen.seed)))
