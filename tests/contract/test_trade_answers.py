"""A supplier's machine over the real web: the papers that it sends, done with its own orders, once, or refused.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.trade_partners import (
    answered,
    begin,
    day,
    days_off,
    despatch,
    edifact,
    machine,
    ordered,
    renumbered,
    sent,
    x12,
)
from tests.contract.trade_site import TradeSite

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples" / "edi"


async def state(trading: TradeSite, order: int) -> Any:
    """An order as it is, and as it was."""
    return await trading.get(f"/api/v1/orders/{order}")


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


async def test_a_dearer_price_is_the_sites_to_decide_and_nothing_is_confirmed_at_it(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=500, nut=200)

    told = await sent(trading, "acme", from_acme("x12_855_short.edi", mine).replace("*500*EA*0.50*", "*500*EA*9.50*"))

    [asks] = told["done"]
    assert (asks["action"], asks["order"]["state"]) == ("ask", "sent")
    order = (await state(trading, mine))["order"]
    assert [(one["units"], one["unit_price"]) for one in order["lines"]] == [(500, 0.5), (200, 0.2)]
    asks = order["asking"][0]
    assert (asks["sku"], asks["units"], asks["unit_price"]) == ("bolt", 450, 9.5)


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
    "its own order": (
        lambda _: x12("850", "PO", "BEG*00*NE*1**20251122", "PO1*1*1*EA*1**BP*bolt"), "not_expected", "",
    ),
    "an answer taken back": (lambda order: x12("855", "PR", f"BAK*01*AD*PO-{order}*20251122"), "not_original", "BAK01"),
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


@pytest.mark.parametrize("said", ["", "good morning", "\x00\x1f" * 500, "ISA*00*"])
async def test_what_can_not_be_read_is_refused_as_a_whole(trading: TradeSite, said: str) -> None:
    await begin(trading)

    status, _, body = await machine(trading, "acme", "POST", "/api/v1/portal/papers", said)

    told = json.loads(body)
    assert (status, told["error"]) == (422, "not_read")
    assert "X12 (ISA...)" in told["hint"] or said == "ISA*00*"


async def test_a_dispatch_that_is_cancelled_or_replaced_ships_nothing_more(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    paper = despatch("ASN-1", f"PO-{mine}", day(trading, 2), bolt=20)
    await sent(trading, "acme", paper)

    for code, number in (("01", "ASN-1"), ("05", "ASN-1"), ("01", "ASN-2"), ("05", "ASN-2")):
        again = renumbered(paper.replace("BSN*00*ASN-1", f"BSN*{code}*{number}"))
        [no] = (await sent(trading, "acme", again))["done"]
        assert (no["reason"], number in no["detail"], "BSN01" in no["detail"]) == ("not_original", True, True)

    assert trading.service.trade.position("bolt").in_transit == 20


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


async def test_an_856_that_says_something_else_under_its_number_is_told_so(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    await sent(trading, "acme", despatch("ASN-1", f"PO-{mine}", day(trading, 2), bolt=20))

    for other in (
        despatch("ASN-1", f"PO-{mine}", day(trading, 2), bolt=30),
        despatch("ASN-1", f"PO-{mine}", day(trading, 3), bolt=20),
    ):
        [no] = (await sent(trading, "acme", other))["done"]
        assert (no["reason"], "ASN-1" in no["detail"], "number of its own" in no["hint"]) == ("key_used", True, True)
    assert trading.service.trade.position("bolt").in_transit == 20


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
            (await machine(trading, "acme", method, f"/api/v1/portal/papers{path}", body))[0]
            for method, path, body in (("POST", "", paper), ("GET", "/846", None), ("GET", "/EPCIS", None))
        ]
    assert statuses == [503] * 3
    assert (await state(trading, mine))["order"]["lines"][0]["shipped"] == 0

    await sent(trading, "acme", paper)
    assert (await state(trading, mine))["order"]["lines"][0]["shipped"] == 60


async def test_letters_beyond_english_come_through_as_they_were_sent(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, "boltco", tape=12)
    item = "LIN+1+3+Größe:SA"
    answer = edifact("ORDRSP", "BGM+231+A1+4", f"RFF+ON:PO-{mine + 7}", item, "QTY+21:12:PCE", "UNS+S")
    wrong = edifact("DESADV", "BGM+351+N1+9", f"RFF+ON:PO-{mine}", "CPS+1", "LIN+1++Größe:IN", "QTY+12:8:PCE")

    assert (await sent(trading, "boltco", answer.encode("latin-1")))["done"][0]["reason"] == "no_such_order"
    [no] = (await sent(trading, "boltco", wrong.encode("latin-1")))["done"]

    assert "Größe" in no["detail"]
