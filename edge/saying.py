"""What the command line's verbs share: lines for people or programs, and clear refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edge.store import Store


class UsageError(Exception):
    """What the person asked for can not be done; the message says why and what to do."""


def say(as_json: bool, line: dict[str, Any]) -> None:
    """Print one line: JSON, or key=value for people."""
    print(json_line(line) if as_json else "  ".join(f"{key}={value}" for key, value in line.items() if value != ""))


def json_line(line: dict[str, Any]) -> str:
    """A line as JSON."""
    return msgspec.json.encode(line).decode()


def store_of(state: Path) -> Store:
    """The store in a gateway's state folder, to be looked at: the gateway may be at work on it."""
    return Store(existing(state / "edge.db"), look=True)


def existing(path: Path) -> Path:
    """The path, if there is something."""
    if not path.exists():
        raise UsageError(f"{path} does not exist")
    return path
