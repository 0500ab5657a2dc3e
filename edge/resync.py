"""Sending again by hand what the service had signed for: all reports of a time, as far as they are kept."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from edge.store import Store
from protocols.reports import LANES, Lane, TimeMs


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be sent again: the reports made between two times, of these lanes."""

    from_ms: TimeMs
    to_ms: TimeMs
    lanes: Annotated[list[Lane], Meta(min_length=1, max_length=len(LANES))] = field(default_factory=lambda: [*LANES])


class Again(Struct, frozen=True):
    """What came of it in one lane: the numbers of that time (none: first is above last), how many go again, and which
    are not kept any more."""

    lane: Lane
    first: int
    last: int
    reports: int
    not_kept: list[tuple[int, int]]


def parse(body: bytes) -> Wish:
    """A wish from JSON; raises `ValueError` with what is wrong."""
    wish = msgspec.json.decode(body, type=Wish)
    if wish.from_ms > wish.to_ms:
        raise ValueError("the time begins after it ends: --from must lie before --to")
    return wish


def run(store: Store, wish: Wish, now_ms: int) -> list[Again]:
    """Let these reports wait in the outbox once more; raises `StoreError`."""
    done = []
    for lane in dict.fromkeys(wish.lanes):
        numbers = store.numbers_between(lane, wish.from_ms, wish.to_ms)
        if numbers is None:
            done.append(Again(lane, 0, -1, 0, []))
            continue
        reports, not_kept = store.resend(lane, *numbers, now_ms)
        done.append(Again(lane, *numbers, reports, not_kept))
    return done
