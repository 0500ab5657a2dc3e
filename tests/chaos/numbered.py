"""What a gateway has numbered, as it was seen in its store: the other side of the service's books."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from edge.storing.outbox import Outbox, books
from protocols import ranges
from protocols.ranges import Ranges
from protocols.reports import LANES, Alarm, Lane, Proposal, Report, decode

HIGHEST = 2**53


class Numbered:
    """The reports of one gateway's lanes, by number. Those that were signed for are let go on a full disk: so it is
    looked before, meanwhile and after."""

    def __init__(self, gateway: str, path: Path) -> None:
        self.gateway, self.path = gateway, path
        self.reports: dict[Lane, dict[int, Report]] = {lane: {} for lane in LANES}
        self.given: dict[Lane, int] = dict.fromkeys(LANES, 0)
        """The next number of each lane."""
        self.waits: dict[Lane, Ranges] = dict.fromkeys(LANES, ())
        self.thinned = 0
        """Reports given up, by the gateway's own book."""

    def look(self) -> None:
        """Take in what is new. What can not be read now is read the next time."""
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as db:
            db.execute("BEGIN")
            found = books(db)
            for lane, state in found.items():
                seen = self.reports[lane]
                for first, last in ranges.gaps(ranges.runs(sorted(seen)), 0, state.next_seq - 1):
                    for seq, blob in Outbox(db, {}).stored(lane, first, last):
                        seen[seq] = decode(blob)
                self.given[lane], self.waits[lane] = state.next_seq, state.waits
            self.thinned = sum(state.thinned for state in found.values())

    def unseen(self, lane: Lane) -> Ranges:
        """Numbers whose reports went before anybody looked."""
        return ranges.gaps(ranges.runs(sorted(self.reports[lane])), 0, self.given[lane] - 1)

    def decided(self) -> bool:
        """Whether it raised an alarm and proposed an order."""
        self.look()
        kinds = {type(report) for report in self.reports["events"].values()}
        return {Alarm, Proposal} <= kinds
