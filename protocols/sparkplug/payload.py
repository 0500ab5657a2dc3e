"""The payload of a Sparkplug B message: protobuf bytes <-> `Payload`.

What real encoders do differently, and this decoder takes all the same:
negative Int8 and Int16 in their own width or sign-extended to 32 bits; UInt32 in any field; datatypes left out of data
(`typed` then takes that of the birth); alias 0; payloads in the envelope SPBV1.0_COMPRESSED.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from google.protobuf.message import DecodeError
from msgspec import Struct

from protocols.readings import Problem
from protocols.sparkplug.schema import SCALARS, Message

PAYLOAD_BYTES_MAX = 1024 * 1024
"""Of a payload, and of what an envelope inflates to. A birth of 5,000 metrics with properties takes half of it."""
METRICS_MAX = 16_384
CELLS_MAX = 65_536
"""Values taken from one DataSet."""
DEPTH_MAX = 8
"""Templates within templates."""
COMPRESSED = "SPBV1.0_COMPRESSED"

INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 = range(1, 9)
FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT, UUID, DATASET, BYTES, FILE, TEMPLATE = range(9, 20)
PROPERTY_SET, PROPERTY_SETS = 20, 21
INT8_ARRAY, STRING_ARRAY, BOOLEAN_ARRAY, DATETIME_ARRAY = 22, 33, 32, 34
SIGNED_BITS: Final = {INT8: 8, INT16: 16, INT32: 32, INT64: 64}
UNSIGNED_BITS: Final = {UINT8: 8, UINT16: 16, UINT32: 32, UINT64: 64}
ARRAYS: Final = dict(enumerate("bhiqBHIQfd", INT8_ARRAY)) | {DATETIME_ARRAY: "Q"}
"""Arrays of numbers -> the `struct` letter of an element; all are packed little-endian."""


class DataSet(Struct):
    """A table."""

    columns: list[str]
    types: list[int]
    rows: list[list[Any]]


class Template(Struct):
    """A metric made of metrics: a definition (in an NBIRTH), or an instance of the one called `ref`."""

    ref: str
    is_definition: bool
    metrics: list[Metric]


class Metric(Struct):
    """One metric as it came: `value` is not yet `typed`; None when it is null. Times are ms since 1970."""

    name: str = ""
    value: Any = None
    datatype: int = 0
    alias: int | None = None
    at_ms: int | None = None
    historical: bool = False
    transient: bool = False
    properties: Mapping[str, Any] = {}


class Payload(Struct):
    """One message. `seq` is None where it has none: commands and node deaths; `size` is that of its bytes, unpacked."""

    metrics: list[Metric]
    at_ms: int | None = None
    seq: int | None = None
    size: int = 0


def decode(data: bytes) -> Payload | Problem:
    """What a payload says, unwrapped from its envelope; a `Problem` when it can not be read."""
    if len(data) > PAYLOAD_BYTES_MAX:
        detail = f"{len(data)} bytes, at most {PAYLOAD_BYTES_MAX} are read"
        return Problem("payload.too_big", detail, "split the device, or shorten the metrics' properties")
    try:
        said = Message.FromString(data)
        if said.uuid == COMPRESSED:
            inner = _inflated(said.body)
            if isinstance(inner, Problem):
                return inner
            data = inner
            said = Message.FromString(data)
        if len(said.metrics) > METRICS_MAX:
            detail = f"{len(said.metrics)} metrics in one message, at most {METRICS_MAX} are read"
            return Problem("payload.too_big", detail, "split the device")
        return Payload(
            [_metric(one, 0) for one in said.metrics],
            said.timestamp if said.HasField("timestamp") else None,
            said.seq if said.HasField("seq") else None,
            len(data),
        )
    except DecodeError as error:
        detail = f"not a Sparkplug B payload: {error}"[:300]
        return Problem("payload.not_sparkplug", detail, "send protobuf on spBv1.0 topics, nothing else")


def typed(value: Any, datatype: int) -> Any:
    """A metric's value by its datatype: int, float, bool, str, bytes, a list, `DataSet`, `Template`; None stays None.

    Raises `ValueError` for a value that can not be of this type.
    """
    if value is None:
        return None
    if datatype in (DOUBLE, FLOAT):
        if isinstance(value, (float, int)):
            return value
    elif bits := SIGNED_BITS.get(datatype):
        if isinstance(value, int):
            value &= (1 << bits) - 1
            return value - (1 << bits) if value >> (bits - 1) else value
        if isinstance(value, float):
            return value
    elif bits := UNSIGNED_BITS.get(datatype):
        if isinstance(value, int):
            return value & ((1 << bits) - 1)
        if isinstance(value, float):
            return value
    elif datatype == BOOLEAN:
        if isinstance(value, (int, float)):
            return bool(value)
    elif datatype in (STRING, TEXT, UUID):
        if isinstance(value, str):
            return value
    elif isinstance(value, bytes) and datatype >= INT8_ARRAY:
        return _listed(value, datatype)
    else:
        return value
    raise ValueError(f"a {type(value).__name__} where datatype {datatype} was declared")


def encode(payload: Payload) -> bytes:
    """A payload as bytes. Whole numbers are written as Int32, Int64 or DateTime only: those every reader agrees on."""
    metrics = []
    for one in payload.metrics:
        fields: dict[str, Any] = {"datatype": one.datatype} if one.datatype else {}
        if one.name:
            fields["name"] = one.name
        if one.alias is not None:
            fields["alias"] = one.alias
        if one.at_ms is not None:
            fields["timestamp"] = one.at_ms
        if one.historical:
            fields["is_historical"] = True
        if one.value is None:
            fields["is_null"] = True
        else:
            fields |= _written(one.value, one.datatype)
        if one.properties:
            values = [{"type": (kind := _kind_of(value)), **_written(value, kind)} for value in one.properties.values()]
            fields["properties"] = {"keys": list(one.properties), "values": values}
        metrics.append(fields)
    told: dict[str, Any] = {"metrics": metrics}
    if payload.at_ms is not None:
        told["timestamp"] = payload.at_ms
    if payload.seq is not None:
        told["seq"] = payload.seq
    said: bytes = Message(**told).SerializeToString()
    return said


def _kind_of(value: Any) -> int:
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INT32
    return DOUBLE if isinstance(value, float) else STRING


def _written(value: Any, datatype: int) -> dict[str, Any]:
    if datatype == INT32:
        return {"int_value": value & 0xFFFF_FFFF}
    if datatype in (INT64, DATETIME):
        return {"long_value": value & 0xFFFF_FFFF_FFFF_FFFF}
    names = {DOUBLE: "double_value", BOOLEAN: "boolean_value", STRING: "string_value"}
    return {names[datatype]: value}


def _metric(said: Any, depth: int) -> Metric:
    kind = said.WhichOneof("value")
    value: Any = None
    if kind is not None and not said.is_null:
        value = getattr(said, kind)
        if kind == "dataset_value":
            value = _dataset(value)
        elif kind == "template_value":
            value = _template(value, depth + 1)
        elif kind == "extension_value":
            value = None
        elif kind == "string_value":
            value = _text(value)
    return Metric(
        _text(said.name),
        value,
        said.datatype,
        said.alias if said.HasField("alias") else None,
        said.timestamp or None,
        said.is_historical,
        said.is_transient,
        _properties(said.properties) if said.HasField("properties") else {},
    )


def _scalar(said: Any, kind: str) -> Any:
    value = getattr(said, kind)
    return _text(value) if kind == "string_value" else value


def _text(said: str | bytes) -> str:
    """Text; what is no UTF-8 comes as bytes, from senders who write °C in one byte."""
    return said if isinstance(said, str) else said.decode("latin-1")


def _template(said: Any, depth: int) -> Template:
    inner = said.metrics if depth <= DEPTH_MAX else ()
    return Template(_text(said.template_ref), said.is_definition, [_metric(one, depth) for one in inner])


def _properties(said: Any) -> dict[str, Any]:
    """The scalar properties; sets within sets are left out, as is a key without a value."""
    found: dict[str, Any] = {}
    for key, value in zip(said.keys, said.values, strict=False):
        kind = value.WhichOneof("value")
        if kind in SCALARS and not value.is_null:
            try:
                found[_text(key)] = typed(_scalar(value, kind), value.type)
            except ValueError:
                continue  # a property of another type than it says is worth nothing; the metric's value still is
    return found


def _dataset(said: Any) -> DataSet:
    types = list(said.types)
    width = max(1, len(types))
    rows = [
        [_cell(cell, kind) for cell, kind in zip(row.elements, types, strict=False)]
        for row in islice(said.rows, CELLS_MAX // width)
    ]
    return DataSet([_text(name) for name in said.columns], types, rows)


def _cell(said: Any, datatype: int) -> Any:
    kind = said.WhichOneof("value")
    if kind not in SCALARS:
        return None
    value = _scalar(said, kind)
    try:
        return typed(value, datatype)
    except ValueError:
        return value


def _inflated(body: bytes) -> bytes | Problem:
    """zlib or gzip, which of them is in the first bytes."""
    try:
        found = zlib.decompressobj(wbits=47)
        inner = found.decompress(body, PAYLOAD_BYTES_MAX)
        if found.unconsumed_tail:
            detail = f"{len(body)} compressed bytes inflate to more than {PAYLOAD_BYTES_MAX}"
            return Problem("payload.too_big", detail, "send smaller messages")
        if not found.eof:
            return Problem("payload.not_sparkplug", "the compressed body ends too early", "send the message whole")
    except zlib.error as error:
        return Problem("payload.not_sparkplug", f"the compressed body: {error}"[:300], "compress with DEFLATE or GZIP")
    return inner


def _listed(packed: bytes, datatype: int) -> list[Any]:
    letter = ARRAYS.get(datatype)
    if letter is not None:
        count, rest = divmod(len(packed), struct.calcsize("<" + letter))
        if rest:
            raise ValueError(f"{len(packed)} bytes are no whole number of elements of datatype {datatype}")
        return list(struct.unpack(f"<{count}{letter}", packed))
    if datatype == STRING_ARRAY:
        # Each string ends in a null byte; what follows the last one is nothing.
        return [piece.decode("utf-8", "replace") for piece in packed.split(b"\0")[:-1]]
    if datatype == BOOLEAN_ARRAY:
        # A count in four bytes, then one bit each, the first in the highest place.
        count = int.from_bytes(packed[:4], "little")
        if len(packed) < 4 or count > 8 * (len(packed) - 4):
            raise ValueError(f"{count} booleans do not fit into {len(packed)} bytes")
        return [bool(packed[4 + at // 8] >> (7 - at % 8) & 1) for at in range(count)]
    raise ValueError(f"datatype {datatype} is no array")
