"""Channels as admins keep them: added, changed, tried. An address goes into the file and comes out of it for nobody."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence

import msgspec

from cloud import channel_edits, notify
from cloud.channel_edits import Settings
from cloud.channels import HINT, Channel, ChannelsError, ChannelsFile, flaw, new_secret
from cloud.web.channels import (
    ChannelChange,
    ChannelMade,
    ChannelSettings,
    ChannelsView,
    ChannelTried,
    ChannelView,
    NewChannel,
    Unsound,
)
from cloud.web.desk import NotFound, Refused
from cloud.web.pager import Message, Pager
from protocols.crews import Person

TEST_REST_S = 10.0
TEXT = "This is a test of a channel. Nothing is wrong, and nothing is to be done."


class ChannelsDesk:
    """The desk of a file; `people` of the site file are told by it."""

    def __init__(self, file: ChannelsFile, people: Sequence[Person], now_ms: Callable[[], int]) -> None:
        self._file, self._people, self._now_ms = file, people, now_ms
        self._salt = secrets.token_bytes(16)
        self._turn = asyncio.Lock()
        self._changed: dict[str, tuple[str, int]] = {}
        self._tested: dict[str, float] = {}

    async def channels(self) -> ChannelsView:
        """All, by name."""
        now = self._file.now()
        seen = [self._view(name, one) for name, one in now.channels.items()]
        named = dict.fromkeys(to for person in self._people for to in person.to)
        missing = [one for one in named if one not in now.channels]
        tag = self._tag(now.heartbeat, now.heartbeat_s, now.test_day, now.test_time)
        return ChannelsView(
            seen, bool(now.heartbeat), now.heartbeat_s, now.test_day, now.test_time, self._file.trouble, missing, tag
        )

    async def channel(self, name: str) -> ChannelView:
        """One."""
        return self._view(name, self._known(name))

    async def add(self, wanted: NewChannel, by: str) -> ChannelMade:
        """A new one."""
        if wanted.name in self._file.now().channels:
            hint = "change that one, or take another name"
            raise Refused("name_taken", f"there is a channel {wanted.name!r} already", hint)
        secret = new_secret() if wanted.webhook else ""
        made = Channel(wanted.url.strip(), wanted.webhook.strip(), secret)
        return await self._put(wanted.name, made, by, secret)

    async def change(self, name: str, change: ChannelChange, by: str) -> ChannelMade:
        """Another address or secret."""
        was = self._known(name)
        if change.url and change.webhook:
            raise Unsound("webhook", "a channel has either a URL or a webhook", "leave one out")
        url, webhook = change.url.strip(), change.webhook.strip()
        if not url and not webhook:
            url, webhook = was.url, was.webhook
        if change.new_secret and not webhook:
            raise Unsound("new_secret", "only a webhook has a secret", "give another address instead")
        fresh = new_secret() if webhook and (change.new_secret or not was.secret) else ""
        secret = (fresh or was.secret) if webhook else ""
        return await self._put(name, Channel(url, webhook, secret, was.language), by, fresh)

    async def remove(self, name: str, by: str) -> None:
        """Take it out."""
        self._known(name)
        await self._edit(channel_edits.put, name, None)

    async def settle(self, settings: ChannelSettings, by: str) -> ChannelsView:
        """Heartbeat and test day."""
        if settings.heartbeat and not settings.heartbeat.startswith(("http://", "https://")):
            raise Unsound("heartbeat", "this is no web address", "write it like https://host/path")
        await self._edit(channel_edits.settle, Settings(**msgspec.structs.asdict(settings)))
        return await self.channels()

    async def test(self, name: str) -> ChannelTried:
        """Send a test."""
        channel, now_s = self._known(name), asyncio.get_running_loop().time()
        if now_s - self._tested.get(name, -TEST_REST_S) < TEST_REST_S:
            raise Refused("too_soon", f"{name} was sent a test just now", f"wait {TEST_REST_S:g} s")
        self._tested[name] = now_s
        why = await tried(channel, f"test-{secrets.token_hex(8)}")
        return ChannelTried(name, not why, why)

    async def _put(self, name: str, channel: Channel, by: str, secret: str) -> ChannelMade:
        field = "webhook" if channel.webhook else "url"
        if why := flaw(channel):
            raise Unsound(field, f"the channel {why}", HINT)
        if not (channel.url + channel.webhook).isprintable():
            raise Unsound(field, "an address is one line of visible characters", "write it again")
        if channel.url and not await asyncio.to_thread(notify.is_known, channel.url):
            hint = "its list of services says how each is written"
            raise Unsound("url", "that is no URL that Apprise knows", hint)
        await self._edit(channel_edits.put, name, channel)
        self._changed[name] = by, self._now_ms()
        return ChannelMade(self._view(name, self._known(name)), secret)

    async def _edit(self, change: object, *given: object) -> None:
        async with self._turn:
            try:
                await asyncio.to_thread(change, self._file, *given)  # type: ignore[arg-type]
            except ChannelsError as error:
                raise Refused("channels_broken", str(error), "mend the file by hand") from None

    def _known(self, name: str) -> Channel:
        found = self._file.now().channels.get(name)
        if found is None:
            raise NotFound(f"there is no channel {name[:64]!r}", "look at /api/v1/channels")
        return found

    def _view(self, name: str, one: Channel) -> ChannelView:
        people = [person.id for person in self._people if name in person.to]
        tag = self._tag(one.url, one.webhook, one.secret, one.language)
        by, at_ms = self._changed.get(name, ("", 0))
        return ChannelView(name, one.kind, one.language, people, tag, by, at_ms)

    def _tag(self, *said: object) -> str:
        """By what a state is known for as long as the service runs; nobody can work out the address from it."""
        return hmac.new(self._salt, repr(said).encode(), hashlib.sha256).hexdigest()[:16]


async def tried(channel: Channel, number: str) -> str:
    """Send a test by a channel; "" when it was taken, else why not."""
    payload = msgspec.json.encode(
        {"version": "4", "status": "firing", "alerts": [], "commonAnnotations": {"summary": TEXT}}
    )
    pager = Pager()
    async with pager.open():
        return await pager.send(channel, Message(number, "Test", TEXT, payload))
