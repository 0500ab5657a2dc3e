"""Who is told of alerts: after each judgement what is to be told now is stored with how far all was told, then sent.

Deciding waits for nobody: sending has tasks of its own (`delivering`). A notice and the board that knows of it are
stored together, so that a stop tells nothing twice and leaves nothing out.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cloud import notify
from cloud.alerts import links, notices, people, wording
from cloud.alerts.lifecycle import CRITICAL, OVER, Alert, told_elsewhere
from cloud.alerts.notices import Crew, Notice
from cloud.alerts.people import Window
from cloud.alerts.wording import Place, Text
from cloud.channels import HINT, Channel, ChannelsFile
from cloud.desks import occasions
from cloud.desks.alerting import Alerting
from cloud.desks.delivering import Delivering
from cloud.desks.occasions import Handed, Memory
from cloud.desks.refusing import OnDisk
from cloud.stores.ledger import Ledger
from cloud.stores.notices import Kept
from cloud.web.pager import Message, Pager, beating
from protocols.crews import Person
from protocols.documents import alertmanager
from protocols.layout import Site

log = logging.getLogger(__name__)

BOARD, KEY = "crewing", "crewing:key"
LINK_MS = 24 * 3_600_000
"""A link in a message counts for so long."""
STALE_MS = 30_000
"""Without a judgement for so long the service is not well, and its heart does not beat."""
WARM_S = 10.0
"""So often is seen whether there are other channels."""
PAYLOAD_MAX = 50
"""A webhook, and the list of notices, name so many alerts of a message, and how many more there are."""
LINKED = frozenset(("critical", "news", "digest", "again", "assigned"))


class Crewing:
    """The crews of one site. `windows`: announced work, which is told to nobody; `paging`: whether a rule is told (what
    is critical always is)."""

    def __init__(
        self,
        site: Site,
        alerting: Alerting,
        ledger: Ledger,
        on_disk: OnDisk,
        channels: ChannelsFile,
        now_ms: Callable[[], int],
        public_url: str = "",
    ) -> None:
        self.windows: Callable[[], Sequence[Window]] = tuple
        self.paging: Callable[[str], bool] = lambda _: True
        self.well: Callable[[], bool] = lambda: True
        self.site, self.alerting, self.ledger, self.channels = site, alerting, ledger, channels
        self.on_disk, self.now_ms, self.public_url = on_disk, now_ms, public_url.rstrip("/")
        self.people = {one.id: one for one in site.people}
        self.zone = ZoneInfo(site.site.timezone)
        self.place = Place(site.site.name, self.zone, _names(site), site.site.currency)
        self.pager = Pager()
        self.delivering = Delivering(self.people, ledger.notices, on_disk, channels.now, self._send, now_ms)
        self.delivering.stands = self._stands
        self.beat_ms: int | None = None
        self._memory, self._stored = Memory(), b""
        self._waiting: list[Kept] = []
        """Notices that could not be stored yet."""
        self._known: dict[int, Alert] = {}
        self._strange: dict[str, Channel] = {}
        """Channels whose URL Apprise does not know, by name."""
        self._key = b""
        self._judged_ms = 0
        self._deciding = asyncio.Lock()
        self._trouble = ""

    def load(self) -> None:
        """Everything as the ledger has it. Raises `LedgerUnavailable`."""
        books = self.ledger.books
        blob, key = books.kept(BOARD), books.kept(KEY)
        if blob is not None:
            with suppress(msgspec.DecodeError):  # of a version that is not known: all is told as if new
                self._memory = msgspec.msgpack.decode(blob, type=Memory)
        occasions.forget(self._memory, self.people.keys())
        self._known = self.alerting.known()
        self._key = key or b""
        self.alerting.told = self.tick

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Meanwhile what is to be told is sent, and the heart beats."""
        if not self._key:
            self._key = secrets.token_bytes(32)
            await self.on_disk(self.ledger.books.keep, KEY, self._key)
        async with self.pager.open():
            await self.delivering.restore()
            tasks = [
                asyncio.create_task(self.delivering.run(), name="delivering"),
                asyncio.create_task(
                    beating(self.pager.beat, self._heart, self._is_well, self._beaten), name="heartbeat"
                ),
                asyncio.create_task(self._warm(), name="warm"),
            ]
            for task in tasks:
                task.add_done_callback(_over)
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def tick(self, now_ms: int) -> None:
        """What is to be told now, stored, and on its way. Raises `LedgerUnavailable`; nothing is lost then."""
        async with self._deciding:
            self._judged_ms = now_ms
            self._look()
            there = [*self.alerting.book.open.values()]
            board, crew = self._memory.board, self._crew(now_ms)
            made = notices.step(board, there, crew, now_ms)
            known = self._known | self.alerting.known()
            asked_of = {*board.told, *notices.unsaid(board), *(number for one in made for number in one.alerts)}
            self._known = {one: known[one] for one in asked_of if one in known}
            self._waiting += [self._made(one, self._said(one, now_ms), now_ms) for one in made]
            now_here = datetime.fromtimestamp(now_ms / 1000, self.zone)
            asked = occasions.tests(self._memory, self.channels.now(), self.site, now_here)
            self._waiting += [self._made(one.notice, one.text, now_ms) for one in asked]
            self._hand_over(now_ms)
            await self._store()

    async def tell(self, notice: Notice, text: Text, only: str = "") -> Kept:
        """Somebody asked for a notice. Raises `LedgerUnavailable`."""
        async with self._deciding:
            one = self._made(notice, text, self.now_ms(), only)
            self._waiting.append(one)
            return (await self._store())[-1]

    async def hand(self, handed: Handed) -> None:
        """Tell somebody of an alert that was given to him; after his quiet hours, unless it is critical. Raises
        `LedgerUnavailable`."""
        async with self._deciding:
            occasions.hand(self._memory, handed)
            self._hand_over(self.now_ms())
            await self._store()

    def trouble(self) -> str:
        """Why people can not be reached, "" where they can."""
        found = self.channels.now().channels
        if self.channels.trouble:
            return self.channels.trouble
        missing = sorted({name for one in self.people.values() for name in one.to} - found.keys())
        if missing:
            return f"{self.channels.path.name} has no channel {', '.join(missing)}"
        if strange := sorted(name for name, one in self._strange.items() if found.get(name) == one):
            return f"{self.channels.path.name}: the url of {strange[0]} is none that Apprise knows; {HINT}"
        if gone := sorted(name for name, one in self.delivering.gone.items() if found.get(name) == one):
            return f"{gone[0]} answers that it wants no more messages (410); change it in {self.channels.path.name}"
        return people.unasked(self.site.teams, [one.id for one in self.site.zones]) if self.people else ""

    def token(self, one: Kept) -> str:
        """The token of a notice's link."""
        return links.token(self._key, one.id, one.person, one.alerts, one.nonce, one.made_ms + LINK_MS)

    def is_ours(self, link: links.Link, one: Kept) -> bool:
        """Whether we made that token for that notice."""
        return bool(self._key) and links.is_signed(self._key, link, one.person, one.alerts, one.nonce)

    async def _store(self) -> list[Kept]:
        """What waits, and the board, where anything changed; then on its way."""
        state = msgspec.msgpack.encode((self._memory.board.told, self._memory.tested, self._memory.handed))
        if not self._waiting and state == self._stored:
            return []
        blob = msgspec.msgpack.encode(self._memory)
        made = await asyncio.shield(self.on_disk(self.ledger.notices.add, self._waiting, BOARD, blob))
        self._waiting, self._stored = [], state
        self.delivering.offer(made)
        return [*made]

    def _hand_over(self, now_ms: int) -> None:
        """Those to whom something was given are to be told, where they have no quiet hours."""
        there = {one.id: one for one in self.alerting.book.open.values()}
        for one in occasions.to_tell(self._memory, there, self._crew(now_ms).quiet):
            notice, tongue = Notice(one.person, "assigned", (one.alert,)), self.people[one.person].language
            said = wording.say(notice, there, self.place, tongue, now_ms)
            self._waiting.append(self._made(notice, occasions.handed_text(said, one, tongue), now_ms))

    def _crew(self, now_ms: int) -> Crew:
        now, windows = datetime.fromtimestamp(now_ms / 1000, self.zone), [*self.windows()]
        rosters = {one.id: people.on_call(one, self.people, now) for one in self.site.teams}
        found: dict[tuple[str, str], tuple[list[str], list[int]]] = {}

        def asked(alert: Alert) -> tuple[Sequence[str], Sequence[int]]:
            key = alert.rule, alert.zone
            if key not in found:
                team = people.team_of(self.site.teams, *key)
                found[key] = (rosters[team.id], team.escalate_minutes) if team is not None else ([], [])
            roster, steps = found[key]
            if people.is_worked_on(alert, windows, now_ms):
                return [], []
            if alert.severity > CRITICAL and not self.paging(alert.rule):
                return [], []
            if alert.assigned_to in self.people:
                roster = [alert.assigned_to, *(one for one in roster if one != alert.assigned_to)]
            return roster, steps

        told_by = told_elsewhere(self.alerting.book)
        return Crew(asked, lambda person: people.is_quiet(self.people[person], now), told_by)

    def _said(self, notice: Notice, now_ms: int) -> Text:
        return wording.say(notice, self._known, self.place, self.people[notice.person].language, now_ms)

    def _made(self, notice: Notice, text: Text, now_ms: int, only: str = "") -> Kept:
        severity = CRITICAL if notice.kind in ("critical", "again") else 3
        nonce = secrets.token_urlsafe(12) if notice.kind in LINKED else ""
        kind, alerts, more = notice.kind, [*notice.alerts], notice.more
        return Kept(
            0, now_ms, notice.person, kind, severity, notice.step, alerts, more, text.title, text.body, only, nonce,
            changed_ms=now_ms,
        )  # fmt: skip

    def _stands(self, one: Kept) -> bool:
        """Whether something of what a notice is about still asks for somebody; of what was given to somebody, whether
        it is there."""
        if one.kind not in LINKED or not one.alerts:
            return True
        there = self.alerting.book.open.values()
        asking = {alert.id for alert in there if alert.state == "firing" or one.kind == "assigned"}
        return one.more > 0 or any(number in asking for number in one.alerts)

    async def _send(self, channel: Channel, one: Kept, person: Person) -> str:
        """Try once; "" when it was taken."""
        body, tongue = one.body, person.language
        if one.kind in LINKED:
            url = f"{self.public_url}/a/{self.token(one)}" if self.public_url else ""
            line = wording.plain(tongue, "link", url=url) if url else wording.plain(tongue, "no_link")
            body = f"{body}\n{line}"
        if one.state == "unsure" and not channel.webhook:
            body += "\n" + wording.plain(tongue, "again_maybe")
        now = self.alerting.known()
        about = [alert for number in one.alerts if (alert := now.get(number) or self._known.get(number)) is not None]
        told = [self._told(alert, tongue) for alert in about[:PAYLOAD_MAX]]
        payload = self._payload(one, told or [_bare(one)], body, one.more + len(about[PAYLOAD_MAX:]))
        message = Message(f"{self.site.site.id}-notice-{one.id}", one.title, body, payload)
        return await self.pager.send(channel, message)

    def _told(self, alert: Alert, tongue: str) -> alertmanager.Told:
        page = f"{self.public_url}/#/alerts/{alert.id}" if self.public_url else ""
        title = wording.title(alert, self.place, tongue)
        figures = wording.figures(alert, self.place, tongue, self.now_ms())
        ended_ms = alert.changed_ms if alert.state in OVER else None
        return alertmanager.Told(
            alert.rule, alert.subject, alert.zone, alert.severity, alert.since_ms, title, figures, ended_ms, page
        )

    def _payload(self, one: Kept, told: list[alertmanager.Told], body: str, more: int) -> bytes:
        """What a webhook gets: the alerts, and the words of the message with its link."""
        written = alertmanager.write(told, one.person, self.site.site.id, self.public_url, more)
        known = msgspec.json.decode(written, type=dict[str, Any])
        # Firing and resolved share it; who tells several alerts in one message keeps them apart by fingerprint.
        alone = f":{known['alerts'][0]['fingerprint']}" if len(told) == 1 and not more else ""
        known["groupKey"] += f":{one.person}{alone}"
        known["commonAnnotations"] = {"summary": one.title, "description": body}
        return msgspec.json.encode(known)

    def _look(self) -> None:
        """Tells the log once of what is wrong with the channels."""
        trouble = self.trouble() if self.people else ""
        if trouble and trouble != self._trouble:
            log.warning("notices: %s; those concerned are not told", trouble)
        self._trouble = trouble

    async def _warm(self) -> None:
        """The first message is not to wait for what it needs: whether a URL can be used is seen when there is one."""
        looked: dict[str, Channel] = {}
        while True:
            found = {name: one for name, one in self.channels.now().channels.items() if one.url}
            if found != looked:
                self._strange = await asyncio.to_thread(_unknown, found)
                looked = found
            await asyncio.sleep(WARM_S)

    def _heart(self) -> tuple[str, int]:
        file = self.channels.now()
        return file.heartbeat, file.heartbeat_s

    def _is_well(self) -> bool:
        return self.well() and self.now_ms() - self._judged_ms < STALE_MS

    def _beaten(self, heard: bool) -> None:
        if heard:
            self.beat_ms = self.now_ms()


def _unknown(channels: Mapping[str, Channel]) -> dict[str, Channel]:
    """Those that Apprise does not know."""
    return {name: one for name, one in channels.items() if not notify.is_known(one.url)}


def _bare(one: Kept) -> alertmanager.Told:
    """A message that is about no alert that is known."""
    return alertmanager.Told(f"notice_{one.kind}", one.person, "", one.severity, one.made_ms, one.title, one.body)


def _names(site: Site) -> Callable[[str], str]:
    named = {one.id: one.name for one in site.skus}
    named |= {one.id: one.name for one in site.suppliers}
    named |= {one.id: one.name or one.id for one in site.devices}
    named |= {one.id: one.name for one in site.zones}
    # `SKU.GATE`, `reader.ANTENNA`: what is before the dot, by its name.
    return lambda given: named.get(given) or named.get(given.partition(".")[0], given)


def _over(task: asyncio.Task[None]) -> None:
    """Tells of a mistake of our own at once, not when the service stops."""
    with suppress(asyncio.CancelledError):
        if (error := task.exception()) is not None:
            log.error("notices: %s ended", task.get_name(), exc_info=error)
