"""What moved since the last snapshot, at once: a page shall not wait for the next moment to show an empty shelf."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.inventory import Inventory, Touched
from cloud.core.overview import sku_views, slot_view
from cloud.core.replenishment import Plan
from cloud.core.view import Delta, Snapshot, slot_change


class Standing(NamedTuple):
    """What a look at slots and SKUs is made of: the inventory, the plans made last, where an SKU stands."""

    inventory: Inventory
    plans: Mapping[str, Plan]
    positions: Callable[[str], Position]


def amended(shown: Snapshot, standing: Standing, moved: Touched, now_ms: int) -> tuple[Snapshot, Delta]:
    """What is shown, with the slots and SKUs that moved as they are now, and what that changes. All else, such as key
    figures, plans and alerts, is as it was: it comes with the next whole snapshot. Unknown ids are left out. Numbers
    are given by the live stream."""
    inventory, plans, positions = standing
    site = inventory.site
    places = [place for one in moved.slots if (place := site.slot_by_id.get(one)) is not None]
    articles = [article for one in moved.skus if (article := site.sku_by_id.get(one)) is not None]
    away: set[str] = set()
    if not all(one.connected for one in shown.gateways):  # else nobody has to be looked for among thousands
        away = {one.id for one in shown.devices if one.state == "away"}
    now_slots = {place.id: slot_view(inventory, place, away) for place in places}
    now_skus = {one.id: one for one in sku_views(inventory, articles, plans, positions)}
    news = Delta(0, now_ms)
    all_slots, all_skus = shown.slots, shown.skus
    for at, slot in enumerate(shown.slots):
        if (slot_now := now_slots.get(slot.id)) is not None and slot_now != slot:
            all_slots = [*all_slots] if all_slots is shown.slots else all_slots
            all_slots[at] = slot_now
            news.slots.append(slot_change(slot, slot_now))
    for at, sku in enumerate(shown.skus):
        if (sku_now := now_skus.get(sku.id)) is None:
            continue
        sku_now = replace(sku_now, owed=sku.owed, held_until_ms=sku.held_until_ms)
        if sku_now != sku:
            all_skus = [*all_skus] if all_skus is shown.skus else all_skus
            all_skus[at] = sku_now
            news.skus.append(sku_now)
    return replace(shown, t=now_ms, slots=all_slots, skus=all_skus), news
