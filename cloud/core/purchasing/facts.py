"""What suppliers did, measured from the versions of their orders: lead times, punctuality, completeness, acceptance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import sqrt
from typing import Final

from msgspec import Struct

from cloud.core.purchasing.keys import back_of
from cloud.core.purchasing.orders import Line, Order

DAY_MS: Final = 86_400_000
PRIOR_LINES: Final = 4
"""What a supplier quotes counts as so many lines seen: with four of its own, word and fact weigh the same."""
LINES_MAX: Final = 50
"""Of a supplier and SKU so many of the newest lines count; the older ones tell of another time."""


class Came(Struct, frozen=True):
    """Units of one line that came at once, good and rejected."""

    at_ms: int
    received: int
    rejected: int


class Fact(Struct, frozen=True):
    """One line of an order that was sent: what was asked for and promised, and what came of it.

    `asked` units are what the site wanted last, whatever the supplier then confirmed. `due_ms` is the earlier of when
    the site wanted that and what was promised first for it (0: neither is known): a date that the supplier moved later
    excuses nothing, nor does a late promise. `ended_ms`: 0 while more is
    waited for; `given_up`: the site then waited no longer, for the order or for this line of it.
    """

    supplier: str
    sku: str
    order: int
    sent_ms: int
    asked: int
    due_ms: int
    unit_price: float
    came: list[Came] = []
    ended_ms: int = 0
    given_up: bool = False

    @property
    def received(self) -> int:
        """Good units that came."""
        return sum(one.received for one in self.came)

    @property
    def rejected(self) -> int:
        """Units that came and were not kept."""
        return sum(one.rejected for one in self.came)

    def lead_days(self, now_ms: int) -> float | None:
        """From sent to received, in days, over all good units; of a line that nothing came of, the wait so far, or
        until it was given up. None where the supplier declined it."""
        good = [one for one in self.came if one.received]
        if good:
            total = sum(one.received * (one.at_ms - self.sent_ms) for one in good)
            return max(0.0, total / sum(one.received for one in good) / DAY_MS)
        if self.ended_ms and not self.given_up:
            return None
        return max(0.0, ((self.ended_ms or now_ms) - self.sent_ms) / DAY_MS)

    def judged_ms(self, now_ms: int) -> int:
        """Since when it can be said if it was on time and in full: it has a date, and all is in or a day went by behind
        that date, waiting. 0: not yet, or never."""
        if not self.due_ms:
            return 0
        late_ms = self.due_ms + DAY_MS
        if self.ended_ms and not self.given_up:
            return min(self.ended_ms, max(late_ms, self.sent_ms))
        waited_ms = min(now_ms, self.ended_ms) if self.ended_ms else now_ms
        return late_ms if waited_ms >= late_ms else 0

    def judged(self, now_ms: int) -> bool:
        """Whether that can be said by now."""
        return self.judged_ms(now_ms) > 0

    @property
    def on_time(self) -> bool:
        """What came, came no later than 24 h after it was due, since a promise is of a day, given at any hour of it.
        Early is on time: that it must not be so is nothing that an order says."""
        times = [one.at_ms for one in self.came if one.received]
        return bool(times) and max(times) < self.due_ms + DAY_MS

    @property
    def in_full(self) -> bool:
        """As many good units came as were asked for."""
        return self.received >= self.asked


class LeadTime(Struct, frozen=True):
    """In days, shrunk to what was quoted; `n` lines were seen, `seen_days` is their plain mean."""

    mean_days: float
    sd_days: float
    n: int
    seen_days: float | None = None


class Shares(Struct, frozen=True):
    """Of `lines` that can be judged, the shares that were on time, in full, both; None where none can. Of `checked`
    lines that brought anything, the mean share of units that was accepted."""

    lines: int
    on_time: float | None
    in_full: float | None
    on_time_in_full: float | None
    checked: int
    accepted: float | None


def facts(versions: Sequence[Order], came_ms: Mapping[tuple[str, str], int] | None = None) -> list[Fact]:
    """The facts of one order from its versions, oldest first; none before it is sent.

    `came_ms`: (key of the delivery, SKU) -> when the goods really came, where that is known better than by the version
    (people book later than the shelves see).
    """
    sent = [one for one in versions if one.sent_ms]
    if not sent:
        return []
    asked, came = dict[str, int](), dict[str, dict[str, Came]]()
    wanted, promised, given_up_ms = dict[str, int](), dict[str, int](), dict[str, int]()
    for line in sent[0].lines:
        asked[line.sku], wanted[line.sku] = line.units, line.due_ms
    for before, after in pairwise(sent):
        new = [key.removeprefix("receive:") for key in after.keys if key not in before.keys]
        if gone := [(sku, key) for sku, of in came.items() for key in of if back_of(sku, key) in new]:
            for sku, key in gone:
                del came[sku][key]
            if before.closed_ms and not after.closed_ms:  # open again, but for what was given up with it
                given_up_ms |= {line.sku: before.closed_ms for line in before.lines if line.rest}
            continue
        for line in after.lines:
            old = before.line(line.sku) or Line(line.sku, 0, 0.0)
            good, bad = line.received - old.received, line.rejected - old.rejected
            if good or bad:
                at = [(came_ms or {}).get((key, line.sku), after.changed_ms) for key in new] or [after.changed_ms]
                came.setdefault(line.sku, {})[new[0] if new else f"v{after.version}"] = Came(at[0], good, bad)
            elif after.confirmed_ms and after.confirmed_ms != before.confirmed_ms:
                if line.due_ms:
                    promised.setdefault(line.sku, line.due_ms)
            elif not after.confirmed_ms and _changed(old, line):
                due_ms = _sooner(wanted.get(line.sku, 0), promised.get(line.sku, 0))
                given_up_ms.pop(line.sku, None)
                late = 0 < due_ms <= after.changed_ms - DAY_MS
                if line.units < old.units and (late or not line.units):  # struck, or cut when its day was over
                    if not line.rest:
                        given_up_ms[line.sku] = after.changed_ms
                    continue
                asked[line.sku] = line.units
                promised.pop(line.sku, None)
                if line.due_ms != old.due_ms:
                    wanted[line.sku] = line.due_ms
    due = {sku: _sooner(day_ms, promised.get(sku, 0)) for sku, day_ms in wanted.items()}
    told = [_fact(line, sent[-1], asked, due, came, given_up_ms) for line in sent[-1].lines]
    return [one for one in told if one.asked]


def _changed(old: Line, line: Line) -> bool:
    """The site wants a line otherwise; that an advice of dispatch names another date is no promise."""
    return line.shipped == old.shipped and (line.units, line.due_ms) != (old.units, old.due_ms)


def _sooner(one_ms: int, other_ms: int) -> int:
    """0 is no date."""
    return min(one_ms, other_ms) if one_ms and other_ms else one_ms or other_ms


def _fact(
    line: Line,
    last: Order,
    asked: Mapping[str, int],
    due_ms: Mapping[str, int],
    came: Mapping[str, Mapping[str, Came]],
    given_up_ms: Mapping[str, int],
) -> Fact:
    parts = sorted(came.get(line.sku, {}).values(), key=lambda one: one.at_ms)
    ended_ms = last.closed_ms or (0 if line.rest else parts[-1].at_ms if parts else last.changed_ms)
    before_ms = 0 if line.rest else given_up_ms.get(line.sku, 0)
    return Fact(
        last.supplier,
        line.sku,
        last.id,
        last.sent_ms,
        asked.get(line.sku, line.units),
        due_ms.get(line.sku, 0),
        line.unit_price,
        parts,
        before_ms or ended_ms,
        bool(before_ms or (last.closed_ms and line.rest)),
    )


def lead_time(known: Iterable[Fact], quoted_days: float, quoted_sd_days: float, now_ms: int) -> LeadTime:
    """The lead time of one supplier and SKU, mean m and standard deviation s, from the n newest lines x:

    m = (k q + sum x) / (k + n),
    s^2 = (k t^2 + sum (x - mean x)^2 + k n / (k + n) (mean x - q)^2) / (k + n),

    q and t being the quoted mean and sd and k = `PRIOR_LINES`: the posterior of a normal with a conjugate prior worth k
    observations (Gelman et al., Bayesian Data Analysis, 3rd ed., 3.3). A line that nothing came of counts with the time
    it has been waited for, or was until it was given up, as soon as that is above q: less than it will be, but more
    than nothing, for the worst lines are those still out.
    """
    newest = sorted(known, key=lambda one: one.sent_ms)[-LINES_MAX:]
    days = [(one.lead_days(now_ms), bool(one.received)) for one in newest]
    seen = [one for one, ended in days if one is not None and (ended or one > quoted_days)]
    n, k = len(seen), PRIOR_LINES
    if not n:
        return LeadTime(quoted_days, quoted_sd_days, 0)
    mean = sum(seen) / n
    spread = k * quoted_sd_days**2 + sum((one - mean) ** 2 for one in seen)
    spread += k * n / (k + n) * (mean - quoted_days) ** 2
    return LeadTime((k * quoted_days + sum(seen)) / (k + n), sqrt(spread / (k + n)), n, mean)


def shares(known: Iterable[Fact], now_ms: int) -> Shares:
    """How punctual, complete and good a supplier's lines were. Lines not due yet, and without a date, are left out."""
    every = list(known)
    lines = [one for one in every if one.judged(now_ms)]
    parts = [(one.received, one.received + one.rejected) for one in every if one.received + one.rejected]
    accepted = sum(good / all_of_it for good, all_of_it in parts) / len(parts) if parts else None
    n = len(lines)
    if not n:
        return Shares(0, None, None, None, len(parts), accepted)
    on_time, in_full = sum(one.on_time for one in lines), sum(one.in_full for one in lines)
    both = sum(one.on_time and one.in_full for one in lines)
    return Shares(n, on_time / n, in_full / n, both / n, len(parts), accepted)
