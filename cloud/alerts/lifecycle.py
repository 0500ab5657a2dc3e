"""The life of an alert: pending -> firing -> acknowledged or shelved -> resolved, or pending -> lapsed. A pure fold.

One alert per (rule, subject), updated and not repeated. One that comes back within `REOPEN_MS` is the same again, as it
was when it ended; one that comes and goes (`damping`) is not over before it is calm. Every transition is a value to be
stored; `restore` rebuilds the book from the stored alerts. The clearing delay and the swings are not stored: after a
restart they begin again, which can only keep an alert longer, or tell it once more. Of who acted, who took it on is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from cloud.alerts import damping
from cloud.alerts.damping import Flaps, came, is_restless
from cloud.core.view import AlertView, Param

Stage = Literal["pending", "firing", "acknowledged", "shelved", "resolved", "lapsed"]
Key = tuple[str, str]
OVER: tuple[Stage, ...] = ("resolved", "lapsed")

CRITICAL = 1
"""The severity that is told at once, and again."""
NOTE_CHARACTERS_MAX = 1000
REOPEN_MS = 60 * 60_000
"""One that is back so soon is the same alert; who took it on still has it."""
DAY_MS = 24 * REOPEN_MS
SWINGS = 2
"""One that came back so often comes and goes; so does one that was there already within the day before."""
SHELVED_MAX_MS = 7 * 86_400_000
"""Nothing is put aside for longer: what is wrong for weeks is to be mended, or its rule is."""


class Condition(Struct, frozen=True):
    """What a rule sees wrong now. `severity` is 1 (worst) to 3. With `sustain` it only keeps an alert that is already
    firing: the value is inside the dead band, or too old to tell. One that `held` was watched elsewhere for as long as
    it must hold: it fires at once. `told_by` is a rule that tells of the same: while it has an alert of the subject,
    this one has none."""

    rule: str
    subject: str
    zone: str
    severity: int
    params: dict[str, Param]
    sustain: bool = False
    held: bool = False
    told_by: str = ""


class Delays(NamedTuple):
    """How long a condition must hold before it fires, and be gone before it is resolved."""

    hold_ms: int
    clear_ms: int


class Alert(Struct, frozen=True):
    """One alert. `since_ms`: when its condition began; `severity`: as it is now, or was when it was acknowledged if
    that was worse; `clear_from_ms`: since when the condition has been gone, None while it is there. A shelved one is
    put aside until `shelved_until_ms`, unless it gets worse. `reopened`: so often it came back after it was over;
    `swings`: so often its condition was gone meanwhile. `assigned_to`: the person who is to see to it, whoever
    acknowledged it. `told_by`: the rule that tells of it since it ended. `acted_by`: who did the last thing that came
    of it, and when ("" and 0: no person; since a restart, who took it on or put it aside)."""

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
    shelved_until_ms: int = 0
    reopened: int = 0
    assigned_to: str = ""
    swings: int = 0
    told_by: str = ""
    acted_by: str = ""
    acted_ms: int = 0

    @property
    def comes_and_goes(self) -> bool:
        """Whether that it is over says little: nobody is told so, and whoever took it on still has it. What is critical
        may come back once: whoever is called a second time can turn back, too."""
        return self.reopened > (1 if self.severity <= CRITICAL else 0) or self.swings >= SWINGS


class Book(Struct, frozen=True):
    """The alerts that are not over, by (rule, subject), and the id the next one gets; those that were over within the
    day, and how restless each is."""

    next_id: int = 1
    open: dict[Key, Alert] = field(default_factory=dict)
    lately: dict[Key, Alert] = field(default_factory=dict)
    flaps: Flaps = field(default_factory=dict)


class Transition(NamedTuple):
    """An alert as it stands now, and the state it came from (None: it is new). To be stored, whichever it is. `by`: who
    did it, and why, where that does not stand in the alert."""

    before: Stage | None
    alert: Alert
    by: str = ""
    note: str = ""


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
    lately = {key: one for key, one in book.lately.items() if now_ms - one.changed_ms < DAY_MS}
    flaps = damping.kept(book.flaps, now_ms)
    for key, alert in book.open.items():
        restless = is_restless(flaps, key, now_ms)
        after = _go_on(alert, present.get(key), delays.get(alert.rule, Delays(0, 0)), now_ms, restless)
        if alert.clear_from_ms is not None and after.clear_from_ms is None:
            came(flaps, key, now_ms)
            after = replace(after, swings=after.swings + 1)
        if (after.state, after.severity) != (alert.state, alert.severity):
            after = replace(after, acted_by="", acted_ms=0)
        if after.state in OVER:
            del still_open[key]
            if after.state == "resolved":
                lately[key] = after
        else:
            still_open[key] = after
        if (after.state, after.severity) == (alert.state, alert.severity):
            continue
        if alert.state == "pending" and after.state == "firing":
            came(flaps, key, now_ms)
            if (before := lately.pop(key, None)) is not None:
                if _is_same(before, now_ms):
                    transitions.append(Transition("pending", replace(after, state="lapsed")))
                    alert = before
                after = _again(before, after)
                still_open[key] = after
        transitions.append(Transition(alert.state, after))
    for key, seen in present.items():
        if key in book.open or seen.sustain or _is_told(seen, still_open):
            continue
        state: Stage = "pending" if delays[seen.rule].hold_ms > 0 and not seen.held else "firing"
        new = Alert(next_id, seen.rule, seen.subject, seen.zone, seen.severity, state, now_ms, now_ms, seen.params)
        was: Stage | None = None
        if state == "firing":
            came(flaps, key, now_ms)
            if (ended := lately.pop(key, None)) is not None:
                new, was = _again(ended, new), "resolved" if _is_same(ended, now_ms) else None
        next_id += new.id == next_id
        still_open[key] = new
        transitions.append(Transition(was, new))
    for (rule, subject), alert in [*still_open.items()]:
        if _is_told(present.get((rule, subject)), still_open):
            by = present[rule, subject].told_by
            state = "lapsed" if alert.state == "pending" else "resolved"
            ended = replace(alert, state=state, changed_ms=now_ms, told_by=by, acted_by="", acted_ms=0)
            if state == "resolved":
                lately[rule, subject] = ended
            del still_open[rule, subject]
            transitions.append(Transition(alert.state, ended))
    return Book(next_id, still_open, lately, flaps), transitions


def _is_told(seen: Condition | None, there: Mapping[Key, Alert]) -> bool:
    """Whether another rule has an alert, which fired, of the same."""
    other = there.get((seen.told_by, seen.subject)) if seen is not None and seen.told_by else None
    return other is not None and other.state != "pending"


def _is_same(ended: Alert, now_ms: int) -> bool:
    return now_ms - ended.changed_ms < REOPEN_MS


def _again(ended: Alert, new: Alert) -> Alert:
    """One that was there within the day and is there again. Within the hour it is the same: put aside it is so until
    its time is over; whoever took it on still has it, unless it is worse, or was told that what is critical is over."""
    if not _is_same(ended, new.changed_ms):
        if ended.told_by:
            return new
        first = new.severity <= CRITICAL and not ended.reopened and not ended.swings
        return replace(new, swings=1 if first else SWINGS)
    milder, told_over = new.severity >= ended.severity, not ended.comes_and_goes and not ended.told_by
    aside = milder and ended.shelved_until_ms > new.changed_ms
    released = ended.severity <= CRITICAL and told_over
    taken = milder and ended.acknowledged_by != "" and not ended.shelved_until_ms and not released
    return replace(
        ended,
        state="shelved" if aside else "acknowledged" if taken else "firing",
        zone=new.zone,
        severity=new.severity,
        params=new.params,
        changed_ms=new.changed_ms,
        clear_from_ms=None,
        reopened=ended.reopened + (not ended.told_by),
        acknowledged_by=ended.acknowledged_by if taken or aside else "",
        shelved_until_ms=ended.shelved_until_ms if aside else 0,
        told_by="",
    )


def _go_on(alert: Alert, seen: Condition | None, delays: Delays, now_ms: int, restless: bool) -> Alert:
    """An open alert's next moment."""
    if alert.since_ms > now_ms or (alert.clear_from_ms or 0) > now_ms:  # the clock was set back: it is counted anew
        gone_ms = None if alert.clear_from_ms is None else min(alert.clear_from_ms, now_ms)
        alert = replace(alert, since_ms=min(alert.since_ms, now_ms), clear_from_ms=gone_ms)
    if alert.shelved_until_ms > now_ms + SHELVED_MAX_MS:
        alert = replace(alert, shelved_until_ms=now_ms + SHELVED_MAX_MS)
    if alert.state == "pending":
        if seen is None or seen.sustain:
            return replace(alert, state="lapsed", changed_ms=now_ms)
        fires = seen.held or now_ms - alert.since_ms >= delays.hold_ms
        state: Stage = "firing" if fires else "pending"
        changed_ms = now_ms if fires else alert.changed_ms
        return replace(
            alert, state=state, severity=seen.severity, zone=seen.zone, params=seen.params, changed_ms=changed_ms
        )
    if seen is None:
        clear_from_ms = now_ms if alert.clear_from_ms is None else alert.clear_from_ms
        if now_ms - clear_from_ms >= delays.clear_ms and not restless:
            return replace(alert, state="resolved", changed_ms=now_ms, clear_from_ms=clear_from_ms)
        return replace(alert, clear_from_ms=clear_from_ms)
    worse = seen.severity < alert.severity and not seen.sustain
    if worse or (alert.state == "shelved" and now_ms >= alert.shelved_until_ms):  # it asks for somebody again
        return replace(
            alert,
            state="firing",
            severity=seen.severity if worse else alert.severity,
            params=seen.params,
            changed_ms=now_ms,
            clear_from_ms=None,
            acknowledged_by="",
            shelved_until_ms=0,
        )
    milder = alert.state == "firing" and not seen.sustain
    severity = max(alert.severity, seen.severity) if milder else alert.severity
    return replace(alert, severity=severity, params=seen.params, clear_from_ms=None)


