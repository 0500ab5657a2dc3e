"""Batches from gateways -> what they make of the lanes, and the rows that say so. Reads and writes nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Listing
from typing import NamedTuple

import msgspec
from msgspec import Struct

from cloud.core import completeness, lanes
from cloud.core.completeness import DeviceGap
from cloud.core.lanes import LaneState, Told
from cloud.stores.database import Row
from protocols.reports import (
    LANE_OF,
    Alarm,
    DeviceHealth,
    Lane,
    Proposal,
    Report,
    Series,
    SlotLevel,
    StockEvent,
    TagMove,
    Thinned,
    decode,
)
from protocols.sequences import Sequence
from protocols.uplink import Refused

Key = tuple[str, Lane]
_MEASURED = (Series, SlotLevel)
_STATES = (SlotLevel, TagMove, DeviceHealth)
AHEAD_MAX_MS = 2 * 86_400_000
"""A state is believed to be so far ahead of our clock: ours, or a gateway's, may be wrong by some hours."""
BEGUN_ANEW = ("damaged", "restored")
"""Why a gateway gave up numbers, where it does not know any more what it had said."""
BUILT_MS = 1_735_689_600_000
"""2025: what shows less is no clock to judge others by."""


class Movement(Struct, frozen=True, gc=False):
    """A row of the table `movement`."""

    gateway: str
    seq: int
    slot: str
    sku: str
    delta: int
    count: int
    happened_ms: int
    heard_ms: int
    known_ms: int
    confidence: float
    source: str


class Tag(Struct, frozen=True, gc=False):
    """A row of the table `tag`."""

    epc: str
    device: str
    zone: str
    move: str
    at_ms: int
    heard_ms: int
    gateway: str
    seq: int


class Level(SlotLevel, frozen=True, gc=False, kw_only=True):
    """A row of the table `level`."""

    gateway: str
    seq: int


class Word(NamedTuple):
    """The last word on a slot's level or a device's health: whose, by which number, and of when."""

    gateway: str
    seq: int
    at_ms: int

    def follows(self, other: Word) -> bool:
        """Whether this is the later one: of one gateway's by their numbers, as its clock may have been set, or it may
        have lost its store and with it what time it was; of two gateways' by their times."""
        return self.seq >= other.seq if self.gateway == other.gateway else self.at_ms >= other.at_ms


class Received(NamedTuple):
    """A batch as it came: `seqs[i]` numbers `reports[i]`."""

    gateway: str
    lane: Lane
    seqs: list[int]
    reports: list[bytes]


class Applied(NamedTuple):
    """What a batch brought: the reports that were new, with their numbers, and the ones that will never be taken, those
    among them that were refused before too: the receipt that said so may have been lost. `outdated`: the new levels and
    healths after which something later was known already."""

    numbered: list[tuple[int, Report]]
    refused: list[Refused]
    duplicates: int
    outdated: frozenset[int] = frozenset()

    @property
    def reports(self) -> list[Report]:
        """The new reports that say something new."""
        return [report for seq, report in self.numbered if seq not in self.outdated]


class Taken(NamedTuple):
    """`Applied`, the numbers that came again, what the history keeps of these, and what is refused the first time."""

    applied: Applied
    again: list[int]
    measured: list[Report]
    refused: list[Refused]


class Known(NamedTuple):
    """What the ledger knows that a batch adds to: the lanes, what gateways said of them, the devices' gaps, and the
    last word on each ("slot" or "device", name). `anew`: of each gateway that lost its store the last number of
    before."""

    lanes: Mapping[Key, LaneState]
    told: Mapping[Key, Told]
    noticed: Mapping[str, list[DeviceGap]]
    words: Mapping[tuple[str, str], Word]
    anew: Mapping[str, int]


