"""What the pages of crews show: who is on call, the roster, what was told, what fires most, what is over."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct

from cloud.core.view import AlertView

Kind = Literal["critical", "news", "digest", "again", "over", "assigned", "test"]
"""What a notice is about. The last two are asked for by somebody."""
Sent = Literal["waiting", "sending", "delivered", "given_up", "unsure"]
"""What became of it. `sending`: a try has begun; `unsure`: the service stopped in a try."""


class Sought(NamedTuple):
    """Which alerts that are over are looked for: of a rule, about what (a part of its name, or of its zone's),
    of a severity, there at some time between two moments. What is left as it is limits nothing."""

    rule: str = ""
    about: str = ""
    severity: int = 0
    from_ms: int = 0
    to_ms: int = 0


class EndedView(Struct, frozen=True):
    """Alerts that are over, the latest end first; older ones are after the mark `next` (None: there are none)."""

    items: list[AlertView]
    next: str | None


class OnCallView(Struct, frozen=True):
    """Somebody on a roster now."""

    person: str
    name: str
    quiet: bool
    away: bool


class TeamView(Struct, frozen=True):
    """A team now: who is asked first, second and so on; `until_ms`: when another one is first, and who that is."""

    id: str
    name: str
    zones: list[str]
    rules: list[str]
    now: list[OnCallView]
    until_ms: int
    next: str


class PersonView(Struct, frozen=True):
    """Somebody who can be given an alert."""

    id: str
    name: str


class CrewsView(Struct, frozen=True):
    """Who is on call now. `trouble`: why nobody can be reached, "" where people can; `waiting`: notices on their way;
    `beat_ms`: when somebody outside heard last that the service is well (None: nobody is asked to)."""

    at_ms: int
    timezone: str
    trouble: str
    waiting: int
    beat_ms: int | None
    teams: list[TeamView]
    people: list[PersonView]


class TurnView(Struct, frozen=True):
    """Somebody is asked first for a while; `stands_in`: for who is away."""

    team: str
    person: str
    name: str
    from_ms: int
    until_ms: int
    stands_in: bool


class RosterView(Struct, frozen=True):
    """Who is asked first in a span, team by team."""

    from_ms: int
    to_ms: int
    turns: list[TurnView]


class NoticeView(Struct, frozen=True):
    """What somebody was told, and what became of it; `taken_ms`: when its link was used, 0: it was not."""

    id: int
    at_ms: int
    person: str
    name: str
    kind: Kind
    severity: int
    step: int
    alerts: list[int]
    more: int
    title: str
    state: Sent
    channel: str
    tries: int
    changed_ms: int
    detail: str
    taken_ms: int


class NoticesView(Struct, frozen=True):
    """A page of them, newest first; older ones are behind `next` (None: there are none)."""

    notices: list[NoticeView]
    next: int | None


class Noisy(Struct, frozen=True):
    """How often an alert fired in a span, how often of that it came back within the hour, its share of all that fired,
    and when last."""

    rule: str
    subject: str
    zone: str
    fired: int
    reopened: int
    share: float
    last_ms: int


class Noisiest(Struct, frozen=True):
    """How often any alert fired since, and those that did most, the noisiest first."""

    since_ms: int
    fired: int
    top: list[Noisy]
