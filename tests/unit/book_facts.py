"""Facts of one SKU as a site makes them, for the tests of the book: goods come, are shelved, picked, lost, counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from cloud.core.book.accounts import Account, Terms
from cloud.core.book.entries import NO_CLAIM, SLOT, Entry, Kind, sensed

HOUR_MS = 3_600_000
T0 = 1_763_762_400_000
SLOTS = ("A1", "A2")
COSTINGS = ("fifo", "lifo", "average")


def by(costing: Any = "fifo", unit_cost: float = 2.0) -> Terms:
    """Terms of the SKU."""
    return Terms(costing, unit_cost, frozenset(SLOTS))


class Facts:
    """Entries in the making: each `step` of them happens an hour after the last, and is known at once."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.claims: dict[str, int] = {}

    @property
    def now_ms(self) -> int:
        return T0 + len(self.entries) * HOUR_MS

    def say(self, kind: Kind, units: int, place: str = "", **more: Any) -> Entry:
        """What a person or a paper says."""
        entry = Entry(kind, "bolt", units, self.now_ms, self.now_ms, place, id=len(self.entries) + 1, **more)
        self.entries.append(entry)
        return entry

    def shelf(self, slot: str, delta: int, source: str = "weight") -> Entry:
        """What a scale sees."""
        count = self.claims[slot] = max(0, self.claims.get(slot, 0) + delta)
        entry = sensed(slot, "bolt", delta, count, self.now_ms, self.now_ms, source, len(self.entries) + 1)
        self.entries.append(entry)
        return entry


units = st.integers(1, 30)
slots = st.sampled_from(SLOTS)
lots = st.sampled_from(["", "", "L1", "L2", "L3"])
costs = st.none() | st.integers(1, 9).map(float)
steps = st.one_of(
    st.tuples(st.just("receipt"), units, costs, lots),
    st.tuples(st.just("shelved"), units, slots),
    st.tuples(st.just("sold"), units, slots),
    st.tuples(st.just("shelf_count"), st.integers(0, 40), slots),
    st.tuples(st.sampled_from(["pick", "loss"]), units, st.just(""), lots),
    st.tuples(st.sampled_from(["pick", "loss"]), units, slots, lots),
    st.tuples(st.sampled_from(["put", "adjustment"]), units, st.just(""), lots),
    st.tuples(st.just("adjustment"), units.map(lambda n: -n), st.just(""), lots),
    st.tuples(st.just("count"), st.integers(0, 40), st.sampled_from(["", *SLOTS]), st.just("")),
    st.tuples(st.just("quarantine"), st.integers(-9, 9).filter(bool), st.just(""), lots),
    st.tuples(st.just("lot_count"), st.integers(0, 20), st.just(""), lots),
    st.tuples(st.just("unclaimed"), st.integers(0, 40), slots),
    st.tuples(st.just("given"), units, slots),
    st.tuples(st.just("transfer"), st.integers(-9, 9).filter(bool), st.sampled_from(["", *SLOTS]), st.just("")),
)
EXPIRY = {"": "", "L1": "2026-01-31", "L2": "2026-03-31", "L3": ""}


@st.composite
def histories(draw: st.DrawFn, most: int = 25) -> list[Entry]:
    """Facts in their order, those of the shelves as shelves would tell them; people err as they like."""
    facts = Facts()
    length = draw(st.integers(0, most))  # lists left to themselves are short
    for step in draw(st.lists(steps, min_size=length, max_size=length)):
        kind, amount, where = step[0], step[1], step[2]
        if kind == "receipt":
            facts.say("receipt", amount, unit_cost=where, lot=step[3], expiry=EXPIRY[step[3]])
        elif kind == "shelved":
            facts.shelf(where, amount)
        elif kind == "sold":
            if facts.claims.get(where):
                facts.shelf(where, -min(amount, facts.claims[where]))
        elif kind == "shelf_count":
            facts.shelf(where, amount - facts.claims.get(where, 0), "count" if where in facts.claims else "first")
        elif kind == "given":
            facts.say("transfer", -amount, where, ref=f"{SLOT}{where}")
        elif kind == "unclaimed":
            facts.say("count", amount, where, other=NO_CLAIM)
        elif kind == "lot_count":
            facts.say("count", amount, lot=step[3], expiry=EXPIRY[step[3]])
        elif kind == "transfer":
            facts.say("transfer", amount, where, other=draw(st.sampled_from(["", *SLOTS, "branch"])))
        else:
            signed = -amount if kind in ("pick", "loss") else amount
            facts.say(kind, signed, where, lot=step[3], expiry=EXPIRY[step[3]] if signed > 0 else "")
    return facts.entries


def told_again(entry: Entry, **changes: Any) -> Entry:
    """The entry with another time, id or reference."""
    return replace(entry, **changes)


def assert_same(account: Account, expected: Account) -> None:
    """Both are the same to their users; money is compared to one in a million."""
    for name in ("shelves", "off", "aside", "lots", "debts", "unexplained", "bias"):
        assert getattr(account, name) == getattr(expected, name), name
    assert [one.units for one in account.layers.layers] == [one.units for one in expected.layers.layers]
    assert _money(account) == pytest.approx(_money(expected), rel=1e-6, abs=1e-6)


def _money(account: Account) -> dict[str, float]:
    layers = {f"layer {at}": one.unit_cost for at, one in enumerate(account.layers.layers)}
    return {**asdict(account.flows), **layers, "value": account.value}
