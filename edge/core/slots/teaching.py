"""Commissioning: what a person teaches the gateway about a slot while standing at it. Says how far it holds.

What is taught overrides the site file until somebody edits the value there: the newer word holds.
Counting practice: at least 10 pieces, and a sample of at least 0.1 % of the cell's limit (counting-scale guides).
"""

from __future__ import annotations

from math import floor, sqrt

from msgspec import Struct, field

from edge.core.field.places import Book
from edge.core.slots.actions import ActionError
from protocols.layout import Device, Site, Sku, Slot

PIECES_MIN = 10
PIECES_MAX = 100_000
SAMPLE_SHARE_MIN = 1e-3
STEADY_NOISES = 20.0
"""A known weight must weigh at least so many noises, else it teaches the noise."""
UNIT_MIN, UNIT_MAX = 0.5, 2.0
"""A unit that weighs less, or more, times what was known is a miscount, or another article."""
SPAN_MIN, SPAN_MAX = 0.5, 2.0
"""A cell further off than this is wired wrongly or broken, not untaught."""
CLAIM_SIGMAS = 1.96
"""A count is certain to 95 % while its standard deviation stays below 1 / (2 * 1.96)."""


class TaughtSku(Struct, frozen=True):
    """A unit's mass as learnt from `sample` pieces; `said_g` is what the site file said then."""

    unit_mass_g: float
    sample: int
    said_g: float
    at_ms: int


class TaughtSlot(Struct, frozen=True):
    """A slot's tare, and the factor from shown to true grams; `said_g` is the tare the site file said then."""

    tare_g: float
    span: float
    said_g: float
    at_ms: int


class Taught(Struct):
    """All that was taught at one site; `places`: who stands where."""

    skus: dict[str, TaughtSku] = {}
    slots: dict[str, TaughtSlot] = {}
    places: Book = field(default_factory=Book)


class Lesson(Struct, frozen=True):
    """What teaching a unit came to: its mass, how well it is known, how many units can then be told apart with 95 %
    certainty, and warnings as codes (`few_pieces`, `light_sample`)."""

    unit_mass_g: float
    error_g: float
    reach: int
    warnings: tuple[str, ...] = ()


def sku_of(site: Site, taught: Taught, sku_id: str) -> Sku:
    """The SKU with what was taught of it, unless the site file was edited since."""
    sku = site.sku_by_id[sku_id]
    learnt = taught.skus.get(sku_id)
    if learnt is None or learnt.said_g != sku.unit_mass_g:
        return sku
    return _with(sku, learnt.unit_mass_g, learnt.sample)


def zero_of(slot: Slot, taught: Taught) -> tuple[float, float]:
    """(tare in g, span): net mass = span * shown mass - tare."""
    learnt = taught.slots.get(slot.id)
    if learnt is None or learnt.said_g != slot.tare_g:
        return slot.tare_g, 1.0
    return learnt.tare_g, learnt.span


def teach_unit(
    taught: Taught, sku: Sku, device: Device, net_g: float, pieces: int, at_ms: int, anyway: bool = False
) -> Lesson:
    """`pieces` units of an SKU lie alone on the shelf and weigh `net_g`: learn the mass of one.

    A mass far from what was known (`sku`) is refused, unless it is to be learnt `anyway`.
    """
    if not 1 <= pieces <= PIECES_MAX:
        said = f"{pieces} pieces can not be a sample; count out {PIECES_MIN} or more"
        raise ActionError(said, "few_pieces", pieces=pieces, least=PIECES_MIN)
    unit_g = net_g / pieces
    if unit_g < device.noise_g / 10 or unit_g < 0.001:
        said = f"the shelf shows {net_g:.1f} g for {pieces} pieces; tare it, put them on, and try again"
        raise ActionError(said, "light_pieces", shown_g=net_g, pieces=pieces)
    factor = unit_g / sku.unit_mass_g
    if not (UNIT_MIN <= factor <= UNIT_MAX or anyway):
        known = f"a unit would weigh {unit_g:.1f} g, where {sku.unit_mass_g:g} g was known"
        said = f"{known}; count the pieces again, or say that it is so anyway"
        raise ActionError(said, "odd_unit", unit_g=unit_g, known_g=sku.unit_mass_g)
    warnings = []
    if pieces < PIECES_MIN:
        warnings.append("few_pieces")
    if net_g < SAMPLE_SHARE_MIN * device.max_mass_g:
        warnings.append("light_sample")
    taught.skus[sku.id] = TaughtSku(unit_g, pieces, sku.unit_mass_g, at_ms)
    learnt = _with(sku, unit_g, pieces)
    error_g = sqrt(sku.unit_cv**2 * unit_g**2 / pieces + 2.0 * (device.noise_g / pieces) ** 2)
    return Lesson(unit_g, error_g, reach(learnt, device), tuple(warnings))


