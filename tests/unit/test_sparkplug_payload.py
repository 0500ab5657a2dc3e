"""The Sparkplug B codec: what every encoder in the field writes is read, and what breaks it is a Problem."""

from __future__ import annotations

import csv
import gzip
import json
import math
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.readings import Problem
from protocols.sparkplug import payload as codec
from protocols.sparkplug.payload import DataSet, Metric, Payload, Template, decode, encode, typed
from protocols.sparkplug.schema import Message

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "vectors" / "sparkplug3_array_vectors.csv"
ARRAYS = {
    name: codec.INT8_ARRAY + at
    for at, name in enumerate(
        [
            *("Int8Array", "Int16Array", "Int32Array", "Int64Array"),
            *("UInt8Array", "UInt16Array", "UInt32Array", "UInt64Array"),
            *("FloatArray", "DoubleArray", "BooleanArray", "StringArray", "DateTimeArray"),
        ]
    )
}


def message(*metrics: dict[str, Any], **more: Any) -> bytes:
    """A payload as protobuf, field by field."""
    said: bytes = Message(metrics=list(metrics), **more).SerializeToString()
    return said


def read(data: bytes) -> Payload:
    said = decode(data)
    assert isinstance(said, Payload), said
    return said


def value_of(**fields: Any) -> Any:
    (metric,) = read(message(fields)).metrics
    return typed(metric.value, metric.datatype)


@pytest.mark.parametrize(
    ("datatype", "written", "meant"),
    [
        (codec.INT8, 251, -5),
        (codec.INT8, 4294967291, -5),
        (codec.INT16, 65534, -2),
        (codec.INT16, 4294967294, -2),
        (codec.INT32, 4294967291, -5),
        (codec.INT32, 2147483647, 2147483647),
        (codec.UINT8, 255, 255),
        (codec.UINT16, 65535, 65535),
        (codec.UINT32, 4294967295, 4294967295),
    ],
)
def test_a_whole_number_is_read_in_whatever_width_it_was_written(datatype: int, written: int, meant: int) -> None:
    assert value_of(datatype=datatype, int_value=written) == meant
    assert value_of(datatype=datatype, long_value=written) == meant


@pytest.mark.parametrize(
    ("datatype", "field", "written", "meant"),
    [
        (codec.INT64, "long_value", 2**64 - 5, -5),
        (codec.INT64, "int_value", 5, 5),
        (codec.UINT64, "long_value", 2**64 - 5, 2**64 - 5),
        (codec.FLOAT, "float_value", -18.5, -18.5),
        (codec.DOUBLE, "double_value", 12.345, 12.345),
        (codec.DOUBLE, "float_value", 0.5, 0.5),
        (codec.DOUBLE, "int_value", 7, 7),
        (codec.BOOLEAN, "boolean_value", True, True),
        (codec.BOOLEAN, "int_value", 1, True),
        (codec.STRING, "string_value", "Bär", "Bär"),
        (codec.TEXT, "string_value", "", ""),
        (codec.UUID, "string_value", "1b4e28ba", "1b4e28ba"),
        (codec.DATETIME, "long_value", 1_700_000_000_000, 1_700_000_000_000),
        (codec.BYTES, "bytes_value", b"\x00\xff", b"\x00\xff"),
        (codec.FILE, "bytes_value", b"\x00\xff", b"\x00\xff"),
        (0, "long_value", 2**64 - 5, 2**64 - 5),
        (99, "string_value", "x", "x"),
    ],
)
def test_every_type_is_read(datatype: int, field: str, written: Any, meant: Any) -> None:
    found = value_of(datatype=datatype, **{field: written})

    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    ("datatype", "field", "written"),
    [
        (codec.DOUBLE, "string_value", "12"),
        (codec.INT32, "string_value", "12"),
        (codec.UINT32, "bytes_value", b"12"),
        (codec.STRING, "int_value", 12),
        (codec.BOOLEAN, "string_value", "true"),
        (codec.INT8_ARRAY + 2, "bytes_value", b"123"),
        (codec.BOOLEAN_ARRAY, "bytes_value", b"\x09\x00\x00\x00\xff"),
        (codec.BOOLEAN_ARRAY, "bytes_value", b"\x09"),
        (40, "bytes_value", b""),
    ],
)
def test_a_value_of_another_type_than_declared_is_refused(datatype: int, field: str, written: Any) -> None:
    with pytest.raises(ValueError, match=r"declared|elements|fit|no array"):
        value_of(datatype=datatype, **{field: written})


