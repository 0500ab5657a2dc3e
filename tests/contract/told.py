"""What the service answers, held against what its routes say that they answer: every answer that a test asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from cloud.web.app import ROUTES
from cloud.web.openapi import statuses
from cloud.web.replies import PROBLEM, ProblemDetails
from cloud.web.routing import Media, Route

FREE = ("wrong_method",)
"""Codes of the router itself: there is no route that could tell of them."""


class Told:
    """The routes of a service."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(one, re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(one.path)))) for one in routes]

    def route(self, method: str, path: str) -> Route | None:
        """The one that answers."""
        method, path = "GET" if method == "HEAD" else method, path.partition("?")[0].partition("#")[0]
        return next((one for one, at in self._routes if one.method == method and at.fullmatch(path)), None)

    def check(self, method: str, path: str, status: int, content_type: str, body: bytes) -> None:
        """Nothing; fails where an answer is none of those that the route tells of."""
        route = self.route(method, path)
        if route is None or status in (101, 304) or method == "HEAD":
            return
        where = f"{method} {path} answers {status}"
        if status >= 400 and content_type == PROBLEM:
            code = msgspec.json.decode(body)["code"]
            assert code in statuses(route).get(status, ()) or code in FREE, f"{where} {code}, and does not tell of it"
            _as_declared(ProblemDetails, body, where)
            return
        kind = route.also.get(status, route.answer)
        assert status in (200, 204, *route.also), f"{where}, and does not tell of it"
        if isinstance(kind, Media):
            assert content_type in kind.types or "*/*" in kind.types, f"{where} with {content_type}"
        elif kind is not None:
            _as_declared(kind, body, where)


def _as_declared(kind: Any, body: bytes, where: str) -> None:
    known = msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(body, type=kind)))
    assert known == msgspec.json.decode(body), f"{where} with more than it tells of"


def told_by(app: web.Application) -> Told:
    """The routes of an app."""
    routes: list[Route] = app[ROUTES]
    return Told(routes)
