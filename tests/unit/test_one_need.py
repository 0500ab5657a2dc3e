"""One need for one shortage, whatever happens between gateway and service: outages, lost receipts, restarts, backlogs.

Both ends are the real ones; what lies between them is played: an outbox with its numbers, and a link that delivers in
any order what is not signed for, what is new first.
"""

from __future__ import annotations

import random
from collections.abc import Sequence as Listing
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloud.core.book.positions import Position as Projected
from cloud.core.inventory import Inventory
from cloud.core.lanes import Told, nothing
from cloud.core.ordering import Ordering, behind
from cloud.core.planning.settling import Outlook
from cloud.core.replenishment import GATEWAY, Fate, Need, Plan, Stock, plan
from edge.core import reorder
from edge.core.reorder import Book, Position
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import Proposal, Report, SlotLevel, StockEvent
from protocols.sequences import Sequence
from protocols.uplink import Policy

T0 = 1_763_762_400_000
STEP_MS = 2_000
LEVEL_MS = 300_000
BATCH = 3
X_MS = reorder.REPEAT_MS + 2 * reorder.HOLD_MS
"""A shortage that both sides live through together for so long must have its need."""
DEMAND = Outlook(6.0, 4.0, 0.1, "smooth", "smoothing", 30)


def planned(sku: Sku, told: Outlook | None, units: int, coming: int = 0, blind: int = 0, aside: int = 0) -> Plan:
    """A plan with `units` on the shelf, so many coming, and so many beside the shelf."""
    return plan(sku, told, Stock(Projected(units + aside, on_order=coming), units, blind, 500), 0.95)


def site(by_hand: bool) -> Site:
    sku = Sku("bolt", "Bolt", 5.0, lead_time_days=3.0, order_quantity=50 if by_hand else None)
    sku = msgspec.structs.replace(sku, reorder_point=20 if by_hand else None)
    slots = [Slot("A1", "hall", "bolt", "s1", capacity=500)]
    return Site(About("s1", "Site"), [Zone("hall", "Hall")], [sku], slots, [Device("s1", "shelf", "hall")])


class Waiting(NamedTuple):
    seq: int
    report: Report
    born_ms: int


class Edge:
    """A gateway: its book and policies, and the outbox that survives its restarts."""

    def __init__(self, place: Site) -> None:
        self.site, self.book, self.policies = place, Book(), dict[str, Policy]()
        self.outbox: list[Waiting] = []
        self.next_seq = self.told_ms = 0
        self.told: int | None = -1
        self.count = 0

    def restart(self) -> None:
        self.book = msgspec.msgpack.decode(msgspec.msgpack.encode(self.book), type=Book)

    def tick(self, units: int | None, now_ms: int, linked: bool) -> None:
        """`units`: None when the scale does not come to rest."""
        said: list[Report] = []
        low, high = (0, 500) if units is None else (units, units)
        if units != self.told or now_ms - self.told_ms >= LEVEL_MS:
            self.told, self.told_ms = units, now_ms
            if units is not None and units != self.count:
                said.append(StockEvent("A1", "bolt", units - self.count, units, now_ms, 0.99))
                self.count = units
            sure = 0.0 if units is None else 0.99
            said.append(SlotLevel("A1", "bolt", units, low, high, sure, 5.0 * high, now_ms))
        said += reorder.step(self.book, self.site, lambda _: Position(low, high, 500), self.policies, now_ms, linked)
        for one in said:
            self.outbox.append(Waiting(self.next_seq, one, now_ms))
            self.next_seq += 1


