"""What stands in a request's address: numbers, checked."""

from __future__ import annotations

from aiohttp import web

from cloud.web.desk import NotFound
from cloud.web.replies import Refusal

TIME_MS_MAX = 2**53
NUMBER_MAX = 2**31 - 1
"""The numbers of things end there."""


def whole(request: web.Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number of the query; raises `Refusal` for anything else."""
    text = request.query.get(name, "")
    if not text:
        return default
    if text.isascii() and text.isdigit() and len(text) <= 18 and least <= int(text) <= most:
        return int(text)
    raise Refusal(400, "bad_request", f"`{name}` is not a whole number", f"send one from {least} to {most}")


def text(request: web.Request, name: str) -> str:
    """A text of the query, "" where there is none; raises `Refusal` for one that no database holds."""
    given = request.query.get(name, "")
    if "\0" in given:
        raise Refusal(400, "bad_request", f"there is a character 0 in `{name}`", "send plain text")
    return given


def number(request: web.Request, noun: str) -> int:
    """The number that names a thing in the path; raises `NotFound` for what is none."""
    text = request.match_info["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) <= NUMBER_MAX):
        raise NotFound(f"there is no {noun} {text[:100]!r}", f"{noun}s are numbered; their list shows all there are")
    return int(text)
