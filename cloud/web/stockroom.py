"""The book over the web: facts told and read, positions, what stock is worth, reservations and counts."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.book.entries import Entry, Kind
from cloud.web.queries import TIME_MS_MAX, number, text, whole
from cloud.web.replies import reply
from cloud.web.writes import Given, Writes

PAGE = 200
PAGE_MAX = 1_000
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(max_length=500)]
Units = Annotated[int, Meta(ge=-(10**9), le=10**9)]
TimeMs = Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]


class Fact(Struct, frozen=True, forbid_unknown_fields=True):
    """A fact of the book as somebody tells it; left out, it happened now. Who insists gets what is named, though it is
    in quarantine or has expired."""

    kind: Kind
    sku: Name
    units: Units
    happened_ms: TimeMs = 0
    place: Text = ""
    other: Text = ""
    lot: Text = ""
    expiry: Text = ""
    unit_cost: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    ref: Text = ""
    note: Text = ""
    insist: bool = False


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """Units to be kept for a customer, for so many hours (0: until they are picked or released)."""

    sku: Name
    units: Annotated[int, Meta(ge=1, le=10**9)]
    tier: Text = ""
    customer: Text = ""
    hours: Annotated[float, Meta(ge=0, le=24 * 3660)] = 0.0
    note: Text = ""


class Counted(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody counted at a place ("" is off the shelves), now or at `at_ms`."""

    sku: Name
    counted: Annotated[int, Meta(ge=0, le=10**9)]
    place: Text = ""
    at_ms: TimeMs = 0


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """A write that says all in its address."""


class BookDesk(typing.Protocol):
    """The bookkeeper, as the web sees it. Raises `DeskError`s."""

    async def tell(self, fact: Fact, by: str, key: str) -> Entry:
        """Enter a fact; the same key again gives the entry that is there."""

    async def entries(self, sku: str, from_ms: int, to_ms: int, after_id: int, limit: int) -> list[Entry]:
        """What was told of an SKU ("": of all), by number, beginning after `after_id`."""

    async def value(self, at_ms: int, known_ms: int) -> object:
        """What all stock was worth at a moment, as known at another."""


class PromiseDesk(typing.Protocol):
    """Who promises stock to customers, and knows where it stands. Raises `DeskError`s."""

    def standing(self, sku: str) -> object:
        """Where an SKU stands: position, debts, lots, layers, what it is worth."""

    def picks(self, sku: str, units: int) -> object:
        """From which lots to pick so many units."""

    def reservations(self) -> object:
        """What is held for whom."""

    async def reserve(self, wish: Wish, by: str, key: str) -> object:
        """Hold units for a customer."""

    async def end(self, number: int, how: Literal["pick", "release"], by: str, key: str) -> object:
        """A reservation was picked, or is not wanted any more."""

    def public(self, link: str) -> object:
        """What a group of customers sees, by its link."""


class CountDesk(typing.Protocol):
    """Who says what to count, and judges counts. Raises `DeskError`s."""

    def round(self) -> object:
        """What to count today."""

    async def count(self, counted: Counted, by: str, key: str) -> object:
        """Judge a count, and enter it once it stands."""


class Stockroom:
    """The routes of the book."""

    def __init__(
        self, book: BookDesk, promises: PromiseDesk, counts: CountDesk, writes: Writes, now_ms: Callable[[], int]
    ) -> None:
        self._book = book
        self._promises = promises
        self._counts = counts
        self._writes = writes
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/api/v1/book", self.entries),
            web.post("/api/v1/book", self.tell),
            web.get("/api/v1/skus/{id}/position", self.position),
            web.get("/api/v1/skus/{id}/picks", self.picks),
            web.get("/api/v1/value", self.value),
            web.get("/api/v1/counts", self.round),
            web.post("/api/v1/counts", self.count),
            web.get("/api/v1/reservations", self.reservations),
            web.post("/api/v1/reservations", self.reserve),
            web.post("/api/v1/reservations/{id}/pick", self.end_reservation),
            web.post("/api/v1/reservations/{id}/release", self.end_reservation),
            web.get("/api/v1/public/{link}", self.public),
        ]

    async def entries(self, request: web.Request) -> web.Response:
        """Entries by number: of `sku`, that happened within [`from`, `to`], `limit` of them `after` a number."""
        from_ms = whole(request, "from", 0, 0, TIME_MS_MAX)
        to_ms = whole(request, "to", TIME_MS_MAX, 0, TIME_MS_MAX)
        after, limit = whole(request, "after", 0, 0, 2**53), whole(request, "limit", PAGE, 1, PAGE_MAX)
        found = await self._book.entries(text(request, "sku"), from_ms, to_ms, after, limit)
        return reply({"entries": found, "next": found[-1].id if len(found) == limit else None})

    async def tell(self, request: web.Request) -> web.Response:
        """Enter a fact."""

        async def act(fact: Fact, by: Given) -> Entry:
            return await self._book.tell(fact, by.who.name, by.key)

        return await self._writes.take(request, Fact, act)

    async def position(self, request: web.Request) -> web.Response:
        """Where an SKU stands."""
        return reply(self._promises.standing(request.match_info["id"]))

    async def picks(self, request: web.Request) -> web.Response:
        """From which lots to pick `units` of an SKU: first expired first out."""
        return reply(self._promises.picks(request.match_info["id"], whole(request, "units", 1, 1, 10**9)))

    async def value(self, request: web.Request) -> web.Response:
        """What stock was worth `at` a moment (now), as `known` at another (now)."""
        at_ms = whole(request, "at", self._now_ms(), 0, TIME_MS_MAX)
        return reply(await self._book.value(at_ms, whole(request, "known", TIME_MS_MAX, 0, TIME_MS_MAX)))

    async def round(self, _: web.Request) -> web.Response:
        """What to count today, and why."""
        return reply(self._counts.round())

    async def count(self, request: web.Request) -> web.Response:
        """A count, and what is found of it."""

        async def act(counted: Counted, by: Given) -> object:
            return await self._counts.count(counted, by.who.name, by.key)

        return await self._writes.take(request, Counted, act)

    async def reservations(self, _: web.Request) -> web.Response:
        """What is held for whom."""
        return reply(self._promises.reservations())

    async def reserve(self, request: web.Request) -> web.Response:
        """Hold units for a customer."""

        async def act(wish: Wish, by: Given) -> object:
            return await self._promises.reserve(wish, by.who.name, by.key)

        return await self._writes.take(request, Wish, act)

    async def end_reservation(self, request: web.Request) -> web.Response:
        """A reservation was picked, or is released."""
        how: Literal["pick", "release"] = "pick" if request.path.endswith("/pick") else "release"
        reservation = number(request, "reservation")

        async def act(_: Nothing, by: Given) -> object:
            return await self._promises.end(reservation, how, by.who.name, by.key)

        return await self._writes.take(request, Nothing, act)

    async def public(self, request: web.Request) -> web.Response:
        """What a group of customers sees: what is available, or when more is expected."""
        return reply(self._promises.public(request.match_info["link"]))
