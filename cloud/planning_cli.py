"""`python -m cloud plan --items ITEMS.csv --demand DEMAND.csv` and `forecast --demand DEMAND.csv`: planning from plain
files, without a warehouse. Rows that can not be used are named on stderr, all others are planned."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import msgspec

from cloud import periods_cli
from cloud.core.forecasting import classes, levels
from cloud.core.forecasting.daily import forecast_blocks
from cloud.core.planning.cards import Card
from cloud.core.planning.demand_table import censored
from cloud.levels_sheet import has_levels
from cloud.planning import plans
from cloud.sheet_dates import DATES
from cloud.sheets import Problems, SheetError, read_demand, read_items

HEAD = ("sku", "class", "order", "on hand", "on order", "a day", "point", "up to", "fill", "verdict")
WIDTHS = (20, 6, 7, 8, 9, 9, 7, 7, 6, 10)
MIN_MAX = "min and max are not planned by: backtest judges them; a policy by hand is reorder_point and order_quantity"


def add(verb: Callable[..., argparse.ArgumentParser], plan_verb: argparse.ArgumentParser) -> None:
    """The options of `plan` for plain files, and the verb `forecast`."""
    plan_verb.add_argument("--items", type=Path, metavar="ITEMS.csv", help="plan these SKUs instead of a site's")
    plan_verb.add_argument("--why", action="store_true", help="with the policies that were rejected (takes longer)")
    foretell = verb("forecast", forecast, "Forecast each SKU's demand from a plain file.")
    periods_cli.add(foretell)
    text = "the demand that is not exceeded in such a share of cases (default: %(default)s)"
    foretell.add_argument("--quantiles", default=".5,.9,.95", metavar="Q,Q", help=text)
    for one, needed in ((plan_verb, False), (foretell, True)):
        one.add_argument("--demand", type=Path, metavar="DEMAND.csv", required=needed, help="columns sku, date, units")
        one.add_argument("--dates", choices=DATES, default="", help="how its dates are written (default: found out)")


def plan(arguments: argparse.Namespace) -> None:
    """Print a card for each item. Raises `SheetError` where nothing can be planned."""
    if arguments.items is None or arguments.demand is None:
        raise SheetError("plain files are planned from both, --items ITEMS.csv and --demand DEMAND.csv")
    problems, began_s = Problems(), time.monotonic()
    try:
        items = read_items(arguments.items, problems)
        if not items:
            raise SheetError(f"{arguments.items} has no row that can be planned")
        demand = read_demand(arguments.demand, problems, arguments.dates, date.today().toordinal())
        if has_levels(arguments.items):
            problems.remark(str(arguments.items), 1, MIN_MAX)
    finally:
        _tell(problems)
    if not arguments.json:
        print(_columns(HEAD))
    orders = unplanned = 0
    for made in plans(items, demand, arguments.why):
        orders += made.order > 0
        if made.reason:
            unplanned += 1
            line, why = problems.stands[made.sku], f"sku {made.sku!r} is not planned: {made.reason}"
            problems.add(str(arguments.items), line, why)
            print(f"{arguments.items}:{line}: {why}", file=sys.stderr)
        print(msgspec.json.encode(made).decode() if arguments.json else _columns(_cells(made)))
    strange = len(set(demand.skus) - items.keys())
    more = f"; {strange} SKUs of {arguments.demand} are not among the items" if strange else ""
    took = f"{len(items) - unplanned} SKUs planned in {time.monotonic() - began_s:.1f} s"
    print(f"{took}, {orders} to order; {problems.count} rows left out{more}", file=sys.stderr)


def forecast(arguments: argparse.Namespace) -> None:
    """Print the forecast of each SKU."""
    taus = _shares(arguments.quantiles)
    horizon = periods_cli.horizon(arguments)
    problems = Problems()
    try:
        demand = read_demand(arguments.demand, problems, arguments.dates, date.today().toordinal())
    finally:
        _tell(problems)
    if arguments.period != "day":
        periods_cli.forecast(demand, arguments.period, horizon, taus, arguments.json)
        print(f"{problems.count} rows left out", file=sys.stderr)
        return
    first = date.fromordinal(demand.first_day + demand.units.shape[1])
    last = first + timedelta(days=horizon - 1)
    units, hidden = censored(demand.units)
    for part, told in forecast_blocks(units, hidden, horizon_days=horizon, taus=taus):
        for at, sku in enumerate(demand.skus[part]):
            quantiles = {f"{tau:g}": float(told.quantiles[at, place]) for place, tau in enumerate(taus)}
            kind = classes.CLASSES[told.pattern.kind[at]]
            method = levels.METHODS[told.levels.method[at]]
            mean, total = float(told.mean_day[at]), float(told.total[at])
            if arguments.json:
                said = {"sku": sku, "from": str(first), "to": str(last), "mean_day": mean, "total": total}
                said |= {"quantiles": quantiles, "class": kind, "method": method, "days": int(told.days[at])}
                print(msgspec.json.encode(said).decode())
            else:
                shown = "  ".join(f"{tau} {units:.0f}" for tau, units in quantiles.items())
                print(f"{sku:20}  {mean:9.2f} a day  {total:9.1f} until {last}  {shown}  {kind}, {method}")
    print(f"{len(demand.skus)} SKUs, {first} to {last}; {problems.count} rows left out", file=sys.stderr)


def _shares(text: str) -> list[float]:
    try:
        shares = [float(one) for one in text.split(",")]
    except ValueError:
        shares = []
    if not shares or not all(0 < one < 1 for one in shares):
        raise SheetError(f"--quantiles {text!r}: give shares between 0 and 1, such as .5,.9,.95")
    return shares


def _tell(problems: Problems) -> None:
    for line in problems.told():
        print(line, file=sys.stderr)


def _cells(made: Card) -> tuple[str, ...]:
    there, ahead = made.position, made.ahead
    return (
        made.sku,
        made.abc + made.xyz,
        str(made.order),
        str(there.on_hand),
        str(there.on_order),
        f"{ahead.daily:.2f}" if ahead else "-",
        str(made.reorder_point) if made.reorder_point is not None else "-",
        str(made.order_up_to) if made.order_up_to is not None else "-",
        f"{made.promise.fill:.1%}" if made.promise else "-",
        made.verdict,
    )


def _columns(cells: tuple[str, ...]) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return "  ".join([f"{first[0]:{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)])
