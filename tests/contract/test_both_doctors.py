"""What the two doctors have in common: remedies that can be followed, one rule for a disk, and no false alarm over a
gateway that was restored or a clock whose messages were used."""

from __future__ import annotations

import ast
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud import cli as cloud_cli
from cloud.backup import places
from cloud.doctor import folder
from cloud.doctor.case import Case
from edge import cli as edge_cli
from edge import memory
from edge.backup import make
from edge.core.care.health import Pulse
from edge.core.inference import DeviceState, Inference
from edge.doctor import facts, machine
from edge.restore import restore
from edge.store import Group, Quarantined, Store
from protocols.devices import decode
from protocols.readings import Context, Problem
from protocols.sequences import Sequence
from tests.house import ROOT
from tests.unit.test_inference import SITE

T0 = 1_763_762_400_000
MIB = 1 << 20
SIDES = {"edge": edge_cli, "cloud": cloud_cli}
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def flags_of(side: str) -> dict[str, set[str]]:
    """The options of each verb of a side's command line."""
    [verbs] = [one for one in SIDES[side]._parser()._actions if isinstance(one.choices, dict)]
    assert isinstance(verbs.choices, dict)
    return {name: set(parser._option_string_actions) for name, parser in verbs.choices.items()}


def sentences(side: str) -> Iterator[tuple[str, str]]:
    """Every text in a doctor's code but its docstrings, with where it stands."""
    for path in sorted((ROOT / side / "doctor").glob("*.py")):
        tree = ast.parse(path.read_text())
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                said = "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inside | notes):
                said = node.value
            else:
                continue
            yield f"{side}/doctor/{path.name}:{node.lineno}", said


def wrong_flags(side: str, said: str) -> set[str]:
    """The options a text names that the command line it speaks of has not: that of a `python -m ...` in it, else any
    verb of the doctor's own side."""
    named = re.search(r"python -m (edge|cloud) ([a-z]+)", said)
    if named is not None:
        known = flags_of(named[1]).get(named[2], set())
    else:
        known = {flag for verb in flags_of(side).values() for flag in verb}
    return set(FLAG.findall(said)) - known


@pytest.mark.parametrize("side", SIDES)
def test_every_option_that_a_doctor_names_is_there(side: str) -> None:
    told = [(where, said) for where, said in sentences(side) if FLAG.search(said)]

    assert len(told) > 4
    assert [(where, wrong) for where, said in told if (wrong := wrong_flags(side, said))] == []


@pytest.mark.parametrize("side", SIDES)
def test_every_command_that_a_doctor_names_is_there(side: str) -> None:
    commands = [one for _, said in sentences(side) for one in re.findall(r"python -m (edge|cloud) ([a-z]+)", said)]

    assert commands
    assert [(other, verb) for other, verb in commands if verb not in flags_of(other)] == []


@pytest.mark.parametrize("total_mib", [600, 4096, 32_000, 500_000])
@pytest.mark.parametrize("free_share", [0.01, 0.045, 0.073, 0.2, 0.45, 0.6])
def test_both_doctors_call_the_same_disk_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total_mib: int, free_share: float
) -> None:
    usage = shutil._ntuple_diskusage(total_mib * MIB, 0, int(total_mib * free_share) * MIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    (tmp_path / "ledger.db").touch()
    where = places(tmp_path, "", "", tmp_path / "site.toml")
    case = Case(where, T0, False, None, None, None, frozenset(), {})

    of_edge = [one.code for one in machine.examine(tmp_path, None, []).leaks if one.code == "disk_full"]
    of_cloud = [one.code for one in folder._disk(case)]

    assert bool(of_edge) is bool(of_cloud)


def test_44_of_600_mb_are_nearly_full_and_half_of_a_small_disk_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(free_mib: int) -> bool:
        usage = shutil._ntuple_diskusage(600 * MIB, 0, free_mib * MIB)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        return any(one.code == "disk_full" for one in machine.examine(tmp_path, None, []).leaks)

    assert (found(44), found(350)) == (True, False)


def kept(state: Path, devices: dict[str, Pulse], problems: list[Problem], at_ms: int) -> None:
    """A gateway's store with what it knows of its devices and what it could not use."""
    store = Store(state / "edge.db")
    store.commit(Group(at_ms, snapshots=memory.settled(Inference(SITE))))
    states = {name: msgspec.msgpack.encode(DeviceState(pulse)) for name, pulse in devices.items()}
    store.commit(Group(at_ms, states, problems=[Quarantined(one, "t", b"{}") for one in problems]))
    store.close()


def found(state: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the gateway's doctor finds."""
    with pytest.raises(SystemExit, match="1"):
        edge_cli.main(["doctor", "--state", str(state), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line["type"] == "leak"]


def test_a_restored_gateways_devices_are_not_taken_for_ones_without_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(tmp_path / "edge", {"shelf-1": Pulse(T0, boots={3: Sequence([[0, 5]])}), "cold-1": Pulse(T0)}, [], T0)
    make(tmp_path / "edge", tmp_path / "edge.tar", T0)

    restore(tmp_path / "edge.tar", tmp_path / "new", T0 + 1000)

    [leak] = found(tmp_path / "new", capsys)
    assert (leak["code"], leak["where"]) == ("no_numbers", "cold-1")
    store = Store(tmp_path / "new" / "edge.db")
    assert [(one.id, one.numbered, one.lost) for one in facts.of_store(store, T0).devices if one.id == "shelf-1"] == [
        ("shelf-1", True, 0)
    ]
    store.close()


def test_messages_of_a_clock_ahead_were_used_and_are_not_called_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now_ms = time.time_ns() // 1_000_000
    body = {"boot": 1, "seq": 1, "unit": "g", "values": [100.0], "ts": now_ms + 2_000_000}
    reading, doubt = decode("wh/v1/demo/shelf-1/shelf", json.dumps(body).encode(), Context(now_ms))
    assert isinstance(doubt, Problem)
    kept(tmp_path / "edge", {}, [doubt] * 60, now_ms)

    [leak] = found(tmp_path / "edge", capsys)

    assert getattr(reading, "at_ms", 0) == now_ms
    assert (leak["code"], leak["grade"]) == ("device_clock_off", "may_lose")
    assert leak["what"].startswith("60 messages of the last hour")


def test_what_a_device_kept_back_is_lost_without_its_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = Problem("clock.not_believable", "'t' was kept back since 12 s after 1970, which can not be", "set the clock")
    kept(tmp_path / "edge", {}, [old], time.time_ns() // 1_000_000)

    assert [leak["code"] for leak in found(tmp_path / "edge", capsys)] == ["quarantine_grows"]
