"""How the web answers: JSON, and problems to act on (RFC 9457), with a `code` for programs and a `hint` what to do."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from cloud.web.desk import Conflict, DeskError, NotFound, Refused, Unavailable
from cloud.web.problems import title

log = logging.getLogger(__name__)

COMPRESS_BYTES_MIN = 2048
JSON, PROBLEM = "application/json", "application/problem+json"
PROBLEMS = "/api/v1/problems/"
"""Below this address each code says what it means."""
CONFLICTS = frozenset(("changed", "key_used", "told_once"))
"""What is refused because of what somebody did before."""
_DESK = {NotFound: (404, "unknown"), Conflict: (409, "conflict"), Unavailable: (503, "unavailable")}
_HTTP = {
    400: ("bad_request", "the request can not be read", "see the documentation of this address"),
    404: ("unknown", "there is nothing at this address", "check its spelling"),
    405: ("wrong_method", "this address does not take that method", "the Allow header says which it takes"),
    413: ("too_large", "the body is larger than 64 KB", "send less at once"),
}
_AT = re.compile(r" - at `(?:key in )?\$(.*)`$")
_BOUND = re.compile(r"^Expected `\w+` (of length )?([<>])=? (-?[\d.]+(?:e[+-]?\d+)?)")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


class Flaw(Struct, frozen=True):
    """What is wrong with one field of what was sent: `pointer` names it (RFC 6901). `code`: which bound it is beyond
    ("least", "most", of a length "short", "long"), and `limit` that bound; or, of the site file, what else does not
    fit, and `told` the figures and names in it. "": another flaw."""

    pointer: str
    detail: str
    hint: str
    code: str = ""
    limit: float | None = None
    told: dict[str, str | float] | msgspec.UnsetType = msgspec.UNSET


class ProblemDetails(Struct, frozen=True):
    """Why the answer is no. `type` is an address that tells what the code means, `title` the code in words; `detail`
    says what was found, `hint` what to do; `instance` is what was asked for. `errors`: field by field what is wrong
    with what was sent; `told`: the figures and names in what was found. What somebody else changed says who (`by`) and
    when (`changed_ms`)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    hint: str
    errors: list[Flaw] | msgspec.UnsetType = msgspec.UNSET
    told: dict[str, str | float] | msgspec.UnsetType = msgspec.UNSET
    by: str | msgspec.UnsetType = msgspec.UNSET
    changed_ms: int | msgspec.UnsetType = msgspec.UNSET


class Refusal(Exception):
    """The web says no: a status, a code for programs, two sentences for people, and what else the body tells."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        hint: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.hint = status, code, detail, hint
        self.headers = dict(headers or {})
        self.more = dict(more or {})


def reply(value: object, *, status: int = 200) -> web.Response:
    """A value as JSON, compressed when it is worth it."""
    return reply_bytes(msgspec.json.encode(value), status=status)


def reply_bytes(
    body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, content_type: str = JSON
) -> web.Response:
    """JSON that is already serialised."""
    response = web.Response(body=body, status=status, content_type=content_type, headers=headers)
    if len(body) >= COMPRESS_BYTES_MIN:
        response.enable_compression()
    return response


def refused(error: Exception, where: str, path: str) -> web.Response:
    """The answer to whatever went wrong while answering `where` (method and pattern) at a `path`. Unforeseen errors are
    logged."""
    if isinstance(error, Refused):
        error = Refusal(409 if error.code in CONFLICTS else 422, error.code, error.detail, error.hint, more=error.more)
    if isinstance(error, DeskError):
        status, code = _DESK.get(type(error), (500, "broken"))
        error = Refusal(status, code, error.detail, error.hint)
    if isinstance(error, web.HTTPException):
        told_of = error.status in _HTTP or error.status >= 500  # else one that no route tells of, as of an Expect
        code, detail, hint = _HTTP.get(error.status, ("bad_request", error.reason, ""))
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        error = Refusal(error.status if told_of else 400, code, detail, hint, allow)
    if not isinstance(error, Refusal):
        log.error("answering %s failed", where, exc_info=error)
        error = Refusal(500, "broken", "the service failed to answer", "try again; the reason is in the service's log")
    told = ProblemDetails(
        PROBLEMS + error.code, title(error.code), error.status, _text(error.detail), path, error.code, _text(error.hint)
    )
    body = msgspec.json.encode(msgspec.to_builtins(told) | error.more if error.more else told)
    return reply_bytes(body, status=error.status, headers=error.headers, content_type=PROBLEM)


def _text(said: str) -> str:
    """What can be sent: a header that is quoted may hold bytes that are no text."""
    return said.encode("utf-8", "replace").decode()


def misread(error: ValueError, what: str, hint: str) -> Refusal:
    """The refusal of a body that is not as its type has it: it names the field, never its value."""
    said = str(error)
    at = _AT.search(said)
    steps = _STEP.findall(at[1]) if at else []
    pointer = "".join("/" + (name or place) for name, place in steps if place != "...")
    flaw = Flaw(pointer, said[: at.start()] if at else said, hint)
    if bound := _BOUND.match(said):
        code = "least" if bound[2] == ">" else "most"
        if bound[1]:
            code = "short" if bound[2] == ">" else "long"
        flaw = msgspec.structs.replace(flaw, code=code, limit=float(bound[3]))
    return Refusal(400, "bad_request", f"{what} can not be read: {said}", hint, more={"errors": [flaw]})
