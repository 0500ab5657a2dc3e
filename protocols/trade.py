"""With whom the site trades: suppliers and what they offer, vendor agreements, customers' tiers, limits of approval.

These are tables of the site file beside its shelves; `flaw` says what does not fit in them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from msgspec import Meta, Struct

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Whole = Annotated[int, Meta(ge=0)]
Units = Annotated[int, Meta(ge=1)]
Action = Literal["observe", "propose", "order"]
Costing = Literal["fifo", "lifo", "average"]
Deciding = Literal["supplier", "site"]
CLASSES = tuple(abc + xyz for abc in "ABC" for xyz in "XYZ")
LEVELS = {"A": 0.97, "B": 0.95, "C": 0.92}
"""The share of demand to meet at once, by ABC class, where nobody says otherwise."""


class Break(Struct, frozen=True, forbid_unknown_fields=True):
    """From so many units on, a unit costs `price`."""

    units: Units
    price: Positive


class Offer(Struct, frozen=True, forbid_unknown_fields=True):
    """What a supplier asks for an SKU, in the site's currency, and how long it takes. `breaks` are all-units prices,
    or `incremental`: each only for the units above its break. `stock`: what the supplier says it has, where it does."""

    supplier: Id
    sku: Id
    price: Positive
    breaks: list[Break] = []
    incremental: bool = False
    moq: Units = 1
    pack: Units = 1
    lead_time_days: NotNegative = 3.0
    lead_time_sd_days: NotNegative = 0.0
    stock: Whole | None = None


class Supplier(Struct, frozen=True, forbid_unknown_fields=True):
    """Who delivers. `order_cost` is what one order to it costs us; a `suspended` one gets no orders while another can
    deliver. Its machines read and write papers of a `standard`, from `our_mailbox` to its `mailbox` (their numbers)."""

    id: Id
    name: str
    order_cost: NotNegative = 20.0
    email: str = ""
    suspended: bool = False
    standard: Literal["x12", "edifact"] = "x12"
    mailbox: Annotated[str, Meta(max_length=35)] = ""
    our_mailbox: Annotated[str, Meta(max_length=35)] = ""


class Webhook(Struct, frozen=True, forbid_unknown_fields=True):
    """Where events are sent to, signed by a secret of its own: all kinds but `ASKED_FOR`, or those listed; of all
    suppliers, or one."""

    id: Id
    url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+(/\S*)?$", max_length=2000)]
    events: list[str] = []
    supplier: str = ""


class Agreement(Struct, frozen=True, forbid_unknown_fields=True):
    """Vendor-managed inventory: the supplier sees the shelves of these SKUs and keeps each between `least` and `most`.
    `decides`: whether what it plans becomes an order at once, or a draft for the site."""

    supplier: Id
    skus: Annotated[list[Id], Meta(min_length=1)]
    decides: Deciding = "site"
    least: dict[Id, Whole] = {}
    most: dict[Id, Units] = {}


class Tier(Struct, frozen=True, forbid_unknown_fields=True):
    """A class of customers; the site file lists them from the first served to the last."""

    id: Id
    name: str


class Neighbour(Struct, frozen=True, forbid_unknown_fields=True):
    """Another site that may send stock: how long that takes, and what it costs beyond a regular order."""

    id: Id
    name: str
    days: NotNegative = 1.0
    fixed_cost: NotNegative = 30.0
    unit_cost: NotNegative = 0.0


class Buying(Struct, frozen=True, forbid_unknown_fields=True):
    """How this site buys. Money in its currency: an order up to `approved_to` needs nobody's approval, up to
    `buyer_limit` a buyer's, up to `admin_limit` an admin's; above that the site file has to say so.
    `score_weights` of suppliers; under `score_floor` (of 100) one gets no orders where another can deliver.
    `sourcing`: all from the best, or `split` in two where that costs little. `service_levels` by class ("A", "AX")."""

    approved_to: NotNegative = 0.0
    buyer_limit: NotNegative = 500.0
    admin_limit: NotNegative = 100_000.0
    score_floor: Annotated[float, Meta(ge=0, le=100)] = 40.0
    score_weights: dict[str, NotNegative] = {}
    sourcing: Literal["best", "split"] = "best"
    service_levels: dict[str, Annotated[float, Meta(gt=0, lt=1)]] = {}

    def level(self, abc: str, xyz: str) -> float:
        """The service level of a class: its own, that of its letter, or the usual one."""
        given = self.service_levels
        return given.get(abc + xyz, given.get(abc, LEVELS.get(abc, LEVELS["B"])))


def renamed(buying: object) -> str:
    """What to write in place of a field of `[buying]` that has another name since roles were made finer; "" where there
    is none."""
    for old, new in (("crew_limit", "buyer_limit"), ("manager_limit", "admin_limit")):
        if isinstance(buying, dict) and old in buying:
            return f"buying.{old} is called {new} now: write {new} = {buying[old]}"
    return ""


EVENTS = (
    "warehouse.need.proposed",
    "warehouse.order.sent",
    "warehouse.order.changed",
    "warehouse.stock.below_least",
    "warehouse.arrival.confirmed",
    "warehouse.alert.fired",
    "warehouse.alert.resolved",
)
"""What webhooks are told."""
ASKED_FOR = ("warehouse.alert.fired", "warehouse.alert.resolved")
"""Of these the ones that only who lists them is told."""
MEASURES = (
    "turnover",
    "cover_days",
    "fill_rate",
    "stock_out_rate",
    "inventory_accuracy",
    "count_difference_rate",
    "holding_cost",
    "dead_stock",
    "slow_stock",
    "forecast_bias",
    "forecast_error",
    "supplier_on_time",
)
"""The key figures that may have a target."""
WEIGHTS = {"quality": 30.0, "cost": 25.0, "delivery": 20.0, "service": 15.0, "innovation": 10.0}
"""Of a supplier's score."""


