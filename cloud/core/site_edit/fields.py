"""What may stand in each field of a zone, rack, SKU, slot or device: told from the structs that read the site file, so
that forms, imports and the file agree."""

from __future__ import annotations

import difflib
import types
import typing
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from math import isfinite
from typing import Any, Literal

import msgspec
from msgspec import NODEFAULT, Struct, inspect

from protocols.floor import Area, Rack
from protocols.layout import Device, Sku, Slot, Zone
from protocols.layout_checks import SiteFlaw

Table = Literal["zones", "racks", "skus", "slots", "devices"]
Kind = Literal["text", "number", "whole", "flag", "choice", "pairs", "wholes", "area"]
STRUCTS: Mapping[Table, type[Struct]] = {"zones": Zone, "racks": Rack, "skus": Sku, "slots": Slot, "devices": Device}
NOUNS: Mapping[Table, str] = {"zones": "zone", "racks": "rack", "skus": "SKU", "slots": "slot", "devices": "device"}
POINTS_AT: Mapping[tuple[Table, str], str] = {
    ("racks", "zone"): "zones",
    ("skus", "zone"): "zones",
    ("slots", "zone"): "zones",
    ("slots", "sku"): "skus",
    ("slots", "device"): "devices",
    ("slots", "reader"): "devices",
    ("slots", "rack"): "racks",
    ("devices", "zone"): "zones",
    ("devices", "source"): "sources",
}
"""Fields that hold the id of something else in the file -> the table of that."""
Values = Mapping[str, Any]
NUMBER_MAX = 1_000_000_000
"""Nothing that is measured or counted in a site is larger: a digit was typed too many."""


class FieldView(Struct, frozen=True):
    """A field: what it holds; whether it must be there, else what it is when it is left out (null: nothing); from where
    to where a number goes (`above`: not `least` itself), which texts there are to choose from, what an id in it is
    of."""

    name: str
    kind: Kind
    needed: bool
    default: Any
    least: float | None = None
    most: float | None = None
    above: bool = False
    below: bool = False
    choices: list[str] = []
    of: str = ""
    pattern: str = ""
    length_max: int | None = None


@cache
def fields(table: Table) -> tuple[FieldView, ...]:
    """The fields of a table, in the order of its struct."""
    info = inspect.type_info(STRUCTS[table])
    assert isinstance(info, inspect.StructType)
    return tuple(_field(table, one) for one in info.fields)


def field_of(table: Table, name: str) -> FieldView | None:
    """The field of this name."""
    return next((one for one in fields(table) if one.name == name), None)


def read(table: Table, given: Values, at: str = "") -> tuple[dict[str, Any], list[SiteFlaw]]:
    """The values of the fields that were given, each as its type has it (None: left out), and what is wrong with the
    others, below the pointer `at`."""
    types_ = _types(table)
    found: dict[str, Any] = {}
    wrong: list[SiteFlaw] = []
    for name, value in given.items():
        field = field_of(table, name)
        if field is None:
            wrong.append(unknown(table, name, f"{at}/{name}"))
        elif value is None and not field.needed:
            found[name] = None
        elif isinstance(value, str) and any(map(is_unseen, value)):
            said = f"`{name}` has characters that can not be seen, or that turn the reading round; write it anew"
            wrong.append(SiteFlaw(f"{at}/{name}", "unseen", said))
        else:
            try:
                found[name] = _finite(msgspec.to_builtins(msgspec.convert(value, types_[name])))
                if isinstance(found[name], int | float) and abs(found[name]) > NUMBER_MAX:
                    del found[name]
                    said = f"`{name}` is more than {NUMBER_MAX:,}, and nothing here is so large"
                    wrong.append(SiteFlaw(f"{at}/{name}", "too_large", said, {"most": NUMBER_MAX}))
            except ValueError:
                wrong.append(SiteFlaw(f"{at}/{name}", f"wants_{field.kind}", f"`{name}` {wants(field)}", limits(field)))
    return found, wrong


def is_unseen(one: str) -> bool:
    """Whether a character shows nothing by itself and yet makes a text another, or turns it round: controls, line
    separators, marks of direction. What joins letters and emoji (U+200C, U+200D) is part of writing."""
    return unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp") and one not in "\u200c\u200d"


def missing(table: Table, values: Values, at: str = "") -> list[SiteFlaw]:
    """What has to be there and is not."""
    lacking = [one for one in fields(table) if one.needed and values.get(one.name) is None]
    return [SiteFlaw(f"{at}/{one.name}", "needed", f"`{one.name}` is missing: it {wants(one)}") for one in lacking]


def unknown(table: Table, name: str, pointer: str) -> SiteFlaw:
    """That there is no such field, and which may be meant."""
    near, choices = difflib.get_close_matches(name.lower(), names(table), 1), ", ".join(names(table))
    meant = f"is `{near[0]}` meant?" if near else f"take one of {choices}"
    said = f"a {NOUNS[table]} has no field `{name[:64]}`; {meant}"
    hint = {"near": near[0]} if near else {"near": "", "choices": choices}
    return SiteFlaw(pointer, "unknown_field", said, {"value": name[:64], **hint})


