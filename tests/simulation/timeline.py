"""Made-up time: an event loop that never waits, clocks that can be set wrong, and the log of what happened.

asyncio is deterministic as long as nothing outside wakes it: callbacks run in the order they were made, timers in the
order of their times. So the loop has no sockets and no threads; where it would wait it moves its clock. Work that a
program gives to a thread is done in the loop, after as long as a disk may take.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import selectors
from collections.abc import Callable
from contextvars import ContextVar
from time import gmtime, strftime
from typing import Any, Protocol

T0_MS = 1_763_762_400_000
"""When every simulation begins."""


class Stuck(Exception):
    """Nothing will ever happen again: every task waits for another."""


class Worker(Protocol):
    """Whoever does the work that a program gives to a thread."""

    def work(self, act: Callable[..., Any], args: tuple[Any, ...], answer: asyncio.Future[Any]) -> None:
        """Do it some time, and answer."""

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task began on its behalf."""


WORKER: ContextVar[Worker | None] = ContextVar("WORKER", default=None)
"""The program on whose behalf the running task runs."""


class _Waiting(selectors.SelectSelector):
    """Where the loop would wait for the world it waits for its own clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck("no timer is set and nothing is ready")
        self.now_s += max(0.0, timeout)
        return []


class Timeline(asyncio.SelectorEventLoop):
    """The loop."""

    def __init__(self) -> None:
        self._waiting = _Waiting()
        super().__init__(self._waiting)
        self.set_task_factory(_adopted)

    def time(self) -> float:
        return self._waiting.now_s

    @property
    def now_ms(self) -> int:
        """ms since the simulation began."""
        return round(self._waiting.now_s * 1000)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """A thread's work, done in the loop."""
        answer = self.create_future()
        worker = WORKER.get()
        assert worker is not None, "only the programs have work for threads"
        worker.work(func, args, answer)
        return answer


def _adopted(loop: asyncio.AbstractEventLoop, coro: Any, **how: Any) -> asyncio.Task[Any]:
    task = asyncio.Task(coro, loop=loop, **how)
    worker = WORKER.get()
    if worker is not None:
        worker.adopt(task)
    return task


class Clock:
    """One machine's clock, in the place of the module `time`. It may be set wrong; its monotonic hand never is."""

    def __init__(self, line: Timeline) -> None:
        self._line = line
        self.wrong_ms = 0

    def time_ns(self) -> int:
        """ns since 1970, as this machine believes."""
        return (T0_MS + self._line.now_ms + self.wrong_ms) * 1_000_000

    def time(self) -> float:
        """s since 1970, as this machine believes."""
        return self.time_ns() / 1e9

    def monotonic(self) -> float:
        """s since some moment."""
        return self._line.time() + 1000.0

    def monotonic_ns(self) -> int:
        """ns since some moment."""
        return int(self.monotonic() * 1e9)

    perf_counter = monotonic
    strftime, gmtime = staticmethod(strftime), staticmethod(gmtime)


class Log:
    """What happened, line by line; the same of the same seed."""

    def __init__(self, line: Timeline) -> None:
        self._line = line
        self.lines: list[str] = []

    def __call__(self, who: str, what: str) -> None:
        self.lines.append(f"{self._line.now_ms:>10} {who:<8} {what}")

    @property
    def digest(self) -> str:
        """A fingerprint of the whole log."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()


def dice(seed: int, purpose: str) -> random.Random:
    """A generator of its own for every purpose, so that leaving one kind of fault out changes no other."""
    return random.Random(f"{seed}/{purpose}")
