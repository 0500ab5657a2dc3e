"""Papers that are written are read back as they were, whatever the marks and letters; nothing missing is made up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocols.documents import edifact_writing, x12_writing
from protocols.documents.charsets import CHARSETS
from protocols.documents.codes import ACTIVITIES, CHANGES
from protocols.documents.papers import check_digit
from protocols.documents.reading import read
from protocols.documents.sending import Interchange, Mailbox
from protocols.documents.trade import (
    Activity,
    ActivityLine,
    ChangedLine,
    Item,
    Order,
    OrderChange,
    OrderLine,
    Party,
    StockLine,
    StockReport,
)
from tests.unit.pages import DOCS, blocks

AT_MS = 1_789_000_000_000
ENVELOPE = Interchange(Mailbox("123456789", "DUNS"), Mailbox("PARTNER"), 7, AT_MS)
BOLT = Item("BOLT", "buyer", "05901234123457")
ORDER = Order("PO-9", "2026-09-08", [OrderLine("1", BOLT, 12.0, "EA", "4.50")], "2026-09-15", "EUR")
STOCK = StockReport("R1", "2026-09-08", [StockLine(BOLT, 850.0, "EA", 800.0, "A-01", {"63": 40.0})])
ACTIVITY = Activity("2026-09-01", "2026-09-07", [ActivityLine(BOLT, "EA", {"on_hand": 850.0, "sold": 120.0})])
CHANGE = OrderChange("PO-9", "2026-09-08", "change", [ChangedLine("1", "increased", BOLT, 20.0, "EA")], "2")
PAPERS = [ORDER, STOCK, ACTIVITY, CHANGE]

ASCII = "".join(map(chr, range(0x20, 0x7F)))
WIDE = "äÖßéñçşřőαΩжЯ螺栓仓库ü€™あ한"
X12_MARKS = ["*>~", "|:~", "~>?", "\x1d\x1f\x1c", "*>\n", "^&%"]
UNAS = [":+.? '", ":+,? '", "|^.! ~", "%#,* ;"]


def gtins(size: int) -> st.SearchStrategy[str]:
    """GTINs of that many digits, with their check digit."""
    body = st.text("0123456789", min_size=size - 1, max_size=size - 1)
    return body.map(lambda one: one + check_digit(one))


def words(letters: st.SearchStrategy[str], most: int, least: int = 1) -> st.SearchStrategy[str]:
    """Text that may be sent: seen, and without spaces around it."""
    return st.text(letters, min_size=least, max_size=most).filter(lambda one: one == one.strip() and len(one) >= least)


DAYS = st.dates(date(1970, 1, 1), date(2099, 12, 31)).map(date.isoformat)
AMOUNTS = st.integers(-(10**12), 10**12).map(lambda one: one / 1000)
PRICES = st.decimals(0, 100_000, places=2).map(str)
TRADE = {"GTIN-14": 14, "GTIN-13": 13, "GTIN-8": 8, "UPC-12": 12}


@st.composite
def items(draw: st.DrawFn, letters: st.SearchStrategy[str]) -> Item:
    """Items with one number or many, of schemes of trade and of partners."""
    own = words(letters, 35)
    scheme = draw(st.sampled_from(["vendor", "buyer", "maker", "SKU", "ISBN", "ZZ", *TRADE]))
    number = draw(gtins(TRADE[scheme]) if scheme in TRADE else own)
    others = draw(st.dictionaries(st.sampled_from(["vendor", "buyer", "maker", "SKU"]), own, max_size=3))
    gtin = draw(st.none() | gtins(14)) or ""
    if scheme in TRADE:
        gtin = number.rjust(14, "0")
    elif draw(st.booleans()):
        others["GTIN-13"] = draw(gtins(13))
        gtin = gtin or others["GTIN-13"].rjust(14, "0")
    return Item(number, scheme, gtin, others)


@st.composite
def parties(draw: st.DrawFn, letters: st.SearchStrategy[str], most: int) -> Party:
    """Partners by a number, a name, or both."""
    role = draw(st.sampled_from(["BY", "SU", "ST", "DP"]))
    scheme = draw(st.sampled_from(["GLN", "DUNS", "buyer", "seller", "mutual", ""]))
    name = draw(words(letters, most) | st.just("")) if scheme else draw(words(letters, most))
    digits = st.text("0123456789", min_size=9, max_size=9)
    numbers = {"GLN": gtins(13), "DUNS": digits, "": st.just("")}
    return Party(role, draw(numbers.get(scheme, words(letters, 17, 2))), name, scheme)


def orders(letters: st.SearchStrategy[str], lines: st.SearchStrategy[str], unit: Any, name: int) -> Any:
    """Orders of up to three lines."""
    line = st.builds(OrderLine, lines, items(letters), AMOUNTS, unit, PRICES | st.just(""), DAYS | st.just(""))
    listed = st.lists(line, min_size=1, max_size=3)
    currency, day = st.sampled_from(["", "EUR", "CNY"]), DAYS | st.just("")
    purpose = st.sampled_from(["", "change", "replace", "cancel"])
    return st.builds(Order, words(letters, 22), DAYS, listed, day, currency, st.lists(parties(letters, name)), purpose)


def x12_papers(letters: st.SearchStrategy[str]) -> st.SearchStrategy[list[Any]]:
    """Lists of papers of one kind, of those that X12 is written for."""
    item, who = items(letters), st.lists(parties(letters, 60), max_size=3)
    unit, day = st.sampled_from(["EA", "KG", "CA"]), DAYS | st.just("")
    extra = st.dictionaries(st.sampled_from(["63", "02", "QC"]), AMOUNTS, max_size=2)
    place = words(letters, 30) | st.just("")
    stock = st.builds(StockLine, item, AMOUNTS, unit, st.none() | AMOUNTS, place, extra)
    told = st.dictionaries(st.sampled_from([*ACTIVITIES, "TS"]), AMOUNTS, min_size=1, max_size=4)
    change = st.sampled_from([*CHANGES, "RS"])
    changed = st.builds(ChangedLine, words(letters, 20), change, item, AMOUNTS, unit, PRICES, day)
    return st.one_of(
        st.lists(orders(letters, words(letters, 20), unit, 60), min_size=1, max_size=2),
        st.lists(
            st.builds(StockReport, words(letters, 30), DAYS, st.lists(stock, min_size=1, max_size=3), who),
            min_size=1,
            max_size=2,
        ),
        st.builds(
            Activity, DAYS, DAYS, st.lists(st.builds(ActivityLine, item, unit, told), min_size=1, max_size=3), who
        ).map(lambda one: [one]),
        st.builds(
            OrderChange,
            words(letters, 22),
            DAYS,
            st.sampled_from(["change", "replace", "cancel"]),
            st.lists(changed, min_size=1, max_size=3),
            words(letters, 8) | st.just(""),
            DAYS,
            DAYS | st.just(""),
            st.sampled_from(["", "USD"]),
            who,
        ).map(lambda one: [one]),
    )


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(X12_MARKS), st.sampled_from(["ascii", "utf-8"]), st.integers(1, 999_999_999))
def test_an_x12_paper_is_read_as_it_was_whatever_separates(
    data: st.DataObject, marks: str, charset: str, number: int
) -> None:
    letters = ASCII if charset == "ascii" else ASCII + WIDE
    papers = data.draw(x12_papers(st.sampled_from([one for one in letters if one not in marks])))
    sent = msgspec.structs.replace(ENVELOPE, number=number, marks=marks, charset=charset)
    document = read(x12_writing.write(papers, sent))

    assert document.problems == []
    assert document.contents == papers
    assert (document.sender, document.receiver) == ("123456789", "PARTNER")
    assert int(document.number) == sent.number


def letters_of(charset: str) -> st.SearchStrategy[str]:
    """What a text in an EDIFACT character set may be made of."""
    codec, _, allowed = CHARSETS[charset]
    if allowed is not None:
        return st.sampled_from(sorted(allowed))
    found = ASCII + WIDE if codec == "utf-8" else bytes(range(0x20, 0x100)).decode(codec, "ignore")
    return st.sampled_from([one for one in found if one.isprintable()])


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from(UNAS), st.sampled_from([one for one in CHARSETS if one != "UNOY"]))
def test_an_edifact_paper_is_read_as_it_was_in_every_character_set(data: st.DataObject, una: str, charset: str) -> None:
    letters = letters_of(charset)
    unit = st.sampled_from(["EA", "PCE", "KGM"])
    stock = st.builds(
        StockLine,
        items(letters),
        AMOUNTS,
        unit,
        st.none(),
        words(letters, 25) | st.just(""),
        st.dictionaries(st.sampled_from(["66", "198"]), AMOUNTS, max_size=2),
    )
    who = st.lists(parties(letters, 35), max_size=3)
    report = st.builds(StockReport, words(letters, 35), DAYS, st.lists(stock, min_size=1, max_size=3), who)
    line = st.integers(1, 999_999).map(str)
    papers = data.draw(st.lists(report | orders(letters, line, unit, 35), min_size=1, max_size=3))
    ends = Mailbox("4012345000009", "GLN"), Mailbox("PARTNER")
    sent = edifact_writing.write(papers, Interchange(*ends, 99, AT_MS, False, una, charset))
    assume(charset == "UNOW" or sent.isascii() or not is_utf_8(sent))  # a reader takes for UTF-8 what looks like it
    document = read(sent)

    assert document.problems == []
    assert document.contents == papers
    assert (document.sender, document.receiver, document.number) == ("4012345000009", "PARTNER", "99")
    assert document.made == datetime.fromtimestamp(AT_MS / 1000, UTC).strftime("%Y-%m-%dT%H:%M")


def is_utf_8(data: bytes) -> bool:
    """Whether bytes of another set happen to be UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def changed(paper: Any, **fields: Any) -> Any:
    """The paper with other fields; `line_...` is a field of its first line, `item_...` one of that line's item."""
    line = paper.lines[0]
    about = {key[5:]: one for key, one in fields.items() if key.startswith("item_")}
    item = msgspec.structs.replace(line.item, **about)
    told = {key[5:]: one for key, one in fields.items() if key.startswith("line_")}
    own = {key: one for key, one in fields.items() if not key.startswith(("line_", "item_"))}
    return msgspec.structs.replace(paper, **{"lines": [msgspec.structs.replace(line, item=item, **told)], **own})


