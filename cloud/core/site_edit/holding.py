"""What still holds of things that an edit takes away or makes others: stock, orders, reservations. It is told before it
is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cloud.core.trade_view import OrderView
from cloud.core.view import SkuView, SlotView
from protocols.layout import Site
from protocols.layout_checks import SiteFlaw

OVER = frozenset(("closed", "cancelled", "rejected", "received"))
SHOWN = 3
WATCHED = ("sku", "device", "channel", "tare_g")
"""Where one of these changes, a slot is counted anew."""


def holds(
    before: Site, after: Site, slots: Iterable[SlotView], skus: Iterable[SkuView], orders: Sequence[OrderView]
) -> list[SiteFlaw]:
    """A sentence each, with the thing it is about as pointer (`/slots/A-1`)."""
    return [*_of_slots(before, after, slots), *_of_skus(before, after, skus, orders)]


def _of_slots(before: Site, after: Site, slots: Iterable[SlotView]) -> list[SiteFlaw]:
    found = []
    heavier = {
        one.id
        for one in before.skus
        if one.id in after.sku_by_id and one.unit_mass_g != after.sku_by_id[one.id].unit_mass_g
    }
    for seen in slots:
        was, is_ = before.slot_by_id.get(seen.id), after.slot_by_id.get(seen.id)
        if was is None or not seen.count:
            continue
        told: dict[str, str | int | float] = {"n": seen.count, "sku": was.sku, "slot": was.id}
        if is_ is None:
            said = (
                f"slot {was.id!r} holds {seen.count} of {was.sku!r}; take them elsewhere first, or they are not counted"
            )
            found.append(SiteFlaw(f"/slots/{was.id}", "slot_holds", said, told))
        elif any(getattr(was, name) != getattr(is_, name) for name in WATCHED) or was.sku in heavier:
            said = f"slot {was.id!r} holds {seen.count} of {was.sku!r}, and is counted anew"
            found.append(SiteFlaw(f"/slots/{was.id}", "counted_anew", said, told))
    return found


def _of_skus(before: Site, after: Site, skus: Iterable[SkuView], orders: Sequence[OrderView]) -> list[SiteFlaw]:
    gone = {one.id for one in before.skus} - after.sku_by_id.keys()
    found = []
    for seen in skus:
        if seen.id not in gone:
            continue
        if seen.on_hand:
            said = f"{seen.on_hand} of SKU {seen.id!r} are on hand, and would not be seen any more"
            found.append(SiteFlaw(f"/skus/{seen.id}", "sku_on_hand", said, {"n": seen.on_hand, "sku": seen.id}))
        if seen.reserved:
            said = f"{seen.reserved} of SKU {seen.id!r} are reserved for somebody"
            found.append(SiteFlaw(f"/skus/{seen.id}", "sku_reserved", said, {"n": seen.reserved, "sku": seen.id}))
    for sku in sorted(gone):
        ids = [one.id for one in orders if one.state not in OVER and any(line.sku == sku for line in one.lines)]
        if ids:
            named = ", ".join(map(str, ids[:SHOWN])) + (" …" if len(ids) > SHOWN else "")
            said = f"SKU {sku!r} is on {len(ids)} open orders ({named})"
            found.append(SiteFlaw(f"/skus/{sku}", "sku_ordered", said, {"n": len(ids), "sku": sku, "orders": named}))
    return found