class Trade(Struct, frozen=True):
    """All of it, as `flaw` looks at it."""

    suppliers: list[Supplier]
    offers: list[Offer]
    agreements: list[Agreement]
    tiers: list[Tier]
    neighbours: list[Neighbour]
    buying: Buying
    webhooks: list[Webhook]
    targets: dict[str, float]


def flaw(trade: Trade, skus: Collection[str]) -> str:
    """What does not fit, and what to do, in one sentence; "" where all fits."""
    for noun, ids in (
        ("supplier", [one.id for one in trade.suppliers]),
        ("tier", [one.id for one in trade.tiers]),
        ("neighbour", [one.id for one in trade.neighbours]),
        ("webhook", [one.id for one in trade.webhooks]),
    ):
        if twice := _twice(ids):
            return f"{noun} {twice!r} is listed twice"
    suppliers = {one.id for one in trade.suppliers}
    if twice := _twice([f"{one.supplier} for {one.sku}" for one in trade.offers]):
        return f"there are two offers of {twice}; put their prices into one, as breaks"
    for offer in trade.offers:
        if offer.supplier not in suppliers or offer.sku not in skus:
            return f"the offer of {offer.supplier!r} for {offer.sku!r} names a supplier or an SKU that is not listed"
        if [one.units for one in offer.breaks] != sorted({one.units for one in offer.breaks} - {1}):
            return f"the breaks of {offer.supplier!r} for {offer.sku!r} have to rise, from 2 units on"
    held: dict[str, str] = {}
    for one in trade.agreements:
        if one.supplier not in suppliers:
            return f"an agreement names supplier {one.supplier!r}, which is not listed"
        for sku in one.skus:
            if sku not in skus:
                return f"the agreement with {one.supplier!r} names SKU {sku!r}, which is not listed"
            if held.setdefault(sku, one.supplier) != one.supplier:
                return f"SKU {sku!r} is managed by {held[sku]!r} and by {one.supplier!r}; one can"
            if one.least.get(sku, 0) > one.most.get(sku, 2**53):
                return f"the agreement with {one.supplier!r} keeps at least more of {sku!r} than at most; swap them"
        if strange := sorted({*one.least, *one.most} - {*one.skus}):
            return f"the agreement with {one.supplier!r} bounds SKU {strange[0]!r}, which it does not name"
    for hook in trade.webhooks:
        if strange := sorted({*hook.events} - {*EVENTS}):
            return f"webhook {hook.id!r} wants {strange[0]!r}; there are {', '.join(EVENTS)}"
        if hook.supplier and hook.supplier not in suppliers:
            return f"webhook {hook.id!r} is for supplier {hook.supplier!r}, which is not listed"
    if strange := sorted({*trade.buying.score_weights} - {*WEIGHTS}):
        return f"buying.score_weights names {strange[0]!r}; there are {', '.join(WEIGHTS)}"
    if not any({**WEIGHTS, **trade.buying.score_weights}.values()):
        return "buying.score_weights are all 0; give one of them a weight, or leave them out"
    if strange := sorted({*trade.targets} - {*MEASURES}):
        return f"targets names {strange[0]!r}; there are {', '.join(MEASURES)}"
    if strange := sorted({*trade.buying.service_levels} - {*CLASSES, *LEVELS}):
        return f"buying.service_levels names {strange[0]!r}; there are A, B, C and AX to CZ"
    return ""


def _twice(names: list[str]) -> str:
    return next((name for i, name in enumerate(names) if name in names[:i]), "")
