"""The page's TypeScript types, written from the service's structs, so that `tsc` fails when service and page part ways.

`python -m cloud.web.schema` rewrites `types.ts` under `dashboard/src` with what the live stream tells
(`cloud/core/view.py`), `types_rooms.ts` with what the view takes from other rooms, and `plant/types.ts` and
`crew/types.ts` with what those pages ask for and send; a test says that the files are what would be written.
"""

from __future__ import annotations

import inspect as source
import json
import re
import textwrap
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from msgspec import NODEFAULT, Struct, inspect

from cloud.core import view
from cloud.core.cold_view import ExcursionView, ExposureView, RoomView
from cloud.core.crews_view import CrewsView, EndedView, Noisiest, NoticesView, RosterView
from cloud.core.maintenance.assets import AssetDetail
from cloud.core.maintenance.verdicts import Judged, RulePrecision, Verdicts
from cloud.core.work_view import WorkDetail
from cloud.web.cold import Word
from cloud.web.crews import Assignment, Remark, Shelf, Test
from cloud.web.work import NewWork, Told, WorkStep

FOLDER = Path(__file__).parent / "dashboard" / "src"
OWN, TAKEN = "types.ts", "types_rooms.ts"
ASKED: dict[str, Sequence[type[Struct]]] = {
    "plant/types.ts": (AssetDetail, WorkDetail, RoomView, ExcursionView, ExposureView, NewWork, WorkStep, Told, Word),
    "crew/types.ts": (
        CrewsView, EndedView, RosterView, NoticesView, Noisiest, RulePrecision, Verdicts, Judged, Shelf, Remark,
        Assignment, Told, Test,
    ),
}  # fmt: skip
"""What pages ask for and send beside the live stream."""
CORE = "cloud.core."
HEAD = "// Written from {structs} by `python -m cloud.web.schema`. Change the structs, not this file.\n"


def files() -> dict[str, str]:
    """The text of each file by its name: one interface a struct, in the order of `cloud/core/view.py`, or of those
    asked for. What the view takes from other rooms is in a file of its own, and to be had from the first too."""
    structs = [
        one
        for one in vars(view).values()
        if isinstance(one, type) and issubclass(one, Struct) and one.__module__.startswith(CORE)
    ]
    own = [one for one in structs if one.__module__ == view.__name__]
    taken = [one for one in structs if one not in own]
    head = HEAD.format(structs="cloud/core/view.py")
    return {
        OWN: "\n".join([head, *_handed(own, taken, "./types_rooms"), *map(_interface, own)]),
        TAKEN: "\n".join([head, *map(_interface, taken)]),
        **{name: _asked(roots, structs) for name, roots in ASKED.items()},
    }


def _asked(roots: Sequence[type[Struct]], known: Collection[type[Struct]]) -> str:
    """A file of these structs and all that is in them, but for those `known` to the view."""
    found = dict.fromkeys(one for root in roots for one in _within(root))
    own = [one for one in found if one not in known]
    for one in own:
        if [other.__name__ for other in found].count(one.__name__) > 1:
            raise TypeError(f"a page asks for two types called {one.__name__}; give one another name")
    taken = [one for one in found if one in known]
    head = HEAD.format(structs="the structs of cloud/core and cloud/web")
    return "\n".join([head, *_handed(own, taken, "../types"), *map(_interface, own)])


def _handed(own: Sequence[type[Struct]], taken: Sequence[type[Struct]], file: str) -> list[str]:
    """The lines that take from another file what is used of it, and hand it on."""
    used = sorted({name for one in own for name in _named(one)} & {one.__name__ for one in taken})
    names = ", ".join(sorted(one.__name__ for one in taken))
    lines = [f'import type {{ {", ".join(used)} }} from "{file}";'] if used else []
    return [*lines, f'export type {{ {names} }} from "{file}";\n'] if names else lines


def _within(struct: type[Struct]) -> Iterator[type[Struct]]:
    """A struct and all that its fields are made of, in the order of its fields."""
    yield struct
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        for kind in _parts(field.type):
            yield from _within(kind.cls)


def _parts(kind: inspect.Type) -> Iterator[inspect.StructType]:
    match kind:
        case inspect.StructType():
            yield kind
        case inspect.UnionType(types=kinds):
            for one in kinds:
                yield from _parts(one)
        case inspect.ListType(item_type=item) | inspect.DictType(value_type=item):
            yield from _parts(item)


def _named(struct: type[Struct]) -> set[str]:
    """The words of the types of its fields."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return {word for field in info.fields for word in re.findall(r"\w+", _spelled(field.type))}


def _interface(struct: type[Struct]) -> str:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    lines = [f"  {info.tag_field}: {json.dumps(info.tag)};"] if info.tag_field else []
    for field in info.fields:
        has_default = field.default is not NODEFAULT or field.default_factory is not NODEFAULT
        config = struct.__struct_config__
        # what is told may leave out a default where it says so; what is sent to the service, always
        left_out = "?" if has_default and (config.omit_defaults or config.forbid_unknown_fields) else ""
        lines.append(f"  {field.encode_name}{left_out}: {_spelled(field.type)};")
    paragraphs = source.cleandoc(struct.__doc__ or "").split("\n\n")
    said = textwrap.wrap(" ".join(paragraphs[0].split()), 116)
    comment = "\n".join(["/**", *(f" * {line}" for line in said), " */"])
    return f"{comment}\nexport interface {struct.__name__} {{\n" + "\n".join(lines) + "\n}\n"


def _spelled(kind: inspect.Type) -> str:
    match kind:
        case inspect.StrType():
            return "string"
        case inspect.IntType() | inspect.FloatType():
            return "number"
        case inspect.BoolType():
            return "boolean"
        case inspect.NoneType():
            return "null"
        case inspect.LiteralType(values=values):
            return " | ".join(json.dumps(one) for one in sorted(values, key=str))
        case inspect.UnionType(types=types_):
            return " | ".join(dict.fromkeys(_spelled(one) for one in types_))
        case inspect.ListType(item_type=item):
            spelled = _spelled(item)
            return f"({spelled})[]" if "|" in spelled else f"{spelled}[]"
        case inspect.TupleType(item_types=items):
            return f"[{', '.join(map(_spelled, items))}]"
        case inspect.DictType(value_type=value):
            return f"Record<string, {_spelled(value)}>"
        case inspect.StructType(cls=cls):
            return cls.__name__
    raise TypeError(f"a type of the page uses {kind}, which cloud/web/schema.py can not spell; add it to _spelled")


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
