"""Notices that no alert asks for: the test on its day, and a rule that people found wrong too often."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct, field

from cloud.alerts import people, wording
from cloud.alerts.notices import Board, Notice
from cloud.alerts.wording import Text
from cloud.channels import Channels
from cloud.core.maintenance.verdicts import RulePrecision
from protocols.crews import Person
from protocols.layout import Site

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Memory(Struct):
    """What lasts over a restart: the board, the day of the last test, the rules whose tuning was asked for."""

    board: Board = field(default_factory=Board)
    tested: str = ""
    tuned: list[str] = []


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


def tunings(
    memory: Memory, precision: Iterable[RulePrecision], paging: Callable[[str], bool], site: Site, now: datetime
) -> list[Occasion]:
    """Once for each rule that asks to be tuned, to whoever is on call for it, not in quiet hours."""
    asking = {one.rule: one for one in precision if one.asks_tuning}
    memory.tuned = [rule for rule in memory.tuned if rule in asking]
    known, made = {one.id: one for one in site.people}, []
    for rule, one in asking.items():
        teams = [team for team in site.teams if not team.zones] or site.teams
        team = people.team_of(teams, rule, "") or next(iter(teams), None)
        if rule in memory.tuned or team is None:
            continue
        person = known[people.on_call(team, known, now)[0]]
        if people.is_quiet(person, now):
            continue
        memory.tuned.append(rule)
        tongue, shares = (
            person.language,
            {"precision": round((one.precision or 0) * 100), "floor": round(one.floor * 100)},
        )
        head = wording.plain(tongue, "tuning") + wording.plain(tongue, "tuning_title", rule=rule)
        body = wording.plain(tongue, "tuning_safety" if paging(rule) else "tuning_text", **shares)
        made.append(Occasion(Notice(person.id, "tuning", ()), Text(f"{head} [{site.site.name}]", body)))
    return made
