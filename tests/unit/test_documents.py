"""Papers of trading partners say what they say, whatever rule of their standard they break; nothing is an exception."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.documents.papers import Document, Envelope, Event
from protocols.documents.reading import read
from protocols.documents.trade import Item, Order, OrderAnswer, ShipNotice, StockReport
from tests.unit.sample_routes import DOCUMENTS
from tests.unit.samples import Row, assert_yields, needs_samples, rows

ROWS = [row for row in rows() if row.file.startswith(DOCUMENTS)]
ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260908*1030*U*00401*000000007*0*P*>~"
ORDER = (
    ISA + "GS*PO*SENDER*RECEIVER*20260908*1030*7*X*004010~ST*850*0001~BEG*00*SA*PO-9**20260908~DTM*002*20260915~"
    "PO1*1*12*EA*4.50**VP*BOLT*UP*012345678905~SE*5*0001~GE*1*7~IEA*1*000000007~"
)
INVRPT = (
    "UNB+UNOA:2+A:14+B:14+260904:0800+77'UNH+1+INVRPT:D:96A:UN'BGM+35+R1+9'DTM+137:20260904:102'"
    "LIN+1++5020436373085:EN'QTY+145:12,5:KGM'LOC+18+SHELF?+1'UNT+7+1'UNZ+1+77'"
)


def codes(document: Document) -> list[str]:
    """What is wrong with it."""
    return [problem.code for problem in document.problems]


def only(document: Document) -> Any:
    """The one thing in it."""
    (content,) = document.contents
    return content


def order_of(text: str) -> tuple[Order, list[str]]:
    """An order and what is wrong with its paper."""
    document = read(text.encode())
    content = only(document)
    assert isinstance(content, Order)
    return content, codes(document)


def told(content: Any) -> list[dict[str, Any]]:
    """A content in the words of the samples' index."""
    match content:
        case StockReport():
            return [
                {
                    "kind": "stock",
                    **_item(line.item),
                    "qty": line.quantity,
                    "available": line.available,
                    "unit": line.unit,
                    "location": line.location,
                }
                for line in content.lines
            ]
        case OrderAnswer():
            return [
                {
                    "kind": "order_ack",
                    "po": content.order,
                    "line": line.line,
                    "ordered": line.ordered,
                    "acks": [[one.status, one.quantity, one.day] for one in line.answers],
                }
                for line in content.lines
            ]
        case Order():
            lines = [
                {"line": one.line, "qty": one.quantity, "unit": one.unit, "price": one.price, **_item(one.item)}
                for one in content.lines
            ]
            return [{"kind": "order", "po": content.number, "date": content.day, "lines": lines}]
        case ShipNotice():
            packs = [
                {
                    "sscc": pack.sscc,
                    "items": [{**_item(one.item), "qty": one.quantity, "unit": one.unit} for one in pack.items],
                }
                for pack in content.packs
            ]
            return [{"kind": "asn", "asn": content.number, "po": content.orders[0], "packs": packs}]
        case Envelope():
            assert content.at_ms is not None
            return [{"kind": "cloudevent", "type": content.type, "id": content.id}]
    return []


def _item(item: Item) -> dict[str, str]:
    return {"item": item.number, "scheme": item.scheme, "gtin": item.gtin}