class Folding:
    """A group of batches, folded one after the other at `now_ms`: what there will be once this is committed."""

    def __init__(self, known: Known, now_ms: int, unfit: str = "") -> None:
        self.applied: list[Applied] = []
        self.reports: list[Report] = []
        """All new reports."""
        self.measured: list[Report] = []
        """Series and levels that came again: the history may have lost them, and knows a sample by its time."""
        self.lanes: dict[Key, LaneState] = {}
        self.movements: list[Movement] = []
        self.levels: dict[str, SlotLevel] = {}
        self.tags: dict[tuple[str, str], Tag] = {}
        self.anew: dict[str, int] = {}
        """Gateways that lost their store: they tell of every tag again, what they said up to a number is void."""
        self.devices: dict[str, DeviceHealth] = {}
        self.words: dict[tuple[str, str], Word] = {}
        """Whose these levels and healths are."""
        self.refused: list[Row] = []
        self.thinned: list[Row] = []
        self.repeated: list[Row] = []
        self.proposals: list[Row] = []
        self.alarms: list[Row] = []
        self._known, self._now_ms, self._unfit = known, now_ms, unfit

    def add(self, batch: Received) -> None:
        """One batch."""
        key = batch.gateway, batch.lane
        before = self.lanes.get(key) or self._known.lanes.get(key) or lanes.nothing()
        after = lanes.copy(before)
        taken, again, measured, refused = take(batch, after.held, self._now_ms, self._unfit)
        self.lanes[key] = after._replace(
            applied=after.applied + len(taken.numbered),
            refused=after.refused + len(refused),
            duplicates=after.duplicates + taken.duplicates,
            last_ms=self._now_ms,
            told=self._known.told.get(key, after.told),
        )
        self.measured += measured
        outdated = self._sort(batch.gateway, taken.numbered)
        self.applied.append(taken._replace(outdated=frozenset(outdated)))
        self.lanes[key] = lanes.note_holes(before, self.lanes[key], self._now_ms)
        same = {"gateway": batch.gateway, "lane": batch.lane, "at_ms": self._now_ms}
        if again:
            self.repeated.append({**same, "first": min(again), "last": max(again), "count": len(again)})
        if refused:
            blobs = dict(zip(batch.seqs, batch.reports, strict=True))
            self.refused += [{**same, **msgspec.structs.asdict(one), "report": blobs[one.seq]} for one in refused]

    def _sort(self, gateway: str, numbered: Iterable[tuple[int, Report]]) -> list[int]:
        """Each report to its kind: facts as they come, states the last of each; the numbers of those that are not."""
        now_ms, reports, movements = self._now_ms, self.reports, self.movements
        outdated: list[int] = []
        for seq, report in numbered:
            reports.append(report)
            match report:
                case Series():
                    pass  # the history's
                case SlotLevel():
                    if self._is_last("slot", report.slot, Word(gateway, seq, report.at_ms)):
                        self.levels[report.slot] = report
                    else:
                        outdated.append(seq)
                case StockEvent(slot, sku, delta, count, at_ms, confidence, source, heard_ms):
                    times = at_ms, heard_ms, now_ms
                    movements.append(Movement(gateway, seq, slot, sku, delta, count, *times, confidence, source))
                case DeviceHealth():
                    if self._is_last("device", report.device, Word(gateway, seq, report.at_ms)):
                        self.devices[report.device] = report
                    else:
                        outdated.append(seq)
                case TagMove(epc, zone, move, at_ms, device, heard_ms):
                    if seq <= self._anew(gateway):
                        continue
                    tag = self.tags.get((epc, device))
                    # By its number: a reader's clock may be set, and a departure bears the time it was last heard.
                    if tag is None or tag.seq <= seq or tag.gateway != gateway:
                        self.tags[epc, device] = Tag(epc, device, zone, move, at_ms, heard_ms, gateway, seq)
                case Thinned():
                    self._give_up(gateway, report)
                case Proposal():
                    self.proposals.append(self._said(gateway, seq, report))
                case Alarm():
                    self.alarms.append(self._said(gateway, seq, report))
        return outdated

    def _is_last(self, about: str, name: str, word: Word) -> bool:
        """Whether nothing later is known of it; then this is the last word."""
        key = about, name
        held = self.words.get(key) or self._known.words.get(key)
        if held is not None and not word.follows(held):
            return False
        self.words[key] = word
        return True

    def _said(self, gateway: str, seq: int, report: Proposal | Alarm) -> Row:
        return {"gateway": gateway, "seq": seq, "known_ms": self._now_ms, **msgspec.structs.asdict(report)}

    def _anew(self, gateway: str) -> int:
        return max(self.anew.get(gateway, -1), self._known.anew.get(gateway, -1))

    def _give_up(self, gateway: str, report: Thinned) -> None:
        if report.lane == "events" and report.why in BEGUN_ANEW:
            last = self.anew[gateway] = max(report.last, self._anew(gateway))
            self.tags = {key: tag for key, tag in self.tags.items() if tag.gateway != gateway or tag.seq > last}
        key = gateway, report.lane
        state = self.lanes.get(key) or lanes.copy(self._known.lanes.get(key) or lanes.nothing())
        self.lanes[key] = lanes.give_up(state, report.first, report.last)
        self.thinned.append({"gateway": gateway, "known_ms": self._now_ms, **msgspec.structs.asdict(report)})

    def level_rows(self) -> list[Level]:
        """The slots' rows."""
        words = [(self.words["slot", slot], report) for slot, report in self.levels.items()]
        return [
            Level(*msgspec.structs.astuple(report), gateway=gateway, seq=seq) for (gateway, seq, _), report in words
        ]

    def device_rows(self) -> tuple[list[Row], dict[str, list[DeviceGap]]]:
        """The devices' rows, and what their gaps are then."""
        rows, noticed = [], {}
        for device, report in self.devices.items():
            before = self._known.noticed.get(device, [])
            gaps = noticed[device] = completeness.notice(before, report.heard, self._now_ms) if report.heard else []
            gateway, seq, _ = self.words["device", device]
            row = msgspec.structs.asdict(report) | {"gateway": gateway, "seq": seq}
            row |= msgspec.to_builtins({"findings": report.findings, "heard": report.heard, "noticed": gaps})
            rows.append(row)
        return rows, noticed


