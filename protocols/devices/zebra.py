"""Zebra readers: the IoT Connector of FX7500, FX9600, FXR90 and ATR7000, the handhelds RFD40 and RFD90, older firmware.

The topics are the user's, and the reader is often told by the topic alone (`name_level` of the source). A message is an
object or an array of them; `type` (SIMPLE, INVENTORY, PORTAL, CONVEYOR, CUSTOM, DIRECTIONALITY, anything, nothing) is
not relied upon: what is in the message says what it is. A heartbeat repeats the state of each antenna and input: what
has not changed is not told again.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from protocols.devices import Example, NoOptions
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import doubt, json_of, measured, name_of, number_of, unexpected
from protocols.parsing.sights import Sights, antenna_of, hex_of, no_epc, presence_of, rssi_of, seen_of, words_of
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Notice, Problem, Reading, TagRead, TagReads

FORMAT = "zebra"
FILTERS: tuple[str, ...] = ()

REMEMBERED_MAX = 8192
"""States of antennas and inputs remembered; beyond it the oldest is forgotten and told again."""
EPCS = ("idHex", "EPCid", "EPC", "epc")
"""What the EPC of a tag is called, the surest first."""
CHARGES = ("batteryPercentage", "percentage", "chargePercentage", "stateOfCharge", "level")
"""What a handheld may call its charge in %."""


class Memory(Struct):
    """(device, channel) -> the state that was told last."""

    states: dict[tuple[str, str], str] = {}


def begin(options: NoOptions) -> Memory:
    """A memory without states."""
    return Memory()


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What a message says: tags, health, events."""
    if not payload:
        return []
    online = presence_of(payload)
    if online is not None:
        return [DeviceStatus(name_of(context.name), online, context.received_ms)]
    said = json_of(payload, context.name)
    if isinstance(said, Problem):
        return [said]
    sights = Sights()
    for event in said if isinstance(said, list) else [said]:
        if isinstance(event, dict):
            _event(event, sights, context)
        else:
            sights.found.append(unexpected(f"a JSON {type(event).__name__} in the place of an event", context.name))
    return sights.told()


def _event(event: dict[str, Any], sights: Sights, context: Context) -> None:
    data = event.get("data")
    device = _device(event, data, context)
    stamp = event.get("timestamp")
    if isinstance(data, dict) and any(key in data for key in EPCS):
        _read(data, stamp, device, 1, sights, context)
    elif isinstance(data, dict) and isinstance(data.get("tagData"), list):
        for one in data["tagData"]:  # a handheld: no antenna to name
            _read(one, stamp, device, 0, sights, context)
    elif isinstance(data, list):
        for one in data:
            _read(one, stamp, device, 1, sights, context)
    elif isinstance(event.get("tag_reads"), list):
        for one in event["tag_reads"]:
            _read(one, stamp, device, 1, sights, context)
    elif "idHex" in event:
        _read(event, stamp, device, 1, sights, context)
    else:
        at = moment(stamp, context)
        found = _told(event, data if isinstance(data, dict) else {}, device, at, context)
        sights.found += found
        if found and not isinstance(found[0], Problem):
            sights.found += doubt(at, stamp, device)


def _device(event: dict[str, Any], data: object, context: Context) -> str:
    for place in (event, data):
        if isinstance(place, dict):
            for key in ("reader_name", "readerName", "hostName", "hostname"):
                if isinstance(place.get(key), str) and place[key]:
                    return name_of(place[key])
    return name_of(context.name or event.get("mac_address") or "")


def _read(tag: object, outer: object, device: str, antenna: int, sights: Sights, context: Context) -> None:
    if not isinstance(tag, dict):
        sights.found.append(unexpected("a tag read that is no object", device))
        return
    stamp = outer or tag.get("timestamp") or tag.get("timeStamp") or tag.get("firstSeenTimestamp")
    at = moment(stamp, context)
    if tag.get("isHeartBeat") in (True, "true"):
        sights.found += [DeviceStatus(device, True, at.at_ms), *doubt(at, stamp, device)]
        return
    told = next((tag[key] for key in EPCS if tag.get(key)), None)
    epc = hex_of(told)
    if not epc:
        sights.found.append(no_epc(told, device))
        return
    port = tag.get("antenna", tag.get("antennaPort"))
    signal = rssi_of(tag.get("peakRssi", tag.get("rssi")))
    seen, tid = seen_of(tag.get("reads", tag.get("seenCount"))), hex_of(tag.get("TID"))
    way = str(tag.get("direction", "")).lower()
    number = antenna if port is None else antenna_of(port)
    read = TagRead(epc, number, at.at_ms, signal, seen, tid, way if way in ("in", "out") else "")
    sights.add(device, read, at, stamp)


