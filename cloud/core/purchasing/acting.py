"""What may be done with an order, by whom, and what comes of it: each step a new version, or a refusal.

draft -> approved -> sent -> confirmed -> partly_received -> received -> closed; cancelled as long as nothing was taken
in. The same step twice changes nothing: the second answer is the order it was given. A dispatch and a receipt carry a
`key` (the number of a delivery note, say), for two equal ones may both be true; another one under the same key is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import fsum, inf
from typing import Final, Literal, get_args

from msgspec.structs import replace

from cloud.core.purchasing import steps
from cloud.core.purchasing.keys import again
from cloud.core.purchasing.orders import Line, Order, State, unfit
from cloud.core.purchasing.steps import What, unasked
from cloud.core.refusals import Refusal
from protocols.trade import Buying

Action = Literal["approve", "send", "confirm", "change", "ship", "receive", "close", "cancel"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
Listed = Callable[[str, int], float]
"""(SKU, units) -> what one of so many costs by the supplier's offer, 0 where there is none."""
SLACK: Final = 1e-9
"""Relative: sums of money that differ by less are the same."""
ROUNDED: Final = 5e-5
"""Papers tell unit prices in four decimals: one that is dearer by no more than that is the same."""

POSSIBLE: Final[dict[State, tuple[Action, ...]]] = {
    "draft": ("approve", "change", "cancel"),
    "approved": ("send", "change", "cancel"),
    "sent": ("confirm", "change", "ship", "receive", "cancel"),
    "confirmed": ("confirm", "change", "ship", "receive", "cancel"),
    "partly_received": ("confirm", "change", "ship", "receive", "close", "cancel"),
    "received": ("receive", "close"),
    "closed": (),
    "cancelled": (),
}
"""State -> what can be done. `cancel` of a partly received order gives up the rest, and closes it."""
_BEYOND: Final[dict[Action, frozenset[State]]] = {
    "approve": frozenset(("approved", "sent", "confirmed", "partly_received", "received", "closed")),
    "send": frozenset(("sent", "confirmed", "partly_received", "received", "closed")),
    "close": frozenset(("closed",)),
    "cancel": frozenset(("cancelled",)),
}
"""Where a step has been done already, so that doing it again changes nothing."""
_STEPS: Final[dict[Action, Callable[[Order, What, int], Order | Refusal]]] = {
    "approve": steps.approve,
    "send": steps.send,
    "confirm": steps.confirm,
    "change": steps.change,
    "ship": steps.ship,
    "receive": steps.receive,
    "close": steps.close,
    "cancel": steps.cancel,
}
_BY_SUPPLIER: Final[frozenset[Action]] = frozenset(("confirm", "ship"))


def act(
    order: Order,
    action: Action,
    by: str,
    role: str,
    now_ms: int,
    limits: Buying,
    *,
    units: Mapping[str, int] | None = None,
    rejected: Mapping[str, int] | None = None,
    dues: Mapping[str, int] | None = None,
    prices: Mapping[str, float] | None = None,
    note: str = "",
    key: str = "",
    anyway: bool = False,
    lots: Mapping[str, tuple[str, str]] | None = None,
    came_ms: int = 0,
    listed: Listed = lambda sku, units: 0.0,
) -> Order | Refusal:
    """The order after a step, its version one higher; itself where that changes nothing; or why not.

    `role` is "admin", "buyer", "operator" (who only receives), "supplier" or "nobody" (the service by itself). See
    `What` for the rest. What others than an admin may spend is held against the dearer of a line's price and the
    `listed` one. Where a supplier's answer is dearer than what was approved, nothing is agreed to: the order keeps what
    it asks for (`Order.asking`).
    """
    what = What(units or {}, rejected or {}, dues or {}, prices or {}, note, key, anyway, lots or {}, came_ms)
    if (before := again(order, action, key, what.said)) is not None:
        return before
    what, can = replace(what, theirs=role == "supplier"), _can(order)
    if action not in can and (order.state in _BEYOND.get(action, ()) or (action == "cancel" and _given_up(order))):
        return order
    if action not in can:
        return _impossible(order, action)
    if refused := _not_yours(action, role) or _unknown(order, action, what):
        return refused
    if refused := _for_an_admin(order, what, role, listed):
        return refused
    after = _STEPS[action](order, what, now_ms)
    if isinstance(after, Refusal):
        return after
    if after == order:
        return order
    if refused := _too_dear(order, after, action, role, limits, listed):
        if not what.theirs:
            return refused
        after = steps.ask(order, after, what)
        if after == order:
            return order
    return replace(after, version=order.version + 1, changed_ms=now_ms, by=by)


def may_approve(role: str, worth: float, limits: Buying) -> Refusal | None:
    """Whether somebody may decide to spend so much; if not, who may."""
    nobody = limits.approved_to
    buyer = max(nobody, limits.buyer_limit)
    most = {"nobody": nobody, "operator": nobody, "buyer": buyer, "admin": max(buyer, limits.admin_limit)}
    if worth <= most.get(role, -inf) * (1 + SLACK):
        return None
    if worth > most["admin"] * (1 + SLACK):
        hint = f"Raise buying.admin_limit in the site file, or order less: nobody may spend over {most['admin']:g}."
    else:
        hint = "Ask an admin." if worth > buyer * (1 + SLACK) else "Ask a buyer or an admin."
        hint = hint if role != "supplier" else f"The site has to agree: {hint[:-1].lower()} there."
    said = f"The order is worth {worth:,.2f}, which is more than {_whose(role)} may."
    told = {"worth": worth, "limit": most[role]} if role in most else {}
    return Refusal("above_limit", said, hint, told)


