"""What is wrong with goods, doors and sensors, as conditions: the service's rules, as far as a gateway knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from edge.core.alarms import Condition
from edge.core.care.health import Pulse
from edge.core.reorder import Position, policy_of
from protocols.alarms import FINDINGS
from protocols.gs1 import gtin_14
from protocols.layout import Device, Site
from protocols.reports import Finding
from protocols.uplink import Policy

MISPLACED_ZONES_MAX = 200
"""So many (article, zone) are told as misplaced at most: more is a site file that is wrong."""


class Places:
    """Where the goods of a site belong: what its slots say, worked out once."""

    def __init__(self, site: Site) -> None:
        zones: dict[str, set[str]] = {}
        read: dict[str, set[str]] = {}
        for slot in site.slots:
            zones.setdefault(slot.sku, set()).add(slot.zone)
            if slot.reader:
                read.setdefault(slot.sku, set()).add(slot.zone)
        self.zone_of = {sku: next(iter(these)) if len(these) == 1 else "" for sku, these in zones.items()}
        """By SKU with a slot: the zone of its slots, "" when they lie in several."""
        self.zones = zones
        self.by_gtin = {
            gtin: sku.id for sku in site.skus if sku.gtin and sku.id in read and (gtin := gtin_14(sku.gtin)) is not None
        }
        """SKUs whose tags are read where they belong, by GTIN; others may be anywhere without a fault."""
        self.gates = {device.zone for device in site.devices if device.outer}


def of_stock(
    places: Places, position_of: Callable[[str], Position], site: Site, kept: Mapping[str, Policy]
) -> Iterable[Condition]:
    """Articles that have run out for certain, and those at or below their reorder point that nobody orders yet."""
    for sku, zone in places.zone_of.items():
        position, known = position_of(sku), site.sku_by_id[sku]
        if position.low <= 0:
            params = {"capacity": float(position.capacity)}
            yield Condition("stock_out", sku, zone, params, sustain=position.high > 0)
        policy = policy_of(known, kept.get(sku))
        if policy is not None and not policy.open and position.low <= policy.reorder_point:
            point = policy.reorder_point
            figures = {"projected": float(position.high), "reorder_point": float(point)}
            yield Condition("below_reorder_point", sku, zone, figures, sustain=position.high > point)


def of_doors(doors: Iterable[tuple[Device, Pulse]]) -> Iterable[Condition]:
    """Doors that are open by what their contact said last: it speaks when something changes, so it may be silent, but
    of one that is offline nothing new is known."""
    for device, pulse in doors:
        yield Condition("door_open", device.id, device.zone, {}, sustain=pulse.state == "offline")


def of_sensors(findings: Iterable[tuple[Device, list[Finding]]]) -> Iterable[Condition]:
    """What devices that speak suffer from by their own readings: of each kind the oldest finding."""
    for device, found in findings:
        oldest: dict[str, Finding] = {}
        for one in found:
            rule = FINDINGS.get(one.code)
            if rule is not None and (rule not in oldest or one.since_ms < oldest[rule].since_ms):
                oldest[rule] = one
        for rule, one in oldest.items():
            yield Condition(rule, device.id, device.zone, dict(one.evidence), since_ms=one.since_ms)


def of_tags(places: Places, tags: Mapping[tuple[str, str], int]) -> Iterable[Condition]:
    """Articles whose tags are in a zone where they have no slot. A gate's zone is a way, not a place."""
    told = 0
    for (gtin, zone), units in sorted(tags.items()):
        sku = places.by_gtin.get(gtin)
        if sku is None or not units or zone in places.zones[sku] or zone in places.gates:
            continue
        told += 1
        if told > MISPLACED_ZONES_MAX:
            return
        yield Condition("misplaced_item", f"{sku}.{zone}", zone, {"units": float(units)})