def _told(event: dict[str, Any], data: dict[str, Any], device: str, at: Moment, context: Context) -> list[Decoded]:
    """What is no tag: health with or without an envelope, the connection of a handheld, alerts, other events."""
    health = event if "system" in event or "radio_control" in event else data
    if "system" in health or "radio_control" in health:
        return _health(health, device, at, context)
    if event.get("eventName") == "heartbeat":
        return [DeviceStatus(device, True, at.at_ms, battery_pct=_charge(event))]
    if "connectionState" in event:
        return [DeviceStatus(device, str(event["connectionState"]).upper() == "CONNECTED", at.at_ms)]
    if "command" in event:  # a request passes by, or its answer
        answer = event.get("response")
        words = words_of(answer) if isinstance(answer, dict) else answer
        return [_notice(device, f"command/{event['command']}", str(words), at)] if words else []
    kind, details = event.get("type"), event.get("alertDetails")
    if isinstance(details, dict) and "id" in event:
        inner = next((one for one in details.values() if isinstance(one, dict)), details)
        words = f"{event.get('state', '')} {event.get('priority', '')} {words_of(inner)}".strip()
        return [_notice(device, f"alert/{event['id']}", words, at)]
    if isinstance(kind, str) and kind and data:
        pin = next((data[key] for key in ("pin", "port", "antenna", "id") if key in data), None)
        state = next((data[key] for key in ("state", "status") if isinstance(data.get(key), str)), "")
        return [_notice(device, kind if pin is None else f"{kind}/{pin}", state.lower() or words_of(data), at)]
    return [unexpected("neither tags nor health nor an event of a Zebra reader", device)]


def _notice(device: str, channel: str, text: str, at: Moment) -> Notice:
    return Notice(device, name_of(channel), name_of(text) or "unknown", at.at_ms, at.flags)


def _health(health: dict[str, Any], device: str, at: Moment, context: Context) -> list[Decoded]:
    """Its temperatures (of its board and its power amplifier, not of the room), antennas, inputs, radio."""
    system, radio = _inner(health, "system"), _inner(health, "radio_control")
    found: list[Decoded] = [DeviceStatus(device, True, at.at_ms)]
    for place, value in _inner(system, "temperature").items():
        if value is not None:
            found.append(measured(device, f"reader/{place}", "Cel", value, at, ("internal",)))
    states = {f"antenna/{port}": state for port, state in _inner(radio, "antennas").items()}
    states |= {f"gpi/{pin}": state for pin, state in _inner(system, "GPI").items()}
    states["radio"] = radio.get("status")
    known = context.memory.states if isinstance(context.memory, Memory) else {}
    for channel, state in states.items():
        if isinstance(state, str) and known.get((device, channel)) != state:
            known.pop((device, channel), None)
            known[device, channel] = state
            found.append(_notice(device, channel, state.lower(), at))
        if len(known) > REMEMBERED_MAX:
            del known[next(iter(known))]
    return found


def _inner(outer: dict[str, Any], key: str) -> dict[str, Any]:
    inner = outer.get(key)
    return inner if isinstance(inner, dict) else {}


def _charge(event: dict[str, Any]) -> float | None:
    for key, inner in event.items():
        if "battery" in key.lower():
            for value in [inner.get(one) for one in CHARGES] if isinstance(inner, dict) else [inner]:
                number = None if value is None or isinstance(value, bool) else number_of(value)
                if number is not None and 0 <= number <= 100:
                    return number
    return None


