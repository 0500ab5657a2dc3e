"""Why a count and the book may differ: each likely cause a code with its evidence, what explains all of it first.

Causes are proposals to look at, not findings; several may fit the same figure, and none may. Nothing is booked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final, Literal

from msgspec import Struct

from cloud.core.book.accounts import Account
from cloud.core.counting.findings import Finding
from cloud.core.purchasing.orders import OPEN, Order
from cloud.core.view import Param
from protocols.layout import Sku
from protocols.reports import SlotLevel

Code = Literal[
    "moved_while_counting", "wrong_slot", "receipt_not_booked", "quarantined", "unit_slip", "debt", "sensor_doubt"
]
Evidence = dict[str, Param]
WINDOW_MS: Final = 5 * 60_000
"""A pick so near to the second of counting may have been counted on the wrong side of it."""
MOVES_MAX: Final = 50
"""The nearest moves on either side that are tried; so many in the minutes of counting explain any figure."""
ELSEWHERE_MS: Final = 86_400_000
"""A difference at another slot may explain one that was found within this time of it."""
SURE: Final = 0.95
"""With a lower confidence a sensor's count is in doubt."""


class Cause(Struct, frozen=True):
    """One likely cause: the units of the difference it explains (signed; 0: it can not be told how many)."""

    code: Code
    units: int
    evidence: Evidence


class Scene(Struct, frozen=True):
    """What else is known of the place and the SKU. `moves`: (time, units gained) at this place. `unexplained`: puts
    without a receipt (time, units, slot), `awaited`: open order lines (order, units still to come). `quarantined` units
    are set aside, `elsewhere`: differences found at other slots of the SKU. `pack`: units in one."""

    moves: Sequence[tuple[int, int]] = ()
    unexplained: Sequence[tuple[int, int, str]] = ()
    awaited: Sequence[tuple[int, int]] = ()
    quarantined: int = 0
    elsewhere: Mapping[str, int] = {}
    pack: int = 1
    level: SlotLevel | None = None


def scene_of(
    finding: Finding,
    sku: Sku,
    account: Account | None,
    moves: Sequence[tuple[int, int]] = (),
    orders: Iterable[Order] = (),
    others: Iterable[Finding] = (),
    level: SlotLevel | None = None,
) -> Scene:
    """The scene of a finding from what is held of its SKU. `moves` are those of its `course`; `others` are findings of
    any places, the newest last: those of this SKU that were counted within a day of it may explain it."""
    lines = ((one.id, one.line(sku.id)) for one in orders if one.state in OPEN)
    awaited = [(number, line.rest) for number, line in lines if line is not None and line.rest]
    near = (one for one in others if one.sku == sku.id and abs(one.at_ms - finding.at_ms) <= ELSEWHERE_MS)
    elsewhere = {one.slot: one.difference for one in near}
    puts = [] if account is None else [(one.at_ms, one.units, one.slot) for one in account.unexplained]
    aside = 0 if account is None else account.quarantined
    return Scene(moves, puts, awaited, aside, elsewhere, sku.pack, level)


def explain(finding: Finding, scene: Scene) -> list[Cause]:
    """The likely causes of the difference, those that explain all of it first; none where nothing differs."""
    if not finding.difference:
        return []
    found = [cause for find in _FINDERS for cause in find(finding, scene)]
    # The sort is stable: causes that explain as much keep the order of the finders, the likeliest first.
    return sorted(found, key=lambda one: abs(finding.difference - one.units))


def _moved(finding: Finding, scene: Scene) -> list[Cause]:
    """The book had this count a few moves earlier or later: what was counted is from before, or after, them."""
    near = sorted(one for one in scene.moves if abs(one[0] - finding.at_ms) <= WINDOW_MS)
    before = [one for one in near if one[0] <= finding.at_ms][::-1][:MOVES_MAX]
    after = [one for one in near if one[0] > finding.at_ms][:MOVES_MAX]
    for moves, sign, side in ((before, -1, "before"), (after, 1, "after")):
        for at, units in enumerate(accumulate(units for _, units in moves)):
            if sign * units == finding.difference:
                first, last = sorted((moves[0][0], moves[at][0]))
                evidence: Evidence = {"side": side, "moves": at + 1, "from_ms": first, "to_ms": last}
                return [Cause("moved_while_counting", finding.difference, evidence)]
    return []


