"""A message whose shape is right and one part of which is not: another type, a number too large, nothing at all.

Cut-off and spoilt bytes (test_formats.py) seldom leave JSON whole; what a template or a firmware gets wrong does.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_formats import MESSAGES, Message, said

ODD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e308, -1e308, 10**15, 10**30, 10**400, -(10**20)),
    *("", "x", "nan", "1e999", "é\0\n", "9" * 50, "2025-13-45", "24e124136b502217"),
    *([], {}, [1], [[]], {"a": 1}, {"value": None}, [{"a": [1, {"b": 2}]}]),
]
"""What may stand in the place of anything."""


def _whole(message: Message) -> Any:
    try:
        return msgspec.json.decode(message.payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


TREES = [(message, tree) for message in MESSAGES if isinstance(tree := _whole(message), dict | list)]


def spoilt(tree: Any, data: st.DataObject) -> Any:
    """The tree with one part of it, wherever it lies, replaced."""
    if isinstance(tree, dict | list) and tree and data.draw(st.integers(0, 5)):
        copied: Any = dict(tree) if isinstance(tree, dict) else list(tree)
        key = data.draw(st.sampled_from(list(tree) if isinstance(tree, dict) else range(len(tree))))
        copied[key] = spoilt(tree[key], data)
        return copied
    return data.draw(st.sampled_from(ODD))


@settings(max_examples=300)
@given(st.sampled_from(TREES), st.data())
def test_an_odd_part_in_a_message_is_no_exception(picked: tuple[Message, Any], data: st.DataObject) -> None:
    message, tree = picked
    for _ in range(data.draw(st.integers(1, 2))):
        tree = spoilt(tree, data)

    said(message, json.dumps(tree).encode())
