"""How the book is told what was decided about goods that a breach set aside: given back, or booked as a loss.

What lies off the shelves is lost at once. What lies in a slot is there until somebody takes it off: the loss is told of
the slot, and the goods stay in quarantine until its scale saw them leave, however long that takes. What is not there
any more is said to be missing, and waits for nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from cloud.core.book.aside import waiting
from cloud.core.book.entries import Entry
from cloud.core.coldchain.dossier import Case, Line, Step
from cloud.desks.bookkeeping import Bookkeeping
from cloud.web.desk import Refused

log = logging.getLogger(__name__)


class Scrapping:
    """The entries of decisions. Called within the turn of the SKU; all are known by their keys."""

    def __init__(
        self, book: Bookkeeping, zones: Mapping[str, Mapping[str, list[str]]], now_ms: Callable[[], int]
    ) -> None:
        self._book, self._zones, self._now_ms = book, zones, now_ms

    async def settle(self, case: Case, line: Line, comment: str) -> list[Step]:
        """Enter what was decided about a line, as far as that can be now; the steps that say so."""
        if line.told:
            return await self._seen(case, line, comment)
        told: dict[str, int] = {}
        left = line.units
        if line.decision == "release":
            left -= await self._give_back(case, line, comment)
        else:
            off, told, slots = await self._scrap(case, line, comment)
            left -= off + slots
        await self._strike(case, line, left, comment, "gone")
        body: dict[str, object] = {"missing": left} if left else {}
        if not told:
            return [self._step(case, line, "booked", body)]
        return [self._step(case, line, "told", {"entries": told, **body})]

    async def _give_back(self, case: Case, line: Line, comment: str) -> int:
        """Book that the units of a line which are there are free again: how many."""
        key = self._key(case, line, "release")
        if (known := await self._book.known_by(key)) is not None:
            return -known.units
        units = min(line.units, self._here(line))
        entered = await self._enter([self._entry(case, line, "quarantine", -units, comment, key)]) if units else []
        return units if entered else 0

    async def _strike(self, case: Case, line: Line, units: int, comment: str, why: str) -> None:
        """Units of which the word is signed, and that are not there: nobody waits for them any more."""
        key = self._key(case, line, why)
        if units > 0 and await self._book.known_by(key) is None:
            await self._enter([self._entry(case, line, "quarantine", -units, comment, key)])

    def _here(self, line: Line) -> int:
        """Units of a line that are there."""
        return waiting(self._book.account(line.sku)).get(line.lot, 0)

    async def _scrap(self, case: Case, line: Line, comment: str) -> tuple[int, dict[str, int], int]:
        """Book the loss of what is there of a line, at once of what lies off the shelves, the rest slot by slot: how
        many units off them; slot -> its entry; and how many units these say."""
        account, zones = self._book.account(line.sku), self._zones[line.sku]
        slots = [slot for zone in sorted(zones, key=lambda one: one != case.zone) for slot in zones[zone]]
        key = self._key(case, line, "scrap")
        first = await self._book.known_by(key)
        off = 0 if first is None else -first.units
        home = self._book.site.sku_by_id[line.sku].zone or (next(iter(zones)) if len(zones) == 1 else "")
        there = 0 if home == case.zone else sum(account.shelves.get(slot, 0) for slot in zones.get(case.zone, ()))
        if first is None and (units := min(line.units - there, account.off, self._here(line))) > 0:
            off = units if await self._lose(case, line, units, comment, key) else 0
        told: dict[str, int] = {}
        said = 0
        for slot, units in self._in_slots(line, line.units - off, slots).items():
            known = await self._book.known_by(f"{key}:{slot}")
            if known is None and units > 0:
                entry = self._entry(case, line, "loss", -units, comment, f"{key}:{slot}", slot)
                known = next(iter(await self._enter([entry])), None)
            if known is not None:
                told[slot] = known.id
                said -= known.units
        return off, told, said

    def _in_slots(self, line: Line, units: int, slots: list[str]) -> dict[str, int]:
        """Slot -> units of a line that are there; of those that are not, what left it lately and is missing."""
        account, found = self._book.account(line.sku), dict[str, int]()
        here = min(units, self._here(line))
        gone = units - here
        for slot in slots:
            there = min(here, max(0, account.shelves.get(slot, 0)))
            just_left = min(gone, sum(one.held.get(line.lot, 0) for one in account.seen.get(slot, ())))
            found[slot] = there + just_left
            here, gone = here - there, gone - just_left
        return found

    async def _lose(self, case: Case, line: Line, units: int, comment: str, key: str) -> list[Entry]:
        """Book that units off the shelves are lost, and in quarantine no more."""
        back = self._entry(case, line, "quarantine", -units, comment, f"{key}:back")
        return await self._enter([back, self._entry(case, line, "loss", -units, comment, key)])

    async def _seen(self, case: Case, line: Line, comment: str) -> list[Step]:
        """Whether the scales saw leave what was told of their slots; until then it is in quarantine. Where a scale says
        that its slot is empty, it has left unseen; where the slot is another article's now, it lies off the shelves."""
        account, key = self._book.account(line.sku), self._key(case, line, "scrap")
        slots = {slot for of in self._zones[line.sku].values() for slot in of}
        unseen = 0
        for slot, number in line.told.items():
            units = sum(one.units for one in account.told.get(slot, ()) if one.entry.id == number)
            if not units:
                continue
            if slot not in slots:
                await self._lose(case, line, min(units, self._here(line)), comment, f"{key}:{slot}:off")
            elif account.shelves.get(slot, 0) or slot in account.bias or slot in account.found:
                return []
            else:
                unseen += units
        await self._strike(case, line, unseen, comment, "unseen")
        return [self._step(case, line, "booked", {})]

    async def _enter(self, entries: list[Entry]) -> list[Entry]:
        try:
            for one in entries:
                await self._book.fit(one)
        except Refused as error:  # it is not there any more
            log.warning("%s: %s %s", entries[0].ref, error.detail, error.hint)
            return []
        return await self._book.store(entries)

    def _entry(self, case: Case, line: Line, kind: str, units: int, comment: str, key: str, place: str = "") -> Entry:
        now_ms = self._now_ms()
        return Entry(
            kind,  # type: ignore[arg-type]
            line.sku, units, now_ms, now_ms, place, lot=line.lot, ref=f"cold:{case.number}", by=line.by, note=comment,
            key=key,
        )  # fmt: skip

    def _step(self, case: Case, line: Line, what: str, body: dict[str, object]) -> Step:
        now_ms, key = self._now_ms(), f"{case.number}/{what}/{line.number}"
        body = {"line": line.number, **body}
        return Step(case.zone, case.storage, what, now_ms, now_ms, key, case.number, body=body)  # type: ignore[arg-type]

    @staticmethod
    def _key(case: Case, line: Line, what: str) -> str:
        return f"cold:{case.number}:{line.number}:{what}"
