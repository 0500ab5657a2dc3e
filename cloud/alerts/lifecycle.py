"""The life of an alert: pending -> firing -> acknowledged -> resolved, or pending -> lapsed. A pure fold over time.

One alert per (rule, subject), updated and not repeated; one that comes back after it was resolved is a new one. Every
transition is a value to be stored; `restore` rebuilds the book from the stored alerts. The clearing delay is not
stored: after a restart it begins again, which can only keep an alert longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from cloud.core.view import AlertView, Param

Stage = Literal["pending", "firing", "acknowledged", "resolved", "lapsed"]
Key = tuple[str, str]

NOTE_CHARACTERS_MAX = 1000


class Condition(Struct, frozen=True):
    """What a rule sees wrong now. `severity` is 1 (worst) to 3. With `sustain` it only keeps an alert that is already
    firing: the value is inside the dead band, or too old to tell. One that `held` was watched elsewhere for as long as
    it must hold: it fires at once."""

    rule: str
    subject: str
    zone: str
    severity: int
    params: dict[str, Param]
    sustain: bool = False
    held: bool = False


class Delays(NamedTuple):
    """How long a condition must hold before it fires, and be gone before it is resolved."""

    hold_ms: int
    clear_ms: int


class Alert(Struct, frozen=True):
    """One alert. `since_ms`: when its condition began; `severity`: the worst so far; `clear_from_ms`: since when the
    condition has been gone, None while it is there."""

    id: int
    rule: str
    subject: str
    zone: str
    severity: int
    state: Stage
    since_ms: int
    changed_ms: int
    params: dict[str, Param]
    acknowledged_by: str = ""
    acknowledged_ms: int = 0
    note: str = ""
    clear_from_ms: int | None = None


class Book(Struct, frozen=True):
    """The alerts that are not over, by (rule, subject), and the id the next one gets."""

    next_id: int = 1
    open: dict[Key, Alert] = field(default_factory=dict)


class Transition(NamedTuple):
    """An alert as it stands now, and the state it came from (None: it is new). To be stored, whichever it is."""

    before: Stage | None
    alert: Alert


class Refusal(Struct, frozen=True):
    """Why something that was asked is not done: a stable code and a sentence."""

    code: str
    detail: str


def step(
    book: Book, conditions: Iterable[Condition], delays: Mapping[str, Delays], now_ms: int
) -> tuple[Book, list[Transition]]:
    """What the conditions of this moment make of the book. Changed params alone are no transition."""
    present: dict[Key, Condition] = {}
    for condition in conditions:
        key = condition.rule, condition.subject
        other = present.get(key)
        if other is None or (condition.sustain, condition.severity) < (other.sustain, other.severity):
            present[key] = condition
    next_id, still_open, transitions = book.next_id, dict(book.open), []
    for key, alert in book.open.items():
        after = _go_on(alert, present.get(key), delays.get(alert.rule, Delays(0, 0)), now_ms)
        if after.state in ("resolved", "lapsed"):
            del still_open[key]
        else:
            still_open[key] = after
        if (after.state, after.severity) != (alert.state, alert.severity):
            transitions.append(Transition(alert.state, after))
    for key, seen in present.items():
        if key in book.open or seen.sustain:
            continue
        state: Stage = "pending" if delays[seen.rule].hold_ms > 0 and not seen.held else "firing"
        new = Alert(next_id, seen.rule, seen.subject, seen.zone, seen.severity, state, now_ms, now_ms, seen.params)
        next_id += 1
        still_open[key] = new
        transitions.append(Transition(None, new))
    return Book(next_id, still_open), transitions


def _go_on(alert: Alert, seen: Condition | None, delays: Delays, now_ms: int) -> Alert:
    """An open alert's next moment."""
    if alert.state == "pending":
        if seen is None or seen.sustain:
            return replace(alert, state="lapsed", changed_ms=now_ms)
        fires = seen.held or now_ms - alert.since_ms >= delays.hold_ms
        worst = min(alert.severity, seen.severity)
        state: Stage = "firing" if fires else "pending"
        changed_ms = now_ms if fires else alert.changed_ms
        return replace(alert, state=state, severity=worst, zone=seen.zone, params=seen.params, changed_ms=changed_ms)
    if seen is None:
        clear_from_ms = now_ms if alert.clear_from_ms is None else alert.clear_from_ms
        if now_ms - clear_from_ms >= delays.clear_ms:
            return replace(alert, state="resolved", changed_ms=now_ms, clear_from_ms=clear_from_ms)
        return replace(alert, clear_from_ms=clear_from_ms)
    if seen.severity < alert.severity and not seen.sustain:  # worse than what was acknowledged: it fires again
        return replace(
            alert, state="firing", severity=seen.severity, params=seen.params, changed_ms=now_ms, clear_from_ms=None
        )
    return replace(alert, params=seen.params, clear_from_ms=None)


def acknowledge(alert: Alert, by: str, note: str, now_ms: int) -> Alert | Refusal:
    """Someone takes the alert on. Acknowledging it again changes nothing: the first stands."""
    if alert.state == "acknowledged":
        return alert
    if alert.state in ("resolved", "lapsed"):
        return Refusal("alert.over", f"alert {alert.id} is over since {alert.changed_ms}; there is nothing to take on")
    if alert.state == "pending":
        return Refusal("alert.pending", f"alert {alert.id} has not fired yet; wait until it does")
    if not by.strip():
        return Refusal("alert.nobody", f"alert {alert.id} can not be acknowledged by nobody; say who does")
    note = note[:NOTE_CHARACTERS_MAX]
    return replace(
        alert, state="acknowledged", acknowledged_by=by, acknowledged_ms=now_ms, note=note, changed_ms=now_ms
    )


def enter(book: Book, alert: Alert) -> Book:
    """The book with this open alert in place of its earlier self."""
    assert alert.state not in ("resolved", "lapsed"), "only what is not over stands in the book"
    return Book(book.next_id, {**book.open, (alert.rule, alert.subject): alert})


def restore(stored: Iterable[Alert]) -> Book:
    """The book as it was, from the last stored form of each alert; those that are over only count for the ids."""
    next_id, still_open = 1, {}
    for alert in stored:
        next_id = max(next_id, alert.id + 1)
        if alert.state not in ("resolved", "lapsed"):
            still_open[alert.rule, alert.subject] = replace(alert, clear_from_ms=None)
    return Book(next_id, still_open)


def view(alert: Alert) -> AlertView | None:
    """The alert as a person sees it; None before it fires and when it never did."""
    if alert.state == "pending" or alert.state == "lapsed":
        return None
    return AlertView(
        alert.id,
        alert.rule,
        alert.subject,
        alert.zone,
        alert.severity,
        alert.state,
        alert.since_ms,
        alert.changed_ms,
        alert.params,
        alert.acknowledged_by,
        alert.acknowledged_ms,
        alert.note,
    )
