"""What a running service does for its own keeping: old history becomes buckets, and what doctor asks is written."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cloud import running
from cloud.running import LinkSaid, Said
from cloud.stores.history import History, HistoryUnavailable
from cloud.stores.history_sqlite import SqliteHistory
from cloud.stores.retention import Retention

log = logging.getLogger(__name__)

SAY_S = 10.0
ROUND_S = 3600.0
"""Between two rounds through the history that found nothing left to do."""
REST = 9.0
"""A step of retention is followed by a rest of so many times its own time, so that it takes a tenth at most."""
REST_MIN_S = 0.02
RETRY_S = 60.0


class Listening:
    """Where a service listens, and what it can say of itself; `links` and `troubles` are asked again each time."""

    def __init__(
        self, url: str, uplink: str, links: Callable[[], dict[str, LinkSaid]], troubles: Callable[[], list[str]]
    ) -> None:
        self.url, self.uplink, self.links, self.troubles = url, uplink, links, troubles


@asynccontextmanager
async def kept(state: Path, history: History, keep: Retention, listening: Listening) -> AsyncIterator[None]:
    """Meanwhile the state is kept in order."""
    tasks = [asyncio.create_task(_saying(state, listening), name="saying")]
    if isinstance(history, SqliteHistory):
        tasks.append(asyncio.create_task(_retaining(history, keep), name="retention"))
    for task in tasks:
        task.add_done_callback(_over)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _saying(state: Path, listening: Listening) -> None:
    started_ms, failed = _now_ms(), False
    while True:
        said = Said(
            _now_ms(),
            started_ms,
            os.getpid(),
            listening.url,
            listening.uplink,
            listening.links(),
            listening.troubles(),
        )
        try:
            await asyncio.to_thread(running.say, state, said)
            failed = False
        except OSError as error:
            if not failed:
                log.warning("keeping: %s can not be written: %s", state / running.SAID, error.strerror)
            failed = True
        await asyncio.sleep(SAY_S)


async def _retaining(history: SqliteHistory, keep: Retention) -> None:
    failed = False
    while True:
        before = time.monotonic()
        try:
            step = await asyncio.to_thread(history.retain, keep, _now_ms())
            rest_s = ROUND_S if step.done else max(REST_MIN_S, REST * (time.monotonic() - before))
            failed = False
        except HistoryUnavailable as error:
            if not failed:
                log.warning("retention: %s", error)
            failed, rest_s = True, RETRY_S
        await asyncio.sleep(rest_s)


def _over(task: asyncio.Task[None]) -> None:
    """Tells of a mistake of our own at once, not when the service stops."""
    with suppress(asyncio.CancelledError):
        if (error := task.exception()) is not None:
            log.error("keeping: %s ended", task.get_name(), exc_info=error)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
