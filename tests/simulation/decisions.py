"""What the programs decide, and what they know while they do.

An alarm of the gateway's has held as long as its rule asks, by time that somebody watched; nothing is ordered by the
stock of a past hour; what was signed for and is lacking is asked for; what is known never goes back; nobody works for
a connection that is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cloud.core import ordering
from cloud.core.replenishment import Plan
from edge.core import alarms
from protocols import ranges
from protocols.ranges import Ranges
from protocols.reports import LANES, Alarm, Lane, Proposal, Report, SlotLevel, StockEvent, Thinned
from protocols.uplink import Hello
from tests.simulation.lives import ServiceLife
from tests.simulation.promises import Broken, Witness
from tests.simulation.timeline import T0_MS, Timeline

TICK_MS = 10_000
"""Both programs look once in so long: see `PACE`."""


class Moment(NamedTuple):
    """A moment of the gateway's: its time, the true one, which of its lives, and how much was watched until then."""

    at_ms: int
    true_ms: int
    life: int
    watched_ms: int


class Fact(NamedTuple):
    """A report that tells of an SKU's stock: which lane and number it has, and when it happened."""

    lane: Lane
    seq: int
    at_ms: int


class Decisions:
    """Looks on at both programs."""

    def __init__(self, line: Timeline, witness: Witness) -> None:
        self._line, self._witness = line, witness
        self._moments: list[Moment] = [Moment(0, 0, 0, 0)]
        self._life = 0
        self._facts: dict[str, list[Fact]] = {}
        self._given_up: dict[Lane, Ranges] = dict.fromkeys(LANES, ())
        self._heard: dict[str, tuple[int, int]] = {}
        """SKU -> when the facts happened that the service heard last, and since when it has known of what it has not
        decided on yet; at its start it knows that of every SKU."""
        self._decided: set[str] = set()
        self._began_ms = 0
        self._told: dict[SlotLevel, int] = {}
        """The last number of each level that was told."""
        self._levels: dict[str, int] = {}
        self._newest_ms: dict[str, int] = {}
        witness.on_report, witness.on_taken = self._reported, self._taken

    # The gateway.

    def on_gateway_start(self) -> None:
        """A new life; what it does not watch in between does not count."""
        self._life += 1

    def on_gateway_work(self, name: str, args: tuple[Any, ...]) -> None:
        """The gateway does something, and it is so late by its own clock."""
        if name in ("commit", "tidy"):
            self._moments.append(self._moment(args[0].at_ms if name == "commit" else args[0]))

    def _moment(self, at_ms: int) -> Moment:
        """The gateway takes a leap of its time for watched up to a minute, also one in which it was off."""
        last, true_ms = self._moments[-1], self._line.now_ms
        passed_ms, really_ms = max(0, at_ms - last.at_ms), true_ms - last.true_ms
        if passed_ms > alarms.AWAY_MS + TICK_MS:
            leapt = last.life != self._life or passed_ms - really_ms > alarms.AWAY_MS
            passed_ms = (really_ms if last.life == self._life else 0) if leapt else passed_ms
        return Moment(at_ms, true_ms, self._life, last.watched_ms + passed_ms)

    def _reported(self, lane: Lane, seq: int, report: Report) -> None:
        if type(report) is Alarm:
            self._judge(report)
        elif type(report) is Thinned:
            self._given_up[report.lane] = ranges.union(self._given_up[report.lane], [(report.first, report.last)])
        elif isinstance(report, StockEvent | SlotLevel):
            if type(report) is SlotLevel:
                self._told[report] = seq
            self._facts.setdefault(report.sku, []).append(Fact(lane, seq, report.at_ms))

    def _judge(self, alarm: Alarm) -> None:
        """Whether an alarm that fires has held."""
        hold_ms = alarms.RULES[alarm.rule].hold_ms
        if alarm.state != "firing":
            return
        now = self._moment(alarm.at_ms)
        first = next((one for one in reversed(self._moments) if one.at_ms <= alarm.since_ms), self._moments[0])
        watched_ms = min(now.watched_ms - first.watched_ms, alarm.at_ms - alarm.since_ms)
        if watched_ms < hold_ms:
            detail = f"{alarm.rule} {alarm.subject} after {watched_ms} ms of {hold_ms}, since {alarm.since_ms}"
            raise Broken("an alarm of the gateway's has held", detail)

    # The service.

    def on_service_start(self) -> None:
        """A service has opened its stores."""
        self._levels.clear()
        self._heard.clear()
        self._decided.clear()
        self._began_ms = self._line.now_ms
        self._newest_ms.clear()

    def _taken(self, reports: list[Report]) -> None:
        """The service has committed a batch."""
        news: dict[str, int] = {}
        for one in reports:
            if type(one) is SlotLevel:
                if one.at_ms < self._newest_ms.get(one.slot, 0):
                    continue
                self._newest_ms[one.slot] = one.at_ms
            if isinstance(one, StockEvent | SlotLevel | Proposal):
                news[one.sku] = max(news.get(one.sku, 0), one.at_ms)
        for sku, at_ms in news.items():
            _, waits_ms = self._heard.get(sku, (0, self._began_ms))
            self._heard[sku] = at_ms, self._line.now_ms if sku in self._decided else waits_ms
            self._decided.discard(sku)

    def on_plan(self, life: ServiceLife, made: Plan) -> None:
        """The service decides by this plan: by the stock of now, or by all that it will ever hear of a past hour."""
        if made.sku not in self._heard or not life.door.connected("gw", T0_MS + self._line.now_ms):
            return
        happened_ms, waits_ms = self._heard[made.sku]
        fresh = abs(T0_MS + self._line.now_ms - happened_ms) < ordering.FRESH_MS
        if fresh or self._line.now_ms - waits_ms >= ordering.PATIENCE_MS:
            return
        lanes = life.service.ledger.lanes()
        told = {lane: state.told.next_seq for (_, lane), state in lanes.items() if state.told is not None}
        for lane, seq, at_ms in self._facts.get(made.sku, []):
            known = self._witness.held[lane] | self._witness.given_up[lane]
            if at_ms > happened_ms and seq < told.get(lane, 0) and seq in self._witness.given[lane].keys() - known:
                detail = f"{made.sku} at {made.projected} by {happened_ms}, while {lane} {seq} of {at_ms} is to come"
                raise Broken("no order is decided amid a backlog", detail)

    def on_decided(self, sku: str) -> None:
        """What came of a plan is stored; where that failed the SKU still waits."""
        self._decided.add(sku)

    def on_asked(self, life: ServiceLife, hello: Hello, asked: Mapping[Lane, Ranges]) -> None:
        """A gateway greets; the service asks for what it has signed for and does not hold."""
        for lane, unsigned_from in hello.unsigned_from.items():
            lacking = self._witness.given[lane].keys() - self._witness.held[lane] - self._witness.given_up[lane]
            signed = ranges.runs(sorted(seq for seq in lacking if seq < unsigned_from))
            unasked = ranges.minus(signed, asked.get(lane, ()))
            if unasked:
                raise Broken("what was signed for and is lacking is asked for", f"{lane} {unasked[:3]}")

    def on_service_work(self, life: ServiceLife) -> None:
        """Something was done with the service's stores; what it has in memory is as it was."""
        if not hasattr(life, "door"):
            return
        for slot, level in life.service.inventory.levels.items():
            seq = self._told.get(level, -1)
            if seq < self._levels.get(slot, 0):
                raise Broken("what the service knows never goes back", f"{slot} to {seq}, {level}")
            self._levels[slot] = seq

    def check(self, life: ServiceLife) -> None:
        """Once a minute."""
        self.on_service_work(life)
        for gateway, link in life.door.links.items():
            stale = [one for one in life.waiting(gateway) if one.route != link.route]
            if stale:
                detail = f"{len(stale)} batches of {gateway}, the first {stale[0].batch.lane} {stale[0].batch.seqs[:3]}"
                raise Broken("nothing is kept for a connection that is over", detail)
        for (_, lane), state in life.service.ledger.lanes().items():
            more = ranges.minus(state.given_up, self._given_up[lane])
            if more:
                raise Broken("only what was given up is taken for lost", f"{lane} {more[:3]} will come")
