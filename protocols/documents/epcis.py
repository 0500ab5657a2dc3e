"""A reader of EPCIS 2.0 JSON (GS1 EPCIS 2.0, section 10): events in a document, in a query's result, or alone.

What the official JSON schema lets through without its format checkers is told here: a misspelt event type or business
step, a time that is none. Sensor elements become readings of the past (flag `historical`): one channel a figure
(`value`, `minValue` ...), the device as the event names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from protocols.documents.papers import LINES_MAX, Content, Document, Event, Goods, blame
from protocols.parsing.moments import Moment, told_ms
from protocols.parsing.payloads import measured, number_of
from protocols.readings import Problem, Reading

KINDS = ("ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent")
ACTIONS = ("ADD", "OBSERVE", "DELETE")
CORE_STEPS = (
    "accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting "
    "decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting "
    "installing killing loading other packing picking receiving removing repackaging repairing replacing reserving "
    "retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting "
    "unloading unpacking void_shipping"
)
"""Business steps of the Core Business Vocabulary 2.0; others are spelt as URIs."""
STEPS = frozenset(CORE_STEPS.split())
UNITS = {
    "CEL": "Cel",
    "FAH": "degF",
    "KEL": "K",
    "KGM": "kg",
    "GRM": "g",
    "MGM": "mg",
    "TNE": "t",
    "LBR": "lb",
    "ONZ": "oz",
    "A97": "hPa",
    "PAL": "Pa",
    "KPA": "kPa",
    "BAR": "bar",
    "VLT": "V",
    "2Z": "mV",
    "AMP": "A",
    "4K": "mA",
    "WTT": "W",
    "KWT": "kW",
    "WHR": "Wh",
    "KWH": "kWh",
    "JOU": "J",
    "HTZ": "Hz",
    "KHZ": "kHz",
    "MSK": "m/s2",
    "C16": "mm/s",
}
"""UNECE recommendation 20 -> our unit codes. P1 (per cent) depends on what is measured."""
PER_CENT = {"RelativeHumidity": "%RH", "BatteryLevel": "%"}
SPEED = "Speed"
FIGURES = ("value", "minValue", "maxValue", "meanValue", "percValue")
READINGS_MAX = 100_000


def read(found: Any) -> Document:
    """The events in a JSON value that has been parsed."""
    problems: list[Problem] = []
    events, sender = _events(found, problems)
    if len(events) > LINES_MAX:
        blame(problems, "document.too_long", f"{len(events)} events, {LINES_MAX} were taken", "send smaller documents")
    contents: list[Content] = []
    left = READINGS_MAX
    for one in events[:LINES_MAX]:
        event = _event(one, problems, left)
        if event is not None:
            left -= len(event.readings)
            contents.append(event)
    if left <= 0:
        blame(problems, "document.too_long", f"more than {READINGS_MAX} sensor values; the rest was not read")
    number = _text(found.get("id")) if isinstance(found, dict) else ""
    return Document("EPCIS", contents, problems, sender, "", number)


def is_epcis(found: Any) -> bool:
    """Whether a JSON value looks like EPCIS: a document, a query's result, or an event."""
    return isinstance(found, dict) and ("epcisBody" in found or "eventTime" in found or found.get("type") in KINDS)


def _events(found: Any, problems: list[Problem]) -> tuple[list[Any], str]:
    if not isinstance(found, dict):
        blame(problems, "epcis.no_events", "it is no JSON object", "send an EPCISDocument")
        return [], ""
    version = found.get("schemaVersion")
    if version is not None and str(version)[:1] != "2":
        blame(problems, "epcis.version", f"schema version {str(version)[:20]!r}: what is read here is 2.0")
    sender = found.get("sender")
    body = found.get("epcisBody")
    if body is None and ("eventTime" in found or found.get("type") in KINDS):
        return [found], ""
    listed: Any = body
    for key in ("queryResults", "resultsBody", "eventList"):
        if isinstance(listed, dict) and key in listed:
            listed = listed[key]
    if isinstance(body, dict) and isinstance(body.get("event"), dict):
        listed = [body["event"]]
    if not isinstance(listed, list) or not listed:
        blame(problems, "epcis.no_events", "there is no eventList with events in it", "send an EPCISDocument")
        return [], _text(sender)
    return listed, _text(sender)


