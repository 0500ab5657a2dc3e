"""aiohttp's client lives here: notices of the gateway's own, posted while the service is away, and their addresses.

The file is the service's channels.toml, or one like it, for its owner alone: of its `[channels.NAME]` the gateway takes
those with a `webhook`, signed by `secret` (`whsec_...`, or a list, newest first) and worded in `language`. A notice has
Alertmanager's shape and is signed anew for each try; what is to be told, and when, is decided in edge.core.telling.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import stat
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout
from msgspec import Meta, Struct

from edge.core import alarms, telling
from edge.core.alarms import told_by_us
from edge.core.alone import Alone
from edge.core.telling import Notice
from edge.page import figure
from edge.saying import UsageError
from edge.words import WORDS
from protocols.documents import alertmanager, webhooks
from protocols.reports import Alarm, Report
from protocols.tuning import Tuning

log = logging.getLogger(__name__)

LOOK_S = 1.0
TIMEOUT_S = 10.0
CHANNELS_MAX = 20


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a notice goes, the secrets it is signed with (newest first), and in which language it is worded. One with
    a `url` instead is the service's alone."""

    webhook: Annotated[str, Meta(pattern=r"^(https?://\S{1,1000})?$")] = ""
    secret: str | Annotated[list[str], Meta(min_length=1, max_length=webhooks.KEYS_MAX)] = ""
    url: str = ""
    language: Literal["en", "zh"] = "en"

    @property
    def keys(self) -> list[bytes]:
        """The keys, newest first. Raises `ValueError` for a secret that is none."""
        return [webhooks.key_of(one) for one in ([self.secret] if isinstance(self.secret, str) else self.secret)]


class _File(Struct):
    channels: dict[Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")], Channel]


def read(path: Path) -> dict[str, Channel]:
    """The channels of a file by name. Raises `UsageError` with what is wrong and what to do."""
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError(f"{path} holds secrets and others may read it; run `chmod 600 {path}`")
        listed = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).channels
        found = {name: one for name, one in listed.items() if one.webhook}
        for name, one in found.items():
            try:
                assert one.keys
            except ValueError as error:
                raise UsageError(f"{path}: channel {name!r}: {error}") from None
    except OSError as error:
        raise UsageError(f"{path} can not be read: {error.strerror}; name the file of channels") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        hint = 'write [channels.NAME] with webhook = "https://..." and secret = "whsec_..."'
        raise UsageError(f"{path}: {error}; {hint}") from None
    if not 1 <= len(found) <= CHANNELS_MAX:
        raise UsageError(f"{path} lists {len(found)} channels with a webhook; list 1 to {CHANNELS_MAX}")
    return found


class Channels:
    """Tells people what `alone` decided while the service is away. `say` puts reports into the next group that is
    stored: the service learns so that people know already."""

    def __init__(
        self,
        listed: Mapping[str, Channel],
        alone: Alone,
        gateway: str,
        now_ms: Callable[[], int],
        say: Callable[[Iterable[Report]], None],
    ) -> None:
        self._listed, self._alone, self._gateway = listed, alone, gateway
        self._now_ms, self._say = now_ms, say
        self._underway: dict[str, asyncio.Task[None]] = {}
        telling.forget(alone.told, listed)

    async def run(self) -> None:
        """Look every second, and post, until cancelled."""
        async with ClientSession(timeout=ClientTimeout(total=TIMEOUT_S)) as client:
            try:
                while True:
                    self._look(client)
                    await asyncio.sleep(LOOK_S)
            finally:
                for task in self._underway.values():
                    task.cancel()
                await asyncio.gather(*self._underway.values(), return_exceptions=True)

    def _look(self, client: ClientSession) -> None:
        for name, task in [*self._underway.items()]:
            if task.done():
                del self._underway[name]
                task.result()
        free = [name for name in self._listed if name not in self._underway]
        alone = self._alone
        for notice in telling.due(alone.told, free, alone.alarms, self._now_ms(), alone.site.tuning):
            work = self._tell(notice, client)
            self._underway[notice.channel] = asyncio.create_task(work, name=f"tell {notice.channel}")

    async def _tell(self, notice: Notice, client: ClientSession) -> None:
        channel = self._listed[notice.channel]
        site = self._alone.site
        message, body = written(notice, channel.language, site.site.id, self._gateway, self._now_ms(), site.tuning)
        headers = {"content-type": alertmanager.TYPE, **webhooks.sign(body, message, int(time.time()), channel.keys)}
        status, detail = 0, ""
        try:
            async with client.post(channel.webhook, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (ClientError, TimeoutError, OSError, ValueError) as error:  # the last: an address that is none
            detail = str(error) or type(error).__name__
        now_ms, line = self._now_ms(), self._alone.told.lines.get(notice.channel)
        keys = telling.done(self._alone.told, notice, status, detail, now_ms)
        if line is not None and (line.tries in (0, 1) or line.gone):  # of a row of failures the first is said
            said = f"answered {status}" if status else detail
            log.info("channel %s: %d alarms, %d over: %s", notice.channel, len(notice.firing), len(notice.over), said)
        self._say(told_by_us(self._alone.alarms, keys, now_ms))


def written(
    notice: Notice,
    language: str,
    site: str,
    gateway: str,
    now_ms: int,
    tuning: Mapping[str, Tuning] | None = None,
) -> tuple[str, bytes]:
    """A notice's id, the same for the same news, and its body."""
    word = WORDS[language]
    alerts = [
        _told(one, word, gateway, now_ms, alarms.severity(one.rule, tuning)) for one in (*notice.firing, *notice.over)
    ]
    told = [f"{one.rule}/{one.subject}/{one.since_ms}/{one.state}" for one in (*notice.firing, *notice.over)]
    message = hashlib.sha256("\n".join((site, gateway, notice.channel, *told)).encode()).hexdigest()[:32]
    return message, alertmanager.write(alerts, notice.channel, site)


def _told(one: Alarm, word: Mapping[str, str], gateway: str, now_ms: int, severity: int) -> alertmanager.Told:
    words = dict(word)
    figures = ", ".join(figure(name, value, now_ms, words) for name, value in one.params.items())
    said = f"{one.subject}: {word.get(one.rule, one.rule)}"
    return alertmanager.Told(
        one.rule,
        one.subject,
        one.zone,
        severity,
        one.since_ms,
        f"{said} ({figures})" if figures else said,
        word["told_by_gateway"].format(gateway=gateway),
        one.at_ms if one.state == "resolved" else None,
    )


def make(
    path: Path | None,
    alone: Alone,
    gateway: str,
    now_ms: Callable[[], int],
    say: Callable[[Iterable[Report]], None],
) -> Channels | None:
    """The channels of a file; None where none is named. Raises `UsageError`."""
    return None if path is None else Channels(read(path), alone, gateway, now_ms, say)
