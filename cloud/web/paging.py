"""Long lists over the web, page by page: a cursor says where the next page begins, and nothing else."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Protocol, TypeVar

from aiohttp import web

from cloud.web.queries import NUMBER_MAX, Text, Whole
from cloud.web.replies import Refusal

AFTER = Text("after", "Where to go on: the `next` of the page before.")


class Numbered(Protocol):
    """What is listed."""

    @property
    def id(self) -> int:
        """Its number."""


Item = TypeVar("Item", bound=Numbered)


class Paging:
    """The pages of one list: `page` items at a time if nobody says otherwise, `page_max` at most."""

    def __init__(self, name: str, page: int, page_max: int) -> None:
        self._name = name
        self.limit = Whole("limit", "How many of them.", page, 1, page_max)
        self.query = (self.limit, AFTER)

    def of(self, request: web.Request) -> tuple[int, int]:
        """Behind which number (0: at the beginning) how many are asked for. Raises `Refusal` for a cursor that was not
        made here."""
        given = AFTER.of(request)
        if not given:
            return 0, self.limit.of(request)
        try:
            name, _, number = base64.urlsafe_b64decode(given + "==").decode().partition(" ")
        except (binascii.Error, ValueError):
            name, number = "", ""
        if name != self._name or not (number.isascii() and number.isdigit() and int(number) <= NUMBER_MAX):
            hint = "send the `next` of the page before as it is, or leave it out to begin"
            raise Refusal(400, "bad_request", "`after` is no place in this list", hint)
        return int(number), self.limit.of(request)

    def next(self, found: Sequence[Numbered], limit: int) -> str | None:
        """Where the next page begins, after one that was asked to hold so many; None where it was the last."""
        return self._at(found[-1].id) if len(found) == limit else None

    def cut(self, every: Sequence[Item], request: web.Request) -> tuple[list[Item], str | None]:
        """The page that is asked for of a list that is all at hand, and where the next one begins."""
        after, limit = self.of(request)
        begin = next((at + 1 for at, one in enumerate(every) if one.id == after), 0) if after else 0
        found = [*every[begin : begin + limit]]
        return found, self._at(found[-1].id) if found and begin + limit < len(every) else None

    def _at(self, number: int) -> str:
        return base64.urlsafe_b64encode(f"{self._name} {number}".encode()).decode().rstrip("=")
