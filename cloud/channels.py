"""How people are reached: `channels.toml` in the state folder, for its owner's eyes only, as addresses are secrets.

A channel is an Apprise URL, or a webhook (Alertmanager's shape, signed). The file is read again when it has changed.
What stands in it is never logged or shown: a channel is known by its name and kind.
"""

from __future__ import annotations

import base64
import re
import secrets
import stat
import tomllib
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from cloud import running
from protocols.crews import Clock, Id
from protocols.documents.webhooks import key_of

NAME = "channels.toml"
Day = Literal["", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
HINT = "see docs/alerts.md"


class ChannelsError(ValueError):
    """The file can not be used; the message says why and what to do, and nothing of what stands in it."""


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """Either an Apprise URL, or a webhook's address and the secret that signs for it (`whsec_...`). In which `language`
    a gateway words what it tells by itself says nothing here: people have their own."""

    url: str = ""
    webhook: str = ""
    secret: str = ""
    language: str = ""

    @property
    def kind(self) -> str:
        """What may be shown of it."""
        return "webhook" if self.webhook else re.split(r"[:/]", self.url, maxsplit=1)[0].lower()


class Channels(Struct, frozen=True, forbid_unknown_fields=True):
    """The file. `heartbeat`: a URL that is asked for every `heartbeat_s` while the service is well. On `test_day`, at
    `test_time` of the site, whoever is on call gets a test."""

    channels: dict[Id, Channel] = {}
    heartbeat: str = ""
    heartbeat_s: Annotated[int, Meta(ge=10, le=86_400)] = 60
    test_day: Day = ""
    test_time: Clock = "10:00"


class ChannelsFile:
    """The file of a state folder, as it is now."""

    def __init__(self, state: Path) -> None:
        self.path = state / NAME
        self.trouble = ""
        self._stamp: tuple[int, int, int] | None = None
        self._read = Channels()

    def now(self) -> Channels:
        """What stands in it; without a file nothing. With one that can not be used (`trouble` says why) what it said
        before."""
        try:
            seen = self.path.stat()
            stamp = seen.st_mtime_ns, seen.st_size, seen.st_mode
        except OSError:
            self._stamp, self._read, self.trouble = None, Channels(), ""
            return self._read
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._read, self.trouble = read(self.path), ""
            except ChannelsError as error:  # a slip while somebody edits is no reason to tell nobody
                self.trouble = str(error)
        return self._read


def read(path: Path) -> Channels:
    """The file; raises `ChannelsError`."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ChannelsError(f"{path} can not be read; see whether it is there, and whose it is") from None
    if mode & 0o077:
        raise ChannelsError(f"{path} can be read by others, and holds secrets: run `chmod 600 {path}`")
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line \d+", str(error))  # the message itself may quote what stands there
        raise ChannelsError(f"{path} is not valid TOML, {where[0] if where else 'at its end'}") from None
    channels = given.pop("channels", {})
    if not isinstance(channels, dict):
        raise ChannelsError(f"{path}: channels are tables, [channels.NAME]; {HINT}")
    read_channels = {}
    for name, one in channels.items():
        try:
            read_channels[msgspec.convert(name, Id)] = channel = msgspec.convert(one, Channel)
        except msgspec.ValidationError as error:
            raise ChannelsError(f"{path}: channel {name!r}: {_told(error)}; {HINT}") from None
        if why := flaw(channel):
            raise ChannelsError(f"{path}: channel {name!r} {why}; {HINT}")
    try:
        found = replace(msgspec.convert(given, Channels), channels=read_channels)
    except msgspec.ValidationError as error:
        raise ChannelsError(f"{path}: {_told(error)}; {HINT}") from None
    if found.heartbeat and not _is_web(found.heartbeat):
        raise ChannelsError(f"{path}: heartbeat is no http(s) URL; {HINT}")
    return found


def _told(error: msgspec.ValidationError) -> str:
    """What does not fit, without what stands there: that may be secret."""
    what, _, where = str(error).partition(" - at ")
    if "unknown field" in what:
        return what[0].lower() + what[1:]
    field = where.strip("`").removeprefix("$.").removeprefix("$") or "its name, or what stands there,"
    days = f": take one of {', '.join(filter(None, get_args(Day)))}" if field == "test_day" else ""
    return f"{field} is not as it must be{days}"


def flaw(channel: Channel) -> str:
    """What is wrong with a channel, "" when nothing is."""
    if bool(channel.url) == bool(channel.webhook):
        return "needs either a url or a webhook"
    if channel.url and "://" not in channel.url:
        return "has a url that is none: write it as Apprise has it, like ntfys://host/topic"
    if channel.webhook and not _is_web(channel.webhook):
        return "has a webhook that is no http(s) URL"
    if channel.webhook:
        try:
            key_of(channel.secret)
        except ValueError:
            return "has no secret to sign with: whsec_ and 24 to 64 random bytes in base64"
    return ""


def new_secret() -> str:
    """A secret for a webhook."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def add(state: Path, name: str, channel: Channel) -> None:
    """Write a channel into the file, at its end; raises `ChannelsError`, and leaves the file as it was then."""
    path = state / NAME
    before = read(path) if path.exists() else Channels()
    if name in before.channels:
        raise ChannelsError(f"there is a channel {name!r} already; take it out of {path} first")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise ChannelsError(f"{name!r} can not name a channel: use 1-64 of A-Z a-z 0-9 _ -")
    if why := flaw(channel):
        raise ChannelsError(f"the channel {why}; {HINT}")
    fields = ((key, getattr(channel, key)) for key in ("url", "webhook", "secret"))
    lines = [f"{key} = {_quoted(value)}" for key, value in fields if value]
    text = path.read_text("utf-8") if path.exists() else ""
    text += ("\n" if text and not text.endswith("\n") else "") + "\n".join(["", f"[channels.{name}]", *lines, ""])
    running.write(path, text.encode())


def _quoted(text: str) -> str:
    if "\n" in text or any(ord(one) < 32 for one in text):
        raise ChannelsError("an address is one line of visible characters")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
