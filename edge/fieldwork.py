"""What people do to devices, carried out: enrolments, runs at a shelf, looks at messages, replays. The shell lends its
lock and its store; what is decided is decided in core/field/.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

from edge.core.decoding import Decoder
from edge.core.field import again, runs, swapping
from edge.core.field.cards import card
from edge.core.field.places import REFUSED_MAX, FieldError
from edge.core.field.strangers import STRANGERS_MAX
from edge.core.field.tail import Tails
from edge.core.inference import Inference, Outcome
from edge.core.slots.actions import Action, ActionError, Calibrate, Tare, Teach
from edge.core.slots.shelves import Note, no_such_slot
from edge.packets import Message
from edge.store import Quarantined, Store
from edge.storing.quarantine import Held
from protocols.fieldwork import (
    REPLAYED_AT_ONCE,
    Approve,
    DeviceCards,
    Field,
    FieldAction,
    Quarantine,
    Refuse,
    Release,
    Replay,
    Replayed,
    Run,
    Tail,
    Unread,
)
from protocols.readings import Said

CARDS_MAX = 200

Work = Callable[[int], tuple[Outcome, Any]]
"""What changes the state at a time: the outcome to be stored, and what came of it."""
Change = Callable[..., Awaitable[Any]]
"""Does such work between two groups, and stores it."""
OnDisk = Callable[..., Awaitable[Any]]


class Fieldwork:
    """One gateway's."""

    def __init__(
        self,
        inference: Inference,
        decoder: Decoder,
        store: Store,
        now_ms: Callable[[], int],
        change: Change,
        on_disk: OnDisk,
    ) -> None:
        self._inference, self._decoder, self._store = inference, decoder, store
        self._now_ms, self._change, self._on_disk = now_ms, change, on_disk
        self.tails, self.runs = Tails(), runs.Runs()
        self._replaying = asyncio.Lock()

    def field(self) -> Field:
        """Who was met, refused and enrolled."""
        book, places = self._inference.shelves.taught.places, self._decoder.places
        met = [one for one in self._decoder.strangers.met.values() if places.at(one.source, one.address) is None]
        return Field(
            sorted(met, key=lambda one: -one.at_ms)[:CARDS_MAX],
            sorted(book.refused, key=lambda one: -one.at_ms)[:CARDS_MAX],
            sorted(book.enrolments.values(), key=lambda one: -one.asked_ms),
            STRANGERS_MAX,
            REFUSED_MAX,
            CARDS_MAX,
        )

    async def do(self, action: FieldAction, by: str) -> Field:
        """Enrol, approve, release, refuse or admit. Raises `FieldError`, and then nothing has changed."""
        inference, places, strangers = self._inference, self._decoder.places, self._decoder.strangers

        def work(now_ms: int) -> tuple[Outcome, None]:
            device = getattr(action, "device", "")
            stood = isinstance(action, Release) and device in places.taken
            heard = device in inference.devices and inference.devices[device].pulse.seen_ms > 0
            about = places.do(action, strangers.met, by, now_ms, heard)
            out = Outcome()
            if isinstance(action, Approve):
                one = inference.shelves.taught.places.enrolments[about]
                out = swapping.take_place(inference, one, now_ms)
                strangers.forget(one.source, one.address)
            elif stood:
                out = swapping.leave_place(inference, about, by, now_ms)
            elif isinstance(action, Refuse):
                strangers.forget(action.source, action.address)
                out.notes.append(Note("refused", action.address[:64], now_ms, {"by": by, "why": action.why}))
            return out, None

        await self._change(work)
        return self.field()

    def cards(self, after: str, most: int) -> DeviceCards:
        """How the devices are that stand at the places of the site file, by id."""
        known = sorted(self._inference.site.device_by_id)
        ids = [one for one in known if one > after][:most]
        items = [card(self._inference, self._decoder.places, one) for one in ids]
        return DeviceCards(items, ids[-1] if ids and ids[-1] != known[-1] else "")

    def hear(
        self, group: Sequence[Message], said: Sequence[Said], of: Sequence[Message], bad: list[Quarantined]
    ) -> None:
        """Messages as they came, for whoever looks; what each says, and what could not be used of them."""
        now_ms = self._now_ms()
        if not self.tails.awake(now_ms):
            return
        devices: dict[int, set[str]] = {}
        for one, source in zip(said, of, strict=True):
            devices.setdefault(id(source), set()).add(one.device)
        wrong = {(one.topic, one.payload): one.problem for one in bad}
        for message in group:
            problem = wrong.get((message.topic, message.payload))
            names = devices.get(id(message), set()) | ({problem.device} if problem is not None else set())
            self.tails.hear(message.topic, message.payload, names - {""}, problem.code if problem else "", now_ms)

    def tail(self, device: str, after: int) -> Tail | None:
        """What came since line `after`; None where too many look."""
        return self.tails.look(device, after, self._now_ms())

    async def quarantine(self, before: int, code: str) -> Quarantine:
        """Messages that could not be used."""
        found: Quarantine = await self._on_disk(self._store.quarantine, before, code)
        return found

    async def replay(self, wish: Replay, by: str) -> Replayed:
        """Read messages of the quarantine again, as they would be read today, and fold what they say as if it had come
        when it came. None is used twice."""
        async with self._replaying:
            held: list[Held] = await self._on_disk(self._store.to_replay, wish.ids, wish.code, REPLAYED_AT_ONCE)
            used: list[int] = []
            replayed: Replayed = await self._change(lambda now_ms: self._again(wish, held, used, by, now_ms), used)
        left = (await self.quarantine(0, wish.code)).replayable
        return msgspec.structs.replace(replayed, left=left.get(wish.code, 0) if wish.code else sum(left.values()))

    def _again(self, wish: Replay, held: list[Held], used: list[int], by: str, now_ms: int) -> tuple[Outcome, Replayed]:
        out, late = Outcome(), 0
        there = {one.id for one in held}
        stays = [Unread(one, "gone", "it is not kept any more") for one in wish.ids if one not in there]
        for one in held:
            code, why = _unusable(one)
            found = [] if code else self._decoder.again(one.topic, one.payload, one.at_ms)
            if not code:
                code, why = again.unfit(self._inference.site, found)
            if code:
                stays.append(Unread(one.id, code, why))
                continue
            step = again.fold_again(self._inference, again.measured(found), one.at_ms, now_ms)
            _join(out, step.outcome)
            late += step.late
            used.append(one.id)
        if used:
            codes = ", ".join(sorted({one.code for one in held if one.id in set(used)}))
            out.notes.append(Note("replayed", "gateway", now_ms, {"by": by, "messages": len(used), "codes": codes}))
        return out, Replayed(len(used), out.readings, out.duplicates, late, stays)

    def begin(self, slot: str, action: Action, by: str) -> Run:
        """Tare, calibrate or teach once the scale is at rest. Raises `ActionError`."""
        if slot not in self._inference.site.slot_by_id:
            raise no_such_slot(slot, self._inference.site)
        if not isinstance(action, Tare | Calibrate | Teach):
            raise ActionError("only tare, calibrate and teach wait for the scale; do others at /actions")
        return self.runs.begin(slot, action, by, self._now_ms())

    def run(self, slot: str) -> Run | None:
        """The last run at a slot since the gateway's start. Raises `ActionError`."""
        if slot not in self._inference.site.slot_by_id:
            raise no_such_slot(slot, self._inference.site)
        return self.runs.of.get(slot)

    def cancel(self, slot: str) -> Run | None:
        """Nobody wants it any more."""
        self.runs.cancel(slot, self._now_ms())
        return self.run(slot)

    async def pass_time(self, act: Callable[[str, Action], Awaitable[dict[str, Any]]]) -> None:
        """Carry out the runs whose scale is at rest now."""
        for one, work in self.runs.ready(self._inference, self._now_ms()):
            try:
                runs.stored(one, await act(one.slot, work), self._now_ms())
            except ActionError as error:
                runs.refused(one, error, self._now_ms())


def unused(bad: Iterable[Quarantined], sources: Sequence[Message], blamed: Iterable[int]) -> list[Quarantined]:
    """Which of the messages in quarantine were not used at all. Of messages with the very same bytes one that was
    counts for all."""
    bad = [*bad]
    if not bad:
        return bad  # as nearly always
    wrong = set(blamed)
    used = {(one.topic, one.payload) for at, one in enumerate(sources) if at not in wrong}
    return [one._replace(whole=(one.topic, one.payload) not in used) for one in bad]


def _unusable(one: Held) -> tuple[str, str]:
    if one.done_ms is None:
        return "not_whole", "some of it was used when it came, or not all of it was kept"
    return ("replayed", "it was replayed before") if one.done_ms else ("", "")


def _join(out: Outcome, more: Outcome) -> None:
    out.reports += more.reports
    out.notes += more.notes
    out.devices |= more.devices
    out.slots |= more.slots
    out.readings += more.readings
    out.duplicates += more.duplicates


__all__ = ["FieldError", "Fieldwork", "unused"]
