"""A message whose shape is right and one part of which is not: another type, a number too large, nothing at all.

Cut-off and spoilt bytes (test_formats.py) seldom leave JSON whole; what a template or a firmware gets wrong does.
Every part of every message is tried with every odd value; nothing is drawn, so that nothing is missed by chance.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.unit.test_formats import MESSAGES, Message, said

INFINITY = float("inf")
"""Written as 1e999, which is JSON and no number of 64 bits."""
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e308, -1e308, 10**15, 10**30, 10**400, -(10**400), -(10**20), INFINITY),
    *("", "x", "nan", "1e999", "é\0\n", "9" * 50, "2025-13-45", "24e124136b502217"),
    *([], {}, [1], [[]], {"a": 1}, {"value": None}, [{"a": [1, {"b": 2}]}]),
]
"""What may stand in the place of anything."""
UNKNOWN = "ext_ra"
"""A field that no family knows."""
NO_UTF8 = "ext_\udce6ra"
"""The same, with a byte in its name that is no UTF-8."""


def _whole(message: Message) -> Any:
    try:
        return msgspec.json.decode(message.payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


TREES = [(message, tree) for message in MESSAGES if isinstance(tree := _whole(message), dict | list)]


def spoilt(tree: Any) -> Iterator[Any]:
    """The tree with one part of it replaced, or with one field more: all ways there are."""
    yield from ODD
    if isinstance(tree, dict):
        for odd in ODD:
            yield {**tree, UNKNOWN: odd}
        yield {**tree, NO_UTF8: 1}
        for key, inner in tree.items():
            for part in spoilt(inner):
                yield {**tree, key: part}
    elif isinstance(tree, list):
        for at, inner in enumerate(tree):
            for part in spoilt(inner):
                yield [*tree[:at], part, *tree[at + 1 :]]


def written(tree: Any) -> bytes:
    """As a device sends it."""
    text = json.dumps(tree, ensure_ascii=False).replace("Infinity", "1e999")
    return text.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(("message", "tree"), TREES, ids=[message.title for message, _ in TREES])
def test_an_odd_part_in_a_message_is_no_exception(message: Message, tree: Any) -> None:
    for odd in spoilt(tree):
        payload = written(odd)
        try:
            said(message, payload)
        except Exception as error:
            error.add_note(f"on {payload[:2000]!r}")
            raise
