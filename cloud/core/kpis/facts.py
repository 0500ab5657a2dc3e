"""What the tallies are folded from: what each entry of the book did to its SKU, and what was refused, counted and
foretold."""

from __future__ import annotations

from msgspec import Struct


class Step(Struct, frozen=True, gc=False):
    """One entry of the book and what it did: `on_hand` units of `value` are there after it (both below 0 where units
    are owed). `picked` units left for
    somebody who wanted them (below 0 where a pick is taken back), at `cost`; `owed` of them were not there. `moved`: it
    is a movement of goods, no count, adjustment or quarantine."""

    sku: str
    at_ms: int
    on_hand: int
    value: float
    picked: int = 0
    cost: float = 0.0
    owed: int = 0
    moved: bool = True


class Refused(Struct, frozen=True, gc=False):
    """Units that somebody wanted to reserve or pick and did not get, for there was not enough: those that count
    (`courses.countable`)."""

    sku: str
    at_ms: int
    units: int


class Counted(Struct, frozen=True, gc=False):
    """A count that was judged: units found, units the book said at that second, whether that agreed. `undo` takes the
    same judgement back, for one made anew by what was known later."""

    sku: str
    at_ms: int
    counted: int
    expected: int
    agreed: bool
    undo: bool = False


class Told(Struct, frozen=True, gc=False):
    """The units that are expected of a local day (an ordinal), as forecast one horizon before it."""

    sku: str
    day: int
    units: float


class Pace(Struct, frozen=True, gc=False):
    """The demand expected a day from now on, and what a unit costs."""

    sku: str
    units_a_day: float
    unit_cost: float


Fact = Step | Refused | Counted | Told | Pace