def take(batch: Received, held: Sequence, now_ms: int, unfit: str = "") -> Taken:
    """What of a batch is new to the lane that has `held`, which holds it from now on. `unfit`: why none of it can be
    taken, where that is known."""
    seqs, lane = batch.seqs, batch.lane
    numbered: list[tuple[int, Report]] = []
    refused: list[Refused] = []
    again: list[int] = []
    measured: list[Report] = []
    in_order = bool(seqs) and seqs[0] > held.top and seqs == [*range(seqs[0], seqs[0] + len(seqs))]
    if in_order:  # as nearly always
        held.add(seqs[0])
        held.ranges[-1][1] = seqs[-1]
    for seq, blob in zip(seqs, batch.reports, strict=True):
        new = in_order or held.add(seq)
        if not new:
            again.append(seq)
        try:
            report = decode(blob)
        except (ValueError, msgspec.DecodeError) as error:
            refused.append(Refused(seq, f"not a report this service knows: {error}"[:300]))
            continue
        if LANE_OF[type(report)] != lane:
            refused.append(Refused(seq, f"it belongs into the lane {LANE_OF[type(report)]}, not {lane}"))
        elif unfit:
            refused.append(Refused(seq, unfit[:300]))
        elif new:
            numbered.append((seq, bounded(report, now_ms)))
        elif type(report) in _MEASURED:
            measured.append(bounded(report, now_ms))
    for_the_first_time = [one for one in refused if one.seq not in {*again}] if again else refused
    return Taken(Applied(numbered, refused, len(again)), again, measured, for_the_first_time)


def bounded(report: Report, now_ms: int) -> Report:
    """A state of things that claims to lie in the future is taken for one of now: it would stand above all that comes
    until then. What happened keeps its time."""
    if type(report) in _STATES and report.at_ms > now_ms + AHEAD_MAX_MS and now_ms > BUILT_MS:
        return msgspec.structs.replace(report, at_ms=now_ms)
    return report


def fold(batches: Listing[Received], known: Known, now_ms: int, unfit: str = "") -> Folding:
    """A group of batches."""
    folding = Folding(known, now_ms, unfit)
    for batch in batches:
        folding.add(batch)
    return folding
