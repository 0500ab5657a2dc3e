"""A month of a site, as the rules would see it: 2,000 SKUs that are ordered by a policy made for another demand, 500
devices that drop out and wear, rooms with defrosts and doors, people who buy and put right. Its habits are guessed, not
measured anywhere; demand, noise and faults are off by `wrong` from what policies and rules would like.
"""

from __future__ import annotations

from math import erfc, sqrt
from random import Random

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from cloud.alerts.facts import ClimateNow, Facts, GatewayLink, LateNow
from cloud.core.book.staking import Stake
from cloud.core.coldchain.rooms import RoomNow
from cloud.core.counting.shrinkage import Shrunk
from cloud.core.forecasting.watched import Strayed
from cloud.core.view import SkuView
from cloud.core.whereabouts import Elsewhere, Gone
from protocols.cold import PRESETS
from protocols.excursions import Room, step
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import DeviceHealth, Finding, SlotLevel
from tests.bench.alerts_run import HOUR_MS, MINUTE_MS
from tests.bench.alerts_storms import PERIODS_MS, T0

DAY_MS = 24 * HOUR_MS
TICK_MS = 5 * MINUTE_MS
HALLS, COLD, GATEWAYS = 16, 4, 4
FAULTS = ("drift", "noisy", "stuck", "battery_low", "spikes")
WORK = range(8, 18)


class Shelf(Struct):
    """An SKU: units there and ordered (units, day due, day it comes), what sells a day, its policy."""

    units: int
    daily: float
    point: int
    lot: int
    supplier: int
    bought_ms: int = 0
    """When somebody will have looked at the need; 0: there is none."""
    orders: list[tuple[int, int, int]] = field(default_factory=list)


