"""The exact writer of EPCIS 2.0 JSON-LD (GS1 EPCIS 2.0, CBV 2.0): what happened to things here, for partners to know.

ObjectEvents (receiving, picking, commissioning, shipping) and AggregationEvents (packing, unpacking). Lot and expiry
belong to things that come to be (action ADD): they go into `ilmd`. Things are named by GS1 Digital Link URIs, for which
no one need know how long a company prefix is. What is missing or no word of the vocabulary is a `ValueError`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, timedelta, timezone
from math import isfinite
from typing import Any
from urllib.parse import quote

import msgspec

from protocols.documents.epcis import ACTIONS, STEPS
from protocols.documents.layouts import digits_of
from protocols.documents.papers import EPOCH, Event, Goods, check_digit, is_gs1

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
MASTER_DATA = {"cbvmda": "urn:epcglobal:cbv:mda:"}
"""The namespace of the core vocabulary's attributes of things: lotNumber, itemExpirationDate."""
CORE_DISPOSITIONS = (
    "active available completeness_inferred completeness_verified conformant container_closed container_open damaged "
    "destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance "
    "mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other partially_dispensed "
    "recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown"
)
DISPOSITIONS = frozenset(CORE_DISPOSITIONS.split())
CORE_PAPERS = "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"
PAPERS = frozenset(CORE_PAPERS.split())
"""Types of business transactions (CBV 2.0, 7.3)."""
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
_OFFSET = re.compile(r"([+-])(0[0-9]|1[0-3]):([0-5][0-9])|([+-])14:00")
_UNIT = re.compile(r"[A-Z0-9]{2,3}")


def trade_item(gtin: str, lot: str = "", serial: str = "") -> str:
    """The URI of a trade item, of a lot of it, or of the one with a serial number (GS1 Digital Link: AI 01, 10, 21)."""
    link = f"https://id.gs1.org/01/{_checked(gtin.rjust(14, '0'), 14, 'GTIN')}"
    return link + (f"/10/{quote(lot, '')}" if lot else "") + (f"/21/{quote(serial, '')}" if serial else "")


def pallet(sscc: str) -> str:
    """The URI of a logistic unit (AI 00)."""
    return f"https://id.gs1.org/00/{_checked(sscc, 18, 'SSCC')}"


def place(gln: str, extension: str = "") -> str:
    """The URI of a place, or of a spot in it (AI 414, 254)."""
    link = f"https://id.gs1.org/414/{_checked(gln, 13, 'GLN')}"
    return f"{link}/254/{quote(extension, '')}" if extension else link


def paper(gln: str, number: str) -> str:
    """The URI of a business paper: its number at the party that gave it (CBV 2.0, 8.5.1)."""
    if not number:
        raise ValueError("a paper without a number: say the order's or ship notice's")
    return f"urn:epcglobal:cbv:bt:{_checked(gln, 13, 'GLN')}:{quote(number, '')}"


def _checked(number: str, size: int, what: str) -> str:
    if not is_gs1(number, (size,)) or check_digit(number[:-1]) != number[-1]:
        raise ValueError(f"{number!r} is no {what}: it has {size} digits, the last its check digit")
    return number


def write(events: Sequence[Event], at_ms: int, number: str = "") -> bytes:
    """An EPCISDocument made at `at_ms`; `number`: its own URI, if it has one. Raises `ValueError`, see above."""
    if not events:
        raise ValueError("a document without events: give at least one")
    told = [_event(one, f"event {at}") for at, one in enumerate(events, 1)]
    named = any("ilmd" in one for one in told)
    document: dict[str, Any] = {
        "@context": [CONTEXT, MASTER_DATA] if named else [CONTEXT],
        **({"id": _uri(number, "the document's number")} if number else {}),
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _time(at_ms, UTC),
        "epcisBody": {"eventList": told},
    }
    return msgspec.json.encode(document)


