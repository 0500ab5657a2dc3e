"""A supplier's machine over the real web: an interchange that comes again, or late, or is larger than other writes.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocols.documents.reading import read
from protocols.documents.trade import Order
from tests.contract.trade_partners import (
    answered,
    begin,
    despatch,
    edifact,
    fetched,
    machine,
    ordered,
    renumbered,
    sent,
    x12,
)
from tests.contract.trade_site import TradeSite

PAPERS = "/api/v1/portal/papers"


async def changed(trading: TradeSite, order: int, **line: Any) -> None:
    """The site wants a line otherwise, two days later."""
    trading.clock.pass_ms(2 * 86_400_000)
    await trading.post(f"/api/v1/orders/{order}/change", {"lines": [line]}, "mo")


async def test_an_interchange_that_comes_again_is_answered_and_confirms_nothing_it_was_not_about(
    trading: TradeSite,
) -> None:
    await begin(trading)
    mine, theirs = await ordered(trading, bolt=10), await ordered(trading, "boltco", tape=10)
    papers = {
        "acme": (mine, "bolt", answered(mine, verdict="AD")),
        "boltco": (theirs, "tape", edifact("ORDRSP", "BGM+231+A1+29", f"RFF+ON:PO-{theirs}")),
    }
    for supplier, (order, sku, paper) in papers.items():
        first = await sent(trading, supplier, paper)
        await changed(trading, order, sku=sku, units=100)
        await trading.restart()

        again = await sent(trading, supplier, paper)

        assert (first["again"], again["again"]) == (False, True)
        assert [(one["action"], one["order"]["id"]) for one in again["done"]] == [("confirm", order)]
        now = (await trading.get(f"/api/v1/orders/{order}"))["order"]
        assert (now["state"], now["lines"][0]["units"], again["done"][0]["order"]["state"]) == ("sent", 100, "sent")


async def test_another_paper_under_a_number_that_came_before_is_refused(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    paper = despatch("ASN-1", f"PO-{mine}", "20251125", bolt=20)
    await sent(trading, "acme", paper)

    status, _, body = await machine(trading, "acme", "POST", PAPERS, paper.replace("ASN-1", "ASN-2"))

    assert (status, json.loads(body)["error"]) == (409, "key_used")
    assert trading.service.trade.position("bolt").in_transit == 20


async def test_what_nothing_was_done_of_may_come_again_under_its_number_when_it_is_right(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    paper = answered(mine, verdict="AD")

    for wrong in (paper[:-40], paper.replace("GE*1*", "GE*2*"), paper.replace("IEA*1*", "IEA*2*")):
        assert (await sent(trading, "acme", wrong))["error"] == "unsafe"
    assert (await sent(trading, "acme", paper.replace(f"PO-{mine}*", "PO-99*")))["error"] == "no_such_order"

    assert (await sent(trading, "acme", paper))["done"][0]["order"]["state"] == "confirmed"


@pytest.mark.parametrize(
    ("made", "told", "reason"),
    [
        ("251122*1000", [], "older"),
        ("251122*1000", ["PO1*1*50*EA**BP*bolt~ACK*IA*50*EA"], "older"),
        ("251123*2100", [], "older"),
        ("251123*2100", ["PO1*1*50*EA**BP*bolt~ACK*IA*50*EA"], ""),
        ("251123*2200", [], ""),
        ("      *    ", [], ""),
    ],
)
async def test_an_answer_from_before_the_last_change_is_none_to_the_order_as_it_is(
    trading: TradeSite, made: str, told: list[str], reason: str
) -> None:
    """The change is of 2025-11-23, 22:00 UTC. An hour before that may be after it in another time zone."""
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    await changed(trading, mine, sku="bolt", units=50)
    paper = answered(mine, *told, verdict="AC" if told else "AD").replace("*251122*1000*U", f"*{made}*U")

    found = await sent(trading, "acme", paper)

    assert found.get("error", "") == reason
    state = (await trading.get(f"/api/v1/orders/{mine}"))["order"]["state"]
    assert state == ("sent" if reason else "confirmed")


async def test_an_edifact_partner_gets_a_changed_order_anew_and_a_cancelled_one_as_such(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, "boltco", tape=12)
    path = f"/api/v1/portal/orders/{mine}/papers/ORDERS"
    found = [await fetched(trading, "boltco", path)]
    await changed(trading, mine, sku="tape", units=9)
    found.append(await fetched(trading, "boltco", path))
    await trading.post(f"/api/v1/orders/{mine}/cancel", {}, "mo")
    found.append(await fetched(trading, "boltco", path))

    told = [paper for data in found for paper in read(data).contents]
    orders = [one for one in told if isinstance(one, Order)]
    assert [(one.purpose, one.lines[0].quantity) for one in orders] == [("", 12), ("replace", 9), ("cancel", 9)]


async def test_a_dispatch_of_a_thousand_lines_is_taken_and_what_is_beyond_eight_mib_is_not(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=2_000)
    goods = [line for at in range(1_000) for line in (f"HL*{at + 3}*2*I", "LIN**BP*bolt", "SN1**2*EA")]
    head = ["BSN*00*BIG*20251122*1200", "HL*1**S", "HL*2*1*O", f"PRF*PO-{mine}"]
    paper = x12("856", "SH", *head, *goods, *["REF*ZZ*" + "x" * 70] * 500)
    assert len(paper) > 64 * 1024

    [done] = (await sent(trading, "acme", paper))["done"]
    status, _, body = await machine(trading, "acme", "POST", PAPERS, paper + " " * (8 << 20))

    assert done["order"]["lines"][0]["shipped"] == 2_000
    assert (status, json.loads(body)["error"], "8 MiB" in json.loads(body)["detail"]) == (413, "too_large", True)
    plain = b'{"skus": {}}' + b" " * (64 << 10)
    assert (await machine(trading, "acme", "POST", "/api/v1/portal/stock", plain))[0] == 413


async def test_a_dearer_paper_asks_and_a_repeated_one_asks_no_more(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=100)
    paper = answered(mine, "PO1*1*100*EA*20**BP*bolt", "ACK*IQ*10*EA")

    found = [await sent(trading, "acme", one) for one in (paper, paper, renumbered(paper + " "))]

    assert [one["done"][0]["action"] for one in found] == ["ask"] * 3
    assert [one["done"][0]["order"]["version"] for one in found] == [4, 4, 4]
    order = (await trading.get(f"/api/v1/orders/{mine}"))["order"]
    assert (order["state"], order["value"], order["asking"][0]["unit_price"]) == ("sent", 50.0, 20.0)
