"""Alarms of the gateway's own, for when nobody else looks: pending -> firing -> over. A fold over time, in place.

Names, holds and dead bands are those that the service uses too (protocols/alarms.py). Only watched time counts: what
stood still while the gateway was off brings no alarm nearer to firing, nor to its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple

from msgspec import Struct

from edge.core.care.health import Pulse
from protocols.alarms import STALE_MS, TOLD, WATCHED
from protocols.layout import Device, Site, Zone
from protocols.reports import Alarm
from protocols.tuning import Tuning


class Delays(NamedTuple):
    """How long a condition must hold before it fires, and be gone before it is over."""

    hold_ms: int
    clear_ms: int


RULES: dict[str, Delays] = {name: Delays(one.hold_ms, one.clear_ms) for name, one in WATCHED.items()}
MINUTE_MS = 60_000
GONE = Delays(0, 0)
"""Of a rule that is off: what is open of it is over."""
QUANTITIES = {"zone_temperature": "temperature_c", "zone_humidity": "humidity_pct"}
FULL_SHARE, FULL_DEAD_BAND = 0.9, 0.1
FULL_HOURS = 6.0
"""An outbox that lasts for less than this at the present rate is nearly full, too: once a tenth of it is used."""
FULL_HOURS_FROM = 0.1
FREE_SHARE, FREE_BYTES = 0.05, 1 << 30
"""A disk with less free than either is nearly full, but a small one not while half of it is free, as `doctor` says."""
QUIET_MS = 30_000
"""The service says something every few seconds; shorter silences are none."""
AWAY_MS = 60_000
"""Time that passes in such a leap was not watched."""
REPEAT_MS = 600_000
"""How often the service is told again of what fires, while the link is up: it may have lost the first word."""
OVER_MAX = 20


class Own(Struct, frozen=True):
    """How the gateway itself is. `outbox_share`: of its limit that is used; `stalled_ms`: since when its store takes
    nothing, so that it acknowledges nothing (0: it does); `clock_off_s`: how far its own clock is from the time it
    uses."""

    name: str = "gateway"
    broker: bool = True
    linked: bool = False
    outbox_share: float = 0.0
    stalled_ms: int = 0
    clock_off_s: float = 0.0
    outbox_hours: float | None = None
    """How long the rest of the outbox lasts; None: not known."""
    disk_free: tuple[int, int] | None = None
    """Bytes that are free on the disk of the store, and of how many; None: not known."""
    silent_ms: int | None = None
    """How long the service has taken nothing of ours and said nothing; None where there is none to be heard."""
    reached: bool = True
    """Whether it was there at all since we started; else its silence may be as old as it was before."""

    @property
    def listening(self) -> bool:
        """Whether what devices say reaches the books: a silence is theirs only then."""
        return self.broker and not self.stalled_ms


class Condition(Struct, frozen=True):
    """What is wrong now. With `sustain` it only keeps an alarm that fires: it lies in the dead band, or nothing new is
    known. `since_ms`: when it began, where that is known better than by when it was first seen."""

    rule: str
    subject: str
    zone: str
    params: dict[str, float]
    sustain: bool = False
    since_ms: int = 0


class Open(Struct, array_like=True):
    """An alarm that is not over. `from_ms`: since when it holds, or (firing) is gone, by watched time; 0: it is
    there."""

    rule: str
    subject: str
    zone: str
    state: Literal["pending", "firing"]
    since_ms: int
    from_ms: int
    params: dict[str, float]
    fired_ms: int = 0
    told_ms: int = 0
    by_us_ms: int = 0
    """When the gateway told people of it by itself (see edge.core.telling); 0: it did not."""


class Book(Struct, array_like=True):
    """Every alarm that is not over, by `rule/subject`: at most one a rule and zone, device, slot or gateway. And the
    last `OVER_MAX` that are."""

    open: dict[str, Open] = {}
    over: list[Alarm] = []
    at_ms: int = 0


def tuned(tuning: Mapping[str, Tuning]) -> dict[str, Delays]:
    """The rules as the site has them; those that are off are not there."""
    found = {}
    for name, before in RULES.items():
        by = tuning.get(name, Tuning())
        hold_ms = before.hold_ms if by.hold_minutes is None else round(by.hold_minutes * MINUTE_MS)
        clear_ms = before.clear_ms if by.clear_minutes is None else round(by.clear_minutes * MINUTE_MS)
        if not by.off:
            found[name] = Delays(hold_ms, clear_ms)
    return found


def severity(rule: str, tuning: Mapping[str, Tuning] | None = None) -> int:
    """How severe an alarm of a rule is, 1 (critical) to 3, as the site has it."""
    by = (tuning or {}).get(rule)
    return WATCHED[rule].severity if by is None or by.severity is None else by.severity


def step(
    book: Book,
    conditions: Iterable[Condition],
    now_ms: int,
    linked: bool = False,
    rules: Mapping[str, Delays] = RULES,
) -> list[Alarm]:
    """Let the conditions of this moment work on the book; what is to be told of it. What is of none of the `rules` is
    not there."""
    unwatched_ms = now_ms - book.at_ms if book.at_ms and now_ms - book.at_ms > AWAY_MS else 0
    book.at_ms = now_ms
    present: dict[str, Condition] = {}
    for one in conditions:
        key = f"{one.rule}/{one.subject}"
        if one.rule in rules and (key not in present or (present[key].sustain and not one.sustain)):
            present[key] = one
    told: list[Alarm] = []
    for key, alarm in list(book.open.items()):
        if alarm.from_ms:
            alarm.from_ms += unwatched_ms
        after = _go_on(alarm, present.get(key), now_ms, linked, rules.get(alarm.rule, GONE))
        if after is None:
            del book.open[key]
        elif after:
            told.append(_report(alarm, after, now_ms))
            if after == "resolved":
                del book.open[key]
                book.over = [*book.over, told[-1]][-OVER_MAX:]
    for key, one in present.items():
        if key in book.open or one.sustain:
            continue
        since_ms = min(one.since_ms or now_ms, now_ms)
        alarm = Open(one.rule, one.subject, one.zone, "pending", since_ms, since_ms, one.params)
        book.open[key] = alarm
        if _go_on(alarm, one, now_ms, linked, rules[one.rule]):
            told.append(_report(alarm, "firing", now_ms))
    return told


def _go_on(
    alarm: Open, seen: Condition | None, now_ms: int, linked: bool, delays: Delays
) -> Literal["", "firing", "resolved"] | None:
    """An open alarm's next moment: what is told of it, "" for nothing, None when it never fired and is gone."""
    if seen is not None:
        alarm.params, alarm.zone = seen.params, seen.zone
    if alarm.state == "pending":
        if seen is None or seen.sustain:
            return None
        if now_ms - alarm.from_ms < delays.hold_ms:
            return ""
        alarm.state, alarm.fired_ms, alarm.from_ms = "firing", now_ms, 0
    elif seen is None:
        alarm.from_ms = alarm.from_ms or now_ms
        if now_ms - alarm.from_ms >= delays.clear_ms:
            return "resolved"
    else:
        alarm.from_ms = 0
    if alarm.told_ms and not (linked and now_ms - alarm.told_ms >= REPEAT_MS):
        return ""
    alarm.told_ms = now_ms
    return "firing"


