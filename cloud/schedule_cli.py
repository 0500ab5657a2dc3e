"""`python -m cloud schedule --items ITEMS.csv --due DUE.csv`: orders for demand that is known by date (orders in hand,
a production plan): what to order when, at least cost or no sooner than it is due."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date, timedelta
from math import ceil, isnan
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from cloud.core.planning.demand_table import DemandTable
from cloud.core.planning.dynamic import order_to_demand, wagner_whitin
from cloud.core.planning.items import Item
from cloud.core.planning.lots import Lots
from cloud.core.planning.settling import DAYS_A_YEAR
from cloud.sheet_dates import DATES
from cloud.sheets import Problems, SheetError, read_demand, read_items

Way = Literal["least_cost", "due"]
DAYS_MAX = 3_660
"""Known demand farther apart than ten years is taken for a slip."""


class Planned(Struct, frozen=True):
    """One order: `units` to be ordered on the day `order` (may be past: then it comes late), there on `arrive`."""

    sku: str
    order: str
    arrive: str
    units: int


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """The verb `schedule`."""
    one = verb("schedule", schedule, "Orders for demand that is known by date, from plain files.")
    one.add_argument("--items", type=Path, metavar="ITEMS.csv", required=True, help="as for plan")
    one.add_argument("--due", type=Path, metavar="DUE.csv", required=True, help="columns sku, date, units: what is due")
    text = "lots of least cost, or each due amount by itself (default: %(default)s)"
    one.add_argument("--by", choices=("least_cost", "due"), default="least_cost", help=text)
    one.add_argument("--dates", choices=DATES, default="", help="how its dates are written (default: found out)")


def schedule(arguments: argparse.Namespace) -> None:
    """Print each SKU's orders in order of time. Raises `SheetError` where nothing can be planned."""
    problems = Problems()
    try:
        items = read_items(arguments.items, problems)
        due = read_demand(arguments.due, problems, arguments.dates)
    finally:
        for line in problems.told():
            print(line, file=sys.stderr)
    rows = [row for row, sku in enumerate(due.skus) if sku in items]
    if not rows:
        raise SheetError(f"no SKU of {arguments.due} has a row in {arguments.items} that can be used")
    if due.units.shape[1] > DAYS_MAX:
        raise SheetError(f"{arguments.due} spans {due.units.shape[1]} days, over {DAYS_MAX}: is a date wrong?")
    orders = 0
    for row in rows:
        for made in planned(items[due.skus[row]], due, row, arguments.by):
            orders += 1
            if arguments.json:
                print(msgspec.json.encode(made).decode())
            else:
                print(f"{made.sku:20}  order {made.order}  {made.units:9}  to be there {made.arrive}")
    strange = len(due.skus) - len(rows)
    more = f"; {strange} SKUs of {arguments.due} are not among the items" if strange else ""
    print(f"{len(rows)} SKUs, {orders} orders; {problems.count} rows left out{more}", file=sys.stderr)


def planned(item: Item, due: DemandTable, row: int, by: Way) -> list[Planned]:
    """The orders of one SKU: what is projected (on hand, less what is promised, and coming) is used first, then lots
    cover whole days' demand, by least cost of orders and holding (Wagner & Whitin 1958) or each day by itself."""
    wanted = [0 if isnan(units) else ceil(units) for units in due.units[row].tolist()]
    lots, left = Lots(item.moq, item.pack), item.position.projected
    short = order_to_demand(wanted, left)  # in single units, what stock does not cover
    if by == "least_cost":
        holding = item.holding_rate * item.unit_cost / DAYS_A_YEAR
        short = [round(units) for units in wagner_whitin(short, item.order_cost, holding).units]
    begin, lead = date.fromordinal(due.first_day), timedelta(days=ceil(item.lead_time_days))
    found = []
    for day, units in enumerate(order_to_demand(short, 0, lots=lots)):
        if units:
            arrive = begin + timedelta(days=day)
            found.append(Planned(item.sku, str(arrive - lead), str(arrive), units))
    return found
