"""The RFID readers of a site: which tags each of their zones holds, who came and went, and what a slot's tags say.

A reader with antennas on two sides is a gate: what passes inwards arrives in its zone, what passes outwards departs.
All state but the gates' (seconds old) is in `fields` and can be stored and restored; it is large and slow, so it is
stored now and then only, and `told` is set right from the moves that were reported meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from edge.core.tagging import portal, tags, unread
from edge.core.tagging.antennas import Antennas
from edge.core.tagging.unread import Unread
from protocols import epc
from protocols.gs1 import gtin_14
from protocols.layout import Device, Site, Slot
from protocols.readings import TagRead, TagReads
from protocols.reports import TagMove

FIELDS_MAX = 1000
FORGOTTEN_MS = 300_000
"""A tag that was told to be there, and that a crash made its field forget, is gone when it is not heard for so long."""
UNREAD_EPOCHS = 30.0
"""A tag that stands there this long (s) and answers at its rate would have been heard, or is among the unread."""


class Readers:
    """Every field (a reader's zone) of one site, by (device, zone)."""

    def __init__(self, site: Site, fields: dict[tuple[str, str], tags.Field] | None = None) -> None:
        self.site = site
        self.fields = fields or {}
        for (name, _), field in self.fields.items():
            device = site.device_by_id.get(name)
            field.walls = device is None or device.walls
        self.gates = {
            device.id: portal.Gate(frozenset(device.outer), frozenset(device.inner))
            for device in site.devices
            if device.outer
        }
        self.antennas = Antennas()
        self._slots = [slot for slot in site.slots if slot.reader]
        self._forgotten: dict[tuple[str, str], set[str]] = {}
        self._since_ms: dict[tuple[str, str], int] = {}

    def retell(self, present: Mapping[tuple[str, str], Collection[str]]) -> None:
        """After a restart: `present` were the tags told to be in each field, whatever its older state says."""
        for key, field in self.fields.items():
            there = frozenset(present.get(key, ()))
            for tag, row in field.rows.items():
                field.told[row] = tag in there
        self._forgotten = {key: set(there) for key, there in present.items() if key[0] not in self.gates}
        for key, field in self.fields.items():
            self._forgotten.get(key, set()).difference_update(field.rows)

    def see(self, device: Device, said: TagReads) -> list[TagMove]:
        """Fold the reads of one message; the moves they prove."""
        self.antennas.hear(device, said.reads)
        gate = self.gates.get(device.id)
        if gate is not None:
            portal.note(gate, said.reads)
            return []
        moves = [_told(device, read.epc, read.direction, read.at_ms) for read in said.reads if read.direction]
        for zone, reads in _by_zone(device, said.reads).items():
            field = self.fields.get((device.id, zone))
            if field is None:
                if len(self.fields) >= FIELDS_MAX:
                    continue  # zones are listed in the site file, so this is a site of more than a thousand
                field = self.fields[device.id, zone] = tags.Field(walls=device.walls)
            moves += tags.see(field, reads, zone, device.id)
            forgotten = self._forgotten.get((device.id, zone))
            if forgotten:
                for read in reads:
                    row = field.rows.get(read.epc)
                    if read.epc in forgotten and row is not None:
                        forgotten.discard(read.epc)
                        field.told[row] = True
        return moves

    def pass_time(self, device: Device, reader_ms: int) -> list[TagMove]:
        """Judge what is over, by the reader's clock, while it is alive."""
        gate = self.gates.get(device.id)
        if gate is not None:
            passed = portal.judge(gate, reader_ms)
            return [_told(device, one.epc, one.way, one.at_ms) for one in passed if one.way != "none"]
        moves = []
        for zone in sorted({device.zone, *device.antennas.values()}):
            field = self.fields.get((device.id, zone))
            if field is not None:
                moves += tags.pass_time(field, reader_ms, zone, device.id)
                moves += self._miss(device.id, zone, reader_ms)
        return moves

    def _miss(self, device: str, zone: str, reader_ms: int) -> list[TagMove]:
        """The tags that left while nobody knew them."""
        key = (device, zone)
        forgotten = self._forgotten.get(key)
        if not forgotten or reader_ms - self._since_ms.setdefault(key, reader_ms) < FORGOTTEN_MS:
            return []
        del self._forgotten[key]
        return [TagMove(epc, zone, "departed", reader_ms, device) for epc in sorted(forgotten)]

    def present(self, device: Device) -> int:
        """How many tags are there."""
        return sum(tags.present(field) for (name, _), field in self.fields.items() if name == device.id)

    def unread(self, field: tags.Field) -> Unread:
        """How many tags are there, with those that were not heard yet although they answer seldom."""
        there = [sight.rate for sight in tags.sights(field) if sight.told]
        return unread.from_rates(there, UNREAD_EPOCHS)

    def by_zone(self) -> dict[tuple[str, str], int]:
        """How many tags of each GTIN were told to be in each zone, (GTIN, zone); one that several readers hear counts
        once."""
        found: dict[tuple[str, str], set[str]] = {}
        for (_, zone), field in self.fields.items():
            for tag, row in field.rows.items():
                if field.told[row] and (gtin := _gtin(tag)):
                    found.setdefault((gtin, zone), set()).add(tag)
        return {key: len(there) for key, there in found.items()}

    def looks(self) -> list[tuple[Slot, list[float]]]:
        """For each slot with a reader: how probably each tag of its SKU is there that may be there."""
        found: list[tuple[Slot, list[float]]] = []
        seen: dict[str, dict[str, list[float]]] = {}
        for slot in self._slots:
            gtin = gtin_14(self.site.sku_by_id[slot.sku].gtin) or ""
            if slot.reader not in seen:
                seen[slot.reader] = self._by_gtin(slot.reader)
            if seen[slot.reader]:
                found.append((slot, seen[slot.reader].get(gtin, [])))
        return found

    def _by_gtin(self, reader: str) -> dict[str, list[float]]:
        """Tags that may be there, of each GTIN; strays count by how probably they stand here."""
        found: dict[str, list[float]] = {}
        for (device, _), field in self.fields.items():
            if device == reader:
                for sight in tags.sights(field):
                    known = epc.decode(sight.epc)
                    if known is not None and known.gtin:
                        found.setdefault(known.gtin, []).append(sight.chance * (1.0 - sight.stray * field.walls))
        return found


@lru_cache(maxsize=100_000)
def _gtin(tag: str) -> str:
    """The GTIN that an EPC says, "" where it says none."""
    known = epc.decode(tag)
    return known.gtin if known is not None else ""


def _told(device: Device, epc: str, way: str, at_ms: int) -> TagMove:
    """A passage as a move: a gate stands before its zone."""
    return TagMove(epc, device.zone, "arrived" if way == "in" else "departed", at_ms, device.id)


def _by_zone(device: Device, reads: list[TagRead]) -> dict[str, list[TagRead]]:
    found: dict[str, list[TagRead]] = {}
    if not device.antennas and not any(read.direction for read in reads):
        return {device.zone: reads}
    for read in reads:
        if read.direction:
            continue  # a gate that judges by itself
        found.setdefault(device.antennas.get(str(read.antenna), device.zone), []).append(read)
    return found
