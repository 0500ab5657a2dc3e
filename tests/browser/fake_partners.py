"""What suppliers ask in the fake service, and their papers, which are read by the real rules."""

from __future__ import annotations

from typing import Any

from cloud.core.office_view import OfferView
from cloud.core.purchasing import answers
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.papers import Partner
from cloud.core.refusals import Refusal
from protocols.documents.papers import Document
from protocols.documents.reading import read
from protocols.documents.sending import Mailbox
from protocols.layout import About, Site
from protocols.trade import Buying

LIMITS = Buying(approved_to=0, buyer_limit=2_000, admin_limit=50_000)
SITE = Site(About("gold", "Gold", "Europe/Amsterdam"), [])
OURS, THEIRS = "SHOP", "ACME"
NAMES = {"acme": "Acme Medical", "nord": "Nordfrisk", "lido": "Lido Packaging"}
_MEASURED: dict[str, tuple[Any, ...]] = {
    "nord": (71, (97, 88.0), (12, 64.5), (12, 55.0), (5.2, 2.6), (0.78, 0.91), 31_020.0),
    "acme": (88, (41, 99.1), (41, 80.0), (41, 92.5), (3.1, 0.6), (0.94, 0.97), 88_410.5),
    "lido": (None, (0, None), (0, None), (0, None), None, (None, None), 0.0),
}
"""Score; lines and points of quality, cost and delivery; lead time; shares on time and in full; bought in a year."""


def offers(units: int, chosen: str = "acme") -> list[OfferView]:
    """Three suppliers: the cheapest in all, a cheaper one that comes late, and one that is suspended."""
    rows = [
        ("acme", "Acme Medical", False, 88.0, None, 12.5, 20.0, 3.1, 14.2, 0.07, "cheapest"),
        ("nord", "Nordfrisk", False, 71.0, 900, 11.9, 35.0, 5.2, 212.4, 0.41, "late"),
        ("lido", "Lido Packaging", True, None, None, 10.0, 9.0, 2.0, 3.0, 0.02, "suspended"),
    ]
    found = []
    for id_, name, suspended, score, stock, price, fixed, days, late, risk, why in rows:
        paid, taken = units * price + fixed, units if id_ == chosen else 0
        said = why if chosen == "acme" else "only_one" if taken else ""
        shown = (units, price, paid, days, late, risk, paid + late, taken, said)
        found.append(OfferView(id_, name, suspended, score, stock, *shown))
    return sorted(found, key=lambda one: -one.chosen)


def sourced(sku: str, units: int, supplier: str) -> dict[str, object]:
    """What is kept with an order of why it went to its supplier; `supplier` "" is the proposed one."""
    asked = offers(units, supplier or "acme")
    split = {
        "supplier": asked[0].supplier, "units": units, "price": asked[0].price, "cost": asked[0].cost,
        "due_days": asked[0].due_days, "why": asked[0].why,
    }  # fmt: skip
    rejected = [
        {"supplier": one.supplier, "units": one.units, "cost": one.total, "reason": one.why, "saves": 0.0}
        for one in asked[1:]
        if not supplier
    ]
    larger = {"supplier": asked[0].supplier, "units": 480, "cost": None, "reason": "larger_lot", "saves": 61.5}
    return {
        "sku": sku, "splits": [split], "rejected": [*rejected, larger], "late_cost": 14.2, "risk": 0.07,
        "by_hand": supplier != "", "offers": asked,
    }  # fmt: skip


def heard(data: bytes, supplier: str, orders: list[Order]) -> tuple[Document, list[answers.Step | Refusal]]:
    """A paper, and what it asks for."""
    document = read(data)
    return document, answers.steps(SITE, Partner(supplier, Mailbox(OURS), Mailbox(THEIRS)), document, orders)


def paper(kind: str, group: str, *body: str) -> bytes:
    """An X12 paper from the supplier, of these segments."""
    said = [f"ST*{kind}*0001", *body, f"SE*{len(body) + 2}*0001"]
    head = [
        f"ISA*00*          *00*          *ZZ*{THEIRS:15}*ZZ*{OURS:15}*251122*1000*U*00401*000000001*0*P*>",
        f"GS*{group}*{THEIRS}*{OURS}*20251122*1000*1*X*004010",
    ]
    return "~\n".join([*head, *said, "GE*1*1", "IEA*1*000000001", ""]).encode()


def card(
    supplier: str, open_orders: int, scores: dict[tuple[str, str], tuple[float, str, int]], stock: list[dict[str, Any]]
) -> dict[str, Any]:
    """A supplier's card, with what people entered of it (points, who, when) and what it told it has."""
    score, quality, cost, delivery, lead, (on_time, in_full), a_year = _MEASURED[supplier]
    parts = []
    for name, weight, seen in (("quality", 30, quality), ("cost", 25, cost), ("delivery", 20, delivery),
                               ("service", 15, None), ("innovation", 10, None)):  # fmt: skip
        given = scores.get((supplier, name))
        n, known = seen or ((1, given[0]) if given else (0, None))
        by, at_ms = (given[1], given[2]) if given else ("", 0)
        parts.append({"criterion": name, "value": known, "n": n, "weight": weight, "by": by, "at_ms": at_ms})
    return {
        "id": supplier, "name": NAMES[supplier], "suspended": supplier == "lido", "score": score, "weights": {},
        "parts": parts, "lead_time_days": lead and lead[0], "lead_time_sd_days": lead and lead[1], "on_time": on_time,
        "lead_lines": delivery[0], "lines": delivery[0], "in_full": in_full, "value_year": a_year,
        "open_orders": open_orders, "stock": stock,
    }  # fmt: skip