class Cloud:
    """A service: what its ledger holds survives, the rest is made anew."""

    def __init__(self, place: Site) -> None:
        self.site, self.held, self.levels = place, Sequence(), list[SlotLevel]()
        self.movements: list[StockEvent] = []
        self.words: dict[str, tuple[int, Proposal]] = {}
        self.stored: dict[int, Need] = {}
        self.orders: dict[int, tuple[int, Fate]] = {}
        """Need -> the units ordered of it, and what became of the order; "draft": all of it came."""
        self.aside = 0
        """Units that are booked in and that no shelf has seen yet."""
        self.restart()

    @property
    def coming(self) -> int:
        return sum(units for units, fate in self.orders.values() if fate == "placed")

    def order(self) -> None:
        """Each open need becomes an order, one ever."""
        for need in self.stored.values():
            if need.state == "proposed" and need.id not in self.orders:
                now = self.ordering.plans["bolt"]
                point = now.reorder_point if now.reorder_point is not None else need.why["reorder_point"]
                assert now.projected + need.quantity <= point + (now.order_quantity or need.quantity), (now, need)
                self.orders[need.id] = (need.quantity, "placed")

    def end(self, fate: Fate) -> int:
        """The oldest order that is open comes to nothing, or comes; the units of it."""
        for need, (units, held) in self.orders.items():
            if held == "placed":
                self.orders[need] = (units, fate)
                return units
        return 0

    def fate(self, need: Need | None) -> Fate:
        _, fate = self.orders.get(need.id, (0, "free")) if need is not None else (0, "free")
        return "placed" if fate == "draft" else fate

    def restart(self) -> None:
        self.inventory, self.ordering = Inventory(self.site), Ordering(self.site)
        self.inventory.apply([*self.movements, *self.levels[-1:]])
        for need in self.stored.values():
            self.ordering.restore(need)
        for seq, proposal in self.words.values():
            self.ordering.hear("gw", seq, proposal, T0)

    def apply(self, batch: list[Waiting], now_ms: int) -> None:
        new = [one for one in batch if self.held.add(one.seq)]
        levels = [one.report for one in new if type(one.report) is SlotLevel]
        movements = [one.report for one in new if type(one.report) is StockEvent]
        self.movements += movements
        self.aside -= min(self.aside, sum(max(0, one.delta) for one in movements))
        self.ordering.note(self.inventory.apply([*movements, *levels]).skus, now_ms)
        self.levels = sorted([*self.levels[-1:], *levels], key=lambda one: one.at_ms)
        for one in new:
            if type(one.report) is Proposal:
                self.ordering.hear("gw", one.seq, one.report, now_ms)
                if one.seq > self.words.get("bolt", (-1, None))[0]:
                    self.words["bolt"] = (one.seq, one.report)

    def tick(self, now_ms: int, next_seq: int | None) -> None:
        """`next_seq`: as a gateway that is linked says it."""
        more = next_seq is not None and behind(nothing()._replace(held=self.held, told=Told(next_seq, 0)))
        for sku in self.ordering.due(now_ms, 50, more):
            stock = self.inventory.stock(sku.id)
            demand = DEMAND if sku.reorder_point is None else None
            now = planned(sku, demand, stock.units, self.coming, stock.blind, self.aside)
            need = self.ordering.decide(now, now_ms, self.fate(self.ordering.needs.get(sku.id)))
            if need is not None:
                need = need if need.id else msgspec.structs.replace(need, id=len(self.stored) + 1)
                self.stored[need.id] = need
                self.ordering.enter(need)


class Stay(NamedTuple):
    """A shortage, as far as the scale at rest showed it last: from when to when, and the longest time in it that both
    sides were up and linked and it could be seen."""

    from_ms: int
    to_ms: int
    together_ms: int


ACTIONS = (
    "pick",
    "much",
    "deliver",
    "cut",
    "mend",
    "edge restarts",
    "cloud restarts",
    "cloud off",
    "cloud on",
    "wait",
    "shake",
    "rest",
    "order",
    "order",
    "receive",
    "cancel",
)
Doings = Listing[tuple[str, int]]


