"""The TCP connections beneath the link, watched beside libzmq by what the kernel knows of them.

1. libzmq gathers all parts of a message before it hands over the first one, while `MAXMSGSIZE` bounds a part and a
   high-water mark counts whole messages: one message may fill the memory. And where a high-water mark has stopped a
   connection whose other end then hangs up, the next heartbeat of either end aborts the process (libzmq 4.3.5,
   `!_io_error`). So the socket has no such mark, and what lies unread is bounded here, in bytes: those that the kernel
   received of a connection, less those of the messages that were read.
2. Of a connection that brought what it can not take (too large, bits turned, another protocol) libzmq only says that
   it is over. The other end is still there then; of one that left by itself it is not.

Linux only, by `TCP_INFO` (include/uapi/linux/tcp.h).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable

from msgspec import Struct

UNREAD_MAX = 16 * 1024 * 1024
"""Bytes of one connection that nobody has read yet: twice a gateway's window full of the largest frames. One that has
more is ended; what an honest gateway had on its way comes again."""
UNREAD_ALL_MAX = 256 * 1024 * 1024
"""Of all connections together; beyond it those with the most are ended."""

_STATE, _RECEIVED, _INFO_BYTES = 0, 128, 136
_ESTABLISHED = 1
_SHORT_BYTES, _OVERHEAD, _OVERHEAD_LONG = 255 - 33, 35, 42
"""A part on the wire: ZMTP's 2 bytes before it, 9 when it is long, and CURVE's 33 around it (RFC 23 and 26)."""


class Wire(Struct, eq=False):
    """One connection: the gateway that speaks over it, once it has, and the bytes of the messages that were read."""

    tcp: socket.socket
    gateway: str | None = None
    read: int = 0
    ended: bool = False
    """By us, for what lay unread."""

    def unread(self) -> int:
        """Bytes that came and were not read."""
        received: int = struct.unpack_from("=Q", self._info(), _RECEIVED)[0]
        return received - self.read

    def stays(self) -> bool:
        """Whether the other end is still there."""
        return self._info()[_STATE] == _ESTABLISHED

    def end(self) -> None:
        """Hang up."""
        self.ended = True
        self.tcp.shutdown(socket.SHUT_RDWR)

    def _info(self) -> bytes:
        return self.tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)


class Wires:
    """The open connections to one port, by the number of their file in this process."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: dict[int, Wire] = {}

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, number: int) -> None:
        """libzmq has taken a connection; it may be over by now, and its number another file's."""
        try:
            tcp = socket.socket(fileno=os.dup(number))
        except OSError:
            return
        try:
            ours = tcp.type == socket.SOCK_STREAM and tcp.getsockname()[1] == self._port
        except (OSError, IndexError):
            ours = False
        if not ours:
            tcp.close()
            return
        self._forget(number)
        self._open[number] = Wire(tcp)

    def closed(self, number: int) -> tuple[Wire | None, bool]:
        """libzmq lets go of a connection: what is known of it, and whether it was libzmq that broke it off."""
        wire = self._open.get(number)
        broken = wire is not None and not wire.ended and wire.stays()
        self._forget(number)
        return wire, broken

    def heard(self, number: int, gateway: str | None, parts: Iterable[int]) -> None:
        """A message of parts of so many bytes was read, of this gateway."""
        wire = self._open.get(number)
        if wire is not None:
            wire.gateway = gateway or wire.gateway
            wire.read += sum(size + (_OVERHEAD if size <= _SHORT_BYTES else _OVERHEAD_LONG) for size in parts)

    def end_crowded(self) -> list[Wire]:
        """End the connections that bring more than is read; which."""
        unread = sorted(
            ((wire.unread(), number) for number, wire in self._open.items() if not wire.ended), reverse=True
        )
        total, ended = sum(size for size, _ in unread), []
        for size, number in unread:
            if size <= UNREAD_MAX and total <= UNREAD_ALL_MAX:
                break
            wire = self._open[number]
            try:
                wire.end()
            except OSError:
                continue  # it is over already
            total -= size
            ended.append(wire)
        return ended

    def close(self) -> None:
        """Watch nothing any more."""
        for number in list(self._open):
            self._forget(number)

    def _forget(self, number: int) -> None:
        wire = self._open.pop(number, None)
        if wire is not None:
            wire.tcp.close()
