"""aiohttp: how the gateway's own API answers: JSON, and problems (RFC 9457) with a `code` for programs."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

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
    request: web.Request, status: int, code: str, detail: str, hint: str = "", headers: Mapping[str, str] | None = None
) -> web.Response:
    """What went wrong, and what to do."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = msgspec.json.encode({**told, "instance": request.path, "code": code, "hint": hint})
    return web.Response(body=body, status=status, content_type="application/problem+json", headers=headers or HEADERS)
