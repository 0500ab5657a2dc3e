"""Routes of equipment and cold rooms for the fake service, over its fake desks."""

from __future__ import annotations

from aiohttp import web

from cloud.web import access
from cloud.web.access import WHO
from cloud.web.replies import reply
from cloud.web.sign_in import Least
from tests.browser.fake_cold import FakeCold
from tests.browser.fake_plant import FakePlant

ROLES: dict[tuple[str, str], Least | None] = {
    ("GET", "/api/assets"): "viewer",
    ("GET", "/api/assets/{id}"): "viewer",
    ("GET", "/api/works"): "viewer",
    ("POST", "/api/works"): "crew",
    ("GET", "/api/works/{id}"): "viewer",
    ("POST", "/api/works/{id}/verdict"): "crew",
    ("POST", "/api/works/{id}/{action}"): "crew",
    ("GET", "/api/cold/rooms"): "viewer",
    ("GET", "/api/cold/excursions"): "viewer",
    ("GET", "/api/cold/exposures"): "viewer",
    ("POST", "/api/cold/excursions/{id}/{decision}"): "manager",
    ("GET", "/api/cold/report"): "viewer",
}


def add_routes(app: web.Application, plant: FakePlant, cold: FakeCold) -> None:
    """Those that the app has not got."""
    access.LEAST_ROLE.update({name: role for name, role in ROLES.items() if name not in access.LEAST_ROLE})

    def number(request: web.Request) -> int:
        return int(request.match_info["id"])

    def key(request: web.Request) -> str:
        return request.headers.get("Idempotency-Key", "")

    async def assets(_: web.Request) -> web.Response:
        return reply(plant.listed())

    async def asset(request: web.Request) -> web.Response:
        return reply(plant.detail(request.match_info["id"]))

    async def works(_: web.Request) -> web.Response:
        return reply(plant.orders())

    async def work(request: web.Request) -> web.Response:
        return reply(await plant.order(number(request)))

    async def opened(request: web.Request) -> web.Response:
        return reply(await plant.open(await request.json(), request[WHO].name, key(request)))

    async def judged(request: web.Request) -> web.Response:
        return reply(await plant.judge_work(number(request), await request.json(), request[WHO].name, key(request)))

    async def step(request: web.Request) -> web.Response:
        given, action = await request.json(), request.match_info["action"]
        return reply(await plant.step(number(request), action, given, request[WHO].name, key(request)))

    async def rooms(_: web.Request) -> web.Response:
        return reply(cold.shown())

    async def excursions(request: web.Request) -> web.Response:
        return reply(await cold.excursions(request.query.get("zone", ""), int(request.query.get("from", 0)), 2**53))

    async def exposures(request: web.Request) -> web.Response:
        return reply(cold.exposures(request.query.get("sku", "")))

    async def decide(request: web.Request) -> web.Response:
        given = await request.json()
        release = request.match_info["decision"] == "release"
        return reply(await cold.decide(number(request), release, given["lines"], request[WHO], given["comment"]))

    async def report(request: web.Request) -> web.Response:
        body, media, name = await cold.report(dict(request.query))
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=body, content_type=media, headers=disposition)

    handlers = (
        assets, asset, works, opened, work, judged, step, rooms, excursions, exposures, decide, report,
    )  # fmt: skip
    there = {resource.canonical for resource in app.router.resources()}
    for (method, path), handler in zip(ROLES, handlers, strict=True):
        if path not in there:
            app.router.add_route(method, path, handler)