def _can(order: Order) -> tuple[Action, ...]:
    """What can be done; where the supplier asks for more than was approved, that too can be approved."""
    return ("approve", *POSSIBLE[order.state]) if order.asking else POSSIBLE[order.state]


def _impossible(order: Order, action: str) -> Refusal:
    can = _can(order)
    now = f"Possible now: {', '.join(can)}." if can else "Nothing can be done with it any more; make a new order."
    if action not in ACTIONS:
        return Refusal("unknown_action", f"There is no {action!r}.", now)
    return Refusal("not_now", f"An order that is {order.state.replace('_', ' ')} can not {_passive(action)}.", now)


def _passive(action: str) -> str:
    forms = {"send": "be sent", "ship": "be shipped", "cancel": "be cancelled"}
    return forms.get(action, f"be {action.removesuffix('e')}ed")


def _not_yours(action: Action, role: str) -> Refusal | None:
    if role in ("admin", "buyer") or (role == "nobody" and action in ("approve", "send")):
        return None
    if role == "operator" and action == "receive":
        return None
    if role == "supplier" and action in _BY_SUPPLIER:
        return None
    who = "The site's buyers can." if role == "supplier" else "A buyer or an admin can."
    whose = _whose(role)
    return Refusal("not_allowed", f"{whose[0].upper()}{whose[1:]} may not {action} an order.", who)


def _whose(role: str) -> str:
    if role in ("", "nobody"):
        return "the service by itself"
    return f"{'an' if role[0] in 'ao' else 'a'} {role}"


def _unknown(order: Order, action: Action, what: What) -> Refusal | None:
    """What does not belong to this order, or is no figure of one."""
    for name in (*what.units, *what.rejected, *what.dues, *what.prices):
        line = order.line(name)
        if line is None and action == "change" and what.units.get(name) == 0:
            continue  # struck out already
        if line is None and not (action == "change" and not order.sent_ms and what.units.get(name)):
            here = ", ".join(one.sku for one in order.lines[:5])
            return Refusal("no_such_line", f"{name} is not in this order.", f"In it: {here}. Order {name} separately.")
        price = what.prices.get(name, line.unit_price if line is not None else -1.0)
        if line is None and not price > 0:
            return Refusal("price", f"{name} is new in the order and has no price.", "Give its price a unit.")
        for units in (what.units.get(name, 0), what.rejected.get(name, 0)):
            if refused := unfit(name, units, price, what.dues.get(name, 0), least=0):
                return refused
    return None


def _for_an_admin(order: Order, what: What, role: str, listed: Listed) -> Refusal | None:
    """What no limit of money holds: an article that the supplier does not offer, and one that costs nothing."""
    if role not in ("buyer", "operator"):
        return None
    for name, units in what.units.items():
        if units and order.line(name) is None and not listed(name, units) > 0:
            said = f"{order.supplier} offers no {name!r}, so that nobody knows what it should cost."
            return Refusal("no_offer", said, "Ask an admin, or add the offer to the site file.")
    if free := [name for name, price in what.prices.items() if not price]:
        return Refusal("price", f"{free[0]} would cost nothing.", "Give its price a unit, or ask an admin.")
    return None


def _too_dear(before: Order, after: Order, action: Action, role: str, limits: Buying, listed: Listed) -> Refusal | None:
    """Approving spends; so does whatever makes a line dearer once it is approved, and keeping more than was ordered.
    Only an admin is believed that the supplier asks less than it offers."""
    believed: Listed = (lambda sku, units: 0.0) if role == "admin" else listed
    worth = fsum(_worth(line, believed) for line in after.lines)
    if action == "approve":
        return may_approve(role, worth, limits)
    if action == "receive":
        pairs = zip(before.lines, after.lines, strict=True)
        excess = any(now.received > max(unasked(now), was.received) for was, now in pairs)
        return may_approve(role, worth, limits) if excess else None
    if action not in ("change", "confirm") or before.state == "draft":
        return None
    dearer = any(_dearer(before.line(line.sku), line, believed) for line in after.lines)
    return may_approve(role, worth, limits) if dearer else None


def _dearer(was: Line | None, now: Line, listed: Listed) -> bool:
    """Whether a line costs more than was approved: in all, or a unit of it, however few these become."""
    if was is None or not was.units:
        return now.units > 0
    slack = now.units * ROUNDED
    rises = now.units > 0 and now.unit_price > was.unit_price + ROUNDED * (1 + SLACK)
    typed = now.units * now.unit_price > was.units * was.unit_price * (1 + SLACK) + slack
    return rises or typed or _worth(now, listed) > _worth(was, listed) * (1 + SLACK) + slack


def _worth(line: Line, listed: Listed) -> float:
    """Money for a line, with what more of it came than was ordered."""
    units = max(line.units, line.received)
    return units * max(line.unit_price, listed(line.sku, units))


def _given_up(order: Order) -> bool:
    return order.state == "closed" and any(line.rest for line in order.lines)


def possible(order: Order, roles: Sequence[str] = ("admin",)) -> list[Action]:
    """What somebody of these roles can do with an order now, as far as its state goes. A supplier's change is one of
    dates, which it confirms anew."""
    can = [one for one in _can(order) if any(_not_yours(one, role) is None for role in roles)]
    if "confirm" in can and "change" not in can:
        can.insert(can.index("confirm") + 1, "change")
    return can
