"""The slots of a site: what scales, tags, bookings and people say of them, as one estimate each, and what is news.

Each slot's evidence is folded by `fusion`, that of slots on one scale by `sharing`; here is decided
when they are asked and what is told. All state is in `slots`, `taught` and `rates` and can be stored and restored.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from edge.core.slots import discrepancy, fusion, sharing, tagcount, teaching, weight
from edge.core.slots.actions import NoSuchSlotError
from edge.core.slots.counting import Estimate, Unit
from edge.core.slots.discrepancy import Doubt, Rates, Watch
from edge.core.slots.sharing import Sharing
from edge.core.slots.stock import Stock
from edge.core.slots.teaching import Taught
from edge.core.slots.why import explain
from protocols.asked import Explanation
from protocols.layout import Site, Slot
from protocols.reports import Report, SlotLevel, StockEvent

LEVEL_REFRESH_MS = 300_000
"""A slot is weighed anew, and its level told again, at least this often."""
JUDGE_MS = 3_600_000
"""How often every slot is held against its book."""
AT_ONCE = 50
"""So many slots are judged, and weighed anew, in one go, so that no message waits long for it: in a large house that
takes some rounds of a second. With more than 15,000 slots on a gateway levels come later than they should."""


class SlotState(Struct):
    """A slot's evidence and estimate, the shown mass it came from, and `known`: the last count that was claimed."""

    stock: Stock
    estimate: Estimate
    mass_g: float
    at_ms: int
    known: int | None = None
    told_ms: int = 0
    basis: tuple[str, str, str, float, float, float] | None = None
    """What was known of it when it was counted: SKU, device, channel, tare, span and unit mass."""
    watch: Watch | None = None
    """The doubt about its book."""
    warmth_c: float | None = None
    """How warm its zone was at the last mass."""
    sharing: Sharing | None = None
    """Of a scale that several slots share, kept with the first of them."""
    bookings: list[str] = []


class Note(Struct, frozen=True):
    """One line of the gateway's journal: what happened to whom (a slot, a SKU), with its particulars."""

    what: str
    about: str
    at_ms: int
    params: dict[str, Any] = {}


class News(Struct):
    """What came of some evidence: reports, lines for the journal, and the slots that changed."""

    reports: list[Report]
    notes: list[Note]
    slots: set[str]


