"""What people do with a maintenance order, one act a function: the next version, or in a sentence why not.

What came with a key is done once: told again it gives the order as it is, and with another content it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.maintenance.work import SERVICE, Cause, Note, Outcome, Part, State, WorkOrder
from cloud.core.purchasing.keys import digest
from cloud.core.refusals import Refusal

Action = Literal["change", "start", "take", "finish", "cancel"]
ACTIONS: Final[tuple[Action, ...]] = ("change", "start", "take", "finish", "cancel")
POSSIBLE: Final[Mapping[State, tuple[Action, ...]]] = {
    "draft": ("change", "start", "cancel"),
    "planned": ("change", "start", "take", "finish", "cancel"),
    "in_work": ("change", "take", "finish", "cancel"),
    "done": (),
    "cancelled": (),
}
WORDS: Final[Mapping[State, str]] = {
    "draft": "is a proposal",
    "planned": "is planned",
    "in_work": "is in work",
    "done": "is done",
    "cancelled": "was cancelled",
}
WINDOW_MAX_MS: Final = 14 * 86_400_000
"""Nothing is kept silent for longer by one window: what takes longer is looked at again."""
AHEAD_MAX_MS: Final = 366 * 86_400_000
PARTS_MAX: Final = 50
UNITS_MAX: Final = 10_000
"""Of one part in one order. What is wanted is ordered, so a slip of the pen is not to buy a lorry load."""
NOTES_MAX: Final = 200
"""At the limit the oldest leave the order; its versions keep them."""
KEYS_MAX: Final = 200
"""At the limit the oldest is forgotten."""


class What(Struct, frozen=True):
    """What an act says; None stays as it was. `parts`: units by SKU, wanted in all (change), or taken now (take);
    `used`: units by SKU that were used up in the end, None: all that were taken."""

    title: str | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    whole_zone: bool | None = None
    assigned_to: str | None = None
    parts: Mapping[str, int] | None = None
    used: Mapping[str, int] | None = None
    note: str = ""
    found: str = ""
    did: str = ""
    verdict: Literal["", "right", "wrong"] = ""
    key: str = ""

    @property
    def told(self) -> str:
        """What it says, as a digest."""
        return digest(*(getattr(self, name) for name in self.__struct_fields__ if name != "key"))


def opened(asset: str, zone: str, cause: Cause, what: What, by: str, now_ms: int) -> WorkOrder | Refusal:
    """A new order that a person opens. Without a title it needs a cause that says what it is about."""
    title = (what.title or "").strip()
    if not title and not cause.rule:
        return Refusal("untitled", "Nobody could tell what is to be done.", "Give the order a title.")
    fresh = WorkOrder(asset, zone, title, "planned", now_ms, now_ms, by, cause)
    return _changed(fresh, what, by, now_ms)


def proposed(asset: str, zone: str, cause: Cause, now_ms: int) -> WorkOrder:
    """A new order that the service proposes: its cause says all there is to say."""
    return WorkOrder(asset, zone, "", "draft", now_ms, now_ms, SERVICE, cause)


def act(order: WorkOrder, action: Action, what: What, by: str, now_ms: int) -> WorkOrder | Refusal:
    """The order after an act; the order itself where nothing changes."""
    if (done := again(order, action, what)) is not None:
        return done
    if (action, order.state) in (("start", "in_work"), ("cancel", "cancelled")):
        return order
    if action not in POSSIBLE[order.state]:
        hint = "Open another one." if not order.is_open else "Start or plan it first."
        return Refusal("not_now", f"The order {WORDS[order.state]}; it can not be told to {action}.", hint)
    after = _STEPS[action](order, what, by, now_ms)
    if isinstance(after, Refusal):
        return after
    if after == order:
        return order
    after = replace(after, version=order.version + 1, changed_ms=now_ms, by=by)
    return noted(after, action, what)


def again(order: WorkOrder, action: str, what: What) -> WorkOrder | Refusal | None:
    """The order as it is where this act is in it already, why not where its key came with something else; None where
    it never came."""
    mark = f"{action}:{what.key}"
    if not what.key or mark not in order.said:
        return None
    if order.said[mark] == what.told:
        return order
    said = f"This key came to order {order.id} before, with something else."
    return Refusal("key_used", said, "Use a new key for each act.")


def noted(order: WorkOrder, action: str, what: What) -> WorkOrder:
    """The order, with what came with a key."""
    if not what.key:
        return order
    said = {**order.said, f"{action}:{what.key}": what.told}
    return replace(order, said=dict([*said.items()][-KEYS_MAX:]))


def _change(order: WorkOrder, what: What, by: str, now_ms: int) -> WorkOrder | Refusal:
    return _changed(order, what, by, now_ms)


def _start(order: WorkOrder, what: What, by: str, now_ms: int) -> WorkOrder | Refusal:
    """Somebody begins. Who begins early is left in peace from now on; who begins late has no longer for it, but by
    saying until when."""
    if what.until_ms is not None and order.until_ms == 0:
        what = replace(what, from_ms=now_ms)
    after = _changed(order, what, by, now_ms)
    if isinstance(after, Refusal):
        return after
    early = after.until_ms > 0 and after.from_ms > now_ms
    if early and after.until_ms - now_ms > WINDOW_MAX_MS:
        return _window("It would be for more than 14 days from now on.")
    return replace(after, state="in_work", started_ms=now_ms, from_ms=now_ms if early else after.from_ms)


def _take(order: WorkOrder, what: What, by: str, now_ms: int) -> WorkOrder | Refusal:
    """Parts leave the stock for it: of what is wanted, and no more."""
    taken = {sku: units for sku, units in (what.parts or {}).items() if units}
    if not taken:
        return Refusal("nothing", "It names no units.", "Name at least one part and how many of it.")
    for sku, units in taken.items():
        line = order.part(sku)
        left = line.units - line.taken if line is not None else 0
        if not 0 < units <= left:
            said = f"{left} of {sku} are left to be taken for this order, {units} were asked."
            return Refusal("not_wanted", said, "Say first that the order wants more of it.")
    lines = [replace(one, taken=one.taken + taken.get(one.sku, 0)) for one in order.parts]
    return _with_note(replace(order, parts=lines), what, by, now_ms)


def _finish(order: WorkOrder, what: What, by: str, now_ms: int) -> WorkOrder | Refusal:
    """Done: what was found and done, and the parts it took. What was used beyond what was taken is taken now."""
    if not what.found.strip() or not what.did.strip():
        said = "Nobody could tell later what was wrong and what was done about it."
        return Refusal("no_outcome", said, "Say what was found, and what was done.")
    if what.verdict and not order.cause.rule:
        return nothing_to_judge(order)
    used = what.used if what.used is not None else {one.sku: one.taken for one in order.parts}
    for sku, units in used.items():
        line = order.part(sku)
        if not 0 <= units <= (line.units if line is not None else 0):
            said = f"{line.units if line is not None else 0} of {sku} are wanted, {units} were used."
            return Refusal("not_wanted", said, "Say first that the order wants more of it.")
    lines = [replace(one, taken=max(one.taken, used.get(one.sku, 0)), used=used.get(one.sku, 0)) for one in order.parts]
    outcome = Outcome(what.found.strip(), what.did.strip(), what.verdict)
    done = replace(order, state="done", parts=lines, outcome=outcome, ended_ms=now_ms)
    return _with_note(done, what, by, now_ms)


def _cancel(order: WorkOrder, what: What, by: str, now_ms: int) -> WorkOrder | Refusal:
    """Given up, and somebody says why. Of parts that were taken nobody else knows whether they are still there."""
    if not what.note.strip():
        return Refusal("no_note", "It is to be cancelled and nobody says why.", "Say why in a note.")
    taken = {one.sku: one.taken for one in order.parts if one.taken}
    if taken and what.used is None:
        listed = ", ".join(f"{units} of {sku}" for sku, units in taken.items())
        said = f"{listed} were taken for it."
        return Refusal("say_used", said, "Say how many of each were used (0: none); the rest goes back to the stock.")
    used = what.used or {}
    for sku, units in used.items():
        if not 0 <= units <= taken.get(sku, 0):
            said = f"{taken.get(sku, 0)} of {sku} were taken, {units} can not have been used."
            return Refusal("not_wanted", said, "Say how many of those that were taken were used.")
    lines = [replace(one, used=used.get(one.sku, 0)) for one in order.parts]
    return _with_note(replace(order, state="cancelled", parts=lines, ended_ms=now_ms), what, by, now_ms)


_STEPS: Final = {"change": _change, "start": _start, "take": _take, "finish": _finish, "cancel": _cancel}


def nothing_to_judge(order: WorkOrder) -> Refusal:
    """Why an order that came of no rule is neither right nor wrong."""
    said = f"Order {order.id} came of no rule: somebody opened it." if order.id else "It came of no rule."
    return Refusal("no_rule", said, "Judge the alert that it is about, if there is one.")


def _changed(order: WorkOrder, what: What, by: str, now_ms: int) -> WorkOrder | Refusal:
    """What is said of title, window, person and parts; nobody decided about a draft before, somebody does now."""
    title = order.title if what.title is None else what.title.strip()
    if not title and not order.cause.rule:
        return Refusal("untitled", "Nobody could tell what is to be done.", "Give the order a title.")
    from_ms = order.from_ms if what.from_ms is None else what.from_ms
    until_ms = order.until_ms if what.until_ms is None else what.until_ms
    if (from_ms, until_ms) != (order.from_ms, order.until_ms) and (no := _unfit(from_ms, until_ms, now_ms)):
        return no
    lines = order.parts if what.parts is None else _lines(order, what.parts)
    if isinstance(lines, Refusal):
        return lines
    after = replace(
        order,
        title=title,
        from_ms=from_ms,
        until_ms=until_ms,
        whole_zone=order.whole_zone if what.whole_zone is None else what.whole_zone,
        assigned_to=order.assigned_to if what.assigned_to is None else what.assigned_to.strip(),
        parts=lines,
    )
    after = _with_note(after, what, by, now_ms)
    return replace(after, state="planned") if order.state == "draft" and after != order else after


def _lines(order: WorkOrder, wanted: Mapping[str, int]) -> list[Part] | Refusal:
    """The parts as they are wanted now; those that are not named are not wanted any more."""
    if len(wanted) > PARTS_MAX:
        said = f"{len(wanted)} different parts are wanted, {PARTS_MAX} at most can be."
        return Refusal("too_many_parts", said, "Make two orders of it.")
    for sku, units in wanted.items():
        if not 0 <= units <= UNITS_MAX:
            said = f"{units} units of {sku} can not be wanted."
            hint = f"Give a whole number from 1 to {UNITS_MAX:,}."
            return Refusal("units", said, hint, {"sku": sku, "least": 1, "most": UNITS_MAX})
    for one in order.parts:
        if wanted.get(one.sku, 0) < one.taken:
            said = f"{one.taken} of {one.sku} were taken; it can not be {wanted.get(one.sku, 0)}."
            return Refusal("below_taken", said, f"Give {one.taken} or more; what is not used goes back at the end.")
    known = {one.sku: one for one in order.parts}
    return [replace(known.get(sku, Part(sku, 0)), units=units) for sku, units in wanted.items() if units]


def _unfit(from_ms: int, until_ms: int, now_ms: int) -> Refusal | None:
    if (from_ms, until_ms) == (0, 0):
        return None
    if not 0 < from_ms < until_ms:
        return _window("It has one end, or ends before it begins.")
    if until_ms <= now_ms:
        return _window("It would be over already.")
    if until_ms - from_ms > WINDOW_MAX_MS or from_ms > now_ms + AHEAD_MAX_MS:
        return _window("It is longer than 14 days, or more than a year ahead.")
    return None


def _window(said: str) -> Refusal:
    return Refusal("window", said, "Give a beginning and an end to come, up to 14 days apart.")


def _with_note(order: WorkOrder, what: What, by: str, now_ms: int) -> WorkOrder:
    text = what.note.strip()
    return replace(order, notes=[*order.notes, Note(now_ms, by, text)][-NOTES_MAX:]) if text else order