def _event(found: Any, problems: list[Problem], left: int) -> Event | None:
    if not isinstance(found, dict):
        blame(problems, "epcis.event", f"an event is a {type(found).__name__}, not an object")
        return None
    kind = _text(found.get("type"))
    if kind not in KINDS and ":" not in kind:
        hint = f"use one of {', '.join(KINDS)}"
        blame(problems, "epcis.event_type", f"{kind[:60]!r} is no event type of EPCIS 2.0", hint)
    at_ms = told_ms(found.get("eventTime"))
    if at_ms is None:
        said = repr(found.get("eventTime"))[:60]
        blame(problems, "epcis.event_time", f"eventTime {said} is no time; the event is left out", "use ISO 8601")
        return None
    action = _text(found.get("action"))
    if action not in ACTIONS and kind != "TransformationEvent":
        blame(problems, "epcis.action", f"action {action[:40]!r} is none of {', '.join(ACTIONS)}")
    step = _text(found.get("bizStep"))
    plain = step.removeprefix("urn:epcglobal:cbv:bizstep:").removeprefix("https://ref.gs1.org/cbv/BizStep-")
    if step and plain not in STEPS and ":" not in plain:
        blame(problems, "epcis.vocabulary", f"{step[:60]!r} is no business step of the core vocabulary 2.0")
    return Event(
        kind,
        at_ms,
        action,
        plain,
        _text(found.get("disposition")),
        _text(found.get("eventID")),
        _texts(found, "epcList", "childEPCs", "inputEPCList"),
        _goods(found, "quantityList", "childQuantityList", "inputQuantityList"),
        _text(found.get("parentID")),
        _texts(found, "outputEPCList"),
        _goods(found, "outputQuantityList"),
        _id(found.get("readPoint")),
        _id(found.get("bizLocation")),
        [
            (_text(one.get("type")), _text(one.get("bizTransaction")))
            for one in _objects(found.get("bizTransactionList"))
        ],
        list(_readings(found, at_ms, problems, left)),
        _text(found.get("eventTimeZoneOffset")),
        _attribute(found, "lotNumber"),
        _attribute(found, "itemExpirationDate")[:10],
    )


def _attribute(found: dict[str, Any], name: str) -> str:
    """An attribute of the things (ilmd), whatever name its namespace goes by: cbvmda:lotNumber, a URI that ends so."""
    ilmd = found.get("ilmd")
    told = ilmd.items() if isinstance(ilmd, dict) else ()
    return next((_text(value) for key, value in told if re.split("[:/#]", key)[-1] == name), "")


def _readings(found: dict[str, Any], event_ms: int, problems: list[Problem], left: int) -> Iterator[Reading]:
    for element in _objects(found.get("sensorElementList")):
        about = element.get("sensorMetadata")
        about = about if isinstance(about, dict) else {}
        for report in _objects(element.get("sensorReport")):
            stamps = (report.get("time"), about.get("time"), about.get("endTime"))
            stamp = next((one for one in stamps if one is not None), None)
            at_ms = event_ms if stamp is None else told_ms(stamp)
            if at_ms is None:
                detail = f"time {str(stamp)[:40]!r} of a sensor is none; that of the event is taken"
                blame(problems, "epcis.sensor_time", detail)
                at_ms = event_ms
            kind, uom = _text(report.get("type")), _text(report.get("uom"))
            unit = PER_CENT.get(kind, "") if uom == "P1" else UNITS.get(uom, "")
            device = _text(report.get("deviceID")) or _text(about.get("deviceID"))
            for figure in FIGURES:
                if number_of(report.get(figure)) is None:
                    continue
                if not unit or kind == SPEED:
                    blame(problems, "unit.unknown", f"{kind[:40]!r} in {uom[:10]!r} is no quantity kept here", "")
                    break
                value = measured(device, figure, unit, report[figure], Moment(at_ms, ("historical",)))
                if isinstance(value, Problem):
                    blame(problems, value.code, value.detail, value.hint)
                elif left > 0:
                    left -= 1
                    yield value


def _goods(found: dict[str, Any], *keys: str) -> list[Goods]:
    return [
        Goods(_text(one.get("epcClass")), number_of(one.get("quantity")), _text(one.get("uom")))
        for key in keys
        for one in _objects(found.get(key))
    ]


def _texts(found: dict[str, Any], *keys: str) -> list[str]:
    lists = (found.get(key) for key in keys)
    return [one[:300] for told in lists if isinstance(told, list) for one in told[:LINES_MAX] if isinstance(one, str)]


def _objects(found: Any) -> list[dict[str, Any]]:
    return [one for one in found[:LINES_MAX] if isinstance(one, dict)] if isinstance(found, list) else []


def _id(found: Any) -> str:
    return _text(found.get("id")) if isinstance(found, dict) else ""


def _text(found: Any) -> str:
    return found[:300] if isinstance(found, str) else ""
