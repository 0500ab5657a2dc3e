"""The verbs about what the gateway decided by itself: `alarms`, `proposals`, `told`. They read the store, so they work
with the gateway off."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge import decided, memory
from edge.core.alone import Alone
from edge.page import figure
from edge.saying import json_line, store_of
from edge.words import WORDS

Verb = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]
_WORDS = WORDS["en"]


def add(verb: Verb, state: Path) -> None:
    """Add the verbs to the command line; `state` is where a gateway keeps its state by default."""
    for name, run, text in (
        ("alarms", _alarms, "Print the gateway's own alarms: those that fire, then those that are over."),
        ("proposals", _proposals, "Print what the gateway proposed to order: what is open, then what was closed."),
        ("told", _told, "Print what the gateway told people by itself while the service was away, newest first."),
    ):
        verb(name, run, text).add_argument("--state", type=Path, default=state)


def _alarms(arguments: argparse.Namespace) -> None:
    now_ms = time.time_ns() // 1_000_000
    rows = decided.alarms(_alone(arguments.state))
    for row in rows:
        print(json_line(row) if arguments.json else alarm_line(row, now_ms))
    if not rows and not arguments.json:
        print("no alarms: none fires, and none is over")


def _proposals(arguments: argparse.Namespace) -> None:
    rows = decided.proposals(_alone(arguments.state))
    for row in rows:
        print(json_line(row) if arguments.json else proposal_line(row))
    if not rows and not arguments.json:
        print("no proposals: none is open, and none was closed")


def _told(arguments: argparse.Namespace) -> None:
    rows = decided.told(_alone(arguments.state))
    for row in rows:
        print(json_line(row) if arguments.json else told_line(row))
    if not rows and not arguments.json:
        print("nothing was told: the service was there, or nobody is to be told (--channels)")


def told_line(row: dict[str, Any]) -> str:
    """A try to tell people, in a line that a person reads."""
    said = (
        f"{_time(row['at_ms'])}  {row['channel']}: {_WORDS['notice'].format(**row)}: {_WORDS['try_' + row['outcome']]}"
    )
    why = f"{row['status'] or ''} {row['detail']}".strip()
    return said if row["outcome"] == "told" or not why else f"{said} ({why})"


def alarm_line(row: dict[str, Any], now_ms: int) -> str:
    """An alarm in a line that a person reads at `now_ms`."""
    state = "firing" if row["state"] == "firing" else "over  "
    figures = ", ".join(figure(name, value, now_ms, _WORDS) for name, value in row["params"].items())
    said = f"{state} since {_time(row['since_ms'])}  {row['subject']}: {_WORDS.get(row['rule'], row['rule'])}"
    return f"{said} ({figures})" if figures else said


def proposal_line(row: dict[str, Any]) -> str:
    """A proposal in a line that a person reads."""
    said = f"{row['state']:<6} {_time(row['at_ms'])}  {row['sku']}: order {row['quantity']}"
    said += f" (in stock {row['position']}, order at {row['reorder_point']})"
    return f"{said}; {_WORDS['adopted']}" if row["adopted"] else said


def _alone(state: Path) -> Alone:
    store = store_of(state)
    try:
        alone = memory.reopen(store.restore()).alone
        alone.take(store.policies().values())
        return alone
    finally:
        store.close()


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