def _elsewhere(finding: Finding, scene: Scene) -> list[Cause]:
    """Another slot is off the other way: goods lie in, or were booked to, the wrong one of them."""
    against = [
        (slot, off) for slot, off in scene.elsewhere.items() if slot != finding.slot and _other_way(finding, off)
    ]
    if not against:
        return []
    slot, off = min(against, key=lambda one: (abs(finding.difference + one[1]), one[0]))
    units = min(abs(off), abs(finding.difference))
    return [Cause("wrong_slot", units if finding.difference > 0 else -units, {"slot": slot, "difference": off})]


def _not_booked(finding: Finding, scene: Scene) -> list[Cause]:
    """More is there than was booked: goods that came, and whose receipt nobody has entered."""
    if finding.difference < 0:
        return []
    found = []
    puts = [one for one in scene.unexplained if one[0] <= finding.at_ms]
    same = next((one for one in puts if one[1] == finding.difference), None)
    if same is not None:
        evidence: Evidence = {"put_units": same[1], "slot": same[2], "at_ms": same[0]}
        found.append(Cause("receipt_not_booked", finding.difference, evidence))
    elif puts:
        total = sum(one[1] for one in puts)
        evidence = {"put_units": total, "slot": puts[-1][2], "at_ms": puts[-1][0]}
        found.append(Cause("receipt_not_booked", min(total, finding.difference), evidence))
    line = next((one for one in scene.awaited if one[1] == finding.difference), None)
    if line is not None:
        found.append(Cause("receipt_not_booked", finding.difference, {"order": line[0], "awaited": line[1]}))
    return found


def _quarantined(finding: Finding, scene: Scene) -> list[Cause]:
    """The pile that is set aside was left out, or counted twice."""
    if scene.quarantined <= 0 or abs(finding.difference) != scene.quarantined:
        return []
    said = "left_out" if finding.difference < 0 else "counted_twice"
    return [Cause("quarantined", finding.difference, {"quarantined": scene.quarantined, "pile": said})]


def _slip(finding: Finding, scene: Scene) -> list[Cause]:
    """Packs were taken for units, by who counted or who booked; or the difference is a whole number of packs."""
    pack = scene.pack
    if pack < 2:
        return []
    evidence: Evidence = {"pack": pack}
    if finding.counted and finding.counted * pack == finding.expected:
        evidence |= {"slip": "packs_counted"}
    elif finding.expected and finding.expected * pack == finding.counted:
        evidence |= {"slip": "packs_booked"}
    elif finding.difference % pack == 0:
        evidence |= {"slip": "whole_packs", "packs": finding.difference // pack}
    else:
        return []
    return [Cause("unit_slip", finding.difference, evidence)]


def _debt(finding: Finding, scene: Scene) -> list[Cause]:
    """The book is below 0: more was booked out than was ever booked in."""
    if finding.expected >= 0:
        return []
    return [Cause("debt", min(-finding.expected, finding.difference), {"owed": -finding.expected})]


def _doubt(finding: Finding, scene: Scene) -> list[Cause]:
    """The book stands on a sensor that is not sure itself."""
    level = scene.level
    if level is None or (level.count is not None and level.confidence >= SURE):
        return []
    units = finding.difference if level.low <= finding.counted <= level.high else 0
    evidence: Evidence = {"confidence": round(level.confidence, 4), "low": level.low, "high": level.high}
    return [Cause("sensor_doubt", units, evidence | {"reason": level.reason})]


def _other_way(finding: Finding, off: int) -> bool:
    return off * finding.difference < 0


_FINDERS: Final[tuple[Callable[[Finding, Scene], list[Cause]], ...]] = (
    _moved,
    _elsewhere,
    _not_booked,
    _quarantined,
    _slip,
    _doubt,
    _debt,
)
