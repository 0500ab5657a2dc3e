"""What people say of alerts and orders, by a tap; and from it which rules are told to people, and which ask to be
tuned."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress

import msgspec
from msgspec import Struct

from cloud.alerts import rules
from cloud.alerts.lifecycle import Alert
from cloud.core.maintenance.verdicts import (
    FLOOR,
    SPAN_MS,
    RulePrecision,
    Subject,
    Verdict,
    heard_at,
    judged,
    pages,
    precision,
    standing,
    subject,
)
from cloud.core.maintenance.work import LIFE_LEFT, Stands, WorkOrder
from cloud.core.maintenance.working import nothing_to_judge
from cloud.core.work_view import Judged, VerdictsView
from cloud.desks.refusing import OnDisk, granted, storing
from cloud.desks.turns import Turns
from cloud.stores.books import Books
from cloud.web.desk import Conflict, NotFound, Refused
from cloud.web.work import Told
from protocols.tuning import Tuning

HOUR_MS = 3_600_000
FOUND_MS = 60_000
"""For so long a rule's precision stays, where nothing new is said: what is older than 90 days may wait a minute."""
TUNED = "tuned"
UNSEEN = ("pending", "lapsed")
"""States of alerts that nobody saw."""


class Tuned(Struct, frozen=True):
    """How a rule was tuned when the site file was read last, and since when it has been so."""

    by: Tuning
    since_ms: int


