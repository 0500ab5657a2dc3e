"""A small warehouse that is all in memory, behind the real web, so that the page can be looked at without the rest.

`python -m tests.browser.fake_service` serves it at http://127.0.0.1:8137 for whoever works on the page; sign in as
anna (buyer), lena (maintenance), otto (viewer), mara (admin) or vera (of a supplier) with the password below.
What a group of customers sees is at /public/gold.k3xq.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
from msgspec.structs import replace

from cloud.core import lanes
from cloud.core.completeness import Completeness, Marks, prove
from cloud.core.crews_view import Sought
from cloud.core.view import AlertView, NeedView, Snapshot
from cloud.metrics import Counts
from cloud.web.app import Desks, make_app, serving
from cloud.web.desk import Conflict, NotFound
from cloud.web.live import Live
from cloud.web.pages import build_of
from cloud.web.passwords import hash_password
from cloud.web.roles import Role, Who
from cloud.web.sign_in import Account, SignIn
from tests.browser import fake_cold, fake_site
from tests.browser.fake_cold import FakeCold
from tests.browser.fake_counts import FakeCounts
from tests.browser.fake_crew import FakeCrew
from tests.browser.fake_front import FakeFront
from tests.browser.fake_gate import FakeGate
from tests.browser.fake_house import FakeHouse
from tests.browser.fake_people import FakePeople
from tests.browser.fake_plant import FakePlant
from tests.browser.fake_supply import FakeSupply
from tests.browser.fake_trade import FakeTrade
from tests.desk import MemoryAccounts

STATIC = Path(__file__).parents[2] / "cloud" / "web" / "static"
PASSWORD = "lindenbaum"
PORT = 8137


def now_ms() -> int:
    """Wall clock."""
    return time.time_ns() // 1_000_000


class FakeAccounts(MemoryAccounts):
    """Anna who buys, Lena who mends, Otto who looks on, Mara who governs, and Vera of a supplier; there are no
    machines."""

    def __init__(self) -> None:
        super().__init__()
        hashed = hash_password(PASSWORD)
        self.people = {
            "anna": Account("anna", "buyer", hashed),
            "lena": Account("lena", "maintenance", hashed),
            "otto": Account("otto", "viewer", hashed),
            "mara": Account("mara", "admin", hashed),
            "vera": Account("vera", "supplier", hashed, "acme"),
        }
        self.machines = {}


class FakeService:
    """A desk whose site moves once a second. `silent` stops its frames but not its sockets. One event loop only."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.silent = False
        self.static, self.offline = STATIC, True
        self._random = random.Random(7)
        self._quiet = quiet
        self._accounts = FakeAccounts()
        self._sign_in = SignIn(self._accounts)
        self._live = Live(fake_site.first(self._random, now_ms(), build_of(STATIC), quiet=quiet))
        self.trade = FakeTrade(now_ms, lambda: self._live.current, self.become)
        self.supply = FakeSupply(now_ms, lambda: self._live.current, self.become, self.trade)
        self.counting = FakeCounts(now_ms, quiet=quiet)
        self.gate = FakeGate(now_ms)
        self.crew = FakeCrew(now_ms, lambda: self._live.current, self.change_alert)
        names = {one.id: one.name for one in self._live.current.skus}
        self.plant = FakePlant(now_ms, self.become, names, quiet=quiet)
        self.people = FakePeople(now_ms)
        self._folder = TemporaryDirectory()
        self.house = FakeHouse(Path(self._folder.name), lambda: self._live.current, now_ms)
        self.cold = FakeCold(now_ms, self._celsius, quiet=quiet)
        self.front = FakeFront(now_ms, lambda: self._live.current, self._celsius_at)
        self.become(rooms=self.cold.rooms())
        if not quiet:
            self.become(orders=self.trade.views(), arrivals=self.trade.arrivals())

    def app(self) -> web.Application:
        """The web of one start of the service: its epoch is new, its site and sessions are as they were."""
        self._live = Live(replace(self._live.current, epoch=f"{self._random.getrandbits(32):08x}", q=1))
        trade: Any = self.trade
        desks = Desks(self, *[trade] * (len(Desks._fields) - 1))
        plant: Any = self.plant
        cold: Any = self.cold
        crew: Any = self.crew
        plant.verdicts = crew
        desks = desks._replace(assets=plant, work=plant, cold=cold, crews=crew, gateways=self.gate, people=self.people)
        desks = desks._replace(foreseeing=self.supply, replenishing=self.supply, differing=self.counting)
        desks = desks._replace(site=self.house.site, channels=self.house.channels)
        app = make_app(desks, self._live, self._sign_in, self.static, now_ms=now_ms, offline=self.offline)
        return app

    async def live(self) -> None:
        """Move on once a second, for ever."""
        while True:
            await asyncio.sleep(1)
            if not self.silent:
                self.step()

    def pass_for(self, user: str) -> str:
        """A session's token."""
        account = self._accounts.people[user]
        return self._sign_in.grant(Who(user, account.role, account.supplier), now_ms())

    def may_otherwise(self, user: str, role: Role, supplier: str = "") -> None:
        """An admin gave somebody another role; whoever came by a pass is out."""
        self._accounts.people[user] = replace(self._accounts.people[user], role=role, supplier=supplier)
        self._sign_in.forget(user)

    def step(self) -> None:
        """One second of life: a few counts move, temperatures wander; with the gateway away, nothing."""
        if self.gate.away:
            self.become()
            return
        s, t = self._live.current, now_ms()
        slots = list(s.slots)
        for n in self._random.sample(range(len(slots)), 4):
            slot = slots[n]
            if slot.status == "ok" and slot.count is not None:
                count = max(10, min(39, slot.count + self._random.choice((-2, -1, 1, 2))))
                slots[n] = replace(slot, count=count, low=count, high=count, at_ms=t)
        zones = [
            zone
            if zone.temperature_c is None
            else replace(zone, temperature_c=fake_site.temperature(zone.id, t, t, quiet=self._quiet), at_ms=t)
            for zone in s.zones
        ]
        gateways = [replace(one, last_seen_ms=t, telemetry=one.telemetry + 5) for one in s.gateways]
        kpi = replace(s.kpi, picks_last_hour=max(0, s.kpi.picks_last_hour + self._random.choice((-1, 0, 0, 1))))
        self.become(slots=slots, zones=zones, gateways=gateways, kpi=kpi, rooms=self.cold.rooms())

    def picks(self, from_ms: int) -> dict[str, int]:
        """See `Desk`: the first slots are the busiest."""
        return {one.id: 40 // (n + 1) for n, one in enumerate(self._live.current.slots[:40])}

    def become(self, **parts: Any) -> Snapshot:
        """Show these parts from now on."""
        self._live.publish(fake_site.summed(replace(self._live.current, t=now_ms(), **parts)))
        return self._live.current

    def lose_gateway(self) -> Snapshot:
        """The gateway is gone, as the service tells it; what was shown before."""
        before, self.gate.away = self._live.current, True
        lost = [replace(one, status="silent", reason="gateway_away", remedy="check_gateway") for one in before.slots]
        devices = [replace(one, state="away", gateway="gateway-1") for one in before.devices]
        self.become(slots=lost, devices=devices, gateways=[replace(one, connected=False) for one in before.gateways])
        return before

    def find_gateway(self, before: Snapshot) -> None:
        """It is back, and all as it was before."""
        self.gate.away = False
        gateways = [replace(one, last_seen_ms=now_ms()) for one in before.gateways]
        self.become(slots=before.slots, devices=before.devices, gateways=gateways)

    def change_alert(self, id_: int, **fields: Any) -> AlertView:
        """Replace fields of an alert."""
        alerts = [replace(alert, **fields) if alert.id == id_ else alert for alert in self._live.current.alerts]
        self.become(alerts=alerts)
        return next(alert for alert in alerts if alert.id == id_)

    def add_alert(self) -> None:
        """A new alert of the worst kind, about the cold room."""
        alerts = self._live.current.alerts
        self.become(alerts=[*alerts, fake_site.warm(max((one.id for one in alerts), default=0) + 1, now_ms())])

    async def alert(self, alert_id: int) -> AlertView:
        """See `Desk`: one of those that only the ledger knows."""
        every = await self.crew.ended(Sought(), 1_000, None)
        found = next((one for one in every if one.id == alert_id), None)
        if found is None:
            raise NotFound(f"there is no alert {alert_id}")
        return found

    async def acknowledge(self, alert_id: int, user: str, note: str) -> AlertView:
        """See `Desk`."""
        found = next((one for one in self._live.current.alerts if one.id == alert_id), None)
        if found is None:
            raise NotFound(f"there is no alert {alert_id}")
        if found.state == "resolved":
            raise Conflict(f"alert {alert_id} is resolved already")
        if found.state == "acknowledged":
            return found
        t = now_ms()
        state = {"state": "acknowledged", "acknowledged_by": user, "acknowledged_ms": t, "changed_ms": t, "note": note}
        return self.change_alert(alert_id, **state)

    async def history(
        self, series: str, from_ms: int, to_ms: int, points: int
    ) -> tuple[Sequence[int], Sequence[float | None]]:
        """See `Desk`. A stretch is missing, as when a gateway was off."""
        if series.endswith("door_open"):
            return [to_ms - minutes * 60_000 for minutes in (300, 290, 60, 55)], [1.0, 0.0, 1.0, 0.0]
        zone = "freeze" if "freeze" in series else "cool"
        times = [from_ms + n * (to_ms - from_ms) // points for n in range(points) if not 0.3 < n / points < 0.36]
        now = now_ms()
        more = 0.0 if self._quiet else 1.0
        return times, [
            fake_site.temperature(zone, t, now, quiet=self._quiet) + more * fake_cold.bump(series, t, now)
            for t in times
        ]

    def _celsius_at(self, zone: str, t: int) -> float:
        return fake_site.temperature(zone, t, now_ms(), quiet=self._quiet)

    def _celsius(self, zone: str) -> float:
        return fake_site.temperature(zone, now_ms(), now_ms(), quiet=self._quiet)

    async def completeness(self, since_ms: int) -> Completeness:
        """See `Desk`. Nothing is missing."""
        return prove({("g1", "events"): lanes.nothing()}, Marks(), [], since_ms)

    async def need_versions(self, need: int) -> list[NeedView]:
        """See `Desk`. None was revised."""
        return [one for one in self._live.current.needs if one.id == need]

    def ready(self) -> list[str]:
        """See `Desk`."""
        return []

    def counts(self) -> Counts:
        """See `Desk`."""
        return Counts(0, 0, 0, 1, 0)


async def main() -> None:
    """Serve until interrupted."""
    fake = FakeService()
    async with serving(fake.app(), port=PORT) as url:
        print(f"{url}  anna, otto, mara or vera, {PASSWORD}")
        await fake.live()


if __name__ == "__main__":
    asyncio.run(main())
