"""Events and envelopes that are written are read back as they were; a body's signature holds for that body alone."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.documents import cloudevents, epcis_writing, webhooks
from protocols.documents.epcis import STEPS
from protocols.documents.epcis_writing import DISPOSITIONS, PAPERS, pallet, paper, place, trade_item
from protocols.documents.papers import Envelope, Event, Goods
from protocols.documents.reading import read
from protocols.readings import Reading
from tests.unit.test_documents_written import AT_MS, DAYS, gtins

GLN = "4012345000009"
ITEM = trade_item("05901234123457", "L-77")
RECEIVED = Event(
    "ObjectEvent",
    AT_MS,
    "OBSERVE",
    "receiving",
    "in_progress",
    goods=[Goods(ITEM, 12.5, "KGM")],
    location=place(GLN, "DOCK 1"),
    papers=[("po", paper(GLN, "PO-9"))],
    offset="+02:00",
)
PACKED = Event(
    "AggregationEvent",
    AT_MS,
    "ADD",
    "packing",
    goods=[Goods(ITEM, 40.0)],
    parent=pallet("376104250021234569"),
    offset="-03:30",
)

URIS = st.one_of(
    gtins(14).map(trade_item),
    gtins(18).map(pallet),
    st.builds(trade_item, gtins(13), st.text("AZ09/ ?#é", min_size=1, max_size=20), st.text("az09-", max_size=20)),
    st.builds(place, gtins(13), st.text("AZ09/ ", max_size=10)),
)
GOODS = st.builds(
    Goods, URIS, st.integers(0, 10**9).map(lambda one: one / 1000), st.sampled_from(["", "KGM", "EA", "LTR"])
)
OFFSETS = st.sampled_from(["+00:00", "+02:00", "-03:30", "+14:00", "-11:00", "+05:45"])


@st.composite
def events(draw: st.DrawFn) -> Event:
    """What happened to things: seen, come to be, gone, packed."""
    kind = draw(st.sampled_from(["ObjectEvent", "AggregationEvent"]))
    action = draw(st.sampled_from(["ADD", "OBSERVE", "DELETE"]))
    epcs, goods = draw(st.lists(URIS, max_size=3, unique=True)), draw(st.lists(GOODS, max_size=3))
    if not epcs and not goods:
        epcs = [draw(URIS)]
    born = kind == "ObjectEvent" and action == "ADD"
    return Event(
        kind,
        draw(st.integers(1, 4_000_000_000_000)),
        action,
        draw(st.sampled_from(["", "https://example.com/steps/weighing", *STEPS])),
        draw(st.sampled_from(["", *DISPOSITIONS])),
        draw(st.sampled_from(["", "urn:uuid:7d3f4a2e-0000-4000-8000-000000000001"])),
        epcs,
        goods,
        draw(URIS) if kind == "AggregationEvent" else "",
        read_point=draw(st.just("") | URIS),
        location=draw(st.just("") | URIS),
        papers=draw(
            st.lists(
                st.tuples(st.sampled_from(["", *PAPERS]), st.builds(paper, gtins(13), st.text("A-/ 1", min_size=1))),
                max_size=2,
            )
        ),
        offset=draw(OFFSETS),
        lot=draw(st.just("") | st.text("AZ09-", min_size=1, max_size=20)) if born else "",
        expires=draw(st.just("") | DAYS) if born else "",
    )


@given(st.lists(events(), min_size=1, max_size=3))
def test_events_are_read_as_they_were(told: list[Event]) -> None:
    document = read(epcis_writing.write(told, AT_MS, "urn:uuid:7d3f4a2e-0000-4000-8000-000000000002"))

    assert document.problems == []
    assert document.contents == told
    assert document.number == "urn:uuid:7d3f4a2e-0000-4000-8000-000000000002"


def test_a_receipt_is_told_in_the_words_of_the_standard() -> None:
    document = json.loads(epcis_writing.write([RECEIVED], AT_MS))

    assert document == {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-09-10T00:26:40.000Z",
        "epcisBody": {
            "eventList": [
                {
                    "type": "ObjectEvent",
                    "eventTime": "2026-09-10T02:26:40.000+02:00",
                    "eventTimeZoneOffset": "+02:00",
                    "action": "OBSERVE",
                    "bizStep": "receiving",
                    "disposition": "in_progress",
                    "quantityList": [
                        {"epcClass": "https://id.gs1.org/01/05901234123457/10/L-77", "quantity": 12.5, "uom": "KGM"}
                    ],
                    "bizLocation": {"id": "https://id.gs1.org/414/4012345000009/254/DOCK%201"},
                    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:PO-9"}],
                }
            ]
        },
    }


def test_lot_and_expiry_are_told_of_things_that_come_to_be() -> None:
    born = msgspec.structs.replace(RECEIVED, action="ADD", step="commissioning", lot="L-77", expires="2026-10-01")
    document = json.loads(epcis_writing.write([born], AT_MS))

    assert document["@context"][1] == {"cbvmda": "urn:epcglobal:cbv:mda:"}
    assert document["epcisBody"]["eventList"][0]["ilmd"] == {
        "cbvmda:lotNumber": "L-77",
        "cbvmda:itemExpirationDate": "2026-10-01",
    }


@pytest.mark.parametrize(
    ("event", "fields", "said"),
    [
        (RECEIVED, {"kind": "TransformationEvent"}, "not written here"),
        (RECEIVED, {"action": ""}, "action '' is none of"),
        (RECEIVED, {"offset": ""}, "offset ''.*\\+02:00"),
        (RECEIVED, {"offset": "+15:00"}, "offset"),
        (RECEIVED, {"goods": []}, "event 1 names no thing"),
        (RECEIVED, {"epcs": [ITEM, ITEM]}, "L-77' twice"),
        (RECEIVED, {"goods": [Goods(ITEM)]}, "no quantity"),
        (RECEIVED, {"goods": [Goods("BOLT", 1.0)]}, "'BOLT' is no URI: make one with trade_item"),
        (RECEIVED, {"goods": [Goods(ITEM, 1.0, "kilo")]}, "rec. 20"),
        (RECEIVED, {"step": "recieving"}, "bizStep .*core vocabulary.*'recieving'"),
        (RECEIVED, {"disposition": "fine"}, "disposition"),
        (RECEIVED, {"location": "DOCK"}, "bizLocation: 'DOCK'"),
        (RECEIVED, {"papers": [("po", "PO-9")]}, "papers: 'PO-9'"),
        (RECEIVED, {"papers": [("order", paper(GLN, "PO-9"))]}, "no type of the core vocabulary"),
        (RECEIVED, {"parent": pallet("376104250021234569")}, "no parent"),
        (RECEIVED, {"lot": "L-77"}, "action ADD"),
        (RECEIVED, {"action": "ADD", "expires": "1.10.2026"}, "no ISO day"),
        (RECEIVED, {"readings": [Reading("d", "c", "temperature_c", AT_MS, [1.0])]}, "not written here"),
        (PACKED, {"parent": ""}, "no parent: say the pallet"),
        (PACKED, {"goods": []}, "names no thing"),
        (PACKED, {"lot": "L"}, "no lot of its own"),
    ],
)
def test_what_is_missing_in_an_event_is_refused_by_name(event: Event, fields: dict[str, Any], said: str) -> None:
    epcis_writing.write([event], AT_MS)

    with pytest.raises(ValueError, match=said):
        epcis_writing.write([msgspec.structs.replace(event, **fields)], AT_MS)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: trade_item("05901234123458"), "no GTIN"),
        (lambda: pallet("1"), "no SSCC"),
        (lambda: place(""), "no GLN"),
        (lambda: paper(GLN, ""), "without a number"),
        (lambda: epcis_writing.write([], AT_MS), "without events"),
    ],
)
def test_a_name_that_is_none_is_no_uri(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
DATA = st.dictionaries(TEXTS, st.integers(-(2**40), 2**40) | TEXTS | st.none() | st.lists(st.booleans()), max_size=4)


@given(TEXTS, TEXTS, TEXTS, st.none() | st.integers(1, 4_000_000_000_000), DATA)
def test_a_cloud_event_is_read_as_it_was(
    id: str, source: str, kind: str, at_ms: int | None, data: dict[str, Any]
) -> None:
    text = msgspec.json.encode({"own": data}).decode()
    envelope = Envelope(id, source, kind, at_ms, "sku/BOLT", "application/json", text)
    document = read(cloudevents.write(envelope))

    assert (document.contents, document.problems) == ([envelope], [])


def test_a_cloud_event_carries_epcis_to_whoever_reads_it() -> None:
    inner = epcis_writing.write([RECEIVED, PACKED], AT_MS).decode()
    document = read(cloudevents.write(Envelope("1", "/dock", "org.gs1.epcis", AT_MS, data=inner)))

    assert document.contents[1:] == [RECEIVED, PACKED]
    assert document.problems == []


@pytest.mark.parametrize(
    ("envelope", "said"),
    [
        (Envelope("", "/dock", "t"), "no id"),
        (Envelope("1", "", "t"), "no source"),
        (Envelope("1", "/dock", ""), "no type"),
        (Envelope("1", "/dock", "t", data="{"), "no JSON"),
        (Envelope("1", "/dock", "t", content_type="text/xml", data="1"), "content type 'text/xml'"),
    ],
)
def test_a_cloud_event_without_its_attributes_is_refused_by_name(envelope: Envelope, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        cloudevents.write(envelope)


OLD, NEW = b"o" * 24, b"n" * 32
NOW_S = AT_MS // 1000
BODY = '{"sku":"螺栓"}'.encode()


def code_of(headers: dict[str, str], body: bytes = BODY, now_s: int = NOW_S, keys: tuple[bytes, ...] = (NEW,)) -> str:
    """What is wrong with a body's signature, "" when it is right."""
    problem = webhooks.verify(headers, body, now_s, keys)
    return problem.code if problem is not None else ""


