"""The outbox against a plain model of it: whatever is committed, signed for, refused, packed, thinned, let go, asked
for again or cut short, the books add up and each report waits once, in order, with the bytes it was given."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.store import Group, Quarantined, Store, StoreError
from edge.storing import outbox, room
from edge.storing.errors import OutboxFull
from protocols.readings import Problem
from protocols.reports import LANES, Lane, Report, SlotLevel, StockEvent, Thinned, decode, encode

T0 = 1_763_762_400_000
BLOCK = 4
lanes = st.sampled_from(LANES)
few = st.integers(0, 9)
many = st.integers(0, 25)
part = st.integers(0, 40)


class Books(RuleBasedStateMachine):
    """A store with tiny blocks and limits, and what is known of each number ever given."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.patch = pytest.MonkeyPatch()
        for module in (outbox, room):
            self.patch.setattr(module, "PACK_REPORTS", BLOCK)
        self.status: dict[Lane, dict[int, str]] = {lane: {} for lane in LANES}
        self.blobs: dict[Lane, dict[int, bytes]] = {lane: {} for lane in LANES}
        self.now_ms = T0
        self.number = 0

    @initialize(outbox_max=st.sampled_from([1200, 4000, 1 << 20]), kept_max=st.sampled_from([0, 600, 1 << 20]))
    def begin(self, outbox_max: int, kept_max: int) -> None:
        self.limits = (outbox_max, kept_max)
        self.open()

    def open(self) -> None:
        self.store = Store(Path(self.folder.name) / "edge.db", *self.limits)

    @rule(events=many, telemetry=many, minutes=st.integers(0, 7))
    def commit(self, events: int, telemetry: int, minutes: int) -> None:
        self.now_ms += minutes * 60_000
        group = self.group(events, telemetry)
        before, waited = self.used(), any(book.pending for book in self.store.book().values())
        try:
            self.store.commit(group)
        except OutboxFull:
            assert any(book.pending for lane, book in self.store.book().items() if lane == "events")
            group.reports = []
        assert not waited or self.used() <= max(self.limits[0], before), "the limit holds"
        self.given(group.reports)

    def used(self) -> int:
        return sum(state.bytes for state in self.store._lanes.values())

    @rule(events=few, telemetry=few, pages=st.integers(0, 2))
    def commit_on_a_full_disk(self, events: int, telemetry: int, pages: int) -> None:
        group = self.group(events, telemetry)
        connection = self.store._connection
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={used + pages}")
        try:
            self.store.commit(group)
        except StoreError:
            group.reports = []
        finally:
            connection.execute("PRAGMA max_page_count=1000000")
        self.given(group.reports)

    @rule(telemetry=few)
    def commit_fails(self, telemetry: int) -> None:
        group = self.group(1, telemetry)
        group.problems = [Quarantined(Problem("x", "\ud800"), "topic", b"")]
        with pytest.raises(UnicodeEncodeError):
            self.store.commit(group)

    @rule(lane=lanes, start=part, count=few, refuse=st.booleans())
    def settle(self, lane: Lane, start: int, count: int, refuse: bool) -> None:
        waiting = [seq for seq, _ in self.store.waiting(lane, -1, 1 << 60, 10_000, 1 << 60)]
        seqs = [*waiting[start : start + count], start]
        refused = [(seq, "bad") for seq in seqs[::3]] if refuse else []
        self.store.settle(lane, seqs, refused, self.now_ms)
        for seq in seqs:
            if self.status[lane].get(seq) == "pending":
                self.status[lane][seq] = "refused" if (seq, "bad") in refused else "delivered"

    @rule(lane=lanes, first=part, count=part)
    def resend(self, lane: Lane, first: int, count: int) -> None:
        status = self.status[lane]
        again, lost = self.store.resend(lane, first, first + count, self.now_ms)
        gone = {seq for a, b in lost for seq in range(a, b + 1)}
        asked = {seq for seq in range(first, first + count + 1) if seq in status}
        assert gone <= asked
        assert not any(status[seq] == "pending" for seq in gone)
        assert {seq for seq in asked if status[seq] == "thinned"} <= gone
        back = {seq for seq in asked - gone if status[seq] != "pending"}
        assert len(back) == again
        status.update(dict.fromkeys(back, "pending"))
        self.given([])
        told = [decode(self.blobs["events"][seq]) for seq in sorted(self.blobs["events"])[-len(lost) :] if lost]
        assert [(one.first, one.last, one.why, one.lane) for one in told if isinstance(one, Thinned)] == [
            (*run, "not_kept", lane) for run in lost
        ]

    @rule(steps=st.integers(1, 12))
    def tidy(self, steps: int) -> None:
        for _ in range(steps):
            if not self.store.tidy(self.now_ms):
                break

    @rule(closed=st.booleans())
    def reopen(self, closed: bool) -> None:
        if closed:
            self.store.close()
        self.open()

    @invariant()
    def the_books_are_those_of_the_model(self) -> None:
        if not hasattr(self, "store"):
            return
        for lane, book in self.store.book().items():
            counted = Counter(self.status[lane].values())
            assert book[:5] == (
                len(self.status[lane]),
                *(counted[one] for one in ("delivered", "pending", "refused", "thinned")),
            )
            assert book.balanced

    @invariant()
    def each_report_waits_once_in_order_as_it_was_given(self) -> None:
        if not hasattr(self, "store"):
            return
        for lane in LANES:
            waiting = self.store.waiting(lane, -1, 1 << 60, 100_000, 1 << 60)
            wanted = sorted(seq for seq, what in self.status[lane].items() if what == "pending")
            assert waiting == [(seq, self.blobs[lane][seq]) for seq in wanted]
            assert self.store.unsigned_from[lane] == (wanted[0] if wanted else self.store.next_seq[lane])
            assert self.store.kept_from[lane] <= self.store.unsigned_from[lane]

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
        self.patch.undo()
        self.folder.cleanup()

    def group(self, events: int, telemetry: int) -> Group:
        reports: list[Report] = []
        for _ in range(events):
            self.number += 1
            reports.append(StockEvent("A1", "bolt", -1, self.number, self.now_ms, 0.99))
        for _ in range(telemetry):
            self.number += 1
            reports.append(SlotLevel("A1", "bolt", self.number, 0, 9, 0.5, 12.5, self.now_ms))
        return Group(self.now_ms, {"d": b"\x80"}, reports=reports)

    def given(self, reports: list[Report]) -> None:
        """The model learns of new numbers; the reports that the store itself told are the thinnings."""
        mine = {lane: [encode(one) for one in reports if isinstance(one, kind)] for lane, kind in KIND.items()}
        told: list[Thinned] = []
        for lane in LANES:
            fresh = range(len(self.status[lane]), self.store.next_seq[lane])
            stored = dict(self.store.waiting(lane, fresh.start - 1, fresh.stop, 10_000, 1 << 60)) if fresh else {}
            for seq in fresh:
                self.status[lane][seq] = "pending"
                if lane == "telemetry":
                    self.blobs[lane][seq] = mine[lane].pop(0)
                    continue
                self.blobs[lane][seq] = blob = stored[seq]
                one = decode(blob)
                if isinstance(one, Thinned):
                    told.append(one)
                else:
                    assert blob == mine[lane].pop(0)
            assert mine[lane] == []
        for one in told:
            if one.why != "not_kept":
                gone = [seq for seq in range(one.first, one.last + 1) if self.status[one.lane].get(seq) == "pending"]
                assert one.count == len(gone) > 0
                self.status[one.lane].update(dict.fromkeys(gone, "thinned"))


KIND: dict[Lane, Any] = {"events": StockEvent, "telemetry": SlotLevel}
TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_so_many_cuts_that_nobody_keeps_their_ranges_cost_a_few_reports_sent_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RANGES_MAX", 10)
    store = Store(tmp_path / "edge.db")
    store.commit(Group(T0, reports=[StockEvent("A1", "bolt", 0, count, T0, 0.5) for count in range(200)]))

    for seq in range(1, 199, 2):
        store.settle("events", [seq], [], T0)
        assert len(store._lanes["events"].pending) <= 11

    waiting = [seq for seq, _ in store.waiting("events", -1, 1 << 60, 1000, 1 << 60)]
    assert set(range(0, 200, 2)) < set(waiting), "what was not signed for waits"
    assert store.book()["events"].balanced
    with suppress(StoreError):
        store.close()
