"""What people ask of the crews: who is on call, what was told, alerts put aside or given to somebody; and the links by
which somebody takes alerts on from a message."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from cloud.alerts import links, people, wording
from cloud.alerts.lifecycle import OVER
from cloud.alerts.notices import Notice
from cloud.core.crews_view import (
    CrewsView,
    Noisiest,
    NoticeView,
    OnCallView,
    PersonView,
    RosterView,
    Sought,
    TeamView,
    TurnView,
)
from cloud.core.view import AlertView
from cloud.desks import occasions
from cloud.desks.crewing import PAYLOAD_MAX, Crewing
from cloud.desks.occasions import Handed
from cloud.desks.refusing import storing
from cloud.stores.notices import Kept
from cloud.web.desk import Conflict, NotFound, Refused, Unavailable
from protocols.crews import Person

DAY_MS = 86_400_000
TEST_REST_MS = 30_000
LINES_MAX = 10
"""A person gets one test in so long."""


class Asked(NamedTuple):
    """What a message's page shows: what is said, in which language, the alerts' titles and figures, and the name of who
    may take them on ("": nobody, nothing is left to do), or just did (`by`)."""

    language: str
    said: str
    lines: list[tuple[str, str]]
    may: str = ""
    by: str = ""


class Crews:
    """The crews, as the web sees them. Raises `DeskError`s."""

    def __init__(self, crewing: Crewing) -> None:
        self._crewing, self._alerting = crewing, crewing.alerting
        self._site, self._people = crewing.site, crewing.people
        self._tested: dict[str, int] = {}

    def on_call(self) -> CrewsView:
        """Who is on call now."""
        mine, now_ms = self._crewing, self._crewing.now_ms()
        now = datetime.fromtimestamp(now_ms / 1000, mine.zone)
        teams = []
        for team in self._site.teams:
            order = [self._people[one] for one in people.on_call(team, self._people, now)]
            ahead = people.turns(team, self._people, now_ms, now_ms + (team.turn_days + 7) * DAY_MS, mine.zone)
            after = next((one for one in ahead if one.person != order[0].id), None)
            seen = [
                OnCallView(one.id, one.name, people.is_quiet(one, now), people.is_away(one, now.date()))
                for one in order
            ]
            until_ms, then = (after.from_ms, after.person) if after else (0, "")
            teams.append(TeamView(team.id, team.name, team.zones, team.rules, seen, until_ms, then))
        file = mine.channels.now()
        beat_ms = (mine.beat_ms or 0) if file.heartbeat else None
        waiting = mine.delivering.waiting()
        everybody = [PersonView(one.id, one.name) for one in self._site.people]
        return CrewsView(now_ms, self._site.site.timezone, mine.trouble(), waiting, beat_ms, teams, everybody)

    def roster(self, days: int) -> RosterView:
        """Who is asked first in the next days."""
        from_ms = self._crewing.now_ms()
        until_ms = from_ms + days * DAY_MS
        found = [
            TurnView(team.id, one.person, self._people[one.person].name, one.from_ms, one.until_ms, one.stands_in)
            for team in self._site.teams
            for one in people.turns(team, self._people, from_ms, until_ms, self._crewing.zone)
        ]
        return RosterView(from_ms, until_ms, found)

    async def notices(self, before: int, limit: int) -> list[NoticeView]:
        """What was told, newest first."""
        with storing():
            found = await self._crewing.on_disk(self._crewing.ledger.notices.latest, before, limit)
        return [self._view(one) for one in found]

    async def noisiest(self, since_ms: int) -> Noisiest:
        """What fired most since."""
        with storing():
            fired, top = await self._crewing.on_disk(self._crewing.ledger.notices.noisiest, since_ms)
        return Noisiest(since_ms, fired, top)

    async def ended(self, sought: Sought, limit: int, after: tuple[int, int] | None) -> list[AlertView]:
        """Alerts that are over."""
        return await self._alerting.ended(sought, limit, after)

    async def test(self, person: str, channel: str) -> NoticeView:
        """Tell somebody a test."""
        one, now_ms = self._person(person), self._crewing.now_ms()
        if channel and channel not in self._crewing.channels.now().channels:
            raise Refused(
                "no_channel", f"there is no channel {channel!r}", "add it with `python -m cloud channels --add NAME`"
            )
        if now_ms - self._tested.get(person, -TEST_REST_MS) < TEST_REST_MS:
            raise Refused("too_soon", f"{one.name} was sent a test just now", "wait half a minute")
        self._tested[person] = now_ms
        with storing():
            kept = await self._crewing.tell(Notice(person, "test", ()), occasions.test_text(self._site, one), channel)
        return self._view(kept)

    async def shelve(self, alert: int, by: str, minutes: int, note: str) -> AlertView:
        """Put an alert aside for so long."""
        return await self._alerting.shelve(alert, by, note, self._crewing.now_ms() + minutes * 60_000)

    async def unshelve(self, alert: int, by: str, note: str) -> AlertView:
        """Take it up again."""
        return await self._alerting.unshelve(alert, by, note)

    async def assign(self, alert: int, by: str, to: str, note: str) -> AlertView:
        """Give an alert to somebody ("": nobody); who it is, is told, after any quiet hours."""
        if to:
            self._person(to)
        view = await self._alerting.assign(alert, by, to, note)
        if to and to != by:
            with storing():
                await self._crewing.hand(Handed(to, alert, by, note))
        return view

    async def look(self, token: str) -> Asked:
        """What the page of a message's link shows. Nothing changes: programs look, too."""
        one, link = await self._of(token)
        return self._asked(one, link)

    async def take(self, token: str) -> Asked:
        """Somebody tapped: the alerts of the message are theirs."""
        one, link = await self._of(token)
        asked = self._asked(one, link)
        if not asked.may or one is None:
            return asked
        notices, now_ms = self._crewing.ledger.notices, self._crewing.now_ms()
        taken = 0
        known = self._alerting.known()
        for number in one.alerts:
            if number not in known or known[number].state != "firing":
                continue
            try:
                await self._alerting.acknowledge(number, one.person, "")
                taken += 1
            except (Conflict, NotFound):  # it is over since
                continue
            except Unavailable:
                return asked._replace(said=wording.plain(asked.language, "page.later"))
        with storing():
            await self._crewing.on_disk(notices.take, one.id, one.nonce, now_ms)
        done = wording.plain(asked.language, "page.done" if taken else "page.over", name=asked.may)
        return asked._replace(said=done, may="", by=one.person)

    async def _of(self, token: str) -> tuple[Kept | None, links.Link | None]:
        """The notice of a token that we made."""
        link = links.read(token)
        if link is None:
            return None, None
        with storing():
            one = await self._crewing.on_disk(self._crewing.ledger.notices.one, link.notice)
        if one is None or one.person not in self._people or not self._crewing.is_ours(link, one):
            return None, None
        return one, link

    def _asked(self, one: Kept | None, link: links.Link | None) -> Asked:
        if one is None or link is None:
            return Asked("", "page.unknown", [])
        person, now_ms = self._people[one.person], self._crewing.now_ms()
        tongue, known, place = person.language, self._alerting.known(), self._crewing.place
        about = [known[number] for number in one.alerts if number in known]
        lines = [
            (wording.title(alert, place, tongue), wording.figures(alert, place, tongue, now_ms))
            for alert in about[:LINES_MAX]
        ]
        if rest := len(about) - len(lines) + one.more:
            lines.append((wording.plain(tongue, "more", n=rest), ""))
        left = [alert for alert in about if alert.state not in OVER]
        free = [alert for alert in left if alert.state == "firing"]
        if now_ms >= link.until_ms:
            return Asked(tongue, wording.plain(tongue, "page.old"), [])
        if one.taken_ms:
            return Asked(tongue, wording.plain(tongue, "page.used"), lines)
        if not left:
            return Asked(tongue, wording.plain(tongue, "page.over"), lines)
        if not free:
            by = left[0].acknowledged_by
            named = self._people[by].name if by in self._people else by
            return Asked(tongue, wording.plain(tongue, "page.taken", by=named), lines)
        return Asked(tongue, wording.plain(tongue, "page.ask", name=person.name), lines, person.name)

    def _person(self, name: str) -> Person:
        if name not in self._people:
            raise Refused(
                "no_person", f"there is no person {name!r} in the site file", "take one of GET /api/v1/oncall"
            )
        return self._people[name]

    def _view(self, one: Kept) -> NoticeView:
        name = self._people[one.person].name if one.person in self._people else one.person
        return NoticeView(
            one.id, one.made_ms, one.person, name, one.kind, one.severity, one.step, one.alerts[:PAYLOAD_MAX],
            one.more + len(one.alerts[PAYLOAD_MAX:]), one.title,
            one.state, one.channel, one.tries, one.changed_ms, one.detail, one.taken_ms,
        )  # fmt: skip