@pytest.mark.parametrize(
    ("paper", "fields", "said"),
    [
        (ORDER, {"number": ""}, "BEG03 \\(order's number\\) is missing"),
        (ORDER, {"day": ""}, "BEG05 \\(order's day\\) is missing.*ISO day"),
        (ORDER, {"day": "8.9.2026"}, "BEG05 .* is no day.*ISO day"),
        (ORDER, {"lines": []}, "no line"),
        (ORDER, {"currency": "€"}, "CUR02 .*ISO 4217"),
        (ORDER, {"line_unit": ""}, "PO103 \\(unit\\) is missing.*EA"),
        (ORDER, {"line_unit": "PCE"}, "PO103 \\(unit\\) 'PCE' has 3 characters.* 2 are allowed"),
        (ORDER, {"line_quantity": None}, "PO102 \\(quantity\\) is missing.*how many"),
        (ORDER, {"line_quantity": float("nan")}, "PO102 .* is no number"),
        (ORDER, {"line_quantity": 0.1 + 0.2}, "PO102 .* 1 to 15"),
        (ORDER, {"line_price": "4,50"}, "PO104 \\(price\\) '4,50'"),
        (ORDER, {"line_line": ""}, "PO101 \\(line\\) is missing"),
        (ORDER, {"item_number": "", "item_scheme": ""}, "names no item.*GTIN-14"),
        (ORDER, {"item_scheme": ""}, "say both"),
        (ORDER, {"item_gtin": "05901234123458"}, "no GTIN"),
        (ORDER, {"item_number": "BO*LT"}, "PO107 .* holds the mark '\\*': agree on another"),
        (ORDER, {"item_number": "BO~LT"}, "holds the mark '~'"),
        (ORDER, {"item_number": "BOLT "}, "PO107 .* spaces around it"),
        (ORDER, {"item_number": "BO\nLT"}, "PO107 .*no one sees"),
        (ORDER, {"item_number": "Schräube"}, "'ä', which ascii has not: agree on the charset"),
        (ORDER, {"item_number": "B" * 49}, "PO107 .* 1 to 48"),
        (ORDER, {"parties": [Party("BY")]}, "party 'BY' has neither.*GLN or DUNS"),
        (ORDER, {"parties": [Party("BY", "77")]}, "party 'BY' has the number '77', but not whose"),
        (ORDER, {"parties": [Party("BY", "4012345000008", "", "GLN")]}, "no GLN: it has 13 digits"),
        (ORDER, {"parties": [Party("BY", "1234567", "", "DUNS")]}, "no DUNS: it has 9 digits"),
        (STOCK, {"line_quantity": None}, "QTY02 \\(quantity\\) is missing"),
        (STOCK, {"line_others": {"17": 1.0}}, "17 twice"),
        (ACTIVITY, {"start": ""}, "XQ02 \\(first day\\) is missing"),
        (ACTIVITY, {"line_quantities": {}}, "no quantities"),
        (ACTIVITY, {"line_quantities": {"stolen": 1.0}}, "quantity 'stolen': say one of on_hand"),
        (CHANGE, {"kind": "undo"}, "kind of change 'undo'"),
        (CHANGE, {"line_quantity": None}, "increased without a quantity"),
        (CHANGE, {"line_unit": ""}, "without its unit"),
    ],
)
def test_what_is_missing_or_can_not_be_said_in_x12_is_refused_by_name(paper: Any, fields: Any, said: str) -> None:
    x12_writing.write([paper], ENVELOPE)

    with pytest.raises(ValueError, match=said):
        x12_writing.write([changed(paper, **fields)], ENVELOPE)


