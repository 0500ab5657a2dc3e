"""Which device family reads which of the samples, and what the site file would have said to it.

The longest prefix of a sample's file wins. A new family changes the entries of its own rows only.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from protocols.devices import formats
from protocols.readings import Context, Decoded
from tests.unit.samples import Row, row_of

Message = tuple[str, bytes]


class Route(NamedTuple):
    """A source of the site file: the family, its options, the device that the topic names.

    `topic` replaces one that the index does not tell; `before` names samples that came first, `first` other messages;
    `wrapped` puts a codec's bare vector into the message that it travels in.
    """

    family: str
    options: dict[str, Any] = {}  # noqa: RUF012
    name: str = ""
    topic: str = ""
    before: tuple[str, ...] = ()
    first: tuple[Message, ...] = ()
    wrapped: Callable[[bytes], bytes] = bytes


def _advertised(payload: bytes) -> bytes:
    """A Ruuvi tag's data as its gateway passes it on, without a time."""
    data = "0201061BFF9904" + payload.decode().strip()
    return json.dumps({"gw_mac": "C8:25:2D:8E:9C:2C", "rssi": -61, "data": data, "coords": "", "cnt": 7}).encode()


def _uplinked(payload: bytes) -> bytes:
    """A LoRaWAN codec's vector (hex and port) as ChirpStack v4 passes it on, without a time."""
    vector = json.loads(payload)
    data = base64.b64encode(bytes.fromhex(vector["hex"])).decode()
    return json.dumps({"deviceInfo": {"devEui": _EUI}, "fPort": vector["fPort"], "data": data}).encode()


def _birth(node: str, seq: int) -> Message:
    """A node's birth without metrics but its number (bdSeq 0, Int64), as that of the device after it needs one."""
    metric = b"\x0a\x05bdSeq\x20\x04\x58\x00"
    stamp = b"\x08\x80\xd0\x95\xff\xbc\x31"  # 2023-11-14T22:13:20Z
    return f"spBv1.0/WH1/NBIRTH/{node}", stamp + b"\x12" + bytes([len(metric)]) + metric + b"\x18" + bytes([seq])


_EUI = "24e124136b502217"
_JS = "sparkplug/js_"
_FILLER: Message = ("spBv1.0/WH1/DDATA/gw-js/shelf-01", b"\x08\xb8\xe7\x95\xff\xbc\x31\x18\x03")
"""The message between 03 and 05 that the index does not hold: seq 3, no metrics."""
_ESPHOME: Message = (
    "homeassistant/sensor/shelf-a3/shelf_a3_weight/config",
    b'{"dev_cla":"weight","unit_of_meas":"kg","name":"Weight","uniq_id":"shelf_a3_weight",'
    b'"stat_t":"shelf-a3/sensor/shelf_a3_weight/state","avty_t":"shelf-a3/status",'
    b'"dev":{"ids":"a1b2c3","name":"shelf-a3"}}',
)
_BEDROOM: tuple[Message, ...] = tuple(
    (
        f"homeassistant/sensor/sensorBedroom{kind[0].upper()}/config",
        b'{"device_class":"%s","state_topic":"homeassistant/sensor/sensorBedroom/state",'
        b'"unit_of_measurement":"%s","value_template":"{{ value_json.%s}}"}' % (kind.encode(), unit, kind.encode()),
    )
    for kind, unit in (("temperature", "\u00b0C".encode()), ("humidity", b"%"))
)

