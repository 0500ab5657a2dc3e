"""Drafts that outlive what they are for: what a need wanted, and what is over before anybody approved it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from cloud.core.purchasing.needs import BY
from cloud.core.purchasing.orders import Order
from cloud.core.refusals import Refusal

NOTE: Final = "not needed any more"


def over(order: Order, wanted: Mapping[int, str], ended: Mapping[str, int], placed: Collection[int]) -> list[str]:
    """The SKUs of a draft whose need is over; all of them, what joined it too, where no need of it is left.

    `wanted`: open need -> its SKU; `ended`: SKU -> its latest need that is over; `placed`: needs that are over since
    they were ordered, by another order of the same need. What no need asked for is never over.
    """
    latest = max(ended.values(), default=0)
    gone = {need for need in order.needs if need not in wanted and need not in placed and need <= latest}
    if order.state != "draft" or not gone:
        return []
    if len(gone) == len(order.needs):
        return [line.sku for line in order.lines]
    kept = {wanted[need] for need in order.needs if need in wanted}
    return [line.sku for line in order.lines if ended.get(line.sku) in gone and line.sku not in kept]


def withdrawn(order: Order, struck: Collection[str], now_ms: int) -> Order:
    """The service's draft without these SKUs; cancelled where nothing is left."""
    lines = [line for line in order.lines if line.sku not in struck]
    after = replace(order, lines=lines) if lines else replace(order, state="cancelled", closed_ms=now_ms, note=NOTE)
    return replace(after, version=order.version + 1, changed_ms=now_ms, by=BY)


def refused(order: Order, struck: Sequence[str]) -> Refusal | None:
    """Why a draft should not be approved as it stands."""
    if not struck:
        return None
    names = ", ".join([*struck][:5])
    said = f"Order {order.id} was made for a need of {names} that is over: it is not needed any more."
    return Refusal("need_over", said, "Cancel it, or strike what is not needed; or approve it all the same.")
