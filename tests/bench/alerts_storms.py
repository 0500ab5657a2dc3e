"""Storms: five hundred devices lost at once, in several ways; a sensor that chatters; criticals in all of them."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from cloud.alerts.facts import ClimateNow, Facts, GatewayLink
from cloud.core.coldchain.rooms import Kind, RoomNow
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import Alarm, DeviceHealth, SlotLevel
from tests.bench.alerts_run import HOUR_MS, MINUTE_MS, People, Run

DEVICES = 500
PERIODS_MS = (5_000, 10_000, 60_000, 300_000, 600_000)
T0 = 1_800_000_000_000
LOST_MS = T0 + 5 * MINUTE_MS
ONE = People(lambda _: ("ann", "bob", "cy"))


class Lost(NamedTuple):
    """How the devices go and come: the gateway, or only they; back after so long, each within `spread_ms` of it;
    so many never."""

    gateway: bool
    back_ms: int
    spread_ms: int = 120_000
    never: int = 0
    wills: bool = False


STORMS = {
    "gateway away": Lost(True, 40 * MINUTE_MS),
    "power cut of a zone": Lost(False, 30 * MINUTE_MS, never=5),
    "broker restart": Lost(False, 90_000, wills=True),
    "switch of a zone, in and out": Lost(False, 4 * MINUTE_MS, spread_ms=10 * MINUTE_MS),
}


def place() -> Site:
    """A hall of 500 devices behind one gateway, slots on most of them; a cold room behind another."""
    zones = [Zone("hall", "Hall", max_c=30.0), Zone("cold", "Cold room")]
    devices = [Device(f"d{i}", "shelf" if i % 10 else "climate", "hall") for i in range(DEVICES)]
    shelves = [one.id for one in devices if one.kind == "shelf"]
    skus = [Sku(f"s{i}", f"SKU {i}", 5.0) for i in range(len(shelves))]
    slots = [Slot(f"l{i}", "hall", f"s{i}", shelf) for i, shelf in enumerate(shelves)]
    return Site(About("s1", "Site"), zones, skus, slots, [*devices, Device("t", "climate", "cold")])


class Hall:
    """The devices over time, as their gateway sees them."""

    def __init__(self, lost: Lost, seed: int) -> None:
        dice = Random(seed)
        self.site, self.lost = place(), lost
        ids = [one.id for one in self.site.devices if one.id != "t"]
        self.period = {one: dice.choice(PERIODS_MS) for one in ids}
        self.heard = {one: LOST_MS - dice.randrange(self.period[one]) for one in ids}
        never = set(dice.sample(ids, lost.never))
        self.back = {
            one: 2**62 if one in never else LOST_MS + lost.back_ms + dice.randrange(lost.spread_ms) for one in ids
        }
        self.away_until = LOST_MS + lost.back_ms
        self.levels = {one.id: SlotLevel(one.id, one.sku, 50, 50, 50, 0.99, 250.0, T0) for one in self.site.slots}

    def facts(self, now_ms: int, breach: bool = False) -> Facts:
        """As the service knows it: nothing new comes through a gateway that is away."""
        cut = self.lost.gateway and LOST_MS <= now_ms < self.away_until
        kind: Kind = "breach" if breach else ""
        room = RoomNow("cold", "2-8", kind, "too_far" if breach else "", int(breach), now_ms, 17.0, 60_000,
                       17.0 if breach else 5.0, now_ms, 15.0, None, 4)  # fmt: skip
        return Facts(
            self.site,
            now_ms,
            levels=self.levels,
            devices={one: self._health(one, now_ms) for one in self.period},
            climate={"hall": ClimateNow(20.0, 50.0, LOST_MS if cut else now_ms)},
            gateways={"g1": GatewayLink(not cut, LOST_MS if cut else now_ms), "g2": GatewayLink(True, now_ms)},
            gateway_of={**dict.fromkeys(self.period, "g1"), "t": "g2"},
            rooms=[room],
        )

    def _health(self, one: str, now_ms: int) -> DeviceHealth:
        period, heard, back = self.period[one], self.heard[one], self.back[one]
        patience = max(30_000, 6 * period)
        known_ms = now_ms
        if self.lost.gateway:
            # What the gateway said last before it went; when it is back, that all is well.
            quiet = LOST_MS <= now_ms < self.away_until + (self.heard[one] % 20_000)
            known_ms = LOST_MS if quiet else now_ms
            return DeviceHealth(one, "ok", known_ms, min(known_ms, now_ms), period, 0, 0, 0, unheard=False)
        gone = LOST_MS <= now_ms < back
        offline = gone and self.lost.wills and now_ms >= LOST_MS + 2_000
        silent = gone and now_ms >= heard + patience
        state = "offline" if offline else "silent" if silent else "ok"
        unheard = self.lost.wills and now_ms < LOST_MS + self.lost.back_ms
        return DeviceHealth(one, state, now_ms, heard if gone else now_ms, period, 0, 0, 0, unheard=gone and unheard)  # type: ignore[arg-type]


def storm(lost: Lost, seed: int, people: People = ONE, breach_ms: int = 0, hours: float = 2.25) -> Run:
    """Two hours of one storm, a breach elsewhere from `breach_ms` on, where there is one."""
    hall, run = Hall(lost, seed), Run(people)
    end = T0 + round(hours * HOUR_MS)
    said = False
    for now_ms in range(T0, end, 1000):
        if lost.wills and now_ms >= LOST_MS + 61_000 and not said:  # the gateway's own word of it
            said = True
            alarm = Alarm("broker_away", "g1", "", "firing", LOST_MS, now_ms, {})
            run.words.hear("g1", 1, alarm, now_ms)
        if said and now_ms == LOST_MS + lost.back_ms + 30_000:
            alarm = Alarm("broker_away", "g1", "", "resolved", LOST_MS, now_ms, {})
            run.words.hear("g1", 2, alarm, now_ms)
        busy = now_ms < LOST_MS + 15 * MINUTE_MS or now_ms % 5000 == 0
        if busy or breach_ms <= now_ms < breach_ms + 10_000:
            run.tick(hall.facts(now_ms, 0 < breach_ms <= now_ms))
    return run


class Chatter(NamedTuple):
    """How two sensors chatter: a thermometer so far below its limit whose noise (sd .5) has so long a memory a minute,
    and a device that falls silent or speaks again with this chance a minute."""

    below_c: float = 0.3
    memory: float = 0.9
    turns: float = 0.25


CHATTERS = (Chatter(), Chatter(0.1, 0.6, 0.1), Chatter(0.5, 0.97, 0.4), Chatter(0.0, 0.98, 0.05))
"""The first was looked at while rules were made; the others were not."""
CHATTER_RULES = ("zone_temperature", "device_silent")


def chatter(seed: int, how: Chatter = CHATTERS[0], hours: int = 24) -> Run:
    """A day of two chattering sensors, a look a minute."""
    dice, hall = Random(seed), Hall(Lost(False, 0), seed)
    run, warm, silent = Run(ONE), 0.0, False
    calm = hall.facts(T0)
    for minute in range(hours * 60):
        now_ms = T0 + minute * MINUTE_MS
        warm = how.memory * warm + dice.gauss(0, 0.5 * (1 - how.memory**2) ** 0.5)
        silent = silent if dice.random() >= how.turns else not silent
        device = replace(calm.devices["d1"], state="silent" if silent else "ok", last_seen_ms=now_ms - 60_000)
        run.tick(
            replace(
                calm,
                now_ms=now_ms,
                climate={"hall": ClimateNow(30.0 - how.below_c + warm, 50.0, now_ms)},
                devices={**calm.devices, "d1": device},
                gateways={one: GatewayLink(True, now_ms) for one in ("g1", "g2")},
            )
        )
    return run
