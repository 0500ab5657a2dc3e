"""Assets as others see them: how each is, how long it will last, what is wrong with it, and why that is said.

An asset is a device of the site file (a refrigerator, a machine, a scale, a reader, a thermometer), an antenna of a
reader (`reader-1.2`) or a gateway. Texts that people read travel as codes with parameters.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["refrigerator", "machine", "scale", "reader", "antenna", "thermometer", "gateway"]
Code = Literal[
    "losing_capacity", "refrigerant", "fan", "blocked_air", "door_open", "icing", "abnormal", "wearing", "drift",
    "creep", "noise", "stuck", "spikes", "read_rate", "antenna_dead", "battery_low", "silent",
]  # fmt: skip
Days = tuple[float, float, float]
"""Days left: one in twenty fails before the first, half before the second, one in twenty after the third."""
DAYS_MAX = 3650.0
"""So many days, or more: open-ended."""


class Fault(Struct, frozen=True):
    """What is wrong now. `severity` 1 is worst, 3 mildest; `params` are the numbers that say so, units in their names;
    `channel` where the device has several ("" for all of it)."""

    code: Code
    severity: int
    since_ms: int
    params: dict[str, str | int | float | None] = {}
    channel: str = ""


class Feature(Struct, frozen=True):
    """A feature that moved, with the range that is normal for it."""

    name: str
    value: float
    normal_low: float
    normal_high: float
    unit: str


class AssetNow(Struct, frozen=True):
    """How an asset is. `health`: 1 as it should be, 0.5 where the first fault begins to count, 0 failed."""

    id: str
    kind: Kind
    zone: str
    health: float
    days: Days | None = None
    faults: list[Fault] = []
    why: list[Feature] = []


class AssetView(Struct, frozen=True):
    """An asset in the list. `state`: `unseen` nothing heard yet, `learning` not judged yet in all that it will be,
    `well`, `watch` (a fault of severity 3), `sick` (a worse one), `blind`: it is judged by what does not come now.
    `part_of`: the reader of an antenna. `notes`: what was wrong with its data, counted."""

    id: str
    name: str
    kind: Kind
    zone: str
    part_of: str
    state: Literal["unseen", "learning", "well", "watch", "sick", "blind"]
    health: float
    days: Days | None
    faults: list[Fault]
    why: list[Feature]
    heard_ms: int
    notes: dict[str, int] = {}


class Evidence(Struct, frozen=True):
    """A fault as it was first seen, and its end (`over_ms` 0: it is not over). `first` was measured then, `worst` at
    its worst severity."""

    code: Code
    channel: str
    severity: int
    since_ms: int
    found_ms: int
    over_ms: int
    first: dict[str, str | int | float | None] = {}
    why: list[Feature] = []


class Drawn(Struct, frozen=True):
    """A feature's course to draw, oldest first, within the range that is normal; at its `limit` it has failed."""

    name: str
    unit: str
    times_ms: list[int]
    values: list[float]
    normal_low: float | None
    normal_high: float | None
    limit: float | None = None


class AssetDetail(Struct, frozen=True):
    """One asset: all of the list's, its faults of the past with what was measured, and its features to draw."""

    asset: AssetView
    evidence: list[Evidence]
    drawn: list[Drawn]
