"""The book over the web: facts told and read, positions, what stock is worth, reservations and counts."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct
from msgspec.structs import replace

from cloud.core.book.entries import Entry, Kind
from cloud.core.promising.reservations import Reservation
from cloud.core.stock_view import (
    BookPage,
    CountRound,
    CountTold,
    PicksView,
    PublicStock,
    ReservationView,
    Standing,
    Worth,
)
from cloud.web import codes
from cloud.web.access import NOTE, WHO
from cloud.web.paging import Paging
from cloud.web.queries import TIME_MS_MAX, Number, Text, Whole, number
from cloud.web.routing import Given, Route, get, post

BOOK = Paging("book", 200, 1_000)
SKU = Text("sku", "Of this SKU alone.")
FROM = Whole("from", "What happened since then, in ms since 1970.", 0)
TO = Whole("to", "What happened until then, in ms since 1970.", TIME_MS_MAX)
UNITS = Whole("units", "How many units to pick.", 1, 1, 10**9)
AT = Whole("at", "At this moment, in ms since 1970; left out, now.", None)
KNOWN = Whole("known", "As it was known at that moment, in ms since 1970; left out, now.", None)
NUMBERED = {"id": Number}
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Words = Annotated[str, Meta(max_length=500)]
Units = Annotated[int, Meta(ge=-(10**9), le=10**9)]
TimeMs = Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]


class Fact(Struct, frozen=True, forbid_unknown_fields=True):
    """A fact of the book as somebody tells it; left out, it happened now. Who insists gets what is named, though it is
    in quarantine or has expired."""

    kind: Kind
    sku: Name
    units: Units
    happened_ms: TimeMs = 0
    place: Words = ""
    other: Words = ""
    lot: Words = ""
    expiry: Words = ""
    unit_cost: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    ref: Words = ""
    note: Words = ""
    insist: bool = False


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """Units to be kept for a customer, for so many hours (0: until they are picked or released)."""

    sku: Name
    units: Annotated[int, Meta(ge=1, le=10**9)]
    tier: Words = ""
    customer: Words = ""
    hours: Annotated[float, Meta(ge=0, le=24 * 3660)] = 0.0
    note: Words = ""


class Counted(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody counted at a place ("" is off the shelves), now or at `at_ms`."""

    sku: Name
    counted: Annotated[int, Meta(ge=0, le=10**9)]
    place: Words = ""
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

    def standing(self, sku: str) -> Standing:
        """Where an SKU stands: position, debts, lots, layers, what it is worth."""

    def picks(self, sku: str, units: int) -> object:
        """From which lots to pick so many units."""

    def reservations(self) -> list[ReservationView]:
        """What is held for whom."""

    async def reservation(self, number: int) -> ReservationView:
        """One, also when it is over. Raises `NotFound`."""

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

    def __init__(self, book: BookDesk, promises: PromiseDesk, counts: CountDesk, now_ms: Callable[[], int]) -> None:
        self._book = book
        self._promises = promises
        self._counts = counts
        self._now_ms = now_ms

    def routes(self) -> list[Route]:
        """All of them."""
        held = "/api/v1/reservations/{id}"
        return [
            get("/api/v1/book", self.entries, "look", BookPage, SKU, FROM, TO, *BOOK.query),
            post("/api/v1/book", self.tell, "handle", Fact, Entry, refusals=codes.BOOK),
            get("/api/v1/skus/{id}/position", self.position, "look", Standing),
            get("/api/v1/skus/{id}/picks", self.picks, "look", PicksView, UNITS),
            get("/api/v1/value", self.value, "buy", Worth, AT, KNOWN),
            get("/api/v1/counts", self.round, "look", CountRound),
            post("/api/v1/counts", self.count, "handle", Counted, CountTold, refusals=codes.COUNT),
            get("/api/v1/reservations", self.reservations, "look", list[ReservationView]),
            post("/api/v1/reservations", self.reserve, "handle", Wish, Reservation, refusals=codes.RESERVE),
            get(held, self.reservation, "look", ReservationView, named=NUMBERED),
            post(
                f"{held}/pick", self.pick, "handle", Nothing, Reservation,
                named=NUMBERED, refusals=codes.END, thing=self.reservation,
            ),
            post(
                f"{held}/release", self.release, "handle", Nothing, Reservation,
                named=NUMBERED, refusals=codes.END, thing=self.reservation,
            ),
            get("/api/v1/public/{link}", self.public, None, PublicStock),
        ]  # fmt: skip

    async def entries(self, request: web.Request) -> object:
        """Entries of the book by number."""
        after, limit = BOOK.of(request)
        found = await self._book.entries(SKU.of(request), FROM.of(request), TO.of(request), after, limit)
        return BookPage(found, BOOK.next(found, limit))

    async def tell(self, _: web.Request, fact: Fact, by: Given) -> object:
        """Enter a fact."""
        return await self._book.tell(fact, by.who.name, by.key)

    async def position(self, request: web.Request) -> object:
        """Where an SKU stands; what it cost and is worth for who may buy."""
        found = self._promises.standing(request.match_info["id"])
        return found if request[WHO].may("buy") else replace(found, layers=[], value=None)

    async def picks(self, request: web.Request) -> object:
        """From which lots to pick so many units of an SKU: first expired first out."""
        return self._promises.picks(request.match_info["id"], UNITS.of(request))

    async def value(self, request: web.Request) -> object:
        """What stock was worth at a moment, as known at another."""
        now_ms = self._now_ms()
        return await self._book.value(AT.of(request, now_ms), KNOWN.of(request, now_ms))

    async def round(self, _: web.Request) -> object:
        """What to count today, and why."""
        return self._counts.round()

    async def count(self, request: web.Request, counted: Counted, by: Given) -> object:
        """A count, and what is found of it."""
        request[NOTE] = f"{counted.place or counted.sku}: {counted.counted}"
        return await self._counts.count(counted, by.who.name, by.key)

    async def reservations(self, _: web.Request) -> object:
        """What is held for whom."""
        return self._promises.reservations()

    async def reservation(self, request: web.Request) -> object:
        """One reservation; of one that is over, who ended it, and when. The last thousand of those are known."""
        return await self._promises.reservation(number(request, "reservation"))

    async def reserve(self, _: web.Request, wish: Wish, by: Given) -> object:
        """Hold units for a customer."""
        return await self._promises.reserve(wish, by.who.name, by.key)

    async def pick(self, request: web.Request, _: Nothing, by: Given) -> object:
        """A reservation was picked."""
        return await self._promises.end(number(request, "reservation"), "pick", by.who.name, by.key)

    async def release(self, request: web.Request, _: Nothing, by: Given) -> object:
        """A reservation is not wanted any more."""
        return await self._promises.end(number(request, "reservation"), "release", by.who.name, by.key)

    async def public(self, request: web.Request) -> object:
        """What a group of customers sees: what is available, or when more is expected."""
        return self._promises.public(request.match_info["link"])
