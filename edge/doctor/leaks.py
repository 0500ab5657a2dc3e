"""What the doctor finds: places where data is lost, may be lost, or could be lost unseen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct, field

NAMED_MAX = 5

Grade = Literal["loses", "may_lose", "blind"]
"""Data is being lost, or was; it will be when something else happens; nobody could tell whether it is."""


class Leak(Struct, frozen=True):
    """One finding: a code, where it is, what was seen, why that loses data, and what to do about it."""

    code: str
    grade: Grade
    where: str
    what: str
    why: str
    remedy: str


class Unchecked(Struct, frozen=True):
    """What was not looked at, and why not."""

    what: str
    why: str


class Look(Struct):
    """What one part of an examination came to."""

    leaks: list[Leak] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    """What was looked at, in words."""

    def leak(self, code: str, grade: Grade, where: str, what: str, why: str, remedy: str) -> None:
        """Note a finding."""
        self.leaks.append(Leak(code, grade, where, what, why, remedy))

    def skip(self, what: str, why: str) -> None:
        """Note what could not be looked at."""
        self.unchecked.append(Unchecked(what, why))

    def add(self, other: Look) -> None:
        """Take in another part."""
        self.leaks += other.leaks
        self.unchecked += other.unchecked
        self.checked += other.checked


def named(names: Iterable[str]) -> str:
    """Some names in words, the first few of many."""
    all_names = sorted(names)
    shown = ", ".join(all_names[:NAMED_MAX])
    rest = len(all_names) - NAMED_MAX
    return f"{shown} and {rest} more" if rest > 0 else shown