def shelve(alert: Alert, by: str, note: str, until_ms: int, now_ms: int) -> Alert | Refusal:
    """Someone puts an alert aside until a moment, and says why."""
    if alert.state in OVER or alert.state == "pending":
        return Refusal("alert.over", f"alert {alert.id} is not there now; there is nothing to put aside")
    if not by.strip() or not note.strip():
        return Refusal("alert.nobody", f"alert {alert.id} is put aside by somebody, for a reason; give both")
    if not now_ms < until_ms <= now_ms + SHELVED_MAX_MS:
        return Refusal("alert.shelf", f"alert {alert.id} can be put aside for up to 7 days; give a moment in them")
    note = note[:NOTE_CHARACTERS_MAX]
    return replace(alert, state="shelved", acknowledged_by=by, note=note, shelved_until_ms=until_ms, changed_ms=now_ms)


def unshelve(alert: Alert, now_ms: int) -> Alert | Refusal:
    """Someone takes an alert up again that was put aside: it fires, and asks for somebody."""
    if alert.state != "shelved":
        return Refusal("alert.not_shelved", f"alert {alert.id} is not put aside; there is nothing to take up again")
    return replace(alert, state="firing", acknowledged_by="", shelved_until_ms=0, changed_ms=now_ms)


def assign(alert: Alert, to: str) -> Alert | Refusal:
    """Somebody ("": nobody in particular) is to see to it. That is no acknowledgement."""
    if alert.state in OVER or alert.state == "pending":
        return Refusal("alert.over", f"alert {alert.id} is not there now; there is nothing to see to")
    return replace(alert, assigned_to=to)


