"""A service over a ledger, with people in it, and how the tests ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar

from cloud.desks.people import PeopleDesk
from cloud.ledger_accounts import LedgerAccounts
from cloud.stores.ledger import Ledger
from cloud.web.app import make_app, serving
from cloud.web.live import Live
from cloud.web.oidc import Oidc
from cloud.web.sign_in import SignIn
from tests.contract.web_service import error_of
from tests.desk import HASHED, NOON_MS, PASSWORD, MemoryDesk, desks, snapshot

Json = Any
DAY_MS = 86_400_000
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class House:
    """A service over a ledger in which mo governs, bo buys and su supplies."""

    def __init__(self, ledger: Ledger, live: Live, stack: AsyncExitStack) -> None:
        self.ledger, self.live, self.now_ms, self._stack, self.url = ledger, live, NOON_MS, stack, ""
        self.desk = PeopleDesk(ledger.people, ledger.audit, ["acme"], lambda: self.now_ms)

    async def client(self, name: str = "", password: str = PASSWORD, **headers: str) -> ClientSession:
        own = {"X-Requested-With": "warehouse", "Origin": self.url, "User-Agent": FIREFOX, **headers}
        made = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True), headers=own)
        await self._stack.enter_async_context(made)
        if name:
            assert (await ask(made, "POST", "/api/v1/session", {"user": name, "password": password}))[0] == 200
        return made

    def deeds(self, **wanted: Any) -> list[tuple[str, str, str, str, int, str]]:
        """Who did what, on what, with which note, and how it went: the oldest first."""
        found = self.ledger.audit.deeds(limit=100, **wanted)
        return [(one.who, one.what, one.subject, one.note, one.status, one.code) for one in reversed(found)]


async def ask(client: ClientSession, method: str, path: str, body: Json = None, **headers: str) -> tuple[int, Json]:
    """Status and JSON; of a refusal the code."""
    async with client.request(method, path, json=body, headers=headers) as response:
        if response.status >= 400:
            return await error_of(response)
        return response.status, await response.json() if response.status != 204 else None


@asynccontextmanager
async def inhabited(ledger: Ledger, oidc: Oidc | None = None) -> AsyncIterator[House]:
    """Mo governs, Bo buys, Su supplies."""
    for name, role, supplier in (("mo", "admin", ""), ("bo", "buyer", ""), ("su", "supplier", "acme")):
        ledger.people.keep_account(name, role, HASHED, supplier)
    async with AsyncExitStack() as stack:
        live = Live(snapshot())
        house = House(ledger, live, stack)
        asked = desks(MemoryDesk(live))._replace(people=house.desk)
        app = make_app(asked, live, SignIn(LedgerAccounts(ledger)), Path(), now_ms=lambda: house.now_ms, oidc=oidc)
        house.url = await stack.enter_async_context(serving(app))
        yield house