def play(doings: Doings, seed: int, by_hand: bool) -> tuple[list[Need], list[Stay], bool]:
    """What needs came of a story, its shortages, and whether it ends in one. Each doing is followed by so many minutes,
    the last by an hour of peace."""
    rng, place = random.Random(seed), site(by_hand)
    edge, cloud = Edge(place), Cloud(place)
    point = 20 if by_hand else planned(place.skus[0], DEMAND, 400).reorder_point
    assert point is not None
    units, now_ms, link, up, linked_ms = 100, T0, True, True, T0
    seen, shaken = units, False
    stays: list[Stay] = []
    since_ms, together_ms, longest_ms = 0, 0, 0
    for doing, minutes in [*doings, ("mend", 0), ("rest", 0), ("cloud on", 60)]:
        taken = min(units, {"pick": rng.randint(1, 30), "much": rng.randint(85, 200)}.get(doing, 0))
        units += rng.randint(10, 200) - taken if doing == "deliver" else -taken
        if doing in ("cut", "mend"):
            link = doing == "mend"
            linked_ms = now_ms
        elif doing in ("cloud off", "cloud on"):
            if doing == "cloud on" and not up:
                cloud.restart()
                linked_ms = now_ms
            up = doing == "cloud on"
        elif doing in ("shake", "rest"):
            shaken = doing == "shake"
        elif doing == "order" and up:
            cloud.order()
        elif doing == "cancel" and up:
            cloud.end("cancelled")
        elif doing == "receive" and up:
            came = cloud.end("draft")
            cloud.aside += came
            units += came
        elif doing == "edge restarts":
            edge.restart()
        elif doing == "cloud restarts" and up:
            cloud.restart()
        for _ in range(max(1, minutes * 60_000 // STEP_MS)):
            now_ms += STEP_MS
            seen = seen if shaken else units
            covered = seen + cloud.coming + cloud.aside
            edge.tick(None if shaken else units, now_ms, link and up)
            if link and up:
                _deliver(edge, cloud, linked_ms, now_ms, rng)
            if up:
                cloud.tick(now_ms, edge.next_seq if link else None)
            assert len([one for one in cloud.stored.values() if one.state == "proposed"]) <= 1
            if covered <= point:
                since_ms = since_ms or now_ms
                together_ms = together_ms + STEP_MS if link and up and not shaken else 0
                longest_ms = max(longest_ms, together_ms)
            elif since_ms:
                stays.append(Stay(since_ms, now_ms, longest_ms))
                since_ms = together_ms = longest_ms = 0
    if since_ms:
        stays.append(Stay(since_ms, now_ms + STEP_MS, longest_ms))
    return list(cloud.stored.values()), stays, covered <= point


def _deliver(edge: Edge, cloud: Cloud, linked_ms: int, now_ms: int, rng: random.Random) -> None:
    new = [one for one in edge.outbox if one.born_ms >= linked_ms]
    for batch in (new, [one for one in edge.outbox if one.born_ms < linked_ms][:BATCH]):
        rng.shuffle(batch)
        cloud.apply(batch, now_ms)
        if rng.random() < 0.8:  # else the receipt is lost, and all of it comes once more
            edge.outbox = [one for one in edge.outbox if one not in batch]
    edge.policies.update((one.sku, one) for one in cloud.ordering.policies())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 15)), max_size=12),
    st.integers(0, 2**32),
    st.booleans(),
)
@example([("cut", 1), ("much", 30), ("mend", 5)], 1, True)
@example([("cloud off", 1), ("much", 20), ("edge restarts", 20), ("cloud on", 1), ("deliver", 5)], 2, False)
@example([("much", 10), ("cut", 5), ("deliver", 10), ("much", 30), ("mend", 30)], 3, False)
@example([("cloud off", 1), ("much", 10), ("cloud on", 5), ("deliver", 0), ("shake", 15)], 4, True)
@example([("cut", 1), ("much", 10), ("deliver", 0), ("shake", 1), ("mend", 15)], 5, True)
def test_every_shortage_has_one_need_and_never_two(doings: Doings, seed: int, by_hand: bool) -> None:
    needs, stays, short = play(doings, seed, by_hand)

    for stay in stays:
        made = [need for need in needs if stay.from_ms <= need.created_ms < stay.to_ms]
        assert len(made) <= 1, (stay, needs)
    for need in needs:
        assert any(stay.from_ms <= need.created_ms < stay.to_ms for stay in stays), (need, stays)
    for stay in stays:
        # A need of an earlier shortage serves this one too, when nobody heard of the delivery between them.
        served = [one for one in needs if one.created_ms < stay.to_ms and _ends_ms(one) > stay.from_ms]
        if stay.together_ms >= X_MS:
            assert len(served) == 1, (stay, needs)
    open_needs = [need for need in needs if need.state == "proposed"]
    assert len(open_needs) == short


def _ends_ms(need: Need) -> int:
    return 2**53 if need.state == "proposed" else need.changed_ms


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_people_saw_at_the_gateway_is_what_is_ordered(by_hand: bool) -> None:
    """The service was away; the need it makes is the proposal that hangs on the wall, not one of its own."""
    (need,), (stay,), _ = play([("wait", 5), ("cloud off", 1), ("much", 30)], 5, by_hand)

    assert need.why["formula"] == GATEWAY
    assert need.state == "proposed"
    assert need.created_ms > stay.from_ms + 29 * 60_000
    assert need.quantity % (50 if by_hand else 1) == 0


def test_a_proposal_is_taken_up_once_even_when_its_gateway_is_gone_and_can_not_close_it() -> None:
    place = site(by_hand=True)
    ordering = Ordering(place)
    ordering.hear("gone", 7, Proposal("bolt", "open", 50, 5, 20, T0), T0)
    made: list[Need] = []

    for hour, (units, blind) in enumerate([(5, 0), (90, 0), (5, 1), (90, 0), (5, 1)]):
        if hour == 3:
            ordering = Ordering(place)  # the service restarts
            ordering.restore(made[-1])
            ordering.hear("gone", 7, Proposal("bolt", "open", 50, 5, 20, T0), T0)
        need = ordering.decide(planned(place.skus[0], None, units, blind=blind), T0 + hour * 3_600_000)
        if need is not None:
            ordering.enter(need)
            made.append(need)

    assert [need.state for need in made] == ["proposed", "fulfilled"]


def test_a_proposal_that_was_not_wanted_is_not_taken_up_when_the_stock_can_no_longer_be_told() -> None:
    place = site(by_hand=True)
    ordering = Ordering(place)
    ordering.hear("gw", 7, Proposal("bolt", "open", 50, 5, 20, T0), T0)

    told = [
        ordering.decide(planned(place.skus[0], None, stock[0], blind=stock[2]), T0) for stock in ((90, 0, 0), (5, 0, 1))
    ]

    assert told == [None, None]
