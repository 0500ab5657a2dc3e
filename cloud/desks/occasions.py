"""Notices that no rule asks for: the test, on its day or when somebody wants one; an alert that was given away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct, field

from cloud.alerts import notices, people, wording
from cloud.alerts.lifecycle import CRITICAL, Alert
from cloud.alerts.notices import Board, Notice
from cloud.alerts.wording import Text
from cloud.channels import Channels
from protocols.crews import Person
from protocols.layout import Site

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Handed(Struct, frozen=True):
    """An alert that somebody (`by`) gave to a person, who was not told yet."""

    person: str
    alert: int
    by: str
    note: str


class Memory(Struct):
    """What lasts over a restart: the board, the day of the last test, and what was given to people in their quiet
    hours: one an alert at most."""

    board: Board = field(default_factory=Board)
    tested: str = ""
    handed: list[Handed] = field(default_factory=list)


def forget(memory: Memory, people: Set[str]) -> None:
    """Who does not stand in the site file any more is told nothing more."""
    notices.forget(memory.board, people)
    memory.handed = [one for one in memory.handed if one.person in people]


class Occasion(NamedTuple):
    """A notice, and its words."""

    notice: Notice
    text: Text


def test_text(site: Site, person: Person) -> Text:
    """A test, in somebody's language."""
    title = wording.plain(person.language, "test") + wording.plain(person.language, "test_title")
    body = wording.plain(person.language, "test_text", site=site.site.name)
    return Text(f"{title} [{site.site.name}]", body)


def tests(memory: Memory, file: Channels, site: Site, now: datetime) -> list[Occasion]:
    """On the day of the test, once: to whoever is on call. `now` is the time at the site."""
    day, known = now.date().isoformat(), {one.id: one for one in site.people}
    if not file.test_day or DAYS[now.weekday()] != file.test_day or memory.tested == day:
        return []
    if f"{now:%H:%M}" < file.test_time:
        return []
    memory.tested = day
    asked = dict.fromkeys(people.on_call(one, known, now)[0] for one in site.teams)
    return [Occasion(Notice(one, "test", ()), test_text(site, known[one])) for one in asked]


def hand(memory: Memory, handed: Handed) -> None:
    """Somebody gave an alert to a person; who had it before is not told any more."""
    memory.handed = [one for one in memory.handed if one.alert != handed.alert] + [handed]


def to_tell(memory: Memory, there: Mapping[int, Alert], quiet: Callable[[str], bool]) -> list[Handed]:
    """What was given to people who can be told now; what is over by then, or another's, is forgotten."""
    still = [one for one in memory.handed if one.alert in there and there[one.alert].assigned_to == one.person]
    memory.handed = [one for one in still if there[one.alert].severity > CRITICAL and quiet(one.person)]
    return [one for one in still if one not in memory.handed]


def handed_text(said: Text, one: Handed, language: str) -> Text:
    """What is `said` of the alert, and who asks."""
    asks = wording.plain(language, "assigned_note" if one.note else "assigned_text", by=one.by, note=one.note)
    return said._replace(body=f"{said.body}\n{asks}")
