"""Whether a fact of an earlier time could have happened then, or not have happened: the account up to it, and on, with
it and without it. What is there now says nothing of what was there on that day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cloud.core.book.accounts import Account, Terms, opened, post
from cloud.core.book.checks import unfit
from cloud.core.book.entries import Entry, Sensed, order, taken_back
from cloud.core.refusals import Refusal
from protocols.layout import Sku


def asks(entry: Entry, last: tuple[int, int, int]) -> bool:
    """Whether an entry has to be held against what was there then: it takes something off the shelves or into
    quarantine, or counts what is there, at a time behind which there are facts (`last`). What is told of a slot only
    explains what its scale saw."""
    off = not entry.place and (entry.units < 0 or entry.kind == "count")
    return (off or entry.kind == "quarantine") and entry.happened_ms < last[0]


def untimely(entry: Entry, facts: Iterable[Entry], sku: Sku, by: Terms, gone: Collection[int]) -> Refusal | None:
    """Why an entry can not have happened when it says it did, or why another one has to stay that it takes back; None
    where it can. `facts` are those of its SKU in the order of the book, `gone` the ids that were taken back. What an
    SKU may owe, it may have owed then; what is promised to somebody keeps nothing in the book that was wrong."""
    wrong = taken_back(entry)
    without, tried, told = opened(sku.id, by), opened(sku.id, by), wrong is not None
    for fact in facts:
        if type(fact) is not Sensed and (fact.id in gone or taken_back(fact) is not None):
            continue
        if not told and order(fact) > order(entry):
            told = True
            if (no := unfit(entry, without, sku, by.slots, now_ms=entry.known_ms)) is not None:
                return Refusal(no.reason, f"When it is told to have happened: {no.detail}", HINT)
            post(tried, entry, by)
        post(without, fact, by)
        if wrong is None or fact.id != wrong or type(fact) is Sensed:
            post(tried, fact, by)
        more = _owed(tried) - _owed(without)
        if more > 0 and sku.negative != "allow":
            return _left_since(entry, more, gone=wrong is not None)
    return None


HINT = "Tell first what had come before it, or give the time at which it happened."


def _left_since(entry: Entry, more: int, *, gone: bool) -> Refusal:
    if gone:
        said = f"{more} of what that entry says came are needed for what left since."
        return Refusal("short", said, "Tell first what came instead, or take back what left.")
    if entry.kind == "count":
        said = f"{entry.units} were counted then, and {more} more than that left since."
        return Refusal("short", said, "Tell first what came since, or count what is there now.")
    said = f"{more} of them were there when it is told to have happened, and left since."
    return Refusal("short", said, HINT)


def _owed(account: Account) -> int:
    return max(0, -account.off)
