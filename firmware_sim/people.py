"""What people of a simulated warehouse do beside picking: they count shelves, and buy. Decided here, done by `office`.

They see what is truly there, and now and then miscount by one; so figures of counts and suppliers say something.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from numpy.random import Generator

from firmware_sim.scenario import Errand

STEPS: Final = {"draft": "approve", "approved": "send", "sent": "confirm", "confirmed": "receive"}
"""What is done next with an order of each state; with any other nothing."""
DAY_MS: Final = 86_400_000


class Act(Struct, frozen=True):
    """One request of somebody in the office, of the service's API."""

    path: str
    body: dict[str, Any]


def seen(true: int, miscounts: float, rng: Generator) -> int:
    """Units that somebody counts where `true` ones lie: one more or less in that share of counts."""
    if rng.random() >= miscounts:
        return true
    return max(0, true + (1 if rng.random() < 0.5 else -1))


def count(place: str, sku: str, units: int, at_ms: int) -> Act:
    """Somebody tells what was counted at a place at a moment."""
    return Act("/api/v1/counts", {"sku": sku, "place": place, "counted": units, "at_ms": at_ms})


def next_act(errand: Errand, orders: list[dict[str, Any]], now_ms: int) -> Act | None:
    """What is to be done of an errand, as the orders stand; None where nothing is, now or any more.

    An errand with `after_s` is confirmed for the day after it was sent and received so long after that; one without
    waits for the supplier.
    """
    order = next((one for one in orders if _is_for(one, errand)), None)
    if order is None:
        line = {"sku": errand.sku, "units": errand.units}
        return Act("/api/v1/orders", {"supplier": errand.supplier, "lines": [line]})
    action = STEPS.get(order["state"])
    if action is None or (action in ("confirm", "receive") and not errand.after_s):
        return None
    body: dict[str, Any] = {"version": order["version"]}
    if action == "confirm":
        body["lines"] = [{"sku": errand.sku, "due_ms": order["sent_ms"] + DAY_MS}]
    elif action == "receive":
        if now_ms < order["sent_ms"] + errand.after_s * 1000:
            return None
        body |= {"key": f"note-{order['id']}", "lines": [{"sku": errand.sku, "received": errand.units}]}
    return Act(f"/api/v1/orders/{order['id']}/{action}", body)


def _is_for(order: dict[str, Any], errand: Errand) -> bool:
    return order["supplier"] == errand.supplier and any(line["sku"] == errand.sku for line in order["lines"])
