"""aiohttp: how the gateway's own API answers: JSON, and problems (RFC 9457) with a `code` for programs."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from edge.core.cannot import CannotError

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
BY = "X-Asked-By"
"""Who asks, percent-encoded, where somebody else vouches for it: the service that this gateway trusts."""


def json_answer(value: Any, status: int = 200) -> web.Response:
    """A value as JSON."""
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", status=status)


def problem_answer(
    request: web.Request,
    status: int,
    code: str,
    detail: str,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
    told: Mapping[str, str | float] | None = None,
) -> web.Response:
    """What went wrong, and what to do."""
    what = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    more = {"told": told} if told else {}
    body = msgspec.json.encode({**what, "instance": request.path, "code": code, "hint": hint, **more})
    return web.Response(body=body, status=status, content_type="application/problem+json", headers=headers or HEADERS)


def cannot_answer(request: web.Request, error: CannotError) -> web.Response:
    """What can not be done, and why."""
    return problem_answer(request, 400, "bad_request", str(error), told=error.told)