def _vectors() -> list[dict[str, str]]:
    return list(csv.DictReader(VECTORS.open())) if VECTORS.exists() else []


@pytest.mark.skipif(not VECTORS.exists(), reason="the vectors (../shared/data/vectors) are not here")
@pytest.mark.parametrize("vector", _vectors(), ids=lambda one: f"{one['datatype']} {one['values']}")
def test_arrays_are_little_endian_as_the_specification_says(vector: dict[str, str]) -> None:
    """Where an example of the specification contradicts its own text, the text holds."""
    packed = vector["bytes_little_endian_per_spec_text"].partition("(")[0].replace(" ", "")
    datatype = ARRAYS[vector["datatype"]]
    if datatype == codec.BOOLEAN_ARRAY:
        wanted: list[Any] = [letter == "T" for letter in vector["values"].strip("[]").split(",")]
    elif datatype == codec.STRING_ARRAY:
        wanted = vector["values"].strip("[]").split(", ")
    else:
        wanted = json.loads(vector["values"])

    found = value_of(datatype=datatype, bytes_value=bytes.fromhex(packed))

    assert found == (wanted if datatype != ARRAYS["FloatArray"] else pytest.approx(wanted))


def test_null_and_the_marks_of_a_metric_are_kept_apart_from_its_value() -> None:
    said = read(
        message(
            {"name": "a", "datatype": codec.INT32, "int_value": 0, "alias": 0, "timestamp": 7},
            {"name": "b", "datatype": codec.INT32, "is_null": True, "int_value": 5, "is_historical": True},
            {"name": "c", "is_transient": True},
            timestamp=9,
            seq=0,
        )
    )

    assert (said.at_ms, said.seq) == (9, 0)
    zero, null, nothing = said.metrics
    assert (zero.value, zero.alias, zero.at_ms) == (0, 0, 7)
    assert (null.value, null.alias, null.at_ms, null.historical) == (None, None, None, True)
    assert (nothing.value, nothing.transient) == (None, True)


def test_properties_are_read_and_what_has_no_value_is_left_out() -> None:
    properties = {
        "keys": ["engUnit", "Quality", "gone", "wrong", "offset"],
        "values": [
            {"type": codec.STRING, "string_value": "kg"},
            {"type": codec.INT32, "int_value": 500},
            {"type": codec.INT32, "is_null": True, "int_value": 5},
            {"type": codec.INT32, "string_value": "x"},
            {"type": codec.INT8, "int_value": 251},
        ],
    }

    (metric,) = read(message({"name": "w", "properties": properties})).metrics

    assert metric.properties == {"engUnit": "kg", "Quality": 500, "offset": -5}


def test_keys_without_values_and_values_without_keys_are_left_out() -> None:
    more = {"keys": ["engUnit", "b"], "values": [{"type": codec.STRING, "string_value": "kg"}]}
    less = {"keys": ["engUnit"], "values": [{"type": 12, "string_value": "kg"}, {"type": 12, "string_value": "x"}]}

    for properties in (more, less):
        (metric,) = read(message({"name": "w", "properties": properties})).metrics
        assert metric.properties == {"engUnit": "kg"}


def test_a_table_is_read_by_the_types_of_its_columns() -> None:
    table = {
        "num_of_columns": 3,
        "columns": ["epc", "rssi", "ok"],
        "types": [codec.STRING, codec.INT8, codec.BOOLEAN],
        "rows": [
            {"elements": [{"string_value": "E200"}, {"int_value": 251}, {"boolean_value": True}]},
            {"elements": [{"string_value": "E201"}, {}]},
            {"elements": [{"int_value": 1}, {"string_value": "x"}]},
        ],
    }

    found = value_of(datatype=codec.DATASET, dataset_value=table)

    assert isinstance(found, DataSet)
    assert found.rows == [["E200", -5, True], ["E201", None], [1, "x"]]


