"""Whose turn it is: rosters with hand-over and days away, quiet hours, work that was announced. Local time is that of
the site; what is handed over is by the instant, so that an hour that comes twice hands nothing back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import NamedTuple, Protocol

from cloud.alerts.lifecycle import Alert
from protocols.crews import Person, Team
from protocols.tuning import RULES


class Window(Protocol):
    """Work on an asset that was announced; with a `zone` on all that stands there."""

    @property
    def asset(self) -> str:
        """On what."""

    @property
    def zone(self) -> str:
        """ "": on the asset alone."""

    @property
    def from_ms(self) -> int:
        """From then on."""

    @property
    def until_ms(self) -> int:
        """Until then."""


class Turn(NamedTuple):
    """Somebody is asked first, in a span of time; `stands_in`: in the place of who is away."""

    person: str
    from_ms: int
    until_ms: int
    stands_in: bool


def on_call(team: Team, people: Mapping[str, Person], now: datetime) -> list[str]:
    """Who is asked first, second and so on: from whose turn it is, in the order of the roster; who is away comes last
    (where all are, somebody is told all the same). `now` knows its time zone."""
    order = _order(team, now)
    return sorted(order, key=lambda one: is_away(people[one], now.date()))


def _order(team: Team, now: datetime) -> list[str]:
    handed = datetime.combine(now.date(), time.fromisoformat(team.hand_over), now.tzinfo).timestamp()
    day = now.date() if now.timestamp() >= handed else now.date() - timedelta(days=1)
    turn = (day - date.fromisoformat(team.starts)).days // team.turn_days % len(team.people)
    return [*team.people[turn:], *team.people[:turn]]


def turns(team: Team, people: Mapping[str, Person], from_ms: int, until_ms: int, zone: tzinfo) -> list[Turn]:
    """Who is asked first, one after the other."""
    first, last = (datetime.fromtimestamp(one / 1000, zone).date() for one in (from_ms, until_ms))
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    clocks = (time(0), time.fromisoformat(team.hand_over))
    edges = {round(datetime.combine(day, clock, zone).timestamp() * 1000) for day in days for clock in clocks}
    marks = [from_ms, *sorted(edge for edge in edges if from_ms < edge < until_ms), until_ms]
    found: list[Turn] = []
    for begin, end in pairwise(marks):
        now = datetime.fromtimestamp(begin / 1000, zone)
        asked = on_call(team, people, now)[0]
        stands_in = asked != _order(team, now)[0]
        if found and (found[-1].person, found[-1].stands_in) == (asked, stands_in):
            found[-1] = found[-1]._replace(until_ms=end)
        else:
            found.append(Turn(asked, begin, end, stands_in))
    return found


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


def unasked(teams: Sequence[Team], zones: Sequence[str]) -> str:
    """Alerts that no team is for, in a sentence: those reach nobody. "" where there are none."""
    for zone in ("", *zones):
        if rules := [rule for rule in sorted(RULES) if team_of(teams, rule, zone) is None]:
            where = f"in zone {zone}" if zone else "of no zone"
            more = f" and {len(rules) - 1} more rules" if len(rules) > 1 else ""
            return f"no team is asked of {rules[0]}{more} {where}; give one team neither zones nor rules"
    return ""


def is_worked_on(alert: Alert, windows: Iterable[Window], now_ms: int) -> bool:
    """Whether somebody announced to work there now: whoever does sees it."""
    return any(one.from_ms <= now_ms < one.until_ms and _covers(one, alert) for one in windows)


def _covers(window: Window, alert: Alert) -> bool:
    """A part of an asset (`reader-1.2`, `shelf-1/weight`) is where the asset is."""
    mine = alert.subject == window.asset or alert.subject.startswith((f"{window.asset}.", f"{window.asset}/"))
    return mine or (window.zone != "" and alert.zone == window.zone)
