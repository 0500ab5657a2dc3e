"""Real device messages and what they say: ../shared/samples beside the project, one line of INDEX.tsv a message.

`rows(prefix)` finds them, `assert_yields(found, row)` holds what a family made of one against the line's `expected`,
in our model: units converted, times compared where the line has one, flags looked for. More may come out than the
line says, never less.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from math import isclose
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from protocols.layout import address_key
from protocols.parsing.payloads import name_of
from protocols.parsing.units import conversion
from protocols.readings import Decoded, DeviceStatus, Flag, Notice, Problem, Quantity, Reading, TagRead, TagReads

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
needs_samples = pytest.mark.skipif(
    not (SAMPLES / "INDEX.tsv").exists(),
    reason="the device samples (../shared/samples beside the project) are not here",
)
NOW_MS = 1_763_762_400_000
AFTER_MS = 2000
"""A sample is received this long after the last time it tells, or at `NOW_MS` when it tells none."""
PLAIN_TOPIC = "any/topic"
MAC = "A4C138000001"

QUANTITIES: dict[str, Quantity] = {
    "weight": "mass_g",
    "weight_delta": "mass_change_g",
    "count": "count",
    "temperature": "temperature_c",
    "humidity": "humidity_pct",
    "pressure": "pressure_hpa",
    "voltage": "voltage_v",
    "current": "current_a",
    "power": "power_w",
    "energy": "energy_wh",
    "battery": "battery_pct",
    "rssi": "rssi_dbm",
    "switch": "switch_on",
    "vibration_acc_rms": "vibration_g",
    "vibration_velocity": "vibration_mm_s",
    "raw": "raw",
}
"""What the index calls a kind -> our quantity."""


class Row(NamedTuple):
    """One line of the index; placeholders in topics and devices are filled in."""

    file: str
    topic: str
    expected: list[dict[str, Any]]
    notes: str

    @property
    def payload(self) -> bytes:
        """The message."""
        return (SAMPLES / self.file).read_bytes()

    @property
    def received_ms(self) -> int:
        """When the gateway gets it."""
        times = [_ms(one.get("ts") or one.get("ts_local")) for one in self.expected]
        return max((at_ms + AFTER_MS for at_ms in times if at_ms), default=NOW_MS)


class Value(NamedTuple):
    """One sample of a reading."""

    device: str
    channel: str
    quantity: Quantity
    at_ms: int
    value: float
    flags: tuple[Flag, ...]


@lru_cache(maxsize=1)
def _index() -> list[Row]:
    if not (SAMPLES / "INDEX.tsv").exists():
        return []
    head, *lines = (SAMPLES / "INDEX.tsv").read_text("utf-8").splitlines()
    assert head.split("\t") == ["file", "topic", "expected", "provenance", "notes"]
    found = []
    for line in lines:
        file, topic, expected, _, *notes = line.split("\t")
        told = json.loads(_filled(expected))
        found.append(Row(file, PLAIN_TOPIC if topic.startswith("(") else _filled(topic), told, "".join(notes)))
    return found


def rows(prefix: str = "") -> list[Row]:
    """The lines whose file begins with `prefix`; none where the samples are not here."""
    return [row for row in _index() if row.file.startswith(prefix)]


def row_of(file: str) -> Row:
    """The line of one file."""
    (row,) = [row for row in _index() if row.file == file]
    return row


def _filled(text: str) -> str:
    """`<reader>` and the like become plain words: reader."""
    return re.sub(r"<([^<>]*)>", lambda found: MAC if found[1] == "mac" else found[1].replace(" ", "-"), text)


def _ms(stamp: str | None) -> int:
    if not stamp:
        return 0
    when = datetime.fromisoformat(stamp)
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def assert_yields(found: Iterable[Decoded], row: Row, name: str = "") -> None:
    """Fails unless every value that the line expects is among `found`; `name` is the device where it tells none."""
    found = list(found)
    for wanted in row.expected:
        wrong = _missing(found, wanted, row, name)
        assert not wrong, f"{row.file}: {wanted}\n  {wrong}\n  found: " + "\n         ".join(map(repr, found))


def _missing(found: list[Decoded], wanted: dict[str, Any], row: Row, name: str) -> str:
    """What is wrong with what came out, "" when nothing is."""
    kind, value = wanted["kind"], wanted.get("value")
    device = address_key(name_of(wanted.get("device") or name))
    if kind in ("rfid", "nfc"):
        return _missing_tag(found, wanted, row, device)
    if kind in ("birth", "death"):
        online = kind == "birth"
        known = any(type(one) is DeviceStatus and one.online is online and _is(one, device) for one in found)
        return "" if known else "no status of the device"
    if kind == "command":
        return "" if any(type(one) is Notice and wanted["command"] in one.text for one in found) else "no notice"
    if kind == "host_state":
        return _missing_status(found, "online" if wanted["online"] else "offline", address_key(wanted["host"]), "")
    if kind == "discovery":  # told by what the state message of that topic then means: another line
        return "a problem" if any(type(one) is Problem for one in found) else ""
    if kind in ("status", "event"):
        return _missing_status(found, str(value), device, _channel(wanted))
    if value is None:
        same = [one for one in _values(found) if one.channel == _channel(wanted) and address_key(one.device) == device]
        return f"a value where there is none: {same}" if same else ""
    if isinstance(value, str):
        told = [one for one in found if type(one) is Notice and _is(one, device) and one.channel == _channel(wanted)]
        return "" if any(value.lower() in one.text.lower() for one in told) else "no notice with this text"
    return _missing_value(found, wanted, row, device)


def _missing_value(found: list[Decoded], wanted: dict[str, Any], row: Row, device: str) -> str:
    quantity = QUANTITIES[wanted["kind"]]
    value, unit = float(wanted["value"]), wanted.get("unit") or "1"
    if wanted["kind"] == "weight" or unit not in ("1", "g"):
        known = conversion(unit)
        assert known is not None, f"the index has a unit that is not known: {unit!r}"
        value = value * known[1] + known[2]
    if wanted.get("warning") and any(type(one) is Problem and one.code == "value.out_of_range" for one in found):
        return ""
    near = [one for one in _values(found) if one.quantity == quantity and address_key(one.device) == device]
    near = [one for one in near if one.channel == _channel(wanted)]
    if not near:
        return f"no {quantity} of device {device!r}, channel {_channel(wanted)!r}"
    same = [one for one in near if isclose(one.value, value, rel_tol=1e-6, abs_tol=1e-6)]
    if not same:
        return f"{value:g} was said, not {[one.value for one in near]}"
    if not any(_at(one.at_ms, wanted, row) for one in same):
        return f"at another time: {[one.at_ms for one in same]}"
    flags = {flag for one in same if _at(one.at_ms, wanted, row) for flag in one.flags}
    return _wrong_flags(flags, wanted)


def _wrong_flags(flags: set[Flag], wanted: dict[str, Any]) -> str:
    must: set[str] = {flag for flag in ("gross", "internal", "historical") if wanted.get(flag)}
    if wanted.get("ts_local"):
        must.add("zone_assumed")
    elif not wanted.get("ts"):
        must.add("no_clock")
    if wanted.get("stable") is False:
        must.add("unstable")
    if wanted.get("quality"):
        must.add(wanted["quality"].lower())
    if not must <= flags:
        return f"flags {sorted(must - flags)} are missing"
    wrong: set[str] = {"unstable"} if wanted.get("stable") else set()
    if not wanted.get("ts_local"):
        wrong |= {"zone_assumed"}
    return f"flags {sorted(wrong & flags)} are wrong" if wrong & flags else ""


def _missing_tag(found: list[Decoded], wanted: dict[str, Any], row: Row, device: str) -> str:
    sights: list[TagRead] = []
    for one in found:
        if type(one) is TagReads and _is(one, device):
            sights += one.reads
    sights = [sight for sight in sights if sight.epc == wanted["value"].upper()]
    if not sights:
        return "no such tag of this device"
    antenna = _channel(wanted)
    for sight in sights:
        wrong = [
            sight.antenna != (int(antenna) if antenna.isdigit() else 1),
            not _at(sight.at_ms, wanted, row),
            "rssi_dbm" in wanted and (sight.rssi_dbm is None or not isclose(sight.rssi_dbm, wanted["rssi_dbm"])),
            "tid" in wanted and sight.tid != wanted["tid"].upper(),
            "seen" in wanted and sight.seen != wanted["seen"],
            "direction" in wanted and sight.direction != wanted["direction"].lower(),
        ]
        if not any(wrong):
            return ""
    return "the tag is there; its antenna, time, rssi, tid, count or direction is not as said"


def _missing_status(found: list[Decoded], text: str, device: str, channel: str) -> str:
    said = text.lower()
    for one in found:
        if type(one) is DeviceStatus and _is(one, device) and said == ("online" if one.online else "offline"):
            return ""
        if (
            type(one) is Notice
            and _is(one, device)
            and channel in ("", one.channel)
            and said in one.text.lower().split()
        ):
            return ""
    return "neither a status nor a notice says so"


def _is(one: DeviceStatus | Notice | TagReads, device: str) -> bool:
    return address_key(one.device) == device


def _values(found: list[Decoded]) -> list[Value]:
    return [
        Value(one.device, one.channel, one.quantity, one.at_ms + at * one.step_ms, value, one.flags)
        for one in found
        if type(one) is Reading
        for at, value in enumerate(one.values)
    ]


def _channel(wanted: dict[str, Any]) -> str:
    return name_of(wanted.get("channel") or "1")


def _at(at_ms: int, wanted: dict[str, Any], row: Row) -> bool:
    """Whether a time is the one expected; without one it is that of receipt."""
    told_ms = _ms(wanted.get("ts") or wanted.get("ts_local")) or row.received_ms
    return abs(at_ms - told_ms) <= 1