class World:
    """The month, tick by tick: `facts()` after each `step()`."""

    def __init__(self, seed: int, skus: int = 2_000, devices: int = 500, wrong: float = 1.25) -> None:
        self.dice, self.numpy = Random(seed), np.random.default_rng(seed)
        self.wrong, self.now_ms = wrong, T0 - T0 % DAY_MS
        self.begun_ms = self.now_ms
        self.site = self._site(skus, devices)
        self.gateway_of = {one.id: f"g{i % GATEWAYS}" for i, one in enumerate(self.site.devices)}
        self.period = {one.id: self.dice.choice(PERIODS_MS) for one in self.site.devices}
        self.health = {
            one: DeviceHealth(one, "ok", self.now_ms, self.now_ms, period, 0, 0, 0, self.dice.uniform(25, 100))
            for one, period in self.period.items()
        }
        self.until: dict[tuple[str, str], int] = {}
        """(What, which) -> when it is over: silences, faults, slots without a count, ..."""
        self.rooms = {f"z{i}": Room() for i in range(COLD)}
        self.door_ms = dict.fromkeys(self.rooms, 0)
        self.warm = {f"z{i}": 0.0 for i in range(HALLS + COLD)}
        self.shelves = [self._shelf() for _ in range(skus)]
        self.views = [self._view(at) for at in range(skus)]
        self.levels = {
            one.id: SlotLevel(one.id, one.sku, 50, 50, 50, 0.99, 250.0, self.now_ms) for one in self.site.slots
        }
        self.breaches: list[tuple[str, int]] = []
        """Zone, and when its breach began."""
        self.breached: frozenset[str] = frozenset()

    def _site(self, skus: int, devices: int) -> Site:
        zones = [Zone(f"z{i}", f"Cold {i}") for i in range(COLD)]
        zones += [Zone(f"z{COLD + i}", f"Hall {i}", max_c=30.0) for i in range(HALLS)]
        where = [f"z{i % len(zones)}" for i in range(devices)]
        listed = [Device(f"d{i}", "climate" if i % 5 == 0 else "shelf", zone) for i, zone in enumerate(where)]
        shelves = [one for one in listed if one.kind == "shelf"]
        kept = [Sku(f"s{i}", f"SKU {i}", 5.0, unit_cost=self.dice.lognormvariate(1, 1)) for i in range(skus)]
        slots = [
            Slot(f"l{i}", shelves[i % len(shelves)].zone, f"s{i}", shelves[i % len(shelves)].id, str(i // len(shelves)))
            for i in range(skus)
        ]
        return Site(About("s1", "Site"), zones, kept, slots, listed)

    def _shelf(self) -> Shelf:
        dice = self.dice
        daily = dice.lognormvariate(0.5, 1.0)
        believed = daily * (dice.choice((1 / self.wrong, 1, self.wrong)))
        # Lead times are believed to be 4 days; a service level of 97 % of cycles, by a normal.
        point = round(believed * 4 + 1.9 * sqrt(2 * believed * 4) + 1)
        lot = max(1, round(believed * 25))
        return Shelf(point + dice.randrange(1, lot + 1), daily, point, lot, dice.randrange(20))

    def _view(self, at: int) -> SkuView:
        one, kept = self.shelves[at], self.site.skus[at]
        coming = sum(units for units, _, _ in one.orders)
        projected, daily = one.units + coming, one.daily
        need = 4 * daily
        risk = 0.5 * erfc((projected - need) / max(0.5, sqrt(4 * need))) if projected <= one.point else 0.02
        status = "out" if one.units <= 0 else "low" if projected <= one.point else "ok"
        return SkuView(
            kept.id, kept.name, one.units, coming, 0, round(daily, 2), one.point, one.lot,
            round(max(0, one.units) / daily, 2), status, available=one.units, projected=projected,  # type: ignore[arg-type]
            order_up_to=one.point + one.lot, verdict="order" if projected <= one.point else "enough", risk=risk,
        )  # fmt: skip

    def step(self) -> None:
        """Five minutes more."""
        self.now_ms += TICK_MS
        minute = (self.now_ms - self.begun_ms) // MINUTE_MS
        hour = minute // 60 % 24
        self._sell(hour)
        self._buy(hour)
        self._devices()
        self._climate(minute)

    def _chance(self, a_day: float) -> bool:
        return self.dice.random() < a_day * TICK_MS / DAY_MS

    def _last(self, what: str, which: str, hours: float) -> None:
        self.until[what, which] = self.now_ms + round(hours * HOUR_MS)

    def _is(self, what: str, which: str) -> bool:
        return self.until.get((what, which), 0) > self.now_ms

    def _sell(self, hour: int) -> None:
        if hour not in WORK:
            return
        a_tick = 12 * len(WORK)
        orders = self.numpy.random(len(self.shelves)) < np.array([one.daily / 2 for one in self.shelves]) / a_tick
        for at in np.flatnonzero(orders).tolist():
            one = self.shelves[at]
            one.units -= min(one.units, int(self.numpy.geometric(0.5)))
            self.views[at] = self._view(at)

    def _buy(self, hour: int) -> None:
        """Needs are looked at in working hours, most within two, one in eight the next day, one in a hundred in five;
        goods come 4 days later, or one in ten up to a week after that."""
        today, dice = self.now_ms // DAY_MS, self.dice
        for at, one in enumerate(self.shelves):
            came = [part for part in one.orders if part[2] <= today] if hour == 10 else []
            if came:
                one.orders = [part for part in one.orders if part[2] > today]
                one.units += sum(units for units, _, _ in came)
            view = self.views[at]
            if view.verdict == "order" and not one.bought_ms:
                slow = dice.random()
                hours = dice.uniform(0, 2) if slow < 0.87 else dice.uniform(16, 30) if slow < 0.99 else 24 * 5
                one.bought_ms = self.now_ms + round(hours * HOUR_MS)
            bought = one.bought_ms and self.now_ms >= one.bought_ms and hour in WORK
            if bought:
                one.bought_ms = 0
                late = dice.randrange(1, 8) if dice.random() < 0.1 else 0
                one.orders.append((one.lot, today + 4, today + 4 + late))
            if came or bought:
                self.views[at] = self._view(at)

    def _devices(self) -> None:
        """Short silences (radio), failures, faults that are mended within days, slots that nobody can count, a zone's
        power and a gateway's link once or twice a month."""
        dice, now_ms = self.dice, self.now_ms
        for name, known in self.health.items():
            if self._chance(0.02 * self.wrong):
                self._last("silent", name, dice.uniform(0.02, 0.4))
            elif self._chance(1 / 730):
                self._last("silent", name, dice.uniform(2, 40))
            if self._chance(1 / 365 * self.wrong):
                self._last(f"fault {dice.choice(FAULTS)}", name, dice.uniform(12, 90))
            silent = self._is("silent", name) or self._is("dark", self.site.device_by_id[name].zone)
            last = known.last_seen_ms if silent else now_ms - dice.randrange(known.period_ms)
            state = "silent" if silent and now_ms - last > max(30_000, 6 * known.period_ms) else "ok"
            faults = [Finding(code, "1", 1, "look", {}) for code in FAULTS if self._is(f"fault {code}", name)]
            if (state, faults) != (known.state, known.findings) or not silent:
                self.health[name] = replace(known, state=state, last_seen_ms=last, findings=faults)
        for zone in self.warm:
            if self._chance(1 / 400):
                self._last("dark", zone, dice.uniform(0.3, 3))
        for gateway in range(GATEWAYS):
            if self._chance(2 / 30 / GATEWAYS):
                self._last("away", f"g{gateway}", dice.uniform(0.1, 2))
        for slot in self.site.slots:
            if self._chance(0.002 * self.wrong):
                self._last("uncounted", slot.id, dice.expovariate(1 / 0.7))
            elif self._chance(0.001 * self.wrong):
                self._last("differs", slot.id, dice.uniform(2, 30))
        for what, a_day, hours in (("gone", 0.1, 8), ("elsewhere", 6.0, 2), ("shrunk", 0.1, 300), ("stake", 0.5, 40),
                                   ("stray", 0.2, 200)):  # fmt: skip
            if self._chance(a_day):
                self._last(what, dice.choice(self.site.skus).id, dice.expovariate(1 / hours))

    def _climate(self, minute: int) -> None:
        """Two halls just below their limit on a hot day a week; cold rooms with a defrost every six hours, doors, and
        a breach a week."""
        dice, fridge = self.dice, PRESETS["2-8"]
        for zone in self.warm:
            self.warm[zone] = 0.8 * self.warm[zone] + dice.gauss(0, 0.3 * self.wrong)
        for number, (zone, room) in enumerate(self.rooms.items()):
            if self._chance(12):
                self.door_ms[zone] = self.now_ms + round(dice.expovariate(1 / 2.5) * MINUTE_MS)
            if self._chance(1 / 28) and not self._is("broken", zone):
                self._last("broken", zone, 6)
            for at in range(5):
                since = (minute + at + 90 * number) % 360
                defrost = 4.5 * since / 25 if since < 25 else max(0.0, 4.5 - (since - 25) / 2)
                door = 5.0 if self.now_ms + at * MINUTE_MS < self.door_ms[zone] else 0.0
                broken = 14.0 if self._is("broken", zone) else 0.0
                room, _ = step(
                    room, self.now_ms + (at - 4) * MINUTE_MS, 4.5 + dice.gauss(0, 0.2) + defrost + door + broken, fridge
                )
            if room.now is not None and room.now.kind == "breach" and zone not in self.breached:
                self.breaches.append((zone, self.now_ms))
            self.breached = (
                (self.breached | {zone}) if room.now and room.now.kind == "breach" else self.breached - {zone}
            )
            self.rooms[zone] = room

    def facts(self) -> Facts:
        """All of it at this moment."""
        now_ms, today = self.now_ms, self.now_ms // DAY_MS
        links = {f"g{i}": GatewayLink(not self._is("away", f"g{i}"), now_ms - 1) for i in range(GATEWAYS)}
        hot = today % 7 == 3 and 12 <= now_ms // HOUR_MS % 24 < 18
        limits = {zone: (29.6 if hot and int(zone[1:]) % 8 == 7 else 22.0) for zone in self.warm}
        lasting: dict[str, list[str]] = {}
        for (what, which), until in self.until.items():
            if until > now_ms:
                lasting.setdefault(what, []).append(which)
        levels = self.levels
        if off := lasting.get("uncounted", []):
            levels = {**levels, **{one: replace(levels[one], count=None, reason="noise") for one in off}}
        if off := lasting.get("differs", []):
            levels = {**levels, **{one: replace(levels[one], booked=44, differs_ms=1) for one in off}}
        late: dict[int, dict[str, int]] = {}
        for one, kept in zip(self.shelves, self.site.skus, strict=True):
            for units, due, comes in one.orders:
                if due < today <= comes:
                    late.setdefault(one.supplier, {})[kept.id] = units
        return Facts(
            self.site, now_ms, levels, self.views, self.health,
            {
                zone: ClimateNow(limits[zone] + warm, 40.0, now_ms)
                for zone, warm in self.warm.items()
                if zone not in self.rooms
            },
            gateways=links,
            gateway_of=self.gateway_of,
            rooms=[self._room(zone, room) for zone, room in self.rooms.items()],
            gone=[Gone(one, "gate", "z5", 0, 0, 1, 1, 0) for one in lasting.get("gone", [])],
            elsewhere=[Elsewhere(one, "z6", "z7", 1, 0) for one in lasting.get("elsewhere", [])],
            shrunk=[Shrunk(one, "", 9, 3, 2.0, 0) for one in lasting.get("shrunk", [])],
            stakes={one: Stake("L", 9, 40, 20, 0, 1) for one in lasting.get("stake", [])},
            late=[LateNow(at, f"sup{at}", f"Supplier {at}", now_ms - DAY_MS, skus) for at, skus in late.items()],
            strayed=[Strayed(one, 90.0, 40.0, 28, True) for one in lasting.get("stray", [])],
            judged=len(self.shelves),
        )  # fmt: skip

    def _room(self, zone: str, room: Room) -> RoomNow:
        one = room.now
        if one is None:
            return RoomNow(zone, "2-8", celsius=room.celsius, at_ms=self.now_ms, limit_c=8.0, lots=3)
        return RoomNow(
            zone, "2-8", one.kind, one.why, one.side, one.began_ms, one.peak_c, one.outside_ms, room.celsius,
            self.now_ms, 8.0, None, 3,
        )  # fmt: skip
