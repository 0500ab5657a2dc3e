"""What sellers send back says what it comes to: accepted, changed, later, rejected; goods come with lot and expiry."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from protocols.documents import edifact_writing, x12_writing
from protocols.documents.papers import Document
from protocols.documents.reading import read
from protocols.documents.trade import OrderAnswer, ShipNotice
from tests.unit.test_documents import ISA, codes, only
from tests.unit.test_documents_events import sound
from tests.unit.test_documents_written import ACTIVITY, CHANGE, ENVELOPE, PLAIN


def x12(*segments: str) -> Document:
    """A transaction in an envelope that is right."""
    body = "".join(one + "~" for one in segments[1:])
    count = len(segments) + 1
    code = {"855": "PR", "856": "SH", "852": "PD"}[segments[0]]
    group = f"GS*{code}*SENDER*RECEIVER*20260908*1030*7*X*004010~"
    return read(f"{ISA}{group}ST*{segments[0]}*1~{body}SE*{count}*1~GE*1*7~IEA*1*7~".encode())


def edifact(kind: str, *segments: str, charset: str = "UNOC:3", codec: str = "latin-1") -> Document:
    """A message in an envelope that is right."""
    body = "".join(one + "'" for one in segments)
    head = f"UNB+{charset}+A:14+B:14+260904:0800+77'UNH+1+{kind}:D:96A:UN'"
    return read(f"{head}{body}UNT+{len(segments) + 2}+1'UNZ+1+77'".encode(codec))


@pytest.mark.parametrize(
    ("ack", "meaning"),
    [
        ("IA*12*EA*067*20260910", "accepted"),
        ("IQ*10*EA*067*20260910", "quantity_changed"),
        ("DR*12*EA*067*20260920", "date_changed"),
        ("IP*12*EA", "price_changed"),
        ("IC*12*EA", "changed"),
        ("IS*12*EA", "substituted"),
        ("IB*12*EA*067*20261001", "backordered"),
        ("BP*4*EA", "part_backordered"),
        ("IH*12*EA", "on_hold"),
        ("IR", "rejected"),
        ("R2*0*EA", "rejected"),
        ("XX*12*EA", ""),
    ],
)
def test_an_855_says_what_becomes_of_each_line(ack: str, meaning: str) -> None:
    document = x12("855", "BAK*00*AC*PO-9*20260908", "PO1*1*12*EA*4.50**VP*BOLT", f"ACK*{ack}", "CTT*1")
    (line,) = only(document).lines

    assert [one.meaning for one in line.answers] == [meaning]
    assert codes(document) == []


def test_a_line_accepted_in_another_amount_is_pointed_out() -> None:
    document = x12("855", "BAK*00*AC*PO-9*20260908", "PO1*1*12*EA*4.50**VP*BOLT", "ACK*IA*10*EA", "CTT*1")

    assert codes(document) == ["document.answer"]


def test_a_line_split_in_two_shipments_is_accepted_whole() -> None:
    document = x12(
        "855", "BAK*00*AC*PO-9*20260908", "PO1*1*12*EA***VP*BOLT", "ACK*IA*8*EA*067*20260910", "ACK*IA*4*EA", "CTT*1"
    )

    assert codes(document) == []


def test_an_856_tells_the_lot_and_the_last_day_of_what_it_brings() -> None:
    notice = only(
        x12(
            "856",
            "BSN*00*N1*20260908*0100",
            "HL*1**S",
            "HL*2*1*O",
            "PRF*PO-9",
            "HL*3*2*I",
            "LIN**VP*MILK*LT*L-77",
            "SN1**40*EA",
            "DTM*036*20261001",
            "HL*4*2*I",
            "LIN**VP*BOLT",
            "SN1**7*EA",
            "REF*LT*L-78",
        )
    )
    assert isinstance(notice, ShipNotice)
    (pack,) = notice.packs

    assert [(one.item.number, one.lot, one.expires) for one in pack.items] == [
        ("MILK", "L-77", "2026-10-01"),
        ("BOLT", "L-78", ""),
    ]
    assert pack.items[0].item.others == {}


def test_an_852_by_store_is_summed() -> None:
    document = x12("852", "XQ*H*20260901*20260907", "LIN**UP*012345678905", "ZA*QS", "SDQ*EA*92*S1*3*S2*4", "CTT*1")
    (line,) = only(document).lines

    assert (line.quantities, line.unit) == ({"sold": 7.0}, "EA")


def test_stock_that_is_only_on_its_way_is_not_on_hand() -> None:
    document = edifact("INVRPT", "BGM+35+R1+9", "DTM+137:20260904:102", "LIN+1++BOLT:VN", "QTY+198:50:EA")
    (line,) = only(document).lines

    assert (line.quantity, line.others) == (None, {"198": 50.0})


def answer(*segments: str, verdict: str = "4") -> Any:
    """The one line of an ORDRSP."""
    head = (f"BGM+231+A1+{verdict}", "DTM+137:20260904:102", "RFF+ON:PO-9")
    document = edifact("ORDRSP", *head, *segments, "UNS+S")
    found = only(document)
    assert isinstance(found, OrderAnswer)
    assert (found.order, codes(document)) == ("PO-9", [])
    (line,) = found.lines
    return line


@pytest.mark.parametrize(
    ("status", "given", "verdict", "meaning"),
    [
        ("5", "12", "29", "accepted"),
        ("3", "10", "4", "quantity_changed"),
        ("3", "12", "4", "changed"),
        ("7", "0", "27", "rejected"),
        ("", "12", "29", "accepted"),
        ("", "0", "27", "rejected"),
    ],
)
def test_an_ordrsp_says_what_becomes_of_each_line(status: str, given: str, verdict: str, meaning: str) -> None:
    line = answer(
        f"LIN+1+{status}+BOLT:SA", "QTY+21:12:PCE", f"QTY+12:{given}:PCE", "DTM+67:20260910:102", verdict=verdict
    )

    assert (line.ordered, line.unit) == (12.0, "PCE")
    assert [(one.meaning, one.day) for one in line.answers] == [(meaning, "2026-09-10")]


def test_an_ordrsp_tells_what_comes_later() -> None:
    line = answer("LIN+1+3+BOLT:SA", "QTY+21:12:PCE", "QTY+113:8:PCE", "QTY+83:4:PCE")

    assert [(one.meaning, one.quantity) for one in line.answers] == [("quantity_changed", 8.0), ("backordered", 4.0)]


def test_a_desadv_tells_its_pallets_lots_and_last_days() -> None:
    document = edifact(
        "DESADV",
        "BGM+351+N1+9",
        "DTM+137:20260904:102",
        "DTM+17:20260906:102",
        "RFF+ON:PO-9",
        "NAD+SU+4012345000009::9",
        "CPS+1",
        "PAC+2++201",
        "CPS+2+1",
        "PAC+1++201",
        "PCI+33E",
        "GIN+BJ+376104250021234569",
        "LIN+1++4012345000009:EN",
        "QTY+12:40:PCE",
        "PCI+36E",
        "DTM+361:20261001:102",
        "GIN+BX+L-77",
        "CPS+3+1",
        "PAC+1++201",
        "PCI+33E",
        "GIN+BJ+000123450000000018",
        "LIN+2++BOLT:SA",
        "PIA+1+L-78:NB",
        "QTY+12:7:PCE",
        "RFF+ON:PO-10",
    )
    notice = only(document)
    assert isinstance(notice, ShipNotice)

    assert codes(document) == ["sscc.check_digit"]
    assert (notice.orders, notice.expected) == (["PO-9", "PO-10"], "2026-09-06")
    assert [[(one.item.number, one.quantity, one.lot, one.expires) for one in pack.items] for pack in notice.packs] == [
        [("4012345000009", 40.0, "L-77", "2026-10-01")],
        [("BOLT", 7.0, "L-78", "")],
    ]
    assert [pack.sscc for pack in notice.packs] == ["376104250021234569", "000123450000000018"]
    assert [pack.order for pack in notice.packs] == ["PO-9", "PO-10"]


@pytest.mark.parametrize(
    ("charset", "codec", "name", "wrong"),
    [
        ("UNOC:3", "latin-1", "Müller", []),
        ("UNOE:3", "iso8859-5", "Склад", []),
        ("UNOF:3", "iso8859-7", "Αποθήκη", []),
        ("UNOW:4", "utf-8", "仓库", []),
        ("UNOY:4", "utf-8", "仓库", []),
        ("UNOC:3", "utf-8", "Müller", ["edifact.charset"]),
        ("UNOA:2", "latin-1", "Müller", ["edifact.charset"]),
    ],
)
def test_letters_are_read_in_the_set_that_the_envelope_names(
    charset: str, codec: str, name: str, wrong: list[str]
) -> None:
    lines = ("BGM+35+R1+9", "DTM+137:20260904:102", f"NAD+WH+W1::92++{name}", "LIN+1++BOLT:VN", "QTY+145:5:EA")
    document = edifact("INVRPT", *lines, charset=charset, codec=codec)

    assert only(document).parties[0].name == name
    assert codes(document) == wrong


DESADV = (
    "UNB+UNOE:3+A:14+B:14+260904:0800+77'UNH+1+DESADV:D:96A:UN'BGM+351+N1+9'RFF+ON:PO-9'CPS+1'PAC+1'GIN+BJ+3761'"
    "LIN+1++BOLT:SA'PIA+1+L:NB'QTY+12:7:PCE'DTM+361:20261001:102'GIN+BX+L'UNT+11+1'UNZ+1+77'"
)
ORDRSP = (
    "UNB+UNOC:3+A:14+B:14+260904:0800+77'UNH+1+ORDRSP:D:96A:UN'BGM+231+A1+4'RFF+ON:PO-9'LIN+1+3+BOLT:SA'QTY+21:12:PCE'"
    "QTY+12:8:PCE'QTY+83:4:PCE'PRI+AAA:1,5'UNS+S'UNT+10+1'UNZ+1+77'"
)


@pytest.mark.parametrize(
    "data",
    [
        x12_writing.write([CHANGE], ENVELOPE),
        x12_writing.write([ACTIVITY], msgspec.structs.replace(ENVELOPE, marks="|:!")),
        edifact_writing.write([PLAIN], ENVELOPE),
        DESADV.encode(),
        ORDRSP.encode(),
    ],
    ids=["860", "852", "INVRPT", "DESADV", "ORDRSP"],
)
def test_a_cut_off_or_spoilt_answer_is_no_exception(data: bytes) -> None:
    for end in range(len(data)):
        sound(data[:end])
    chance = random.Random(len(data))
    for _ in range(300):
        spoilt = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        sound(bytes(spoilt))
