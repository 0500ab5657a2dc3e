"""What a gateway has numbered, held against what the service's ledger shows of it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from protocols import ranges
from protocols.reports import Alarm, DeviceHealth, Proposal, Report, StockEvent, TagMove, Thinned
from tests.chaos.numbered import Numbered

Shown = tuple[str | int | None, ...]


class Difference(NamedTuple):
    """Reports that were signed for and that the ledger does not show; movements that nobody numbered; how many events
    were looked into, by kind; and by how many thinned reports gateway and ledger differ."""

    untold: list[str]
    made_up: list[str]
    looked: Counter[str]
    thinned: int


def compare(ledger: Path, numbered: Numbered) -> Difference:
    """Both books of one gateway, which is stopped."""
    gateway = numbered.gateway
    events = dict(sorted(numbered.reports["events"].items()))
    with closing(sqlite3.connect(ledger)) as db:
        shown = set(_shown(db, gateway))
        numbers = {int(seq) for (seq,) in db.execute("SELECT seq FROM movement WHERE gateway = ?", [gateway])}
        told = db.execute("SELECT COALESCE(SUM(count), 0) FROM thinned WHERE gateway = ?", [gateway]).fetchone()[0]
    waiting = {seq for run in numbered.waits["events"] for seq in range(run[0], run[1] + 1)}
    due = {seq: report for seq, report in events.items() if seq not in waiting}
    untold = [f"{gateway} {seq}: {report}" for seq, report in _standing(due).items() if _row(seq, report) not in shown]
    stock = {seq for seq, report in events.items() if type(report) is StockEvent}
    unseen = ranges.union(numbered.unseen("events"), [(numbered.given["events"], 2**53)])
    made_up = [f"{gateway} {seq}: a movement" for seq in numbers - stock if not ranges.within(unseen, seq, seq)]
    looked = Counter(type(report).__name__ for report in due.values())
    return Difference(untold, made_up, looked, abs(numbered.thinned - told))


def _standing(events: dict[int, Report]) -> dict[int, Report]:
    """Facts, all of them; of states, which replace one another, the newest."""
    newest: dict[tuple[str, ...], int] = {}
    found: dict[int, Report] = {}
    for seq, report in events.items():
        by_time = True
        match report:
            case TagMove():
                key: tuple[str, ...] = ("tag", report.epc, report.device)
            case DeviceHealth():
                key = ("device", report.device)
            case Alarm():
                key, by_time = ("alarm", report.rule, report.subject), False
            case Proposal():
                key, by_time = ("proposal", report.sku), False
            case _:
                found[seq] = report
                continue
        before = newest.get(key)
        if before is None or not by_time or events[before].at_ms <= report.at_ms:
            newest[key] = seq
    return found | {seq: events[seq] for seq in newest.values()}


def _row(seq: int, report: Report) -> Shown:
    """What the ledger must show of it."""
    match report:
        case StockEvent():
            return "movement", seq, report.slot, report.delta, report.count, report.at_ms
        case Thinned():
            return "thinned", report.lane, report.first, report.last, report.count, report.why
        case TagMove():
            return "tag", report.epc, report.device, report.zone, report.move, report.at_ms
        case Alarm():
            return "alarm", seq, report.rule, report.subject, report.state
        case Proposal():
            return "proposal", seq, report.sku, report.state, report.quantity
        case DeviceHealth():
            return "device", report.device, report.state, report.at_ms, report.lost
    raise AssertionError(f"{report} is no event")


def _shown(db: sqlite3.Connection, gateway: str) -> Iterator[Shown]:
    """Everything the ledger shows of a gateway, in the same words."""
    for what, columns, table in (
        ("movement", "seq, slot, delta, count, happened_ms", "movement"),
        ("thinned", "lane, first, last, count, why", "thinned"),
        ("alarm", "seq, rule, subject, state", "local_alarm"),
        ("proposal", "seq, sku, state, quantity", "proposal"),
    ):
        for row in db.execute(f"SELECT {columns} FROM {table} WHERE gateway = ?", [gateway]):
            yield what, *row
    for row in db.execute("SELECT epc, device, zone, move, at_ms FROM tag"):
        yield "tag", *row
    for row in db.execute("SELECT device, state, at_ms, lost FROM device"):
        yield "device", *row
