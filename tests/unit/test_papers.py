"""What a supplier is told by machine papers is what the site knows, in its standard; what lacks is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cloud.core.book.entries import Entry, sensed
from cloud.core.purchasing.agreements import Shelf
from cloud.core.purchasing.news import arrival_confirmed, below_least, need_proposed, order_told, signed
from cloud.core.purchasing.orders import Line, Order
from cloud.core.purchasing.papers import Flow, Partner, Told, activity, changed, events, ordered, stock
from cloud.core.purchasing.receiving import Arrival
from cloud.core.refusals import Refusal
from protocols.documents.papers import Document, Envelope, Event, Goods
from protocols.documents.reading import read
from protocols.documents.sending import Mailbox
from protocols.documents.trade import Activity, OrderChange, StockReport
from protocols.documents.trade import Order as OrderPaper
from protocols.documents.webhooks import key_of, verify
from protocols.layout import About, Site, Sku
from protocols.trade import Supplier

NOW = 1_780_305_000_000
"""2026-06-01 11:10 in Berlin."""
DAY = 86_400_000
SITE = Site(
    About("north", "Warehouse North", "Europe/Berlin"),
    [],
    [Sku("bolt", "Bolt", 5.0, gtin="5901234123457"), Sku("nut", "Nut", 2.0)],
    suppliers=[Supplier("acme", "Acme Components")],
)
X12 = Partner("acme", Mailbox("123456789", "DUNS"), Mailbox("ACME"), gln="4012345000009")
EDIFACT = replace(X12, ours=Mailbox("4012345000009", "GLN"), standard="edifact")
LINES = [Line("bolt", 500, 0.12, due_ms=NOW + 9 * DAY), Line("nut", 200, 0.05)]
ORDER = Order("acme", LINES, "sent", NOW, NOW, "jo", sent_ms=NOW, needs=[3], note="for the lab", version=3, id=7)
SHELVES = [
    Shelf("bolt", "Bolt", 850, 800, 1300, 200, 1400, 40.0, None, NOW),
    Shelf("nut", "Nut", -2, -2, -2, None, None, None, None, None),
]


def paper(data: bytes | Refusal) -> Any:
    """The one paper in what was written, read without a problem."""
    assert isinstance(data, bytes), data
    document = read(data)
    assert document.problems == []
    assert (document.receiver, len(document.contents)) == ("ACME", 1)
    return document.contents[0]


def test_an_order_is_written_to_the_letter() -> None:
    sent = ordered(SITE, X12, ORDER, NOW, 12)
    assert isinstance(sent, bytes)
    assert sent.decode().split("~")[2:] == [
        "ST*850*0001",
        "BEG*00*SA*PO-7**20260601",
        "CUR*BY*EUR",
        "N1*BY*Warehouse North*UL*4012345000009",
        "N1*SU*Acme Components*92*acme",
        "PO1*1*500*EA*0.12**BP*bolt*UK*05901234123457",
        "DTM*002*20260610",
        "PO1*2*200*EA*0.05**BP*nut",
        "CTT*2",
        "SE*10*0001",
        "GE*1*12",
        "IEA*1*000000012",
        "",
    ]


def test_both_standards_say_the_same_order() -> None:
    one, other = (paper(ordered(SITE, partner, ORDER, NOW, 1)) for partner in (X12, EDIFACT))
    assert isinstance(one, OrderPaper)
    units = [replace(line, unit="EA") for line in other.lines]
    assert (other.number, units, other.currency) == (one.number, one.lines, one.currency)


def test_an_edifact_order_that_was_changed_or_cancelled_is_sent_anew_as_such() -> None:
    revised = replace(ORDER, revised_ms=NOW + 1)
    cancelled = replace(ORDER, state="cancelled")
    assert [paper(ordered(SITE, EDIFACT, one, NOW, 1)).purpose for one in (ORDER, revised, cancelled)] == [
        "", "replace", "cancel",
    ]  # fmt: skip
    assert paper(ordered(SITE, X12, revised, NOW, 1)).purpose == "", "X12 has the 860 for it"
    assert isinstance(ordered(SITE, X12, cancelled, NOW, 1), Refusal)
    assert isinstance(ordered(SITE, EDIFACT, replace(cancelled, sent_ms=0), NOW, 1), Refusal)


def test_stock_tells_what_is_there_and_debts_too() -> None:
    one = paper(stock(SITE, X12, SHELVES, NOW, 1))
    assert isinstance(one, StockReport)
    assert [(line.item.number, line.quantity, line.available) for line in one.lines] == [
        ("bolt", 850, 800),
        ("nut", -2, -2),
    ]
    other = paper(stock(SITE, EDIFACT, SHELVES, NOW, 1))
    assert [(line.item.gtin, line.quantity, line.unit) for line in other.lines] == [
        ("05901234123457", 850, "PCE"),
        ("", -2, "PCE"),
    ]


def test_activity_tells_bounds_and_what_is_to_come_of_this_suppliers_orders_alone() -> None:
    shipped = replace(ORDER, lines=[replace(LINES[0], shipped=100, received=60), LINES[1]])
    others = replace(ORDER, supplier="rival", id=8)
    told = activity(SITE, X12, SHELVES, {"bolt": Flow(60, 130)}, [shipped, others], NOW - 7 * DAY, NOW, 5)
    one = paper(told)
    assert isinstance(one, Activity)
    assert (one.start, one.end) == ("2026-05-25", "2026-06-01")
    assert one.lines[0].quantities == {
        "on_hand": 850,
        "available": 800,
        "on_order": 400,
        "in_transit": 40,
        "received": 60,
        "sold": 130,
        "minimum": 200,
        "maximum": 1400,
    }
    assert "minimum" not in one.lines[1].quantities


def test_a_change_tells_of_the_lines_that_changed_and_keeps_their_numbers() -> None:
    after = replace(
        ORDER, lines=[replace(LINES[0], units=0), replace(LINES[1], units=250, due_ms=NOW + 3 * DAY)], version=4
    )
    one = paper(changed(SITE, X12, [ORDER, after], NOW + DAY, 2))
    assert isinstance(one, OrderChange)
    assert (one.order, one.day, one.kind, one.version, one.changed) == (
        "PO-7",
        "2026-06-01",
        "change",
        "4",
        "2026-06-02",
    )
    assert [(line.line, line.change, line.quantity, line.needed) for line in one.lines] == [
        ("1", "deleted", None, "2026-06-10"),
        ("2", "changed", 250, "2026-06-04"),
    ]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (replace(LINES[0], units=600), "increased"),
        (replace(LINES[0], units=400), "decreased"),
        (replace(LINES[0], unit_price=0.11), "price"),
        (replace(LINES[0], due_ms=NOW + 10 * DAY), "dates"),
    ],
)
def test_each_change_has_its_word(line: Line, word: str) -> None:
    after = replace(ORDER, lines=[line, LINES[1]])
    assert [one.change for one in paper(changed(SITE, X12, [ORDER, after], NOW, 2)).lines] == [word]


def version(before: Order, bolt: Line, **what: Any) -> Order:
    return replace(before, lines=[bolt, before.lines[1]], version=before.version + 1, **what)


def told(*versions: Order) -> list[tuple[str, str, float | None]]:
    return [(one.line, one.change, one.quantity) for one in paper(changed(SITE, X12, versions, NOW, 2)).lines]


def test_every_change_since_the_order_was_sent_is_told_not_the_last_alone() -> None:
    bolt, nut = LINES
    first = version(ORDER, replace(bolt, units=400))
    second = replace(first, lines=[first.lines[0], replace(nut, units=150)], version=5)
    noted = replace(second, note="ring them", version=6)
    assert told(ORDER, first, second) == [("1", "decreased", 400), ("2", "decreased", 150)]
    assert told(replace(ORDER, sent_ms=0, version=2), ORDER, first, second, noted) == told(ORDER, first, second)


def test_a_change_that_is_taken_back_is_told_as_what_holds_now() -> None:
    less, gone = version(ORDER, replace(LINES[0], units=400)), version(ORDER, replace(LINES[0], units=0))
    back = replace(ORDER, version=5)
    assert told(ORDER, less, back) == [("1", "replaced", 500)]
    assert told(ORDER, gone, back) == [("1", "replaced", 500)]
    assert told(ORDER, gone, version(gone, replace(LINES[0], units=300))) == [("1", "replaced", 300)]
    assert told(ORDER, less, version(less, replace(LINES[0], units=0))) == [("1", "deleted", None)]


def test_what_the_supplier_said_itself_is_no_change_of_the_sites() -> None:
    less = version(ORDER, replace(LINES[0], units=400), state="confirmed", confirmed_ms=NOW + 1)
    moved = version(ORDER, replace(LINES[0], shipped=9, due_ms=NOW + 20 * DAY), keys=["ship:a"])
    for own in (less, moved):
        none = changed(SITE, X12, [ORDER, own], NOW, 1)
        assert isinstance(none, Refusal)
        assert none.reason == "no_change"
    nut = replace(less, lines=[less.lines[0], replace(LINES[1], units=150)], confirmed_ms=0, version=5)
    assert told(ORDER, less, nut) == [("2", "decreased", 150)]


def test_a_cancelled_order_is_cancelled_whole() -> None:
    one = paper(changed(SITE, X12, [ORDER, replace(ORDER, state="cancelled", version=4)], NOW, 2))
    assert (one.kind, one.lines) == ("cancel", [])


@pytest.mark.parametrize(
    ("told", "reason", "word"),
    [
        (ordered(SITE, X12, replace(ORDER, state="draft"), NOW, 1), "not_now", "draft"),
        (ordered(SITE, X12, replace(ORDER, supplier="rival"), NOW, 1), "other_supplier", "rival"),
        (ordered(SITE, X12, ORDER, NOW, 0), "not_written", "number 0"),
        (ordered(SITE, replace(X12, gln="4012345000001"), ORDER, NOW, 1), "not_written", "GLN"),
        (stock(SITE, X12, [], NOW, 1), "not_written", "no line"),
        (changed(SITE, X12, [ORDER, replace(ORDER, note="x", version=4)], NOW, 1), "no_change", "Nothing"),
        (changed(SITE, X12, [replace(ORDER, sent_ms=0)], NOW, 1), "not_sent", "not sent"),
        (changed(SITE, EDIFACT, [ORDER, ORDER], NOW, 1), "no_such_paper", "EDIFACT"),
        (activity(SITE, EDIFACT, SHELVES, {}, [], NOW, NOW, 1), "no_such_paper", "EDIFACT"),
        (events(SITE, X12, [Entry("receipt", "nut", 5, NOW, NOW)], ["nut"], NOW), "no_events", "receipt"),
    ],
)
def test_what_can_not_be_told_is_refused_with_what_to_do(told: Any, reason: str, word: str) -> None:
    assert isinstance(told, Refusal)
    assert (told.reason, word in told.detail, bool(told.hint)) == (reason, True, True)


def test_receipts_and_picks_are_told_as_events_that_keep_their_id() -> None:
    entries = [
        Entry("receipt", "bolt", 50, NOW, NOW, lot="L1", ref="order:7", id=4),
        sensed("A-1", "bolt", -3, 47, NOW + 1, NOW + 1, "weight", id=4),
        Entry("pick", "nut", -1, NOW, NOW),
        Entry("count", "bolt", 47, NOW, NOW),
        Entry("receipt", "secret", 9, NOW, NOW),
    ]
    told = events(SITE, X12, entries, ["bolt", "nut"], NOW)
    assert isinstance(told, Told)
    assert told.left_out == ["nut"]
    document = read(told.data)
    first, second = document.contents
    assert document.problems == []
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert (first.step, first.at_ms, first.offset) == ("receiving", NOW, "+02:00")
    assert first.goods == [Goods("https://id.gs1.org/01/05901234123457/10/L1", 50.0)]
    assert first.papers == [("po", "urn:epcglobal:cbv:bt:4012345000009:PO-7")]
    assert (second.step, second.read_point) == ("picking", "https://id.gs1.org/414/4012345000009/254/A-1")
    assert second.goods == [Goods("https://id.gs1.org/01/05901234123457", 3.0)]
    assert first.id != second.id
    assert told == events(SITE, X12, entries, ["bolt", "nut"], NOW)


SECRET = "whsec_" + "A" * 40
ARRIVAL = Arrival(7, "bolt", 60, NOW, NOW, ["A-1"], {"weight": 60}, 0.9, 0)


@pytest.mark.parametrize(
    ("news", "kind", "subject", "told"),
    [
        (need_proposed("north", 3, "bolt", 500, NOW), "need.proposed", "bolt", {"need": 3, "units": 500}),
        (order_told("north", ORDER), "order.sent", "PO-7", {"state": "sent", "value": 70.0}),
        (order_told("north", replace(ORDER, state="confirmed", changed_ms=NOW + 1)), "order.changed", "PO-7", {}),
        (below_least("north", replace(SHELVES[0], on_hand=1), NOW), "stock.below_least", "bolt", {"least": 200}),
        (
            arrival_confirmed("north", ARRIVAL.sku, ARRIVAL.units, ORDER, NOW),
            "arrival.confirmed",
            "PO-7",
            {"units": 60},
        ),
    ],
)
def test_news_are_signed_and_read_as_they_were(news: Envelope, kind: str, subject: str, told: dict[str, Any]) -> None:
    post = signed(news, NOW // 1000, [SECRET])
    assert not isinstance(post, Refusal)
    assert verify(post.headers, post.body, NOW // 1000, [key_of(SECRET)]) is None
    document: Document = read(post.body)
    assert document.problems == []
    (found,) = document.contents
    assert isinstance(found, Envelope)
    assert (found.type, found.subject, found.source, found.id) == (
        f"warehouse.{kind}",
        subject,
        "/sites/north",
        post.id,
    )
    data = msgspec.json.decode(found.data)
    assert told.items() <= data.items()
    assert not {"note", "needs", "by"} & data.keys()


def test_an_event_that_can_not_be_signed_says_why() -> None:
    for secrets in ([], ["hunter2"]):
        found = signed(order_told("north", ORDER), NOW // 1000, secrets)
        assert isinstance(found, Refusal)
        assert found.reason == "not_signed"
