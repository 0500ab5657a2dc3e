"""docs/counting.md says what the cores do: commands, reasons, remedies, numbers; docs/devices.md how sensors sicken."""

from __future__ import annotations

import ast
import importlib
import shlex
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from edge import slot_cli
from edge.cli import main as edge
from edge.core import inference
from edge.core.care import charts, diagnosis, patients
from edge.core.slots import acting, actions, belief, bookings, counting, discrepancy, people, teaching
from tests import house
from tests.unit.pages import DOCS, tables

TEXT = (DOCS / "counting.md").read_text()
COMMANDS = tables(TEXT, "command")[0]


def claims() -> set[tuple[str, str]]:
    """Every reason with its remedy that a core gives for a count it can not tell."""
    found = set(belief.REMEDIES.items())
    for source in house.files("edge/core/"):
        module = importlib.import_module(source.path.removesuffix(".py").replace("/", "."))
        for call in (node for node in source.nodes if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id == counting.Estimate.__name__ and len(call.args) == 6:
                named = [getattr(module, one.id, one) if isinstance(one, ast.Name) else one for one in call.args[4:]]
                reason, remedy = (one.value if isinstance(one, ast.Constant) else one for one in named)
                if isinstance(reason, str) and isinstance(remedy, str):
                    found.add((reason, remedy))
    return found


def test_every_reason_is_listed_with_its_remedies() -> None:
    (table,) = tables(TEXT, "reason")
    listed = {row[0]: row[2] for row in table}

    assert sorted(listed) == sorted({reason for reason, _ in claims()})
    for reason, remedy in claims():
        assert remedy in listed[reason], f"{reason} is remedied by {remedy}"


@pytest.mark.parametrize(("command", "body"), [row[:2] for row in COMMANDS], ids=[row[0] for row in COMMANDS])
def test_a_command_asks_the_api_for_what_stands_beside_it(
    command: str, body: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, bytes]] = []

    def ask(_url: str, _state: Path, path: str, said: dict[str, Any]) -> dict[str, Any]:
        asked.append((path, msgspec.json.encode(said)))
        nothing = {"count": 12, "confidence": 1.0, "low": 12, "high": 12, "reason": "", "remedy": "", "reach": 30}
        return {"slot": "A-1", **nothing}

    monkeypatch.setattr(slot_cli, "ask", ask)

    assert edge(shlex.split(command)[3:]) == 0
    ((path, sent),) = asked
    assert f"`POST {path}`" in TEXT
    assert actions.parse(sent) == actions.parse(body.encode())
    assert capsys.readouterr().out.startswith("A-1: 12 ")


def test_all_that_can_be_done_to_a_slot_is_listed() -> None:
    listed = {type(actions.parse(body.encode())) for _, body, _ in COMMANDS}

    assert listed == set(get_args(actions.Action))


def test_the_numbers_are_those_of_the_code() -> None:
    hours = bookings.WAIT_MS / 3_600_000
    for said in (
        f"only from {counting.CLAIM:.0%} on".replace("%", " %"),
        f"does not come to rest for {inference.UNSTEADY_MS // 1000} s",
        f"up to {hours:g} hours apart",
        f"of the last {acting.BOOKINGS_MAX} of a slot",
        f"in {100 * (1 - people.COUNT_WRONG):g} of 100 cases",
        f"with more than {100 * discrepancy.DOUBT:g} %",
    ):
        assert said in " ".join(TEXT.split()), said
    assert (discrepancy.UPDATES, discrepancy.APART_MS) == (2, 10 * 3_600_000), "two looks ten hours apart"
    assert teaching.PIECES_MIN == 10, "ten pieces are the least"


def test_what_a_sensor_may_suffer_from_is_listed_with_its_remedy() -> None:
    (table,) = tables((DOCS / "devices.md").read_text(), "finding")
    listed = {row[0]: row for row in table}

    assert set(listed) == set(charts.REMEDIES)
    for code, remedy in charts.REMEDIES.items():
        assert remedy in listed[code][2]
    assert f"{diagnosis.BATTERY_LOW_PCT:g} %" in listed["battery_low"][1]
    assert f"{diagnosis.BATTERY_DAYS:g} days" in listed["battery_ending"][1]
    assert f"{patients.CLOCK_OFF_MS // 1000} s" in listed["clock_off"][1]
