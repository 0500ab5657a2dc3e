"""Rooms in which goods are kept that bear only so much: excursions and breaches, folded as the service folds them.

A gateway knows rooms and what is kept in them, not the lots: how far and how long a room was outside is judged here,
kinetic means, budgets and ages of lots are the service's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edge.core.alarms import Condition
from edge.core.glance import Said
from protocols.alarms import CAUSES, STALE_MS
from protocols.cold import Storage
from protocols.excursions import Room, held_ms, paced, step, worst
from protocols.layout import Site
from protocols.readings import FUTURE_LIMIT_MS

RULES = {"excursion": "temperature_excursion", "breach": "temperature_breach"}


class Rooms:
    """Every way of keeping goods in every zone, by `zone/storage`."""

    def __init__(self, site: Site, kept: Mapping[str, Room] | None = None) -> None:
        self._ways = _ways(site)
        self.zones = {zone for zone, _ in self._ways}
        """Zones that are judged here, and not by limits of their own."""
        known = {f"{zone}/{one.id}" for zone, one in self._ways}
        self._paces: dict[str, list[int]] = {}
        """Where thermometers tell seldom, the last intervals; learnt anew after a start."""
        self.rooms = {name: room for name, room in (kept or {}).items() if name in known}

    def feel(self, climate: Mapping[str, Iterable[Said]], now_ms: int) -> list[Condition]:
        """Fold what the thermometers of each zone said last; what is wrong now."""
        found = []
        for zone, by in self._ways:
            name = f"{zone}/{by.id}"
            gap_ms = held_ms(self._paces.get(name, ()))
            fresh = [
                (at_ms, value)
                for quantity, at_ms, value in climate.get(zone, ())
                if quantity == "temperature_c" and at_ms > now_ms - gap_ms
            ]
            room = self.rooms.get(name) or Room()
            if room.at_ms > now_ms + FUTURE_LIMIT_MS:
                room = Room()  # our time was set back: what it knew is of another day
            if fresh:
                values = [value for _, value in fresh]
                at_ms = min(now_ms, max(at_ms for at_ms, _ in fresh))
                if room.at_ms and at_ms > room.at_ms:
                    self._paces[name] = paced(self._paces.get(name, ()), at_ms - room.at_ms)
                room, _ = step(room, at_ms, worst(min(values), max(values), by), by, gap_ms=gap_ms)
                self.rooms[name] = room
            one = room.now
            if one is None or one.kind not in RULES:
                continue
            outer = by.outer_high_c if one.side > 0 else by.outer_low_c
            limit = by.high_c if one.side > 0 else by.low_c
            params = {
                "celsius": round(room.celsius, 1),
                "limit_c": float(outer if one.why == "too_far" and outer is not None else limit or 0.0),
                "peak_c": round(one.peak_c, 1),
                "outside_min": float(one.outside_ms // 60_000),
                "side": float(one.side),
            }
            if one.why:
                params["why"] = float(CAUSES.get(one.why, 0))
            stale = now_ms - room.at_ms > STALE_MS
            # An excursion has been looked at as a defrost for a while: its hold begins when it is known to be none.
            since_ms = one.began_ms if one.kind == "breach" else 0
            found.append(Condition(RULES[one.kind], zone, zone, params, stale, since_ms))
        # Of several ways to keep goods in a zone the one counts that is outside by most.
        return sorted(found, key=lambda seen: -abs(seen.params["celsius"] - seen.params["limit_c"]))


def _ways(site: Site) -> list[tuple[str, Storage]]:
    """In which zones goods are kept how: as the zone is, and as the articles that lie there are."""
    named = {(zone.id, zone.storage) for zone in site.zones}
    kept = {sku.id: sku.storage for sku in site.skus}
    named |= {(slot.zone, kept.get(slot.sku, "")) for slot in site.slots}
    named |= {(sku.zone, sku.storage) for sku in site.skus if sku.zone}
    storages = site.storage_by_id
    return [(zone, storages[name]) for zone, name in sorted(named) if name in storages and zone in site.zone_by_id]