PLAIN = changed(STOCK, line_available=None)


@pytest.mark.parametrize(
    ("paper", "fields", "said"),
    [
        (ORDER, {"number": ""}, "BGM02 \\(paper's number\\) is missing"),
        (ORDER, {"day": ""}, "DTM01-2 \\(day\\) is missing"),
        (ORDER, {"line_line": "A"}, "LIN01 \\(line\\) 'A' is none.*digits"),
        (ORDER, {"line_unit": ""}, "QTY01-3 \\(unit\\) is missing.*PCE"),
        (ORDER, {"item_number": "B" * 36}, "LIN03-1 .* 1 to 35"),
        (ORDER, {"item_number": "螺栓"}, "LIN: '螺栓' holds '螺', which UNOC has not: .*UNOW"),
        (ORDER, {"parties": [Party("BY", "1" * 18, "", "buyer")]}, "NAD02-1 .* 1 to 17"),
        (ORDER, {"parties": [Party("BY", "123456789", "", "DUNS+4")]}, "no code for .*DUNS\\+4"),
        (ORDER, {"parties": [Party("BY", "", "N" * 36)]}, "5 lines of 35"),
        (PLAIN, {"line_available": 5.0}, "no code for that"),
        (PLAIN, {"lines": []}, "no line"),
        (PLAIN, {"line_others": {"145": 1.0}}, "145 twice"),
    ],
)
def test_what_is_missing_or_can_not_be_said_in_edifact_is_refused_by_name(paper: Any, fields: Any, said: str) -> None:
    edifact_writing.write([paper], ENVELOPE)

    with pytest.raises(ValueError, match=said):
        edifact_writing.write([changed(paper, **fields)], ENVELOPE)