ROUTES: dict[str, Route] = {
    "sparkplug/": Route("sparkplug"),
    f"{_JS}02": Route("sparkplug", before=(f"{_JS}01_NBIRTH.bin",)),
    f"{_JS}03": Route("sparkplug", before=(f"{_JS}01_NBIRTH.bin", f"{_JS}02_DBIRTH.bin")),
    f"{_JS}05": Route(
        "sparkplug", before=(f"{_JS}01_NBIRTH.bin", f"{_JS}02_DBIRTH.bin", f"{_JS}03_DDATA.bin"), first=(_FILLER,)
    ),
    f"{_JS}08": Route("sparkplug", before=(f"{_JS}07_NBIRTH.bin",)),
    f"{_JS}09": Route("sparkplug", before=(f"{_JS}07_NBIRTH.bin", f"{_JS}08_DBIRTH.bin")),
    "sparkplug/pysparkplug_ndeath": Route("sparkplug", before=("sparkplug/pysparkplug_nbirth.bin",)),
    "sparkplug/tahutils_dbirth": Route("sparkplug", first=(_birth("gw-tahu", 4),)),
    "impinj/": Route("impinj"),
    "zebra/": Route("zebra", name="reader"),
    "zebra/rfd40": Route("zebra", name="serial"),
    "rfid_other/ifm_gate": Route("ifm_gate"),
    "rfid_other/llrpkit": Route("llrp"),
    "rfid_other/tasmota": Route("tasmota"),
    "scales/tasmota": Route("tasmota"),
    "scales/esphome": Route("homeassistant", first=(_ESPHOME,)),
    "scales/brewrobot_ha_config": Route("homeassistant"),
    "scales/brewrobot_state": Route("homeassistant", before=("scales/brewrobot_ha_config.json",)),
    "scales/coniferconifer": Route("scales", {"unit": "g", "channel": "weight"}),
    "scales/skaronator": Route("scales", {"unit": "g", "channel": "load"}, name="scale-kitchen"),
    "scales/antscale": Route("scales", {"unit": "kg", "channel": "weight"}, name="scales"),
    "scales/apm": Route("scales", {"channel": "scale"}),
    "scales/intel": Route("scales", {"channel": "scale"}, name="scale"),
    "scales/sics": Route("scales", {"channel": "sics"}),
    "scales/st_gs": Route("scales", {"channel": "indicator"}),
    "scales/iolink": Route("iolink", name="Sensor34"),
    "scales/ifm_iotcore": Route("iolink"),
    "tasmota/": Route("tasmota"),
    "zigbee2mqtt/": Route("zigbee2mqtt"),
    "ruuvi/": Route("ruuvi"),
    "ruuvi/df5_vector": Route("ruuvi", topic="ruuvi/C8:25:2D:8E:9C:2C/CB:B8:33:4C:88:4F", wrapped=_advertised),
    "ruuvi/gw_status": Route("ruuvi", topic="ruuvi/C8:25:2D:8E:9C:2C/gw_status"),
    "theengs/": Route("theengs"),
    "shelly/": Route("shelly"),
    "lorawan/ttn": Route("ttn"),
    "lorawan/chirpstack": Route("chirpstack"),
    "lorawan/milesight": Route(
        "chirpstack",
        {"profiles": {"*": {"fields": {key: {"channel": "1"} for key in ("battery", "temperature", "humidity")}}}},
        name=_EUI,
        topic=f"application/1/device/{_EUI}/event/up",
        wrapped=_uplinked,
    ),
    "senml/": Route("senml"),
    "industrial/ncd": Route("ncd"),
    "industrial/neuron": Route("neuron"),
    "homeassistant/docs_temperature_config": Route("homeassistant"),
    "homeassistant/docs_state": Route("homeassistant", first=_BEDROOM),
}
"""Beginning of a sample's file -> the family it goes through."""

DOCUMENTS = ("edi/", "epcis/", "cloudevents/")
"""What is no device's message but a trading partner's document: tests/unit/test_documents.py."""


def route_of(row: Row) -> Route | None:
    """The route with the longest prefix; None when no family has the row."""
    prefixes = [prefix for prefix in ROUTES if row.file.startswith(prefix)]
    return ROUTES[max(prefixes, key=len)] if prefixes else None


def topic_of(row: Row, route: Route) -> str:
    """The topic that the message came on."""
    return route.topic or row.topic


def payload_of(row: Row, route: Route) -> bytes:
    """The message itself."""
    return route.wrapped(row.payload)


def context_of(row: Row, route: Route) -> Context:
    """What the family knows beside topic and payload, with a fresh memory."""
    family = formats()[route.family]
    options = msgspec.convert(route.options, family.options)
    memory = family.begin(options) if family.begin is not None else None
    return Context(row.received_ms, name=route.name, options=options, memory=memory)


def lead_in(route: Route) -> list[Message]:
    """The messages that came before."""
    samples = [row_of(file) for file in route.before]
    return [*((row.topic, row.payload) for row in samples), *route.first]


def decoded(row: Row, payload: bytes | None = None) -> list[Decoded]:
    """What the row's family makes of it (or of another payload on its topic), after what came first."""
    route = route_of(row)
    assert route is not None, f"no device family has the sample {row.file}: give it an entry in ROUTES"
    assert route.family in formats(), f"{row.file}: no format is called {route.family!r}"
    family, context = formats()[route.family], context_of(row, route)
    for topic, first in lead_in(route):
        family.decode(topic, first, context)
    return family.decode(topic_of(row, route), payload_of(row, route) if payload is None else payload, context)
