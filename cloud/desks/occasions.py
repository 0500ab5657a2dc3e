"""A notice that no alert asks for: the test, on its day or when somebody wants one."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct, field

from cloud.alerts import people, wording
from cloud.alerts.notices import Board, Notice
from cloud.alerts.wording import Text
from cloud.channels import Channels
from protocols.crews import Person
from protocols.layout import Site

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Memory(Struct):
    """What lasts over a restart: the board, and the day of the last test."""

    board: Board = field(default_factory=Board)
    tested: str = ""


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
