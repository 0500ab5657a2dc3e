"""The latest messages as they came, for people who look: kept only while somebody does, few of each second, short.

Nothing secret is shown: what a message calls a password, a key or a token is blotted out.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection

from protocols.fieldwork import Tail, TailLine

LINES_MAX = 200
LINES_AT_ONCE = 100
RATE_MAX = 25
"""Lines of one second that are kept; more are counted."""
LOOKS_MS = 15_000
"""Who has not asked for so long does not look any more."""
LOOKERS_MAX = 8
TEXT_BYTES = 512
SECRET = re.compile(
    r"""(?ix) (["']?[\w.-]*
    (?:passw(?:or)?d|passphrase|secret|token|api_?key|app_?s?key|nwk_?s?key|psk|credential)
    [\w.-]*["']? \s*[:=]\s*) (?:"[^"]*"?|'[^']*'?|[^\s,;&}\]"']+)"""
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Looker:
    """What one kind of look keeps: of one device, or ("") of all."""

    def __init__(self) -> None:
        self.lines: deque[TailLine] = deque(maxlen=LINES_MAX)
        self.until_ms = 0
        self.asked = 0
        """The last line that somebody has."""
        self.skipped = self.gone = 0
        self.second = 0
        self.of_second = 0


class Tails:
    """All looks at a gateway's messages."""

    def __init__(self) -> None:
        self._lookers: dict[str, Looker] = {}
        self._number = 0

    def awake(self, now_ms: int) -> bool:
        """Whether anybody looks; what nobody looks at any more is forgotten."""
        for name in [name for name, one in self._lookers.items() if now_ms > one.until_ms]:
            del self._lookers[name]
        return bool(self._lookers)

    def hear(self, topic: str, payload: bytes, devices: Collection[str], bad: str, now_ms: int) -> None:
        """A message came that told of these devices."""
        line: TailLine | None = None
        for name, one in self._lookers.items():
            if name and name not in devices:
                continue
            if one.second != now_ms // 1000:
                one.second, one.of_second = now_ms // 1000, 0
            one.of_second += 1
            if one.of_second > RATE_MAX:
                one.skipped += 1
                continue
            if line is None:
                self._number += 1
                shown = shown_text(payload)
                line = TailLine(self._number, now_ms, topic[:200], shown, len(payload), sorted(devices)[:8], bad)
            one.gone += len(one.lines) == LINES_MAX and one.lines[0].number > one.asked
            one.lines.append(line)

    def look(self, device: str, after: int, now_ms: int) -> Tail | None:
        """What came since line `after`, of a device or ("") of all; from now on it is kept for a while. None where too
        many look at different things."""
        self.awake(now_ms)
        one = self._lookers.get(device)
        if one is None:
            if len(self._lookers) >= LOOKERS_MAX:
                return None
            one = self._lookers[device] = Looker()
        one.until_ms = now_ms + LOOKS_MS
        lines = [line for line in one.lines if line.number > after][:LINES_AT_ONCE]
        one.asked = lines[-1].number if lines else max(after, one.asked)
        (skipped, gone), (one.skipped, one.gone) = (one.skipped, one.gone), (0, 0)
        return Tail(lines, lines[-1].number if lines else after, skipped, gone, LINES_MAX, RATE_MAX)


def shown_text(payload: bytes) -> str:
    """The first bytes of a message as text: what is none as `\\x..`, what is secret as dots."""
    text = payload[:TEXT_BYTES].decode("utf-8", "backslashreplace")
    text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return SECRET.sub(r"\1•••", text)
