"""Where tagged units are heard: those that left through a gate without a pick, and those that lie in another's zone.

A fold over tag moves, beside which the facts of the book say what was taken. Units that were picked let as many tags
of the SKU leave, up to `PICKED_MS` before the pick was told and `TOLD_LATE_MS` after the tag left. Where people tell of
nearly all that is taken off the shelves, what a shelf alone saw leaving is no pick.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from cloud.core.book.entries import Entry, Sensed
from protocols.epc import decode
from protocols.layout import Site
from protocols.reports import TagMove

HOUR_MS = 3_600_000
PICKED_MS = 12 * HOUR_MS
"""What was picked leaves within so long."""
TOLD_LATE_MS = 12 * HOUR_MS
"""What left is told of within so long: a shift's papers are often entered at its end."""
GONE_MS = 24 * HOUR_MS
"""For so long a tag that left is looked into."""
TOLD_DAYS = 30
TOLD_SHARE, TOLD_MIN = 0.8, 10
"""People tell of what is taken: of this share of at least so many units in the last `TOLD_DAYS`."""
TAGS_MAX = 200_000
"""Tags followed at once; of more, those heard first are forgotten."""
LEAVES = ("pick", "transfer", "loss", "adjustment")


class Gone(NamedTuple):
    """Tags of an SKU that left through a gate, the last of them at `last_ms`; `units` of them nobody picked, at most
    `together` of those within a minute; `picked` were."""

    sku: str
    gate: str
    zone: str
    first_ms: int
    last_ms: int
    units: int
    together: int
    picked: int


class Elsewhere(NamedTuple):
    """Tags of an SKU in a zone that has slots, though none of that SKU, heard since; `home` is where it has one."""

    sku: str
    zone: str
    home: str
    units: int
    since_ms: int


class Left(NamedTuple):
    """One tag that left through a gate."""

    at_ms: int
    gate: str
    zone: str


