"""A supplier's machine over the real web: the papers it fetches, as others' readers judge them, and those it sends.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from protocols.documents.papers import Event
from protocols.documents.reading import read
from protocols.documents.trade import Activity, Order, StockReport
from tests.contract.test_documents_judges import assert_counted, judged, segments, validator
from tests.contract.trade_partners import (
    MACHINES,
    begin,
    day,
    days_off,
    despatch,
    edifact,
    fetched,
    machine,
    ordered,
    sent,
    x12,
)
from tests.contract.trade_site import TradeSite
from tests.depot import DAY_MS

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples" / "edi"


def only(data: bytes, kind: type[Any]) -> Any:
    """The one paper of an interchange, by our own reader, which finds nothing wrong with it."""
    document = read(data)
    assert document.problems == []
    (found,) = document.contents
    assert isinstance(found, kind)
    return found


def number(data: bytes) -> int:
    """The number of an X12 interchange."""
    return int(judged(data).header.element(13))


def answered(order: int, *lines: str, verdict: str = "AC") -> str:
    """An 855."""
    return x12("855", "PR", f"BAK*00*{verdict}*PO-{order}*20251122", *lines)


async def state(trading: TradeSite, order: int) -> Any:
    """An order as it is, and as it was."""
    return await trading.get(f"/api/orders/{order}")


async def test_a_suppliers_machine_fetches_what_its_own_shelves_hold(trading: TradeSite) -> None:
    await begin(trading)
    await trading.weigh("A1", 42)
    await trading.weigh("B1", 70)
    await trading.weigh("A1", 30)
    await trading.tick(5)

    stock, moved = [await fetched(trading, "acme", f"/api/portal/papers/{kind}") for kind in ("846", "852")]

    assert [one.transactions[0].header.element(1) for data in (stock, moved) for one in judged(data).groups] == [
        b"846",
        b"852",
    ]
    [line] = only(stock, StockReport).lines
    assert (line.item.number, line.item.gtin, line.quantity, line.unit) == ("bolt", "04006381333931", 30.0, "EA")
    [line] = only(moved, Activity).lines
    assert line.item.number == "bolt"
    told = {"on_hand": 30.0, "available": 30.0, "sold": 12.0, "minimum": 10.0, "maximum": 200.0}
    assert told.items() <= line.quantities.items()
    assert b"nut" not in stock + moved


async def test_an_edifact_partner_gets_its_stock_by_edifact(trading: TradeSite) -> None:
    await begin(trading)
    await trading.post("/api/book", {"kind": "receipt", "sku": "tape", "units": 7, "unit_cost": 2.0})

    data = await fetched(trading, "boltco", "/api/portal/papers/INVRPT")

    found = segments(data)
    assert_counted(found, 1)
    assert ("LIN", ["1", "", ["tape", "IN"]]) in found
    [line] = only(data, StockReport).lines
    assert (line.item.number, line.quantity) == ("tape", 7.0)
    status, _, body = await machine(trading, "boltco", "GET", "/api/portal/papers/846")
    assert (status, json.loads(body)["error"]) == (422, "other_standard")


async def test_what_came_and_went_is_told_as_events_that_gs1s_schema_takes(trading: TradeSite) -> None:
    await begin(trading)
    await trading.weigh("A1", 42)
    await trading.weigh("A1", 30)
    await trading.post("/api/book", {"kind": "receipt", "sku": "bolt", "units": 5, "lot": "L1", "unit_cost": 0.5})
    wrong = await trading.post("/api/book", {"kind": "receipt", "sku": "bolt", "units": 500, "unit_cost": 0.5})
    await trading.post("/api/book", {"kind": "receipt", "sku": "bolt", "units": 1, "ref": f"entry:{wrong['id']}"})

    status, content, data = await machine(trading, "acme", "GET", "/api/portal/papers/EPCIS")
    again = await fetched(trading, "acme", "/api/portal/papers/EPCIS")

    assert (status, content) == (200, "application/json")
    assert [one.message for one in validator().iter_errors(json.loads(data))] == []
    events = [one for one in read(data).contents if isinstance(one, Event)]
    assert sorted((one.step, one.goods[0].quantity) for one in events) == [("picking", 12.0), ("receiving", 5.0)]
    assert [one.id for one in read(again).contents if isinstance(one, Event)] == [one.id for one in events]


async def test_the_weeks_picks_are_counted_once_and_only_those_of_the_week(trading: TradeSite) -> None:
    """Said at a slot, a pick only explains what the shelf saw; what was taken back was never picked."""
    await begin(trading)
    await trading.weigh("A1", 100)
    await trading.weigh("A1", 80)
    await trading.hours(8 * 24)
    await trading.weigh("A1", 70)
    await trading.post("/api/book", {"kind": "pick", "sku": "bolt", "units": -10, "place": "A1"})
    await trading.post("/api/book", {"kind": "receipt", "sku": "bolt", "units": 30, "unit_cost": 0.5})
    wrong = await trading.post("/api/book", {"kind": "pick", "sku": "bolt", "units": -4})
    await trading.post("/api/book", {"kind": "pick", "sku": "bolt", "units": -1, "ref": f"entry:{wrong['id']}"})

    [line] = only(await fetched(trading, "acme", "/api/portal/papers/852"), Activity).lines

    assert (line.quantities["sold"], line.quantities["received"], line.quantities["on_hand"]) == (10.0, 30.0, 100.0)


async def test_an_order_is_fetched_by_whose_it_is_once_it_was_sent(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60, nut=100)
    theirs = await ordered(trading, "boltco", tape=5)
    draft = (await trading.post("/api/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 1}]}))["id"]

    data = await fetched(trading, "acme", f"/api/portal/orders/{mine}/papers/850")
    other = await fetched(trading, "boltco", f"/api/portal/orders/{theirs}/papers/ORDERS")
    asked = [
        (await machine(trading, who, "GET", f"/api/portal/orders/{order}/papers/{kind}"))[0]
        for who, order, kind in (
            ("acme", theirs, "850"), ("acme", draft, "850"), ("acme", 99, "850"), ("boltco", mine, "ORDERS"),
            ("acme", mine, "846"), ("acme", mine, "999"),
        )
    ]  # fmt: skip

    assert judged(data).groups[0].transactions[0].header.element(1) == b"850"
    paper = only(data, Order)
    assert (paper.number, paper.currency) == (f"PO-{mine}", "EUR")
    assert [(one.item.number, one.quantity, float(one.price)) for one in paper.lines] == [
        ("bolt", 60.0, 0.5),
        ("nut", 100.0, 0.2),
    ]
    assert_counted(segments(other), 1)
    assert only(other, Order).number == f"PO-{theirs}"
    assert asked == [404] * 6
    assert (await trading.ask("bo", "GET", f"/api/orders/{theirs}/papers/ORDERS"))[0] == 200
    assert (await trading.ask("bo", "GET", f"/api/orders/{draft}/papers/850"))[0] == 422


async def test_a_change_of_a_sent_order_is_told_until_it_is_cancelled(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    path = f"/api/portal/orders/{mine}/papers/860"
    assert (await machine(trading, "acme", "GET", path))[0] == 422
    await trading.post(f"/api/orders/{mine}/change", {"lines": [{"sku": "bolt", "units": 50}]})
    changed = await fetched(trading, "acme", path)
    await trading.post(f"/api/orders/{mine}/cancel", {})
    cancelled = await fetched(trading, "acme", path)

    assert [judged(one).groups[0].transactions[0].header.element(1) for one in (changed, cancelled)] == [b"860"] * 2
    assert b"POC*1*QD*50" in changed
    assert b"BCH*01*" in cancelled


async def test_the_numbers_of_interchanges_rise_whoever_asks_at_once_and_over_restarts(trading: TradeSite) -> None:
    await begin(trading)
    await trading.weigh("A1", 42)
    path = "/api/portal/papers/846"

    at_once = await asyncio.gather(*(fetched(trading, "acme", path) for _ in range(20)))
    await trading.restart()
    after = [number(await fetched(trading, "acme", path)) for _ in range(2)]

    assert sorted(map(number, at_once)) == [*range(1, 21)]
    assert after == [21, 22]


def from_acme(name: str, order: int, **changes: str) -> str:
    """A real 855 as Acme would send it about one of our orders."""
    if not SAMPLES.is_dir():
        pytest.skip(f"{SAMPLES} is not there")
    said = (SAMPLES / name).read_text()
    swaps = {"*ZZ*BUYER          *": "*ZZ*DEPOT          *", "*0*T*:~": "*0*P*:~", "PO-1042": f"PO-{order}"}
    swaps |= {"MOTOR-100": "bolt", "SENSOR-22": "nut", "*12.00*": "*0.50*", "*8.50*": "*0.20*", "*12.50*": "*0.50*"}
    for old, new in (swaps | changes).items():
        assert old in said or old not in changes, old
        said = said.replace(old, new)
    return re.sub(r"\*067\*202607(\d\d)", r"*067*202512\1", said)


async def test_a_real_855_confirms_the_order_with_its_dates(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=500, nut=200)

    told = await sent(trading, "acme", from_acme("x12_855_exact.edi", mine))
    again = await sent(trading, "acme", from_acme("x12_855_exact.edi", mine))

    [done] = told["done"]
    assert (done["action"], done["order"]["state"]) == ("confirm", "confirmed")
    assert [(one["units"], days_off(trading, one["due_ms"])) for one in done["order"]["lines"]] == [
        (500, 19),
        (200, 21),
    ]
    assert again["done"][0]["order"]["version"] == done["order"]["version"]
    found = await state(trading, mine)
    assert [one["action"] for one in found["versions"]] == ["draft", "approve", "send", "confirm"]
    assert found["versions"][-1]["by"] == "acme-erp"
    assert trading.service.trade.position("bolt").on_order == 500


async def test_a_real_855_that_gives_less_leaves_the_rest_to_be_bought_again(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=500, nut=200)

    told = await sent(trading, "acme", from_acme("x12_855_short.edi", mine))

    assert [one["units"] for one in told["done"][0]["order"]["lines"]] == [450, 200]
    assert trading.service.trade.position("bolt").on_order == 450


async def test_a_dearer_price_is_the_sites_to_decide_and_nothing_of_the_answer_is_done(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=500, nut=200)

    told = await sent(trading, "acme", from_acme("x12_855_short.edi", mine).replace("*500*EA*0.50*", "*500*EA*9.50*"))

    [no] = told["done"]
    assert no["reason"] == "above_limit"
    assert (await state(trading, mine))["order"]["state"] == "sent"


async def test_an_856_ships_once_however_often_it_comes(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60, nut=100)
    paper = despatch("ASN-1", f"PO-{mine}", day(trading, 2), bolt=60, nut=40)

    told = await asyncio.gather(*(sent(trading, "acme", paper) for _ in range(10)))
    await trading.restart()
    told.append(await sent(trading, "acme", paper))

    assert {one["done"][0]["order"]["version"] for one in told} == {4}
    lines = told[0]["done"][0]["order"]["lines"]
    assert [(one["shipped"], days_off(trading, one["due_ms"])) for one in lines] == [(60, 2), (40, 2)]
    standing = trading.service.trade.position
    assert (standing("bolt").in_transit, standing("nut").in_transit, standing("nut").on_order) == (60, 40, 60)
    await sent(trading, "acme", despatch("ASN-2", f"PO-{mine}", day(trading, 4), nut=60))
    assert standing("nut").in_transit == 100


async def test_a_real_856_is_taken_by_what_the_order_calls_its_goods(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=100)
    if not SAMPLES.is_dir():
        pytest.skip(f"{SAMPLES} is not there")
    said = (SAMPLES / "x12_856_basic.edi").read_text()
    for old, new in (
        ("SENDERID       ", "ACME           "), ("RECEIVERID     ", "DEPOT          "), ("PO-100245", f"PO-{mine}"),
    ):  # fmt: skip
        said = said.replace(old, new)

    [no] = (await sent(trading, "acme", said))["done"]
    [done] = (await sent(trading, "acme", said.replace("VP*SKU-12345", "BP*bolt")))["done"]

    assert (no["reason"], "SKU-12345" in no["detail"], "bolt" in no["hint"]) == ("no_such_line", True, True)
    assert (done["action"], done["order"]["lines"][0]["shipped"]) == ("ship", 100)


async def test_edifacts_ordrsp_and_desadv_do_the_same(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, "boltco", tape=12)
    order = f"RFF+ON:PO-{mine}"
    lines = ("LIN+1+3+tape:IN", "QTY+21:12:PCE", "QTY+12:8:PCE", f"DTM+67:{day(trading, 3)}:102", "UNS+S")
    answer = edifact("ORDRSP", "BGM+231+A1+4", order, *lines)
    dispatch = edifact("DESADV", "BGM+351+N1+9", order, "CPS+1", "LIN+1++tape:IN", "QTY+12:8:PCE")

    [done] = (await sent(trading, "boltco", answer))["done"]
    assert (done["order"]["state"], done["order"]["lines"][0]["units"]) == ("confirmed", 8)
    assert days_off(trading, done["order"]["lines"][0]["due_ms"]) == 3
    for _ in range(2):
        [done] = (await sent(trading, "boltco", dispatch))["done"]
        assert done["order"]["lines"][0]["shipped"] == 8


NOT_FIT: dict[str, tuple[Callable[[int], str], str, str]] = {
    "others": (lambda order: answered(order + 1, verdict="AD"), "no_such_order", "BAK03"),
    "cartons": (lambda order: answered(order, "PO1*1*60*EA*0.5**BP*bolt", "ACK*IA*5*CT"), "unit", "ACK"),
    "other goods": (lambda order: answered(order, "PO1*1*60*EA*0.5**BP*gear", "ACK*IA*60*EA"), "no_such_line", "PO1"),
    "unknown code": (lambda order: answered(order, "PO1*1*60*EA*0.5**BP*bolt", "ACK*ZZ*60*EA"), "unknown_code", "ACK"),
    "no day": (
        lambda order: answered(order, "PO1*1*60*EA*0.5**BP*bolt", "ACK*IA*60*EA*067*20010101"), "date", "ACK",
    ),
    "more": (lambda order: answered(order, "PO1*1*60*EA*0.5**BP*bolt", "ACK*IQ*70*EA"), "more_than_ordered", "bolt"),
    "rejected": (lambda order: answered(order, verdict="RD"), "declined", "PO-"),
    "too many": (lambda order: despatch("N1", f"PO-{order}", "20251125", bolt=61, nut=900), "too_many", "nut"),
    "others' dispatch": (
        lambda order: despatch("N1", f"PO-{order + 1}", "20251125", tape=1), "no_such_order", "PRF01",
    ),
    "no number": (lambda order: despatch("", f"PO-{order}", "20251125", bolt=1), "no_number", "BSN02"),
    "other mailbox": (
        lambda order: x12("855", "PR", f"BAK*00*AD*PO-{order}*20251122", sender="BOLTCO"), "other_sender", "BOLTCO",
    ),
    "a test": (lambda order: x12("855", "PR", f"BAK*00*AD*PO-{order}*20251122", usage="T"), "test", "test"),
    "its own order": (lambda order: x12("850", "PO", "BEG*00*NE*1**20251122", "PO1*1*1*EA*1**BP*bolt"), "not_expected", ""),
    "nothing": (lambda _: "", "not_read", ""),
    "no paper": (lambda _: "good morning", "not_read", ""),
    "bytes": (lambda _: "\x00\x1f" * 500, "not_read", ""),
    "cut": (lambda order: answered(order, verdict="AD")[:-40], "unsafe", ""),
}  # fmt: skip


@pytest.mark.parametrize("what", [*NOT_FIT])
async def test_what_does_not_fit_comes_back_with_its_place_and_nothing_is_half_done(
    trading: TradeSite, what: str
) -> None:
    made, reason, place = NOT_FIT[what]
    await begin(trading)
    mine, theirs = await ordered(trading, bolt=60, nut=100), await ordered(trading, "boltco", tape=5)
    assert theirs == mine + 1
    before = [await state(trading, one) for one in (mine, theirs)]

    told = await sent(trading, "acme", made(mine))

    [no] = told["done"]
    assert (no["reason"], place in no["detail"]) == (reason, True), no
    assert no["hint"]
    assert [await state(trading, one) for one in (mine, theirs)] == before
    assert trading.service.trade.position("bolt").on_order == 60


async def test_of_two_orders_in_one_paper_the_one_that_fits_is_done(trading: TradeSite) -> None:
    await begin(trading)
    first, second = await ordered(trading, bolt=60), await ordered(trading, nut=100)
    head = ["BSN*00*ASN-1*20251122*1200", "HL*1**S"]
    goods = [
        f"HL*2*1*O~PRF*PO-{first}~HL*3*2*I~LIN**BP*bolt~SN1**60*EA",
        f"HL*4*1*O~PRF*PO-{second}~HL*5*4*I~LIN**BP*nut~SN1**40*CT",
    ]

    told = (await sent(trading, "acme", x12("856", "SH", *head, *goods, "CTT*2")))["done"]

    assert [one.get("reason") or one["action"] for one in told] == ["ship", "unit"]
    assert (await state(trading, second))["order"]["lines"][0]["shipped"] == 0


async def test_two_dispatches_of_one_order_in_one_paper_are_both_done(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    first, second = (despatch(f"ASN-{one}", f"PO-{mine}", day(trading, 2), bolt=30) for one in (1, 2))
    sets = [one[one.index("ST*") : one.index("GE*")] for one in (first, second)]
    both = first.replace(sets[0], sets[0] + sets[1].replace("*0001", "*0002")).replace("GE*1*", "GE*2*")

    told = (await sent(trading, "acme", both))["done"]

    assert [one["order"]["lines"][0]["shipped"] for one in told] == [30, 60]


async def test_while_the_ledger_is_away_nothing_is_done_and_later_all_is(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    paper = despatch("ASN-1", f"PO-{mine}", day(trading, 2), bolt=60)

    with trading.away():
        statuses = [
            (await machine(trading, "acme", method, f"/api/portal/papers{path}", body))[0]
            for method, path, body in (("POST", "", paper), ("GET", "/846", None), ("GET", "/EPCIS", None))
        ]
    assert statuses == [503] * 3
    assert (await state(trading, mine))["order"]["lines"][0]["shipped"] == 0

    await sent(trading, "acme", paper)
    assert (await state(trading, mine))["order"]["lines"][0]["shipped"] == 60


async def test_papers_are_for_suppliers_and_a_machine_needs_no_more_than_its_token(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    paper = answered(mine, verdict="AD")

    for name in ("ada", "bo", "mo"):
        assert (await trading.ask(name, "GET", "/api/portal/papers/846"))[0] == 403
        assert (await trading.ask(name, "POST", "/api/portal/papers", paper.encode()))[0] == 403
    for token in ("wrong", ""):
        assert (await machine(trading, token, "POST", "/api/portal/papers", paper))[0] == 401
    for path in ("/api/orders", "/api/orders/1/papers/850", "/api/stock", "/api/webhooks", "/api/book"):
        assert (await machine(trading, "acme", "GET", path))[0] == 403
    assert (await trading.ask("su", "POST", "/api/portal/papers", paper.encode()))[0] == 200
    confirm = msgspec.json.encode({"lines": [{"sku": "bolt", "due_ms": trading.clock() + DAY_MS}]})
    path = f"/api/portal/orders/{mine}/confirm"
    assert (await machine(trading, "acme", "POST", path, confirm))[0] == 200
    assert (await machine(trading, "boltco", "POST", path, confirm))[0] == 404


async def test_without_mailboxes_there_are_no_papers_but_events(trading: TradeSite) -> None:
    await begin(trading)
    trading.text = trading.site_file().replace('our_mailbox = "DEPOT"\n', "")
    await trading.restart()
    await trading.weigh("A1", 42)
    await trading.weigh("A1", 30)

    status, _, body = await machine(trading, "acme", "GET", "/api/portal/papers/846")
    assert (status, json.loads(body)["error"]) == (422, "no_mailbox")
    status, _, body = await machine(trading, "acme", "POST", "/api/portal/papers", answered(1, verdict="AD"))
    assert (status, json.loads(body)["error"]) == (422, "no_mailbox")
    assert (await machine(trading, "acme", "GET", "/api/portal/papers/EPCIS"))[0] == 200


async def test_letters_beyond_english_come_through_as_they_were_sent(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, "boltco", tape=12)
    item = "LIN+1+3+Größe:SA"
    answer = edifact("ORDRSP", "BGM+231+A1+4", f"RFF+ON:PO-{mine + 7}", item, "QTY+21:12:PCE", "UNS+S")
    wrong = edifact("DESADV", "BGM+351+N1+9", f"RFF+ON:PO-{mine}", "CPS+1", "LIN+1++Größe:IN", "QTY+12:8:PCE")

    assert (await sent(trading, "boltco", answer.encode("latin-1")))["done"][0]["reason"] == "no_such_order"
    [no] = (await sent(trading, "boltco", wrong.encode("latin-1")))["done"]

    assert "Größe" in no["detail"]
    assert {*MACHINES} == {"acme", "boltco"}
