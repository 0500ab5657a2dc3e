"""What people and partners see of buying beside the orders themselves: versions, offers, suppliers, the portal."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cloud.core.purchasing.agreements import Shelf
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.scorecards import Part
from cloud.core.purchasing.sourcing import Rejected, Split
from cloud.core.trade_view import OrderView
from protocols.readings import Problem
from protocols.trade import Agreement


class OrderVersion(Struct, frozen=True):
    """An order as it was from `at_ms` on, who made it so, and by what."""

    order: Order
    at_ms: int
    by: str
    action: str


class OfferView(Struct, frozen=True):
    """One supplier alone: `units` in its packs, `price` a unit at the break they reach, `cost` of the goods with the
    order's own, `due_days` from now. `late_cost` is expected for units owed until they come, `risk` the chance to run
    out before; `total` is all that is weighed, for the units that are wanted. `chosen`: units that are ordered of it
    (0: none); `why` they are, or what tells most against it ("": not worked out). `stock` is what it says it has."""

    supplier: str
    name: str
    suspended: bool
    score: float | None
    stock: int | None
    units: int
    price: float
    cost: float
    due_days: float
    late_cost: float
    risk: float
    total: float
    chosen: int
    why: str


class SourcedView(Struct, frozen=True, omit_defaults=True):
    """Why a need was ordered where it was. Of older orders neither the offers nor who chose is kept."""

    splits: list[Split]
    rejected: list[Rejected]
    late_cost: float = 0.0
    risk: float = 0.0
    sku: str = ""
    by_hand: bool | None = None
    offers: list[OfferView] = []


class OrderDetail(Struct, frozen=True):
    """An order with its versions, oldest first, and by need why it was ordered there."""

    order: OrderView
    versions: list[OrderVersion]
    sourced: dict[str, SourcedView]


class Ordered(Struct, frozen=True):
    """The orders that a need became."""

    orders: list[OrderView]


class StockTold(Struct, frozen=True):
    """What a supplier said it has of an SKU, and when; 0: nobody knows."""

    sku: str
    units: int
    at_ms: int


class SupplierView(Struct, frozen=True):
    """A supplier's card as people see it. Its lead time is the mean over its articles, by the `lead_lines` lines it was
    measured from; 0: it is what the site file quotes. `stock` is what it told it has, which stands above the site
    file."""

    id: str
    name: str
    suspended: bool
    score: float | None
    parts: list[Part]
    missing: list[str]
    lead_time_days: float | None
    lead_time_sd_days: float | None
    lead_lines: int
    on_time: float | None
    in_full: float | None
    accepted: float | None
    lines: int
    open_orders: int = 0
    value_year: float = 0.0
    stock: list[StockTold] = []


class Named(Struct, frozen=True):
    """A thing by its id, and its name."""

    id: str
    name: str


class PortalView(Struct, frozen=True):
    """All that a supplier sees. `names`: of the articles it offers, on its shelves and in its orders; `stock`: what it
    told it has by article, `stock_ms`: when (0: nobody knows); `papers` of its shelves that were agreed on; `waiting`:
    its plans that the site has not decided about."""

    supplier: Named
    site: str
    currency: str
    timezone: str
    stock: dict[str, int]
    stock_ms: dict[str, int]
    names: dict[str, str]
    at_ms: int
    papers: list[str]
    shelves: list[Shelf]
    orders: list[OrderView]
    waiting: list[OrderView]
    agreements: list[Agreement]


class StockTaken(Struct, frozen=True):
    """What a supplier has told it has, and what it named that it does not offer."""

    skus: dict[str, int]
    not_offered: list[str]


Acted = Literal["confirm", "ship", "ask"]


class PaperOutcome(Struct, frozen=True, omit_defaults=True):
    """What came of what a paper asks of one order: the `action` that was done (`ask`: it is dearer than what was
    approved, and waits for the site) with the order as it is now; or why not: `reason`, `detail`, `hint`."""

    action: Acted | Literal[""] = ""
    order: OrderView | None = None
    reason: str = ""
    detail: str = ""
    hint: str = ""


class Heard(Struct, frozen=True):
    """What came of a partner's paper, order by order; what was wrong with the paper. `again`: it had come before, and
    nothing was done now."""

    done: list[PaperOutcome]
    problems: list[Problem]
    again: bool = False

    @property
    def refusal(self) -> PaperOutcome | None:
        """Why nothing at all was done; None where something was."""
        return self.done[0] if self.done and all(one.reason for one in self.done) else None


class Spare(Struct, frozen=True):
    """Units by SKU that this site can send, or, below 0, could use."""

    site: str
    at_ms: int
    skus: dict[str, int]


class SpareTaken(Struct, frozen=True):
    """What was taken of what a neighbour told: SKUs that are known here, and those that are not."""

    neighbour: str
    taken: int
    unknown: list[str]