def test_a_signature_is_that_of_the_schemes_own_example() -> None:
    # the test vector of the Standard Webhooks libraries
    key = webhooks.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = webhooks.sign(b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, [key])

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(max_size=300), st.integers(0, 299), st.integers(0, 7))
def test_a_body_changed_in_one_bit_is_not_what_was_signed(body: bytes, at: int, bit: int) -> None:
    headers = webhooks.sign(body, "msg_1", NOW_S, [NEW])
    spoilt = bytearray(body or b"x")
    spoilt[at % len(spoilt)] ^= 1 << bit

    assert code_of(headers, body) == ""
    assert code_of(headers, bytes(spoilt)) == "webhook.signature"


@pytest.mark.parametrize(("name", "value"), [("webhook-id", "msg_2"), ("webhook-timestamp", str(NOW_S + 1))])
def test_a_signed_body_is_not_passed_off_under_another_id_or_at_another_time(name: str, value: str) -> None:
    headers = webhooks.sign(BODY, "msg_1", NOW_S, [NEW])

    assert code_of({**headers, name: value}) == "webhook.signature"


@pytest.mark.parametrize(
    ("late_s", "code"), [(0, ""), (300, ""), (-300, ""), (301, "webhook.stale"), (-301, "webhook.stale")]
)
def test_a_body_is_taken_within_the_window_only(late_s: int, code: str) -> None:
    assert code_of(webhooks.sign(BODY, "msg_1", NOW_S, [NEW]), now_s=NOW_S + late_s) == code


