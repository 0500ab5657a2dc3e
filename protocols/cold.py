"""How goods are to be kept: limits, what they bear outside of them for how long, and how fast they age.

The `[[storages]]` of the site file, and those that have a name everywhere (`PRESETS`). `flaw` says what does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import asdict

from protocols.trade import Id

ZERO_K = 273.15
GAS_KJ = 8.314462618e-3
"""kJ/(mol K)."""
COLDEST_C, WARMEST_C = -273.15, 1000.0
Celsius = Annotated[float, Meta(ge=COLDEST_C, le=WARMEST_C)]
Minutes = Annotated[float, Meta(ge=0, le=10 * 366 * 1440)]
BUDGETS_MAX = 8
MaybeId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,64}$")]


class Budget(Struct, frozen=True, forbid_unknown_fields=True):
    """So many minutes in all, over the life of a lot, are borne beyond a temperature: above it, or below it."""

    minutes: Annotated[float, Meta(gt=0, le=10 * 366 * 1440)]
    above_c: Celsius | None = None
    below_c: Celsius | None = None

    def beyond(self, celsius: float) -> bool:
        """Whether such a temperature uses it up."""
        return (self.above_c is not None and celsius > self.above_c) or (
            self.below_c is not None and celsius < self.below_c
        )


class Storage(Struct, frozen=True, forbid_unknown_fields=True):
    """Kept at `low_c` to `high_c`. Outside, an excursion: borne as far as `outer_low_c` and `outer_high_c`, for
    `excursion_minutes` on end (None: however long), with a kinetic mean over `kinetic_hours` of `kinetic_c` at most,
    and within all `budgets`; beyond any of these it is a breach. A defrost may warm the air for `defrost_minutes`.

    Goods that last their shelf life at `ageing_c` age by `q10` times as fast each 10 K above, or as Arrhenius says of
    an `activation_kj` a mol; 0 of both: their age is not told by temperature. What is not said is as the storage `like`
    which this one is (a preset, or one listed before).
    """

    id: Id
    low_c: Celsius | None = None
    high_c: Celsius | None = None
    outer_low_c: Celsius | None = None
    outer_high_c: Celsius | None = None
    excursion_minutes: Minutes | None = 0.0
    kinetic_c: Celsius | None = None
    kinetic_hours: Annotated[float, Meta(ge=1, le=366 * 24)] = 24.0
    budgets: Annotated[tuple[Budget, ...], Meta(max_length=BUDGETS_MAX)] = ()
    defrost_minutes: Minutes = 0.0
    ageing_c: Celsius = 5.0
    q10: Annotated[float, Meta(ge=0, le=10)] = 0.0
    activation_kj: Annotated[float, Meta(ge=0, le=500)] = 0.0
    like: MaybeId = ""

    def side(self, celsius: float) -> int:
        """1 above the limits, -1 below them, 0 within."""
        if self.high_c is not None and celsius > self.high_c:
            return 1
        return -1 if self.low_c is not None and celsius < self.low_c else 0

    def unbearable(self, celsius: float) -> bool:
        """Whether it is outside of what is borne at all."""
        return (self.outer_high_c is not None and celsius > self.outer_high_c) or (
            self.outer_low_c is not None and celsius < self.outer_low_c
        )

    def ageing(self, celsius: float) -> float:
        """Days of shelf life that a day at this temperature takes (Q10; Arrhenius 1889); 0 where it is not told."""
        celsius = min(celsius, WARMEST_C)
        if self.activation_kj:
            kelvin = max(1.0, celsius + ZERO_K)
            return exp(self.activation_kj / GAS_KJ * (1 / (self.ageing_c + ZERO_K) - 1 / kelvin))
        return float(self.q10 ** ((celsius - self.ageing_c) / 10)) if self.q10 else 0.0


PRESETS = {
    "2-8": Storage("2-8", 2, 8, 0, 15, 24 * 60, 8, 24, defrost_minutes=45),
    "room": Storage("room", 20, 25, 15, 30, 24 * 60, 25, 30 * 24, ageing_c=25),
    "frozen": Storage("frozen", -25, -15, -40, 0, 60, defrost_minutes=75, ageing_c=-18),
}
"""Controlled cold and controlled room temperature as USP <659> and <1079.2> have them; frozen goods as shops keep."""


def with_likes(raw: object) -> object:
    """The `[[storages]]` of a site file as it was read, each with what it has from the one it is `like`; what has not
    the shape of one stays as it is, to be refused by name."""
    if not isinstance(raw, list):
        return raw
    known: dict[object, dict[str, Any]] = {name: _said(one) for name, one in PRESETS.items()}
    made = []
    for one in raw:
        if isinstance(one, dict) and isinstance(one.get("like"), str):
            one = {**known.get(one["like"], {}), **one}  # its own words stand
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            known.setdefault(one["id"], one)
        made.append(one)
    return made


def resolved(listed: Iterable[Storage]) -> dict[str, Storage]:
    """Every storage by its name."""
    return PRESETS | {one.id: one for one in listed}


def flaw(listed: Iterable[Storage], wanted: Mapping[str, str]) -> str:
    """What does not fit in the storages of a site, "" where all does. `wanted`: who is to be kept so ("SKU 'milk'") ->
    the storage."""
    known = {*PRESETS}
    for one in listed:
        if one.id in PRESETS:
            return f"storage {one.id!r} is there already; take another id, and say like = {one.id!r}"
        if one.id in known:
            return f"storage {one.id!r} is listed twice"
        if one.like and one.like not in known:
            return f"storage {one.id!r} is like {one.like!r}, which is none of {_listed(known)}; list that one before"
        if wrong := _wrong(one):
            return f"storage {one.id!r}: {wrong}"
        known.add(one.id)
    for who, storage in wanted.items():
        if storage and storage not in known:
            return f"{who} is kept as {storage!r}, which is none of {_listed(known)}"
    return ""


def _wrong(one: Storage) -> str:
    if one.low_c is None and one.high_c is None:
        return 'give low_c, high_c or both, or say like = "2-8"'
    if one.low_c is not None and one.high_c is not None and one.low_c >= one.high_c:
        return f"low_c {one.low_c:g} is not below high_c {one.high_c:g}"
    if one.outer_low_c is not None and (one.low_c is None or one.outer_low_c > one.low_c):
        return f"outer_low_c {one.outer_low_c:g} is not at or below a low_c"
    if one.outer_high_c is not None and (one.high_c is None or one.outer_high_c < one.high_c):
        return f"outer_high_c {one.outer_high_c:g} is not at or above a high_c"
    if one.q10 and one.activation_kj:
        return "q10 and activation_kj say the same thing; leave one out"
    if 0 < one.q10 < 1:
        return f"with q10 {one.q10:g} goods would age slower where it is warmer; 2 to 4 are usual"
    for budget in one.budgets:
        if (budget.above_c is None) == (budget.below_c is None):
            return "a budget is of minutes above_c a temperature or below_c one; give one of the two"
    return ""


def _said(one: Storage) -> dict[str, Any]:
    """What a preset says, as it would stand in a site file."""
    return {name: value for name, value in asdict(one).items() if name not in ("id", "like") and value is not None}


def _listed(known: Iterable[str]) -> str:
    return ", ".join(sorted(known))
