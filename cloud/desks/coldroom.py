"""The cold rooms of a site: what their thermometers told, folded as it comes, kept, learnt again where it came late.

The fold goes forward only. At a start it goes on from what was kept, by what the history has since; where a backlog
comes behind newer samples, from the last checkpoint before it. What was found on the way is the same as if all had come
in its turn, so excursions of which the dossier knows are not told twice.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from cloud.core.cold_view import ExcursionView, ExposureView, RoomView, room_view
from cloud.core.coldchain import rooms
from cloud.core.coldchain.aside import Aside, aside
from cloud.core.coldchain.chamber import Chamber, Past, State, Told, own_storage
from cloud.core.coldchain.dossier import same
from cloud.core.coldchain.kinetic import DAY_MS
from cloud.core.coldchain.lying import zones_of
from cloud.core.coldchain.report import Asked
from cloud.core.coldchain.rooms import RoomNow
from cloud.core.coldchain.silence import watched_ms
from cloud.core.coldchain.thermometers import AHEAD_MS
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.quarantine import Quarantine
from cloud.desks.refusing import OnDisk, storing
from cloud.desks.reporting import Reporting
from cloud.desks.stays import Stays
from cloud.stores.books import Books
from cloud.stores.cold import Stayed
from cloud.stores.history import TIME_MAX_MS, History, HistoryUnavailable
from cloud.web.roles import Who
from protocols.cold import Storage
from protocols.excursions import Excursion
from protocols.layout import Site
from protocols.reports import Report, Series

log = logging.getLogger(__name__)
Kind = TypeVar("Kind", State, Past)

DOOR = "door_open"
KEPT_EVERY_MS = JUDGED_EVERY_MS = 60_000
"""So often is kept what changed, and looked whether a lot used up what it bears."""
CALM_MS = 3_000
"""A backlog has ended when nothing of it came for so long."""
LEARN_MS = 30 * DAY_MS
"""A way of keeping goods that is new is learnt from so much of the history."""
STEP_MS = 7 * DAY_MS
AGAIN_MS = 10_000
"""What could not be learnt is tried again after so long."""


class Coldroom:
    """The cold rooms of one site. `history` may be given later, before `load`."""

    def __init__(
        self,
        book: Bookkeeping,
        books: Books,
        on_disk: OnDisk,
        now_ms: Callable[[], int],
        history: History | None = None,
    ) -> None:
        self.site = book.site
        self.history = history
        self.acted: Callable[[], None] = lambda: None
        """Called when somebody signed for lots: all are to see it at once."""
        self.chambers: dict[str, Chamber] = {}
        self._books, self._on_disk, self._now_ms, self._book = books, on_disk, now_ms, book
        self.storages: Mapping[str, Mapping[str, Storage]] = storages_of(self.site)
        self._zone_of = thermometers_of(self.site)
        self._place_of = {one.id: one.zone for one in self.site.devices}
        self.quarantine = Quarantine(book, books, on_disk, now_ms, self.storages, self._going)
        self.reporting = Reporting(self, book, books, now_ms)
        self.stays = Stays(book, books, on_disk, now_ms, self.chambers, self.storages)
        self._late: dict[str, tuple[int, int]] = {}
        """Zone -> the earliest of what came too late, and when the last of it came."""
        self._start: dict[str, set[str]] = {}
        """Zones that are still to be brought up to now, each with the storages that are new there."""
        self._doors: defaultdict[str, set[str]] = defaultdict(set)
        """Zone -> the series of its doors' contacts, as far as they were heard."""
        self._meanwhile: dict[str, list[Series]] = {}
        """What was heard of zones that are being learnt."""
        self._again_ms = self._kept_ms = self._judged_ms = 0
        self._changed: set[str] = set()
        self._marked: dict[str, int] = {}

    def load(self) -> None:
        """What was kept. In the thread of the caller; what came since is learnt with the first tick."""
        now_ms = self._now_ms()
        for zone, storages in self.storages.items():
            chamber = Chamber(
                self._kept(f"cold:{zone}", State) or State(), self._kept(f"cold-past:{zone}", Past) or Past()
            )
            if chamber.past.marks.keys() != chamber.state.kept.keys():
                chamber = Chamber()
            new = chamber.furnish(storages, now_ms)
            chamber.state.thermometers.waiting.clear()
            self.chambers[zone] = chamber
            self._start[zone] = new
        self.quarantine.load()
        self.stays.load()

    def hear(self, reports: Iterable[Report], now_ms: int) -> None:
        """What thermometers and doors told; the history has it already."""
        for one in reports:
            if type(one) is Series and one.quantity == DOOR and one.device in self._place_of:
                self._doors[self._place_of[one.device]].add(f"{one.device}/{one.channel}/{DOOR}")
            elif type(one) is Series and one.quantity == "temperature_c" and one.device in self._zone_of:
                zone = self._zone_of[one.device]
                if zone in self._meanwhile:
                    self._meanwhile[zone].append(one)
                elif zone in self.chambers and zone not in self._start:
                    self._take(zone, one, now_ms)

    async def tick(self, now_ms: int) -> None:
        """Learn what is to be learnt, fold what is in its place, do what follows from it, and keep it."""
        for zone in [*self._start] if now_ms >= self._again_ms else []:
            await self._learn(zone, now_ms)
        for zone in [zone for zone, (_, heard_ms) in self._late.items() if now_ms - heard_ms >= CALM_MS]:
            await self._learn(zone, now_ms)
        for zone, chamber in self.chambers.items():
            if zone not in self._start:
                self._tell(zone, chamber.advance(now_ms))
        await self.quarantine.tick(now_ms)
        await self.stays.tick(now_ms)
        if now_ms - self._judged_ms >= JUDGED_EVERY_MS:
            for worn in self.stays.used_up(now_ms):
                await self.quarantine.used_up(worn, now_ms)
            self.stays.date(self.quarantine.released(), now_ms)
            self._judged_ms = now_ms
        if now_ms - self._kept_ms >= KEPT_EVERY_MS:
            await self.keep()
            self._kept_ms = now_ms

    async def keep(self) -> None:
        """Store what has changed; what can not be stored stays marked."""
        for zone in [*self._changed]:
            chamber = self.chambers[zone]
            state = msgspec.msgpack.encode(chamber.state)
            marked = max((one.at_ms[-1] for one in chamber.past.marks.values() if one.at_ms), default=0)
            past = msgspec.msgpack.encode(chamber.past) if marked != self._marked.get(zone) else None
            with storing():
                if past is not None:
                    await self._on_disk(self._books.keep, f"cold-past:{zone}", past)
                    self._marked[zone] = marked
                await self._on_disk(self._books.keep, f"cold:{zone}", state)
            self._changed.discard(zone)
        await self.stays.keep()

    def _going(self, zone: str, storage: str) -> list[Excursion]:
        kept = self.chambers[zone].state.kept.get(storage) if zone in self.chambers else None
        return kept.course.going if kept is not None else []

    def rooms(self) -> list[RoomNow]:
        """Every room as the rules see it."""
        now_ms, lots, cases = self._now_ms(), self.stays.lots(), self.quarantine.by_room()
        found = []
        for zone, chamber in self.chambers.items():
            for name, kept in chamber.state.kept.items():
                mine, now = cases.get((zone, name), []), kept.course.now
                case = same(mine, zone, name, now) if now is not None else None
                number = case.number if case is not None else 0
                waiting = sum(not line.decision for one in mine for line in one.lines)
                found.append(rooms.room(zone, name, kept, now_ms, lots.get((zone, name), 0), number, waiting))
        return found

    def aside(self) -> list[Aside]:
        """What waits for somebody's signed word, by zone."""
        return aside(one for cases in self.quarantine.by_room().values() for one in cases)

    def watched(self) -> dict[str, int]:
        """Zone -> until when it counts as watched, by what its thermometers told last (ms)."""
        return {zone: watched_ms(one.state.thermometers) for zone, one in self.chambers.items()}

    def shown(self) -> list[RoomView]:
        """Every room as people see it."""
        series = self.series_of()
        return [
            room_view(
                one, self.chambers[one.zone].state.kept[one.storage], series[one.zone], sorted(self._doors[one.zone])
            )
            for one in self.rooms()
        ]

    def series_of(self) -> dict[str, list[str]]:
        """Zone -> the names of its thermometers' series in the history, as far as they were heard."""
        return {zone: sorted(one.state.thermometers.newest) for zone, one in self.chambers.items()}

    async def excursions(self, zone: str, from_ms: int, to_ms: int) -> list[ExcursionView]:
        """See `cloud.web.cold.Desk`."""
        return await self.quarantine.excursions(zone, from_ms, to_ms)

    async def excursion(self, number: int) -> ExcursionView:
        """See `cloud.web.cold.Desk`."""
        return await self.quarantine.excursion(number)

    def exposures(self, sku: str) -> list[ExposureView]:
        """See `cloud.web.cold.Desk`."""
        return self.stays.exposures(sku)

    def stayed(self, sku: str, lot: str) -> list[Stayed]:
        """Where a lot is, as if it left now."""
        return self.stays.past(sku, lot)

    async def decide(self, number: int, release: bool, lines: list[int], who: Who, comment: str) -> ExcursionView:
        """See `cloud.web.cold.Desk`."""
        decided = await self.quarantine.decide(number, "release" if release else "scrap", lines, who, comment)
        self.stays.date(self.quarantine.released(), self._now_ms())
        self.acted()
        return decided

    async def report(self, asked: Asked) -> tuple[bytes, str, str]:
        """See `cloud.web.cold.Desk`."""
        return await self.reporting.written(asked)

    def _take(self, zone: str, report: Series, now_ms: int) -> None:
        series = f"{report.device}/{report.channel}/{report.quantity}"
        samples = (
            (report.at_ms + offset, value) for offset, value in zip(report.offsets_ms, report.values, strict=True)
        )
        late = self.chambers[zone].hear(series, samples, now_ms)
        if late is not None:
            self._late[zone] = (min(late, self._late.get(zone, (late, 0))[0]), now_ms)
        self._changed.add(zone)

    def _tell(self, zone: str, told: list[Told]) -> None:
        kept = self.chambers[zone].state.kept
        for one in told:
            ended_ms = one.excursion.ended_ms
            if one.storage in kept and not (ended_ms and ended_ms < kept[one.storage].since_ms):
                self.quarantine.hear(zone, one)
        if told:
            self._changed.add(zone)

    async def _learn(self, zone: str, now_ms: int) -> None:
        """Bring a room up to now by the history: from where it stands, what is new there from long before; or all of it
        from before what came too late."""
        new = self._start.get(zone)
        self._meanwhile[zone] = []
        from_ms: dict[str, int] = {}
        try:
            if new is None:
                from_ms = await self._relearn(zone)
            else:
                every = self.chambers[zone].state.kept.keys()
                for names in [part for part in (every - new, new) if part]:
                    from_ms |= await self._begin(zone, {*names}, names == new, now_ms)
        except HistoryUnavailable as error:
            log.warning("history: %s; cold room %s is learnt later", error, zone)
            self._again_ms = now_ms + AGAIN_MS
            return
        finally:
            heard = self._meanwhile.pop(zone)
        self._start.pop(zone, None)
        self._changed.add(zone)
        self._marked.pop(zone, None)
        self.stays.learnt(zone, from_ms)
        for report in heard:
            self._take(zone, report, now_ms)

    async def _begin(self, zone: str, names: set[str], new: bool, now_ms: int) -> dict[str, int]:
        """From when on each storage is learnt."""
        chamber = self.chambers[zone]
        base = chamber.fresh() if new else chamber.copy()
        from_ms = base.upto_ms
        told = await self._fold(zone, base, max(base.upto_ms + 1, now_ms - LEARN_MS, 0), now_ms + AHEAD_MS)
        if new:
            chamber.adopt(base, names)
        else:
            self.chambers[zone] = base
        self._tell(zone, [one for one in told if one.storage in names])
        return dict.fromkeys(names, from_ms)

    async def _relearn(self, zone: str) -> dict[str, int]:
        """From when on each storage is learnt again."""
        late_ms, heard_ms = self._late.pop(zone)
        if self.history is None:
            return {}  # there is nothing to learn it from
        chamber = self.chambers[zone]
        base = chamber.back_to(late_ms)
        if base is None:
            log.warning("cold room %s: what came of %d is older than all that is kept of it", zone, late_ms)
            return {}
        from_ms = base.upto_ms
        try:
            told = await self._fold(zone, base, base.upto_ms + 1, chamber.upto_ms)
        except HistoryUnavailable:
            self._late.setdefault(zone, (late_ms, heard_ms + AGAIN_MS))
            raise
        base.state.thermometers.waiting = chamber.state.thermometers.waiting
        self.chambers[zone] = base
        self._tell(zone, told)
        return dict.fromkeys(base.state.kept, from_ms)

    async def _fold(self, zone: str, base: Chamber, from_ms: int, until_ms: int) -> list[Told]:
        """What came of each excursion by what the history has. In a thread of its own: some weeks of samples take a
        moment, and receipts must not wait for it."""
        pins = self.stays.pins(zone)
        told = await asyncio.to_thread(lambda: base.learn(self.samples(zone, from_ms, until_ms), pins))
        last = {(one.storage, one.excursion.began_ms, one.excursion.why == "kinetic"): one for one in told}
        return [*last.values()]

    def samples(self, zone: str, from_ms: int, until_ms: int) -> Iterator[tuple[int, str, float]]:
        """What the history has of a zone's thermometers, in the order of time; nothing where there is no history.
        Raises `HistoryUnavailable`, while it is read."""
        if self.history is None:
            return iter(())
        every = self.history.series()
        doors = [one for one in every if one.endswith(f"/{DOOR}")]
        self._doors[zone] |= {one for one in doors if self._place_of.get(one.partition("/")[0]) == zone}
        names = [one for one in every if one.endswith("/temperature_c")]
        names = [one for one in names if self._zone_of.get(one.partition("/")[0]) == zone]
        return heapq.merge(*(self._series(name, from_ms, until_ms) for name in names))

    def _series(self, name: str, from_ms: int, until_ms: int) -> Iterator[tuple[int, str, float]]:
        assert self.history is not None
        while from_ms <= until_ms:
            to_ms = min(from_ms + STEP_MS, until_ms + 1, TIME_MAX_MS)
            for at_ms, value in zip(*self.history.read(name, from_ms, to_ms), strict=True):
                yield at_ms, name, value
            from_ms = to_ms

    def _kept(self, key: str, kind: type[Kind]) -> Kind | None:
        blob = self._books.kept(key)
        try:
            return msgspec.msgpack.decode(blob, type=kind) if blob else None
        except msgspec.ValidationError as error:
            log.warning("%s: what was kept can not be read, it is learnt again: %s", key, error)
            return None


def storages_of(site: Site) -> dict[str, dict[str, Storage]]:
    """Zone -> how goods are kept there: as the zone is, and as the articles that lie there are. Where nothing says so,
    under "" the zone's own limits. Of zones that have a thermometer."""
    known, places = site.storage_by_id, zones_of(site)
    found: dict[str, dict[str, Storage]] = {}
    watched = {*thermometers_of(site).values()}
    cooled = {one.zone for one in site.devices if one.role == "refrigerator"}
    for zone in site.zones:
        names = {one.storage for one in site.skus if one.storage and zone.id in places[one.id]}
        if zone.storage:
            names.add(zone.storage)
        storages = {name: known[name] for name in sorted(names)}
        own = own_storage(zone.min_c, zone.max_c, zone.id in cooled)
        if own is not None and not storages:
            storages[""] = own
        if storages and zone.id in watched:
            found[zone.id] = storages
    return found


def thermometers_of(site: Site) -> dict[str, str]:
    """Device -> zone, of those whose temperature is that of the air of their zone."""
    return {one.id: one.zone for one in site.devices if one.kind == "climate" or one.role == "refrigerator"}