class Whereabouts(Struct):
    """The tags of one site, each by its EPC: where it is heard, by (device, zone), and since when; those that left
    through a gate and were not heard since."""

    skus: dict[str, str]
    gates: frozenset[str]
    homes: dict[str, list[str]]
    stocked: frozenset[str]
    here: dict[str, dict[str, dict[tuple[str, str], int]]] = field(default_factory=dict)
    left: dict[str, dict[str, Left]] = field(default_factory=dict)
    count: int = 0

    @classmethod
    def of(cls, site: Site) -> Whereabouts:
        """Nothing was heard yet."""
        homes: dict[str, list[str]] = {}
        for slot in site.slots:
            if slot.zone not in homes.setdefault(slot.sku, []):
                homes[slot.sku].append(slot.zone)
        return cls(
            {one.gtin.zfill(14): one.id for one in site.skus if one.gtin},
            frozenset(one.id for one in site.devices if one.outer),
            homes,
            frozenset(slot.zone for slot in site.slots),
        )

    def hear(self, move: TagMove) -> None:
        """A tag came or went."""
        meant = decode(move.epc)
        sku = self.skus.get(meant.gtin) if meant is not None else None
        if sku is None:
            return
        here, left, tag = self.here.setdefault(sku, {}), self.left.setdefault(sku, {}), move.epc.upper()
        if move.device in self.gates:
            if move.move == "departed":
                before = here.pop(tag, None)
                self.count += (tag not in left) - (before is not None)
                left[tag] = Left(move.at_ms, move.device, move.zone)
            elif left.pop(tag, None) is not None:
                self.count -= 1
        elif move.move == "arrived":
            known = tag in here
            gone = left.get(tag)
            if gone is not None and gone.at_ms < move.at_ms:  # it is back, whichever way it came
                del left[tag]
                self.count -= 1
            self.count += not known
            here.setdefault(tag, {})[move.device, move.zone] = move.at_ms
        elif tag in here:
            here[tag].pop((move.device, move.zone), None)
            if not here[tag]:
                del here[tag]
                self.count -= 1
        if self.count > TAGS_MAX:
            self._forget()

    def _forget(self) -> None:
        """Tags of the SKU that has most, those heard first."""
        most = max(self.here, key=lambda sku: len(self.here[sku]) + len(self.left.get(sku, ())))
        for tags in (self.here[most], self.left.get(most, {})):
            for tag in [*tags][: max(1, len(tags) // 10)] if tags else ():
                del tags[tag]
                self.count -= 1

    def leavers(self, now_ms: int) -> list[str]:
        """The SKUs of which a tag left through a gate lately; what left long ago is forgotten."""
        for tags in self.left.values():
            for tag in [tag for tag, one in tags.items() if one.at_ms <= now_ms - GONE_MS]:
                del tags[tag]
                self.count -= 1
        return [sku for sku, tags in self.left.items() if tags]

    def gone(self, facts: Mapping[str, Sequence[Entry]]) -> list[Gone]:
        """What left and was not picked, by SKU and gate; `facts` are of the last `TOLD_DAYS`, in the book's order."""
        found = []
        for sku, entries in sorted(facts.items()):
            tags = sorted(self.left.get(sku, {}).values())
            picked = picks(entries)
            strange = _unexplained(tags, picked)
            for gate in sorted({one.gate for one in strange}):
                mine = [one for one in strange if one.gate == gate]
                times = [one.at_ms for one in mine]
                together = max(sum(at <= other <= at + 60_000 for other in times) for at in times)
                here = sum(one.gate == gate for one in tags)
                found.append(Gone(sku, gate, mine[0].zone, times[0], times[-1], len(mine), together, here - len(mine)))
        return found

    def elsewhere(self) -> list[Elsewhere]:
        """Tags that lie where their SKU has no slot, but others have. A zone without slots is a way, or a dock."""
        found = []
        for sku, tags in self.here.items():
            homes = self.homes.get(sku)
            if not homes:
                continue
            since: dict[str, list[int]] = {}
            for heard in tags.values():
                zones = {zone for _, zone in heard}
                if zones.isdisjoint(homes) and (strange := zones & self.stocked):
                    zone = min(strange)
                    since.setdefault(zone, []).append(min(at for (_, there), at in heard.items() if there == zone))
            found += [Elsewhere(sku, zone, homes[0], len(times), min(times)) for zone, times in sorted(since.items())]
        return found


def picks(facts: Iterable[Entry]) -> list[tuple[int, int]]:
    """(When, units) of what was taken, oldest first: what shelves saw leaving and what was told of elsewhere; where
    people tell of nearly all that leaves the shelves, only what they told."""
    sensed: list[tuple[int, int]] = []
    told: list[tuple[int, int]] = []
    elsewhere: list[tuple[int, int]] = []
    for one in facts:
        if one.units >= 0 or one.kind not in LEAVES:
            continue
        if isinstance(one, Sensed):
            sensed.append((one.happened_ms, -one.units))
        elif one.place:
            told.append((one.happened_ms, -one.units))
        else:
            elsewhere.append((one.happened_ms, -one.units))
    seen, said = sum(units for _, units in sensed), sum(units for _, units in told)
    tells = seen >= TOLD_MIN and said >= TOLD_SHARE * seen
    return sorted((told if tells else sensed) + elsewhere)


def _unexplained(tags: Sequence[Left], picked: Sequence[tuple[int, int]]) -> list[Left]:
    """The tags that no pick lets leave, the oldest pick being used up first."""
    free = [[at_ms, units] for at_ms, units in picked]
    strange, at = [], 0
    for tag in tags:
        while at < len(free) and (not free[at][1] or free[at][0] < tag.at_ms - PICKED_MS):
            at += 1
        if at < len(free) and free[at][0] <= tag.at_ms + TOLD_LATE_MS:
            free[at][1] -= 1
        else:
            strange.append(tag)
    return strange
