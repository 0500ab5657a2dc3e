"""What a breach means for the goods: they are found, set aside in the book once, and wait for somebody's signed word.

The dossier and the book are both only ever added to, under keys; so whatever a stop left half done is found at the next
start and done then, and nothing is done twice. A decision is signed in the dossier first and booked after.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from cloud.core.book.entries import Entry, Sensed
from cloud.core.book.state import Account
from cloud.core.cold_view import ExcursionView, excursion_view
from cloud.core.coldchain import dossier
from cloud.core.coldchain.chamber import Told
from cloud.core.coldchain.dossier import Case, Decision, Line, Step
from cloud.core.coldchain.kinetic import DAY_MS, MINUTE_MS
from cloud.core.coldchain.lying import There, lying, to_set_aside, zones_of
from cloud.core.purchasing.needs import BY
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.refusing import OnDisk, granted, storing
from cloud.desks.scrapping import Scrapping
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
PAGE = 1_000
WORDS = {"release": "released", "scrap": "scrapped"}
REF = "cold:"


class Quarantine:
    """The excursions of one site and what was set aside for them."""

    def __init__(
        self,
        book: Bookkeeping,
        books: Books,
        on_disk: OnDisk,
        now_ms: Callable[[], int],
        watched: Mapping[str, Mapping[str, Storage]],
        going: Callable[[str, str], Excursion | None],
    ) -> None:
        """`going`: (zone, storage) -> the excursion that a room is in now."""
        self.site = book.site
        book.held = self.held
        self._going = going
        self._book, self._books, self._on_disk, self._now_ms = book, books, on_disk, now_ms
        self._watched = watched
        """Zone -> the ways of keeping goods that are watched there."""
        self._zones = zones_of(self.site)
        self._scrapping = Scrapping(book, self._zones, now_ms)
        self._cases: dict[int, Case] = {}
        self._heard: list[tuple[str, Told]] = []
        """What became of rooms, and is not in the dossier yet."""
        self._resumed: set[int] = set()
        """Breaches of which the entries in the book were looked for since the start."""
        self._came: dict[tuple[str, str, int], tuple[tuple[int, int, int], int]] = {}
        """(SKU, lot, moment) -> the last fact that was read, and the units that came since the moment."""
        self._deciding = asyncio.Lock()

    def load(self) -> None:
        """What the dossier has of the last weeks, and all that waits."""
        steps = self._books.cold_steps(from_ms=max(0, self._now_ms() - REMEMBERED_MS))
        for number in self._books.cold_waiting() - {one.excursion or one.id for one in steps}:
            steps += self._books.cold_steps_of(number)
        self._cases, self._heard = folded(steps), []
        self._resumed.clear()

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
                    await self._search(case, now_ms)
                if any(one.decision and not one.booked for one in case.lines):
                    await self._settle(case)
            self._forget()

    async def used_up(self, one: UsedUp, now_ms: int) -> None:
        """A lot used up a budget of its own, or its shelf life: a case of its own. After somebody's word about it there
        is another one when as much as the whole budget was used up again."""
        key = f"{one.zone}/{one.storage}/{one.why}/{one.sku}/{one.lot}/{one.since_ms}"
        async with self._deciding:
            near = [case for case in self._cases.values() if (case.zone, case.storage) == (one.zone, one.storage)]
            mine = [case for case in near if (case.sku, case.lot, case.why) == (one.sku, one.lot, one.why)]
            mine = [case for case in mine if case.began_ms == one.since_ms]
            there = [case for case in near if not case.sku and (not case.ended_ms or case.ended_ms > one.since_ms)]
            far = [case.peak_c for case in there if case.side == one.side]
            peak_c = (max if one.side > 0 else min)(far, default=0.0) if one.budget_ms else 0.0
            for case in mine:
                if case.state == "open":
                    case.outside_ms, case.peak_c = one.outside_ms, peak_c
                    return
            if mine:
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

    def held(self, sku: str) -> dict[str, int]:
        """Lot -> its units that are in quarantine for a breach, until somebody's word about them is booked."""
        found: dict[str, int] = {}
        for case in self._cases.values():
            for line in case.lines:
                if line.sku == sku and line.units and not line.booked:
                    found[line.lot] = found.get(line.lot, 0) + line.units
        aside = self._book.account(sku).aside if found else {}
        return {lot: min(units, aside.get(lot, 0)) for lot, units in found.items()}

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
        now = self._going(case.zone, case.storage)
        if now is not None and dossier.same([case], case.zone, case.storage, now) is not None:
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

    async def _search(self, case: Case, now_ms: int) -> None:
        """Find the lots that lie there and are not set aside yet, and those that were set aside before a stop."""
        for sku in self.site.skus:
            if sku.storage == case.storage and case.zone in self._zones[sku.id] and case.sku in ("", sku.id):
                await self._set_aside(case, sku.id, sku.zone, now_ms)
        self._resumed.add(case.number)
        if not case.searched:
            key = f"{case.number}/searched"
            await self._add([Step(case.zone, case.storage, "searched", now_ms, now_ms, key, case.number)])

    async def _set_aside(self, case: Case, sku: str, home: str, now_ms: int) -> None:
        number, slots = case.number, self._zones[sku]
        async with self._book.turn(sku):
            steps: list[Step] = []
            if number not in self._resumed:
                lost = await self._lost(case, sku)
                steps += [self._aside(case, len(steps), one, 0) for one in lost]
                await self._add(steps)
                case = self._cases[number]
            account = self._book.account(sku)
            there = lying(account, slots, home).get(case.zone)
            mine = [one for one in case.lines if one.sku == sku]
            gone = 0 if case.searched or mine or case.sku else await self._gone(case, sku, slots, home)
            if there is None:
                if gone:
                    await self._add([self._aside(case, 0, Entry("quarantine", sku, 0, now_ms, now_ms), gone)])
                return
            had = sum(one.units for one in mine if not one.decision)
            if case.lot:  # of which it is known what it went through, wherever it lies
                there = There(there.units, {case.lot: account.batches.units.get(case.lot, 0)})
            for lot, units in to_set_aside(account, there, had):
                units = await self._meant(case, account, lot, units, [one for one in mine if one.lot == lot])
                if units <= 0:
                    continue
                count = sum(one.lot == lot for one in mine) + 1
                note = f"{case.zone}: breach {number} ({case.why})"
                key = f"cold:{number}:{sku}:{lot}:{count}"
                ref = f"{REF}{number}"
                entry = Entry("quarantine", sku, units, now_ms, now_ms, lot=lot, ref=ref, by=BY, note=note, key=key)
                await self._book.fit(entry)
                [stored] = await self._book.store([entry])
                await self._add([self._aside(case, 0, stored, gone)])
                gone = 0
            if gone:
                await self._add([self._aside(case, 0, Entry("quarantine", sku, 0, now_ms, now_ms), gone)])

    async def _meant(self, case: Case, account: Account, lot: str, units: int, before: list[Line]) -> int:
        """How many of these units the breach is about: those that lay there while it lasted, and about which nobody
        has decided yet, or not about a breach that went so far."""
        if case.ended_ms and lot and not case.lot:
            there = account.batches.units.get(lot, 0) - account.aside.get(lot, 0)
            units = min(units, there - await self._since(account, lot, case.ended_ms))
        decided = [one for one in before if one.decision]
        if not decided:
            return units
        last = max(decided, key=lambda one: one.decided_ms)
        if last.decision == "scrap":  # what is there once that is lost came after
            return units if all(one.booked for one in decided) else 0
        kept = self.site.storage_by_id.get(case.storage)
        borne_ms = round((kept.excursion_minutes or 0.0) * MINUTE_MS) if kept is not None else 0
        if dossier.worse(case, last, borne_ms):
            return units
        again = sum(one.units for one in before if one.at_ms > last.decided_ms)
        return min(units, await self._since(account, lot, last.decided_ms) - again)

    async def _since(self, account: Account, lot: str, at_ms: int) -> int:
        """Units of a lot that came after a moment; what has no lot's name may all have been there before."""
        key, last = (account.sku, lot, at_ms), account.last
        if not lot:
            return 0
        if self._came.get(key, (None, 0))[0] != last:

            def read() -> int:
                facts = self._books.facts(account.sku, from_ms=at_ms + 1)
                return sum(one.units for one in facts if _comes(one, lot) and one.id not in self._book.gone)

            if len(self._came) > CASES_MAX:
                self._came.clear()
            with storing():
                self._came[key] = last, await asyncio.to_thread(read)
        return self._came[key][1]

    def _aside(self, case: Case, more: int, entry: Entry, gone: int) -> Step:
        body = {"sku": entry.sku, "lot": entry.lot, "units": entry.units, "gone": gone, "entry": entry.id}
        key = f"{case.number}/aside/{entry.sku}/{entry.id}"
        at_ms = entry.happened_ms
        return Step(case.zone, case.storage, "aside", at_ms, entry.known_ms, key, case.number, BY, body=body)

    async def _lost(self, case: Case, sku: str) -> list[Entry]:
        """What the book has set aside for a breach and the dossier does not know of: a stop came in between."""
        known, ref = {one.entry for one in case.lines}, f"{REF}{case.number}"

        def read() -> list[Entry]:
            found, after = [], 0
            while page := self._books.entries(sku, from_ms=case.breach_ms or None, after_id=after, limit=PAGE):
                found += [one for one in page if one.ref == ref and one.kind == "quarantine" and one.units > 0]
                after = page[-1].id
            return [one for one in found if one.id not in known and one.id not in self._book.gone]

        with storing():
            return await asyncio.to_thread(read)

    async def _gone(self, case: Case, sku: str, slots: dict[str, list[str]], home: str) -> int:
        """Units that left the room after the breach and before it was known."""
        places = {*slots.get(case.zone, ())}
        off = (home or (next(iter(slots)) if len(slots) == 1 else "")) == case.zone

        def read() -> int:
            found = 0
            after: dict[str, int] = {}
            for one in self._books.facts(sku, from_ms=case.breach_ms):
                lot = one.lot or one.expiry if type(one) is not Sensed else ""
                if case.ended_ms and one.happened_ms > case.ended_ms and _comes(one, lot):
                    after[lot] = after.get(lot, 0) + one.units
                elif one.units < 0 and after.get(lot, 0) >= -one.units:
                    after[lot] += one.units  # it came when all was over, and left
                    continue
                seen = type(one) is Sensed and one.kind == "pick" and one.place in places
                told = off and type(one) is not Sensed and not one.place and one.kind in ("pick", "transfer", "loss")
                if (seen or told) and one.units < 0 and one.id not in self._book.gone:
                    found -= one.units
            return found

        with storing():
            return await asyncio.to_thread(read)

    async def _settle(self, case: Case) -> None:
        """Book what was decided. What the book does not take is said in the log, and stands as it is there."""
        for line in case.lines:
            if line.decision and not line.booked:
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


def _comes(one: Entry, lot: str) -> bool:
    """Whether units of a lot come to the site by a fact."""
    said = type(one) is not Sensed and one.kind not in ("quarantine", "count") and one.units > 0
    return said and bool(lot) and (one.lot or one.expiry) == lot


def folded(steps: Iterable[Step]) -> dict[int, Case]:
    """The cases that steps amount to."""
    cases: dict[int, Case] = {}
    for step in steps:
        dossier.fold(cases, step)
    return cases
