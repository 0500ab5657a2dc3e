"""The live stream over a WebSocket: what lies past the client's cursor. The client itself has nothing to say."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable
from functools import lru_cache

from aiohttp import WSCloseCode, WSMsgType, web

from cloud.web.access import WHO, bearer, identify, same_origin
from cloud.web.live import Cursor, Full, Live
from cloud.web.queries import Text, Whole
from cloud.web.replies import Refusal
from cloud.web.routing import Route, get
from cloud.web.sign_in import SignIn

log = logging.getLogger(__name__)

SEND_TIMEOUT_S = 30.0
PING_S = 20.0
RECHECK_MS = 5000
DIRECT_MAX = 0xFFFF
"""A frame of up to so many bytes is handed to the socket as it comes; a larger one waits for room."""
CLOSE_SIGNED_OUT = 4401
"""The close code that tells the page to ask who is signed in: nobody any more, or somebody of another role."""


SINCE = Whole("since", "The number of the last frame that was seen; left out, none was.", None)
EPOCH = Text("epoch", "The epoch of that frame.")


class Stream:
    """The route /ws."""

    def __init__(
        self, live: Live, sign_in: SignIn, now_ms: Callable[[], int], send_timeout_s: float = SEND_TIMEOUT_S
    ) -> None:
        self._live = live
        self._sign_in = sign_in
        self._now_ms = now_ms
        self._send_timeout_s = send_timeout_s

    def routes(self) -> list[Route]:
        """The one."""
        refusals = ("cross_site", "upgrade_required", "full")
        return [get("/ws", self.watch, "look", None, SINCE, EPOCH, refusals=refusals, also={101: None})]

    async def watch(self, request: web.Request) -> web.StreamResponse:
        """Frames as text, from `since` of `epoch` on if they are still known, else from a snapshot on."""
        if bearer(request) is None and not same_origin(request):
            hint = "open the page from this host; a proxy before the service has to pass the Host header on"
            raise Refusal(403, "cross_site", "the Origin header does not name this host", hint)
        # Compressing each frame for each client would cost 20 times the processor and twice the memory.
        socket = web.WebSocketResponse(compress=False, heartbeat=PING_S, max_msg_size=4096)
        if not socket.can_prepare(request).ok:
            hint = "use a WebSocket client; GET /api/v1/snapshot answers plain HTTP"
            raise Refusal(426, "upgrade_required", "this address speaks WebSocket only", hint, {"Upgrade": "websocket"})
        since = request.query.get("since", "")  # what it can not be is as if it were left out: a snapshot comes
        known = int(since) if since.isascii() and since.isdigit() and len(since) <= 18 else None
        try:
            with self._live.join(known, request.query.get("epoch", ""), request[WHO].name) as cursor:
                await socket.prepare(request)
                await self._serve(request, socket, cursor)
        except Full as error:
            hint = "close a page that is not needed, or raise the limit"
            raise Refusal(503, "full", str(error), hint, {"Retry-After": "10"}) from None
        return socket

    async def _serve(self, request: web.Request, socket: web.WebSocketResponse, cursor: Cursor) -> None:
        """Send until either side has had enough. From here on HTTP is over: what goes wrong is a close code."""
        sending = asyncio.create_task(self._send(request, socket, cursor), name="live-send")
        listening = asyncio.create_task(_listen(socket), name="live-listen")
        try:
            await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
            sending.cancel()
            code, _ = await asyncio.gather(sending, listening, return_exceptions=True)
        if isinstance(code, Exception):
            log.error("a live stream failed", exc_info=code)
            code = WSCloseCode.INTERNAL_ERROR
        if isinstance(code, int):
            await socket.close(code=code)

    async def _send(self, request: web.Request, socket: web.WebSocketResponse, cursor: Cursor) -> int | None:
        """Returns the code to close with, None when there is nobody left to tell."""
        checked_ms, changes = self._now_ms(), self._sign_in.changes

        def is_due() -> bool:
            """Whether it is to be looked again who this is."""
            return changes != self._sign_in.changes or not 0 <= self._now_ms() - checked_ms < RECHECK_MS

        def take(frame: bytes) -> bool:
            """Send it at once, unless something waits to leave already, or it is to be looked who this is first."""
            wire = request.transport
            if wire is None or wire.is_closing() or socket.closed or wire.get_write_buffer_size() or is_due():
                return False
            if len(frame) > DIRECT_MAX:
                return False
            wire.write(_framed(frame))
            return True

        try:
            async for frame in cursor:
                cursor.take = None  # until this one has left
                if is_due():
                    checked_ms, changes = self._now_ms(), self._sign_in.changes
                    who = await identify(request, self._sign_in, checked_ms)
                    if who is None or who != request[WHO]:  # the page asks who it is by now
                        return CLOSE_SIGNED_OUT
                try:
                    async with asyncio.timeout(self._send_timeout_s):
                        await socket.send_frame(frame, WSMsgType.TEXT)
                except (TimeoutError, ConnectionError):
                    if request.transport is not None:
                        request.transport.abort()  # a close frame would only queue behind what does not leave
                    return None
                cursor.take = take
            return WSCloseCode.TRY_AGAIN_LATER if cursor.ended else WSCloseCode.GOING_AWAY
        finally:
            cursor.take = None


@lru_cache(2)
def _framed(text: bytes) -> bytes:
    """A frame of text as a server sends it (RFC 6455, 5.2), made once for all who get it: final, whole, not masked."""
    if len(text) < 126:
        return struct.pack("!BB", 0x81, len(text)) + text
    return struct.pack("!BBH", 0x81, 126, len(text)) + text


async def _listen(socket: web.WebSocketResponse) -> None:
    """Read until the client closes: this is what answers its pings and hears its pongs."""
    async for _ in socket:
        pass
