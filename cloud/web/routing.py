"""What a route says of itself, once: who may ask, what it reads, what it answers, how it may refuse.

The web is put together from these declarations, access is checked by them, and the API's document is written from
them. A handler gives a value, which is encoded for it, or a response of its own.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from aiohttp import web
from msgspec import Struct

from cloud.web.queries import Query
from cloud.web.roles import Right, Who

Body = TypeVar("Body")
FORM = "application/x-www-form-urlencoded"


class Given(Struct, frozen=True):
    """Who writes, and by what key the same write is known again ("" where none was sent)."""

    who: Who
    key: str


class Media(NamedTuple):
    """A body that is no JSON: of which media types, and, where it is read, of how many bytes at most."""

    types: tuple[str, ...]
    bytes_max: int = 0


Read = Callable[[web.Request], Awaitable[object]]
Act = Callable[[web.Request, Body, Given], Awaitable[object]]


class Route(NamedTuple):
    """One method of one address. `right`: None where nobody has to sign in. `answer` is the type of the 200 (None: of
    a 204), `body` what is read. `named`: the types of what stands in its path, where that is not any text. `refusals`:
    the codes it may answer with beside those of every route; `also`: what else it answers with, by status. `thing`
    reads what a write is about, for its If-Match. `asks`: it is no write, whatever its method: its query may come as a
    form, which has room for more than an address."""

    method: str
    path: str
    right: Right | None
    answer: Any
    summary: str
    read: Read | None = None
    act: Act[Any] | None = None
    body: Any = None
    query: tuple[Query, ...] = ()
    named: Mapping[str, Any] = {}
    refusals: tuple[str, ...] = ()
    thing: Read | None = None
    also: Mapping[int, Any] = {}
    asks: bool = False

    @property
    def writes(self) -> bool:
        """Whether it is to change something."""
        return self.method != "GET" and not self.asks

    @property
    def id(self) -> str:
        """A word for it, of its method and address: `post_orders_id_receive`."""
        return "_".join([self.method.lower(), *re.findall(r"[a-z0-9]+", self.path.removeprefix("/api/v1"))])


def get(
    path: str,
    read: Read,
    right: Right | None,
    answer: Any,
    *query: Query,
    named: Mapping[str, Any] | None = None,
    refusals: tuple[str, ...] = (),
    also: Mapping[int, Any] | None = None,
) -> Route:
    """What is looked at; the handler's docstring is its summary."""
    return Route(
        "GET", path, right, answer, _said(read), read, None, None, query, named or {}, refusals, None, also or {}
    )


def post(
    path: str,
    act: Act[Body],
    right: Right,
    body: type[Body] | Media,
    answer: Any,
    *,
    named: Mapping[str, Any] | None = None,
    refusals: tuple[str, ...] = (),
    thing: Read | None = None,
) -> Route:
    """A write: its body is read strictly, and the same Idempotency-Key gets the same reply."""
    return Route(
        "POST", path, right, answer, _said(act), None, act, body, named=named or {}, refusals=refusals, thing=thing
    )


def delete(
    path: str,
    act: Act[None],
    right: Right,
    *,
    refusals: tuple[str, ...] = (),
    thing: Read | None = None,
) -> Route:
    """A write that takes something away. It has no body, and its answer none either."""
    return Route("DELETE", path, right, None, _said(act), None, act, refusals=refusals, thing=thing)


def _said(handler: Callable[..., object]) -> str:
    return " ".join((handler.__doc__ or "").split())
