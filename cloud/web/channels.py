"""Channels over HTTP, for admins: how people are reached. What is secret is written, and never read back."""

from __future__ import annotations

import typing
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.channels import Day
from cloud.web.access import NOTE
from cloud.web.desk import DeskError, NotFound
from cloud.web.replies import Flaw, Refusal
from cloud.web.routing import Given, Route, delete, get, post
from cloud.web.users import NoFields
from protocols.crews import Clock, Id

Address = Annotated[str, Meta(max_length=2000)]


class ChannelView(Struct, frozen=True):
    """A channel: its name and of which kind it is (the scheme of its address, or `webhook`), never the address.
    `people` are told by it; `by` and `at_ms`: who changed it last since the service started ("" and 0: nobody)."""

    name: str
    kind: str
    language: str
    people: list[str]
    tag: str
    by: str
    at_ms: int


class ChannelsView(Struct, frozen=True):
    """All of them; whether there is a `heartbeat` and how often, on which day whoever is on call gets a test;
    `trouble`: why the file can not be used ("": it can). `missing`: channels that people of the site file name and that
    are not there."""

    channels: list[ChannelView]
    heartbeat: bool
    heartbeat_s: int
    test_day: Day
    test_time: str
    trouble: str
    missing: list[str]
    tag: str


class NewChannel(Struct, frozen=True, forbid_unknown_fields=True):
    """A channel: either an Apprise URL or a webhook's address; the latter gets a new secret."""

    name: Id
    url: Address = ""
    webhook: Address = ""


class ChannelChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Another address, or with `new_secret` another secret of a webhook; what is left out stays."""

    url: Address = ""
    webhook: Address = ""
    new_secret: bool = False


class ChannelSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays. `heartbeat`: a URL that is asked for every `heartbeat_s` while the service is well ("":
    none); on `test_day` ("": none) at `test_time` whoever is on call gets a test."""

    heartbeat: Address | None = None
    heartbeat_s: Annotated[int, Meta(ge=10, le=86_400)] | None = None
    test_day: Day | None = None
    test_time: Clock | None = None


class ChannelMade(Struct, frozen=True):
    """A channel, and the secret of a webhook, which is told this once ("": there is no new one)."""

    channel: ChannelView
    secret: str


class ChannelTried(Struct, frozen=True):
    """What came of a test: `why` it was not taken ("": it was)."""

    name: str
    delivered: bool
    why: str


class Unsound(DeskError):
    """This can be no channel; `field` says where."""

    def __init__(self, field: str, detail: str, hint: str) -> None:
        super().__init__(detail, hint)
        self.field = field


class Desk(typing.Protocol):
    """Who keeps the file. Raises `NotFound`, `Refused`, `Unsound`, `Unavailable`."""

    async def channels(self) -> ChannelsView:
        """All."""

    async def channel(self, name: str) -> ChannelView:
        """One."""

    async def add(self, wanted: NewChannel, by: str) -> ChannelMade:
        """A new one."""

    async def change(self, name: str, change: ChannelChange, by: str) -> ChannelMade:
        """Another address or secret."""

    async def remove(self, name: str, by: str) -> None:
        """Take it out."""

    async def settle(self, settings: ChannelSettings, by: str) -> ChannelsView:
        """Heartbeat and test day."""

    async def test(self, name: str) -> ChannelTried:
        """Send a test."""


class Channels:
    """The routes under /api/v1/channels."""

    def __init__(self, desk: Desk | None) -> None:
        self._given = desk

    def routes(self) -> list[Route]:
        """All of them."""
        every, one = "/api/v1/channels", "/api/v1/channels/{name}"
        spoilt = ("channels_broken",)
        return [
            get(every, self.channels, "govern", ChannelsView),
            post(every, self.add, "govern", NewChannel, ChannelMade, refusals=("unfit_channel", "name_taken", *spoilt)),
            post(
                "/api/v1/channel-settings", self.settle, "govern", ChannelSettings, ChannelsView,
                refusals=("unfit_channel", *spoilt), thing=self.channels_again,
            ),
            get(one, self.channel, "govern", ChannelView),
            post(
                one, self.change, "govern", ChannelChange, ChannelMade, refusals=("unfit_channel", *spoilt),
                thing=self.channel_again,
            ),
            delete(one, self.remove, "govern", refusals=spoilt, thing=self.channel_again),
            post(f"{one}/test", self.test, "govern", NoFields, ChannelTried, refusals=("too_soon",)),
        ]  # fmt: skip

    @property
    def _desk(self) -> Desk:
        if self._given is None:
            raise NotFound("this service keeps no channels", "start it with `python -m cloud serve`")
        return self._given

    async def channels(self, _: web.Request) -> object:
        """How people are told of alerts: names and kinds, no addresses."""
        return await self._desk.channels()

    async def channels_again(self, request: web.Request) -> object:
        """The same, for who changes them."""
        return await self.channels(request)

    async def channel(self, request: web.Request) -> object:
        """One of them."""
        return await self._desk.channel(request.match_info["name"])

    async def channel_again(self, request: web.Request) -> object:
        """The same, for who changes it."""
        return await self.channel(request)

    async def add(self, request: web.Request, wanted: NewChannel, by: Given) -> object:
        """Add one. The secret of a webhook is in the answer, this once."""
        request[NOTE] = wanted.name
        try:
            return await self._desk.add(wanted, by.who.name)
        except Unsound as error:
            raise _refusal(error) from error

    async def change(self, request: web.Request, change: ChannelChange, by: Given) -> object:
        """Give one another address, or a webhook another secret, which is in the answer, this once."""
        try:
            return await self._desk.change(request.match_info["name"], change, by.who.name)
        except Unsound as error:
            raise _refusal(error) from error

    async def remove(self, request: web.Request, _: None, by: Given) -> object:
        """Take one out. People who have no other are told nothing from then on."""
        await self._desk.remove(request.match_info["name"], by.who.name)
        return None

    async def settle(self, _: web.Request, settings: ChannelSettings, by: Given) -> object:
        """Set the heartbeat, and the day of the weekly test."""
        try:
            return await self._desk.settle(settings, by.who.name)
        except Unsound as error:
            raise _refusal(error) from error

    async def test(self, request: web.Request, _: NoFields, __: Given) -> object:
        """Send a test by one, now."""
        return await self._desk.test(request.match_info["name"])


def _refusal(error: Unsound) -> Refusal:
    flaw = Flaw(f"/{error.field}", error.detail, error.hint)
    return Refusal(422, "unfit_channel", error.detail, error.hint, more={"errors": [flaw]})
