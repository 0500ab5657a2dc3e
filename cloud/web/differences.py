"""Counts that differ, over the web: what they found, who approves them, what is counted again, what was left out."""

from __future__ import annotations

from typing import Protocol

from aiohttp import web
from msgspec import Struct

from cloud.core.stock_view import CountDifferences, CountTold, SkipReason
from cloud.web import codes
from cloud.web.access import WHO
from cloud.web.routing import Given, Route, get, post


class CountSeen(Struct, frozen=True, forbid_unknown_fields=True):
    """Units that were counted, and those that the book expected."""

    counted: int
    expected: int


class CountPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """A place ("" is off the shelves) and the article that is counted there. `seen`: what was found there as it was
    looked at; where a count or the book says another thing by now, it is refused. Left out, it counts whatever was
    found."""

    sku: str
    place: str = ""
    seen: CountSeen | None = None


class CountSkip(Struct, frozen=True, forbid_unknown_fields=True):
    """A place that somebody stood before and did not count, and why."""

    sku: str
    reason: SkipReason
    place: str = ""


class Desk(Protocol):
    """Who knows what counts found. Raises `DeskError`s."""

    def differences(self, all_of_them: bool) -> CountDifferences:
        """Counts that differ; those that wait for another only where `all_of_them` are asked for, since whoever is to
        count again must not know what is expected."""

    async def approve(self, named: CountPlace, by: str, key: str) -> CountTold:
        """Take a count that waits for another as it is: as it was seen, where that is said."""

    async def again(self, named: CountPlace) -> None:
        """Have a place counted once more, of which this was seen."""

    async def skip(self, skip: CountSkip, by: str) -> None:
        """A place was left out."""


class Differing:
    """The routes below /api/v1/counts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            get("/api/v1/counts/differences", self.show, "handle", CountDifferences),
            post("/api/v1/counts/approve", self.approve, "buy", CountPlace, CountTold, refusals=codes.APPROVE),
            post(
                "/api/v1/counts/again",
                self.again,
                "buy",
                CountPlace,
                None,
                refusals=("unknown_place", "not_counted_yet"),
            ),
            post("/api/v1/counts/skip", self.skip, "handle", CountSkip, None, refusals=("unknown_place",)),
        ]

    async def show(self, request: web.Request) -> CountDifferences:
        """Counts that differ from the book; those that wait for another only to who may approve them."""
        return self._desk.differences(request[WHO].may("buy"))

    async def approve(self, _: web.Request, named: CountPlace, by: Given) -> object:
        """Take a count that waits for another as it is; who counted does not approve."""
        return await self._desk.approve(named, by.who.name, by.key)

    async def again(self, _: web.Request, named: CountPlace, __: Given) -> None:
        """Have a place counted once more."""
        await self._desk.again(named)

    async def skip(self, _: web.Request, skip: CountSkip, by: Given) -> None:
        """A place was left out, and why."""
        await self._desk.skip(skip, by.who.name)
