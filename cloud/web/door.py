"""The door of the web: how many may come in, how long half a request may take, and the answer to what is none.

Nobody is signed in there yet, and with TLS nobody has shaken hands: places are counted as connections are accepted.
Whoever sends halves of requests takes places, so an address has a share of them only; behind a proxy everybody shares
one address, which is why that share is half of all. Where none is free, who comes takes that of the connection that has
waited longest for its next request: browsers keep some for that.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import ssl
import typing
from asyncio.sslproto import SSLProtocol
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from cloud.web.replies import refused
from cloud.web.tries import Tries

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 4096
"""At once, where the system lets the service open as many files and a third more."""
FILES_WANTED = CONNECTIONS_MAX * 4 // 3 + 1
IDLE_S = 150.0
"""For a request's head, also of a connection that is kept: longer than proxies keep one, which would else be closed
just when they use it again."""
SHAKE_S = 10
"""For TLS to begin."""
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def room() -> int:
    """How many connections there may be: a quarter of the files that may be open is left to the service itself."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return CONNECTIONS_MAX if files == resource.RLIM_INFINITY else min(CONNECTIONS_MAX, files * 3 // 4)


def widen() -> None:
    """Let this process open as many files as all connections need, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES_WANTED if hard == resource.RLIM_INFINITY else min(FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # a system may hold a further limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Doorway:
    """Who is inside. `refused` is told of each that is not let in."""

    def __init__(self, connections_max: int, refused: Callable[[], None]) -> None:
        self._most, self._of_one, self._refused = connections_max, connections_max // 2, refused
        self._inside: Counter[str] = Counter()
        self._resting: dict[str, dict[Place, None]] = {}
        """By address, who rests longest first."""
        self._hushed = Tries(1)

    def enter(self, wire: asyncio.BaseTransport) -> Place | None:
        """The place of a connection, until it leaves. None: there was no room, and it is closed."""
        transport = typing.cast(asyncio.Transport, wire)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if not self._has_room(address):
            self._make_room(address)
        if self._has_room(address):
            self._inside[address] += 1
            return Place(self, address, transport)
        transport.abort()
        self._refused()
        now_ms = int(asyncio.get_running_loop().time() * 1000)
        if not self._hushed.wait_ms((address,), now_ms):  # or the log would fill up instead
            self._hushed.add((address,), now_ms)
            log.warning("%s has %d connections, and gets no more for now", address, self._inside[address])
        return None

    def rest(self, place: Place) -> None:
        """Nothing is asked there now."""
        self._resting.setdefault(place.address, {})[place] = None

    def wake(self, place: Place) -> None:
        """Something is."""
        resting = self._resting.get(place.address, {})
        resting.pop(place, None)
        if not resting:
            self._resting.pop(place.address, None)

    def leave(self, place: Place) -> None:
        """One that was inside is not any more."""
        self.wake(place)
        self._inside[place.address] -= 1
        if not self._inside[place.address]:
            del self._inside[place.address]

    def _has_room(self, address: str) -> bool:
        return self._inside[address] < self._of_one and self._inside.total() < self._most

    def _make_room(self, address: str) -> None:
        """Who rests longest goes: of this address, or where its share is not used up, of the one that has most."""
        whose = address if self._inside[address] >= self._of_one else self._inside.most_common(1)[0][0]
        for place in self._resting.get(whose, {}):
            place.leave()
            place.transport.abort()
            return


class Place:
    """One connection's. It rests until a request has come, and between requests."""

    def __init__(self, doorway: Doorway, address: str, transport: asyncio.Transport) -> None:
        self.address, self.transport = address, transport
        self._doorway: Doorway | None = doorway
        self.rest()

    def rest(self) -> None:
        """It waits for a request: whoever comes may take it, where no other is free."""
        if self._doorway is not None:
            self._doorway.rest(self)

    def wake(self) -> None:
        """It is being served."""
        if self._doorway is not None:
            self._doorway.wake(self)

    def leave(self) -> None:
        """It is free; once is enough."""
        if self._doorway is not None:
            self._doorway.leave(self)
            self._doorway = None


class Porter(SSLProtocol):
    """What stands before a door with TLS: asyncio itself would tell of a connection only after the handshake, and by
    then it could be one too many."""

    def __init__(self, door: Door, doorway: Doorway, tls: ssl.SSLContext, loop: asyncio.AbstractEventLoop) -> None:
        nobody: typing.Any = None  # waits for the handshake
        super().__init__(loop, door, tls, nobody, server_side=True, ssl_handshake_timeout=SHAKE_S)
        self._door, self._doorway = door, doorway

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, if there is room."""
        self._door.place = self._doorway.enter(transport)
        if self._door.place is not None:
            super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is over, perhaps before it began."""
        if self._door.place is not None:
            self._door.place.leave()
            super().connection_lost(exc)


class Door(web.RequestHandler):
    """One connection. What is no request is answered with a problem like all else."""

    def __init__(self, server: web.Server, doorway: Doorway, **options: typing.Any) -> None:
        super().__init__(server, **options)
        self._doorway = doorway
        self.place: Place | None = None
        """Given by who stands before it, else taken when the connection is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, if there is room."""
        if self.place is None:
            self.place = self._doorway.enter(transport)
        if self.place is not None:
            super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is over."""
        if self.place is not None:
            self.place.leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came: perhaps the head of a request is whole now."""
        super().data_received(data)
        if self._messages and self.place is not None:
            self.place.wake()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no HTTP; raises `ConnectionError` where a part of an answer is on its way already."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer was sent already")
        if status < 500:
            error: Exception = web.HTTPBadRequest()
        else:
            error = exc if isinstance(exc, Exception) else TimeoutError("no answer")
        response = _told(error, request)
        response.force_close()
        return response

    def log_exception(self, *args: typing.Any, **kw: typing.Any) -> None:
        """Tell of an error, unless it is that of a body which nobody wants to read any more."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kw)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; one that was raised before any route was asked, like that to an Expect, as a problem."""
        if isinstance(resp, web.HTTPException):
            resp = _told(resp, request)
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            if not self._messages and self.place is not None:
                self.place.rest()


def _told(error: Exception, request: web.BaseRequest) -> web.Response:
    response = refused(error, "what is no request", request.rel_url.raw_path)
    response.headers.update(SECURITY)
    response.headers["Server"] = "warehouse"  # or it would say which version of what
    return response
