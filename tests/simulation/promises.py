"""The promises, and what is remembered to judge them by: every number given, signed for, given up; every message a
device holds a PUBACK for.

They are checked at every step or every minute; what must hold in the end is in agreement.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from cloud.alerts import rules
from edge.core.alone import OWN
from edge.core.inference import DeviceState
from edge.core.tagging.antennas import READS, TAGS
from protocols.reports import LANES, Alarm, Lane, Report, Series, Thinned, decode
from protocols.sequences import Sequence
from protocols.uplink import Batch
from tests.simulation.broker import Broker, Publication
from tests.simulation.lives import GatewayLife, ServiceLife
from tests.simulation.timeline import T0_MS, Log, Timeline

ALL = 10**12
FIGURES = (READS, TAGS)
"""What a gateway counts itself, as its `OWN` figures: no sample of any device, and as often the same as not."""
STATES = {"level": "slot", "device": "device", "tag": "epc"}
_state = msgspec.msgpack.Decoder(DeviceState).decode


class Broken(AssertionError):
    """A promise was broken."""

    def __init__(self, promise: str, detail: str) -> None:
        super().__init__(f"{promise}: {detail}")
        self.promise = promise


class Witness:
    """What was seen to happen, whatever became of the programs."""

    def __init__(self, line: Timeline, log: Log, broker: Broker, apart: Callable[[], bool]) -> None:
        self._line, self._log, self._broker, self._apart = line, log, broker, apart
        self._counted: dict[float, int] = {}
        """Which report told of each sample, as long as the gateway had one store."""
        self.given: dict[Lane, dict[int, bytes]] = {lane: {} for lane in LANES}
        """Every report that a gateway committed, by its number."""
        self.next: dict[Lane, int] = dict.fromkeys(LANES, 0)
        self.applied: dict[Lane, set[int]] = {lane: set() for lane in LANES}
        """What the service has committed at some time."""
        self.held: dict[Lane, set[int]] = {lane: set() for lane in LANES}
        """The same, but for what went when it was put back from a backup."""
        self.given_up: dict[Lane, set[int]] = {lane: set() for lane in LANES}
        """What gateways said will not come; some of it may have come before."""
        self.kept: dict[str, dict[int, Sequence]] = {}
        """The messages of each device and boot that the gateway has committed."""
        self.excused: set[tuple[str, int, int]] = set()
        """Messages that went with a store that was damaged, or was put back from a backup."""
        self.sent_now: set[tuple[Lane, int]] = set()
        self.live_from: dict[Lane, int] = {}
        self.newest: dict[str, int] = {}
        """The number of what the ledger knows of each slot, device and tag."""
        self.on_report: Callable[[Lane, int, Report], None] = lambda _lane, _seq, _report: None
        self.on_taken: Callable[[list[Report]], None] = lambda _reports: None
        self.alarms_ms: dict[tuple[str, str], int] = {}
        """When the service first heard of each alarm of the gateway's, by (rule, subject)."""
        self.unkept = 0
        """Reports that were made while nobody could take them: what a gateway without an outbox had lost."""

    # What the programs do.

    def on_gateway_work(self, life: GatewayLife, name: str, args: tuple[Any, ...]) -> None:
        """After each work on the gateway's store."""
        self.read_new(life)
        if name == "commit":
            for device, blob in args[0].devices.items():
                self.kept[device] = _state(blob).pulse.boots
        if name == "settle":
            lane, seqs = args[0], args[1]
            bare = sorted(set(seqs) - self.applied[lane])
            if bare:
                raise Broken("only what the service holds is settled", f"{lane} {bare[:5]} were not committed there")

    def read_new(self, life: GatewayLife) -> None:
        """Remember the reports that were numbered since."""
        store = life.gateway.store
        for lane in LANES:
            upto = store.next_seq[lane]
            if upto <= self.next[lane]:
                continue
            for seq, blob in store.waiting(lane, self.next[lane] - 1, upto, ALL, ALL):
                self.given[lane][seq] = bytes(blob)
                self.unkept += self._line.now_ms > 0 and self._apart()
                report = decode(blob)
                if type(report) is Thinned:
                    about: Lane = getattr(report, "lane", "telemetry")
                    gone = {n for n in self.given[about] if report.first <= n <= report.last}
                    self.given_up[about] |= gone
                    self._log("gateway", f"thinned {about} {report.first}..{report.last} {report.why}")
                elif type(report) is Series and report.channel != OWN and report.quantity not in FIGURES:
                    self._count(seq, report)
                self.on_report(lane, seq, report)
            self._log("gateway", f"numbered {lane} {self.next[lane]}..{upto - 1}")
            self.next[lane] = upto

    def _count(self, seq: int, told: Series) -> None:
        for value in told.values:
            before = self._counted.setdefault(value, seq)
            if before != seq:
                detail = f"{value} of {told.device} is in the reports {before} and {seq}"
                raise Broken("a message that comes twice counts once", detail)

    def on_gateway_start(self, life: GatewayLife, older: bool) -> None:
        """A gateway has opened its store: numbers above what it knows were never given. `older`: the store was damaged
        or came from a backup; what it did not hear may be lost, if that can be seen."""
        for lane in LANES:
            upto = life.gateway.store.next_seq[lane]
            for seq in [seq for seq in self.given[lane] if seq >= upto]:
                if seq in self.applied[lane]:
                    raise Broken("what was sent is still known", f"{lane} {seq} was taken, but is not here")
                del self.given[lane][seq]
            self.next[lane] = min(self.next[lane], upto)
        if older:
            self._counted.clear()
        self.read_new(life)
        self.kept = {device: state.pulse.boots for device, state in life.gateway.store.restore().devices.items()}
        self.sent_now.clear()
        self.live_from.clear()
        lost = [key for key in self.unheard(life) if key not in self.excused]
        if older:
            self.excused |= set(lost) | self._broker.dropped
        elif lost:
            raise Broken("what is acknowledged to the broker is kept", f"{lost[:3]} ({len(lost)}) went with a kill")

    def on_acknowledged(self, group: Iterable[Publication]) -> None:
        """The gateway took these off the broker."""
        for one in group:
            held = self.kept.get(one.device, {}).get(one.boot)
            if held is None or not held.holds(one.seq):
                detail = f"{one.device} {one.boot}/{one.seq} is not committed"
                raise Broken("what is acknowledged to the broker is kept", detail)

    def on_applied(self, batches: Any) -> None:
        """The service has committed batches."""
        for batch in batches:
            given, new = self.given[batch.lane], set(batch.seqs) - self.held[batch.lane]
            self.applied[batch.lane] |= new
            self.held[batch.lane] |= new
            reports = [decode(given[seq]) for seq in sorted(new & given.keys())]
            for one in reports:
                if type(one) is Alarm:
                    self.alarms_ms.setdefault((one.rule, one.subject), T0_MS + self._line.now_ms)
            self.on_taken(reports)

    def on_service_start(self, life: ServiceLife, older: bool) -> None:
        """A service has opened its stores. `older`: they came from a backup."""
        for lane in LANES:
            self.held[lane] = self.held_by(life, lane)
            self.applied[lane] |= self.held[lane]
        if older:
            self.newest.clear()

    def on_open(self) -> None:
        """A new link is tried."""
        self.live_from.clear()
        self.sent_now.clear()

    def on_connect(self) -> None:
        """A link came up: what is numbered from now on is live."""
        self.live_from = dict(self.next)

    def on_batch(self, batch: Batch) -> None:
        """A batch goes out."""
        self.sent_now |= {(batch.lane, seq) for seq in batch.seqs}

    def on_gateway_wish(self, name: str, args: tuple[Any, ...]) -> None:
        """The gateway wants to read what it sends next: of its backlog only when nothing newer waits."""
        if name != "waiting" or not self.live_from or args[2] > self.live_from[args[0]]:
            return
        for lane in LANES:
            for seq in range(self.live_from[lane], self.next[lane]):
                there = seq in self.given[lane] and seq not in self.given_up[lane]
                if there and (lane, seq) not in self.sent_now:
                    raise Broken("what is new goes first", f"a replay of {args[0]} is sent before {lane} {seq}")

    # What must hold at every moment.

    def check(self, gateway: GatewayLife | None, service: ServiceLife | None) -> None:
        """The promises of safety."""
        if gateway is not None:
            self._check_outbox(gateway)
        if service is not None:
            self._check_ledger(service)

    def _check_outbox(self, life: GatewayLife) -> None:
        store = life.gateway.store
        book = store.book()
        for lane in LANES:
            if not book[lane].balanced:
                raise Broken("accepted = delivered + pending + refused + thinned", f"{lane} {book[lane]}")
            waiting = [seq for seq, _ in store.waiting(lane, -1, store.next_seq[lane], ALL, ALL)]
            if len(waiting) != book[lane].pending or len(set(waiting)) != len(waiting):
                raise Broken("what is pending is there once", f"{lane}: {len(waiting)}, told {book[lane].pending}")
            nowhere = self.given[lane].keys() - self.applied[lane] - self.given_up[lane] - set(waiting)
            if nowhere:
                raise Broken("nothing is lost", f"{lane} {sorted(nowhere)[:5]} are not pending, held or given up")

    def _check_ledger(self, life: ServiceLife) -> None:
        for (_, lane), state in life.service.ledger.lanes().items():
            numbers = sum(last - first + 1 for first, last in state.held.ranges)
            if state.applied + state.refused != numbers:
                raise Broken("nothing is taken twice", f"{lane}: {state.applied} were applied of {numbers}")
        with reading(life.folder / "ledger.db") as db:
            many = db.execute(
                "SELECT sku, COUNT(*) FROM need WHERE state = 'proposed' GROUP BY sku HAVING COUNT(*) > 1"
            )
            for sku, count in many:
                raise Broken("an SKU has one open need", f"{sku} has {count}")
            holds = {name: one.delays.hold_ms for name, one in rules.rules().items()}
            fired = db.execute(
                "SELECT a.rule, a.subject, t.at_ms, t.at_ms - a.since_ms FROM alert_transition t "
                "JOIN alert a ON a.id = t.alert WHERE t.state = 'firing' AND t.before IN ('', 'pending')"
            )
            for rule, subject, at_ms, after_ms in fired:
                # What a gateway had said before has had its hold there: see Decisions.
                if after_ms < holds.get(rule, 0) and self.alarms_ms.get((rule, subject), at_ms + 1) > at_ms:
                    raise Broken("no alert before its hold", f"{rule} {subject} after {after_ms} ms")
            twice = db.execute(
                "SELECT rule, subject FROM alert WHERE state NOT IN ('resolved', 'lapsed') "
                "GROUP BY rule, subject HAVING COUNT(*) > 1"
            )
            for rule, subject in twice:
                raise Broken("an alert is open once", f"{rule} {subject}")
            # By their numbers: clocks are set, and a gateway that lost its store does not know how far its own had got.
            states = " UNION ALL ".join(f"SELECT {key}, seq FROM {table}" for table, key in STATES.items())
            for one, newness in db.execute(states):
                if newness < self.newest.get(one, 0):
                    raise Broken("a replay never overwrites what is newer", f"{one} to {newness}")
                self.newest[one] = newness

    # What follows from it.

    def unheard(self, life: GatewayLife) -> list[tuple[str, int, int]]:
        """Messages that were acknowledged to a device, left the broker, and are not held by the gateway."""
        waiting = {(one.device, one.boot, one.seq) for _, one in self._broker.waiting}
        waiting |= {(one.device, one.boot, one.seq) for _, one in self._broker.inflight.values()}
        found = []
        for key in self._broker.promised.keys() - waiting - self._broker.dropped:
            device, boot, seq = key
            state = life.gateway.inference.devices.get(device)
            held = state.pulse.boots.get(boot) if state is not None else None
            if held is None or not held.holds(seq):
                found.append(key)
        return sorted(found)

    def held_by(self, service: ServiceLife, lane: Lane) -> set[int]:
        """What the service holds now."""
        state = service.service.ledger.lanes().get(("gw", lane))
        ranges = state.held.ranges if state is not None else []
        return {seq for seq in self.given[lane] if any(first <= seq <= last for first, last in ranges)}

    def reports(self, lane: Lane) -> Iterator[tuple[int, Report]]:
        """What the service should know: what was given up may have been on its way."""
        for seq in sorted(self.given[lane].keys() - (self.given_up[lane] - self.held[lane])):
            yield seq, decode(self.given[lane][seq])


class reading:
    """A look into a database, beside the program."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)

    def __enter__(self) -> sqlite3.Connection:
        return self._db

    def __exit__(self, *_: object) -> None:
        self._db.close()