def teach_tare(taught: Taught, slot: Slot, shown_g: float, at_ms: int) -> float:
    """The shelf is empty and shows `shown_g`: that is its tare. The tare as net grams before span."""
    _, span = zero_of(slot, taught)
    tare_g = span * shown_g
    taught.slots[slot.id] = TaughtSlot(tare_g, span, slot.tare_g, at_ms)
    return tare_g


def teach_span(taught: Taught, slot: Slot, device: Device, shown_g: float, known_g: float, at_ms: int) -> float:
    """A weight of `known_g` lies alone on the tared shelf, which shows `shown_g`: the factor from shown to true."""
    if known_g < STEADY_NOISES * device.noise_g:
        least = STEADY_NOISES * device.noise_g
        said = f"a weight of {known_g:g} g is too light for this cell; use one of {least:.0f} g or more"
        raise ActionError(said, "light_mass", known_g=known_g, least_g=least)
    tare_g, span = zero_of(slot, taught)
    empty_g = tare_g / span
    if shown_g - empty_g <= 0:
        said = f"the shelf shows {shown_g - empty_g:.1f} g; tare it, put the weight on, and try again"
        raise ActionError(said, "nothing_on", shown_g=shown_g - empty_g)
    factor = known_g / (shown_g - empty_g)
    if not SPAN_MIN <= factor <= SPAN_MAX:
        said = f"the cell would be off by a factor of {factor:.2f}; is only the known weight on the shelf?"
        raise ActionError(said, "far_off", factor=factor)
    taught.slots[slot.id] = TaughtSlot(empty_g * factor, factor, slot.tare_g, at_ms)
    return factor


def forget(taught: Taught, slot: Slot) -> None:
    """Drop what was taught of a slot and of its SKU: the site file holds again."""
    taught.slots.pop(slot.id, None)
    taught.skus.pop(slot.sku, None)


def reach(sku: Sku, device: Device) -> int:
    """The most units that can be told with 95 % certainty from one weighing, by the error budget of a counting scale:

    cv^2 (n + n^2 / m) + sigma^2 / u^2 <= 1 / (2 z)^2, m pieces in the sample, sigma reading noise, u unit mass.
    """
    room = 1.0 / (2.0 * CLAIM_SIGMAS) ** 2 - (device.noise_g / sku.unit_mass_g) ** 2
    most = floor(device.max_mass_g / sku.unit_mass_g)
    if room <= 0:
        return 0
    if sku.unit_cv == 0:
        return most
    # cv^2 / m n^2 + cv^2 n - room = 0
    per_unit = sku.unit_cv**2
    n = (-per_unit + sqrt(per_unit**2 + 4.0 * per_unit / sku.sample * room)) / (2.0 * per_unit / sku.sample)
    return min(most, floor(n))


def _with(sku: Sku, unit_mass_g: float, sample: int) -> Sku:
    fields = {field: getattr(sku, field) for field in sku.__struct_fields__}
    return Sku(**{**fields, "unit_mass_g": unit_mass_g, "sample": sample})
