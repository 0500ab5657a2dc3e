"""aiohttp lives here: the local page and API. They work with the cloud away.

Who may do what is one table, `ROLES`: `open` for everyone, `read` from this machine or with the token, `act` with the
token only. The token is made on first run in `<state>/keys/api-token` (0600); browsers give it as a password.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import Struct

from edge import decided, field_api, metrics, own_page, page, resync, slot_page
from edge.answers import HEADERS, cannot_answer, json_answer, problem_answer
from edge.core.care import health
from edge.core.decoding import claim
from edge.core.slots import actions
from edge.core.slots.actions import ActionError, NoSuchSlotError
from edge.core.slots.discrepancy import losses
from edge.doctor import facts
from edge.gateway import Gateway
from edge.store import StoreError
from protocols.asked import SiteTold, Stranger
from protocols.uplink import VERSION

ROLES: dict[tuple[str, str], str] = {
    ("GET", "/plain"): "read",
    ("GET", "/slot/{slot}"): "read",
    ("GET", "/api/v1/status"): "read",
    ("GET", "/api/v1/stock"): "read",
    ("GET", "/api/v1/stock/{slot}"): "read",
    ("POST", "/api/v1/slots/{slot}/actions"): "act",
    ("GET", "/api/v1/alarms"): "read",
    ("GET", "/api/v1/proposals"): "read",
    ("GET", "/api/v1/told"): "read",
    ("GET", "/api/v1/journal"): "read",
    ("GET", "/api/v1/strangers"): "read",
    ("GET", "/api/v1/tags"): "read",
    ("GET", "/api/v1/problems"): "read",
    ("POST", "/api/v1/devices/{device}/cmd"): "act",
    ("GET", "/api/v1/doctor"): "read",
    ("POST", "/api/v1/resync"): "act",
    ("GET", "/api/v1/site"): "read",
    ("POST", "/api/v1/site"): "act",
    ("GET", "/healthz"): "open",
    ("GET", "/readyz"): "open",
    ("GET", "/metrics"): "read",
    **field_api.ROLES,
    **own_page.ROLES,
}
BODY_BYTES_MAX = 16 * 1024
TOLD_SHOWN = 5
RELEASE = version("open-smart-warehouse")
_CODES = {404: "unknown", 405: "wrong_method", 413: "too_large"}


class Order(Struct):
    """The body of a command: `tare`, `light`, `reboot`, or whatever else the device knows."""

    cmd: str
    args: dict[str, Any] = {}


def own_token(state: Path) -> str:
    """The API token, made on first use."""
    path = state / "keys" / "api-token"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


def make_app(gateway: Gateway, token: str) -> web.Application:
    """The application; every route is in `ROLES`."""

    sessions = own_page.Sessions(token)

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        method = "GET" if request.method == "HEAD" else request.method
        role = ROLES.get((method, resource.canonical)) if resource is not None else "open"
        acts = _has_token(request, token) or sessions.holds(request.cookies.get(own_page.COOKIE, ""))
        looks = acts or _is_local(request)
        request[own_page.ACTS], request[own_page.LOOKS] = acts, looks
        if not {"open": True, "read": looks, "act": acts}[role or "act"]:
            # The page asks for the token itself: a browser's own question would come first.
            asks = "X-Requested-With" not in request.headers
            challenge = HEADERS | ({"WWW-Authenticate": 'Basic realm="gateway"'} if asks else {})
            hint = "the token is in <state>/keys/api-token; give it as a bearer token or as a password"
            return problem_answer(
                request, 401, "not_allowed", "nobody who may ask for this is signed in", hint, challenge
            )
        if method != "GET" and _is_foreign(request):
            hint = "commands come from a program or from a page of this gateway itself"
            return problem_answer(request, 403, "cross_site", "this came from a page of somebody else", hint)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = problem_answer(request, error.status, _CODES.get(error.status, "bad_request"), error.reason)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    async def index(request: web.Request) -> web.Response:
        problems = (await gateway.on_disk(gateway.store.problems, 20))[1]
        lang = page.language(request.headers.get("Accept-Language", ""))
        html = page.render(await status_of(gateway), stock_of(gateway), problems, lang)
        return web.Response(text=html, content_type="text/html")

    async def slot_index(request: web.Request) -> web.Response:
        slot = request.match_info["slot"]
        try:
            told = gateway.inference.shelves.explain(slot, gateway.clock.now_ms())
        except ActionError as error:
            raise web.HTTPNotFound(reason=str(error)[:200].replace("\n", " ")) from None
        journal = await gateway.on_disk(gateway.store.journal, 20, slot)
        lang = page.language(request.headers.get("Accept-Language", ""))
        return web.Response(text=slot_page.render(told, journal, lang), content_type="text/html")

    async def status(_request: web.Request) -> web.Response:
        return json_answer(await status_of(gateway))

    async def stock(_request: web.Request) -> web.Response:
        return json_answer(stock_of(gateway))

    async def explained(request: web.Request) -> web.Response:
        try:
            slot = request.match_info["slot"]
            told = gateway.inference.shelves.explain(slot, gateway.clock.now_ms())
            journal = await gateway.on_disk(gateway.store.journal, 20, slot)
            return json_answer({**msgspec.to_builtins(told), "journal": journal})
        except ActionError as error:
            return problem_answer(request, 404, "unknown", str(error))

    async def act(request: web.Request) -> web.Response:
        try:
            return json_answer(await gateway.act(request.match_info["slot"], actions.parse(await request.read())))
        except NoSuchSlotError as error:
            return problem_answer(request, 404, "unknown", str(error))
        except ActionError as error:
            return cannot_answer(request, error)

    async def journal(request: web.Request) -> web.Response:
        about = request.query.get("about", "")
        return json_answer(await gateway.on_disk(gateway.store.journal, 200, about))

    async def alarms(_request: web.Request) -> web.Response:
        return json_answer(decided.alarms(gateway.inference.alone))

    async def proposals(_request: web.Request) -> web.Response:
        return json_answer(decided.proposals(gateway.inference.alone))

    async def told(_request: web.Request) -> web.Response:
        return json_answer(decided.told(gateway.inference.alone))

    async def strangers(_request: web.Request) -> web.Response:
        met = gateway.fieldwork.field().strangers
        hints = [claim(one.source, one.address) for one in met]
        told = [Stranger(one.source, one.address, one.at_ms, hint) for one, hint in zip(met, hints, strict=True)]
        return json_answer(told)

    async def tags(_request: web.Request) -> web.Response:
        return json_answer(await gateway.on_disk(gateway.store.present_tags))

    async def problems(_request: web.Request) -> web.Response:
        counts, latest = await gateway.on_disk(gateway.store.problems, 100)
        return json_answer({"counts": counts, "latest": latest})

    async def command(request: web.Request) -> web.Response:
        try:
            order = msgspec.json.decode(await request.read(), type=Order)
            ack = await gateway.commands.ask(request.match_info["device"], order.cmd, order.args)
        except (ValueError, RecursionError) as error:
            return problem_answer(request, 400, "bad_request", str(error))
        if ack is None:
            return problem_answer(request, 504, "no_answer", "the device did not answer within 5 s", "is it online?")
        return json_answer({"ok": ack.ok, "error": ack.error})

    async def doctor(_request: web.Request) -> web.Response:
        told = await gateway.on_disk(facts.ask_store, gateway.store, gateway.clock.now_ms())
        parts = (gateway.inference, gateway.habits, gateway.mqtt, gateway.uplink)
        return json_answer(facts.of_gateway(*parts, told, gateway.store_trouble, gateway.clock))

    async def resynced(request: web.Request) -> web.Response:
        try:
            wish = resync.parse(await request.read())
        except (ValueError, RecursionError) as error:
            return problem_answer(request, 400, "bad_request", str(error))
        try:
            done = await gateway.on_disk(resync.run, gateway.store, wish, gateway.clock.now_ms())
        except StoreError as error:
            return problem_answer(request, 503, "unavailable", str(error), "try again in a moment")
        for one in done:
            if gateway.uplink is not None and one.first <= one.last:
                gateway.uplink.again(one.lane, one.first, one.last)
        return json_answer(done)

    async def site(_request: web.Request) -> web.Response:
        return json_answer(SiteTold(gateway.taking.used))

    async def take_site(request: web.Request) -> web.Response:
        try:
            whole = await gateway.on_disk(gateway.taking.take, await request.read())
        except ValueError as error:
            return problem_answer(request, 422, "unfit", str(error), "see its page, or the service's page of the site")
        return json_answer({"taken": whole})

    async def healthz(_request: web.Request) -> web.Response:
        return json_answer({"ok": True})

    async def readyz(_request: web.Request) -> web.Response:
        reasons = gateway.not_ready()
        return json_answer({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def figures(_request: web.Request) -> web.Response:
        book = await gateway.on_disk(gateway.store.book)
        return web.Response(body=metrics.text(gateway, book), content_type="text/plain")

    app = web.Application(middlewares=[guard], client_max_size=BODY_BYTES_MAX)
    app.router.add_get("/plain", index)
    app.router.add_get("/slot/{slot}", slot_index)
    app.router.add_get("/api/v1/status", status)
    app.router.add_get("/api/v1/stock", stock)
    app.router.add_get("/api/v1/stock/{slot}", explained)
    app.router.add_post("/api/v1/slots/{slot}/actions", act)
    app.router.add_get("/api/v1/journal", journal)
    app.router.add_get("/api/v1/alarms", alarms)
    app.router.add_get("/api/v1/proposals", proposals)
    app.router.add_get("/api/v1/told", told)
    app.router.add_get("/api/v1/strangers", strangers)
    app.router.add_get("/api/v1/tags", tags)
    app.router.add_get("/api/v1/problems", problems)
    app.router.add_post("/api/v1/devices/{device}/cmd", command)
    app.router.add_get("/api/v1/doctor", doctor)
    app.router.add_post("/api/v1/resync", resynced)
    app.router.add_get("/api/v1/site", site)
    app.router.add_post("/api/v1/site", take_site)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", figures)
    field_api.add(app, gateway.fieldwork)
    own_page.add(app, sessions)
    return app


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve the app; its URL. Raises `OSError` when the port can not be used."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def stock_of(gateway: Gateway) -> list[dict[str, Any]]:
    """Every slot of the site with its estimate; a slot that never settled says `no_reading`."""
    rows = []
    for slot in gateway.site.slots:
        state = gateway.inference.shelves.slots.get(slot.id)
        said = state.estimate if state is not None else None
        rows.append(
            {
                "slot": slot.id,
                "sku": slot.sku,
                "count": said.count if said else None,
                "low": said.low if said else 0,
                "high": said.high if said else slot.capacity,
                "confidence": round(said.confidence, 4) if said else 0.0,
                "mass_g": round(state.mass_g, 1) if state else None,
                "at_ms": state.at_ms if state else 0,
                "reason": said.reason if said else "no_reading",
                "remedy": said.remedy if said else "check_sensor",
                "booked": state.stock.book if state else None,
                "differs": bool(state and state.watch and state.watch.told),
            }
        )
    return rows


async def status_of(gateway: Gateway) -> dict[str, Any]:
    """How the gateway, its links, lanes and devices are."""
    now_ms = gateway.clock.now_ms()
    book = await gateway.on_disk(gateway.store.book)
    room = await gateway.on_disk(gateway.store.outlook, now_ms)
    uplink = gateway.uplink
    states = gateway.inference.devices
    known = [(device, states.get(device.id)) for device in gateway.site.devices]
    return {
        "gateway": gateway.options.name,
        "site": gateway.site.site.id,
        "protocol": VERSION,
        "version": RELEASE,
        "timezone": gateway.site.site.timezone,
        "changed_ms": max((state.changed_ms for state in states.values()), default=0),
        "now_ms": now_ms,
        "not_ready": gateway.not_ready(),
        "broker": {"connected": gateway.mqtt.connected, "why": gateway.mqtt.why},
        "northbound": None
        if gateway.northbound is None
        else {"connected": gateway.northbound.mqtt.connected, "why": gateway.northbound.mqtt.why},
        "homeassistant": None
        if gateway.homeassistant is None
        else {"connected": gateway.homeassistant.mqtt.connected, "why": gateway.homeassistant.mqtt.why},
        "service": None
        if uplink is None
        else {"connected": uplink.connected, "why": uplink.why, "code": uplink.code, "silent_ms": uplink.silent_ms},
        "clock": {"ahead_ms": gateway.clock.ahead_ms(), "why": gateway.clock.why},
        "alarms": decided.alarms(gateway.inference.alone),
        "proposals": decided.proposals(gateway.inference.alone),
        "told": decided.told(gateway.inference.alone)[:TOLD_SHOWN],
        "losses": losses(gateway.inference.shelves.rates),
        "readings_per_s": round(gateway.rate_per_s, 1),
        "messages": gateway.messages,
        "readings": gateway.readings,
        "duplicates": gateway.duplicates,
        "unexamined": gateway.inference.ward.unexamined,
        "problems": gateway.problem_counts,
        "lanes": {lane: {**entry._asdict(), "balanced": entry.balanced} for lane, entry in book.items()},
        "room": room._asdict(),
        "devices": [
            {
                "id": device.id,
                "state": state.pulse.state if state else "unseen",
                "seen_ms": state.pulse.seen_ms if state else 0,
                "lost": health.lost(state.pulse) if state else 0,
                "duplicates": state.pulse.duplicates if state else 0,
                "late": state.late if state else 0,
                "unfit": state.unfit if state else 0,
                "tags": {
                    zone: gateway.inference.readers.unread(field)
                    for (name, zone), field in gateway.inference.readers.fields.items()
                    if name == device.id
                },
                "notices": state.notices if state else {},
                "findings": [
                    msgspec.structs.asdict(one) for one in gateway.inference.ward.findings(device.id, state.clock)
                ]
                if state
                else [],
            }
            for device, state in known
        ],
        "climate": [
            {"id": device.zone, "device": device.id, "quantity": quantity, "at_ms": at_ms, "value": value}
            for device, state in known
            if state is not None
            for quantity, (at_ms, value) in state.now.items()
        ],
    }


def _is_local(request: web.Request) -> bool:
    # The name must be local too: a foreign page may point its own name at this machine.
    try:
        if request.url.host not in ("localhost", "127.0.0.1", "::1"):
            return False
        return ip_address(request.remote or "").is_loopback and "X-Forwarded-For" not in request.headers
    except ValueError:
        return False


def _is_foreign(request: web.Request) -> bool:
    # A browser that knows the token gives it to every page that asks this host; only the origin tells them apart.
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2].lower() != request.host.lower()


def _has_token(request: web.Request, token: str) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except ValueError:
            return False
    return bool(given) and hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode())