class Shelves:
    """Every slot of one site."""

    def __init__(
        self,
        site: Site,
        slots: dict[str, SlotState] | None = None,
        taught: Taught | None = None,
        rates: Rates | None = None,
    ) -> None:
        self.site = site
        self.slots = slots or {}
        self.taught = taught or Taught()
        self.rates = rates or Rates()
        self.sharers = {slot.id: slots for slots in site.slots_by_channel.values() if len(slots) > 1 for slot in slots}
        """The slots on the same scale, of each that shares one."""
        self.warmth: dict[str, float] = {}
        """How warm each zone is, where a thermometer stands."""
        self._judged_ms = 0
        self._unjudged: list[Slot] = []
        self._doubts: list[Doubt] = []
        """Of the round that goes on: the slots that are still to be looked at, and what was found at the others."""
        self.stale: list[Slot] = []
        """Slots that must be weighed anew, as they are described otherwise than when they last were."""
        self.learn()

    def learn(self) -> None:
        """Take in what was taught and what the site file says now."""
        site = self.site
        self._units = {slot.id: _unit(site, slot, self.taught) for slot in site.slots}
        self._zeros = {slot.id: teaching.zero_of(slot, self.taught) for slot in site.slots}
        self.stale = []
        for slot in site.slots:
            state = self.slots.get(slot.id)
            if state is None or state.basis == self._basis(slot):
                continue
            if state.basis is None or state.basis[0] != slot.sku:
                del self.slots[slot.id]
            else:
                state.stock = self.begin_anew(slot, state.at_ms, state)
            self.stale.append(slot)

    def unit(self, slot: Slot) -> Unit:
        """What is counted in a slot, with what was taught."""
        return self._units[slot.id]

    def settle(self, slot: Slot, settled: weight.Settled, stepped: bool, news: News) -> None:
        """A steady mass: after a change of load (`stepped`), or the same load once more."""
        if slot.id in self.sharers:
            if stepped:
                self._settle_shared(slot, settled, news)
            return
        unit = self._units[slot.id]
        state = self.state(slot, settled.at_ms)
        saturated = settled.mass_g >= self.site.device_by_id[slot.device].max_mass_g
        net_g = unit.limit_g if saturated else self.net_g(slot, settled.mass_g)
        warm_c = self.warmth.get(slot.zone)
        warmed_c = 0.0 if warm_c is None or state.warmth_c is None else warm_c - state.warmth_c
        said = fusion.weigh(state.stock, net_g, settled.at_ms, stepped, unit, self.rates, settled.samples, warmed_c)
        state.mass_g, state.warmth_c = settled.mass_g, warm_c
        if said.zeroed_g is not None and abs(said.zeroed_g) >= unit.noise_g:
            news.notes.append(Note("zeroed", slot.id, settled.at_ms, {"by_g": round(said.zeroed_g, 2)}))
        self.tell(slot, state, settled.at_ms, "weight", news)

    def disturb(self, slot: Slot, mass_g: float, at_ms: int, trouble: str, news: News) -> None:
        """The scale shows nothing that can be counted: `unstable` or `saturated`."""
        if slot.id in self.sharers:
            self._tell_shared(slot, mass_g, at_ms, trouble, news)
            return
        state = self.state(slot, at_ms)
        if state.stock.belief.trouble == trouble:
            return
        state.stock.belief.trouble = trouble
        state.stock.words.mass_ms = state.stock.words.mass_ms or at_ms
        state.mass_g = mass_g
        self.tell(slot, state, at_ms, "weight", news)

    def look(self, slot: Slot, present: list[float], at_ms: int, news: News) -> None:
        """The tags of the slot's SKU that its reader hears: each one's probability of being there."""
        state = self.state(slot, at_ms)
        if slot.id in self.sharers:
            return
        if fusion.see(state.stock, tagcount.look(present), at_ms, self._units[slot.id], self.rates):
            self.tell(slot, state, at_ms, "tags", news)

    def pass_time(self, now_ms: int, news: News) -> None:
        """Now and then: hold every slot against its book, and let what nobody confirmed for long grow unsure."""
        if now_ms - self._judged_ms >= JUDGE_MS:
            self._judged_ms, self._unjudged, self._doubts = now_ms, list(self.site.slots), []
        if not self._unjudged:
            return
        now, self._unjudged = self._unjudged[:AT_ONCE], self._unjudged[AT_ONCE:]
        for slot in now:
            state = self.slots.get(slot.id)
            if slot.id in self.sharers:
                continue  # a book is held against one article's evidence
            if state is None or (state.stock.book is None and now_ms - state.at_ms < JUDGE_MS):
                continue
            unit, before = self._units[slot.id], state.estimate
            fusion.pass_time(state.stock, now_ms, unit, self.rates)
            said = fusion.estimate(state.stock, unit, slot.capacity, self.rates)
            if (said.count, said.low, said.high, said.reason) != (before.count, before.low, before.high, before.reason):
                # Of the time of its evidence: a scale that was cut off may still be handing in what came before now.
                self.tell(slot, state, state.at_ms, "book", news)
            doubt = fusion.doubt(state.stock, slot.id, now_ms, self.rates)
            if doubt is not None:
                self._doubts.append(doubt)
        if not self._unjudged:
            self._judge(now_ms, news)

    def _judge(self, now_ms: int, news: News) -> None:
        """All slots were looked at: which books are wrong is decided of all of them together. One that was counted or
        booked meanwhile waits for the next round."""
        states = self.slots
        doubts = [one for one in self._doubts if one.slot in states and states[one.slot].stock.book == one.book]
        watches = {one.slot: states[one.slot].watch or Watch() for one in doubts}
        told = {slot_id for slot_id, watch in watches.items() if watch.told}
        for alarm in discrepancy.judge(watches, doubts):
            news.notes.append(Note("differs", alarm.slot, now_ms, _particulars(alarm)))
        for slot_id, watch in watches.items():
            states[slot_id].watch = watch
            if watch.told != (slot_id in told):
                news.slots.add(slot_id)

    def due(self, now_ms: int) -> list[Slot]:
        """The slots whose level must be told again, those that wait longest, `AT_ONCE` at most."""
        known = self.site.slot_by_id
        waiting = [
            (state.told_ms, slot_id)
            for slot_id, state in self.slots.items()
            if now_ms - state.told_ms >= LEVEL_REFRESH_MS and slot_id in known
        ]
        return [known[slot_id] for _, slot_id in sorted(waiting)[:AT_ONCE]]

    def tell_again(self) -> None:
        """Levels were given up on their way: each slot's is due."""
        for state in self.slots.values():
            state.told_ms = 0

    def explain(self, slot_id: str, now_ms: int) -> Explanation:
        """How a slot's number came about; raises `ActionError` for a slot that is not there."""
        slot = self.site.slot_by_id.get(slot_id)
        if slot is None:
            raise no_such_slot(slot_id, self.site)
        state = self.slots.get(slot_id)
        if slot_id in self.sharers:
            said = self.estimate(slot, self.state(slot, now_ms))
            return sharing.explain(slot, said, self.slots[slot_id].mass_g, self.slots[slot_id].at_ms, now_ms)
        stock = state.stock if state is not None else fusion.begin(slot.capacity, now_ms)
        return explain(stock, slot_id, self._units[slot_id], slot.capacity, self.rates, now_ms)

    def counted_g(self, slot: Slot) -> float | None:
        """What a scale would show of the last known count, and of just these units; None where no count is known."""
        state = self.slots.get(slot.id)
        if state is None or state.known is None:
            return None
        tare_g, span = self._zeros[slot.id]
        return (state.known * self._units[slot.id].mass_g + tare_g) / span

    def estimate(self, slot: Slot, state: SlotState) -> Estimate:
        """What may be claimed of a slot now."""
        slots = self.sharers.get(slot.id)
        if slots is None:
            return fusion.estimate(state.stock, self._units[slot.id], slot.capacity, self.rates)
        return sharing.estimates(self.sharing(slot, state.at_ms), slots)[slots.index(slot)]

    def sharing(self, slot: Slot, at_ms: int) -> Sharing:
        """What is known of the scale that a slot shares."""
        first = self.state(self.sharers[slot.id][0], at_ms)
        if first.sharing is None:
            first.sharing = Sharing()
        return first.sharing

    def units(self, slots: Iterable[Slot]) -> list[Unit]:
        """What is counted in each slot."""
        return [self._units[slot.id] for slot in slots]

    def uncounted(self, slot: Slot, at_ms: int, news: News) -> None:
        """A scale that tells changes only spoke of a slot whose count is not known yet."""
        if slot.id not in self.slots:
            self.tell(slot, self.state(slot, at_ms), at_ms, "weight", news)

    def level(self, slot: Slot) -> SlotLevel | None:
        """A slot's estimate as a report; None when nothing is known of it."""
        state = self.slots.get(slot.id)
        return level(slot, state) if state is not None else None

    def _settle_shared(self, slot: Slot, settled: weight.Settled, news: News) -> None:
        slots = self.sharers[slot.id]
        known, units = self.sharing(slot, settled.at_ms), self.units(slots)
        saturated = settled.mass_g >= self.site.device_by_id[slot.device].max_mass_g
        net_g = units[0].limit_g if saturated else self.net_g(slot, settled.mass_g)
        sharing.weigh(known, units, net_g, settled.at_ms, settled.samples)
        self._tell_shared(slot, settled.mass_g, settled.at_ms, "", news)

    def _tell_shared(self, slot: Slot, mass_g: float, at_ms: int, trouble: str, news: News) -> None:
        belief = self.sharing(slot, at_ms).belief
        if belief is not None and trouble:
            belief.trouble = trouble
        for one in self.sharers[slot.id]:
            state = self.state(one, at_ms)
            state.mass_g = mass_g
            self.tell(one, state, at_ms, "weight", news)

    def state(self, slot: Slot, at_ms: int) -> SlotState:
        """What is known of a slot, begun with nothing where it is not known yet."""
        state = self.slots.get(slot.id)
        if state is None:
            stock = fusion.begin(slot.capacity, at_ms)
            nothing = Estimate(None, 0, slot.capacity, 0.0, "no_reading", "check_sensor")
            state = self.slots[slot.id] = SlotState(stock, nothing, 0.0, at_ms, basis=self._basis(slot))
        return state

    def begin_anew(self, slot: Slot, at_ms: int, state: SlotState, known: int | None = None) -> Stock:
        """New evidence for a slot whose scale or unit is not what it was: the count and the book stay."""
        state.basis = self._basis(slot)
        before = state.stock
        stock = fusion.begin(slot.capacity, at_ms)
        count = known if known is not None else state.known
        if count is not None:
            fusion.count(stock, count, "", at_ms, self._units[slot.id], self.rates)
        stock.book = before.book
        stock.words = msgspec.structs.replace(before.words, mass_ms=0)
        return stock

    def tell(self, slot: Slot, state: SlotState, at_ms: int, cause: str, news: News) -> None:
        """Estimate a slot anew and note what is news of it; `cause` is what brought it about."""
        estimate = self.estimate(slot, state)
        if at_ms < state.at_ms:
            at_ms = state.at_ms + 1  # a scale's clock is ahead of ours; what is newer must also look newer
        state.estimate, state.at_ms = estimate, at_ms
        count, known = estimate.count, state.known
        if count is not None and count != known:
            delta = count if known is None else count - known
            source = "first" if known is None else cause
            news.reports.append(StockEvent(slot.id, slot.sku, delta, count, at_ms, estimate.confidence, source))
            state.known = count
        news.slots.add(slot.id)

    def net_g(self, slot: Slot, shown_g: float) -> float:
        """The true net mass of what a slot's scale shows."""
        tare_g, span = self._zeros[slot.id]
        return span * shown_g - tare_g

    def _basis(self, slot: Slot) -> tuple[str, str, str, float, float, float]:
        tare_g, span = self._zeros[slot.id]
        return slot.sku, slot.device, slot.channel, tare_g, span, self._units[slot.id].mass_g


