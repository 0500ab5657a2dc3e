"""Binary payloads of LoRaWAN devices that a network server passes on undecoded: CayenneLPP and Milesight IoT.

Both are runs of (channel, type, data); the type tells how long the data is, so that an unknown type ends the reading.
CayenneLPP: big-endian, https://docs.mydevices.com/docs/lorawan/cayenne-lpp and the extension by ElectronicCats.
Milesight: little-endian, the EM300, EM320, EM500 and WS300 series' user guides.
"""

from __future__ import annotations

from typing import NamedTuple


class Value(NamedTuple):
    """One value of an uplink; `unit` "": the name must tell it. `at_s`: the time of a value kept back, else 0."""

    name: str
    value: object
    unit: str = ""
    channel: str = ""
    at_s: int = 0


class Frame(NamedTuple):
    """What a payload held, and the sentence that says where reading had to end ("" at its end)."""

    values: list[Value]
    trouble: str = ""


class _Kind(NamedTuple):
    name: str
    size: int
    divisor: float
    signed: bool
    unit: str


_CAYENNE: dict[int, _Kind] = {
    0x00: _Kind("digitalInput", 1, 1, False, "raw"),
    0x01: _Kind("digitalOutput", 1, 1, False, "raw"),
    0x02: _Kind("analogInput", 2, 100, True, "raw"),
    0x03: _Kind("analogOutput", 2, 100, True, "raw"),
    0x64: _Kind("genericSensor", 4, 1, False, "raw"),
    0x65: _Kind("illuminanceSensor", 2, 1, False, "raw"),
    0x66: _Kind("presenceSensor", 1, 1, False, "raw"),
    0x67: _Kind("temperatureSensor", 2, 10, True, "Cel"),
    0x68: _Kind("humiditySensor", 1, 2, False, "%RH"),
    0x73: _Kind("barometer", 2, 10, False, "hPa"),
    0x74: _Kind("voltage", 2, 100, False, "V"),
    0x75: _Kind("current", 2, 1000, False, "A"),
    0x76: _Kind("frequency", 4, 1, False, "Hz"),
    0x78: _Kind("percentage", 1, 1, False, "raw"),
    0x79: _Kind("altitude", 2, 1, True, "raw"),
    0x7A: _Kind("load", 3, 1000, True, "kg"),
    0x7D: _Kind("concentration", 2, 1, False, "raw"),
    0x80: _Kind("power", 2, 1, False, "W"),
    0x82: _Kind("distance", 4, 1000, False, "raw"),
    0x83: _Kind("energy", 4, 1000, False, "kWh"),
    0x84: _Kind("direction", 2, 1, False, "raw"),
    0x8E: _Kind("switch", 1, 1, False, "switch_on"),
}
_CAYENNE_AXES: dict[int, tuple[str, float, str]] = {
    0x71: ("accelerometer", 1000, "g0"),
    0x86: ("gyrometer", 100, "raw"),
}
_CAYENNE_SKIPPED = {0x85: 4, 0x87: 3, 0x88: 9}
"""A clock, a colour, a place: of no use here."""


def cayenne(data: bytes) -> Frame:
    """The values of a CayenneLPP payload. Channels are the device's own numbers."""
    values: list[Value] = []
    at = 0
    while at + 2 <= len(data):
        channel, kind = str(data[at]), data[at + 1]
        at += 2
        known, axes = _CAYENNE.get(kind), _CAYENNE_AXES.get(kind)
        size = known.size if known else 6 if axes else _CAYENNE_SKIPPED.get(kind, 0)
        if not size:
            return Frame(values, f"CayenneLPP has no type 0x{kind:02X} (byte {at - 1})")
        if at + size > len(data):
            return Frame(values, f"CayenneLPP channel {channel} is cut off")
        if known:
            number = int.from_bytes(data[at : at + size], "big", signed=known.signed) / known.divisor
            values.append(Value(known.name, number, known.unit, channel))
        elif axes:
            name, divisor, unit = axes
            for offset, axis in enumerate("xyz"):
                number = int.from_bytes(data[at + 2 * offset : at + 2 * offset + 2], "big", signed=True) / divisor
                values.append(Value(name, number, unit, f"{channel}.{axis}"))
        at += size
    return Frame(values, "CayenneLPP ends within a channel" if at < len(data) else "")


