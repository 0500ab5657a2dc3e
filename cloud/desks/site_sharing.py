"""By which site file each gateway works: it is asked, and one that works by a file of before is given the one of now.

A gateway that works by a file nobody knows here (somebody changed it there) is left alone, until a person says that it
is to have ours.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import zlib
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from cloud.core.view import GatewayView
from cloud.web.desk import DeskError, NotFound, Refused
from cloud.web.site_editor import GatewaySite
from protocols.asked import SITE_PART_BYTES, SitePart, SiteTold

log = logging.getLogger(__name__)

LOOK_S = 2.0
AGAIN_MS = 60_000
"""What a gateway told holds for so long, while it stays connected."""
PATH = "/api/v1/site"


class Ask(Protocol):
    """Asks a gateway's own API."""

    async def __call__(
        self, gateway: str, method: Literal["GET", "POST"], path: str, by: str, body: bytes = b""
    ) -> tuple[int, bytes]:
        """Status and body; raises `DeskError`."""


class Told(Struct):
    """What is known of a gateway's file."""

    revision: str = ""
    at_ms: int = 0
    why: str = ""
    given: bool = False
    """It was given ours, and did not tell since that it works by it."""


class Said(Struct):
    """A refusal of a gateway."""

    detail: str = ""


class SiteSharing:
    """The gateways of a site. `text` and `used`: the file by which the service works; `before`: revisions it had."""

    def __init__(
        self,
        text: str,
        used: str,
        before: Collection[str],
        ask: Ask,
        listed: Callable[[], Sequence[GatewayView]],
        now_ms: Callable[[], int],
    ) -> None:
        self._text, self._used, self._before = text, used, before
        self._ask, self._listed, self._now_ms = ask, listed, now_ms
        self._known: dict[str, Told] = {}

    def told(self) -> list[GatewaySite]:
        """What is known of each."""
        return [self._view(one.id) for one in self._listed()]

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Meanwhile gateways are asked, and given the file."""
        task = asyncio.create_task(self._run(), name="site-sharing")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def look(self) -> None:
        """Ask whoever may have changed, and give it to whoever works by one of before."""
        connected = {one.id: one.connected for one in self._listed()}
        for gateway in [one for one in self._known if not connected.get(one)]:
            self._known[gateway].at_ms = 0  # asked anew when it is back
        for gateway in [one for one, is_there in connected.items() if is_there]:
            known = self._known.setdefault(gateway, Told())
            if known.at_ms and self._now_ms() - known.at_ms < AGAIN_MS and not known.given:
                continue
            await self._look(gateway, known)

    async def give(self, gateway: str, text: str, by: str) -> None:
        """A gateway gets the file now. Raises `NotFound`, `Unavailable`, `Refused`."""
        if gateway not in {one.id for one in self._listed()}:
            raise NotFound(f"there is no gateway {gateway[:64]!r}", "take one of /api/v1/gateways")
        known = self._known.setdefault(gateway, Told())
        await self._send(gateway, known, text, by)
        if known.why:
            raise Refused("not_taken", f"gateway {gateway} does not take it: {known.why}", "give it the file by hand")

    async def _run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def _look(self, gateway: str, known: Told) -> None:
        try:
            status, body = await self._ask(gateway, "GET", PATH, "service")
            if status == 200:
                known.revision = msgspec.json.decode(body, type=SiteTold).revision
                known.at_ms = self._now_ms()
                known.given = known.given and known.revision != self._used
                known.why = "" if known.revision == self._used else known.why
            else:
                known.revision, known.why, known.at_ms = "", "its version can not tell; update it", self._now_ms()
            if known.revision in self._before and known.revision != self._used and not known.given and not known.why:
                log.info("gateway %s works by an older site file and is given the one of now", gateway)
                await self._send(gateway, known, self._text, "service")
        except (DeskError, msgspec.DecodeError) as error:
            log.info("gateway %s could not be asked for its site file: %s", gateway, error)

    async def _send(self, gateway: str, known: Told, text: str, by: str) -> None:
        packed = zlib.compress(text.encode())
        parts = [packed[at : at + SITE_PART_BYTES] for at in range(0, len(packed), SITE_PART_BYTES)]
        for number, part in enumerate(parts):
            one = SitePart(self._used, number, len(parts), base64.b64encode(part).decode())
            status, body = await self._ask(gateway, "POST", PATH, by, msgspec.json.encode(one))
            if status != 200:
                try:
                    known.why = msgspec.json.decode(body, type=Said).detail or f"it answered {status}"
                except msgspec.DecodeError:
                    known.why = f"it answered {status}"
                return
        known.given, known.why = True, ""

    def _view(self, gateway: str) -> GatewaySite:
        known = self._known.get(gateway, Told())
        if known.why and known.revision != self._used:
            state = "refused" if known.revision else "unknown"
        elif not known.revision:
            state = "unknown"
        elif known.revision == self._used:
            state = "same"
        else:
            state = "older" if known.given or known.revision in self._before else "other"
        return GatewaySite(gateway, state, known.revision, known.why, known.at_ms)  # type: ignore[arg-type]
