"""A web over a ledger whose site file people edit, and gateways that are asked which one they work by."""

from __future__ import annotations

import asyncio
import zlib
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientSession, CookieJar

from cloud.channels import ChannelsFile
from cloud.core.view import GatewayView, Snapshot
from cloud.desks import site_versions
from cloud.desks.channelling import ChannelsDesk
from cloud.desks.site_editing import SiteEditing
from cloud.desks.site_sharing import SiteSharing
from cloud.ledger_accounts import LedgerAccounts
from cloud.stores.ledger import Ledger
from cloud.web.app import make_app, serving
from cloud.web.live import Live
from cloud.web.schema import every_route
from cloud.web.sign_in import SignIn
from protocols import layout
from protocols.asked import SitePart, SiteTold
from protocols.revision import revision
from tests.contract.told import Told
from tests.desk import HASHED, NOON_MS, PASSWORD, MemoryDesk, desks, snapshot
from tests.unit import shop
from tests.unit.pages import blocks

TEXT = f"# Ann's shop\n{blocks(shop.page('site'), 'toml')[0][1]}"
ROUTES = Told(every_route())
PEOPLE = '[[people]]\nid = "ann"\nname = "Ann"\nto = ["ann-phone"]\n'


class FakeGateway:
    """Works by a site file, and takes another one unless it says why not."""

    def __init__(self, text: str) -> None:
        self.text, self.why, self.parts = text, "", list[bytes]()
        self.asked: list[tuple[str, str]] = []

    async def ask(self, gateway: str, method: str, path: str, by: str, body: bytes = b"") -> tuple[int, bytes]:
        self.asked.append((method, by))
        if method == "GET":
            return 200, msgspec.json.encode(SiteTold(revision(self.text)))
        if self.why:
            return 422, msgspec.json.encode({"code": "unfit", "detail": self.why, "hint": ""})
        part = msgspec.json.decode(body, type=SitePart)
        self.parts.append(b64decode(part.data))
        if part.number == part.of - 1:
            self.text, self.parts = zlib.decompress(b"".join(self.parts)).decode(), []
        return 200, b'{"taken": true}'


class SiteHouse:
    """A shop in which mo governs and bo buys."""

    def __init__(self, ledger: Ledger, folder: Path, stack: AsyncExitStack) -> None:
        self.path, self.now_ms, self.restarts = folder / "site.toml", NOON_MS, 0
        self.path.write_text(TEXT)
        self.ledger, self._stack, self.url = ledger, stack, ""
        self.gateway = FakeGateway(TEXT)
        self.gateways = [GatewayView("gw", True, NOON_MS, 0, 0, 0)]
        self.live = Live(snapshot())
        self.channels = ChannelsFile(folder)
        self.people: Any = None
        self.start()

    def start(self) -> None:
        """The service starts by the file as it is."""
        text = self.path.read_text()
        before = {one.revision_before for one in site_versions.read(self.ledger.books)}
        self.sharing = SiteSharing(
            text, revision(text), before, self.gateway.ask, lambda: self.gateways, lambda: self.now_ms
        )
        self.desk = SiteEditing(
            self.path, revision(text), self.ledger.books, asyncio.to_thread, self._shown, self.sharing,
            lambda: self.now_ms,
        )  # fmt: skip
        self.desk.restart = self._again
        people = layout.parse(TEXT + PEOPLE).people
        self.reached = ChannelsDesk(self.channels, people, lambda: self.now_ms)

    def _shown(self) -> Snapshot:
        return self.live.current

    def _again(self) -> None:
        self.restarts += 1

    async def client(self, name: str = "mo") -> ClientSession:
        """Somebody who signed in."""
        own = {"X-Requested-With": "warehouse", "Origin": self.url}
        made = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True), headers=own)
        await self._stack.enter_async_context(made)
        given = {"user": name, "password": PASSWORD}
        async with made.post("/api/v1/session", json=given) as response:
            assert response.status == 200
        return made


async def tell(client: ClientSession, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, str]:
    """Status, JSON and ETag of what is answered, which is as its route tells of it."""
    kind = {"data": body} if isinstance(body, bytes) else {"json": body}
    async with client.request(method, f"/api/v1/{path}", headers=headers, **kind) as response:
        said = await response.read()
        ROUTES.check(method, f"/api/v1/{path}", response.status, response.content_type, said)
        tag = response.headers.get("ETag", "")
        if response.content_type.endswith("json"):
            return response.status, msgspec.json.decode(said), tag
        return response.status, said, tag


@asynccontextmanager
async def edited_site(ledger: Ledger, folder: Path) -> AsyncIterator[SiteHouse]:
    """Mo governs, Bo buys."""
    for name, role in (("mo", "admin"), ("ma", "admin"), ("bo", "buyer")):
        ledger.people.keep_account(name, role, HASHED, "")
    async with AsyncExitStack() as stack:
        house = SiteHouse(ledger, folder, stack)
        asked = desks(MemoryDesk(house.live))._replace(site=house.desk, channels=house.reached)
        house.people = asked.people
        app = make_app(asked, house.live, SignIn(LedgerAccounts(ledger)), Path(), now_ms=lambda: house.now_ms)
        house.url = await stack.enter_async_context(serving(app))
        yield house
