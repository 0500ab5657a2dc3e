"""How the book is told what was decided about goods that a breach set aside: given back, or booked as a loss.

What lies off the shelves is lost at once. What lies in a slot is there until somebody takes it off: the loss is told of
the slot, and the goods stay in quarantine until its scale saw them leave.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from cloud.core.book.accounts import TOLD_MS
from cloud.core.book.entries import Entry
from cloud.core.book.state import Account
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
        if line.decision == "release" or not line.units:
            await self._give_back(case, line, line.units, "release", comment)
            return [self._step(case, line, "booked", {})]
        told, missing = await self._scrap(case, line, comment)
        if not told:
            return [self._step(case, line, "booked", {"missing": missing} if missing else {})]
        aside = self._book.account(line.sku).aside.get(line.lot, 0)
        return [self._step(case, line, "told", {"entries": told, "aside": aside, "missing": missing})]

    async def _give_back(self, case: Case, line: Line, units: int, what: str, comment: str) -> None:
        units = min(units, self._book.account(line.sku).aside.get(line.lot, 0))
        key = self._key(case, line, what)
        if units > 0 and await self._book.known_by(key) is None:
            await self._enter([self._entry(case, line, "quarantine", -units, comment, key)])

    async def _scrap(self, case: Case, line: Line, comment: str) -> tuple[dict[str, int], int]:
        """Book the loss of what is there of a line: at once of what lies off the shelves, the rest slot by slot.
        Slot -> its entry; and how many units are there no more."""
        account, slots = self._book.account(line.sku), self._zones[line.sku].get(case.zone, [])
        key = self._key(case, line, "scrap")
        first = await self._book.known_by(key)
        left = line.units
        if first is not None:
            left += first.units
        elif (off := min(left, max(0, account.off), _of_lot(account, line))) > 0:
            back = self._entry(
                case, line, "quarantine", -min(off, account.aside.get(line.lot, 0)), comment, f"{key}:back"
            )
            lost = self._entry(case, line, "loss", -off, comment, key)
            left -= off if await self._enter([one for one in (back, lost) if one.units]) else 0
        told: dict[str, int] = {}
        there = _of_lot(self._book.account(line.sku), line)
        left, missing = min(left, there), max(0, left - there)
        for slot in slots:
            units = min(left, _there(account, slot))
            known = await self._book.known_by(f"{key}:{slot}")
            if known is None and units > 0:
                entry = self._entry(case, line, "loss", -units, comment, f"{key}:{slot}", slot)
                entered = await self._enter([entry])
                known = entered[0] if entered else None
            if known is not None:
                told[slot] = known.id
                left += known.units
        return told, missing

    async def _seen(self, case: Case, line: Line, comment: str) -> list[Step]:
        """Whether the scales saw leave what was told of their slots; then what is in quarantine for it too much is
        given back. What nobody took off in a day lies there still, in quarantine."""
        account, now_ms = self._book.account(line.sku), self._now_ms()
        waits = {one.entry.id for told in account.told.values() for one in told}
        if any(entry in waits for entry in line.told.values()):
            if now_ms - line.decided_ms <= TOLD_MS:
                return []
            log.warning("excursion %d, line %d: nobody took off what was to be scrapped", case.number, line.number)
        elif not any(account.differs.get(slot, 0) > line.decided_ms for slot in line.told):
            over = account.aside.get(line.lot, 0) - max(0, line.aside - line.units)
            await self._give_back(case, line, max(0, over), "scrapped", comment)
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


def _of_lot(account: Account, line: Line) -> int:
    """Units that may be those of a line."""
    return max(0, account.batches.units.get(line.lot, 0) if line.lot else account.on_hand)


def _there(account: Account, slot: str) -> int:
    """Units of a slot: those it holds, and what just left it unexplained."""
    return account.shelves.get(slot, 0) or sum(one.units for one in account.seen.get(slot, ()))
