"""Samples that a gateway gave up on a full disk: which of those that are missing were in reports that it has told of.

A report that was seen in the gateway's store says itself which samples it held. Of one that nobody saw it is known
between which others of its series it was numbered; and when a message was handed to the gateway was read off the wire.
A sample can have been in it only if its message came after those of the report before, and before those of the one
after.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from edge.core.series import SAMPLES_MAX
from protocols import ranges
from protocols.ranges import Ranges
from protocols.reports import Report, Series
from protocols.sequences import Sequence
from tests.chaos.numbered import Numbered


def told(ledger: Path, numbered: Numbered) -> Ranges:
    """The numbers of telemetry that the gateway told to be given up, and that were: neither side has them."""
    lane = [numbered.gateway, "telemetry"]
    with closing(sqlite3.connect(ledger)) as db:
        row = db.execute("SELECT held FROM lane WHERE gateway = ? AND lane = ?", lane).fetchone()
        said = db.execute("SELECT first, last FROM thinned WHERE gateway = ? AND lane = ?", lane).fetchall()
    held = msgspec.msgpack.decode(row[0], type=Sequence) if row else Sequence()
    gone = ranges.within(ranges.union(said), 0, numbered.given["telemetry"] - 1)
    return ranges.minus(gone, ranges.union(held.ranges, numbered.waits["telemetry"]))


class Excuses:
    """Which missing samples are excused by what was told."""

    def __init__(self, gone: Ranges, telemetry: Mapping[int, Report], handed_ms: Mapping[bytes, list[int]]) -> None:
        """`gone`: numbers given up; `telemetry`: the reports that were seen; `handed_ms`: when each payload came."""
        self._gone, self._handed_ms = gone, handed_ms
        self._seen = {seq: report for seq, report in telemetry.items() if type(report) is Series}
        self._unseen = ranges.minus(gone, ranges.runs(sorted(telemetry)))
        self._room = SAMPLES_MAX * ranges.size(self._unseen)
        """So many samples the reports that nobody saw can have carried, all series together."""

    def of(self, device: str, missing: set[float], said: Mapping[float, bytes]) -> set[float]:
        """The excused ones of a thermometer's `missing` values; `said`: the message of each value."""
        reports = {seq: report.values for seq, report in self._seen.items() if report.device == device}
        found = {
            value for seq, values in reports.items() if ranges.within(self._gone, seq, seq) for value in values
        } & missing
        windows = self._windows(reports, said)
        for value in sorted(missing - found):
            if self._room > 0 and any(
                after_ms <= at_ms <= before_ms
                for after_ms, before_ms in windows
                for at_ms in self._handed_ms.get(said[value], ())
            ):
                self._room -= 1
                found.add(value)
        return found

    def _windows(self, reports: Mapping[int, list[float]], said: Mapping[float, bytes]) -> list[tuple[int, int]]:
        """Between which times messages of a series came that may be in a report nobody saw."""
        numbers = sorted(reports)
        found = []
        for first, last in self._unseen:
            before, after = bisect_left(numbers, first) - 1, bisect_left(numbers, last)
            came = [self._handed_ms[said[value]] for value in reports[numbers[before]]] if before >= 0 else []
            comes = [self._handed_ms[said[value]] for value in reports[numbers[after]]] if after < len(numbers) else []
            found.append((max(map(min, came), default=0), min(map(max, comes), default=2**53)))
        return found
