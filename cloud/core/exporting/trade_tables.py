"""Tables of buying: what is needed, what was ordered, what comes, how suppliers do, the key figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cloud.core.exporting.columns import Table, flag, joined, money, number, text, time, whole
from cloud.core.purchasing.orders import Line, Order, value

UNITS = "units"


class _Line(NamedTuple):
    order: Order
    line: Line


def _lines(orders: Iterable[Order]) -> Iterator[_Line]:
    return (_Line(order, line) for order in orders for line in order.lines)


TABLES = (
    Table(
        "needs",
        "A proposal to order an SKU, as it is now.",
        (
            whole("id"), text("sku"), whole("quantity_units", UNITS, "quantity"), text("state"), time("created"),
            time("changed"),
        ),
        lambda source, span: source.needs(span),
        time="created_utc",
    ),
    Table(
        "orders",
        "A purchase order, open or over, as it is now.",
        (
            whole("id"), text("supplier"), text("state"), money("value", lambda one: round(value(one), 2)),
            whole("lines", "", lambda one: len(one.lines)), time("created"), time("changed"), time("sent"),
            time("confirmed"), time("closed"), text("needs", lambda one: joined(one.needs)), whole("version"),
            text("by"), text("note"), text("supplier_note"),
        ),
        lambda source, span: source.orders(span),
        time="created_utc",
    ),
    Table(
        "order_lines",
        "An SKU of a purchase order.",
        (
            whole("order", "", "order.id"), text("supplier", "order.supplier"), text("state", "order.state"),
            time("created", "order.created_ms"), text("sku", "line.sku"), whole("units", UNITS, "line.units"),
            money("unit_price", "line.unit_price"), whole("received_units", UNITS, "line.received"),
            whole("rejected_units", UNITS, "line.rejected"), whole("shipped_units", UNITS, "line.shipped"),
            whole("rest_units", UNITS, "line.rest"), time("due", "line.due_ms"),
        ),
        lambda source, span: _lines(source.orders(span)),
        time="created_utc",
    ),
    Table(
        "arrivals",
        "Units of an order line that shelves and readers see coming now.",
        (
            text("id"), whole("order"), text("sku"), whole("units", UNITS), time("from"), time("to"),
            text("slots", lambda one: joined(one.slots)), number("confidence"),
            whole("difference_units", UNITS, "difference"),
        ),
        lambda source, _: source.now.arrivals,
    ),
    Table(
        "kpis",
        "A key figure as it is now.",
        (
            text("kpi", "id"), number("value"), text("unit"), whole("rests_on", "", "n"), time("since"),
            number("trend"), number("target"), text("better"), text("reason"),
        ),
        lambda source, _: source.now.measures,
    ),
    Table(
        "suppliers",
        "A supplier as it does now.",
        (
            text("supplier", "id"), text("name"), flag("suspended"), number("score"),
            number("lead_time_days", "days"), number("lead_time_sd_days", "days"), whole("lead_lines", "lines"),
            number("on_time"), number("in_full"), number("accepted"), whole("lines", "lines"),
            whole("open_orders", "orders"), money("value_year"),
        ),
        lambda source, _: source.suppliers(),
    ),
    Table(
        "scores",
        "What somebody gave a supplier for one criterion.",
        (text("supplier"), text("criterion"), number("value"), time("at"), text("by"), text("note")),
        lambda source, span: source.scores(span),
        time="at_utc",
        right="buy",
    ),
    Table(
        "deliveries",
        "A try to tell a subscriber of an event, of the latest 500.",
        (
            text("webhook"), text("event"), text("type"), time("at"), whole("tries"), whole("status"), text("outcome"),
            text("detail"),
        ),
        lambda source, _: source.deliveries(),
        right="buy",
    ),
)  # fmt: skip
