"""What a person, or the book, does to a slot: carried out on the shelves, or refused, and then nothing has changed."""

from __future__ import annotations

from typing import Any

import msgspec

from edge.core.slots import actions, fusion, sharing, teaching
from edge.core.slots.actions import Action, ActionError, Book, Calibrate, Count, Forget, Tare, Teach
from edge.core.slots.shelves import News, Note, Shelves
from protocols.layout import Slot

BACKDATE_MAX_MS = 30 * 86_400_000
AHEAD_MAX_MS = 300_000
BOOKINGS_MAX = 100
"""The latest bookings' ids that a slot remembers, so that one sent again is not booked again."""


def act(
    shelves: Shelves,
    slot: Slot,
    action: Action,
    shown_g: float | None,
    now_ms: int,
    news: News,
    relative: bool = False,
) -> dict[str, Any]:
    """Do what a person or the book says; `shown_g` is what the scale shows, None while it is not at rest.

    `relative`: the scale tells changes only, so that a count is all that is known of its load.

    Returns what came of it; raises `ActionError` when it can not be done, and then nothing has changed.
    """
    shelves.stale = []
    if isinstance(action, Book):
        return _book(shelves, slot, action, now_ms, news)
    if isinstance(action, Count):
        return _count(shelves, slot, action, now_ms, news, relative)
    if isinstance(action, Forget):
        return _forget(shelves, slot, action, now_ms, news)
    if shown_g is None:
        said = f"the scale of {slot.id!r} is not at rest, or silent; take your hands off and try again"
        raise ActionError(said, "restless", slot=slot.id)
    return _commission(shelves, slot, action, shown_g, now_ms, news)


def _book(shelves: Shelves, slot: Slot, action: Book, now_ms: int, news: News) -> dict[str, Any]:
    at_ms = action.at_ms or now_ms
    if not now_ms - BACKDATE_MAX_MS <= at_ms <= now_ms + AHEAD_MAX_MS:
        raise ActionError("a booking may be 30 days old and not in the future; correct at_ms, or leave it out")
    if not action.by:
        raise ActionError("a booking of 0 units says nothing; count the slot if its book is wrong")
    if slot.id in shelves.sharers:
        said = f"{slot.id} shares its scale; no book is held against such a scale: count it instead"
        raise ActionError(said, "shares", slot=slot.id)
    most = _most(shelves, slot)
    if abs(action.by) > most:
        raise ActionError(f"a booking of {action.by:+d} units is more than {slot.id} holds ({most}); is it this slot?")
    state = shelves.state(slot, now_ms)
    if action.id and action.id in state.bookings:
        return {"repeated": True, **_answer(shelves, slot)}
    fusion.book(state.stock, action.by, min(at_ms, now_ms), shelves.unit(slot), shelves.rates)
    if action.id:
        state.bookings = [*state.bookings, action.id][-BOOKINGS_MAX:]
    return _done(shelves, slot, action, now_ms, "book", news)


def _count(shelves: Shelves, slot: Slot, action: Count, now_ms: int, news: News, relative: bool) -> dict[str, Any]:
    most = _most(shelves, slot)
    if action.units > most:
        said = f"{slot.id} holds {most} at most: count again, or correct capacity in the site file"
        raise ActionError(said, "holds", slot=slot.id, most=most)
    state = shelves.state(slot, now_ms)
    if relative:
        state.stock = fusion.begin(most, now_ms)
    fusion.count(state.stock, action.units, action.who, now_ms, shelves.unit(slot), shelves.rates)
    state.watch = None
    slots = shelves.sharers.get(slot.id)
    if slots is not None:
        sharing.count(shelves.sharing(slot, now_ms), slots, shelves.units(slots), slot, action.units, now_ms)
        shelves.stale.append(slots[0])
    return _done(shelves, slot, action, now_ms, "count", news)


