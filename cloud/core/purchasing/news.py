"""What subscribers are told at once, as CloudEvents signed for a webhook: a need proposed, an order sent or changed,
stock below its least, an arrival confirmed, an alert that fired or is over.

An event says what concerns its SKU or order and nothing that is the site's alone: no names, notes or other partners.
Its id stays the same however often it is made, so that a receiver takes it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from cloud.core.purchasing.agreements import Shelf
from cloud.core.purchasing.orders import Order, value
from cloud.core.purchasing.papers import order_number
from cloud.core.refusals import Refusal
from protocols.documents import cloudevents, webhooks
from protocols.documents.papers import Envelope

News = Literal[
    "warehouse.need.proposed",
    "warehouse.order.sent",
    "warehouse.order.changed",
    "warehouse.stock.below_least",
    "warehouse.arrival.confirmed",
    "warehouse.alert.fired",
    "warehouse.alert.resolved",
]
TYPE: Final = "application/json"
CONTENT: Final = "application/cloudevents+json; charset=utf-8"
_CHANGED: Final[News] = "warehouse.order.changed"


class Post(Struct, frozen=True):
    """A body and the headers that go with it; `id` is the event's."""

    id: str
    body: bytes
    headers: dict[str, str]


def need_proposed(site: str, need: int, sku: str, units: int, at_ms: int) -> Envelope:
    """So many units of an SKU should be ordered; `at_ms` when that, or the present amount, was proposed."""
    data = {"need": need, "sku": sku, "units": units}
    return _event(site, "warehouse.need.proposed", f"need-{need}-{units}", sku, at_ms, data)


def order_told(site: str, order: Order) -> Envelope:
    """An order as it is: sent, in its first version after that, else changed (confirmed, shipped, received, cancelled
    too)."""
    kind: News = "warehouse.order.sent" if order.state == "sent" and order.changed_ms == order.sent_ms else _CHANGED
    lines = [
        {
            "sku": one.sku,
            "units": one.units,
            "unit_price": one.unit_price,
            "due_ms": one.due_ms or None,
            "shipped": one.shipped,
            "received": one.received,
            "rejected": one.rejected,
        }
        for one in order.lines
    ]
    number = order_number(order)
    data = {
        "order": number,
        "supplier": order.supplier,
        "state": order.state,
        "version": order.version,
        "value": round(value(order), 6),
        "lines": lines,
    }
    return _event(site, kind, f"order-{order.id}-{order.version}", number, order.changed_ms, data)


def below_least(site: str, shelf: Shelf, since_ms: int) -> Envelope:
    """What is there of an SKU is less than was agreed to keep, since then."""
    data = {"sku": shelf.sku, "on_hand": shelf.on_hand, "available": shelf.available, "projected": shelf.projected}
    data |= {"least": shelf.least, "most": shelf.most}
    return _event(site, "warehouse.stock.below_least", f"below-{shelf.sku}-{since_ms}", shelf.sku, since_ms, data)


def arrival_confirmed(site: str, sku: str, units: int, order: Order, at_ms: int) -> Envelope:
    """Somebody confirmed that so many units of an order's line came; `order` as it is after that."""
    number = order_number(order)
    data = {"order": number, "sku": sku, "units": units, "state": order.state}
    key = f"arrival-{order.id}-{order.version}-{sku}"
    return _event(site, "warehouse.arrival.confirmed", key, number, at_ms, data)


class AlertTold(Struct, frozen=True):
    """What is told of an alert; `reopened`: so often it came back."""

    alert: int
    rule: str
    subject: str
    zone: str
    severity: int
    since_ms: int
    reopened: int = 0


def alert_told(site: str, one: AlertTold, fires: bool, at_ms: int) -> Envelope:
    """An alert fired, or is over, since then. Of one that came back both are told again."""
    kind: News = "warehouse.alert.fired" if fires else "warehouse.alert.resolved"
    key = f"alert-{one.alert}-{one.reopened}-{'fired' if fires else 'resolved'}"
    return _event(site, kind, key, one.subject, at_ms, msgspec.structs.asdict(one))


def signed(news: Envelope, at_s: int, secrets: Sequence[str]) -> Post | Refusal:
    """The webhook of an event, to be sent at `at_s` (sign anew for each try); `secrets` are the subscriber's, newest
    first."""
    try:
        body = cloudevents.write(news)
        keys = [webhooks.key_of(one) for one in secrets]
        return Post(news.id, body, {"content-type": CONTENT, **webhooks.sign(body, news.id, at_s, keys)})
    except ValueError as error:
        return Refusal("not_signed", f"The event can not be signed: {error}.", "Correct the subscription's secret.")


def _event(site: str, kind: News, key: str, subject: str, at_ms: int, data: dict[str, Any]) -> Envelope:
    text = msgspec.json.encode(data).decode()
    return Envelope(f"{site}-{key}", f"/sites/{site}", kind, at_ms, subject, TYPE, text)
