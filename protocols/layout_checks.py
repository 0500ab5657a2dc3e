"""What may be wrong with a site whose fields all are of their types: references that lead nowhere, figures that
contradict one another. All flaws are told, not only the first: an import is mended in one go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from protocols import cold, crews, trade
from protocols.gs1 import gtin_14
from protocols.topics import LEVEL, filter_flaw
from protocols.tuning import untunable

if TYPE_CHECKING:
    from protocols.layout import Device, Site, Sku, Slot, Source, Zone

SHARING_MAX = 3
"""Slots that may share one scale."""
CURRENCY = re.compile(r"[A-Z]{3}\Z")


class SiteFlaw(Struct, frozen=True):
    """What is wrong, where: `pointer` (RFC 6901) names the field, `/slots/3/zone` that of the fourth slot. `code` is
    for programs, `told` what their words need; `detail` is a sentence on what to do."""

    pointer: str
    code: str
    detail: str
    told: dict[str, str | int | float] = {}


def flaws(site: Site) -> Iterator[SiteFlaw]:
    """All there are, in the order of the file's description."""
    about = site.site
    if not _is_timezone(about.timezone):
        said = f"site.timezone {about.timezone!r} is not known; write one like 'Europe/Berlin'"
        yield SiteFlaw("/site/timezone", "site", said)
    if not CURRENCY.match(about.currency):
        said = f"site.currency {about.currency!r} is no code of three capital letters like 'EUR'"
        yield SiteFlaw("/site/currency", "site", said)
    if about.gln and gtin_14(about.gln) is None:
        yield SiteFlaw("/site/gln", "site", f"the check digit of site.gln {about.gln!r} is wrong; read it again")
    for noun, table, things in (
        ("zone", "zones", site.zones),
        ("rack", "racks", site.racks),
        ("SKU", "skus", site.skus),
        ("slot", "slots", site.slots),
        ("device", "devices", site.devices),
        ("source", "sources", site.sources),
    ):
        yield from _unique(things, noun, table)  # type: ignore[arg-type]
    for at, one in enumerate(site.sources):
        for pattern in one.topics:
            if flaw := filter_flaw(pattern):
                yield SiteFlaw(f"/sources/{at}/topics", "site", f"source {one.id!r}: topic {pattern!r} {flaw}")
    for at, sku in enumerate(site.skus):
        yield from _of_sku(site, f"/skus/{at}", sku)
    for at, zone in enumerate(site.zones):
        yield from _of_zone(f"/zones/{at}", zone)
    if unfit := untunable(site.tuning):
        yield SiteFlaw("/tuning", "site", unfit)
    skus = site.sku_by_id
    if unfit := trade.flaw(trade.Trade(*(getattr(site, name) for name in trade.Trade.__struct_fields__)), skus):
        yield SiteFlaw("", "site", unfit)
    if unfit := crews.flaw(site.people, site.teams, site.zone_by_id):
        yield SiteFlaw("", "site", unfit)
    tiers = {one.id for one in site.tiers}
    for at, sku in enumerate(site.skus):
        if strange := sorted({*sku.protected, *filter(None, [sku.members_only])} - tiers):
            field = "members_only" if strange[0] == sku.members_only else "protected"
            said = f"SKU {sku.id!r} is kept for tier {strange[0]!r}, which is not listed"
            yield SiteFlaw(f"/skus/{at}/{field}", "unlisted", said, {"value": strange[0], "of": "tiers"})
    kept = {f"SKU {one.id!r}": one.storage for one in site.skus}
    kept |= {f"zone {one.id!r}": one.storage for one in site.zones}
    if unfit := cold.flaw(site.storages, kept):
        yield SiteFlaw(_storage_of(site), "storage", unfit)
    for at, sku in enumerate(site.skus):
        if sku.zone and sku.zone not in site.zone_by_id:
            said = f"SKU {sku.id!r} lies in zone {sku.zone!r}, which is not listed"
            yield _unlisted(f"/skus/{at}/zone", sku.zone, "zones", said)
    for at, rack in enumerate(site.racks):
        if rack.zone not in site.zone_by_id:
            said = f"rack {rack.id!r} stands in zone {rack.zone!r}, which is not listed"
            yield _unlisted(f"/racks/{at}/zone", rack.zone, "zones", said)
    for at, device in enumerate(site.devices):
        yield from _of_device(site, f"/devices/{at}", device)
    yield from _of_slots(site)