def _event(event: Event, what: str) -> dict[str, Any]:
    if event.kind not in ("ObjectEvent", "AggregationEvent"):
        raise ValueError(f"{what}: {event.kind!r} is not written here, ObjectEvent and AggregationEvent are")
    if event.action not in ACTIONS:
        raise ValueError(f"{what}: action {event.action!r} is none of {', '.join(ACTIONS)}")
    if event.outputs or event.made or event.readings:
        raise ValueError(f"{what}: outputs and sensors' readings are not written here, leave them out")
    told: dict[str, Any] = {
        "type": event.kind,
        "eventTime": _time(event.at_ms, _zone(event.offset, what)),
        "eventTimeZoneOffset": event.offset,
        "action": event.action,
    }
    if event.id:
        told["eventID"] = _uri(event.id, f"{what}, id")
    epcs = [_uri(one, f"{what}, epcs") for one in event.epcs]
    twice = next((one for at, one in enumerate(epcs) if one in epcs[:at]), "") if len(set(epcs)) < len(epcs) else ""
    if twice:
        raise ValueError(f"{what} names {twice!r} twice: a thing is there once, goods are counted")
    goods = [_goods(one, what) for one in event.goods]
    if event.kind == "ObjectEvent":
        told |= _object(event, epcs, goods, what)
    else:
        told |= _aggregation(event, epcs, goods, what)
    for key, value, words in (("bizStep", event.step, STEPS), ("disposition", event.disposition, DISPOSITIONS)):
        if value:
            told[key] = value if value in words else _uri(value, f"{what}, {key} (no word of the core vocabulary)")
    for key, value in (("readPoint", event.read_point), ("bizLocation", event.location)):
        if value:
            told[key] = {"id": _uri(value, f"{what}, {key}")}
    if event.papers:
        told["bizTransactionList"] = [_paper(kind, uri, what) for kind, uri in event.papers]
    return told


def _object(event: Event, epcs: list[str], goods: list[dict[str, Any]], what: str) -> dict[str, Any]:
    if event.parent:
        raise ValueError(f"{what}: an ObjectEvent has no parent, an AggregationEvent has")
    if not epcs and not goods:
        raise ValueError(f"{what} names no thing: give epcs or goods")
    told: dict[str, Any] = {"epcList": epcs} if epcs else {}
    if goods:
        told["quantityList"] = goods
    ilmd = {"cbvmda:lotNumber": event.lot, "cbvmda:itemExpirationDate": event.expires}
    if event.lot or event.expires:
        if event.action != "ADD":
            raise ValueError(f"{what}: lot and expiry are told when things come to be, action ADD; name the lot's URI")
        if event.expires and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", event.expires):
            raise ValueError(f"{what}: expires {event.expires[:40]!r} is no ISO day, 2026-09-24")
        told["ilmd"] = {key: value for key, value in ilmd.items() if value}
    return told


def _aggregation(event: Event, epcs: list[str], goods: list[dict[str, Any]], what: str) -> dict[str, Any]:
    if event.lot or event.expires:
        raise ValueError(f"{what}: an AggregationEvent has no lot of its own, its goods have")
    if not event.parent and event.action != "OBSERVE":
        raise ValueError(f"{what} has no parent: say the pallet or carton that holds the things")
    if not epcs and not goods and event.action != "DELETE":
        raise ValueError(f"{what} names no thing: give epcs or goods that the parent holds")
    told: dict[str, Any] = {"parentID": _uri(event.parent, f"{what}, parent")} if event.parent else {}
    if epcs or not goods:
        told["childEPCs"] = epcs
    if goods:
        told["childQuantityList"] = goods
    return told


def _goods(goods: Goods, what: str) -> dict[str, Any]:
    if goods.quantity is None or not isfinite(goods.quantity):
        raise ValueError(f"{what}: goods {goods.kind!r} have no quantity: say how many")
    told: dict[str, Any] = {"epcClass": _uri(goods.kind, f"{what}, goods")}
    told["quantity"] = msgspec.Raw(digits_of(goods.quantity, what).encode())
    if goods.unit:
        if not _UNIT.fullmatch(goods.unit):
            raise ValueError(f"{what}: unit {goods.unit!r} is no code of UN/ECE rec. 20: KGM; none means pieces")
        told["uom"] = goods.unit
    return told


def _paper(kind: str, uri: str, what: str) -> dict[str, str]:
    told = {"bizTransaction": _uri(uri, f"{what}, papers")}
    if kind:
        told["type"] = kind if kind in PAPERS else _uri(kind, f"{what}, papers (no type of the core vocabulary)")
    return told


def _uri(text: str, what: str) -> str:
    if not _URI.fullmatch(text) or len(text) > 300:
        raise ValueError(f"{what}: {text[:80]!r} is no URI: make one with trade_item, pallet, place or paper")
    return text


def _zone(offset: str, what: str) -> timezone:
    if not _OFFSET.fullmatch(offset):
        raise ValueError(f"{what}: offset {offset!r}: say the place's own from UTC, such as +02:00")
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def _time(at_ms: int, zone: timezone) -> str:
    """RFC 3339 to the millisecond."""
    moment = EPOCH + timedelta(milliseconds=at_ms)
    return moment.astimezone(zone).isoformat(timespec="milliseconds").replace("+00:00", "Z")