def _report(alarm: Open, state: Literal["firing", "resolved"], now_ms: int) -> Alarm:
    params = {**alarm.params, TOLD: float(alarm.by_us_ms)} if alarm.by_us_ms else alarm.params
    return Alarm(alarm.rule, alarm.subject, alarm.zone, state, alarm.since_ms, now_ms, params)


def told_by_us(book: Book, keys: Iterable[str], now_ms: int) -> list[Alarm]:
    """People were told of these by the gateway itself: the service is to know that."""
    told = []
    for key in keys:
        alarm = book.open.get(key)
        if alarm is not None and alarm.state == "firing" and not alarm.by_us_ms:
            alarm.by_us_ms = alarm.told_ms = now_ms
            told.append(_report(alarm, "firing", now_ms))
    return told


def of_zones(
    site: Site, values: dict[str, list[tuple[str, int, float]]], now_ms: int, kept: Collection[str] = ()
) -> Iterable[Condition]:
    """Zones outside their limits; the temperature of those `kept` for goods is judged by these. `values`: by zone what
    each of its thermometers said last, (quantity, at_ms, value); the worst counts, for the average of a warm corner and
    a cold one hides both."""
    for zone in site.zones:
        for rule, quantity in QUANTITIES.items():
            if zone.id in kept and rule == "zone_temperature":
                continue
            limits = _limits(zone, rule)
            for said, at_ms, value in values.get(zone.id, ()):
                if said != quantity:
                    continue
                for limit, over in ((limits[0], limits[0] - value), (limits[1], value - limits[1])):
                    if over > -WATCHED[rule].dead_band:
                        params = {"value": round(value, 1), "limit": limit}
                        yield Condition(rule, zone.id, zone.id, params, over <= 0 or now_ms - at_ms > STALE_MS)