def _of_sku(site: Site, at: str, sku: Sku) -> Iterator[SiteFlaw]:
    if sku.gtin and gtin_14(sku.gtin) is None:
        said = f"SKU {sku.id!r}: the check digit of gtin {sku.gtin!r} is wrong; read it again"
        yield SiteFlaw(f"{at}/gtin", "check_digit", said, {"value": sku.gtin})
    if sku.order_quantity is not None and sku.reorder_point is None:
        said = f"SKU {sku.id!r} has an order_quantity; say at which reorder_point, too"
        yield SiteFlaw(f"{at}/reorder_point", "no_point", said)
    if sku.order_quantity is not None and (sku.order_quantity % sku.pack or sku.order_quantity < sku.moq):
        hint = f"use whole packs of {sku.pack}, at least {sku.least_lot}"
        said = f"SKU {sku.id!r}: {sku.order_quantity} can not be ordered; {hint}"
        told: dict[str, str | int | float] = {"pack": sku.pack, "least": sku.least_lot}
        yield SiteFlaw(f"{at}/order_quantity", "packs", said, told)
    if (sku.policy == "periodic") != (sku.review_days is not None):
        said = f"SKU {sku.id!r}: policy 'periodic' and review_days belong together"
        yield SiteFlaw(f"{at}/review_days", "periodic", said)
    if sku.policy and sku.reorder_point is not None:
        said = f"SKU {sku.id!r} has a policy and a reorder_point by hand; leave one out"
        yield SiteFlaw(f"{at}/policy", "two_policies", said)


def _of_zone(at: str, zone: Zone) -> Iterator[SiteFlaw]:
    if zone.min_c is not None and zone.max_c is not None and zone.min_c > zone.max_c:
        yield SiteFlaw(f"{at}/min_c", "swapped", f"zone {zone.id!r} has min_c above max_c; swap them")
    if zone.min_pct is not None and zone.max_pct is not None and zone.min_pct > zone.max_pct:
        yield SiteFlaw(f"{at}/min_pct", "swapped", f"zone {zone.id!r} has min_pct above max_pct; swap them")


def _of_device(site: Site, at: str, device: Device) -> Iterator[SiteFlaw]:
    if device.zone not in site.zone_by_id:
        said = f"device {device.id!r} stands in zone {device.zone!r}, which is not listed"
        yield _unlisted(f"{at}/zone", device.zone, "zones", said)
    if device.source and device.source not in {one.id for one in site.sources}:
        said = f"device {device.id!r} speaks by source {device.source!r}, which is not listed"
        yield _unlisted(f"{at}/source", device.source, "sources", said)
    elif device.source and site.addressed(device) != device:
        address = device.address or device.id
        where = f"address {address!r} of source {device.source!r}"
        said = f"device {device.id!r} has the {where}, as another one has; give each its own"
        yield SiteFlaw(f"{at}/address", "same_address", said, {"value": address})
    for number, zone_id in device.antennas.items():
        if zone_id not in site.zone_by_id or not number.isdecimal():
            where = f"antenna {number!r} of device {device.id!r}"
            said = f"{where} watches zone {zone_id!r}; use antenna numbers and listed zones"
            yield SiteFlaw(f"{at}/antennas", "antennas", said, {"value": f"{number}={zone_id}"})
    if bool(device.outer) != bool(device.inner) or set(device.outer) & set(device.inner):
        said = f"gate {device.id!r} needs `outer` and `inner` antennas, none of them in both"
        yield SiteFlaw(f"{at}/outer", "gate", said)
    if device.role == "refrigerator" and device.kind not in ("climate", "machine"):
        said = f"device {device.id!r} can be no refrigerator, as its kind is {device.kind!r}"
        yield SiteFlaw(f"{at}/role", "no_refrigerator", said)


