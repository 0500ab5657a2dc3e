"""What is kept of counts: those that wait to be repeated, those that stand, and what was answered to each."""

from __future__ import annotations

from msgspec import Struct

from cloud.core.book.entries import Entry
from cloud.core.counting.findings import Finding
from cloud.core.refusals import Refusal
from cloud.core.stock_view import CountSkipped, CountTold
from cloud.web import stockroom

KEY_USED = Refusal("key_used", "This key came with another count before.", "Use a new key for each count.")


class Stood(Struct):
    """A finding that stands, and the number of its entry in the book."""

    finding: Finding
    entry: int


class Answer(Struct, frozen=True):
    """What was answered to a count that came with a key: who sends it again did not hear it, and counted once."""

    key: str
    asked: stockroom.Counted
    told: CountTold


class Kept(Struct):
    """What is kept of counts: the first ones that wait to be repeated, the findings that stand, the last answers; and
    which places (SKU, slot) are to be counted again, or were left out."""

    waiting: list[Finding] = []
    stood: list[Stood] = []
    answers: list[Answer] = []
    again: list[tuple[str, str, int]] = []
    skipped: list[tuple[str, str, CountSkipped]] = []


def answered(stood: Finding, counted: stockroom.Counted, entry: int) -> CountTold | Refusal:
    """What was answered to a count that stands, but for the likely causes: they were of that moment."""
    last = stood.counts[-1]
    told = (stood.sku, stood.slot, last.units, counted.at_ms and last.at_ms)
    if told != (counted.sku, counted.place, counted.counted, counted.at_ms):
        return KEY_USED
    return CountTold(
        stood.sku, stood.slot, stood.verdict, stood.counted, stood.expected, stood.difference, stood.value, [], entry
    )


def is_of(booked: Entry, counted: stockroom.Counted, entry: Entry | None) -> bool:
    """Whether an entry in the book is what this count came to: it, or of three that all differ the middle one."""
    units = (counted.counted, entry.units) if entry is not None else (counted.counted,)
    return (booked.sku, booked.place) == (counted.sku, counted.place) and booked.units in units
