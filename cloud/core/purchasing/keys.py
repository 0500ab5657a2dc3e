"""What came with a key is done once: told again it changes nothing, and with another content it is refused.

An order remembers of each key what it said, as a digest: a delivery's number is kept with every later version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec.structs import replace

from cloud.core.purchasing.orders import Order
from cloud.core.refusals import Refusal

DIGEST_BYTES: Final = 8
"""Enough to tell one slip from another; nobody gains by making two alike."""
NOUNS: Final[Mapping[str, tuple[str, str]]] = {
    "receive": ("Delivery", "Give another delivery a number of its own; what was mistyped is taken back in the book."),
    "ship": ("Dispatch", "Give another dispatch a number of its own."),
    "plan": ("Plan", "Use a new key for each plan."),
    "draft": ("Draft", "Use a new key for each order."),
}
"""Action -> what came with the key, and what to do where it came with something else before."""


def digest(*said: object) -> str:
    """The same for the same content, whatever the order in which a mapping names it."""
    plain = msgspec.json.encode(said, order="deterministic")
    return blake2b(plain, digest_size=DIGEST_BYTES).hexdigest()


def noted(order: Order, action: str, key: str, said: str) -> Order:
    """The order, with what came with a key."""
    mark = f"{action}:{key}"
    return replace(order, keys=[*order.keys, mark], said={**order.said, mark: said})


def back_of(sku: str, key: str) -> str:
    """The key of an order for what a delivery brought of an SKU and was taken back."""
    return f"back:{sku}:{key}"


def taken_back(order: Order) -> list[tuple[str, str]]:
    """(SKU, key of the delivery) of what came of an order and was taken back."""
    of = {back_of(line.sku, ""): line.sku for line in order.lines}
    return [(sku, mark[len(begin) :]) for mark in order.keys for begin, sku in of.items() if mark.startswith(begin)]


def again(order: Order, action: str, key: str, said: str) -> Order | Refusal | None:
    """The order as it is where this is in it already, and why not where something else came under that key, or it was
    taken back; None where nothing came. What was kept before its content was noted is taken for the same."""
    mark = f"{action}:{key}"
    if not key or mark not in order.keys:
        return None
    where = f"order {order.id}" if order.id else "this order"
    if action == "receive" and (gone := [sku for sku, of in taken_back(order) if of == key]):
        detail = f"What delivery {key!r} brought of {', '.join(gone)} was taken back of {where}."
        return Refusal("key_used", detail, f"Tell what came under a number of its own, such as {f'{key}-2'!r}.")
    if order.said.get(mark, said) == said:
        return order
    noun, hint = NOUNS[action]
    return Refusal("key_used", f"{noun} {key!r} is in {where} already, with something else.", hint)


def made_before(orders: Iterable[Order], action: str, key: str, said: str) -> Order | Refusal | None:
    """The order that was made with a key, of those that are known; see `again`."""
    found = (again(one, action, key, said) for one in orders)
    return next((one for one in found if one is not None), None)
