"""CloudEvents 1.0 in structured JSON mode: a reader of the envelope, alone or as a batch, and of EPCIS events within; a
writer of one. (How the body is signed on its way: `webhooks`.)"""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import Any

import msgspec

from protocols.documents import epcis
from protocols.documents.papers import EPOCH, LINES_MAX, Content, Document, Envelope, blame
from protocols.parsing.moments import told_ms
from protocols.readings import Problem

DATA_MAX = 64 * 1024
"""Data that is no paper known here is kept as text up to this length."""


def is_cloud_event(found: Any) -> bool:
    """Whether a JSON value looks like one CloudEvent or a batch of them."""
    one = found[0] if isinstance(found, list) and found else found
    return isinstance(one, dict) and "specversion" in one


def read(found: Any) -> Document:
    """The envelopes in a JSON value that has been parsed, each followed by what is known of its data."""
    problems: list[Problem] = []
    contents: list[Content] = []
    events = found if isinstance(found, list) else [found]
    if len(events) > LINES_MAX:
        blame(problems, "document.too_long", f"{len(events)} events, {LINES_MAX} were taken", "send smaller batches")
    for one in events[:LINES_MAX]:
        if isinstance(one, dict):
            contents += _opened(one, problems)
        else:
            blame(problems, "cloudevents.event", f"an event is a {type(one).__name__}, not an object")
    first = next((one for one in contents if isinstance(one, Envelope)), None)
    return Document("CloudEvents", contents, problems, first.source if first is not None else "")


def write(envelope: Envelope) -> bytes:
    """One event, its data (JSON text, an EPCIS document too) within. Raises `ValueError` for what is missing."""
    for name in ("id", "source", "type"):
        if not getattr(envelope, name):
            raise ValueError(f"the event has no {name}: every CloudEvent must have one")
    told: dict[str, Any] = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
    }
    if envelope.at_ms is not None:
        moment = EPOCH + timedelta(milliseconds=envelope.at_ms)
        told["time"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if envelope.subject:
        told["subject"] = envelope.subject
    if envelope.content_type:
        told["datacontenttype"] = envelope.content_type
    if envelope.data:
        kind = envelope.content_type or "application/json"
        if kind.partition(";")[0].strip() != "application/json" and "+json" not in kind:
            raise ValueError(f"content type {kind[:80]!r}: what is written here is JSON")
        try:
            msgspec.json.decode(envelope.data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ValueError(f"the event's data are no JSON: {error}") from None
        told["data"] = msgspec.Raw(envelope.data.encode())
    return msgspec.json.encode(told)


def _opened(event: dict[str, Any], problems: list[Problem]) -> list[Content]:
    attributes = {}
    for name in ("specversion", "id", "source", "type"):
        value = event.get(name)
        attributes[name] = value[:300] if isinstance(value, str) else ""
        if not attributes[name]:
            blame(problems, "cloudevents.attribute", f"the attribute {name!r} is missing: every event must have it")
    if attributes["specversion"] not in ("", "1.0"):
        blame(problems, "cloudevents.version", f"version {attributes['specversion'][:20]!r}: what is read here is 1.0")
    at_ms = told_ms(event.get("time"))
    if at_ms is None and event.get("time") is not None:
        blame(problems, "cloudevents.time", f"time {str(event['time'])[:40]!r} is none", "use RFC 3339")
    data, inner = _data(event, problems)
    subject, content_type = (str(event.get(name) or "")[:300] for name in ("subject", "datacontenttype"))
    envelope = Envelope(attributes["id"], attributes["source"], attributes["type"], at_ms, subject, content_type, data)
    return [envelope, *inner]


def _data(event: dict[str, Any], problems: list[Problem]) -> tuple[str, list[Content]]:
    """The data as text, or the events that it holds."""
    data = event.get("data")
    packed = event.get("data_base64")
    if isinstance(packed, str):
        try:
            data = msgspec.json.decode(base64.b64decode(packed, validate=True))
        except (binascii.Error, ValueError, RecursionError):
            blame(problems, "cloudevents.data", "data_base64 holds no base64 of JSON; it was left out")
            return "", []
    if epcis.is_epcis(data):
        document = epcis.read(data)
        for one in document.problems:
            blame(problems, one.code, one.detail, one.hint)
        return "", document.contents
    text = msgspec.json.encode(data).decode() if data is not None else ""
    if len(text) > DATA_MAX:
        blame(problems, "document.too_long", f"data of {len(text)} characters, {DATA_MAX} were kept")
    return text[:DATA_MAX], []
