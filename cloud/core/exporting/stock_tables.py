"""Tables of stock: what there is, and the facts it follows from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cloud.core.exporting.columns import Table, flag, money, number, text, time, whole
from cloud.core.stock_view import LayerView, LotView, Standing

UNITS = "units"


class _Lot(NamedTuple):
    sku: str
    lot: LotView


def _lots(standings: Sequence[Standing]) -> Iterator[_Lot]:
    return (_Lot(one.sku, lot) for one in standings for lot in one.lots)


class _Layer(NamedTuple):
    sku: str
    layer: LayerView


def _layers(standings: Sequence[Standing]) -> Iterator[_Layer]:
    return (_Layer(one.sku, layer) for one in standings for layer in one.layers)


TABLES = (
    Table(
        "stock",
        "An SKU as it stands now.",
        (
            text("sku", "id"), text("name"), text("status"),
            whole("on_hand_units", UNITS, "on_hand"), whole("reserved_units", UNITS, "reserved"),
            whole("quarantined_units", UNITS, "quarantined"), whole("available_units", UNITS, "available"),
            whole("on_order_units", UNITS, "on_order"), whole("in_transit_units", UNITS, "in_transit"),
            whole("projected_units", UNITS, "projected"), whole("owed_units", UNITS, "owed"),
            whole("uncertain_slots", "slots", "uncertain"), number("daily_demand_units", "units/day", "daily_demand"),
            number("cover_days", "days"), whole("reorder_point_units", UNITS, "reorder_point"),
            whole("order_up_to_units", UNITS, "order_up_to"), whole("order_quantity_units", UNITS, "order_quantity"),
            number("risk"), number("service_level"), text("abc"), text("xyz"), text("replenish"), text("verdict"),
            flag("discontinued"),
        ),
        lambda source, _: source.now.skus,
    ),
    Table(
        "slots",
        "A slot as it is now.",
        (
            text("slot", "id"), text("zone"), text("sku"), text("device"), text("status"),
            whole("count_units", UNITS, "count"), whole("low_units", UNITS, "low"), whole("high_units", UNITS, "high"),
            number("confidence"), whole("capacity_units", UNITS, "capacity"), number("mass_g", "g"),
            whole("booked_units", UNITS, "booked"), flag("differs"), text("reason"), text("remedy"), time("at"),
        ),
        lambda source, _: source.now.slots,
    ),
    Table(
        "lots",
        "Units of one lot of an SKU that are there now.",
        (
            text("sku"), text("lot", "lot.lot"), whole("units", UNITS, "lot.units"), text("expiry", "lot.expiry"),
            text("effective_expiry", "lot.effective_expiry"),
        ),
        lambda source, _: _lots(source.standings()),
    ),
    Table(
        "layers",
        "Units of an SKU that are there now and came at one cost.",
        (text("sku"), whole("units", UNITS, "layer.units"), money("unit_cost", "layer.unit_cost")),
        lambda source, _: _layers(source.standings()),
        right="buy",
    ),
    Table(
        "worth",
        "What the stock of an SKU is worth now.",
        (text("sku"), whole("units", UNITS), money("value"), text("costing")),
        lambda source, _: source.worth(),
        right="buy",
    ),
    Table(
        "book",
        "A fact of the book that people, papers or orders told.",
        (
            whole("id"), text("kind"), text("sku"), whole("units", UNITS), time("happened"), time("known"),
            text("place"), text("other"), text("lot"), text("expiry"), money("unit_cost"), text("ref"), text("by"),
            text("note"), text("key"),
        ),
        lambda source, span: source.entries(span),
        time="happened_utc",
    ),
    Table(
        "movements",
        "A change of a slot that its shelf sensed.",
        (
            whole("id"), text("slot", "place"), text("sku"), text("kind"), whole("units", UNITS),
            whole("count_units", UNITS, "count"), time("happened"), time("known"), text("source", "by"),
        ),
        lambda source, span: source.movements(span),
        time="happened_utc",
    ),
    Table(
        "counts",
        "What a count came to that stands, and its difference from the book.",
        (
            text("sku"), text("place", "slot"), text("verdict"), time("at"), whole("counted_units", UNITS, "counted"),
            whole("expected_units", UNITS, "expected"), whole("difference_units", UNITS, "difference"), money("value"),
            text("by", lambda one: one.counts[one.stands].by),
        ),
        lambda source, span: source.findings(span),
        time="at_utc",
    ),
    Table(
        "reservations",
        "Units that are, or were, held for a customer.",
        (
            whole("id"), text("sku"), whole("units", UNITS), text("tier"), text("customer"), text("state"),
            time("made"), time("until"), time("changed"), text("ref"), text("note"), text("by"),
        ),
        lambda source, span: source.reservations(span),
        time="made_utc",
    ),
)  # fmt: skip
