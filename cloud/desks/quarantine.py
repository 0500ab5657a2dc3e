"""What a breach means for the goods: they are found, set aside in the book once, and wait for somebody's signed word.

The dossier and the book are both only ever added to, under keys; so whatever a stop left half done is found at the next
start and done then, and nothing is done twice. A decision is signed in the dossier first and booked after.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from cloud.core.cold_view import ExcursionView, excursion_view
from cloud.core.coldchain import dossier
from cloud.core.coldchain.chamber import Told
from cloud.core.coldchain.dossier import Case, Decision, Line, Step
from cloud.core.coldchain.kinetic import DAY_MS
from cloud.core.coldchain.lying import zones_of
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.refusing import OnDisk, granted, storing
from cloud.desks.scrapping import Scrapping
from cloud.desks.searching import Searching
from cloud.desks.stays import UsedUp
from cloud.stores.books import Books
from cloud.web.desk import NotFound
from cloud.web.roles import Who
from protocols.cold import Storage
from protocols.excursions import Excursion

log = logging.getLogger(__name__)

REMEMBERED_MS = 40 * DAY_MS
"""Excursions of so long ago are known without asking the ledger: whatever is learnt again is younger."""
CASES_MAX = 2_000
"""And so many of those that are done with; the oldest leave first."""
WORDS = {"release": "released", "scrap": "scrapped"}


class Quarantine:
    """The excursions of one site and what was set aside for them."""

    def __init__(
        self,
        book: Bookkeeping,
        books: Books,
        on_disk: OnDisk,
        now_ms: Callable[[], int],
        watched: Mapping[str, Mapping[str, Storage]],
        going: Callable[[str, str], list[Excursion]],
    ) -> None:
        """`going`: (zone, storage) -> the excursions that a room is in now."""
        self.site = book.site
        self._going = going
        self._book, self._books, self._on_disk, self._now_ms = book, books, on_disk, now_ms
        self._watched = watched
        """Zone -> the ways of keeping goods that are watched there."""
        zones = zones_of(self.site)
        self._scrapping = Scrapping(book, zones, now_ms)
        self._cases: dict[int, Case] = {}
        self._heard: list[tuple[str, Told]] = []
        """What became of rooms, and is not in the dossier yet."""
        self._searching = Searching(book, books, zones, self._cases, self._add)
        self._deciding = asyncio.Lock()

    def load(self) -> None:
        """What the dossier has of the last weeks, and all that waits."""
        steps = self._books.cold_steps(from_ms=max(0, self._now_ms() - REMEMBERED_MS))
        for number in self._books.cold_waiting() - {one.excursion or one.id for one in steps}:
            steps += self._books.cold_steps_of(number)
        self._cases.clear()
        self._cases.update(folded(steps))
        self._heard.clear()
        self._searching.begin()

    def hear(self, zone: str, told: Told) -> None:
        """What became of a room."""
        self._heard.append((zone, told))

    async def tick(self, now_ms: int) -> None:
        """Write what was heard into the dossier, set aside what lay there, book what was decided."""
        async with self._deciding:
            while self._heard:
                zone, told = self._heard[0]
                case = dossier.same(self._cases.values(), zone, told.storage, told.excursion)
                await self._add(dossier.steps_of(case, zone, told.storage, told.excursion, now_ms))
                self._heard.pop(0)
            for case in [*self._cases.values()]:
                if not case.ended_ms and case.storage not in self._watched.get(case.zone, {}):
                    await self._add([dossier.left(case, now_ms)])
                self._now(case)
                if case.kind == "breach" and (not case.ended_ms or not case.searched):
                    await self._searching.search(case, now_ms)
                if any(one.decision and not one.booked for one in case.lines):
                    await self._settle(case)
            self._forget()

    async def used_up(self, one: UsedUp, now_ms: int) -> None:
        """A lot used up a budget of its own, its kinetic mean or its shelf life: a case of its own. After somebody's
        word about it there is another one when as much as the whole budget was used up again, or when it is too warm
        still after another window of the mean."""
        key = f"{one.zone}/{one.storage}/{one.why}/{one.sku}/{one.lot}/{one.since_ms}"
        async with self._deciding:
            near = [case for case in self._cases.values() if (case.zone, case.storage) == (one.zone, one.storage)]
            mine = [case for case in near if (case.sku, case.lot, case.why) == (one.sku, one.lot, one.why)]
            mine = [case for case in mine if case.began_ms == one.since_ms]
            there = [case for case in near if not case.sku and (not case.ended_ms or case.ended_ms > one.since_ms)]
            far = [case.peak_c for case in there if case.side == one.side]
            peak_c = (max if one.side > 0 else min)(far, default=0.0) if one.budget_ms else one.peak_c
            for case in mine:
                if case.state == "open":
                    case.outside_ms, case.peak_c = one.outside_ms, peak_c
                    return
            if mine and one.mean_ms:
                decided = [line.decided_ms for case in mine for line in case.lines]
                if now_ms - max(decided, default=now_ms) < one.mean_ms:
                    return
                key += f"/{len(mine) + 1}"
            elif mine:
                signed = [line.signed_ms for case in mine for line in case.lines]
                known_ms = max([one.budget_ms, *signed, *(case.outside_ms for case in mine)])
                if not one.budget_ms or one.outside_ms < known_ms + one.budget_ms:
                    return
                key += f"/{len(mine) + 1}"
            body = {
                "kind": "breach",
                "why": one.why,
                "breach_ms": now_ms,
                "ended_ms": now_ms,
                "sku": one.sku,
                "lot": one.lot,
                "side": one.side,
                "peak_c": peak_c,
                "outside_ms": one.outside_ms,
            }
            await self._add([Step(one.zone, one.storage, "began", one.since_ms, now_ms, key, body=body)])

    def by_room(self) -> dict[tuple[str, str], list[Case]]:
        """(zone, storage) -> its cases."""
        found: dict[tuple[str, str], list[Case]] = {}
        for one in self._cases.values():
            found.setdefault((one.zone, one.storage), []).append(one)
        return found

    def released(self) -> set[tuple[str, str]]:
        """SKU and lot of those that were set aside for their age, and are fit all the same: somebody signed for it."""
        return {
            (one.sku, one.lot)
            for one in self._cases.values()
            if one.why == "aged" and any(line.decision == "release" for line in one.lines)
        }

    async def excursions(self, zone: str, from_ms: int, to_ms: int) -> list[ExcursionView]:
        """Those that began within a span, newest first."""
        with storing():
            steps = await asyncio.to_thread(self._books.cold_steps, zone or None, from_ms, to_ms)
        found = sorted(folded(steps).values(), key=lambda one: -one.began_ms)
        return [excursion_view(self._now(one)) for one in found]

    async def excursion(self, number: int) -> ExcursionView:
        """One of them. Raises `NotFound`."""
        return excursion_view(self._now(await self._case(number)))

    async def decide(
        self, number: int, decision: Decision, wanted: Sequence[int], who: Who, comment: str
    ) -> ExcursionView:
        """A person signs for lots that a breach set aside; said again by the same person it changes nothing."""
        async with self._deciding:
            case, now_ms = self._now(await self._case(number)), self._now_ms()
            lines = granted(dossier.decide(case, wanted, decision, who.name, comment.strip(), WORDS))
            said = {"decision": decision, "peak_c": case.peak_c, "outside_ms": case.outside_ms}
            steps = [
                Step(
                    case.zone, case.storage, "decided", now_ms, now_ms, f"{number}/decided/{line}", number, who.name,
                    who.role, comment.strip(), {**said, "line": line},
                )
                for line in lines
            ]  # fmt: skip
            if steps and not await self._add(steps):
                granted(dossier.decide(case, wanted, decision, who.name, comment.strip(), WORDS))
            if steps:
                self._cases[number] = case
                await self._settle(case)
            return excursion_view(case)

    def _now(self, case: Case) -> Case:
        """The case; while its room is outside, with how far and how long by now."""
        if case.ended_ms or case.sku:
            return case
        for now in self._going(case.zone, case.storage):
            if dossier.same([case], case.zone, case.storage, now) is not None:
                case.peak_c, case.outside_ms = now.peak_c, now.outside_ms
        return case

    async def _case(self, number: int) -> Case:
        if (known := self._cases.get(number)) is not None:
            return known
        with storing():
            steps = await asyncio.to_thread(self._books.cold_steps_of, number)
        if not steps:
            raise NotFound(f"there is no excursion {number}", "the list shows all there are")
        return self._cases.setdefault(number, folded(steps)[number])

    async def _add(self, steps: list[Step]) -> bool:
        """Add steps to the dossier; whether all were new. What was there already is known from then on, too."""
        if not steps:
            return True
        with storing():
            made: list[tuple[Step, bool]] = await self._on_disk(self._books.add_cold, steps)
        for one, new in made:
            number = one.excursion or one.id
            if new and (not one.excursion or number in self._cases):
                dossier.fold(self._cases, one)
            elif not new:  # this or another run of the service wrote it, and perhaps more
                with storing():
                    every = await asyncio.to_thread(self._books.cold_steps_of, number)
                self._cases[number] = folded(every)[number]
        return all(new for _, new in made)

    async def _settle(self, case: Case) -> None:
        """Book what was decided. What the book does not take is said in the log, and stands as it is there. An article
        that left the site file has no account: what was decided about it is booked if it comes again."""
        for line in case.lines:
            if line.decision and not line.booked and line.sku in self.site.sku_by_id:
                async with self._book.turn(line.sku):
                    await self._add(await self._scrapping.settle(case, line, self._word(case, line)))

    @staticmethod
    def _word(case: Case, line: Line) -> str:
        return next((one.comment for one in reversed(case.signatures) if line.number in one.lines), "")

    def _forget(self) -> None:
        done = [one.number for one in self._cases.values() if one.ended_ms and (one.searched or one.kind != "breach")]
        done = [one for one in done if self._cases[one].state != "open"]
        done = [one for one in done if all(line.booked for line in self._cases[one].lines)]
        for number in done[: max(0, len(done) - CASES_MAX)]:
            del self._cases[number]


def folded(steps: Iterable[Step]) -> dict[int, Case]:
    """The cases that steps amount to."""
    cases: dict[int, Case] = {}
    for step in steps:
        dossier.fold(cases, step)
    return cases
