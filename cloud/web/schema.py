"""The page's TypeScript types, written from the same structs as the API's document, so that `tsc` fails when service
and page part ways.

`python -m cloud.web.schema` rewrites them under `dashboard/src`: `types.ts` with the view's own structs,
`types_rooms.ts` with what the view takes from other rooms, and room by room what else routes read and answer. A test
says that the files are what would be written.
"""

from __future__ import annotations

import inspect as source
import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT, Struct, inspect

from cloud.core import view
from cloud.web.app import Desks, routes_of
from cloud.web.deeds import Deeds
from cloud.web.replies import ProblemDetails
from cloud.web.routing import Media, Route

FOLDER = Path(__file__).parent / "dashboard" / "src"
OWN, TAKEN, REST = "types.ts", "types_rooms.ts", "types_service.ts"
ROOMS = {
    "types_stock.ts": (
        "core.book",
        "core.counting",
        "core.kpis",
        "core.promising",
        "core.stock_view",
        "web.stockroom",
        "web.differences",
    ),
    "types_buying.ts": ("core.purchasing", "core.planning", "core.trade_view", "core.office_view", "web.office"),
    "types_front.ts": ("core.tiles", "core.trends", "web.front"),
    "types_field.ts": ("protocols.fieldwork", "web.fieldwork"),
    "types_site.ts": ("core.site_edit", "web.site_editor", "web.channels", "protocols.layout_checks"),
    "types_gate.ts": ("protocols.asked", "web.gateways"),
    "types_supply.ts": ("core.sku_view", "web.supply"),
    "types_partners.ts": ("protocols", "web.portal", "web.posting", "web.neighbours"),
    "types_care.ts": ("core.maintenance", "core.work_view", "core.cold", "web.work", "web.cold"),
    "types_crew.ts": ("core.crews_view", "web.crews"),
    "types_people.ts": ("web.own", "web.users", "web.deeds"),
}
"""File -> the modules below cloud/ whose structs are in it; all others are in `REST`."""
CORE = ("cloud.core.", "protocols.floor")
HEAD = "// Written from {} by `python -m cloud.web.schema`. Change the structs, not this file.\n"
VIEW = HEAD.format("cloud/core/view.py")
Kind = type[Struct]


def every_route() -> list[Route]:
    """What the routes of a service say of themselves; nobody is behind them."""
    nobody: Any = None
    desks = Desks(*[nobody] * len(Desks._fields))
    return routes_of(desks, nobody, nobody, FOLDER, nobody, Deeds(nobody, nobody))


def files() -> dict[str, str]:
    """The text of each file by its name, one interface a struct. What the view takes from other rooms is to be had from
    its own file too."""
    structs = [
        one
        for one in vars(view).values()
        if isinstance(one, type) and issubclass(one, Struct) and one.__module__.startswith(CORE)
    ]
    own = [one for one in structs if one.__module__ == view.__name__]
    taken = [one for one in structs if one not in own]
    pages = [one for one in every_route() if not one.path.startswith("/grafana/")]
    read, answered = _bodies(pages)
    others = [one for one in dict.fromkeys([*answered, *read]) if one not in structs]
    names = _names(structs, others)
    used = sorted({name for one in own for name in _named(one)} & {one.__name__ for one in taken})
    handed = ", ".join(sorted(one.__name__ for one in taken))
    head = [
        f'import type {{ {", ".join(used)} }} from "./types_rooms";',
        f'export type {{ {handed} }} from "./types_rooms";\n',
    ]
    where = {names[one]: OWN for one in structs} | {names[one]: _room(one) for one in others}
    rooms: dict[str, list[str]] = {name: [] for name in (*ROOMS, REST)}
    for one in sorted(others, key=names.__getitem__):
        rooms[_room(one)].append(_interface(one, names, optional=one in read))
    return {
        OWN: "\n".join([VIEW, *head, *map(_interface, own)]),
        TAKEN: "\n".join([VIEW, *map(_interface, taken)]),
        **{name: "\n".join([HEAD.format("the routes"), *_imports(name, of, where), *of]) for name, of in rooms.items()},
    }


def _room(struct: Kind) -> str:
    module = struct.__module__.removeprefix("cloud.")
    return next((name for name, of in ROOMS.items() if module.startswith(of)), REST)


def _imports(file: str, text: Iterable[str], where: Mapping[str, str]) -> list[str]:
    """What a file takes of others."""
    words = set(re.findall(r"\w+", "".join(re.sub(r"/\*\*.*?\*/", "", one, flags=re.DOTALL) for one in text)))
    taken: dict[str, list[str]] = {}
    for name in sorted(words & where.keys()):
        if where[name] != file:
            taken.setdefault(where[name], []).append(name)
    lines = [f'import type {{ {", ".join(of)} }} from "./{name[:-3]}";' for name, of in sorted(taken.items())]
    return [*lines[:-1], f"{lines[-1]}\n"] if lines else []