_NOW = 1_763_762_400_000
_EPC = "3034257BF7194E4000001A85"
_INTERNAL: tuple[Flag, ...] = ("internal",)
EXAMPLES = (
    Example(
        "a tag; the reader is in the topic",
        "zebra/dock/data",
        f'{{"data":{{"idHex":"{_EPC.lower()}","antenna":3,"peakRssi":-58,"reads":4,"format":"epc","eventNum":7}},'
        '"timestamp":"2025-11-21T22:00:00.000+0000","type":"SIMPLE"}'.encode(),
        [TagReads("dock", _NOW, [TagRead(_EPC, 3, _NOW, -58.0, 4)])],
        name="dock",
    ),
    Example(
        "an array, times of other zones, a reader that names itself",
        "zebra/data",
        f'[{{"data":{{"idHex":"{_EPC}","antenna":1,"rssi":-60}},"timestamp":"2025-11-22T01:00:00+03:00",'
        f'"hostName":"FX1"}},{{"data":{{"idHex":"E28011606000","TID":"E2801160","antenna":2}},'
        '"timestamp":"2025-11-21T22:00:01Z","hostName":"FX1","type":"PORTAL"}]'.encode(),
        [
            TagReads(
                "FX1",
                _NOW,
                [TagRead(_EPC, 1, _NOW, -60.0), TagRead("E28011606000", 2, _NOW + 1000, tid="E2801160")],
            )
        ],
    ),
    Example(
        "a handheld",
        "acme/DATA/clients/data1event/2301",
        f'{{"type":"BALANCED_PERFORMANCE","timestamp":"2025-11-21T22:00:00Z","data":{{"tagData":[{{"EPCid":"{_EPC}",'
        '"peakRssi":-39,"seenCount":2}]}}'.encode(),
        [TagReads("2301", _NOW, [TagRead(_EPC, 0, _NOW, -39.0, 2)])],
        name="2301",
    ),
    Example(
        "older firmware: every number a string, the day first, no zone",
        "fx/old",
        f'{{"reader_name":"FX old","tag_reads":[{{"epc":"{_EPC}","antennaPort":"3","peakRssi":"-72","seenCount":"1",'
        '"timeStamp":"21/11/2025 22:0:0","isHeartBeat":"false"},{"epc":"0000","antennaPort":"1",'
        '"timeStamp":"21/11/2025 22:00:00:007"}]}'.encode(),
        [
            TagReads(
                "FX old",
                _NOW,
                [TagRead(_EPC, 3, _NOW, -72.0), TagRead("0000", 1, _NOW + 7)],
                flags=("zone_assumed",),
            ),
        ],
    ),
    Example(
        "a heartbeat: its own temperature, and antennas that it has told before",
        "zebra/dock/events",
        b'{"component":"RG","data":{"radio_control":{"antennas":{"1":"connected","2":"disconnected"}},'
        b'"system":{"temperature":{"ambient":41,"pa":"52"},"GPI":{"1":"HIGH"}}},'
        b'"timestamp":"2025-11-21T22:00:00.000+0000","type":"heartbeat"}',
        [
            DeviceStatus("dock", True, _NOW),
            Reading("dock", "reader/ambient", "temperature_c", _NOW, [41.0], flags=_INTERNAL),
            Reading("dock", "reader/pa", "temperature_c", _NOW, [52.0], flags=_INTERNAL),
            Notice("dock", "antenna/2", "disconnected", _NOW),
            Notice("dock", "gpi/1", "high", _NOW),
        ],
        name="dock",
        before=(
            ("zebra/dock/events", b'{"radio_control":{"antennas":{"1":"connected","2":"connected"}},"timestamp":null}'),
        ),
    ),
    Example(
        "a light barrier",
        "zebra/dock/events",
        b'{"component":"RC","data":{"pin":2,"state":"LOW"},"timestamp":"2025-11-21T22:00:00Z","type":"gpi"}',
        [Notice("dock", "gpi/2", "low", _NOW)],
        name="dock",
    ),
    Example(
        "a handheld's heartbeat with its charge",
        "acme/MGMT/2301",
        b'{"eventName":"heartbeat","timestamp":"2025-11-21T22:00:00Z","batteryStatus":{"level":"81"}}',
        [DeviceStatus("2301", True, _NOW, battery_pct=81.0)],
        name="2301",
    ),
    Example(
        "a handheld's alert",
        "acme/MGMT/2301",
        b'{"type":"ALERT","id":"BATTERY","state":"SET","priority":"HIGH","timestamp":"2025-11-21T22:00:00Z",'
        b'"alertDetails":{"batteryInfo":{"cause":"low"}}}',
        [Notice("2301", "alert/BATTERY", "SET HIGH cause low", _NOW)],
        name="2301",
    ),
    Example("a tag without an EPC", "zebra/d", b'{"data":{"idHex":"tag"}}', [Problem("epc.invalid", "")], name="dock"),
    Example("another family's message", "zebra/d", b'{"tmp":21.5}', [Problem("payload.invalid", "")], name="dock"),
    Example("cut off", "zebra/dock/data", b'{"data":{"idHex":"30', [Problem("payload.not_json", "")], name="dock"),
)
