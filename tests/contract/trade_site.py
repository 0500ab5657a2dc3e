"""A depot that trades, behind its real web over its real stores: restarted at will, its clock set by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientResponse, ClientSession
from msgspec.structs import replace
from sqlalchemy import Connection, create_engine

from cloud.ledger_answers import LedgerAnswers
from cloud.service import Options, Service
from cloud.stores import tables
from cloud.stores.database import LedgerUnavailable
from cloud.web.access import COOKIE
from cloud.web.app import make_app, serving
from cloud.web.roles import Who
from cloud.web.sign_in import SignIn
from protocols.layout import Site, parse
from protocols.reports import Report, SlotLevel, StockEvent, TagMove
from tests.contract.told import told_by
from tests.depot import HOUR_MS, NOON_MS, batches
from tests.desk import MemoryAccounts

SITE_TEXT = """
[site]
id = "depot"
name = "Depot"
timezone = "Europe/Berlin"

[buying]
approved_to = 25
buyer_limit = 400
admin_limit = 10_000

[[zones]]
id = "hall"
name = "Hall"

[[suppliers]]
id = "acme"
name = "Acme"
order_cost = 5

[[suppliers]]
id = "boltco"
name = "Bolt & Co"
order_cost = 5

[[tiers]]
id = "gold"
name = "Gold"

[[tiers]]
id = "silver"
name = "Silver"

[[agreements]]
supplier = "acme"
skus = ["bolt"]
least = { bolt = 10 }
most = { bolt = 200 }

[[skus]]
id = "bolt"
name = "Bolt M8"
unit_mass_g = 50.0
unit_cost = 0.5
lead_time_days = 4
gtin = "04006381333931"
reorder_point = 20
order_quantity = 60

[[skus]]
id = "nut"
name = "Nut M8"
unit_mass_g = 20.0
unit_cost = 0.2
replenish = "order"
reorder_point = 10
order_quantity = 100

[[skus]]
id = "gear"
name = "Gear"
unit_mass_g = 500.0
unit_cost = 50.0
replenish = "order"
reorder_point = 4
order_quantity = 10

[[skus]]
id = "oil"
name = "Oil"
unit_mass_g = 900.0
replenish = "observe"
reorder_point = 4
order_quantity = 10

[[skus]]
id = "relic"
name = "Relic"
unit_mass_g = 700.0
replenish = "order"
discontinued = true
reorder_point = 4
order_quantity = 10

[[skus]]
id = "milk"
name = "Milk"
unit_mass_g = 1000.0
unit_cost = 1.0
protected = { gold = 4 }
release_hours = 48

[[skus]]
id = "tape"
name = "Tape"
unit_mass_g = 100.0
unit_cost = 2.0
negative = "allow"

[[skus]]
id = "wine"
name = "Wine"
unit_mass_g = 1200.0
members_only = "gold"
"""
SLOTS = {"A1": "bolt", "A2": "bolt", "B1": "nut", "G1": "gear", "O1": "oil", "R1": "relic"}
OFFERS = {"bolt": ("acme", 0.5), "nut": ("acme", 0.2), "gear": ("acme", 50), "oil": ("acme", 9), "relic": ("acme", 1)}
OFFERS |= {"milk": ("acme", 1), "tape": ("boltco", 2)}
WHO = {
    "ada": Who("ada", "viewer"),
    "op": Who("op", "operator"),
    "mei": Who("mei", "maintenance"),
    "bo": Who("bo", "buyer"),
    "cy": Who("cy", "buyer"),
    "mo": Who("mo", "admin"),
    "su": Who("su", "supplier", "acme"),
    "ro": Who("ro", "supplier", "boltco"),
}

Json = Any


def site_text() -> str:
    """The site file."""
    slots = [
        f'[[slots]]\nid = "{slot}"\nzone = "hall"\nsku = "{sku}"\ndevice = "shelf-{slot}"\ncapacity = 300\n'
        f'[[devices]]\nid = "shelf-{slot}"\nkind = "shelf"\nzone = "hall"\n'
        for slot, sku in SLOTS.items()
    ]
    offers = [
        f'[[offers]]\nsupplier = "{supplier}"\nsku = "{sku}"\nprice = {float(price)}\nlead_time_days = 3\n'
        for sku, (supplier, price) in OFFERS.items()
    ]
    return SITE_TEXT + "\n".join(slots + offers)


def site(text: str = "") -> Site:
    """The site."""
    return parse(text or site_text())


class Clock:
    """The service's clock, set by hand."""

    def __init__(self) -> None:
        self.now_ms = NOON_MS

    def __call__(self) -> int:
        return self.now_ms

    def pass_ms(self, ms: int) -> int:
        """Let time go by; the time then."""
        self.now_ms += ms
        return self.now_ms