def _commission(
    shelves: Shelves, slot: Slot, action: Teach | Tare | Calibrate, shown_g: float, now_ms: int, news: News
) -> dict[str, Any]:
    """Raises `ActionError`, before anything has changed."""
    site, taught = shelves.site, shelves.taught
    device = site.device_by_id[slot.device]
    slots = shelves.sharers.get(slot.id, [slot])
    answer: dict[str, Any]
    units: int | None
    if isinstance(action, Teach):
        sku = teaching.sku_of(site, taught, slot.sku)
        net_g = shelves.net_g(slot, shown_g)
        lesson = teaching.teach_unit(taught, sku, device, net_g, action.pieces, now_ms, action.anyway)
        answer, units = msgspec.to_builtins(lesson), action.pieces
    elif isinstance(action, Tare):
        _refuse_a_full_shelf(shelves, slots, shown_g, action)
        tares_g = [teaching.teach_tare(taught, one, shown_g, now_ms) for one in slots]
        answer, units = {"tare_g": round(tares_g[0], 3)}, 0
    else:
        spans = [teaching.teach_span(taught, one, device, shown_g, action.mass_g, now_ms) for one in slots]
        answer, units = {"span": round(spans[0], 6)}, None
    shelves.learn()
    if slots[0] not in shelves.stale:
        shelves.stale.append(slots[0])
    news.slots.update(other.id for other in site.slots if other.sku == slot.sku)
    for one in slots:
        state = shelves.state(one, now_ms)
        known = units if one is slot or units is None else 0
        state.stock = shelves.begin_anew(one, now_ms, state, known)
    if len(slots) > 1:
        scale = shelves.sharing(slot, now_ms)
        scale.belief = None
        if units is not None:
            sharing.begin(scale, shelves.units(slots), [units if one is slot else 0 for one in slots], now_ms)
    return {**answer, **_done(shelves, slot, action, now_ms, "count", news)}


def _refuse_a_full_shelf(shelves: Shelves, slots: list[Slot], shown_g: float, action: Tare) -> None:
    for slot in slots:
        state = shelves.slots.get(slot.id)
        count = state.estimate.count if state is not None else None
        if count and not action.anyway and shelves.net_g(slot, shown_g) > 0.5 * shelves.unit(slot).mass_g:
            hint = "empty it, or say that it is empty anyway"
            said = f"all evidence says that {count} units lie in {slot.id}; {hint}"
            raise ActionError(said, "not_empty", units=count, slot=slot.id)


def _forget(shelves: Shelves, slot: Slot, action: Forget, now_ms: int, news: News) -> dict[str, Any]:
    for one in shelves.sharers.get(slot.id, [slot]):
        teaching.forget(shelves.taught, one)
    shelves.learn()
    news.slots.update(other.id for other in shelves.stale)
    return _done(shelves, slot, action, now_ms, "count", news)


def _most(shelves: Shelves, slot: Slot) -> int:
    """The most units that a slot can be said to hold."""
    known = shelves.slots.get(slot.id)
    return max(slot.capacity, known.estimate.high if known is not None else 0)


def _done(shelves: Shelves, slot: Slot, action: Action, now_ms: int, cause: str, news: News) -> dict[str, Any]:
    for one in shelves.sharers.get(slot.id, [slot]):
        shelves.tell(one, shelves.state(one, now_ms), now_ms, cause, news)
    said = actions.spell(action)
    if said.pop("at_ms", 0):
        said["happened_ms"] = action.at_ms if isinstance(action, Book) else now_ms
    news.notes.append(Note(said.pop("do"), slot.id, now_ms, said))
    return _answer(shelves, slot)


def _answer(shelves: Shelves, slot: Slot) -> dict[str, Any]:
    state = shelves.slots[slot.id]
    device = shelves.site.device_by_id[slot.device]
    sku = teaching.sku_of(shelves.site, shelves.taught, slot.sku)
    return {
        "slot": slot.id,
        **msgspec.structs.asdict(state.estimate),
        "booked": state.stock.book,
        "overruled": state.stock.words.slip is not None,
        "reach": teaching.reach(sku, device),
    }
