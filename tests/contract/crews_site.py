"""A depot whose people are told: a real service over real stores, a real HTTP receiver, a clock set by hand."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from msgspec.structs import replace
from standardwebhooks.webhooks import Webhook as Judge

from cloud import channels
from cloud.channels import Channel, ChannelsFile
from cloud.desks.crewing import Crewing
from cloud.desks.crews import Crews
from cloud.service import Options, Service
from cloud.stores.notices import Kept
from cloud.web.app import make_app, serving
from cloud.web.roles import Who
from cloud.web.sign_in import SignIn
from protocols.crews import Person, Team
from protocols.layout import Site
from protocols.reports import LANE_OF, Lane, Report
from tests import depot
from tests.contract.depots import NOW_MS, Linked, counted
from tests.contract.web_service import until
from tests.depot import level, warmth
from tests.desk import MemoryAccounts

ANN = Person("ann", "Ann", ["ann-pager"], "en")
BOB = Person("bob", "宝", ["bob-pager", "bob-second"], "zh")
_YESTERDAY = datetime.fromtimestamp(NOW_MS / 1000, UTC).date() - timedelta(days=1)
TEAM = Team("all", "All", ["ann", "bob"], starts=_YESTERDAY.isoformat())
"""It is Ann's turn, for five days at least."""
SITE = replace(depot.site(), people=[ANN, BOB], teams=[TEAM])


class Receiver:
    """A server that takes what is posted to /NAME; `answers` are its next ones by name, else it takes all."""

    def __init__(self) -> None:
        self.url = ""
        self.secrets: dict[str, str] = {}
        self.answers: dict[str, list[int]] = {}
        self.taken: list[tuple[str, float, dict[str, Any]]] = []
        """Name, when (seconds since 1970), body."""
        self.ids: list[str] = []
        self.strange: list[str] = []
        self.beats = 0

    async def hear(self, request: web.Request) -> web.Response:
        """Take one, as Standard Webhooks' own library checks it."""
        name, body = request.match_info["name"], await request.text()
        status = self.answers[name].pop(0) if self.answers.get(name) else 204
        try:
            told = Judge(self.secrets[name]).verify(body, dict(request.headers))
        except Exception as error:
            self.strange.append(repr(error))
            return web.Response(status=401)
        if status < 300:
            self.taken.append((name, time.time(), told))
            self.ids.append(request.headers["webhook-id"])
        return web.Response(status=status)

    async def beat(self, _: web.Request) -> web.Response:
        """The service says that it is well."""
        self.beats += 1
        return web.Response()

    def titles(self, name: str = "ann-pager") -> list[str]:
        """What somebody was told, in its order."""
        return [told["commonAnnotations"]["summary"] for to, _, told in self.taken if to == name]

    def add(self, state: Path, *names: str) -> None:
        """Channels that end here, in a state folder's file."""
        state.mkdir(parents=True, exist_ok=True)
        for name in names:
            self.secrets.setdefault(name, channels.new_secret())
            channels.add(state, name, Channel(webhook=f"{self.url}/{name}", secret=self.secrets[name]))


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A running receiver."""
    made, app = Receiver(), web.Application(client_max_size=2**24)
    app.router.add_get("/beat", made.beat)
    app.router.add_post("/{name}", made.hear)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


class Crewed:
    """A service with its crews, and its web."""

    def __init__(self, folder: Path, site: Site = SITE, ledger: str = "") -> None:
        self.state, self.site, self.now_ms = folder / "state", site, NOW_MS
        self.ledger = ledger or f"sqlite:///{self.state}/ledger.db?timeout=0.05"
        self.service: Service
        self.crewing: Crewing
        self.url = ""
        self._next: dict[Lane, int] = {"events": 0, "telemetry": 0}
        self._stack = AsyncExitStack()

    async def hear(self, *reports: Report) -> None:
        """The gateway tells something, numbered without a gap."""
        sent = []
        for lane in self._next:
            if mine := [one for one in reports if LANE_OF[type(one)] == lane]:
                sent.append(depot.batch(mine, self._next[lane], lane=lane))
                self._next[lane] += len(mine)
        await self.service.apply(sent)

    async def start(self, now_ms: Callable[[], int] | None = None, working: bool = True) -> Crewed:
        """Start, on what the state folder holds."""
        self._stack = AsyncExitStack()
        state, clock = self.state, now_ms or (lambda: self.now_ms)
        history = f"sqlite:///{state}/history.db"
        self.service = service = Service(Options(self.site, state, history, self.ledger))
        service.uplink = Linked()  # type: ignore[assignment]
        alerting = service.alerting
        self.crewing = Crewing(
            self.site, alerting, service.ledger, alerting.on_disk, ChannelsFile(state), clock, "https://wh.example/"
        )
        self.crewing.load()
        self.crewing.delivering.retry_s = 0.01
        desks = service.desks()._replace(crews=Crews(self.crewing))
        self.sign_in = SignIn(MemoryAccounts())
        app = make_app(desks, service.live, self.sign_in, state, now_ms=clock)
        self.url = await self._stack.enter_async_context(serving(app))
        if working:
            await self._stack.enter_async_context(self.crewing.working())
        return self

    async def stop(self) -> None:
        """Stop; what is on the disk is all that the next start finds."""
        await self._stack.aclose()
        self.service.close()

    async def tick(self, passed_ms: int = 1000) -> None:
        """Time passes, and the service judges."""
        self.now_ms += passed_ms
        await self.service.decide(self.now_ms)

    async def pass_ms(self, whole_ms: int, step_ms: int = 30_000) -> None:
        """Time passes in steps."""
        for _ in range(whole_ms // step_ms):
            await self.tick(step_ms)

    def client(self, role: str = "") -> ClientSession:
        """A client of the web; signed in with a role."""
        headers = {"X-Requested-With": "warehouse", "Origin": self.url}
        if role:
            token = self.sign_in.grant(Who(role, role), self.now_ms)  # type: ignore[arg-type]
            headers["Cookie"] = f"warehouse_session={token}"
        return ClientSession(self.url, headers=headers)


MINUTE_MS = 60_000


def holds(place: Crewed, units: int) -> list[Report]:
    """Every slot holds so many."""
    slots = ("A1", "A2", "C1")
    counts = [counted(one, units, place.now_ms) for one in slots]
    return [*counts, *(level(one, units, place.now_ms) for one in slots)]


async def too_warm(place: Crewed) -> None:
    """The cold room is too warm, until its alert fires."""
    for _ in range(11):
        await place.hear(warmth("thermo-1", 11.0, place.now_ms))
        await place.tick(MINUTE_MS)


async def kept(place: Crewed) -> list[Kept]:
    return place.service.ledger.notices.latest()


async def told(place: Crewed, number: int = 1) -> None:
    """So many notices are no longer on their way."""
    await until(lambda: not place.crewing.delivering.waiting())
    assert len(await kept(place)) == number
