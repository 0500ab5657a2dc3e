"""A small warehouse that is all in memory, so that the page can be looked at without the rest of the system.

`python -m tests.browser.fake_service` serves it on a free port. It speaks the same API as the service: a snapshot, one
delta a second, sign-in, history and acknowledging; and it can fall silent, or be down, for the tests.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSCloseCode, web
from msgspec.structs import replace

from cloud.core.view import AlertView, Delta, Snapshot, delta
from tests.browser import fake_site

STATIC = Path(__file__).parents[2] / "cloud" / "web" / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PASSWORD = "lindenbaum"
PEOPLE = {"anna": "crew", "otto": "viewer"}
RING = 20


def now_ms() -> int:
    """Wall clock."""
    return time.time_ns() // 1_000_000


class FakeService:
    """A moving snapshot, its last deltas, and what the tests may do to it: `silent` stops the frames but not the
    socket; `down` answers everything with 503."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._random = random.Random(7)
        self._quiet = quiet
        self._replies: dict[str, bytes] = {}
        self._deltas: list[Delta] = []
        self.silent = False
        self.down = False
        self.snapshots_asked = 0
        build = (STATIC / "version.txt").read_text(encoding="ascii").strip()
        self.snapshot: Snapshot = fake_site.first(self._random, now_ms(), build, quiet=quiet)

    def step(self) -> None:
        """One second of life: a few counts move, temperatures wander."""
        s, t = self.snapshot, now_ms()
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
        self.become(replace(s, slots=slots, zones=zones, gateways=gateways, kpi=kpi))

    def become(self, after: Snapshot) -> None:
        """Go on to this state, as the next number."""
        after = fake_site.summed(replace(after, q=self.snapshot.q + 1, t=now_ms()))
        self._deltas = [*self._deltas, delta(self.snapshot, after)][-RING:]
        self.snapshot = after

    def forget(self) -> None:
        """As if restarted: another epoch, and none of the deltas before it."""
        self._deltas = []
        self.snapshot = replace(self.snapshot, epoch=f"{self._random.getrandbits(32):08x}", q=1)

    def change_alert(self, id_: int, **fields: Any) -> AlertView:
        """Replace fields of an alert."""
        alerts = [replace(alert, **fields) if alert.id == id_ else alert for alert in self.snapshot.alerts]
        self.become(replace(self.snapshot, alerts=alerts))
        return next(alert for alert in alerts if alert.id == id_)

    def add_alert(self) -> AlertView:
        """A new alert of the worst kind about the cold room."""
        t, number = now_ms(), max((alert.id for alert in self.snapshot.alerts), default=0) + 1
        params: dict[str, str | int | float | None] = {"value": 9.1, "limit": 8.0, "unit": "Cel"}
        new = AlertView(number, "zone_temperature", "cool", "cool", 1, "firing", t, t, params, "", 0, "")
        self.become(replace(self.snapshot, alerts=[*self.snapshot.alerts, new]))
        return new

    def app(self) -> web.Application:
        """The aiohttp application; its life moves on once a second."""
        app = web.Application(middlewares=[self._door])
        app.add_routes(
            [
                web.get("/api/session", self._whoami),
                web.post("/api/session", self._sign_in),
                web.delete("/api/session", self._sign_out),
                web.get("/api/snapshot", self._snapshot),
                web.get("/api/history", self._history),
                web.post("/api/alerts/{id}/ack", self._acknowledge),
                web.get("/ws", self._watch),
                web.get("/", self._index),
                web.static("/", STATIC),
            ]
        )
        app.cleanup_ctx.append(self._living)
        return app

    async def _living(self, _: web.Application) -> AsyncIterator[None]:
        async def live() -> None:
            while True:
                await asyncio.sleep(1)
                self.step()

        task = asyncio.create_task(live())
        yield
        task.cancel()

    @web.middleware
    async def _door(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self.down:
            raise web.HTTPServiceUnavailable
        guarded = request.path.startswith("/api/") or request.path == "/ws"
        signing_in = request.path == "/api/session" and request.method == "POST"
        if guarded and not signing_in and request.cookies.get("who") not in PEOPLE:
            raise web.HTTPUnauthorized
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = CSP
        return response

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _whoami(self, request: web.Request) -> web.Response:
        user = request.cookies["who"]
        return web.json_response({"user": user, "role": PEOPLE[user]})

    async def _sign_in(self, request: web.Request) -> web.Response:
        given = await request.json()
        if given["user"] not in PEOPLE or given["password"] != PASSWORD:
            raise web.HTTPUnauthorized
        response = web.json_response({"user": given["user"], "role": PEOPLE[given["user"]]})
        response.set_cookie("who", given["user"], httponly=True, samesite="Strict")
        return response

    async def _sign_out(self, _: web.Request) -> web.Response:
        response = web.Response(status=204)
        response.del_cookie("who")
        return response

    async def _snapshot(self, _: web.Request) -> web.Response:
        self.snapshots_asked += 1
        response = web.Response(body=msgspec.json.encode(self.snapshot), content_type="application/json")
        response.enable_compression()
        return response

    async def _history(self, request: web.Request) -> web.Response:
        start, end, points = (int(request.query[name]) for name in ("from", "to", "points"))
        zone = "freeze" if "freeze" in request.query["series"] else "cool"
        times = [start + n * (end - start) // points for n in range(points) if not 0.3 < n / points < 0.36]
        values = [round(fake_site.temperature(zone, t, now_ms(), quiet=self._quiet), 2) for t in times]
        return web.json_response({"series": request.query["series"], "times": times, "values": values})

    async def _acknowledge(self, request: web.Request) -> web.Response:
        user = request.cookies["who"]
        if PEOPLE[user] == "viewer" or request.headers.get("X-Requested-With") != "warehouse":
            raise web.HTTPForbidden
        key = request.headers["Idempotency-Key"]
        if key not in self._replies:
            wanted = int(request.match_info["id"])
            alert = next((one for one in self.snapshot.alerts if one.id == wanted), None)
            if alert is None or alert.state == "resolved":
                raise web.HTTPConflict
            t = now_ms()
            done = self.change_alert(wanted, state="acknowledged", acknowledged_by=user, acknowledged_ms=t)
            self._replies[key] = msgspec.json.encode(done)
        return web.Response(body=self._replies[key], content_type="application/json")

    async def _watch(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        cursor = int(request.query["since"])
        epoch = request.query["epoch"]
        while not socket.closed and not self.down:
            if not self.silent and (epoch, cursor) != (self.snapshot.epoch, self.snapshot.q):
                known = epoch == self.snapshot.epoch and self._deltas and self._deltas[0].q <= cursor + 1
                frames = [one for one in self._deltas if one.q > cursor] if known else [self.snapshot]
                for one in frames:
                    await socket.send_str(msgspec.json.encode(one).decode())
                epoch, cursor = self.snapshot.epoch, self.snapshot.q
            try:
                await socket.receive(timeout=0.05)
            except TimeoutError:
                continue
        await socket.close(code=WSCloseCode.GOING_AWAY)
        return socket


if __name__ == "__main__":
    web.run_app(FakeService().app(), host="127.0.0.1", port=0)
