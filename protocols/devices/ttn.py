"""The Things Stack (TTN) v3: `v3/<application>@<tenant>/devices/<device>/up`, `/join`, `/down/failed` and others.

Fields that are zero, false or empty are left out, times have nine digits, the frequency is text. A device is its
DevEUI. The time is the gateway's where it agrees with the network's, else the network's.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.lorawan import Options, Uplink, joined, uplink
from protocols.parsing.moments import moment
from protocols.parsing.payloads import noticed, number_of, shaped
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

FORMAT = "ttn"
FILTERS = ("v3/+/devices/+/#",)
__all__ = ["EXAMPLES", "FILTERS", "FORMAT", "Options", "decode"]

GATEWAY_CLOCK_MS = 60_000
"""A gateway's clock that is further off the network's is not used."""


class _Ids(Struct, frozen=True, gc=False):
    device_id: str = ""
    dev_eui: str = ""


class _Seen(Struct, frozen=True, gc=False):
    rssi: Any = None
    time: Any = None


class _Version(Struct, frozen=True, gc=False):
    model_id: str = ""


class _Sent(Struct, frozen=True):
    f_port: int = 0
    frm_payload: str = ""
    decoded_payload: dict[str, Any] | None = None
    rx_metadata: list[_Seen] = []
    settings: _Seen = _Seen()
    received_at: Any = None
    version_ids: _Version = _Version()


class _Failed(Struct):
    error: Any = None


class _Message(Struct):
    end_device_ids: _Ids = _Ids()
    received_at: Any = None
    uplink_message: _Sent | None = None
    join_accept: Any = None
    downlink_failed: _Failed | None = None
    downlink_nack: Any = None


_message: msgspec.json.Decoder[_Message] = msgspec.json.Decoder(_Message)


def decode(_topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What the network says of a device; nothing for what went to it or is told twice (`up/normalized`)."""
    if not payload:
        return []
    said = shaped(payload, _message, "", "choose the JSON format for the MQTT integration")
    if isinstance(said, Problem):
        return [said]
    ids = said.end_device_ids
    device = ids.dev_eui or ids.device_id or context.name
    sent = said.uplink_message
    if sent is not None:
        kinds = (ids.device_id, sent.version_ids.model_id)
        strengths = [known for seen in sent.rx_metadata if (known := number_of(seen.rssi)) is not None]
        stamp = _stamp(sent, said.received_at, context)
        fields, data = sent.decoded_payload or {}, sent.frm_payload
        return uplink(Uplink(device, kinds, fields, data, sent.f_port, stamp, max(strengths, default=None)), context)
    if said.join_accept is not None:
        return joined(device, said.received_at, context)
    if said.downlink_failed is not None or said.downlink_nack is not None:
        at = moment(said.received_at, context)
        failure = said.downlink_failed.error if said.downlink_failed else None
        why = failure.get("message_format", "") if isinstance(failure, dict) else ""
        text = f"a message to the device failed: {why}" if why else "a message to the device failed"
        return [noticed(device, "down", text, at)]
    return []


def _stamp(sent: _Sent, received_at: object, context: Context) -> object:
    """The time to use: when a gateway heard the device, unless its clock is far from the network's."""
    network = sent.received_at or received_at
    heard = sent.settings.time or next((seen.time for seen in sent.rx_metadata if seen.time), None)
    if heard is None or network is None:
        return heard or network
    if isinstance(heard, str) and isinstance(network, str) and heard[:16] == network[:16]:
        return heard  # in the same minute
    apart_ms = moment(heard, context).at_ms - moment(network, context).at_ms
    return heard if abs(apart_ms) <= GATEWAY_CLOCK_MS else network


_NOW = 1_763_762_400_000
_UP = "v3/stock@ttn/devices/cold-1/up"
_IDS = b'{"end_device_ids":{"device_id":"cold-1","dev_eui":"A84041000181C061"},"received_at":"2025-11-21T22:00:00.2Z",'
_DEVICE = "A84041000181C061"
EXAMPLES = (
    Example(
        "a Dragino probe, one number as text, heard by a gateway with a clock",
        _UP,
        _IDS + b'"uplink_message":{"f_port":2,"decoded_payload":{"TempC_DS":"-18.50","BatV":3.05},'
        b'"rx_metadata":[{"time":"2025-11-21T22:00:00.000123456Z","rssi":-97},{"rssi":-80}]}}',
        [
            Reading(_DEVICE, "TempC_DS", "temperature_c", _NOW, [-18.5]),
            Reading(_DEVICE, "BatV", "voltage_v", _NOW, [3.05]),
            Reading(_DEVICE, "rssi", "rssi_dbm", _NOW, [-80.0]),
        ],
    ),
    Example(
        "bytes that nobody decoded",
        _UP,
        _IDS + b'"uplink_message":{"f_port":2,"frm_payload":"qrs="}}',
        [Notice(_DEVICE, "data", "AABB", _NOW + 200)],
    ),
    Example(
        "CayenneLPP decoded here, as the site file says",
        _UP,
        _IDS + b'"uplink_message":{"f_port":1,"frm_payload":"AWcA4QJ6AASw"}}',
        [
            Reading(_DEVICE, "1", "temperature_c", _NOW + 200, [22.5]),
            Reading(_DEVICE, "2", "mass_g", _NOW + 200, [1200.0]),
        ],
        options={"profiles": {"*": {"codec": "cayenne"}}},
    ),
    Example(
        "a device joins",
        "v3/stock@ttn/devices/cold-1/join",
        _IDS + b'"join_accept":{"session_key_id":"AXBSH1Pk6Z0G166"}}',
        [DeviceStatus(_DEVICE, True, _NOW + 200), Notice(_DEVICE, "join", "joined", _NOW + 200)],
    ),
    Example(
        "a probe that is not connected",
        _UP,
        _IDS + b'"uplink_message":{"f_port":2,"decoded_payload":{"TempC_DS":327.67}}}',
        [Problem("value.sentinel", "")],
    ),
    Example("no JSON", _UP, b"\x00\x01", [Problem("payload.not_json", "")]),
    Example("a list", _UP, b"[]", [Problem("payload.invalid", "")]),
)
