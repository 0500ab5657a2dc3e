"""How often something may be tried."""

from __future__ import annotations

from collections import OrderedDict

WINDOW_MS = 5 * 60_000


class Tries:
    """How often each key was tried in the current window. Holds `keys_max` keys; the longest untouched leaves first."""

    def __init__(self, limit: int, window_ms: int = WINDOW_MS, keys_max: int = 4096) -> None:
        self._limit = limit
        self._window_ms = window_ms
        self._keys_max = keys_max
        self._tried: OrderedDict[tuple[str, ...], tuple[int, int]] = OrderedDict()

    def wait_ms(self, key: tuple[str, ...], now_ms: int) -> int:
        """How long this key has to wait; 0 when it may try."""
        count, since_ms = self._tried.get(key, (0, now_ms))
        left_ms = since_ms + self._window_ms - now_ms
        return left_ms if count >= self._limit and 0 < left_ms <= self._window_ms else 0

    def add(self, key: tuple[str, ...], now_ms: int) -> None:
        """One more try."""
        count, since_ms = self._tried.pop(key, (0, now_ms))
        current = 0 <= now_ms - since_ms < self._window_ms
        self._tried[key] = (count + 1, since_ms) if current else (1, now_ms)
        while len(self._tried) > self._keys_max:
            self._tried.popitem(last=False)

    def forget(self, key: tuple[str, ...]) -> None:
        """Start afresh with this key."""
        self._tried.pop(key, None)

    def __len__(self) -> int:
        return len(self._tried)
