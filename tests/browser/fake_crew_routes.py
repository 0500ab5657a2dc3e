"""The crew's addresses for as long as the web has none of its own for them; then this file goes."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from cloud.web import access
from cloud.web.access import WHO
from cloud.web.replies import reply
from cloud.web.sign_in import Least
from tests.browser.fake_crew import FakeCrew

ROUTES: dict[tuple[str, str], Least] = {
    ("GET", "/api/oncall"): "viewer",
    ("GET", "/api/roster"): "viewer",
    ("GET", "/api/notices"): "viewer",
    ("GET", "/api/noisiest"): "viewer",
    ("GET", "/api/precision"): "viewer",
    ("POST", "/api/notices/test"): "crew",
    ("POST", "/api/alerts/{id}/shelve"): "crew",
    ("POST", "/api/alerts/{id}/unshelve"): "crew",
    ("POST", "/api/alerts/{id}/assign"): "crew",
    ("GET", "/api/alerts/{id}/verdict"): "viewer",
    ("POST", "/api/alerts/{id}/verdict"): "crew",
}


class Told(msgspec.Struct):
    """One tap."""

    said: str
    at_ms: int = 0
    key: str = ""
    hours: float = 4
    note: str = ""


def missing(app: web.Application) -> bool:
    """Whether the web has no crews yet."""
    return all(resource.canonical != "/api/oncall" for resource in app.router.resources())


def add(app: web.Application, crew: FakeCrew) -> None:
    """Give the app these routes."""

    async def answer(request: web.Request) -> web.Response:
        what = request.path.rpartition("/")[2]
        body: dict[str, Any] = await request.json() if request.method == "POST" else dict(request.query)
        by, alert = request[WHO].name, int(request.match_info.get("id", 0))
        key = request.headers.get("Idempotency-Key", "")
        made: Any
        match what:
            case "oncall":
                made = crew.on_call()
            case "roster":
                made = crew.roster(int(body.get("days", 14)))
            case "notices":
                found = await crew.notices(int(body.get("before", 0)), int(body.get("limit", 100)))
                made = {"notices": found, "next": found[-1].id if len(found) == int(body["limit"]) else None}
            case "noisiest":
                made = await crew.noisiest(0)
            case "precision":
                made = crew.precision()
            case "test":
                made = await crew.test(body["person"], body.get("channel", ""))
            case "shelve":
                made = await crew.shelve(alert, by, body["minutes"], body["note"])
            case "unshelve":
                made = await crew.unshelve(alert, by, body.get("note", ""))
            case "assign":
                made = await crew.assign(alert, by, body["to"], body.get("note", ""))
            case _:
                told = msgspec.convert(body, Told) if request.method == "POST" else None
                made = await (crew.judge_alert(alert, told, by, key) if told else crew.alert_verdicts(alert))
        return reply(msgspec.to_builtins(made))

    for (method, path), least in ROUTES.items():
        access.LEAST_ROLE.setdefault((method, path), least)
        app.router.add_route(method, path, answer)
