"""`python -m cloud read FILE`: a trading partner's paper (X12, EDIFACT, EPCIS, CloudEvents) as this system reads it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from protocols.documents.papers import BYTES_MAX
from protocols.documents.reading import read


def show(arguments: argparse.Namespace) -> None:
    """Print what a paper holds and what is wrong with it; raises `ValueError` when nothing in it can be read."""
    document = read(_bytes(arguments.file))
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    elif document.contents:
        for depth, line in _lines(msgspec.to_builtins(document), 0):
            sys.stdout.write("  " * depth + line + "\n")
    if not document.contents:
        problem = document.problems[0]
        raise ValueError(f"{arguments.file}: {problem.detail}; {problem.hint}")


def _bytes(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(BYTES_MAX + 1)
    with Path(file).open("rb") as source:
        return source.read(BYTES_MAX + 1)


def _lines(value: dict[str, Any], depth: int) -> list[tuple[int, str]]:
    """(depth, line) of an object: what is plain in one line, what is a list under it."""
    plain, lists = [], []
    for key, one in _flat(value).items():
        if isinstance(one, list) and one and isinstance(one[0], dict):
            lists.append((key, one))
        elif one not in ("", None, []):
            text = ", ".join(map(str, one)) if isinstance(one, list | tuple) else str(one)
            plain.append(f"{key}={''.join(each if each.isprintable() else '?' for each in text)}")
    found = [(depth, "  ".join(plain))]
    for key, inner in lists:
        found.append((depth + 1, f"{key}:"))
        for one in inner:
            found += _lines(one, depth + 2)
    return found


def _flat(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, one in value.items():
        if isinstance(one, dict):
            found |= {f"{key}.{name}": inner for name, inner in _flat(one).items()}
        else:
            found[key] = one
    return found
