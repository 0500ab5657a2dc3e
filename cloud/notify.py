"""People are told here: Apprise lives in this file. It is loaded with the first message, as that takes a second.

Each message is sent in a thread of its own, with a time limit; a thread that hangs is left to itself and counted.
Nothing of an address gets into a log or an answer.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from typing import Any

LIMIT_S = 20.0
HUNG_MAX = 16
"""Sends that may hang at once; further ones fail until some of them end."""
_STATUS = re.compile(r"error=(\d{3})\b")

_hung: set[int] = set()
_lock = threading.Lock()


async def send(url: str, title: str, body: str, limit_s: float = LIMIT_S) -> str:
    """Hand a message to an Apprise URL; "" when it was taken, else why not."""
    if len(_hung) >= HUNG_MAX:
        return "too many messages hang on their way"
    loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def settle(why: str) -> None:
        if not done.done():
            done.set_result(why)

    def work() -> None:
        me = threading.get_ident()
        with _lock:
            _hung.add(me)
        try:
            why = _send(url, title, body)
        except Exception as error:  # a plugin's mistake; its words may hold the address
            why = type(error).__name__
        finally:
            with _lock:
                _hung.discard(me)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, why)

    threading.Thread(target=work, name="notify", daemon=True).start()
    try:
        return str(await asyncio.wait_for(done, limit_s))
    except TimeoutError:
        return f"no answer within {limit_s:g} s"


def is_known(url: str) -> bool:
    """Whether Apprise can read a URL. Loads what the first message needs: Apprise, and all its services."""
    found = _apprise().Apprise.instantiate(url, suppress_exceptions=True)
    return found is not None and getattr(found, "topics", None) != []  # ntfy:// alone is known, and tells nobody


def _send(url: str, title: str, body: str) -> str:
    apprise = _apprise()
    one = apprise.Apprise()
    if not one.add(url):
        return "the address is none that Apprise knows"
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:
        taken = one.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
        status = _STATUS.search(said.getvalue())
    if taken:
        return ""
    return f"answered {status[1]}" if status else "not taken"


def _apprise() -> Any:
    import apprise

    logger = logging.getLogger("apprise")
    logger.propagate = False  # its lines may hold addresses
    return apprise
