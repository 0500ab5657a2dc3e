"""The verbs about tags: `tags`, which are where and how many nobody heard; `walks`, what several walks missed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from edge import memory
from edge.core.tagging import tags, unread
from edge.saying import UsageError, existing, say, store_of
from protocols import epc

WALK_BYTES_MAX = 64 * 1024 * 1024


def add(verb: Any, state: Path) -> None:
    """Add the verbs to the command line; `state` is where a gateway keeps its state by default."""
    there = verb("tags", _tags, "Print each reader's zones: tags there, and an estimate of those nobody heard.")
    there.add_argument("--state", type=Path, default=state)
    there.add_argument("--list", action="store_true", help="print each tag too, with what its EPC means")
    walks = verb("walks", _walks, "Estimate how many tags several independent walks did not see, all together.")
    walks.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a walk: one EPC in hex a line")


def _tags(arguments: argparse.Namespace) -> None:
    store = store_of(arguments.state)
    readers = memory.reopen(store.restore()).readers
    for (device, zone), field in sorted(readers.fields.items()):
        told = readers.unread(field)
        say(arguments.json, {"device": device, "zone": zone, **_rounded(told)})
        for sight in tags.sights(field) if arguments.list else ():
            meant = epc.decode(sight.epc)
            line = {"epc": sight.epc, "means": meant.uri if meant else "", "there": round(sight.chance, 3)}
            say(arguments.json, {**line, "stray": round(sight.stray, 3), "rate": round(sight.rate, 2)})
    store.close()


def _walks(arguments: argparse.Namespace) -> None:
    looks = [_walk(path) for path in arguments.files]
    told = unread.estimate(looks)
    if told is None:
        raise UsageError("one walk can not tell what it did not see; give two or more")
    say(arguments.json, _rounded(told))


def _walk(path: Path) -> set[str]:
    if existing(path).stat().st_size > WALK_BYTES_MAX:
        raise UsageError(f"{path} is larger than {WALK_BYTES_MAX >> 20} MB; is it a list of EPCs?")
    found: set[str] = set()
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        text = line.strip().upper()
        if text and not epc.HEX.match(text):
            raise UsageError(f"{path}, line {number}: {text[:40]!r} is no EPC in hex; one a line, nothing else")
        if text:
            found.add(text)
    return found


def _rounded(told: unread.Unread) -> dict[str, Any]:
    fields = msgspec.structs.asdict(told)
    return {key: round(value, 1) if isinstance(value, float) else value for key, value in fields.items()}
