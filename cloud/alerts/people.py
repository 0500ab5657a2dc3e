"""Whose turn it is: rosters with hand-over and days away, quiet hours. Local time comes in as it is at the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from protocols.crews import Person, Team


def on_call(team: Team, people: Mapping[str, Person], now: datetime) -> list[str]:
    """Who is asked first, second and so on: from whose turn it is, in the order of the roster; who is away comes last
    (where all are, somebody is told all the same)."""
    handed = time.fromisoformat(team.hand_over)
    day = now.date() if now.time() >= handed else now.date() - timedelta(days=1)
    turn = (day - date.fromisoformat(team.starts)).days // team.turn_days % len(team.people)
    order = [*team.people[turn:], *team.people[:turn]]
    return sorted(order, key=lambda one: is_away(people[one], now.date()))


def is_away(person: Person, day: date) -> bool:
    """Whether somebody is not there on a day."""
    spans = [span.split("/") for span in person.away]
    return any(span[0] <= day.isoformat() <= span[-1] for span in spans)


def is_quiet(person: Person, now: datetime) -> bool:
    """Whether somebody is to be told nothing but what is critical. Quiet hours may go over midnight."""
    if person.quiet_from is None or person.quiet_until is None:
        return False
    at, begin, end = now.time(), time.fromisoformat(person.quiet_from), time.fromisoformat(person.quiet_until)
    return begin <= at < end if begin <= end else at >= begin or at < end


def team_of(teams: Sequence[Team], rule: str, zone: str) -> Team | None:
    """The first team that is for such an alert; None where no team is."""
    for team in teams:
        if (not team.rules or rule in team.rules) and (not team.zones or zone in team.zones):
            return team
    return None
