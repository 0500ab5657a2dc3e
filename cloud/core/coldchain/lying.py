"""What lies where: of each lot of an SKU, how many units of it are in which zone, as far as that can be told.

The book knows units by slot, and lots by SKU. An SKU that lies in one zone alone has all its lots there; of one that
lies in several, nobody knows which lot is where: each of them may have been in each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cloud.core.book.state import Account
from protocols.layout import Site


class There(NamedTuple):
    """Units of an SKU in a zone; `lots` with their units where it is known which they are, else None."""

    units: int
    lots: Mapping[str, int] | None


def zones_of(site: Site) -> dict[str, dict[str, list[str]]]:
    """SKU -> zone -> its slots there; a zone without slots is where what lies in none is."""
    found: dict[str, dict[str, list[str]]] = {one.id: {} for one in site.skus}
    for slot in site.slots:
        found[slot.sku].setdefault(slot.zone, []).append(slot.id)
    for sku in site.skus:
        if sku.zone:
            found[sku.id].setdefault(sku.zone, [])
    return found


def lying(account: Account, zones: Mapping[str, list[str]], home: str) -> dict[str, There]:
    """Zone -> what of an SKU lies there now. `home` is the zone of what is in no slot; "": the only one of its slots,
    if it is the only one."""
    home = home or (next(iter(zones)) if len(zones) == 1 else "")
    units = {zone: sum(max(0, account.shelves.get(slot, 0)) for slot in slots) for zone, slots in zones.items()}
    if home:
        units[home] = units.get(home, 0) + max(0, account.off)
    units = {zone: count for zone, count in units.items() if count > 0}
    if len(units) == 1 and sum(units.values()) >= account.on_hand:
        return {zone: There(count, dict(account.batches.units)) for zone, count in units.items()}
    return {zone: There(count, None) for zone, count in units.items()}


def to_set_aside(account: Account, there: There, had: int) -> list[tuple[str, int]]:
    """Lot and units of what lies there that is not in quarantine yet; `had` of them were set aside for this already
    where lots are not told apart."""
    free = max(0, account.on_hand - account.quarantined)
    if there.lots is None:
        units = min(free, there.units - had)
        return [("", units)] if units > 0 else []
    found = []
    for lot, units in there.lots.items():
        units = min(free, units - account.aside.get(lot, 0))
        if units > 0:
            found.append((lot, units))
            free -= units
    return found