def acknowledge(alert: Alert, by: str, note: str, now_ms: int) -> Alert | Refusal:
    """Someone takes the alert on. Acknowledging it again changes nothing: the first stands."""
    if alert.state == "acknowledged":
        return alert
    if alert.state in OVER:
        return Refusal("alert.over", f"alert {alert.id} is over since {alert.changed_ms}; there is nothing to take on")
    if alert.state == "pending":
        return Refusal("alert.pending", f"alert {alert.id} has not fired yet; wait until it does")
    if not by.strip():
        return Refusal("alert.nobody", f"alert {alert.id} can not be acknowledged by nobody; say who does")
    note = note[:NOTE_CHARACTERS_MAX]
    return replace(
        alert,
        state="acknowledged",
        acknowledged_by=by,
        acknowledged_ms=now_ms,
        note=note,
        changed_ms=now_ms,
        shelved_until_ms=0,
    )


def enter(book: Book, alert: Alert) -> Book:
    """The book with this open alert in place of its earlier self."""
    assert alert.state not in OVER, "only what is not over stands in the book"
    return replace(book, open={**book.open, (alert.rule, alert.subject): alert})


def told_elsewhere(book: Book) -> set[int]:
    """The alerts that ended lately as another rule tells of the same."""
    return {one.id for one in book.lately.values() if one.told_by}


def restore(stored: Iterable[Alert]) -> Book:
    """The book as it was, from the last stored form of each alert; those that were over long ago count for the ids
    alone (the next step forgets them)."""
    last, there, lately = 0, {}, {}
    for alert in stored:
        key = alert.rule, alert.subject
        last = max(last, alert.id)
        if alert.state == "resolved":
            lately[key] = alert
        elif alert.state in ("acknowledged", "shelved"):
            there[key] = replace(alert, clear_from_ms=None, acted_by=alert.acknowledged_by, acted_ms=alert.changed_ms)
        elif alert.state not in OVER:
            there[key] = replace(alert, clear_from_ms=None)
    return Book(last + 1, there, lately)


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
        alert.assigned_to,
        alert.shelved_until_ms if alert.state == "shelved" else 0,
        alert.reopened,
        bool(alert.params.get("nodata")),
        alert.acted_by,
        alert.acted_ms,
    )
