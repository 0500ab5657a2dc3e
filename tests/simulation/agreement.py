"""What must have come to agree in the end: both programs with each other and with the truth, to the last movement and
sample; and the proof of completeness with what was really lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cloud import memory
from cloud.core.inventory import Inventory
from cloud.stores.applying import BEGUN_ANEW
from edge.core.care import health
from protocols.reports import (
    Alarm,
    DeviceHealth,
    Proposal,
    Report,
    Series,
    SlotLevel,
    StockEvent,
    TagMove,
    Thinned,
    decode,
)
from tests.simulation.broker import Broker
from tests.simulation.lives import GatewayLife, ServiceLife
from tests.simulation.promises import Broken, Witness, reading
from tests.simulation.world import SITE, World

CLOCK_OFF_MS = 1_000


class Agreement:
    """The promises of the end."""

    def __init__(self, witness: Witness, broker: Broker, world: World) -> None:
        self._witness, self._broker, self._world = witness, broker, world

    def unmet(self, gateway: GatewayLife, service: ServiceLife) -> Iterator[str]:
        """What has not come to agree yet."""
        inference, store = gateway.gateway.inference, gateway.gateway.store
        for lane, book in store.book().items():
            if book.pending:
                yield f"{lane}: {book.pending} reports are pending"
            missing = self._witness.given[lane].keys() - self._witness.given_up[lane]
            missing -= self._witness.held_by(service, lane)
            if missing:
                yield f"{lane}: the service lacks {len(missing)} reports, {min(missing)}..{max(missing)}"
        unheard = [key for key in self._witness.unheard(gateway) if key not in self._witness.excused]
        if unheard:
            yield f"{len(unheard)} acknowledged messages are not held, {unheard[:3]}"
        if self._broker.waiting or self._broker.inflight:
            yield f"{len(self._broker.waiting) + len(self._broker.inflight)} messages wait in the broker"
        for slot in SITE.slots:
            said = inference.shelves.level(slot)
            count = said.count if said is not None else None
            if count != self._world.counts[slot.id]:
                yield f"{slot.id}: the gateway says {count}, {self._world.counts[slot.id]} are there"
            level = service.service.inventory.levels.get(slot.id)
            if level is None or level.count != count:
                yield f"{slot.id}: the service says {level and level.count}, the gateway {count}"
        yield from self._unmet_plans(service)
        there = {epc for epc, here in self._world.tags.items() if here}
        if _seen(gateway) != there:
            yield f"tags: the gateway sees {sorted(_seen(gateway))}, {sorted(there)} are there"
        proof = service.service.ledger.proof.look()
        for one in proof.lanes:
            if not one.complete or one.missing:
                yield f"{one.lane}: the service misses {one.missing}, {one.gaps[:1]}"
        for told in proof.devices:
            boots = inference.devices[told.device].pulse.boots.values()
            if told.complete != (sum(held.missing() for held in boots) == 0):
                yield f"{told.device}: the service says complete {told.complete}, the gateway has {[*boots]}"
        off = abs(gateway.gateway.clock.ahead_ms()) > CLOCK_OFF_MS
        for key, alert in service.service.alerting.book.open.items():
            # A clock that ran ahead is waited for, for ten times as long, and so long told of; that of a device is
            # judged by the hours; empty shelves are no fault.
            own = key[0] == "clock_wrong" and (off or key[1] in SITE.device_by_id)
            if key[0] not in ("stock_out", "below_reorder_point", "disk_low") and not own:
                yield f"alert {key} is {alert.state}"

    def _unmet_plans(self, service: ServiceLife) -> Iterator[str]:
        ordering = service.service.ordering
        for sku in SITE.skus:
            there = sum(self._world.counts[slot.id] for slot in SITE.slots if slot.sku == sku.id)
            made = ordering.plans.get(sku.id)
            if made is None or made.projected != there:
                yield f"{sku.id}: planned with {made and made.projected}, {there} are there"
            elif made.verdict == "order" and sku.id not in ordering.needs:
                yield f"{sku.id}: is to be ordered and is not"

    def _check_tags(self, gateway: GatewayLife, service: ServiceLife) -> None:
        """What the gateway sees, has told of by its own store, and the service holds, is one."""
        sees = _seen(gateway)
        keeps = {str(one["epc"]) for one in gateway.gateway.store.present_tags()}
        with reading(service.folder / "ledger.db") as db:
            holds = {epc for (epc,) in db.execute("SELECT epc FROM tag WHERE move = 'arrived'")}
        if keeps != sees:
            raise Broken("every move of a tag is reported", f"{sorted(sees ^ keeps)} of {sorted(sees)}")
        last = {}
        for seq, blob in self._witness.given["events"].items():
            one = decode(blob)
            if type(one) is TagMove:
                last[one.epc] = seq
        # A tag that lies still is told of once; that word may have been given up, and said to be.
        untold = self._witness.given_up["events"] - self._witness.held["events"]
        wrong = sorted(epc for epc in holds ^ keeps if last.get(epc) not in untold)
        if wrong:
            raise Broken("the service has the tags of the gateway", f"{wrong} of {sorted(keeps)}")

    def told(self, gateway: GatewayLife, service: ServiceLife) -> None:
        """In the end, when all agree: movements, samples and losses to the last one."""
        self._check_movements(service)
        self._check_words(service)
        self._check_memory(service)
        self._check_history(service)
        self._check_samples(gateway)
        self._check_losses(gateway)
        self._check_tags(gateway, service)

    def _check_movements(self, service: ServiceLife) -> None:
        with reading(service.folder / "ledger.db") as db:
            rows = db.execute("SELECT seq, slot, delta, count FROM movement ORDER BY seq").fetchall()
        events = self._witness.reports("events")
        want = [(seq, one.slot, one.delta, one.count) for seq, one in events if type(one) is StockEvent]
        if rows != want:
            differ = sorted(set(rows) ^ set(want))
            raise Broken("each movement is booked once", f"{len(rows)} for {len(want)}, the first: {differ[:3]}")

    def _check_memory(self, service: ServiceLife) -> None:
        """What the service knows by heart is what its ledger says, and demand what was taken from the shelves."""
        zone, want = ZoneInfo(SITE.site.timezone), dict[str, dict[int, int]]()
        for _, one in self._witness.reports("events"):
            if type(one) is StockEvent and one.delta < 0 and one.source not in ("first", "count"):
                days = want.setdefault(one.sku, {})
                day = datetime.fromtimestamp(one.at_ms / 1000, zone).toordinal()
                days[day] = days.get(day, 0) - one.delta
        inventory = service.service.inventory
        got = {sku: demand.units for sku, demand in inventory.demand.items() if demand.units}
        if got != want:
            raise Broken("what was taken is demand once", f"{got} for {want}")
        anew = Inventory(SITE)
        memory.from_ledger(anew, service.service.ledger)
        for what in ("levels", "devices", "known", "demand"):
            if getattr(anew, what) != getattr(inventory, what):
                raise Broken("memory is what the ledger holds", f"{what}: {getattr(inventory, what)}"[:300])

    def _check_words(self, service: ServiceLife) -> None:
        """Of every slot, device, tag, SKU and alarm what the gateway said last is held."""
        levels = {one.slot: one for _, one in self._witness.reports("telemetry") if type(one) is SlotLevel}
        healths: dict[str, DeviceHealth] = {}
        moves: dict[tuple[str, str], TagMove] = {}
        orders: dict[str, tuple[str, int, Proposal]] = {}
        fired: dict[tuple[str, str], tuple[str, int, Alarm]] = {}
        for seq, one in self._witness.reports("events"):
            if type(one) is TagMove:
                moves[one.epc, one.device] = one
            elif type(one) is DeviceHealth:
                healths[one.device] = one
            elif type(one) is Thinned and one.lane == "events" and one.why in BEGUN_ANEW:
                moves.clear()  # it tells of every tag again, by numbers above
            elif type(one) is Proposal:
                orders[one.sku] = ("gw", seq, one)
            elif type(one) is Alarm:
                fired[one.rule, one.subject] = ("gw", seq, one)
        with reading(service.folder / "ledger.db") as db:
            rows = db.execute("SELECT epc, zone, move, at_ms, device, heard_ms FROM tag").fetchall()
        ledger = service.service.ledger
        held: dict[str, tuple[list[Any], list[Any]]] = {
            "level of a slot": (ledger.levels(), [*levels.values()]),
            "health of a device": (ledger.devices(), [*healths.values()]),
            "move of a tag": ([TagMove(*row) for row in rows], [*moves.values()]),
            "proposal": (ledger.proposals(), [*orders.values()]),
            "alarm": (ledger.alarms(), [*fired.values()]),
        }
        for what, (got, want) in held.items():
            wrong = [one for one in got if one not in want] + [one for one in want if one not in got]
            if wrong:
                raise Broken(f"every {what} is held as last told", f"{len(got)} for {len(want)}, {wrong[:2]}")

    def _check_history(self, service: ServiceLife) -> None:
        want = _moments(report for _, report in self._witness.reports("telemetry"))
        # What was given up may have come as far as the history, which is written before the ledger.
        may = _moments(decode(blob) for blob in self._witness.given["telemetry"].values())
        for series, moments in may.items():
            must = want.get(series, {})
            times, values = service.service.history_store.read(series, 0, 2**42)
            wrong = [at_ms for at_ms, value in zip(times, values, strict=True) if value not in moments.get(at_ms, ())]
            wrong += sorted(must.keys() - set(times))
            if wrong or len(times) != len(set(times)):
                detail = f"{series}: {len(times)} for {len(must)}, {wrong[:3]}"
                raise Broken("the history holds each sample once", detail)
            # Of two samples of one moment the history keeps the later.
            hidden = [at_ms for at_ms, several in must.items() if len(several) > 1]
            if hidden and not series.endswith("/slot/count"):
                raise Broken("no sample hides another", f"{series}: {len(hidden)} moments with several, {hidden[:3]}")

    def _check_samples(self, gateway: GatewayLife) -> None:
        """Every sample a device holds a PUBACK for is in a report, or waits for one."""
        reports = [decode(blob) for blob in self._witness.given["telemetry"].values()]
        told = {value for one in reports if type(one) is Series for value in one.values}
        for state in gateway.gateway.inference.devices.values():
            told |= {value for bundle in state.bundles.values() for value in bundle.values}
        gone = self._broker.dropped | self._witness.excused
        for key, value in self._world.samples.items():
            if key in self._broker.promised and key not in gone and value not in told:
                raise Broken("each acknowledged sample is reported", f"{key} is in no report")

    def _check_losses(self, gateway: GatewayLife) -> None:
        """What the broker lost is seen as missing numbers, but for the first and the last ones of a boot: nothing ever
        says that there were any. What went with a store was told as `Thinned`, and forgotten with it."""
        for device, state in gateway.gateway.inference.devices.items():
            lost = []
            for at, boot, seq in sorted(self._broker.dropped - self._witness.excused):
                held = state.pulse.boots.get(boot)
                if at == device and held is not None and held.ranges:
                    lost += [seq] if held.ranges[0][0] < seq < held.top and not held.holds(seq) else []
            if health.lost(state.pulse) < len(lost):
                detail = f"{device}: {len(lost)} were lost, the gateway misses {health.lost(state.pulse)}"
                raise Broken("a loss is seen", detail)


def _seen(gateway: GatewayLife) -> set[str]:
    """The tags that the gateway takes to be there."""
    fields = gateway.gateway.inference.readers.fields.values()
    return {epc for field in fields for epc, row in field.rows.items() if field.told[row]}


def _moments(reports: Iterable[Report]) -> dict[str, dict[int, set[float]]]:
    """What the history should hold of reports: series -> time -> the values that were told of it."""
    found: dict[str, dict[int, set[float]]] = {}
    for one in memory.samples(reports):
        moments = found.setdefault(one.series, {})
        for at_ms, value in zip(one.times_ms, one.values, strict=True):
            moments.setdefault(at_ms, set()).add(value)
    return found
