"""Who may come in over the link, and how often somebody stayed outside."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from cloud.core.links import Pace
from cloud.keys import allowed

log = logging.getLogger(__name__)

KEYS_FRESH_S = 1.0


class Door:
    """Who may come in: the list of keys, read again when it is older than a second. `strangers` counts who did not: a
    key that is not allowed, or nothing that this link understands."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._names: dict[bytes, str] = {}
        self._read_s = -KEYS_FRESH_S
        self._words: dict[str, Pace] = {}
        """How often each sentence was said: strangers without a key must not drown a key that wants to be allowed."""
        self.strangers = 0

    def name(self, key: bytes) -> str | None:
        """The gateway of a key, None when it is not allowed."""
        if time.monotonic() - self._read_s > KEYS_FRESH_S:
            self._names, self._read_s = allowed(self._state), time.monotonic()
        return self._names.get(key)

    def callback(self, _domain: str, key: bytes) -> bool:
        """What the authenticator asks at every handshake."""
        known = self.name(key) is not None
        if not known:
            self.refuse("a gateway with an unknown key was refused: allow it with `python -m cloud allow NAME KEY`")
        return known

    def refuse(self, why: str) -> None:
        """Somebody stays outside. Whoever knocks without end is counted, and fills no log."""
        self.strangers += 1
        if self._words.setdefault(why, Pace(1, within_ms=60_000)).step(time.time_ns() // 1_000_000):
            log.warning("%s; %d were refused since the start", why, self.strangers)
