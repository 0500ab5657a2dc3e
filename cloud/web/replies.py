"""How the web answers: JSON, and errors to act on: `{"error": code, "detail": sentence, "hint": sentence}`."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec
from aiohttp import web

from cloud.web.desk import Conflict, DeskError, NotFound, Refused, Unavailable

log = logging.getLogger(__name__)

COMPRESS_BYTES_MIN = 2048
CONFLICTS = frozenset(("changed", "key_used"))
"""What is refused because of what somebody did before."""
_DESK = {NotFound: (404, "unknown"), Conflict: (409, "conflict"), Unavailable: (503, "unavailable")}
_HTTP = {
    400: ("bad_request", "the request can not be read", "see the documentation of this address"),
    404: ("unknown", "there is nothing at this address", "check its spelling"),
    405: ("wrong_method", "this address does not take that method", "the Allow header says which it takes"),
    413: ("too_large", "the body is larger than 64 KB", "send less at once"),
}


class Refusal(Exception):
    """The web says no: a status, a code for programs, and two sentences for people."""

    def __init__(
        self, status: int, error: str, detail: str, hint: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.body = msgspec.json.encode({"error": error, "detail": detail, "hint": hint})
        self.headers = dict(headers or {})


def reply(value: object, *, status: int = 200) -> web.Response:
    """A value as JSON, compressed when it is worth it."""
    return reply_bytes(msgspec.json.encode(value), status=status)


def reply_bytes(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """JSON that is already serialised."""
    response = web.Response(body=body, status=status, content_type="application/json", headers=headers)
    if len(body) >= COMPRESS_BYTES_MIN:
        response.enable_compression()
    return response


def refused(error: Exception, where: str) -> web.Response:
    """The answer to whatever went wrong while answering `where` (method and pattern). Unforeseen errors are logged."""
    if isinstance(error, Refused):
        error = Refusal(409 if error.code in CONFLICTS else 422, error.code, error.detail, error.hint)
    if isinstance(error, DeskError):
        status, code = _DESK.get(type(error), (500, "broken"))
        error = Refusal(status, code, error.detail, error.hint)
    if isinstance(error, web.HTTPException):
        code, detail, hint = _HTTP.get(error.status, ("bad_request", error.reason, ""))
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        error = Refusal(error.status, code, detail, hint, allow)
    if not isinstance(error, Refusal):
        log.error("answering %s failed", where, exc_info=error)
        error = Refusal(500, "broken", "the service failed to answer", "try again; the reason is in the service's log")
    return reply_bytes(error.body, status=error.status, headers=error.headers)