def _within(wanted: Any, found: Any) -> bool:
    """Whether everything wanted is found; more may be."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(key in found and _within(wanted[key], found[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(found, list) and len(wanted) == len(found) and all(map(_within, wanted, found))
    return bool(wanted == found)


@needs_samples
@pytest.mark.parametrize("row", ROWS, ids=[row.file for row in ROWS])
def test_a_real_paper_yields_what_it_says(row: Row) -> None:
    document = read(row.payload)
    events = [one for one in document.contents if isinstance(one, Event)]
    sensed = [wanted for wanted in row.expected if wanted["kind"] == "temperature"]
    assert_yields([reading for event in events for reading in event.readings], row._replace(expected=sensed))

    found = [one for content in document.contents for one in told(content)]
    found.append({"kind": "epcis", "events": len(events), "types": [one.kind for one in events]})
    for wanted in row.expected:
        if wanted not in sensed:
            wanted = {key: value for key, value in wanted.items() if key != "ts"}
            assert any(_within(wanted, one) for one in found), f"{wanted} is not among {found}"


@needs_samples
@pytest.mark.parametrize(
    ("file", "wrong"),
    [
        ("edi/x12_846_snapshot.edi", ["x12.isa_length", "x12.segment_count", "gtin.check_digit"]),
        ("edi/x12_855_exact.edi", ["x12.segment_count", "x12.functional_code"]),
        ("edi/x12_856_basic.edi", ["x12.segment_count", "sscc.check_digit"]),
        ("edi/x12_850_small.edi", []),
        ("edi/edifact_orders_ean.edi", ["edifact.unclosed"]),
    ],
)
def test_what_a_real_paper_breaks_is_told_beside_what_it_says(file: str, wrong: list[str]) -> None:
    (row,) = rows(file)

    assert codes(read(row.payload)) == wrong


def test_an_exact_order_is_read_without_a_word_of_complaint() -> None:
    order, wrong = order_of(ORDER)

    assert wrong == []
    assert (order.number, order.day, order.needed) == ("PO-9", "2026-09-08", "2026-09-15")
    (line,) = order.lines
    assert (line.quantity, line.unit, line.price) == (12.0, "EA", "4.50")
    assert line.item == Item("BOLT", "vendor", "00012345678905", {"UPC-12": "012345678905"})


@pytest.mark.parametrize(("element", "end"), [("~", "?"), ("|", "\n"), ("\x1d", "\x1c"), ("*", "\r\n"), ("*", "~\r\n")])
def test_any_character_may_separate(element: str, end: str) -> None:
    order, wrong = order_of(ORDER.replace("~", "\0").replace("*", element).replace("\0", end))

    assert (order.number, len(order.lines), wrong) == ("PO-9", 1, [])


def test_an_isa_of_another_length_is_counted_by_its_elements() -> None:
    order, wrong = order_of(
        ORDER.replace("SENDER         ", "S").replace("RECEIVER       ", "RECEIVER WITH A LONG NAME")
    )

    assert order.number == "PO-9"
    assert wrong == ["x12.isa_length"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("SE*5", "SE*4", "x12.segment_count"),
        ("SE*5*0001", "SE*5*0002", "x12.control_number"),
        ("GE*1*7", "GE*2*7", "x12.group_count"),
        ("IEA*1*000000007", "IEA*1*000000008", "x12.control_number"),
        ("GS*PO", "GS*IB", "x12.functional_code"),
        ("UP*012345678905", "UP*012345678901", "gtin.check_digit"),
        ("PO1*1*12*", "PO1*1*a dozen*", "document.quantity"),
        ("BEG*00*SA*PO-9*", "BEG*00*SA**", "document.no_number"),
        ("*VP*BOLT*UP*012345678905", "", "document.no_item"),
        ("IEA*1*000000007~", "", "x12.unclosed"),
        ("SE*5*0001~", "", "x12.unclosed"),
    ],
)
def test_a_broken_rule_of_x12_is_a_problem_beside_the_order(old: str, new: str, code: str) -> None:
    order, wrong = order_of(ORDER.replace(old, new))

    assert code in wrong
    assert len(order.lines) == 1


def test_two_transactions_of_which_one_is_not_read_yield_the_other() -> None:
    document = read(ORDER.replace("SE*5*0001~", "SE*5*0001~ST*997*0002~AK1*PO*7~SE*3*0002~").encode())

    assert isinstance(only(document), Order)
    assert codes(document) == ["document.not_read", "x12.group_count"]


@pytest.mark.parametrize(
    "text",
    [
        ISA + "GS*PO*SENDER*RECEIVER*20260908*1030*7*X*004010~GE*0*7~IEA*1*000000007~",
        "UNB+UNOA:2+A:14+B:14++77'UNZ+0+77'",
    ],
)
def test_an_envelope_without_a_paper_is_told(text: str) -> None:
    assert codes(read(text.encode())) == ["document.empty"]


def test_stock_is_what_is_on_hand_whatever_order_the_quantities_come_in() -> None:
    body = "ST*846*1~BIA*00*SR*R*20260908~LIN**BP*X~QTY*QA*5*EA~QTY*17*9*EA~LIN**BP*Y~QTY*QA*0~SE*7*1~"
    x, y = only(read((ISA + body).encode())).lines

    assert (x.quantity, x.available, x.unit) == (9.0, 5.0, "EA")
    assert (y.quantity, y.available) == (0.0, 0.0)


def notice_of(*levels: str) -> ShipNotice:
    """A ship notice with these HL loops."""
    found = only(read((ISA + "ST*856*1~BSN*00*N1*20260908*0100~" + "".join(levels) + "SE*9*1~").encode()))
    assert isinstance(found, ShipNotice)
    return found


def test_a_pallet_of_cartons_of_two_orders_keeps_who_lies_in_what() -> None:
    notice = notice_of(
        "HL*1**S~HL*2*1*O~PRF*A~HL*3*2*T~MAN*GM*000123450000000018~HL*4*3*P~MAN*GM*00012345000000002" + "5~",
        "HL*5*4*I~LIN**VP*BOLT~SN1**7*EA~HL*6*1*O~PRF*B~HL*7*6*I~LIN**VP*NUT~SN1**3*EA~",
    )

    assert notice.orders == ["A", "B"]
    assert [(pack.order, [one.item.number for one in pack.items]) for pack in notice.packs] == [
        ("A", []),
        ("A", ["BOLT"]),
        ("B", ["NUT"]),
    ]


def test_an_item_above_its_packs_is_counted_where_it_is_counted() -> None:
    notice = notice_of(
        "HL*1**S~HL*2*1*O~PRF*A~HL*3*2*I~LIN**VP*BOLT~HL*4*3*P~SN1**4*EA~MAN*GM*1~HL*5*3*P~SN1**6*EA~MAN*GM*2~"
    )

    assert [[(one.item.number, one.quantity) for one in pack.items] for pack in notice.packs] == [
        [("BOLT", 4.0)],
        [("BOLT", 6.0)],
    ]


def test_loops_that_hold_each_other_come_to_an_end() -> None:
    notice = notice_of("HL*1*2*O~PRF*A~HL*2*1*O~PRF*B~HL*3*2*I~LIN**VP*BOLT~SN1**1*EA~")

    assert notice.packs[0].items[0].quantity == 1.0


def test_edifact_needs_no_una_and_takes_a_decimal_comma_and_released_marks() -> None:
    document = read(INVRPT.encode())
    (line,) = only(document).lines

    assert codes(document) == []
    assert (line.quantity, line.unit, line.location, line.item.gtin) == (12.5, "KGM", "SHELF+1", "05020436373085")


@pytest.mark.parametrize("ends", ["'\r\n", "'\n\n", "\n"])
def test_line_ends_may_follow_segments_or_stand_for_their_marks(ends: str) -> None:
    document = read(INVRPT.replace("'", ends).encode())

    assert only(document).lines[0].quantity == 12.5
    assert codes(document) == (["edifact.terminator"] if ends == "\n" else [])


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("UNT+7", "UNT+6", "edifact.segment_count"),
        ("UNT+7+1", "UNT+7+2", "edifact.control_number"),
        ("UNZ+1", "UNZ+2", "edifact.message_count"),
        ("UNZ+1+77'", "", "edifact.unclosed"),
        ("UNT+7+1'", "", "edifact.unclosed"),
        ("5020436373085", "5020436373080", "gtin.check_digit"),
        ("12,5", "some", "document.quantity"),
    ],
)
def test_a_broken_rule_of_edifact_is_a_problem_beside_the_stock(old: str, new: str, code: str) -> None:
    document = read(INVRPT.replace(old, new).encode())

    assert code in codes(document)
    assert len(only(document).lines) == 1


def test_an_apostrophe_in_a_name_ends_no_segment() -> None:
    text = INVRPT.replace("DTM+137", "NAD+WH+W1::9++O?'Neill ?? Sons ?+ Co'DTM+137").replace("UNT+7", "UNT+8")
    document = read(text.encode())

    assert codes(document) == []
    assert only(document).parties[0].name == "O'Neill ? Sons + Co"
