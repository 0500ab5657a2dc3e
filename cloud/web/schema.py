"""The page's TypeScript types, written from the view's structs, so that `tsc` fails when service and page part ways.

`python -m cloud.web.schema` rewrites `dashboard/src/types.ts`, and `types_rooms.ts` with what the view takes from other
rooms; a test says that the files are what would be written.
"""

from __future__ import annotations

import inspect as source
import json
import re
import textwrap
from pathlib import Path

from msgspec import NODEFAULT, Struct, inspect

from cloud.core import view

FOLDER = Path(__file__).parent / "dashboard" / "src"
OWN, TAKEN = "types.ts", "types_rooms.ts"
CORE = "cloud.core."
HEAD = "// Written from cloud/core/view.py by `python -m cloud.web.schema`. Change the structs, not this file.\n"


def files() -> dict[str, str]:
    """The text of each file by its name: one interface a struct, in the order of `cloud/core/view.py`. What that takes
    from other rooms is in a file of its own, and to be had from the first too."""
    structs = [
        one
        for one in vars(view).values()
        if isinstance(one, type) and issubclass(one, Struct) and one.__module__.startswith(CORE)
    ]
    own = [one for one in structs if one.__module__ == view.__name__]
    taken = [one for one in structs if one not in own]
    used = sorted({name for one in own for name in _named(one)} & {one.__name__ for one in taken})
    handed = ", ".join(sorted(one.__name__ for one in taken))
    head = [
        f'import type {{ {", ".join(used)} }} from "./types_rooms";',
        f'export type {{ {handed} }} from "./types_rooms";\n',
    ]
    return {
        OWN: "\n".join([HEAD, *head, *map(_interface, own)]),
        TAKEN: "\n".join([HEAD, *map(_interface, taken)]),
    }


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
        left_out = "?" if struct.__struct_config__.omit_defaults and has_default else ""
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
        case inspect.TupleType(item_types=items):
            return f"[{', '.join(map(_spelled, items))}]"
        case inspect.StructType(cls=cls):
            return cls.__name__
    raise TypeError(f"cloud/core/view.py uses {kind}, which cloud/web/schema.py can not spell; add it to _spelled")


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