def _bodies(routes: Iterable[Route]) -> tuple[list[Kind], list[Kind]]:
    """The structs that are read, and those that are answered, with all that these hold."""
    routes = [*routes]
    answers = [kind for one in routes for kind in (one.answer, *one.also.values())]
    found = []
    for kinds in ([one.body for one in routes], [*answers, ProblemDetails]):
        held: dict[Kind, None] = {}
        for kind in kinds:
            if kind is not None and not isinstance(kind, Media):
                _gather(inspect.type_info(kind), held)
        found.append([*held])
    return found[0], found[1]


def _gather(info: inspect.Type, held: dict[Kind, None]) -> None:
    match info:
        case inspect.StructType(cls=cls, fields=fields) if cls not in held:
            held[cls] = None
            for field in fields:
                _gather(field.type, held)
        case inspect.UnionType(types=kinds) | inspect.TupleType(item_types=kinds):
            for one in kinds:
                _gather(one, held)
        case inspect.ListType(item_type=item) | inspect.CollectionType(item_type=item):
            _gather(item, held)
        case inspect.DictType(value_type=value):
            _gather(value, held)


def _names(view_structs: Iterable[Kind], others: Iterable[Kind]) -> dict[Kind, str]:
    """How each is called: where several have one name, those that the view does not know have their module's before
    it."""
    names = {one: one.__name__ for one in view_structs}
    others = [*others]
    often = Counter(one.__name__ for one in [*names, *others])
    for one in others:
        room = one.__module__.rpartition(".")[2].replace("_", " ").title().replace(" ", "")
        names[one] = one.__name__ if often[one.__name__] == 1 else room + one.__name__
    return names


def _named(struct: Kind) -> set[str]:
    """The words of the types of its fields."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return {word for field in info.fields for word in re.findall(r"\w+", _spelled(field.type))}


def _interface(struct: Kind, names: Mapping[Kind, str] | None = None, *, optional: bool = False) -> str:
    """A struct in TypeScript. `optional`: what has a default may be left out, as of what the service reads."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    name = (names or {}).get(struct, struct.__name__)
    paragraphs = source.cleandoc(struct.__doc__ or "").split("\n\n")
    said = textwrap.wrap(" ".join(paragraphs[0].split()), 116)
    comment = f"/** {said[0]} */" if len(said) == 1 else "\n".join(["/**", *(f" * {line}" for line in said), " */"])
    if info.array_like:
        items = ", ".join(f"{field.encode_name}: {_spelled(field.type, names)}" for field in info.fields)
        return f"{comment}\nexport type {name} = [{items}];\n"
    lines = [f"  {info.tag_field}: {json.dumps(info.tag)};"] if info.tag_field else []
    for field in info.fields:
        unset = field.default is NODEFAULT and field.default_factory is NODEFAULT
        may_lack = not field.required and (unset or optional or struct.__struct_config__.omit_defaults)
        left_out = "?" if may_lack else ""
        lines.append(f"  {field.encode_name}{left_out}: {_spelled(field.type, names)};")
    return f"{comment}\nexport interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def _spelled(kind: inspect.Type, names: Mapping[Kind, str] | None = None) -> str:
    match kind:
        case inspect.StrType() | inspect.DateType():
            return "string"
        case inspect.IntType() | inspect.FloatType():
            return "number"
        case inspect.BoolType():
            return "boolean"
        case inspect.NoneType():
            return "null"
        case inspect.AnyType():
            return "unknown"
        case inspect.LiteralType(values=values):
            return " | ".join(json.dumps(one) for one in sorted(values, key=str))
        case inspect.UnionType(types=types_):
            return " | ".join(dict.fromkeys(_spelled(one, names) for one in types_))
        case inspect.ListType(item_type=item) | inspect.CollectionType(item_type=item):
            spelled = _spelled(item, names)
            return f"({spelled})[]" if "|" in spelled else f"{spelled}[]"
        case inspect.TupleType(item_types=items):
            return f"[{', '.join(_spelled(one, names) for one in items)}]"
        case inspect.DictType(value_type=value):
            return f"Record<string, {_spelled(value, names)}>"
        case inspect.StructType(cls=cls):
            return (names or {}).get(cls, cls.__name__)
    raise TypeError(f"a struct uses {kind}, which cloud/web/schema.py can not spell; add it to _spelled")


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