def wants(field: FieldView) -> str:
    """What would be right in a field, as the end of a sentence that begins with its name."""
    if field.of:
        return f"is the id of one of the {field.of}"
    match field.kind:
        case "number" | "whole":
            return f"is a {'whole ' if field.kind == 'whole' else ''}number{_between(field)}"
        case "flag":
            return "is true or false"
        case "choice":
            return f"is one of {', '.join(repr(one) for one in field.choices)}"
        case "pairs":
            return 'names a value for each key, like { "2" = "cold" }, in a sheet 2=cold'
        case "wholes":
            return "is a list of whole numbers, in a sheet 1 2"
        case "area":
            return "is a place: x_m and y_m from 0, width_m and depth_m from 0.1, in metres"
    if field.pattern.startswith("^[A-Za-z0-9_-]"):
        return "is 1 to 64 of A-Z a-z 0-9 _ -"
    if field.name == "gtin":
        return "is 8, 12, 13 or 14 digits"
    return f"is text of {'at most ' + str(field.length_max) if field.length_max else 'any number of'} characters"


def limits(field: FieldView) -> dict[str, str | int | float]:
    """The same for the words of a page."""
    told: dict[str, str | int | float] = {"choices": ", ".join(filter(None, field.choices))} if field.choices else {}
    told |= {} if field.least is None else {"least": field.least}
    return told | ({} if field.most is None else {"most": field.most})


def _between(field: FieldView) -> str:
    if field.least is not None and field.most is not None:
        return (
            f" from {field.least:g} to {field.most:g}"
            if not field.above
            else f" between {field.least:g} and {field.most:g}"
        )
    if field.least is not None:
        return f" above {field.least:g}" if field.above else f", {field.least:g} or more"
    return ""


def _field(table: Table, one: inspect.Field) -> FieldView:
    default = None if one.default is NODEFAULT else one.default
    if one.default_factory is not NODEFAULT:
        default = one.default_factory()
    kind = one.type
    if isinstance(kind, inspect.UnionType):
        kind = next(part for part in kind.types if not isinstance(part, inspect.NoneType))
    name, needed, of = one.encode_name, one.required, POINTS_AT.get((table, one.name), "")
    match kind:
        case inspect.IntType() | inspect.FloatType():
            above, below = kind.gt is not None, kind.lt is not None
            least, most = (kind.gt if above else kind.ge), (kind.lt if below else kind.le)
            of_numbers: Kind = "whole" if isinstance(kind, inspect.IntType) else "number"
            return FieldView(name, of_numbers, needed, default, least, most, above, below)
        case inspect.BoolType():
            return FieldView(name, "flag", needed, default)
        case inspect.LiteralType(values=values):
            ordered = _choices(STRUCTS[table], one.name) or [str(value) for value in values]
            return FieldView(name, "choice", needed, default, choices=ordered)
        case inspect.DictType():
            return FieldView(name, "pairs", needed, default)
        case inspect.ListType():
            return FieldView(name, "wholes", needed, default)
        case inspect.StructType(cls=cls) if cls is Area:
            return FieldView(name, "area", needed, default)
        case inspect.StrType(pattern=pattern, max_length=most_long):
            return FieldView(name, "text", needed, default, of=of, pattern=pattern or "", length_max=most_long)
    raise TypeError(f"a form can not show the field {name} of {table}; add its type here")


def _choices(struct: type[Struct], name: str) -> list[str]:
    """The texts in the order in which they are written."""
    kind = _types_of(struct)[name]
    return [str(one) for one in typing.get_args(kind)] if typing.get_origin(kind) is Literal else []


def _types(table: Table) -> Mapping[str, Any]:
    return _types_of(STRUCTS[table])


def _finite(value: Any) -> Any:
    for one in value.values() if isinstance(value, dict) else [value]:
        if isinstance(one, float) and not isfinite(one):
            raise ValueError("a number without end is none to work with")
    return value


@cache
def _types_of(struct: type[Struct]) -> Mapping[str, Any]:
    return types.MappingProxyType(typing.get_type_hints(struct, include_extras=True))


def as_struct(table: Table, values: Values) -> Struct:
    """A whole thing of values that are all right."""
    made: Struct = msgspec.convert({name: value for name, value in values.items() if value is not None}, STRUCTS[table])
    return made


def as_values(one: Struct) -> dict[str, Any]:
    """All of a thing's values, those that were left out, too."""
    values: dict[str, Any] = msgspec.to_builtins(one)
    return values


def names(table: Table) -> Sequence[str]:
    """The names of its fields."""
    return [one.name for one in fields(table)]
