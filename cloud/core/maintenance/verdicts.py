"""What people say of an alert or an order, right, wrong or not now, and from it how far each rule can be trusted.

Not now is right but no time for it: it counts as right, and the alert is put aside for some hours. What was said is
never changed: a later word of the same day stands in its place, and both are kept. What was found when the order was
finished goes above what was said before.

Of r right and w wrong ones the precision is r / (r + w), with Jeffreys' interval: the 2.5 % and 97.5 % quantiles of
Beta(r + 1/2, w + 1/2), its low end 0 where r = 0, its high end 1 where w = 0 (Brown, Cai & DasGupta, Statistical
Science 2001). A rule asks to be tuned where even the high end is under its floor: few verdicts condemn nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import exp, lgamma, log
from typing import Final, NamedTuple

from msgspec import Struct

from cloud.core.maintenance.work import Said
from cloud.core.refusals import Refusal

DAY_MS: Final = 86_400_000
SPAN_MS: Final = 90 * DAY_MS
FLOOR: Final = 0.5
NEVER: Final[Mapping[str, int]] = {}
SNOOZE_HOURS: Final = 4.0
SNOOZE_HOURS_MAX: Final = 168.0
SAFETY: Final[frozenset[str]] = frozenset(
    ("gateway_silent", "goods_aside", "room_unwatched", "temperature_breach", "theft", "zone_temperature")
)
"""Rules that are told to people however often they were wrong: a miss costs more than a night. They only ask."""
_TAIL: Final = 0.025
_TINY: Final = 1e-300
_STEPS_MAX: Final = 300


class Verdict(Struct, frozen=True):
    """One word on what a `rule` told of an `asset`: an `alert` (0: none), or what an order of `work` (0: none) is for.
    `at_ms` is when it was said, by the phone it was said on; `known_ms` when it got here. `outcome`: it was said as
    the order was finished. `severity` is the alert's. `key` is the one it came with, unique where not empty."""

    rule: str
    asset: str
    alert: int
    work: int
    said: Said
    severity: int
    at_ms: int
    known_ms: int
    by: str
    note: str = ""
    key: str = ""
    outcome: bool = False
    id: int = 0


class RulePrecision(Struct, frozen=True):
    """How a rule did in the last 90 days, and since it was tuned (`tuned_ms`, 0: not lately). `not_now` ones count as
    right; `precision` is None where nobody said anything."""

    rule: str
    right: int
    wrong: int
    not_now: int
    precision: float | None
    low: float
    high: float
    floor: float
    asks_tuning: bool
    tuned_ms: int = 0


class Subject(NamedTuple):
    """What a verdict is of: an alert, or (alert 0) an order."""

    alert: int
    work: int


def subject(verdict: Verdict) -> Subject:
    """What it is of. An order that came of an alert is no second case: its verdict is the alert's."""
    return Subject(verdict.alert, 0 if verdict.alert else verdict.work)


def heard_at(at_ms: int | None, since_ms: int, now_ms: int) -> int:
    """When something was said, by a phone whose clock may be wrong: not before there was anything to say, nor later
    than now; now where it does not tell."""
    return now_ms if not at_ms else min(max(at_ms, since_ms), now_ms)


def judged(earlier: Sequence[Verdict], new: Verdict) -> Verdict | Refusal:
    """The verdict, where it may still be given beside the earlier ones of its subject; the standing one where it says
    the same."""
    stands = standing(earlier)
    if stands is None or new.outcome:
        return new
    over = new.at_ms > _since(earlier) + DAY_MS
    if stands.said == new.said and (over or stands.by == new.by):
        return stands
    if over:
        said = f"{stands.by} said {stands.said.replace('_', ' ')}, and a day has passed since the first word on it."
        return Refusal("verdict_stands", said, "Say how it turned out when the order is finished.")
    return new


def standing(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Of the verdicts on one subject the one that counts: the last that was said, by its own time, so that what a phone
    kept for hours takes its place among the others."""
    return max(verdicts, key=lambda one: (one.at_ms, one.id), default=None)


def precision(
    verdicts: Iterable[Verdict],
    rules: Iterable[str],
    floors: Callable[[str], float],
    now_ms: int,
    tuned: Mapping[str, int] = NEVER,
) -> list[RulePrecision]:
    """Every rule there is, and every one that was judged, by name. Of each alert or order one verdict counts, where it
    was given within the last 90 days and, of a rule that was `tuned` (when: ms), since then."""
    of: dict[Subject, list[Verdict]] = defaultdict(list)
    for one in verdicts:
        of[subject(one)].append(one)
    counts: dict[str, dict[str, int]] = {rule: {} for rule in rules}
    for given in of.values():
        stands = standing(given)
        if stands is not None and stands.at_ms > max(now_ms - SPAN_MS, tuned.get(stands.rule, 0)):
            said = counts.setdefault(stands.rule, {})
            said[stands.said] = said.get(stands.said, 0) + 1
    lately = {rule: at_ms for rule, at_ms in tuned.items() if at_ms > now_ms - SPAN_MS}
    return [_precision(rule, said, floors(rule), lately.get(rule, 0)) for rule, said in sorted(counts.items())]


def pages(found: Mapping[str, RulePrecision], rule: str, severity: int) -> bool:
    """Whether somebody is to be told what a rule sees: not of a rule that asks to be tuned, but always of what is
    critical, and of what people's safety or goods hang on."""
    one = found.get(rule)
    return one is None or not one.asks_tuning or severity <= 1 or rule in SAFETY


def jeffreys(right: int, wrong: int) -> tuple[float, float]:
    """The interval of a share of which so many were right and so many wrong; (0, 1) of none."""
    low = beta_quantile(_TAIL, right + 0.5, wrong + 0.5) if right else 0.0
    high = beta_quantile(1.0 - _TAIL, right + 0.5, wrong + 0.5) if wrong else 1.0
    return low, high


def beta_quantile(share: float, a: float, b: float) -> float:
    """Where the distribution function of Beta(a, b) is `share`, to 1e-9, by bisection."""
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if beta_share(middle, a, b) < share else (low, middle)
    return (low + high) / 2


def beta_share(x: float, a: float, b: float) -> float:
    """The distribution function of Beta(a, b) at x: the regularised incomplete beta function I_x(a, b), by its
    continued fraction (DLMF 8.17.22, evaluated as Lentz does)."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1) / (a + b + 2):  # where the fraction of the mirror image settles faster
        return 1.0 - beta_share(1.0 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1.0 - x)) / a
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS_MAX):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / _away(1.0 + term * d)
            c = _away(1.0 + term / c)
            value *= d * c
        if abs(d * c - 1.0) < 1e-14:
            break
    return front * value


def _away(x: float) -> float:
    return x if abs(x) > _TINY else _TINY


def _since(verdicts: Iterable[Verdict]) -> int:
    """From when on there is a day to think again: the first word, or the last outcome."""
    every = [*verdicts]
    return max([one.at_ms for one in every if one.outcome], default=min(one.at_ms for one in every))


def _precision(rule: str, said: Mapping[str, int], floor: float, tuned_ms: int) -> RulePrecision:
    right, wrong, later = said.get("right", 0), said.get("wrong", 0), said.get("not_now", 0)
    good, every = right + later, right + wrong + later
    low, high = jeffreys(good, wrong)
    share = round(good / every, 4) if every else None
    return RulePrecision(rule, right, wrong, later, share, round(low, 4), round(high, 4), floor, high < floor, tuned_ms)
