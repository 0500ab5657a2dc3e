"""A gate tells which way a tag went; what it could not tell is left open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocols.devices import ifm_gate
from protocols.readings import Context, Decoded, Problem, TagRead, TagReads

NOW_MS = 1_763_762_400_000
EPC = "3034257BF7194E4000001A85"
PASSAGE = {"eventID": 1, "gateID": 490503, "EPC": EPC, "TID": "", "user": "", "timestamp": "2025-11-21T23:00:00+0100"}


def said(message: Any) -> list[Decoded]:
    """What the family makes of a message on a topic that names the gate."""
    return ifm_gate.decode("gate", json.dumps(message).encode(), Context(NOW_MS, name="dock"))


@pytest.mark.parametrize(("told", "meant"), [("IN", "in"), ("OUT", "out"), (" in ", "in"), ("NONE", ""), (None, "")])
def test_the_direction_is_in_or_out_or_open(told: str | None, meant: str) -> None:
    (seen,) = said([{**PASSAGE, "direction": told}])

    assert seen == TagReads("490503", NOW_MS, [TagRead(EPC, 1, NOW_MS, direction=meant)])


def test_each_gate_has_a_message_of_its_own() -> None:
    found = said([PASSAGE, {**PASSAGE, "gateID": 7}, {**PASSAGE, "gateID": None}, PASSAGE])

    assert [(one.device, len(one.reads)) for one in found if isinstance(one, TagReads)] == [
        ("490503", 2),
        ("7", 1),
        ("dock", 1),
    ]


def test_one_bad_passage_does_not_spoil_the_others() -> None:
    seen, *problems = said([{"gateID": 7}, PASSAGE, {**PASSAGE, "EPC": "?"}, None])

    assert isinstance(seen, TagReads)
    assert [one.code for one in problems if isinstance(one, Problem)] == [
        "payload.invalid",
        "epc.invalid",
        "payload.invalid",
    ]