def test_keys_are_changed_without_a_gap() -> None:
    both = webhooks.sign(BODY, "msg_1", NOW_S, [NEW, OLD])

    assert code_of(both, keys=(OLD,)) == ""
    assert code_of(both, keys=(NEW,)) == ""
    assert code_of(webhooks.sign(BODY, "msg_1", NOW_S, [OLD]), keys=(NEW, OLD)) == ""
    assert code_of(webhooks.sign(BODY, "msg_1", NOW_S, [OLD]), keys=(NEW,)) == "webhook.signature"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-id": "1", "webhook-timestamp": str(NOW_S)},
        {"webhook-id": "1", "webhook-timestamp": str(NOW_S), "webhook-signature": "v1," + "A" * 2000},
    ],
)
def test_a_body_without_a_signature_is_unsigned(headers: dict[str, str]) -> None:
    assert code_of(headers) == "webhook.unsigned"


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=80))
def test_no_header_is_an_exception(id: str, at: str, signature: str) -> None:
    assert code_of({"Webhook-Id": id, "WEBHOOK-TIMESTAMP": at, "webhook-signature": signature})
    assert code_of({"webhook-id": id, "webhook-timestamp": str(NOW_S), "webhook-signature": f"v1,{signature}"})


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", base64.b64encode(NEW).decode(), "whsec_" + "A" * 200, "whsec_äää"]
)
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 random bytes"):
        webhooks.key_of(secret)


@pytest.mark.parametrize(
    ("message", "keys"), [("a.b", [NEW]), ("", [NEW]), ("a b", [NEW]), ("a", []), ("a", [NEW] * 5)]
)
def test_nothing_is_signed_ambiguously_or_without_a_key(message: str, keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"message id|keys"):
        webhooks.sign(BODY, message, NOW_S, keys)