_MILESIGHT: dict[tuple[int, int], _Kind] = {
    (0x01, 0x75): _Kind("battery", 1, 1, False, "%"),
    (0x03, 0x67): _Kind("temperature", 2, 10, True, "Cel"),
    (0x83, 0x67): _Kind("temperature", 2, 10, True, "Cel"),
    (0x04, 0x68): _Kind("humidity", 1, 2, False, "%RH"),
    (0x06, 0x73): _Kind("pressure", 2, 10, False, "hPa"),
    (0x03, 0x00): _Kind("magnet_status", 1, 1, False, "door_open"),
    (0x06, 0x00): _Kind("magnet_status", 1, 1, False, "door_open"),
    (0x04, 0x00): _Kind("tamper_status", 1, 1, False, "raw"),
    (0x05, 0x00): _Kind("digital", 1, 1, False, "raw"),
    (0x85, 0x00): _Kind("digital", 1, 1, False, "raw"),
    (0x05, 0xC8): _Kind("pulse", 4, 1, False, "count"),
    (0x05, 0x7D): _Kind("co2", 2, 1, False, "raw"),
}
_MILESIGHT_ALARMS = {(0x83, 0x67), (0x85, 0x00)}
"""A byte follows that says which alarm it is."""
_MILESIGHT_SELF = {0x01: 1, 0x09: 2, 0x0A: 2, 0x0B: 1, 0x0F: 1, 0x16: 8, 0xFE: 1, 0xFF: 2}
"""Types on channel 0xFF by which a device tells of itself (versions, serial number) when it joins, with their sizes."""
_HISTORY, _HISTORY_LONG = (0x20, 0xCE), (0x21, 0xCE)
_RECORDS = (8, 13)
"""A record of kept values is 8 bytes; 13 where the device has a digital input (EM300-DI)."""


def milesight(data: bytes) -> Frame:
    """The values of a Milesight payload, those kept back while the device was cut off with their own times."""
    found = [_milesight(data, size) for size in _RECORDS]
    return next((frame for frame in found if not frame.trouble), found[0])


def _milesight(data: bytes, record: int) -> Frame:
    values: list[Value] = []
    at = 0
    while at + 2 <= len(data):
        key = data[at], data[at + 1]
        at += 2
        known = _MILESIGHT.get(key)
        if known:
            size = known.size + (key in _MILESIGHT_ALARMS)
        elif key in (_HISTORY, _HISTORY_LONG):
            size = record if key == _HISTORY else 18
        else:
            size = _MILESIGHT_SELF.get(key[1], 0) if key[0] == 0xFF else 0
        if not size:
            return Frame(values, f"Milesight channel 0x{key[0]:02X} with type 0x{key[1]:02X} is not known")
        if at + size > len(data):
            return Frame(values, f"Milesight channel 0x{key[0]:02X} is cut off")
        if known:
            number = int.from_bytes(data[at : at + known.size], "little", signed=known.signed) / known.divisor
            values.append(Value(known.name, number, known.unit))
        elif key[0] != 0xFF:
            at_s = int.from_bytes(data[at : at + 4], "little") or 1  # a clock that was never set: long ago, not now
            celsius = int.from_bytes(data[at + 4 : at + 6], "little", signed=True) / 10
            values.append(Value("temperature", celsius, "Cel", at_s=at_s))
            values.append(Value("humidity", data[at + 6] / 2, "%RH", at_s=at_s))
        at += size
    return Frame(values, "Milesight payload ends within a channel" if at < len(data) else "")
