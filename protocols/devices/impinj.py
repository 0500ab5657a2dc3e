"""Impinj R700: the events of its IoT Device Interface (v1.7), and those of the SmartReader app on the same reader.

The topic is the user's. As it comes from the factory a reader sends its EPC in base64 only, and no host name: then the
source's `name_level` or the site's only device says which reader speaks. Signals are in 1/100 dBm; SmartReader's are in
dBm and its times in us.
"""

from __future__ import annotations

import binascii
from typing import Any, Literal

from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import doubt, json_of, name_of, unexpected
from protocols.parsing.sights import Sights, antenna_of, hex_of, no_epc, presence_of, rssi_of, seen_of, words_of
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, TagRead, TagReads

FORMAT = "impinj"
FILTERS: tuple[str, ...] = ()

WEB_SAFE = str.maketrans("-_", "+/")
BASE64_MAX = 100
"""Longest text taken for base64; 496 bits need 84. In hex they need 124, which `hex_of` sees to."""


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """`epc`: how the field `epc` is written where there is no `epcHex`; a text like E200001234567890 can be both.
    "auto" takes for hex 16 hex digits and more, unless they begin with AAA (zeros in base64). `antennas`: numbers for
    the names of antennas, for readers set to send these instead of the port."""

    epc: Literal["base64", "hex", "auto"] = "base64"
    antennas: dict[str, int] = {}


DEFAULTS = Options()


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What an event, or a list of them, says."""
    if not payload:
        return []
    online = presence_of(payload)
    if online is not None:
        return [DeviceStatus(name_of(context.name), online, context.received_ms)]
    said = json_of(payload, context.name)
    if isinstance(said, Problem):
        return [said]
    options = context.options if isinstance(context.options, Options) else DEFAULTS
    sights = Sights()
    for event in said if isinstance(said, list) else [said]:
        if not isinstance(event, dict):
            sights.found.append(unexpected(f"a JSON {type(event).__name__} in the place of an event", context.name))
        elif isinstance(event.get("tag_reads"), list):
            _app(event, sights, context)
        else:
            _event(event, sights, options, context)
    return sights.told()


def _event(event: dict[str, Any], sights: Sights, options: Options, context: Context) -> None:
    device = name_of(event.get("hostname") or context.name)
    kind = event.get("eventType")
    if not isinstance(kind, str):
        kind = next((key.removesuffix("Event") for key in event if key.endswith("Event")), "")
    body = event.get(f"{kind}Event", {})
    if not kind or not isinstance(body, dict):
        sights.found.append(unexpected("no event of an Impinj reader: there is no eventType", device))
        return
    stamp = event.get("timestamp")
    if kind == "tagInventory":
        stamp = body.get("lastSeenTime") or stamp
        at = moment(stamp, context)
        epc = hex_of(body.get("epcHex")) or _hex(body.get("epc"), options.epc)
        if not epc:
            sights.found.append(no_epc(body.get("epc"), device))
            return
        if options.epc == "base64" and "epcHex" not in body and _like_hex(body["epc"]):
            detail = f"EPC {body['epc']!r} was taken for base64, but looks like hex"
            hint = 'if it is hex, give the source options = { epc = "hex" }'
            sights.found.append(Problem("epc.looks_like_hex", detail, hint, device))
        tid = hex_of(body.get("tidHex")) or _hex(body.get("tid"), options.epc)
        port = body.get("antennaPort")
        if port is None:
            port = options.antennas.get(str(body.get("antennaName")))
        signal = rssi_of(body.get("peakRssiCdbm"), 0.01)
        sights.add(device, TagRead(epc, antenna_of(port), at.at_ms, signal, tid=tid), at, stamp)
        _accesses(body, epc, sights, device, at)
        return
    at = moment(stamp, context)
    channel, text = _notice(kind, body)
    sights.found += [Notice(device, name_of(channel), text, at.at_ms, at.flags), *doubt(at, stamp, device)]


def _hex(value: object, written: str) -> str:
    """Base64, also in its web-safe form and without padding, as hex; "" for what is none or no whole 16-bit words."""
    if not isinstance(value, str):
        return ""
    if written == "hex" or (written == "auto" and _like_hex(value)):
        return hex_of(value)
    if len(value) > BASE64_MAX:
        return ""
    text = value.strip().rstrip("=").translate(WEB_SAFE)
    try:
        found = binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError:
        return ""
    return "" if len(found) % 2 else hex_of(found.hex())


def _like_hex(text: str) -> bool:
    """Whether only one in ten million EPCs would be so in base64 (hex digits alone); one that begins with zeros is."""
    return len(text) >= 16 and bool(hex_of(text)) and not text.startswith("AAA")


def _accesses(body: dict[str, Any], epc: str, sights: Sights, device: str, at: Moment) -> None:
    """What came of reading from or writing to the tag's memory."""
    answers = body.get("tagAccessResponses")
    for answer in answers if isinstance(answers, list) else ():
        if isinstance(answer, dict):
            channel = name_of(f"access/{answer.get('identifier') or answer.get('command') or 1}")
            sights.found.append(Notice(device, channel, f"epc {epc} {words_of(answer)}", at.at_ms, at.flags))


def _notice(kind: str, body: dict[str, Any]) -> tuple[str, str]:
    """The channel and words of what is no tag."""
    if kind in ("antennaConnected", "antennaDisconnected"):
        port = body.get("antennaPort") or body.get("antennaName") or 1
        return f"antenna/{port}", kind.removeprefix("antenna").lower()
    if kind == "gpiTransition":
        return f"gpi/{body.get('gpi', 1)}", name_of(body.get("transition")) or "moved"
    if kind == "inventoryStatus":
        return "inventory", name_of(body.get("inventoryStatus")) or "unknown"
    return "reader", f"{name_of(kind)} {words_of(body)}".strip()


