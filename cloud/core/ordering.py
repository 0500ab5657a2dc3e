"""The ordering desk: which SKUs are to be planned now, their plans, the one open need of each, and gateways' proposals.

Holds what was decided; what is to be stored it returns, and enters it when that is done. A gateway's proposal is
weighed like any other change: not in the middle of a backlog.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from cloud.core import lanes
from cloud.core.lanes import LaneState
from cloud.core.replenishment import OPEN, OVER, Fate, Need, Plan, decide
from protocols.layout import Site, Sku
from protocols.reports import Proposal
from protocols.uplink import Policy

NEEDS_SHOWN = 50
REPLAN_MS = 3_600_000
FRESH_MS = 60_000
CALM_MS = 3_000
HELD_MS = 86_400_000
"""So long the service does not order by itself what it ordered and somebody cancelled, unless it is wanted anew."""
PATIENCE_MS = 600_000
"""So long the end of a backlog is waited for; what has not come by then is decided without."""
NEVER = -1
"""The reorder point that is told of an SKU that is not to be proposed, or wanted by nobody: no stock is below it."""


class Change(NamedTuple):
    """An SKU's stock changed: when it happened, when we heard of it, and since when we hear of what was not acted upon
    yet, where that is longer ago: in a long backlog, or of a busy shelf, there is always something just heard."""

    happened_ms: int
    heard_ms: int
    waits_ms: int | None = None

    def settled(self, now_ms: int, behind: bool = False) -> bool:
        """Whether it may be acted on: it is fresh, or the backlog it came with has ended. In the middle of a
        backlog the stock is that of some past hour, and an order for that hour would be wrong. `behind`: a gateway that
        is connected has more to hand in, however slowly."""
        waited_ms = now_ms - (self.heard_ms if self.waits_ms is None else self.waits_ms)
        fresh = abs(now_ms - self.happened_ms) < FRESH_MS  # a gateway's clock may be wrong either way
        return fresh or waited_ms >= PATIENCE_MS or (now_ms - self.heard_ms >= CALM_MS and not behind)


UNKNOWN = Change(0, 0)
"""Nobody knows since when."""


def behind(state: LaneState) -> bool:
    """Whether a lane's gateway has numbered reports that are not here, by its last greeting. Older gateways say nothing
    of it."""
    told = state.told
    if told is None or told.unsigned_from is None:
        return False
    return state.held.top + 1 < told.next_seq or bool(lanes.gaps(state))


class Ordering:
    """Plans, needs and proposals of one site. At most one open need an SKU."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.plans: dict[str, Plan] = {}
        self.needs: dict[str, Need] = {}
        self.past: deque[Need] = deque(maxlen=NEEDS_SHOWN)
        self._planned_ms: dict[str, int] = {}
        self._changed: dict[str, Change] = {sku.id: UNKNOWN for sku in site.skus}
        self._decided: dict[str, Change] = {}
        """The change by which an SKU was planned last."""
        self._proposed: dict[str, dict[str, tuple[int, Proposal]]] = {}
        """SKU -> gateway -> its last word, with the number of that report."""
        self._answered_ms: dict[str, int] = {}
        """SKU -> when the newest proposal was made that became a need, or was not wanted. It, and what is older, is not
        taken up again: the gateway that made it may be gone, or not know yet that stock came."""
        self._over: dict[str, int] = {}
        """SKU -> when it was last seen that none is wanted."""
        self.last: dict[str, int] = {}
        """SKU -> its latest need that is not open any more."""

    def restore(self, need: Need) -> None:
        """A need as it was stored, oldest first."""
        self._answer(need)
        if need.state in OPEN:
            self.needs[need.sku] = need
        else:
            self._close(need)

    def note(self, skus: Mapping[str, int], now_ms: int) -> None:
        """The stock of these SKUs changed: when the newest of it happened."""
        known = self.site.sku_by_id
        for sku, at_ms in skus.items():
            if sku in known:
                self._change(sku, at_ms, now_ms)

    def again(self, skus: Iterable[str], now_ms: int) -> None:
        """Something else that these SKUs are planned by became another: a class, the book, an order. That says nothing
        of how old the stock is: what was heard of that goes on to settle as it would, and where nothing was, the plan
        is due at once, in the middle of a backlog once that has ended."""
        for sku in skus:
            if sku in self.site.sku_by_id:
                self._changed.setdefault(sku, Change(0, now_ms - CALM_MS))

    def hear(self, gateway: str, seq: int, proposal: Proposal, now_ms: int) -> None:
        """What a gateway proposes, or no longer does: its newest word counts, by its numbers, however late others."""
        if proposal.sku not in self.site.sku_by_id:
            return
        words = self._proposed.setdefault(proposal.sku, {})
        if gateway not in words or words[gateway][0] < seq:
            words[gateway] = (seq, proposal)
        self._change(proposal.sku, proposal.at_ms, now_ms)

    def due(self, now_ms: int, most: int, behind: bool = False) -> list[Sku]:
        """The SKUs to be planned now, at most so many, those that waited longest first; due until they are decided."""
        # At the start nobody knows what gateways have to hand in.
        begun = {sku: Change(0, now_ms) for sku, change in self._changed.items() if change == UNKNOWN}
        self._changed.update(begun)
        due = {sku for sku, change in self._changed.items() if change.settled(now_ms, behind)}
        old_ms = REPLAN_MS + (PATIENCE_MS if behind else 0)
        due |= {sku for sku, at_ms in self._planned_ms.items() if now_ms - at_ms >= old_ms} - self._changed.keys()
        first = sorted(due, key=lambda sku: (self._planned_ms.get(sku, 0), sku))[:most]
        return [self.site.sku_by_id[sku] for sku in first]

    def decide(self, made: Plan, now_ms: int, fate: Fate = "free", cancelled_ms: int = 0) -> Need | None:
        """Take a new plan; the need to store, if one is to be made, revised, fulfilled or withdrawn. `fate`: what
        became of the one that is open; `cancelled_ms`: when the order of the one before was cancelled, where it was.
        What is wanted since before that is proposed again, but held: people may order it, the service by itself not."""
        self._decided[made.sku] = self._changed.pop(made.sku, Change(0, now_ms))
        self._planned_ms[made.sku] = now_ms
        self.plans[made.sku] = made
        words = [proposal for _, proposal in self._proposed.get(made.sku, {}).values() if proposal.state == "open"]
        newest = max(words, key=lambda one: one.at_ms, default=None)
        if newest is not None and newest.at_ms <= self._answered_ms.get(made.sku, 0):
            newest = None
        if newest is not None and made.verdict in OVER:
            self._answered_ms[made.sku] = newest.at_ms
        if made.verdict in OVER:
            self._over[made.sku] = now_ms
        open_need = self.needs.get(made.sku)
        need = decide(open_need, made, now_ms, newest, fate)
        held = cancelled_ms >= self._over.get(made.sku, 1) and cancelled_ms + HELD_MS > now_ms
        if need is not None and open_need is None and held and made.replenish == "order":
            return replace(need, why=need.why | {"held_until_ms": cancelled_ms + HELD_MS})
        return need

    def enter(self, need: Need) -> None:
        """The need is stored."""
        self._answer(need)
        if need.state in OPEN:
            self.needs[need.sku] = need
        else:
            self.needs.pop(need.sku, None)
            self._close(need)

    def _change(self, sku: str, at_ms: int, now_ms: int) -> None:
        held = self._changed.get(sku, UNKNOWN)
        waits_ms = held.heard_ms if held.waits_ms is None else held.waits_ms
        self._changed[sku] = Change(at_ms, now_ms, now_ms if held == UNKNOWN else waits_ms)

    def _answer(self, need: Need) -> None:
        proposed_ms = need.why.get("proposed_ms")
        if isinstance(proposed_ms, int):
            self._answered_ms[need.sku] = max(proposed_ms, self._answered_ms.get(need.sku, 0))

    def _close(self, need: Need) -> None:
        self.past.append(need)
        self.last[need.sku] = need.id

    def put_back(self, sku: str) -> None:
        """What came of the plan could not be stored: it is due again, by what was known then."""
        self._changed.setdefault(sku, self._decided.get(sku, UNKNOWN))

    def policies(self) -> list[Policy]:
        """By what a gateway is to order while we are away, of each SKU of which that is known."""
        return [one for sku in self.site.skus if (one := self._policy(sku)) is not None]

    def _policy(self, sku: Sku) -> Policy | None:
        """A gateway knows no review days, and sees the shelves alone: what is under way, or lies elsewhere, is taken
        off the point, what is on the shelves and promised is put on it."""
        made, need = self.plans.get(sku.id), self.needs.get(sku.id)
        idle = sku.discontinued or sku.replenish == "observe" or sku.review_days is not None
        if idle or (made is not None and made.verdict == "no_demand"):
            return Policy(sku.id, NEVER, sku.least_lot, need is not None)
        if made is not None and made.reorder_point is not None and made.order_quantity:
            point = made.reorder_point - (made.projected - made.sensed)
            return Policy(sku.id, max(NEVER, point), made.order_quantity, need is not None)
        made_for = need.why["reorder_point"] if need is not None else None
        if need is not None and isinstance(made_for, int):
            return Policy(sku.id, made_for, need.quantity, True)
        return None
