"""The alerts of one site: what the rules see becomes an alert that is stored, and people take it on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from cloud.alerts import lifecycle, reported, rules
from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Alert, Refusal, Transition
from cloud.core.crews_view import Sought
from cloud.core.view import AlertView
from cloud.desks.refusing import OnDisk, storing
from cloud.stores.ledger import Ledger, LedgerUnavailable
from cloud.web.desk import Conflict, NotFound, Unavailable
from protocols.reports import Alarm

RESOLVED_SHOWN = 30


class Alerting:
    """The alert book; `changed` is called when a person changed it. Raises `LedgerUnavailable` where it can not be
    stored; nothing has changed then."""

    def __init__(self, ledger: Ledger, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        self._ledger, self.on_disk, self._now_ms = ledger, on_disk, now_ms
        self.book = lifecycle.Book()
        self.resolved: deque[AlertView] = deque(maxlen=RESOLVED_SHOWN)
        self.changed: Callable[[], None] = lambda: None
        self.told: Callable[[int], Awaitable[None]] = _nobody
        """Called after each judgement, and after what a person did, with the time: who is to be told now."""
        self._reported = reported.Reported()
        self._judging = asyncio.Lock()
        """Held from reading the alert book until what came of it is stored."""

    def load(self) -> None:
        """What is not over as the ledger has it, and what was so lately."""
        now_ms = self._now_ms()
        self.book = lifecycle.restore(self._ledger.alerts(now_ms - lifecycle.DAY_MS))
        self._reported.restore(self._ledger.alarms(), self.book.open.values(), now_ms)
        ended = self._ledger.past_alerts.ended(Sought(), RESOLVED_SHOWN)
        self.resolved.extend(view for one in reversed(ended) if (view := lifecycle.view(one)) is not None)

    def hear(self, gateway: str, seq: int, alarm: Alarm, now_ms: int) -> None:
        """What a gateway raised by itself."""
        self._reported.hear(gateway, seq, alarm, now_ms)

    async def judge(self, facts: Facts, behind: bool) -> list[Transition]:
        """What the rules make of this moment, stored. `behind`: a gateway has numbered more than is here."""
        delays, now_ms = rules.delays(facts.site.tuning), facts.now_ms
        async with self._judging:
            seen = self._reported.noted(rules.evaluate(facts))
            told = self._reported.conditions(seen, delays, facts.gateways, now_ms, behind)
            seen += rules.tuned(told, facts.site.tuning)
            book, transitions = lifecycle.step(self.book, seen, reported.with_delays(delays, seen), now_ms)
            if transitions:
                await self.on_disk(self._ledger.keep_alerts, transitions)
            self.book = book
        views = [view for one in transitions if (view := lifecycle.view(one.alert)) is not None]
        self.resolved.extend(view for view in views if view.state == "resolved")
        await self.told(now_ms)
        return transitions

    async def acknowledge(self, alert_id: int, user: str, note: str) -> AlertView:
        """See `Desk`."""
        return await self._act(alert_id, lambda alert: lifecycle.acknowledge(alert, user, note, self._now_ms()), user)

    async def shelve(self, alert_id: int, user: str, note: str, until_ms: int) -> AlertView:
        """Put an alert aside until a moment. Raises as `acknowledge`."""
        now_ms = self._now_ms()
        return await self._act(alert_id, lambda alert: lifecycle.shelve(alert, user, note, until_ms, now_ms), user)

    async def snooze(self, alert_id: int, user: str, note: str, until_ms: int) -> AlertView:
        """Put an alert aside until a moment; one that is put aside for longer stays so. Raises as `acknowledge`."""
        now_ms = self._now_ms()

        def later(alert: Alert) -> Alert | Refusal:
            longer = alert.state == "shelved" and alert.shelved_until_ms >= until_ms
            return alert if longer else lifecycle.shelve(alert, user, note, until_ms, now_ms)

        return await self._act(alert_id, later, user)

    async def unshelve(self, alert_id: int, user: str, note: str) -> AlertView:
        """Take an alert up again that was put aside. Raises as `acknowledge`."""
        return await self._act(alert_id, lambda alert: lifecycle.unshelve(alert, self._now_ms()), user, note)

    async def assign(self, alert_id: int, user: str, to: str, note: str) -> AlertView:
        """Say who is to see to an alert. Raises as `acknowledge`."""
        said = f"{to}: {note}" if note else to
        return await self._act(alert_id, lambda alert: lifecycle.assign(alert, to), user, said)

    async def _act(
        self, alert_id: int, act: Callable[[Alert], Alert | Refusal], user: str, note: str = ""
    ) -> AlertView:
        """What a person does to an alert, stored and shown. Raises `NotFound`, `Conflict`, `Unavailable`."""
        async with self._judging:
            alert = next((one for one in self.book.open.values() if one.id == alert_id), None)
            if alert is None:
                if 0 < alert_id < self.book.next_id:
                    raise Conflict(f"alert {alert_id} is over", "nothing is left to do about it")
                raise NotFound(f"there is no alert {alert_id}", "reload the page")
            after = act(alert)
            if isinstance(after, Refusal):
                raise Conflict(after.detail)
            if after != alert:
                acted_ms = self._now_ms() if after.changed_ms == alert.changed_ms else after.changed_ms
                after = replace(after, acted_by=user, acted_ms=acted_ms)
                try:
                    await self.on_disk(self._ledger.keep_alerts, [Transition(alert.state, after, user, note)])
                except LedgerUnavailable as error:
                    raise Unavailable(str(error), "try again in a moment") from error
                self.book = lifecycle.enter(self.book, after)
                self.changed()
        view = lifecycle.view(after)
        assert view is not None, "what a person acts on can be seen"
        return view

    async def one(self, number: int) -> AlertView:
        """An alert that fired once, however long ago. Raises `NotFound`, `Unavailable`."""
        found = self.known().get(number)
        if found is None or lifecycle.view(found) is None:
            with storing():
                found = await asyncio.to_thread(self._ledger.past_alerts.one, number)
        view = lifecycle.view(found) if found is not None else None
        if view is None:
            raise NotFound(f"there is no alert {number}", "the list without a number shows those that are not over")
        return view

    async def ended(self, sought: Sought, limit: int, after: tuple[int, int] | None) -> list[AlertView]:
        """See `PastAlerts.ended`. Raises `Unavailable`."""
        with storing():
            found = await asyncio.to_thread(self._ledger.past_alerts.ended, sought, limit, after)
        return [view for one in found if (view := lifecycle.view(one)) is not None]

    def known(self) -> dict[int, Alert]:
        """The alerts that are not over, and those that were over lately, by number."""
        return {one.id: one for one in (*self.book.lately.values(), *self.book.open.values())}

    def firing(self) -> list[Alert]:
        """The alerts that fired and are not over."""
        return [one for one in self.book.open.values() if lifecycle.view(one) is not None]

    def shown(self) -> list[AlertView]:
        """What people see: those that are not over, and the last that are; each once, as it is now."""
        found: dict[int, AlertView] = {}
        open_now = (view for one in self.book.open.values() if (view := lifecycle.view(one)) is not None)
        for view in (*self.resolved, *open_now):
            found.pop(view.id, None)  # one that came again stands where it was last
            found[view.id] = view
        return [*found.values()]


async def _nobody(_now_ms: int) -> None:
    """Nobody is told."""
