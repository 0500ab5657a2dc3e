"""The one door for papers: bytes of any standard that is read here -> a `Document`. Never an exception."""

from __future__ import annotations

import msgspec

from protocols.documents import charsets, cloudevents, edifact, epcis, x12
from protocols.documents.papers import BYTES_MAX, Document, blame
from protocols.readings import Problem


def read(data: bytes) -> Document:
    """The paper; its standard is told from its first characters. What can not be read is a document with a problem."""
    document = _read(data)
    if not document.contents and not document.problems:
        blame(document.problems, "document.empty", "the envelope holds no paper", "send what belongs in it")
    return document


def _read(data: bytes) -> Document:
    if len(data) > BYTES_MAX:
        detail = f"{len(data)} bytes, at most {BYTES_MAX} are read"
        return _refused("", "document.too_big", detail, "send smaller papers")
    problems: list[Problem] = []
    if data[:100].lstrip(b"\xef\xbb\xbf \t\r\n")[:3] in (b"UNA", b"UNB"):
        return edifact.read(charsets.text_of(data, problems), problems)
    text = _text(data)
    start = text[:3]
    if start == "ISA":
        return x12.read(text)
    if start[:1] in ("{", "["):
        return _json(text)
    hint = "send X12 (ISA...), EDIFACT (UNA or UNB...), EPCIS 2.0 or CloudEvents as JSON"
    return _refused("", "document.unknown", f"no paper known here begins with {text[:20]!r}", hint)


def _text(data: bytes) -> str:
    """The text: UTF-8, else Latin-1, as older senders write it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.lstrip("\ufeff \t\r\n")


def _json(text: str) -> Document:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return _refused("JSON", "payload.not_json", str(error)[:300], "send JSON, UTF-8, without NaN")
    if cloudevents.is_cloud_event(found):
        return cloudevents.read(found)
    if epcis.is_epcis(found):
        return epcis.read(found)
    hint = "send an EPCISDocument, an event, or a CloudEvent"
    return _refused("JSON", "document.unknown", "it is JSON, but neither EPCIS 2.0 nor a CloudEvent", hint)


def _refused(standard: str, code: str, detail: str, hint: str) -> Document:
    return Document(standard, [], [Problem(code, detail[:300], hint)])
