"""A supplier's paper does with its own orders what it says, once, and nothing where anything in it is left open."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.days import noon_ms
from cloud.core.purchasing.answers import Step, steps
from cloud.core.purchasing.orders import AskedLine, Line, Order
from cloud.core.purchasing.papers import Partner
from cloud.core.refusals import Refusal
from protocols.documents.reading import read
from protocols.documents.sending import Mailbox
from protocols.layout import About, Site, Sku
from protocols.trade import Buying

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "edi"
in_the_field = pytest.mark.skipif(
    not SAMPLES.exists(), reason="the papers (../shared/samples beside the project) are not here"
)
NOW = 1_780_305_000_000
"""2026-06-01."""
SITE = Site(
    About("north", "Warehouse North", "Europe/Berlin"),
    [],
    [Sku("bolt", "Bolt", 5.0, gtin="5901234123457"), Sku("nut", "Nut", 2.0)],
)
PARTNER = Partner("acme", Mailbox("BUYER"), Mailbox("ACME"))
ORDER = Order(
    "acme", [Line("bolt", 500, 0.12), Line("nut", 200, 0.05)], "sent", NOW, NOW, "jo", sent_ms=NOW, version=3, id=7
)
OTHERS = replace(ORDER, supplier="rival", id=8)
DRAFT = replace(ORDER, state="draft", sent_ms=0, id=9)
ORDERS = [ORDER, OTHERS, DRAFT]


def x12(kind: str, *segments: str, sender: str = "ACME", receiver: str = "BUYER") -> bytes:
    """An interchange with one transaction."""
    code = {"855": "PR", "856": "SH", "850": "PO"}[kind]
    isa = f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{receiver:15}*260602*1200*U*00401*000000001*0*P*>"
    group = (f"GS*{code}*{sender}*{receiver}*20260602*1200*1*X*004010", f"ST*{kind}*0001")
    ends = (f"SE*{len(segments) + 2}*0001", "GE*1*1", "IEA*1*000000001")
    return "~".join([isa, *group, *segments, *ends, ""]).encode()


def edifact(kind: str, *segments: str) -> bytes:
    """An interchange with one message."""
    head = ("UNB+UNOC:3+ACME:ZZZ+BUYER:ZZZ+260602:1200+1", f"UNH+1+{kind}:D:96A:UN")
    return "'".join(["UNA:+.? ", *head, *segments, f"UNT+{len(segments) + 2}+1", "UNZ+1+1", ""]).encode()


def asked(data: bytes, orders: list[Order] | None = None) -> list[Step | Refusal]:
    return steps(SITE, PARTNER, read(data), ORDERS if orders is None else orders)


def only(data: bytes, orders: list[Order] | None = None) -> Step:
    (found,) = asked(data, orders)
    assert isinstance(found, Step), found
    return found


def refused(data: bytes) -> Refusal:
    (found,) = asked(data)
    assert isinstance(found, Refusal), found
    return found


def noon(day: str) -> int:
    found = noon_ms("Europe/Berlin", day)
    assert found is not None
    return found


BAK = "BAK*00*AC*PO-7*20260602"
NUT = ("PO1*2*200*EA*0.05**BP*nut", "ACK*IA*200*EA*067*20260612")


def test_an_855_confirms_units_dates_and_prices() -> None:
    found = only(x12("855", BAK, "PO1*1*500*EA*0.11**BP*bolt*VP*A-100", "ACK*IQ*450*EA*067*20260615", *NUT, "CTT*2"))
    assert (found.order, found.action) == (ORDER, "confirm")
    assert found.units == {"bolt": 450, "nut": 200}
    assert found.dues == {"bolt": noon("2026-06-15"), "nut": noon("2026-06-12")}
    assert found.prices == {"bolt": 0.11}

    after = found.taken("acme", NOW + 1, Buying())
    assert isinstance(after, Order)
    assert (after.state, after.version, [line.units for line in after.lines]) == ("confirmed", 4, [450, 200])
    again = replace(found, order=after).taken("acme", NOW + 2, Buying())
    assert again == after


def test_an_ordrsp_confirms_the_same() -> None:
    found = only(
        edifact(
            "ORDRSP",
            "BGM+231+A1+4",
            "DTM+137:20260602:102",
            "RFF+ON:PO-7",
            "LIN+1+3+bolt:IN",
            "QTY+21:500:PCE",
            "QTY+12:450:PCE",
            "DTM+67:20260615:102",
            "LIN+2+5+nut:IN",
            "QTY+21:200:PCE",
            "QTY+12:200:PCE",
            "DTM+67:20260612:102",
            "UNS+S",
        )
    )
    assert (found.action, found.units) == ("confirm", {"bolt": 450, "nut": 200})
    assert found.dues == {"bolt": noon("2026-06-15"), "nut": noon("2026-06-12")}


@in_the_field
def test_an_855_from_the_field_confirms_the_order_it_names() -> None:
    order = replace(ORDER, id=1042, lines=[Line("MOTOR-100", 500, 12.5), Line("SENSOR-22", 200, 8.5)])
    data = (SAMPLES / "x12_855_short.edi").read_bytes()  # marked as a test
    [found] = steps(SITE, replace(PARTNER, test=True), read(data), [order])
    assert isinstance(found, Step)
    assert (found.units, found.prices) == ({"MOTOR-100": 450, "SENSOR-22": 200}, {})
    assert isinstance(found.taken("acme", NOW, Buying()), Order)


@in_the_field
def test_an_856_from_the_field_ships_the_order_it_names_once() -> None:
    partner = Partner("acme", Mailbox("RECEIVERID"), Mailbox("SENDERID"))
    order = replace(ORDER, id=100245, lines=[Line("SKU-12345", 250, 1.0)])
    (found,) = steps(SITE, partner, read((SAMPLES / "x12_856_basic.edi").read_bytes()), [order])
    assert isinstance(found, Step)
    assert (found.action, found.units, found.key) == ("ship", {"SKU-12345": 100}, "ASN-77031")
    after = found.taken("acme", NOW, Buying())
    assert isinstance(after, Order)
    assert after.lines[0].in_transit == 100
    assert replace(found, order=after).taken("acme", NOW + 1, Buying()) == after


@pytest.mark.parametrize("number", ["PO-7", "7", "po 7", "PO-0007", " PO#7 "])
def test_the_orders_number_may_be_written_loosely(number: str) -> None:
    assert only(x12("855", f"BAK*00*AD*{number}*20260602", *NUT)).order == ORDER


@pytest.mark.parametrize("named", ["BP*bolt", "VP*bolt", "UK*05901234123457", "EN*5901234123457", "VP*A-100"])
def test_a_line_is_known_by_the_sites_number_its_gtin_or_its_place(named: str) -> None:
    assert only(x12("855", BAK, f"PO1*1*500*EA***{named}", "ACK*IA*500*EA")).units == {"bolt": 500}


@pytest.mark.parametrize("kind", ["AD", "AK", "AT"])
def test_an_order_may_be_accepted_without_a_word_of_its_lines(kind: str) -> None:
    found = only(x12("855", f"BAK*00*{kind}*PO-7*20260602"))
    assert found.units == {}
    after = found.taken("acme", NOW + 1, Buying())
    assert isinstance(after, Order)
    assert (after.state, after.lines) == ("confirmed", ORDER.lines)


def test_a_line_in_two_parts_comes_on_the_day_of_the_last() -> None:
    parts = ("ACK*IA*300*EA*067*20260610", "ACK*IA*200*EA*067*20260620")
    for order in (parts, parts[::-1]):
        found = only(x12("855", BAK, "PO1*1*500*EA*0.12**BP*bolt", *order))
        assert (found.units, found.dues) == ({"bolt": 500}, {"bolt": noon("2026-06-20")})


def test_what_is_back_ordered_without_a_day_still_comes_and_nobody_says_when() -> None:
    found = only(x12("855", BAK, "PO1*1*500*EA*0.12**BP*bolt", "ACK*BP*300*EA*067*20260610"))
    assert (found.units, found.dues) == ({"bolt": 500}, {})


def test_a_rejected_line_is_struck_out_of_the_order() -> None:
    found = only(x12("855", BAK, "PO1*1*500*EA*0.12**BP*bolt", "ACK*IR*500*EA", *NUT))
    assert found.units == {"bolt": 0, "nut": 200}


def test_a_dearer_price_is_the_sites_to_agree_to() -> None:
    after = only(x12("855", BAK, "PO1*1*500*EA*0.15**BP*bolt", "ACK*IP*500*EA")).taken("acme", NOW, Buying())
    assert isinstance(after, Order)
    assert (after.state, after.lines, after.asking) == ("sent", ORDER.lines, [AskedLine("bolt", 500, 0.15)])


PO1 = "PO1*1*500*EA*0.12**BP*bolt"


@pytest.mark.parametrize(
    ("segments", "reason", "place"),
    [
        (["BAK*00*RD*PO-7*20260602", *NUT], "declined", "PO-7"),
        (["BAK*00*AC*PO-8*20260602", *NUT], "no_such_order", "BAK03"),
        (["BAK*00*AC*PO-9*20260602", *NUT], "no_such_order", "BAK03"),
        (["BAK*00*AC*77*20260602", *NUT], "no_such_order", "BAK03"),
        (["BAK*00*AC*PO-7B*20260602", *NUT], "no_such_order", "BAK03"),
        (["BAK*00*AC**20260602", *NUT], "no_such_order", "BAK03"),
        (["BAK*00*AC*PO-7*20260602"], "no_lines", "PO1"),
        ([BAK, "PO1*1*500*EA*0.12**BP*gasket", "ACK*IA*500*EA"], "no_such_line", "PO1 1"),
        ([BAK, "PO1*3*500*EA*0.12**VP*A-1", "ACK*IA*500*EA"], "no_such_line", "PO1 3"),
        ([BAK, "PO1*1*500*EA*0.12**BP*bolt*VP*nut", "ACK*IA*500*EA"], "two_lines", "PO1 1"),
        ([BAK, PO1, "ACK*IA*500*EA", PO1, "ACK*IA*500*EA"], "line_twice", "ACK of line 1"),
        ([BAK, PO1, "ACK*QQ*500*EA"], "unknown_code", "ACK of line 1"),
        ([BAK, PO1, "ACK*IH*500*EA"], "on_hold", "ACK of line 1"),
        ([BAK, PO1, "ACK*IS*500*EA"], "substituted", "ACK of line 1"),
        ([BAK, PO1, "ACK*IA*42*CA"], "unit", "ACK of line 1"),
        ([BAK, PO1, "ACK*IQ*4.5*EA"], "quantity", "ACK of line 1"),
        ([BAK, PO1, "ACK*IQ*-4*EA"], "quantity", "ACK of line 1"),
        ([BAK, PO1, "ACK*IQ"], "no_quantity", "ACK of line 1"),
        ([BAK, PO1, "ACK*IA*450*EA"], "contradiction", "ACK of line 1"),
        ([BAK, PO1, "ACK*IA*500*EA*067*20260231"], "date", "ACK of line 1"),
        ([BAK, PO1, "ACK*IA*500*EA*067*20250610"], "date", "ACK of line 1"),
        ([BAK, "PO1*1*600*EA*0.12**BP*bolt", "ACK*IA*600*EA"], "other_version", "ACK of line 1"),
        ([BAK, "PO1*1*500*EA*cheap**BP*bolt", "ACK*IA*500*EA"], "price", "ACK of line 1"),
        ([BAK, "PO1*1*500*EA*-1**BP*bolt", "ACK*IA*500*EA"], "price", "ACK of line 1"),
        ([BAK, "PO1*1**EA*0.12**BP*bolt"], "unsafe", "no quantity"),
        ([BAK, PO1, "ACK*IQ*many*EA"], "unsafe", "many"),
    ],
)
def test_an_855_that_leaves_anything_open_does_nothing(segments: list[str], reason: str, place: str) -> None:
    found = refused(x12("855", *segments))
    assert (found.reason, place in found.detail) == (reason, True), found
    assert found.hint


@pytest.mark.parametrize("code", ["01", "02", "03", "99"])
def test_an_answer_that_takes_an_earlier_one_back_confirms_nothing(code: str) -> None:
    found = refused(x12("855", f"BAK*{code}*AD*PO-7*20260602"))
    assert (found.reason, "BAK01" in found.detail, "PO-7" in found.detail) == ("not_original", True, True)
    assert refused(edifact("ORDRSP", "BGM+231+A1+1", "RFF+ON:PO-7", "LIN+1+5+bolt:IN", "QTY+21:500:PCE")).reason == (
        "not_original"
    )


@pytest.mark.parametrize("code", ["", "00", "04", "05", "06", "07"])
def test_an_answer_that_replaces_an_earlier_one_holds_from_then_on(code: str) -> None:
    assert only(x12("855", f"BAK*{code}*AC*PO-7*20260602", PO1, "ACK*IQ*450*EA")).units == {"bolt": 450}


@pytest.mark.parametrize(("code", "word"), [("01", "cancel"), ("04", "change"), ("05", "replace"), ("77", "77")])
def test_a_dispatch_that_cancels_or_replaces_another_ships_nothing_more(code: str, word: str) -> None:
    goods = (*ASN[1:], *BOX, "HL*4*3*I", "LIN**BP*bolt", "SN1**100*EA")
    found = refused(x12("856", f"BSN*{code}*ASN-1*20260602*1200", *goods))
    assert (found.reason, repr(word) in found.detail, "BSN01" in found.detail) == ("not_original", True, True)
    other = {"01": "1", "04": "4", "05": "5", "77": "77"}[code]
    lines = ("RFF+ON:PO-7", "CPS+1", "LIN+1++bolt:IN", "QTY+12:120:PCE")
    found = refused(edifact("DESADV", f"BGM+351+ASN-1+{other}", *lines))
    assert (found.reason, repr(word) in found.detail, "BGM" in found.detail) == ("not_original", True, True)


@pytest.mark.parametrize("code", ["", "00", "06", "07"])
def test_a_dispatch_that_is_told_again_is_the_same_dispatch(code: str) -> None:
    found = only(x12("856", f"BSN*{code}*ASN-1*20260602*1200", *ASN[1:], "HL*4*2*I", "LIN**BP*bolt", "SN1**100*EA"))
    assert (found.units, found.key) == ({"bolt": 100}, "ASN-1")


def test_a_remedy_keeps_its_capitals() -> None:
    assert "X12 (ISA...), EDIFACT (UNA or UNB...), EPCIS 2.0" in refused(b"good morning").hint


def test_another_suppliers_order_is_as_unknown_as_one_that_never_was() -> None:
    theirs, none = (refused(x12("855", f"BAK*00*AD*PO-{number}*20260602")) for number in (8, 4))
    assert theirs == replace(none, detail=none.detail.replace("PO-4", "PO-8"))


def test_only_the_agreed_mailbox_is_listened_to() -> None:
    assert refused(x12("855", "BAK*00*AD*PO-7", sender="RIVAL")).reason == "other_sender"
    assert refused(x12("855", "BAK*00*AD*PO-7", receiver="SOUTH")).reason == "other_receiver"


def test_of_a_paper_that_is_marked_as_a_test_nothing_is_done_unless_testing_was_agreed_on() -> None:
    trial = x12("855", BAK, PO1, "ACK*IA*500*EA", *NUT).replace(b"*0*P*>", b"*0*T*>")
    other = edifact("ORDRSP", "BGM+231+1+29", "RFF+ON:PO-7").replace(b"+260602:1200+1'", b"+260602:1200+1++++++1'")

    assert [refused(one).reason for one in (trial, other)] == ["test", "test"]
    assert isinstance(steps(SITE, replace(PARTNER, test=True), read(trial), ORDERS)[0], Step)


@pytest.mark.parametrize(
    "wrong", [("GE*1*1", "GE*2*1"), ("GE*1*1", "GE*1*2"), ("IEA*1*", "IEA*2*"), ("IEA*1*000000001", "IEA*1*000000002")]
)
def test_a_paper_whose_envelopes_do_not_close_as_they_began_does_nothing(wrong: tuple[str, str]) -> None:
    whole = x12("855", "BAK*00*AD*PO-7*20260602").decode()
    assert refused(whole.replace(*wrong).encode()).reason == "unsafe"
    assert isinstance(only(whole.replace("SE*3*", "SE*4*").encode()), Step), "many count these wrong"
    answer = edifact("ORDRSP", "BGM+231+1+29", "RFF+ON:PO-7").decode()
    for bad in (answer.replace("UNZ+1+1", "UNZ+2+1"), answer.replace("UNZ+1+1", "UNZ+1+2")):
        assert refused(bad.encode()).reason == "unsafe"


def test_a_paper_that_is_cut_off_does_nothing() -> None:
    whole = x12("855", BAK, PO1, "ACK*IA*500*EA", *NUT)
    for at in range(len(whole) - len("IEA*1*000000001~")):
        assert not any(isinstance(one, Step) for one in asked(whole[:at])), whole[:at]
    assert refused(b"").reason == "not_read"


def test_a_paper_of_another_kind_asks_for_nothing() -> None:
    assert refused(x12("850", "BEG*00*SA*PO-7**20260602", PO1)).reason == "not_expected"


ASN = ("BSN*00*ASN-1*20260602*1200", "HL*1**S", "DTM*017*20260605", "HL*2*1*O", "PRF*PO-7")
BOX = ("HL*3*2*P", "MAN*GM*00012345000000012340")


def test_an_856_says_what_is_on_its_way_and_when_it_comes() -> None:
    items = ("HL*4*3*I", "LIN**BP*bolt", "SN1**100*EA", "HL*5*3*I", "LIN**BP*bolt", "SN1**20*EA", "HL*6*3*I")
    found = only(x12("856", *ASN, *BOX, *items, "LIN**BP*nut", "SN1**200*EA"))
    assert (found.action, found.units, found.key) == ("ship", {"bolt": 120, "nut": 200}, "ASN-1")
    assert set(found.dues.values()) == {noon("2026-06-05")}
    after = found.taken("acme", NOW, Buying())
    assert isinstance(after, Order)
    assert [line.in_transit for line in after.lines] == [120, 200]


def test_a_desadv_says_the_same() -> None:
    found = only(
        edifact(
            "DESADV",
            "BGM+351+ASN-1+9",
            "DTM+137:20260602:102",
            "DTM+17:20260605:102",
            "RFF+ON:PO-7",
            "CPS+1",
            "LIN+1++5901234123457:EN",
            "QTY+12:120:PCE",
            "LIN+2++nut:IN",
            "QTY+12:200:PCE",
        )
    )
    assert (found.action, found.units, found.key) == ("ship", {"bolt": 120, "nut": 200}, "ASN-1")
    assert set(found.dues.values()) == {noon("2026-06-05")}


@pytest.mark.parametrize(
    ("segments", "reason", "place"),
    [
        (["BSN*00**20260602", *ASN[1:], *BOX, "HL*4*3*I", "LIN**BP*bolt", "SN1**1*EA"], "no_number", "BSN02"),
        ([*ASN], "no_lines", "SN1"),
        ([*ASN, *BOX, "HL*4*3*I", "LIN**BP*gasket", "SN1**1*EA"], "no_such_line", "LIN"),
        ([*ASN, *BOX, "HL*4*3*I", "LIN**BP*bolt", "SN1**1*CA"], "unit", "SN1"),
        ([*ASN, *BOX, "HL*4*3*I", "LIN**BP*bolt"], "no_quantity", "SN1"),
        ([*ASN[:4], "PRF*PO-8", *BOX, "HL*4*3*I", "LIN**BP*bolt", "SN1**1*EA"], "no_such_order", "PRF01"),
        ([*ASN[:2], "DTM*017*20200605", *ASN[3:], *BOX, "HL*4*3*I", "LIN**BP*bolt", "SN1**1*EA"], "date", "DTM"),
    ],
)
def test_an_856_that_leaves_anything_open_ships_nothing(segments: list[str], reason: str, place: str) -> None:
    found = refused(x12("856", *segments))
    assert (found.reason, place in found.detail) == (reason, True), found


def test_of_two_orders_in_one_dispatch_each_stands_by_itself() -> None:
    mine = replace(ORDER, id=10)
    other = ("HL*5*1*O", "PRF*PO-10", "HL*6*5*I", "LIN**BP*nut", "SN1**7*EA")
    first = (*ASN, "HL*3*2*I", "LIN**BP*gasket", "SN1**1*EA")
    wrong, good = asked(x12("856", *first, *other), [ORDER, mine])
    assert isinstance(wrong, Refusal)
    assert isinstance(good, Step)
    assert (good.order.id, good.units) == (10, {"nut": 7})


GOOD = [
    x12("855", BAK, PO1, "ACK*IA*500*EA*067*20260615", *NUT),
    x12("856", *ASN, *BOX, "HL*4*3*I", "LIN**BP*bolt", "SN1**100*EA"),
    edifact("ORDRSP", "BGM+231+A1+4", "RFF+ON:PO-7", "LIN+1+5+bolt:IN", "QTY+21:500:PCE", "QTY+12:500:PCE"),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(GOOD), st.data())
def test_a_spoilt_paper_never_touches_what_is_not_the_suppliers(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole)))
    size = data.draw(st.integers(0, 12))
    spoilt = (
        whole[:at]
        + data.draw(st.binary(max_size=12) | st.text("0123456789*+:'~-APO", max_size=12).map(str.encode))
        + whole[at + size :]
    )
    for one in asked(spoilt):
        if isinstance(one, Step):
            assert one.order == ORDER
            assert all(units >= 0 for units in one.units.values())
            assert {*one.units} <= {"bolt", "nut"}
            assert isinstance(one.taken("acme", NOW + 1, Buying()), Order | Refusal)