def test_a_template_is_read_to_a_depth_and_no_further() -> None:
    said: dict[str, Any] = {"name": "deep", "int_value": 1}
    for level in range(12):
        said = {"name": f"t{level}", "datatype": codec.TEMPLATE, "template_value": {"metrics": [said]}}

    (metric,) = read(message(said)).metrics

    depth = 0
    while isinstance(metric.value, Template) and metric.value.metrics:
        (metric,) = metric.value.metrics
        depth += 1
    assert depth == codec.DEPTH_MAX


def test_text_that_is_no_utf_8_is_read_as_latin_1() -> None:
    raw = message({"name": "Temp", "properties": {"keys": ["engUnit"], "values": [{"string_value": "?C"}]}})

    (metric,) = read(raw.replace(b"?C", b"\xb0C")).metrics

    assert metric.properties == {"engUnit": "°C"}


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress], ids=["deflate", "gzip"])
def test_an_envelope_is_opened_whichever_way_it_was_packed(pack: Any) -> None:
    inner = message({"name": "a", "int_value": 3}, seq=7, timestamp=5)

    said = read(message({"name": "algorithm"}, uuid=codec.COMPRESSED, body=pack(inner)))

    assert (said.seq, said.at_ms, [one.name for one in said.metrics]) == (7, 5, ["a"])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff", "payload.not_sparkplug"),
        (b'{"value": 1}', "payload.not_sparkplug"),
        (message(uuid=codec.COMPRESSED, body=b"not packed"), "payload.not_sparkplug"),
        (message(uuid=codec.COMPRESSED), "payload.not_sparkplug"),
        (message(uuid=codec.COMPRESSED, body=zlib.compress(b"x" * 50)[:-9]), "payload.not_sparkplug"),
        (message(uuid=codec.COMPRESSED, body=zlib.compress(b"\xff\xff")), "payload.not_sparkplug"),
        (message(uuid=codec.COMPRESSED, body=zlib.compress(bytes(10_000_000))), "payload.too_big"),
        (b"\x00" * (codec.PAYLOAD_BYTES_MAX + 1), "payload.too_big"),
        (b"\x12\x00" * (codec.METRICS_MAX + 1), "payload.too_big"),
    ],
    ids=["a byte", "json", "not packed", "empty", "cut", "packed garbage", "bomb", "big", "many"],
)
def test_what_can_not_be_read_is_one_problem_with_a_hint(data: bytes, code: str) -> None:
    problem = decode(data)

    assert isinstance(problem, Problem)
    assert problem.code == code
    assert problem.hint


WRITTEN = st.one_of(
    st.tuples(st.just(codec.INT32), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just(codec.INT64), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just(codec.DOUBLE), st.floats(allow_nan=False)),
    st.tuples(st.just(codec.BOOLEAN), st.booleans()),
    st.tuples(st.just(codec.STRING), st.text(st.characters(codec="utf-8"))),
    st.tuples(st.sampled_from([codec.INT32, codec.DOUBLE, codec.STRING]), st.none()),
)
METRICS = st.builds(
    lambda name, typed_value, alias, at_ms, historical, properties: Metric(
        name, typed_value[1], typed_value[0], alias, at_ms, historical, properties=properties
    ),
    st.text(st.characters(codec="utf-8"), max_size=20),
    WRITTEN,
    st.none() | st.integers(0, 2**64 - 1),
    st.none() | st.integers(1, 2**53),
    st.booleans(),
    st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), st.integers(0, 500) | st.just("kg"), max_size=2),
)


@given(st.lists(METRICS, max_size=5), st.none() | st.integers(0, 255), st.none() | st.integers(1, 2**53))
def test_what_we_write_is_what_we_read(metrics: list[Metric], seq: int | None, at_ms: int | None) -> None:
    said = read(encode(Payload(metrics, at_ms, seq)))

    assert (said.seq, said.at_ms) == (seq, at_ms)
    for wrote, came in zip(metrics, said.metrics, strict=True):
        came.value = typed(came.value, came.datatype)
        assert came == wrote


@given(st.binary(max_size=200), st.integers(-3, 45))
def test_any_bytes_are_a_payload_or_a_problem(data: bytes, datatype: int) -> None:
    said = decode(data)
    if isinstance(said, Payload):
        for metric in said.metrics:
            try:
                found = typed(metric.value, metric.datatype or datatype)
            except ValueError:
                continue
            assert not isinstance(found, float) or not math.isnan(found) or math.isnan(metric.value)