@pytest.mark.parametrize("write", [x12_writing.write, edifact_writing.write])
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"number": 0}, "count from 1"),
        ({"number": 1_000_000_000}, "count from 1"),
        ({"at_ms": 0}, "milliseconds since 1970"),
        ({"marks": "***"}, "marks"),
        ({"marks": "A>~"}, "marks"),
        ({"charset": "EBCDIC"}, "charset"),
        ({"sender": Mailbox("")}, "sender of the interchange has no id"),
        ({"receiver": Mailbox("12", "DUNS")}, "no DUNS"),
        ({"receiver": Mailbox("PARTNER", "")}, "scheme ''"),
    ],
)
def test_an_envelope_that_can_not_be_is_refused_by_name(write: Callable[..., bytes], fields: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        write([ORDER], msgspec.structs.replace(ENVELOPE, **fields))


def test_x12_has_no_code_for_a_mailbox_with_a_gln_and_says_so() -> None:
    sender = Mailbox("4012345000009", "GLN")

    with pytest.raises(ValueError, match="X12 004010 has no code for the sender's scheme 'GLN': say one of DUNS"):
        x12_writing.write([ORDER], msgspec.structs.replace(ENVELOPE, sender=sender))


@pytest.mark.parametrize("papers", [[], [ORDER, STOCK]])
def test_an_x12_interchange_holds_papers_of_one_kind(papers: list[Any]) -> None:
    with pytest.raises(ValueError, match="one kind"):
        x12_writing.write(papers, ENVELOPE)


def test_an_order_is_cancelled_without_its_lines() -> None:
    cancel = OrderChange("PO-9", "2026-09-08", "cancel", [])
    document = read(x12_writing.write([cancel], ENVELOPE))

    assert (document.contents, document.problems) == ([cancel], [])


def test_an_x12_interchange_is_what_the_standard_prints() -> None:
    assert x12_writing.write([ORDER], ENVELOPE).decode() == (
        "ISA*00*          *00*          *01*123456789      *ZZ*PARTNER        *260910*0026*U*00401*000000007*0*P*>~"
        "GS*PO*123456789*PARTNER*20260910*0026*7*X*004010~ST*850*0001~BEG*00*SA*PO-9**20260908~CUR*BY*EUR~"
        "DTM*002*20260915~PO1*1*12*EA*4.50**BP*BOLT*UK*05901234123457~CTT*1~SE*7*0001~GE*1*7~IEA*1*000000007~"
    )


def test_an_edifact_interchange_is_what_the_standard_prints() -> None:
    sent = msgspec.structs.replace(ENVELOPE, marks=":+,? '", test=True)

    assert edifact_writing.write([changed(ORDER, line_quantity=12.5)], sent).decode() == (
        "UNA:+,? 'UNB+UNOC:3+123456789:1+PARTNER:ZZZ+260910:0026+7++++++1'UNH+1+ORDERS:D:96A:UN'BGM+220+PO-9+9'"
        "DTM+137:20260908:102'DTM+2:20260915:102'CUX+2:EUR:9'LIN+1++BOLT:IN'PIA+1+05901234123457:EN'QTY+21:12,5:EA'"
        "PRI+AAA:4,50'UNS+S'CNT+2:1'UNT+12+1'UNZ+1+7'"
    )


@pytest.mark.parametrize("name", ["Köttbullar & Söner Förvaltningsaktiebolag i Norrköping med omnejd", "N" * 35])
def test_a_long_name_of_a_party_is_broken_between_words_and_made_whole_again(name: str) -> None:
    order = msgspec.structs.replace(ORDER, parties=[Party("SU", "", name)])

    assert read(edifact_writing.write([order], ENVELOPE)).contents == [order]


def test_the_example_of_the_docs_writes_what_is_shown_there() -> None:
    text = (DOCS / "documents.md").read_text()
    names: dict[str, Any] = {}
    exec(blocks(text, "python")[0][1], names)

    assert names["sent"].decode() == blocks(text, "x12")[0][1].replace("\n", "")
