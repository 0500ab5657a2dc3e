"""`python -m cloud work`: the maintenance orders, each with what it waits for; or how each rule of alerts did."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from cloud.alerts import rules
from cloud.completeness_cli import Verb
from cloud.core.maintenance.verdicts import FLOOR, SPAN_MS, RulePrecision, precision
from cloud.core.maintenance.work import LIFE_LEFT, WorkOrder, lateness
from cloud.stores.ledger import Ledger


def add(verb: Verb) -> None:
    """The verb."""
    one: Any = verb("work", show, "Print the open maintenance orders; or with --rules how often each rule was right.")
    one.add_argument("--all", action="store_true", help="those that are over, too (the latest 200)")
    one.add_argument("--rules", action="store_true", help="how each rule did in the last 90 days, as people say")


def show(arguments: argparse.Namespace) -> None:
    """Print them. Raises `ValueError` where no ledger is."""
    path, now_ms = arguments.state / "ledger.db", time.time_ns() // 1_000_000
    if not arguments.ledger and not path.exists():
        raise ValueError(f"{arguments.state} holds no ledger: run `python -m cloud serve` first, or give --state")
    ledger = Ledger(arguments.ledger or f"sqlite:///{path}")
    try:
        found: list[WorkOrder] | list[RulePrecision]
        if arguments.rules:
            said = ledger.books.work.verdicts(now_ms - SPAN_MS)
            found = precision(said, [*rules.rules(), LIFE_LEFT], lambda _: FLOOR, now_ms)
        else:
            found = [one for one in ledger.books.work.orders() if arguments.all or one.is_open]
    finally:
        ledger.close()
    for one in found:
        if arguments.json:
            print(msgspec.json.encode(one).decode())
        elif isinstance(one, WorkOrder):
            print("  ".join(_order(one, now_ms)))
        else:
            print(_rule(one))


def _order(order: WorkOrder, now_ms: int) -> Iterator[str]:
    yield f"{order.id:>5}  {order.state:<9}  {order.asset:<20}  {order.title or _cause(order)}"
    if order.until_ms:
        yield f"{_when(order.from_ms)} to {_when(order.until_ms)} UTC"
    if late := lateness(order, now_ms):
        yield late.replace("_", " ")
    if order.assigned_to:
        yield f"for {order.assigned_to}"
    for one in order.parts:
        yield f"{one.units} {one.sku}" + (f" ({one.taken} taken)" if one.taken else "")
    if order.outcome is not None:
        yield order.outcome.did


def _cause(order: WorkOrder) -> str:
    cause = order.cause
    if cause.days is None:
        return f"{cause.rule} {cause.fault}".strip()
    return f"{cause.fault} {cause.days[0]:.0f} to {cause.days[2]:.0f} days left".strip()


def _rule(one: RulePrecision) -> str:
    told = one.right + one.not_now
    if one.precision is None:
        return f"{one.rule:<24}  nobody said anything"
    asks = "  asks to be tuned" if one.asks_tuning else ""
    share = f"{one.precision:4.0%} right ({one.low:.0%} to {one.high:.0%})"
    return f"{one.rule:<24}  {told} of {told + one.wrong}  {share}{asks}"


def _when(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"
