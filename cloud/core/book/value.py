"""What all stock was worth at a past moment, as far as it was known then or is known now: a fold, nothing stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from cloud.core.book.accounts import Account, Terms, opened, post
from cloud.core.book.entries import Entry, Sensed, withdrawn


class Worth(Struct, frozen=True):
    """Units on hand and what they are worth, in the site's money."""

    units: int
    value: float


def accounts_at(
    entries: Iterable[Entry],
    terms: Mapping[str, Terms],
    takers: Iterable[Entry],
    happened_to_ms: int,
    known_to_ms: int | None = None,
) -> dict[str, Account]:
    """The accounts of what had happened by a moment (known by `known_to_ms`; None: by now).

    `entries` come in one stream, those of each SKU in their order (`entries.order`), and are not held. `takers` are
    those among them that take others back: what they take back has to be known before it comes along. An SKU that is
    no longer in the site file is valued first in, first out.
    """
    gone = withdrawn(takers, known_to_ms)
    accounts: dict[str, Account] = {}
    usual = Terms()
    for entry in entries:
        if entry.happened_ms > happened_to_ms or (known_to_ms is not None and entry.known_ms > known_to_ms):
            continue
        if entry.id in gone and type(entry) is not Sensed:
            continue
        by = terms.get(entry.sku, usual)
        account = accounts.get(entry.sku)
        if account is None:
            account = accounts[entry.sku] = opened(entry.sku, by)
        post(account, entry, by)
    return accounts


def worth(accounts: Mapping[str, Account]) -> dict[str, Worth]:
    """Units and value of each account."""
    return {sku: Worth(one.on_hand, one.value) for sku, one in accounts.items()}
