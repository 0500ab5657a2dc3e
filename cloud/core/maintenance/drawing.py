"""The features of an asset as short courses to draw, each within the range that is normal for it."""

from __future__ import annotations

from math import exp

from cloud.core.maintenance.ailments import unit_of
from cloud.core.maintenance.assets import Drawn
from cloud.core.maintenance.baseline import SIDES
from cloud.core.maintenance.batteries import DAY_MS, EMPTY_PCT
from cloud.core.maintenance.keeping import Kept
from cloud.core.maintenance.readrates import HOUR_MS, Antenna
from cloud.core.maintenance.refrigeration import State

SWITCHED = ("door_open", "switch_on")
"""What is on or off is no curve."""


def drawn_of(kept: Kept) -> list[Drawn]:
    """What is worth drawing of a device."""
    found: list[Drawn] = []
    for cooler in kept.coolers.values():
        found += _cooler(cooler)
    for battery in kept.batteries.values():
        if battery.days:
            times = [day * DAY_MS + DAY_MS // 2 for day, _ in battery.days]
            found.append(Drawn("battery", "%", times, [level for _, level in battery.days], EMPTY_PCT, 100.0))
    if kept.machine is not None:
        for name, wear in kept.machine.wears.items():
            times, levels = [day * DAY_MS + DAY_MS // 2 for day, _ in wear.days], [level for _, level in wear.days]
            low, high = wear.normal or (None, None)
            found.append(Drawn(f"work.{name}", unit_of(name), times, levels, low, high, wear.limit or None))
        scores = kept.machine.scores
        if scores:
            found.append(Drawn("score", "", [at for at, _ in scores], [one for _, one in scores], 0.0, 0.8))
    for name, course in kept.series.items():
        if course.drawn and name.rpartition("/")[2] not in SWITCHED:
            times, values = [at for at, _ in course.drawn], [one for _, one in course.drawn]
            found.append(Drawn(name, unit_of(name), times, values, None, None))
    return found


def drawn_of_antenna(antenna: Antenna) -> list[Drawn]:
    """What an antenna reads by tag, in percent of the usual, and how strong that is beside the usual, hour by hour."""
    times = [hour * HOUR_MS for hour, _ in antenna.rates.days]
    values = [round(100 * exp(one), 1) for _, one in antenna.rates.days]
    side = SIDES * antenna.rates.sigma
    found = [Drawn("reads_by_tag", "%", times, values, round(100 * exp(-side), 1), round(100 * exp(side), 1))]
    if antenna.strengths.days:
        hours, values = [list(one) for one in zip(*antenna.strengths.days, strict=True)]
        side = round(SIDES * antenna.strengths.sigma, 2)
        found.append(Drawn("strength", "dB", [hour * HOUR_MS for hour in hours], values, -side, side))
    return found


def _cooler(cooler: State) -> list[Drawn]:
    days, known = cooler.days, cooler.baseline
    if not days:
        return []
    times = [one.at_ms for one in days]
    lost = [round(100 * (1 - exp(-one.lost)), 1) for one in days]
    slower = [round(100 * (exp(one.slower) - 1), 1) for one in days]
    ranges: dict[str, tuple[float, float] | tuple[None, None]] = {"duty": (None, None), "rise": (None, None)}
    side = None
    if known is not None:
        ranges |= known.normal
        side = round(100 * (1 - exp(-SIDES * known.sigma)), 1)
    return [
        Drawn("capacity_lost", "%", times, lost, None if side is None else -side, side),
        Drawn("duty", "", times, [round(one.duty, 3) for one in days], *ranges["duty"]),
        Drawn("rise", "min", times, [round(one.rise_min, 1) for one in days], *ranges["rise"]),
        Drawn("recovery_slower", "%", times, slower, None, None),
        Drawn("disturbances", "a day", times, [float(one.disturbances) for one in days], None, None),
    ]
