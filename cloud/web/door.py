"""The door of the web: how many may come in, how long half a request may take, and the answer to what is none.

Nobody is signed in there yet. Whoever sends halves of requests takes places, so an address has a share of them only;
behind a proxy everybody shares one address, which is why that share is half of all.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import typing
from collections import Counter
from collections.abc import Callable

from aiohttp import web

from cloud.web.replies import refused
from cloud.web.tries import Tries

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 4096
"""At once, where the system lets the service open as many files and a third more."""
IDLE_S = 150.0
"""For a request's head, also of a connection that is kept: longer than proxies keep one, which would else be closed
just when they use it again."""
SHAKE_S = 10.0
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


class Doorway:
    """Who is inside. `refused` is told of each that is not let in."""

    def __init__(self, connections_max: int, refused: Callable[[], None]) -> None:
        self._most, self._of_one, self._refused = connections_max, connections_max // 2, refused
        self._inside: Counter[str] = Counter()
        self._hushed = Tries(1)

    def enter(self, address: str) -> bool:
        """Whether there is room for one more from this address; then it is inside until it leaves."""
        if self._inside[address] < self._of_one and self._inside.total() < self._most:
            self._inside[address] += 1
            return True
        self._refused()
        now_ms = int(asyncio.get_running_loop().time() * 1000)
        if not self._hushed.wait_ms((address,), now_ms):  # or the log would fill up instead
            self._hushed.add((address,), now_ms)
            log.warning("%s has %d connections, and gets no more for now", address, self._inside[address])
        return False

    def leave(self, address: str) -> None:
        """One that was inside is not any more."""
        self._inside[address] -= 1
        if not self._inside[address]:
            del self._inside[address]


class Door(web.RequestHandler):
    """One connection. What is no request is answered with a problem like all else."""

    def __init__(self, server: web.Server, doorway: Doorway, **options: typing.Any) -> None:
        super().__init__(server, **options)
        self._doorway = doorway
        self._address: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, if there is room."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if not self._doorway.enter(address):
            typing.cast(asyncio.Transport, transport).abort()
            return
        self._address = address
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is over."""
        if self._address is not None:
            self._doorway.leave(self._address)
            self._address = None
        super().connection_lost(exc)

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
        return await super().finish_response(request, resp, start_time)


def _told(error: Exception, request: web.BaseRequest) -> web.Response:
    response = refused(error, "what is no request", request.rel_url.raw_path)
    response.headers.update(SECURITY)
    response.headers["Server"] = "warehouse"  # or it would say which version of what
    return response
