"""Whether a fact of an earlier time could have happened then: the account up to it, and on, with it and without it.

What is there now says nothing of what was there on that day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cloud.core.book.accounts import Account, Terms, opened, post
from cloud.core.book.checks import unfit
from cloud.core.book.entries import Entry, Sensed, order, taken_back
from cloud.core.refusals import Refusal
from protocols.layout import Sku


def untimely(entry: Entry, facts: Iterable[Entry], sku: Sku, by: Terms, gone: Collection[int]) -> Refusal | None:
    """Why an entry can not have happened when it says it did; None where it can. `facts` are those of its SKU in the
    order of the book, `gone` the ids that were taken back. What an SKU may owe, it may have owed then."""
    without, tried, told = opened(sku.id, by), opened(sku.id, by), False
    for fact in facts:
        if type(fact) is not Sensed and (fact.id in gone or taken_back(fact) is not None):
            continue
        if not told and order(fact) > order(entry):
            told = True
            if (no := unfit(entry, without, sku, by.slots, now_ms=entry.known_ms)) is not None:
                return Refusal(no.reason, f"When it is told to have happened: {no.detail}", HINT)
            post(tried, entry, by)
        post(without, fact, by)
        post(tried, fact, by)
        more = _owed(tried) - _owed(without)
        if more > 0 and sku.negative != "allow":
            said = f"{more} of them were there when it is told to have happened, and left since."
            return Refusal("short", said, HINT)
    return None


HINT = "Tell first what had come before it, or give the time at which it happened."


def _owed(account: Account) -> int:
    return max(0, -account.off)
