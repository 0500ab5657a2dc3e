"""The dossier of a site's excursions: steps that are only ever added to, and the cases that they amount to. A fold.

An excursion is known by its room, its storage and when it began. Where the history told more of it later, it may have
begun earlier or lasted longer: it stays the same case, and what was judged a breach stays one, for goods were set
aside for it and a person has to say what becomes of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from cloud.core.refusals import Refusal
from protocols.excursions import Cause, Excursion, Kind

What = Literal["began", "became", "over", "searched", "aside", "decided", "told", "booked"]
Decision = Literal["", "release", "scrap"]
RANKS = {"defrost": 0, "excursion": 1, "breach": 2}
COMMENT_MIN = 3
WORSE_C, WORSE_MS = 1.0, 1_800_000


class Step(Struct, frozen=True):
    """One row. `excursion` is the case's number (0: this row begins it, its `id` is the number); `at_ms` when it
    happened, `known_ms` when it was written. `body` is what the step says; `key` makes it come once."""

    zone: str
    storage: str
    what: What
    at_ms: int
    known_ms: int
    key: str
    excursion: int = 0
    by: str = ""
    role: str = ""
    note: str = ""
    body: dict[str, Any] = {}
    id: int = 0


class Line(Struct):
    """Units of a lot that a breach set aside ("": it is not known of which lot); `gone` more had left the room before
    it was known. `entry` is the book's; `booked`: the book has what was decided. What is scrapped off a shelf waits for
    its scale to see it: `told` are the entries that say so. `signed_c` and `signed_ms` are how far and how long the
    room had been outside when somebody decided."""

    number: int
    sku: str
    lot: str
    units: int
    gone: int
    at_ms: int
    entry: int
    decision: Decision = ""
    by: str = ""
    decided_ms: int = 0
    booked: bool = False
    told: dict[str, int] = field(default_factory=dict)
    signed_c: float | None = None
    signed_ms: int = 0


class Signature(Struct, frozen=True):
    """Who decided what about which lines, when, and why."""

    by: str
    role: str
    at_ms: int
    decision: Literal["release", "scrap"]
    comment: str
    lines: list[int]


class Case(Struct):
    """One excursion with all that came of it. With a `sku` and a `lot` it is that lot's alone: it used up a budget of
    its own, or its shelf life."""

    number: int
    zone: str
    storage: str
    began_ms: int
    kind: Kind = "excursion"
    why: Cause = ""
    side: int = 1
    ended_ms: int = 0
    breach_ms: int = 0
    peak_c: float = 0.0
    outside_ms: int = 0
    searched: bool = False
    sku: str = ""
    lot: str = ""
    lines: list[Line] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)

    @property
    def state(self) -> Literal["", "open", "decided"]:
        """Whether lots of it wait for a word."""
        if not self.lines:
            return ""
        return "open" if any(not one.decision for one in self.lines) else "decided"


def fold(cases: dict[int, Case], step: Step) -> Case:
    """The case after one more step; a step of no known case makes nothing."""
    if not step.excursion:
        made = cases[step.id] = Case(step.id, step.zone, step.storage, step.at_ms)
        _figures(made, step.body)
        return made
    case = cases[step.excursion]
    if step.what in ("became", "over"):
        _figures(case, step.body)
    elif step.what == "searched":
        case.searched = True
    elif step.what == "aside":
        case.lines.append(Line(len(case.lines) + 1, at_ms=step.at_ms, **step.body))
    elif step.what == "decided":
        number, decision = int(step.body["line"]), step.body["decision"]
        line = case.lines[number - 1]
        line.decision, line.by, line.decided_ms = decision, step.by, step.at_ms
        line.signed_c, line.signed_ms = step.body.get("peak_c"), step.body.get("outside_ms", 0)
        last = case.signatures[-1] if case.signatures else None
        signed = (step.by, step.role, step.at_ms, decision, step.note)
        if last is not None and (last.by, last.role, last.at_ms, last.decision, last.comment) == signed:
            last.lines.append(number)
        else:
            case.signatures.append(Signature(*signed, [number]))
    elif step.what == "told":
        line = case.lines[int(step.body["line"]) - 1]
        line.told = dict(step.body["entries"])
        _missed(line, step.body)
    elif step.what == "booked":
        line = case.lines[int(step.body["line"]) - 1]
        line.booked = True
        _missed(line, step.body)
    return case


def worse(case: Case, line: Line, borne_ms: int) -> bool:
    """Whether a breach that goes on is another one by now than somebody decided about: further outside by
    `WORSE_C`, or outside for as long again as is borne at most (`borne_ms`), `WORSE_MS` at least."""
    if line.signed_c is None:
        return False
    further = (case.peak_c - line.signed_c) * case.side
    return further >= WORSE_C or case.outside_ms - line.signed_ms > max(borne_ms, WORSE_MS)


def same(cases: Iterable[Case], zone: str, storage: str, one: Excursion) -> Case | None:
    """The case that an excursion is: one of the same room and side that began with it, or that has time in common; a
    time in which the mean is too warm is none of the excursions in it."""
    found, kinetic = None, one.why == "kinetic"
    for case in cases:
        if (case.zone, case.storage, case.side) != (zone, storage, one.side) or case.sku:
            continue
        if (case.why == "kinetic") is not kinetic:
            continue  # that is of its mean, whatever it is in now
        if case.began_ms == one.began_ms:
            return case
        mine, theirs = case.ended_ms or 2**62, one.ended_ms or 2**62
        if case.began_ms < theirs and one.began_ms < mine:
            found = case
    return found


def steps_of(case: Case | None, zone: str, storage: str, one: Excursion, known_ms: int) -> list[Step]:
    """What is to be added to the dossier because of an excursion as it is now."""
    body: dict[str, Any] = {
        "began_ms": one.began_ms, "side": one.side, "kind": one.kind, "why": one.why, "peak_c": one.peak_c,
        "outside_ms": one.outside_ms, "breach_ms": one.breach_ms, "ended_ms": one.ended_ms,
    }  # fmt: skip
    if case is None:
        key = f"{zone}/{storage}/{one.began_ms}" + "/kinetic" * (one.why == "kinetic")
        return [Step(zone, storage, "began", one.began_ms, known_ms, key, body=body)]
    worse = RANKS[one.kind] > RANKS[case.kind]
    if not worse:
        body |= {"kind": case.kind, "why": case.why, "breach_ms": case.breach_ms}
    if one.ended_ms and one.ended_ms != case.ended_ms:
        key = f"{case.number}/over/{one.began_ms}/{one.ended_ms}/{one.outside_ms}"
        return [Step(zone, storage, "over", one.ended_ms, known_ms, key, case.number, body=body)]
    if worse:
        key = f"{case.number}/became/{body['kind']}"
        return [Step(zone, storage, "became", known_ms, known_ms, key, case.number, body=body)]
    return []


def left(case: Case, at_ms: int) -> Step:
    """An excursion of a room that is not watched so any more, as the site file is: nobody will say when it was over."""
    key = f"{case.number}/over/unwatched"
    return Step(case.zone, case.storage, "over", at_ms, at_ms, key, case.number, body={"ended_ms": at_ms})


def decide(
    case: Case | None, wanted: Sequence[int], decision: Decision, by: str, comment: str, words: Mapping[str, str]
) -> list[int] | Refusal:
    """The lines that a person decides about now: those wanted, or all that wait. None where the same person said the
    very same before. `words`: how a decision is told of."""
    if case is None or not case.lines:
        said = "No lots were set aside for this excursion."
        return Refusal("nothing_aside", said, "Look it up in the list: breaches that wait are open.")
    if sum(one.isprintable() and not one.isspace() for one in comment) < COMMENT_MIN:
        return Refusal("comment", "A decision needs a comment.", "Say in a few words why the lots are fit, or are not.")
    if strange := [one for one in wanted if not 1 <= one <= len(case.lines)]:
        said = f"Excursion {case.number} has no line {strange[0]}."
        return Refusal("unknown_line", said, f"Its lines are 1 to {len(case.lines)}.")
    lines = [one for one in case.lines if not wanted or one.number in wanted]
    waiting = [one.number for one in lines if not one.decision]
    if waiting and (not wanted or len(waiting) == len({*wanted})):
        return waiting
    done = next(one for one in lines if one.decision)
    said_same = [one for one in case.signatures if (one.by, one.decision, one.comment) == (by, decision, comment)]
    if {one.number for one in lines} <= {number for one in said_same for number in one.lines}:
        return []
    said = f"{done.by} {words[done.decision]} line {done.number} of excursion {case.number} before."
    return Refusal("decided", said, "Nothing is left to decide there. What is wrong is told the book as a new fact.")


def _missed(line: Line, body: Mapping[str, Any]) -> None:
    """Units that were to be scrapped and are there no more."""
    missing = int(body.get("missing", 0))
    line.units, line.gone = line.units - missing, line.gone + missing


def _figures(case: Case, body: Mapping[str, Any]) -> None:
    for name in ("began_ms", "side", "kind", "why", "peak_c", "outside_ms", "breach_ms", "ended_ms", "sku", "lot"):
        if name in body:
            setattr(case, name, body[name])
