"""Sparkplug B's protobuf message types, described in Python: the names, numbers and types of fields are the interface
itself, so nothing is generated when the project is built.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SCALARS = ("int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value")
_Type = descriptor_pb2.FieldDescriptorProto
_U32, _U64, _F32, _F64 = _Type.TYPE_UINT32, _Type.TYPE_UINT64, _Type.TYPE_FLOAT, _Type.TYPE_DOUBLE
_BOOL, _STR, _RAW = _Type.TYPE_BOOL, _Type.TYPE_STRING, _Type.TYPE_BYTES
_OF_SCALARS = tuple(zip(SCALARS, (_U32, _U64, _F32, _F64, _BOOL, _STR), strict=True))
_PACKAGE = "sparkplug"


def _values(first: int, *more: tuple[str, int | str]) -> list[tuple[int, str, int | str, str]]:
    """The fields of a `value`: the six scalars, numbered from `first`, and what follows them."""
    return [(first + at, name, kind, "value") for at, (name, kind) in enumerate((*_OF_SCALARS, *more))]


def _fields(
    made: descriptor_pb2.DescriptorProto, plain: Iterable[tuple[int, str, int | str] | tuple[int, str, int | str, str]]
) -> None:
    for number, name, kind, *rest in plain:
        one = made.field.add(name=name, number=number, label=_Type.LABEL_OPTIONAL)
        if isinstance(kind, str):
            one.type, one.type_name = _Type.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
        else:
            one.type = kind
        if rest == ["value"]:
            if not made.oneof_decl:
                made.oneof_decl.add(name="value")
            one.oneof_index = 0
        elif rest == ["many"]:
            one.label = _Type.LABEL_REPEATED


def _described() -> Any:
    """The message types, by field number, name, type, and `many` or `value` (one of several)."""
    types: dict[str, list[Any]] = {
        "Payload": [
            (1, "timestamp", _U64),
            (2, "metrics", "Metric", "many"),
            (3, "seq", _U64),
            (4, "uuid", _STR),
            (5, "body", _RAW),
        ],
        "Metric": [
            (1, "name", _STR),
            (2, "alias", _U64),
            (3, "timestamp", _U64),
            (4, "datatype", _U32),
            (5, "is_historical", _BOOL),
            (6, "is_transient", _BOOL),
            (7, "is_null", _BOOL),
            (9, "properties", "PropertySet"),
            *_values(10, ("bytes_value", _RAW), ("dataset_value", "DataSet"), ("template_value", "Template")),
            (19, "extension_value", "Extension", "value"),
        ],
        "Extension": [],
        "PropertySet": [(1, "keys", _STR, "many"), (2, "values", "PropertyValue", "many")],
        "PropertyValue": [(1, "type", _U32), (2, "is_null", _BOOL), *_values(3)],
        "DataSet": [
            (1, "num_of_columns", _U64),
            (2, "columns", _STR, "many"),
            (3, "types", _U32, "many"),
            (4, "rows", "Row", "many"),
        ],
        "Row": [(1, "elements", "Cell", "many")],
        "Cell": _values(1),
        "Template": [
            (1, "version", _STR),
            (2, "metrics", "Metric", "many"),
            (4, "template_ref", _STR),
            (5, "is_definition", _BOOL),
        ],
    }
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_b.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in types.items():
        _fields(file.message_type.add(name=name), fields)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


Message = _described()
"""The class of a whole payload."""