class Verdicts:
    """The verdicts of one site; `tuning` is that of its file: what was said before it changed counts no more."""

    def __init__(self, books: Books, on_disk: OnDisk, now_ms: Callable[[], int], tuning: Mapping[str, Tuning]) -> None:
        self.floors: Callable[[str], float] = lambda _: FLOOR
        """Under what precision a rule is not told to people any more."""
        self.snooze: Callable[[int, str, str, int], Awaitable[object]] = _nothing
        """Puts an alert aside: which, by whom, why, until when."""
        self._books, self._on_disk, self._now_ms = books, on_disk, now_ms
        self._turns = Turns(self._read_again)
        self._of: dict[Subject, dict[int, Verdict]] = {}
        self._found: dict[str, RulePrecision] = {}
        self._found_ms = -FOUND_MS
        self._rules = [*rules.rules(), LIFE_LEFT]
        self._tuning = tuning
        self._tuned: dict[str, Tuned] = {}
        self._kept: dict[str, Tuned] = {}
        """As the ledger has it."""

    def load(self) -> None:
        """What was said lately, and which rules are tuned otherwise than they were."""
        now_ms = self._now_ms()
        blob = self._books.kept(TUNED)
        self._kept = msgspec.json.decode(blob, type=dict[str, Tuned]) if blob else {}
        for rule in self._kept.keys() | self._tuning.keys():
            by, before = self._tuning.get(rule, Tuning()), self._kept.get(rule, Tuned(Tuning(), 0))
            self._tuned[rule] = before if before.by == by else Tuned(by, now_ms)
        self._know(self._books.work.verdicts(now_ms - SPAN_MS))

    async def tick(self) -> None:
        """Keep since when each rule is tuned as it is. Raises `LedgerUnavailable`."""
        if self._tuned != self._kept:
            await self._on_disk(self._books.keep, TUNED, msgspec.json.encode(self._tuned))
            self._kept = dict(self._tuned)

    def precision(self) -> list[RulePrecision]:
        """How each rule did in the last 90 days, by name."""
        return [*self._look().values()]

    def asking(self) -> list[RulePrecision]:
        """The rules that ask to be tuned."""
        return [one for one in self._look().values() if one.asks_tuning]

    def paging(self, rule: str, severity: int = 3) -> bool:
        """Whether people are to be told what a rule sees; what is critical (1) they always are."""
        return pages(self._look(), rule, severity)

    def said(self, of: Subject) -> Stands:
        """What stands of an alert or an order; "" where nothing was said within 90 days."""
        stands = standing(self._of.get(of, {}).values())
        return "" if stands is None else stands.said

    async def every(self, of: Subject) -> list[Verdict]:
        """All that was said of an alert or an order, oldest first."""
        with storing():
            return await asyncio.to_thread(self._books.work.verdicts_of, *of)

    async def of_alert(self, number: int) -> VerdictsView:
        """See `work.WorkDesk`."""
        await self._alert(number)
        every = await self.every(Subject(number, 0))
        return VerdictsView(every, standing(every))

    async def judge_alert(self, number: int, told: Told, by: str, key: str) -> Judged:
        """See `work.WorkDesk`."""
        alert = await self._alert(number)
        new = self._new(told, by, key, alert.since_ms)
        return await self._give(new(alert.rule, alert.subject, number, 0, alert.severity), told)

    async def judge_work(self, order: WorkOrder, told: Told, by: str, key: str) -> Judged:
        """What somebody says of what an order is for."""
        new = await self.of_order(order, told, by, key)
        return await self._give(new, told)

    async def of_order(self, order: WorkOrder, told: Told, by: str, key: str, *, outcome: bool = False) -> Verdict:
        """A verdict on what an order is for, not given yet: on its alert, where it came of one."""
        if not order.cause.rule:
            granted(nothing_to_judge(order))
        alert = None
        if order.cause.alert:
            with storing():
                alert = await asyncio.to_thread(self._books.work.alert, order.cause.alert)
        new = self._new(told, by, key, alert.since_ms if alert is not None else order.created_ms, outcome=outcome)
        severity = alert.severity if alert is not None else 3
        return new(order.cause.rule, order.asset, order.cause.alert, order.id, severity)

    async def _alert(self, number: int) -> Alert:
        with storing():
            alert = await asyncio.to_thread(self._books.work.alert, number)
        if alert is None or alert.state in UNSEEN:
            raise NotFound(f"there is no alert {number}", "reload the page")
        return alert

    def heard(self, verdict: Verdict) -> None:
        """One that is in the ledger now."""
        self._know([verdict])

    def _new(
        self, told: Told, by: str, key: str, since_ms: int, *, outcome: bool = False
    ) -> Callable[[str, str, int, int, int], Verdict]:
        """Makes verdicts of what somebody said: of a rule, an asset, an alert, an order, a severity."""
        now_ms = self._now_ms()
        key = f"{by}:{told.key}" if told.key else key

        def made(rule: str, asset: str, alert: int, work: int, severity: int) -> Verdict:
            at_ms = heard_at(told.at_ms, since_ms, now_ms)
            return Verdict(rule, asset, alert, work, told.said, severity, at_ms, now_ms, by, told.note, key, outcome)

        return made

    async def _give(self, new: Verdict, told: Told) -> Judged:
        async with self._turns.turn():
            of = subject(new)
            with storing():
                before = await asyncio.to_thread(self._books.work.verdict_of, new.key) if new.key else None
                earlier = await asyncio.to_thread(self._books.work.verdicts_of, *of)
            if before is not None:
                kept = _again(before, new)
            else:
                kept = granted(judged(earlier, new))
                if not kept.id:
                    with self._turns.writing():
                        kept = await self._on_disk(self._books.work.say, kept)
                    earlier.append(kept)
                    self.heard(kept)
            stands = standing(earlier)
        until_ms = kept.at_ms + round(told.hours * HOUR_MS)
        if stands == kept and kept.said == "not_now" and kept.alert and until_ms > self._now_ms():
            with suppress(Conflict, NotFound, Refused):  # it is over: there is nothing to put aside
                await self.snooze(kept.alert, kept.by, kept.note or "not now", until_ms)
        return Judged(kept, stands, self._look().get(kept.rule))

    def _know(self, verdicts: Iterable[Verdict]) -> None:
        for one in verdicts:
            self._of.setdefault(subject(one), {})[one.id] = one
        self._found_ms = -FOUND_MS

    def _look(self) -> dict[str, RulePrecision]:
        now_ms = self._now_ms()
        if not 0 <= now_ms - self._found_ms < FOUND_MS:
            since_ms = now_ms - SPAN_MS
            old = [of for of, given in self._of.items() if all(one.at_ms < since_ms for one in given.values())]
            for of in old:
                del self._of[of]
            every = (one for given in self._of.values() for one in given.values())
            tuned = {rule: min(one.since_ms, now_ms) for rule, one in self._tuned.items()}
            self._found = {one.rule: one for one in precision(every, self._rules, self.floors, now_ms, tuned)}
            self._found_ms = now_ms
        return self._found

    async def _read_again(self) -> None:
        self._know(await asyncio.to_thread(self._books.work.verdicts, self._now_ms() - SPAN_MS))


def _again(before: Verdict, new: Verdict) -> Verdict:
    """The verdict that came with this key, where it says the same."""
    if (subject(before), before.said, before.note) != (subject(new), new.said, new.note):
        said = f"This key came with another verdict, of {before.said.replace('_', ' ')}, before."
        raise Refused("key_used", said, "Use a new key for each tap.")
    return before


async def _nothing(*_: object) -> None:
    """Nobody puts alerts aside here."""
