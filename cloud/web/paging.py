"""Long lists over the web, page by page: a cursor says where the next page begins, and nothing else."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from aiohttp import web

from cloud.web.queries import NUMBER_MAX, Text, Whole
from cloud.web.replies import Refusal

BY_NUMBER: Mapping[str, int] = {"id": NUMBER_MAX}
AFTER = Text("after", "Where to go on: the `next` of the page before.")


class Numbered(Protocol):
    """What is listed."""

    @property
    def id(self) -> int:
        """Its number."""


Item = TypeVar("Item", bound=Numbered)


class Paging:
    """The pages of one list: `page` items at a time if nobody says otherwise, `page_max` at most. `marks`: the fields
    of an item that say where it stands in the list, whole numbers, and how large each can be."""

    def __init__(self, name: str, page: int, page_max: int, marks: Mapping[str, int] = BY_NUMBER) -> None:
        self._name, self._marks = name, marks
        self.limit = Whole("limit", "How many of them.", page, 1, page_max)
        self.query = (self.limit, AFTER)

    def of(self, request: web.Request) -> tuple[int, int]:
        """Behind which number (0: at the beginning) how many are asked for. Raises as `place`."""
        behind = self.place(request)
        return behind[0] if behind else 0, self.limit.of(request)

    def place(self, request: web.Request) -> tuple[int, ...]:
        """The marks of the item behind which is asked for; none at the beginning. Raises `Refusal` for a cursor that
        was not made here."""
        given = AFTER.of(request)
        if not given:
            return ()
        try:
            name, *marks = base64.urlsafe_b64decode(given + "==").decode().split(" ")
        except (binascii.Error, ValueError):
            name, marks = "", []
        fit = len(marks) == len(self._marks) and all(
            one.isascii() and one.isdigit() and int(one) <= most
            for one, most in zip(marks, self._marks.values(), strict=True)
        )
        if name != self._name or not fit:
            hint = "send the `next` of the page before as it is, or leave it out to begin"
            raise Refusal(400, "bad_request", "`after` is no place in this list", hint)
        return tuple(map(int, marks))

    def next(self, found: Sequence[object], limit: int) -> str | None:
        """Where the next page begins, after one that was asked to hold so many; None where it was the last."""
        return self._behind(found[-1]) if len(found) == limit else None

    def cut(self, every: Sequence[Item], request: web.Request) -> tuple[list[Item], str | None]:
        """The page that is asked for of a list that is all at hand, and where the next one begins."""
        after, limit = self.of(request)
        begin = next((at + 1 for at, one in enumerate(every) if one.id == after), 0) if after else 0
        found = [*every[begin : begin + limit]]
        return found, self._behind(found[-1]) if found and begin + limit < len(every) else None

    def _behind(self, item: object) -> str:
        said = " ".join([self._name, *(str(getattr(item, mark)) for mark in self._marks)])
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")