def _app(said: dict[str, Any], sights: Sights, context: Context) -> None:
    """SmartReader: many reads in one message, and heartbeats that look like reads."""
    device = name_of(said.get("readerName") or context.name)
    for one in said["tag_reads"]:
        if not isinstance(one, dict):
            sights.found.append(unexpected("a tag read that is no object", device))
            continue
        stamp = one.get("lastSeenTimestamp") or one.get("firstSeenTimestamp")
        at = moment(stamp, context)
        epc = hex_of(one.get("epc"))
        if one.get("isHeartBeat") in (True, "true"):
            sights.found += [DeviceStatus(device, True, at.at_ms), *doubt(at, stamp, device)]
        elif not epc:
            sights.found.append(no_epc(one.get("epc"), device))
        else:
            tid, seen = hex_of(one.get("tid")), seen_of(one.get("seenCount"))
            read = TagRead(epc, antenna_of(one.get("antennaPort")), at.at_ms, rssi_of(one.get("peakRssi")), seen, tid)
            sights.add(device, read, at, stamp)


_NOW = 1_763_762_400_000
_STAMP = '"timestamp":"2025-11-21T22:00:00.000000000Z"'
_EPC = "3034257BF7194E4000001A85"
EXAMPLES = (
    Example(
        "as it comes from the factory: base64, no host name",
        "readers/dock",
        f'{{{_STAMP},"eventType":"tagInventory","tagInventoryEvent":'
        '{"epc":"MDQle_cZTkAAABqF","antennaPort":2,"peakRssiCdbm":-6150}}'.encode(),
        [TagReads("dock", _NOW, [TagRead(_EPC, 2, _NOW, -61.5)])],
        name="dock",
    ),
    Example(
        "hex beside base64, the host's name, the chip's number",
        "readers/dock",
        f'{{{_STAMP},"hostname":"impinj-1","eventType":"tagInventory","tagInventoryEvent":{{"epc":"AAAA",'
        f'"epcHex":"{_EPC.lower()}","tidHex":"E28011702000","antennaPort":1,"peakRssiCdbm":-4000}}}}'.encode(),
        [TagReads("impinj-1", _NOW, [TagRead(_EPC, 1, _NOW, -40.0, tid="E28011702000")])],
    ),
    Example(
        "hex in the field of base64, an antenna by name, in a list",
        "readers/dock",
        f'[{{{_STAMP},"eventType":"tagInventory","tagInventoryEvent":'
        '{"epc":"E200001234567890","antennaName":"dock in"}}]'.encode(),
        [TagReads("dock", _NOW, [TagRead("E200001234567890", 3, _NOW)])],
        {"epc": "hex", "antennas": {"dock in": 3}},
        "dock",
    ),
    Example(
        "an antenna came off",
        "readers/dock",
        f'{{{_STAMP},"eventType":"antennaDisconnected","antennaDisconnectedEvent":{{"antennaPort":4}}}}'.encode(),
        [Notice("dock", "antenna/4", "disconnected", _NOW)],
        name="dock",
    ),
    Example(
        "a light barrier",
        "readers/dock",
        f'{{{_STAMP},"eventType":"gpiTransition","gpiTransitionEvent":'
        '{"gpi":2,"transition":"high-to-low"}}'.encode(),
        [Notice("dock", "gpi/2", "high-to-low", _NOW)],
        name="dock",
    ),
    Example(
        "reads were lost",
        "readers/dock",
        f'{{{_STAMP},"eventType":"overflow","overflowEvent":{{}}}}'.encode(),
        [Notice("dock", "reader", "overflow", _NOW)],
        name="dock",
    ),
    Example(
        "SmartReader: microseconds and dBm",
        "smartreader/tags",
        f'{{"readerName":"gate","tag_reads":[{{"epc":"{_EPC}","firstSeenTimestamp":{_NOW}250,'
        '"antennaPort":2,"peakRssi":-58.5,"isHeartBeat":false}]}'.encode(),
        [TagReads("gate", _NOW, [TagRead(_EPC, 2, _NOW, -58.5)])],
    ),
    Example(
        "SmartReader's heartbeat",
        "smartreader/tags",
        f'{{"readerName":"gate","tag_reads":[{{"epc":"*****","firstSeenTimestamp":{_NOW}000,"isHeartBeat":true}}]}}'
        "".encode(),
        [DeviceStatus("gate", True, _NOW)],
    ),
    Example(
        "hex where base64 was expected, that can be both",
        "readers/dock",
        f'{{{_STAMP},"eventType":"tagInventory","tagInventoryEvent":{{"epc":"E200001234567890"}}}}'.encode(),
        [TagReads("dock", _NOW, [TagRead("136D34D34D76DF8E7AEFCF74", 1, _NOW)]), Problem("epc.looks_like_hex", "")],
        name="dock",
    ),
    Example(
        "hex where base64 was expected",
        "readers/dock",
        f'{{{_STAMP},"eventType":"tagInventory","tagInventoryEvent":{{"epc":"E20000123456789"}}}}'.encode(),
        [Problem("epc.invalid", "")],
        name="dock",
    ),
    Example(
        "another family's message", "readers/dock", b'{"Time":"2025-11-21T22:00:00"}', [Problem("payload.invalid", "")]
    ),
    Example("a bare number", "readers/dock", b"7", [Problem("payload.invalid", "")]),
    Example("cut off", "readers/dock", b'{"eventType":"tagInv', [Problem("payload.not_json", "")]),
    Example(
        "a last will as somebody set it", "readers/dock", b"Offline", [DeviceStatus("dock", False, _NOW)], {}, "dock"
    ),
    Example("a cleared retained message", "readers/dock", b"", []),
)