def _of_slots(site: Site) -> Iterator[SiteFlaw]:
    watched: dict[tuple[str, str], list[Slot]] = {}
    heard: dict[tuple[str, str], Slot] = {}
    skus, devices = site.sku_by_id, site.device_by_id
    for number, slot in enumerate(site.slots):
        at = f"/slots/{number}"
        if slot.zone not in site.zone_by_id:
            said = f"slot {slot.id!r} lies in zone {slot.zone!r}, which is not listed"
            yield _unlisted(f"{at}/zone", slot.zone, "zones", said)
        if slot.sku not in skus:
            said = f"slot {slot.id!r} holds SKU {slot.sku!r}, which is not listed"
            yield _unlisted(f"{at}/sku", slot.sku, "skus", said)
        yield from _racked(site, at, slot)
        if slot.reader:
            if slot.reader not in devices or devices[slot.reader].kind != "rfid":
                said = f"slot {slot.id!r} is heard by {slot.reader!r}, no listed rfid device"
                yield SiteFlaw(f"{at}/reader", "no_reader", said, {"value": slot.reader})
            if slot.sku in skus and not skus[slot.sku].gtin:
                said = f"slot {slot.id!r} has a reader; give its SKU {slot.sku!r} the gtin on its tags"
                yield SiteFlaw(f"{at}/reader", "no_gtin", said, {"value": slot.sku})
            first = heard.setdefault((slot.reader, slot.sku), slot)
            if first is not slot:
                hint = f"reader {slot.reader!r}, which can not tell where a tag lies; leave it out at one of them"
                said = f"slots {first.id!r} and {slot.id!r} of SKU {slot.sku!r} are both heard by {hint}"
                yield SiteFlaw(f"{at}/reader", "heard_twice", said, {"value": slot.reader, "other": first.id})
        shelf = devices.get(slot.device)
        if shelf is None or shelf.kind != "shelf":
            said = f"slot {slot.id!r} is watched by {slot.device!r}, no listed shelf device"
            yield SiteFlaw(f"{at}/device", "no_shelf", said, {"value": slot.device})
        others = watched.setdefault((slot.device, slot.channel), [])
        others.append(slot)
        yield from _shared(at, slot, others)


def _racked(site: Site, at: str, slot: Slot) -> Iterator[SiteFlaw]:
    rack = site.rack_by_id.get(slot.rack)
    if rack is None:
        if slot.rack:
            said = f"slot {slot.id!r} is on rack {slot.rack!r}, which is not listed"
            yield _unlisted(f"{at}/rack", slot.rack, "racks", said)
        return
    if rack.zone != slot.zone:
        said = f"slot {slot.id!r} lies in zone {slot.zone!r}, and its rack {rack.id!r} stands in {rack.zone!r}"
        yield SiteFlaw(f"{at}/rack", "other_zone", said, {"value": rack.id, "zone": rack.zone})
    for field, value, most in (("bay", slot.bay, rack.bays), ("level", slot.level, rack.levels)):
        if value > most:
            said = f"slot {slot.id!r} is on {field} {value} of rack {rack.id!r}, which has {most}"
            yield SiteFlaw(f"{at}/{field}", "beyond_rack", said, {"value": value, "most": most})


def _shared(at: str, slot: Slot, others: Sequence[Slot]) -> Iterator[SiteFlaw]:
    where = f"channel {slot.channel!r} of {slot.device!r}"
    told: dict[str, str | int | float] = {"value": slot.channel, "device": slot.device, "other": others[0].id}
    if len(others) > SHARING_MAX:
        said = f"more than {SHARING_MAX} slots use {where}; weight can not tell so many apart"
        yield SiteFlaw(f"{at}/channel", "crowded", said, told)
    if len({one.sku for one in others}) < len(others) or len({one.tare_g for one in others}) > 1:
        names = " and ".join(repr(one.id) for one in others)
        hint = "give each its own channel, or different SKUs and one tare_g"
        yield SiteFlaw(f"{at}/channel", "shared", f"slots {names} share {where}; {hint}", told)


def _unlisted(pointer: str, value: str, of: str, said: str) -> SiteFlaw:
    return SiteFlaw(pointer, "unlisted", said, {"value": value, "of": of})


def _storage_of(site: Site) -> str:
    """Where the first storage stands that is not known."""
    for table, things in (("skus", site.skus), ("zones", site.zones)):
        for at, one in enumerate(things):
            if one.storage and one.storage not in site.storage_by_id:  # type: ignore[attr-defined]
                return f"/{table}/{at}/storage"
    return "/storages"


def _unique(things: Sequence[Zone | Source], noun: str, table: str) -> Iterator[SiteFlaw]:
    seen: set[str] = set()
    for at, thing in enumerate(things):
        if not LEVEL.match(thing.id):
            yield SiteFlaw(f"/{table}/{at}/id", "bad_id", f"{noun} id {thing.id!r}: use 1-64 of A-Z a-z 0-9 _ -")
        if thing.id in seen:
            yield SiteFlaw(f"/{table}/{at}/id", "twice", f"{noun} {thing.id!r} is listed twice", {"value": thing.id})
        seen.add(thing.id)


def _is_timezone(name: str) -> bool:
    # What begins with a small letter (localtime, posix/...) is a file of one machine, which no browser knows.
    try:
        return name[:1].isupper() and ZoneInfo(name).key == name
    except (KeyError, ValueError, OSError):  # not there; no name for a file; a folder, or too long
        return False
