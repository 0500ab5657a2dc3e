"""Who is told what: people and how they are reached, teams and their rosters. Tables of the site file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Annotated

from msgspec import Meta, Struct, field

from protocols.tuning import RULES

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Days = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d(/\d{4}-\d\d-\d\d)?$")]
Language = Annotated[str, Meta(pattern=r"^(en|zh)$")]
STEPS_MAX = 10


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who acts. `to` are the names of channels whose addresses stand in the channels file, tried in order.
    Between `quiet_from` and `quiet_until`, local time, only what is critical is told; `away` are days, or spans of
    them, on which the next one on the roster is asked."""

    id: Id
    name: Annotated[str, Meta(min_length=1)]
    to: Annotated[list[Id], Meta(min_length=1)]
    language: Language = "en"
    quiet_from: Clock | None = None
    quiet_until: Clock | None = None
    away: list[Days] = []


class Team(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told of alerts of these zones and rules (none: of all). People take turns of `turn_days`, handed over at
    `hand_over`, the first of them from `starts` on. What is critical and not acknowledged goes to the next one after
    each of `escalate_minutes`."""

    id: Id
    name: str
    people: Annotated[list[Id], Meta(min_length=1)]
    zones: list[Id] = []
    rules: list[str] = []
    starts: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")] = "2026-01-05"
    turn_days: Annotated[int, Meta(ge=1, le=366)] = 7
    hand_over: Clock = "08:00"
    escalate_minutes: Annotated[list[Annotated[int, Meta(ge=1, le=1440)]], Meta(max_length=STEPS_MAX)] = field(
        default_factory=lambda: [5, 15, 30]
    )


def flaw(people: Sequence[Person], teams: Sequence[Team], zones: Collection[str]) -> str:
    """What does not fit, and what to do; "" when all does."""
    for noun, ids in (("person", [one.id for one in people]), ("team", [one.id for one in teams])):
        if twice := next((one for at, one in enumerate(ids) if one in ids[:at]), ""):
            return f"{noun} {twice!r} is listed twice; give each a name of its own"
    names = {one.id for one in people}
    for person in people:
        if (person.quiet_from is None) != (person.quiet_until is None):
            return f"person {person.id!r} has one end of quiet hours; give quiet_from and quiet_until, or neither"
        if person.quiet_from is not None and person.quiet_from == person.quiet_until:
            return f"person {person.id!r} has quiet hours from {person.quiet_from} to the same; let one be later"
        for days in person.away:
            try:
                ends = [date.fromisoformat(day) for day in days.split("/")]
            except ValueError:
                hint = "write 2026-12-24 or 2026-12-24/2026-12-31"
                return f"person {person.id!r} is away on {days!r}, which is no day; {hint}"
            if ends[0] > ends[-1]:
                return f"person {person.id!r} is away from {ends[0]} to {ends[-1]}, which is before it; swap them"
    for team in teams:
        if twice := next((one for at, one in enumerate(team.people) if one in team.people[:at]), ""):
            return f"team {team.id!r} names {twice!r} twice; each takes turns once"
        named = [("person", team.people, names), ("zone", team.zones, zones), ("rule", team.rules, RULES)]
        for what, given, there in named:
            unknown = next((one for one in given if one not in there), "")
            if unknown:
                return f"team {team.id!r} names {what} {unknown!r}, which is not there; name one that is"
        try:
            date.fromisoformat(team.starts)
        except ValueError:
            return f"team {team.id!r} starts on {team.starts!r}, which is no day; write it like 2026-01-05"
        if sorted(set(team.escalate_minutes)) != team.escalate_minutes:
            minutes = team.escalate_minutes
            return f"team {team.id!r} escalates after {minutes} minutes; let each be later than the one before"
    return ""
