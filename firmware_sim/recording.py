"""Recordings: a scenario run in virtual time into a file of messages, a file of truth, and the site file beside them.

A line of a recording is {"at_ms", "topic", "payload", "encoding": "utf8" | "base64"}. Truth begins with a line about
itself, then every slot's first count, then what changed.
"""

from __future__ import annotations

import base64
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec

from firmware_sim.devices.voice import Message
from firmware_sim.feed import Remembered
from firmware_sim.scenario import Scenario
from firmware_sim.site import spell
from firmware_sim.warehouse import Warehouse

START_MS = 1_767_258_000_000
"""Recordings play on 1 January 2026 from 9 h UTC, so that the same seed gives the same bytes on any day."""
STEP_MS = 1_000


class RecordingError(ValueError):
    """A recording can not be read; the message says which line and why."""


class Line(msgspec.Struct, frozen=True):
    """One recorded message."""

    at_ms: int
    topic: str
    payload: str
    encoding: str = "utf8"


class Summary(NamedTuple):
    """What `record` wrote."""

    messages: int
    truths: int
    devices: int
    slots: int
    site_file: Path


def site_file_of(recording: Path) -> Path:
    """Where the site file of a recording stands: beside it, `rec.jsonl[.gz]` -> `rec.site.toml`."""
    return recording.with_name(recording.name.removesuffix(".gz").removesuffix(".jsonl") + ".site.toml")


def record(scenario: Scenario, seed: int, minutes: float, history: bool, out: Path, truth: Path) -> Summary:
    """Run the scenario in virtual time. `history`: its buffered past comes first."""
    true: list[dict[str, Any]] = []
    warehouse = Warehouse(scenario, seed, START_MS, true)
    first = warehouse.world.counts
    messages = 0
    with _open(out, "w") as file:

        def write(batch: list[Message]) -> None:
            nonlocal messages
            messages += len(batch)
            file.writelines(_line(message) for message in batch)

        write([voice.status(START_MS) for voice in warehouse.voices.values()])
        write(warehouse.begin(Remembered(lived=not history)))
        end_ms = warehouse.at_ms + int(minutes * 60_000)
        while warehouse.at_ms < end_ms:
            write(warehouse.advance(min(end_ms, warehouse.at_ms + STEP_MS)))
    site_file = site_file_of(out)
    site_file.write_text(spell(warehouse.site), "utf-8")
    about = {"scenario": scenario.site.id, "seed": seed, "start_ms": START_MS, "end_ms": end_ms}
    about |= {"recording": out.name, "site": site_file.name}
    rows: list[dict[str, Any]] = [{"at_ms": START_MS, "slot": slot, "count": count} for slot, count in first.items()]
    true += warehouse.faults()
    rows += sorted((row for row in true if row["at_ms"] <= end_ms), key=lambda row: int(row["at_ms"]))
    with _open(truth, "w") as file:
        file.writelines(msgspec.json.encode(row).decode() + "\n" for row in [{"truth": about}, *rows])
    return Summary(messages, len(rows), len(warehouse.voices), len(first), site_file)


def read(path: Path) -> Iterator[tuple[int, str, bytes]]:
    """The messages of a recording: (at_ms, topic, payload)."""
    with _open(path, "r") as file:
        for number, text in enumerate(file, 1):
            try:
                line = msgspec.json.decode(text, type=Line)
                payload = base64.b64decode(line.payload) if line.encoding == "base64" else line.payload.encode()
            except ValueError as error:
                raise RecordingError(f"{path}, line {number}: not a recorded message: {error}") from None
            yield line.at_ms, line.topic, payload


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file (truth or estimates)."""
    rows = []
    with _open(path, "r") as file:
        for number, text in enumerate(file, 1):
            if text.strip():
                try:
                    rows.append(msgspec.json.decode(text, type=dict[str, Any]))
                except ValueError as error:
                    raise RecordingError(f"{path}, line {number}: not a JSON object: {error}") from None
    return rows


def _line(message: Message) -> str:
    try:
        line = Line(message.at_ms, message.topic, message.payload.decode())
    except UnicodeDecodeError:
        line = Line(message.at_ms, message.topic, base64.b64encode(message.payload).decode(), "base64")
    return msgspec.json.encode(line).decode() + "\n"


def _open(path: Path, mode: str) -> IO[str]:
    if path.suffix != ".gz":
        return path.open(mode, encoding="utf-8")
    # mtime=0: the same run packs to the same bytes.
    return io.TextIOWrapper(gzip.GzipFile(path, mode + "b", mtime=0), encoding="utf-8")