def no_such_slot(slot_id: str, site: Site) -> NoSuchSlotError:
    """What is said of a slot that is not there."""
    return NoSuchSlotError(f"slot {slot_id!r} is not in the site file of {site.site.id!r}; is it spelled as there?")


def level(slot: Slot, state: SlotState) -> SlotLevel:
    """A slot's state as a report."""
    said = state.estimate
    differs_ms = state.watch.since_ms if state.watch is not None and state.watch.told else 0
    return SlotLevel(
        slot.id,
        slot.sku,
        said.count,
        said.low,
        said.high,
        said.confidence,
        state.mass_g,
        state.at_ms,
        said.reason,
        said.remedy,
        state.stock.book,
        differs_ms,
    )


def _unit(site: Site, slot: Slot, taught: Taught) -> Unit:
    sku, device = teaching.sku_of(site, taught, slot.sku), site.device_by_id[slot.device]
    tare_g, span = teaching.zero_of(slot, taught)
    noise_g, limit_g = device.noise_g * span, device.max_mass_g * span - min(0.0, tare_g)
    thermal_g = device.thermal_g * span
    return Unit(sku.unit_mass_g, sku.unit_cv, sku.sample, noise_g, limit_g, thermal_g=thermal_g)


def _particulars(alarm: discrepancy.Alarm) -> dict[str, Any]:
    fields = msgspec.structs.asdict(alarm)
    return {key: fields[key] for key in ("book", "count", "low", "high", "since_ms")}
