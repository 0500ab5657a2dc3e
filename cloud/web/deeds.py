"""Who did what: every write, sign-in and sign-out is written down before it is answered, refused or not.

What waits while the ledger is away is bounded; what is lost then is counted, logged and shown. Signing in with a wrong
password is told with the name only where somebody has that name: people type their password into the wrong field.
"""

from __future__ import annotations

import asyncio
import logging
import typing
from collections import deque
from collections.abc import Callable, Sequence

import msgspec
from aiohttp import web
from msgspec import Struct

from cloud.web.access import NOTE, ONESELF, REPEATED, SIGNED, WHO
from cloud.web.desk import Unavailable
from cloud.web.paging import Paging
from cloud.web.queries import Text, Whole
from cloud.web.routing import Route, get
from cloud.web.tries import Tries

log = logging.getLogger(__name__)

WAITING_MAX = 1000
TEXT_MAX = 200
"""Characters of an address or a note."""
SESSION = "/api/v1/session"
VOUCHED = "/api/v1/session/oidc/done"
"""The one address that is got and yet opens a session; what stands in its query is not written down."""
WHO_DID = Text("who", "Of this person alone.", length_max=64)
WHAT = Text("what", "Of this kind alone: the operationId of the write, as in `post_orders`.", length_max=100)
FROM = Whole("from", "The beginning, ms since 1970.", 0)
TO = Whole("to", "The end, ms since 1970; left out, now.", 0)


class DeedView(Struct, frozen=True):
    """What somebody did, or was refused. `who`: "" where nobody is known; `token`: by which of their tokens; `what`:
    the operationId of the write, `subject` its address; `note`: what else is worth saying, `#12` what was made;
    `address`: from where; `status` and `code`: how it was answered."""

    id: int
    at_ms: int
    who: str
    token: str
    what: str
    subject: str
    note: str
    address: str
    status: int
    code: str


class DeedsPage(Struct, frozen=True):
    """Some of them, the newest first; `next` is where to go on. `kept`: so many are kept, the oldest leave; `waiting`
    and `lost`: how many could not be written down yet, and how many never will be, since the service started."""

    items: list[DeedView]
    next: str | None
    kept: int
    waiting: int
    lost: int


class _Numbered(Struct):
    """What of an answer names the thing that it is about."""

    id: int | str = ""


class Desk(typing.Protocol):
    """Where it is written down. Raises `Unavailable`."""

    async def keep_deeds(self, deeds: Sequence[DeedView]) -> None:
        """Write down, in one transaction; `id` is of no matter."""

    async def deeds(
        self, before: int, limit: int, who: str, what: str, from_ms: int, to_ms: int
    ) -> tuple[list[DeedView], int]:
        """The newest first, below a number (0: from the newest on), and how many are kept at most."""


class Deeds:
    """Writes down, and tells."""

    def __init__(self, desk: Desk, now_ms: Callable[[], int]) -> None:
        self._desk, self._now_ms = desk, now_ms
        self._waiting: deque[DeedView] = deque()
        self._turn = asyncio.Lock()
        self._hushed = Tries(1)
        self._paging = Paging("audit", 100, 1000)
        self.lost = 0

    def routes(self) -> list[Route]:
        """The one."""
        page = get("/api/v1/audit", self.page, "govern", DeedsPage, WHO_DID, WHAT, FROM, TO, *self._paging.query)
        return [page]

    async def page(self, request: web.Request) -> object:
        """Who did what, the newest first."""
        before, limit = self._paging.of(request)
        found, kept = await self._desk.deeds(
            before, limit, WHO_DID.of(request), WHAT.of(request), FROM.of(request), TO.of(request)
        )
        return DeedsPage(found, self._paging.next(found, limit), kept, len(self._waiting), self.lost)

    async def tell(self, request: web.Request, route: Route, response: web.StreamResponse) -> None:
        """Write down what came of a request, if it is worth it, before anybody hears of it."""
        if (deed := self._deed(request, route, response)) is None:
            return
        self._waiting.append(deed)
        while len(self._waiting) > WAITING_MAX:
            self._waiting.popleft()
            self.lost += 1
        await self.flush()

    async def flush(self) -> None:
        """Write down what waits, if that can be done now."""
        async with self._turn:  # whoever comes meanwhile is written down together
            if self._waiting:
                await self._write()

    async def _write(self) -> None:
        some = [*self._waiting]
        self._waiting.clear()
        try:
            await self._desk.keep_deeds(some)
        except Unavailable:
            self._waiting.extendleft(reversed(some))
            log.error("who did what can not be written down now: %d wait, %d are lost", len(self._waiting), self.lost)

    def _deed(self, request: web.Request, route: Route, response: web.StreamResponse) -> DeedView | None:
        """What is to be written down; None for what changes nothing or was written down when it was done, and for who
        is nobody and did nothing."""
        who, oneself = request.get(WHO), request.get(ONESELF, "")
        entering = route.path == SESSION and route.method == "POST" and response.status in (401, 429)
        vouched = route.path == VOUCHED and response.status in (302, 429)
        reads = not route.writes and not vouched
        if reads or REPEATED in request or (who is None and not oneself and not entering and not vouched):
            return None
        now_ms, address = self._now_ms(), request.remote or ""
        if response.status == 429:  # once in five minutes, or whoever hammers at the door fills the book
            if self._hushed.wait_ms((address,), now_ms):
                return None
            self._hushed.add((address,), now_ms)
        subject = "" if route.path == SIGNED else _plain(request.rel_url.raw_path)
        name, token = (who.name, who.token) if who is not None else (oneself, "")
        note = _plain(request.get(NOTE, "") or _made(subject, response))
        return DeedView(0, now_ms, name, token, route.id, subject, note, address, response.status, _code(response))


def _plain(text: str) -> str:
    """Text that every database holds, so that one odd entry never keeps those behind it waiting."""
    return "".join(one if one.isprintable() else "?" for one in text[:TEXT_MAX])


def _made(subject: str, response: web.StreamResponse) -> str:
    """What was made, by the number or name that it was given: as "#12"; "" where the address names it already."""
    if response.status != 200 or not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return ""
    try:
        made = str(msgspec.json.decode(response.body, type=_Numbered).id)
    except msgspec.DecodeError:
        return ""
    return f"#{made}" if made and made not in subject.split("/") else ""


def _code(response: web.StreamResponse) -> str:
    """The code of a problem; "" of what went well."""
    if response.status < 400 or not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return ""
    try:
        return str(msgspec.json.decode(response.body)["code"])[:64]
    except (msgspec.DecodeError, KeyError, TypeError):
        return ""