class TradeSite:
    """The service with its web, started again as often as wanted; `url` is another ledger than SQLite's."""

    def __init__(self, folder: Path, clock: Clock, url: str = "", text: str = "") -> None:
        self.folder, self.clock, self._url, self.text = folder, clock, url, text
        self.state = folder / "state-0"
        self._number = self._seq = 0
        self.accounts = MemoryAccounts()
        self.service: Service
        self.url = ""
        self._stack = AsyncExitStack()
        self._client: ClientSession
        self._sign_in: SignIn
        self._running: list[Service] = []
        self.keeps_answers = False
        """Whether the web does: else what a key does after a restart is what the desks know of it by themselves."""
        self.stocked: dict[str, int] = {}

    @property
    def ledger(self) -> str:
        return self._url or f"sqlite:///{self.state}/ledger.db?timeout=0.05"

    async def start(self) -> Service:
        """Start the service and its web."""
        options = Options(site(self.text), self.state, f"sqlite:///{self.state}/history.db", self.ledger)
        self.service = Service(options)
        self._running.append(self.service)
        self._sign_in = SignIn(self.accounts)
        desks = self.service.desks()
        answers = LedgerAnswers(self.service.ledger) if self.keeps_answers else None
        app = make_app(desks, self.service.live, self._sign_in, self.folder, now_ms=self.clock, answers=answers)
        self._told = told_by(app)
        self.url = await self._stack.enter_async_context(serving(app))
        own_page = {"X-Requested-With": "warehouse", "Origin": self.url}
        self._client = await self._stack.enter_async_context(ClientSession(self.url, headers=own_page))
        return self.service

    async def restart(self) -> Service:
        """As after a crash: what the stores hold is all that there is."""
        await self._stack.aclose()
        if not self._url:
            self._number += 1
            before, self.state = self.state, self.folder / f"state-{self._number}"
            shutil.copytree(before, self.state)
        return await self.start()

    async def close(self) -> None:
        """Let go of everything."""
        await self._stack.aclose()
        while self._running:
            self._running.pop().close()
        if self._url:
            wipe(self._url)

    async def ask(self, name: str, method: str, path: str, body: object = None, key: str = "") -> tuple[int, Json]:
        """What somebody is answered: status and JSON. Without a name nobody is signed in."""
        status, _, told = await self.request(name, method, path, body, {"Idempotency-Key": key} if key else {})
        return status, told

    async def request(
        self, name: str, method: str, path: str, body: object, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], Json]:
        """The same with headers, both ways. Every answer is one that its route tells of."""
        data = None if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        cookie = {"Cookie": f"{COOKIE}={self._sign_in.grant(WHO[name], self.clock())}"} if name else {}
        async with self._client.request(method, path, data=data, headers={**headers, **cookie}) as response:
            text = await response.read()
            self._told.check(method, path, response.status, response.content_type, text)
            try:
                return response.status, response.headers, msgspec.json.decode(text)
            except msgspec.DecodeError:
                return response.status, response.headers, text

    def stream(self, name: str, path: str) -> AbstractAsyncContextManager[ClientResponse]:
        """An answer that is read piece by piece."""
        cookie = f"{COOKIE}={self._sign_in.grant(WHO[name], self.clock())}"
        return self._client.get(path, headers={"Cookie": cookie})

    async def get(self, path: str, name: str = "mo") -> Json:
        """What is there."""
        status, told = await self.ask(name, "GET", path)
        assert status == 200, (path, status, told)
        return told

    async def post(self, path: str, body: object = None, name: str = "bo", key: str = "") -> Json:
        """What came of something that has to go well."""
        status, told = await self.ask(name, "POST", path, body, key)
        assert status == 200, (path, status, told)
        return told

    async def refused(self, path: str, body: object = None, name: str = "bo", key: str = "") -> tuple[int, str]:
        """Status and code of what has to be refused, in two sentences."""
        status, told = await self.ask(name, "POST", path, body, key)
        assert status >= 400, (path, status, told)
        assert told["detail"], told
        assert told["hint"], told
        return status, told["code"]

    async def hear(self, *reports: Report) -> None:
        """What a gateway reports, taken in."""
        await self.service.apply(batches([*reports], self._seq))
        self._seq += len(reports)

    async def weigh(self, slot: str, count: int, at_ms: int = 0) -> None:
        """A shelf sees that so many units are there now."""
        at_ms, sku = at_ms or self.clock(), SLOTS[slot]
        before = self.stocked.get(slot)
        source = "first" if before is None else "weight"
        await self.hear(
            StockEvent(slot, sku, count - (before or 0), count, at_ms, 0.99, source),
            SlotLevel(slot, sku, count, count, count, 0.99, 50.0 * count, at_ms),
        )
        self.stocked[slot] = count

    async def tags(self, *epcs: str, at_ms: int = 0) -> None:
        """Tags arrive in the hall."""
        await self.hear(*(TagMove(one, "hall", "arrived", at_ms or self.clock(), "gate-1") for one in epcs))

    async def tick(self, times: int = 1, ms: int = 1000) -> None:
        """So much time goes by, in ticks."""
        for _ in range(times):
            await self.service.tick(self.clock.pass_ms(ms))

    async def hours(self, hours: float) -> None:
        """So many hours go by, in one step, and what comes of that settles."""
        self.clock.pass_ms(round(hours * HOUR_MS))
        await self.tick(5)

    def site_file(self) -> str:
        """The site file that the next start reads."""
        return self.text or site_text()

    def needs(self, sku: str = "") -> list[Json]:
        """The open needs that people see."""
        shown = msgspec.to_builtins(self.service.live.current.needs)
        return [one for one in shown if one["state"] in ("proposed", "observed") and sku in ("", one["sku"])]

    def sku(self, sku: str) -> Json:
        """An SKU as people see it."""
        shown = msgspec.to_builtins(self.service.live.current.skus)
        return next(one for one in shown if one["id"] == sku)

    async def needed(self, slot: str, left: int) -> Json:
        """A shelf empties so far that its SKU has a need: that need."""
        for other in SLOTS:
            if other not in self.stocked:
                await self.weigh(other, 100 if SLOTS[other] != SLOTS[slot] or other == slot else 0)
        await self.tick(5)
        await self.weigh(slot, left)
        await self.tick(2)
        [need] = self.needs(SLOTS[slot])
        return need

    @contextmanager
    def away(self) -> Iterator[None]:
        """The ledger can not be reached."""

        def nobody() -> AbstractContextManager[Connection]:
            raise LedgerUnavailable("the ledger can not be reached: the cable is out")

        database, ledger = self.service.ledger._database, self.service.ledger
        sides: list[Any] = [ledger, ledger.books]
        for one in sides:
            one._reading = one._writing = nobody
        try:
            yield
        finally:
            for one in sides:
                one._reading, one._writing = database.reading, database.writing


def wipe(url: str) -> None:
    """An empty database again."""
    engine = create_engine(url)
    tables.metadata.drop_all(engine)
    engine.dispose()


def memory(service: Service) -> Json:
    """All that the desks hold, comparable across a restart."""
    trade = service.trade
    orders, held = trade.purchasing._orders, trade.book._held
    return {
        # A live fact is known a little later than the ledger notes.
        "held": {sku: replace(one, account=replace(one.account, last=(0, 0, 0))) for sku, one in held.items()},
        "orders": trade.purchasing.every(),
        "on": orders.on,
        "fates": orders._fates,
        "coming": {sku.id: trade.purchasing.coming(sku.id) for sku in service.site.skus},
        "reservations": trade.promises.reservations(),
        "reserved": {sku.id: trade.promises.reserved(sku.id) for sku in service.site.skus},
        "facts": trade.supplying.facts(),
        "waiting": trade.counts.waiting,
        "stood": [*trade.counts.stood],
        "positions": {sku.id: trade.position(sku.id) for sku in service.site.skus},
        "gone": sorted(trade.book.gone),
        "arrivals": trade.purchasing.arrivals(),
    }