def _limits(zone: Zone, rule: str) -> tuple[float, float]:
    low, high = (zone.min_c, zone.max_c) if rule == "zone_temperature" else (zone.min_pct, zone.max_pct)
    return (float("-inf") if low is None else low, float("inf") if high is None else high)


def of_devices(pulses: Iterable[tuple[Device, Pulse]], listening_ms: int) -> Iterable[Condition]:
    """Devices that are offline, or silent while somebody listened: see `health.hear_nothing`."""
    for device, pulse in pulses:
        if pulse.state != "ok":
            unheard = listening_ms == 0 or pulse.unheard
            params = {"last_seen_ms": float(pulse.seen_ms), "period_ms": float(round(pulse.period_ms))}
            params["offline"] = float(pulse.state == "offline")
            yield Condition("device_silent", device.id, device.zone, params, sustain=unheard)


def of_gateway(own: Own, now_ms: int = 0) -> Iterable[Condition]:
    """What is wrong with the gateway itself, and that it does not hear the service."""
    if not own.broker:
        yield Condition("broker_away", own.name, "", {})
    yield from _of_outbox(own)
    if own.disk_free is not None:
        free, size = own.disk_free
        least = max(FREE_SHARE * size, min(FREE_BYTES, size / 2))
        if free < 1.2 * least:
            params = {"used_pct": round(100 * (1 - free / max(1, size)), 1), "free_mb": float(free >> 20)}
            yield Condition("disk_low", own.name, "", params, sustain=free >= least)
    if own.stalled_ms:
        yield Condition("not_acknowledging", own.name, "", {}, since_ms=own.stalled_ms)
    if own.clock_off_s:
        yield Condition("clock_wrong", own.name, "", {"off_s": round(own.clock_off_s, 1)})
    if own.silent_ms is not None and (own.silent_ms > QUIET_MS or not own.reached):
        silent = {"silent_s": float(own.silent_ms // 1000)}
        yield Condition("service_away", own.name, "", silent, since_ms=now_ms - own.silent_ms)


def _of_outbox(own: Own) -> Iterable[Condition]:
    """Nearly full by its size, or by how long it lasts."""
    hours = own.outbox_hours if own.outbox_share >= FULL_HOURS_FROM else None
    soon, nearly = (hours is not None and hours < times * FULL_HOURS for times in (1, 2))
    if nearly or own.outbox_share > FULL_SHARE - FULL_DEAD_BAND:
        params = {"used_pct": round(100 * own.outbox_share, 1)}
        if own.outbox_hours is not None:
            params["hours"] = own.outbox_hours
        yield Condition("outbox_full", own.name, "", params, sustain=not soon and own.outbox_share < FULL_SHARE)
