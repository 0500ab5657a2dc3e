"""The phones of a site's people: whatever the service tells them by the webhooks of its channels file is checked, and
printed with its link. On this machine alone, and with nothing but what a receiver of its own would need.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from protocols.documents import webhooks

HOST = "127.0.0.1"
BODY_MAX = 1 << 20
KNOWN_MAX = 1_000
"""Ids of messages that are remembered: one that comes again is taken, and not printed again."""
AGAIN_S = 5.0
"""While another program has the port, it is tried again so often."""


class PhonesError(Exception):
    """The channels file names no phone; the message says why, and what to do."""


class Words(Struct):
    """What is said to a person: a line, and what follows it."""

    summary: str = ""
    description: str = ""


class Told(Struct, rename="camel"):
    """What is read of a message in Alertmanager's shape; it holds more."""

    receiver: str = ""
    common_annotations: Words = msgspec.field(default_factory=Words)


class Phones:
    """The webhooks of a channels file that end on this machine, by their path; `say` prints a message."""

    def __init__(self, channels: Path, say: Callable[[str], None]) -> None:
        self.say = say
        self.port, self.keys = _read(channels)
        self.known: dict[str, None] = {}

    def take(self, path: str, headers: dict[str, str], body: bytes, now_s: float) -> int:
        """One message; the HTTP status it is answered with."""
        key = self.keys.get(path)
        if key is None:
            return 404
        if webhooks.verify(headers, body, int(now_s), [key]) is not None:
            return 401
        try:
            told = msgspec.json.decode(body, type=Told)
        except msgspec.DecodeError:
            return 400
        number = next((value for name, value in headers.items() if name.lower() == webhooks.ID), "")
        if number not in self.known:
            self.known[number] = None
            if len(self.known) > KNOWN_MAX:
                del self.known[next(iter(self.known))]
            self.say(_worded(told, path.strip("/"), now_s))
        return 204

    def work(self) -> None:
        """Listen until the process ends."""
        server = self._server()
        self.say(f"{len(self.keys)} channels are heard at {HOST}:{self.port}")
        with server:
            server.serve_forever()

    def _server(self) -> ThreadingHTTPServer:
        said = False
        while True:
            try:
                return ThreadingHTTPServer((HOST, self.port), _answering(self))
            except OSError as error:
                if not said:
                    self.say(f"port {self.port}, of the channels file, can not be used: {error.strerror}; trying on")
                said = True
                time.sleep(AGAIN_S)


def _answering(phones: Phones) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > BODY_MAX:
                return self._answer(413)
            return self._answer(phones.take(self.path, dict(self.headers), self.rfile.read(int(length)), time.time()))

        def log_message(self, *_: object) -> None:
            """Only messages are printed."""

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Answering


def _read(channels: Path) -> tuple[int, dict[str, bytes]]:
    try:
        found = tomllib.loads(channels.read_text("utf-8")).get("channels", {})
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise PhonesError(f"{channels} can not be read as TOML; `python -m cloud channels` says more") from None
    ports, keys = set(), {}
    for one in found.values():
        address = urlsplit(one.get("webhook", ""))
        if address.hostname == HOST and address.port:
            ports.add(address.port)
            keys[address.path] = webhooks.key_of(one.get("secret", ""))
    if len(ports) != 1:
        raise PhonesError(f"{channels} has webhooks at {len(ports)} ports of {HOST}; the phones are at one")
    return ports.pop(), keys


def _worded(told: Told, channel: str, now_s: float) -> str:
    words = told.common_annotations
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now_s))
    body = "".join(f"\n    {line}" for line in words.description.splitlines())
    return f"{when}  {channel}, to {told.receiver}: {words.summary}{body}"
