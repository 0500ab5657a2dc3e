"""Puts the web together, serves it, and answers single requests without a server."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler

from cloud.metrics import Metrics
from cloud.web import (
    assets,
    bodies,
    channels,
    cold,
    crews,
    deeds,
    differences,
    exports,
    fieldwork,
    figures,
    front,
    gateways,
    grafana,
    neighbours,
    office,
    openapi,
    own,
    portal,
    site_editor,
    stockroom,
    supply,
    taking,
    users,
    work,
)
from cloud.web.access import COOKIE, check, pattern_of
from cloud.web.api import Api
from cloud.web.desk import Desk
from cloud.web.door import IDLE_S, SECURITY, Door, Doorway, Porter, room
from cloud.web.live import Live
from cloud.web.oidc import Oidc
from cloud.web.pages import Pages, led
from cloud.web.replies import Refusal, refused
from cloud.web.roles import Who
from cloud.web.routing import Route
from cloud.web.session import Session
from cloud.web.sign_in import SignIn
from cloud.web.stream import SEND_TIMEOUT_S, Stream
from cloud.web.vouching import Vouching
from cloud.web.writes import Answers, Writes, answered

LINE_BYTES_MAX = 64 * 1024
"""An address with as many names in it as one may have, in letters of which each takes twelve."""
STOP_S = 5.0
ROUTES: web.AppKey[list[Route]] = web.AppKey("routes", list)
"""All that an app was put together from."""
_SIGN_IN: web.AppKey[SignIn] = web.AppKey("sign_in", SignIn)
_METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)


def wall_clock_ms() -> int:
    """Now."""
    return time.time_ns() // 1_000_000


class Partners(office.PartnerDesk, portal.Desk, Protocol):
    """Who deals with suppliers: as we see them, and as they see us."""


class PeopleDesk(own.Desk, users.Desk, deeds.Desk, Protocol):
    """Who knows the accounts, and who did what."""


class CrewDesk(crews.Desk, taking.Desk, Protocol):
    """Who knows the crews, and the links in what they were told."""


class Desks(NamedTuple):
    """All that the web asks. Without `crews` nobody is told of alerts, and their addresses say so; so do those of the
    site file and of channels."""

    service: Desk
    book: stockroom.BookDesk
    promises: stockroom.PromiseDesk
    counts: stockroom.CountDesk
    differing: differences.Desk
    office: office.OfficeDesk
    partners: Partners
    papers: office.PaperDesk
    neighbours: neighbours.Desk
    figures: figures.Desk
    cold: cold.Desk
    work: work.WorkDesk
    assets: assets.AssetDesk
    gateways: gateways.Desk
    people: PeopleDesk
    exports: exports.Desk
    graphs: grafana.Desk
    foreseeing: supply.CourseDesk
    replenishing: supply.QueueDesk
    crews: CrewDesk | None = None
    site: site_editor.Desk | None = None
    channels: channels.Desk | None = None


def make_app(
    desks: Desks,
    live: Live,
    sign_in: SignIn,
    static: Path,
    *,
    now_ms: Callable[[], int] = wall_clock_ms,
    send_timeout_s: float = SEND_TIMEOUT_S,
    oidc: Oidc | None = None,
    offline: bool = True,
    answers: Answers | None = None,
) -> web.Application:
    """The service's web. `static` is the folder of the built dashboard; it may be missing. Not `offline`: browsers are
    told to forget what starts the page without a network. Without `answers` those to writes are forgotten when it
    stops. When the app stops, it closes `live`."""
    metrics, writes = Metrics(), Writes(answers)
    told = deeds.Deeds(desks.people, now_ms)
    routes = routes_of(
        desks, live, sign_in, static, metrics, told,
        now_ms=now_ms, send_timeout_s=send_timeout_s, oidc=oidc, offline=offline,
    )  # fmt: skip
    table = {(one.method, one.path): one for one in routes}
    assert len(table) == len(routes), "two routes have the same method and address"

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        started_s = time.perf_counter()
        pattern, method = pattern_of(request) or "none", "GET" if request.method == "HEAD" else request.method
        response: web.StreamResponse
        try:
            if pattern != "none":  # else the router's own 404 or 405 follows
                await check(request, table[method, pattern], sign_in, now_ms())
            response = await handler(request)
        except Exception as error:
            gone = request.transport is None or request.transport.is_closing()
            if isinstance(error, ConnectionError) and gone:  # who asked is
                error = Refusal(400, "bad_request", "nobody waits for the answer any more", "ask again")
            elsewhere = led(request) if isinstance(error, web.HTTPNotFound) and pattern == "none" else None
            response = elsewhere or refused(error, f"{request.method} {pattern}", request.rel_url.raw_path)
        if (route := table.get((method, pattern))) is not None:
            await told.tell(request, route, response)
        if response.status != 101:
            metrics.answered(pattern, response.status, time.perf_counter() - started_s)
        return response

    async def stop(_: web.Application) -> None:
        live.close()
        await told.flush()

    app = web.Application(middlewares=[guard], client_max_size=bodies.BYTES_MAX)
    app[_SIGN_IN], app[_METRICS], app[ROUTES] = sign_in, metrics, routes
    for one in routes:
        handler = _handler(one, writes)
        app.router.add_routes([web.get(one.path, handler) if one.method == "GET" else web.route(*one[:2], handler)])
    app.on_response_prepare.append(_harden)
    app.on_shutdown.append(stop)
    return app


def routes_of(
    desks: Desks,
    live: Live,
    sign_in: SignIn,
    static: Path,
    metrics: Metrics,
    told: deeds.Deeds,
    *,
    now_ms: Callable[[], int] = wall_clock_ms,
    send_timeout_s: float = SEND_TIMEOUT_S,
    oidc: Oidc | None = None,
    offline: bool = True,
) -> list[Route]:
    """Every route there is."""
    api = Api(desks.service, live, sign_in, metrics, now_ms)
    rooms = [
        *api.routes(),
        *stockroom.Stockroom(desks.book, desks.promises, desks.counts, now_ms).routes(),
        *differences.Differing(desks.differing).routes(),
        *office.Office(desks.office, desks.partners, desks.papers).routes(),
        *supply.Supply(desks.foreseeing, desks.replenishing, desks.office).routes(),
        *portal.Portal(desks.partners, desks.office, desks.papers).routes(),
        *neighbours.Neighbours(desks.neighbours).routes(),
        *figures.Figures(desks.figures).routes(),
        *front.Front(desks.service).routes(),
        *cold.Cold(desks.cold).routes(),
        *crews.Crews(desks.crews, now_ms, api.alert).routes(),
        *taking.Taking(desks.crews, now_ms).routes(),
        *work.Work(desks.work).routes(),
        *assets.Assets(desks.assets).routes(),
        *gateways.Gateways(desks.gateways).routes(),
        *exports.Exports(desks.exports).routes(),
        *grafana.Grafana(desks.graphs, now_ms).routes(),
        *fieldwork.Fieldwork(desks.gateways).routes(),
        *Session(sign_in, now_ms).routes(),
        *Vouching(oidc, sign_in, now_ms).routes(),
        *own.Own(desks.people, sign_in, now_ms).routes(),
        *users.Users(desks.people, sign_in).routes(),
        *site_editor.SiteEditor(desks.site).routes(),
        *channels.Channels(desks.channels).routes(),
        *told.routes(),
        *Stream(live, sign_in, now_ms, send_timeout_s).routes(),
        *Pages(static, offline=offline).routes(),
    ]
    return [*rooms, *openapi.Documents(rooms).routes()]


def _handler(route: Route, writes: Writes) -> Handler:
    read = route.read

    async def look(request: web.Request) -> web.StreamResponse:
        assert read is not None
        value = await read(request)
        return value if isinstance(value, web.StreamResponse) else answered(value)

    async def write(request: web.Request) -> web.StreamResponse:
        return await writes.take(request, route)

    return write if read is None else look


@asynccontextmanager
async def serving(
    app: web.Application,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    *,
    idle_s: float = IDLE_S,
    connections_max: int | None = None,
) -> AsyncIterator[str]:
    """Serve the app and give its URL; port 0 lets the system choose. Left out, `connections_max` is what the system has
    room for. Raises `OSError` when the port is taken."""
    doorway = Doorway(room() if connections_max is None else connections_max, app[_METRICS].connection_refused)
    runner, loop = web.AppRunner(app, shutdown_timeout=STOP_S), asyncio.get_running_loop()
    await runner.setup()
    server = runner.server
    assert server is not None

    def door() -> Door:
        # No access log: it would be one line a request, and durations are in the metrics.
        return Door(server, doorway, loop=loop, access_log=None, keepalive_timeout=idle_s, max_line_size=LINE_BYTES_MAX)

    def opened() -> asyncio.BaseProtocol:
        return door() if tls is None else Porter(door(), doorway, tls, loop)

    try:
        listening = await loop.create_server(opened, host, port, backlog=128)
        try:
            bound = listening.sockets[0].getsockname()[1]
            yield f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{bound}"
        finally:
            listening.close()
    finally:
        await runner.cleanup()


async def answer(app: web.Application, path: str) -> tuple[int, bytes]:
    """Status and body of GET `path`, asked as an admin, with no server running before or after.

    It is a real request over a loopback port that lives for this one, with a session of its own, so that what comes
    back is what a browser would get. The app can not be used again. Raises `ValueError` for what is no path.
    """
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is not a path: it has to begin with a slash, as in /api/v1/stock")
    sign_in = app[_SIGN_IN]
    token = sign_in.grant(Who("console", "admin"), wall_clock_ms())
    headers = {"Cookie": f"{COOKIE}={token}"}
    async with (
        serving(app) as url,
        ClientSession(headers=headers) as client,
        client.get(url + path, allow_redirects=False) as response,
    ):
        return response.status, await response.read()


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)  # a page of its own may say more
    response.headers.setdefault("Cache-Control", "no-store")
    if "Server" in response.headers:
        del response.headers["Server"]  # no need to say which version of what
