"""The project's docs, taken apart for the tests: fenced blocks, tables, links; and what the code says beside them."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import msgspec
from msgspec import Struct

from protocols.readings import Problem
from tests import house

DOCS = house.ROOT / "docs"
OURS = (
    "protocols/devices/native.py",
    "protocols/devices/__init__.py",
    "edge/core/inference.py",
    "edge/core/field/places.py",
)
"""Where the problems of native devices are made; all others are those of other makes."""
CODE = re.compile(r"[a-z][a-z0-9]*\.[a-z_]+")


def blocks(text: str, language: str = "") -> list[tuple[str, str]]:
    """Fenced blocks of a language: (what stands after it, body)."""
    found = re.findall(r"^```(\w*)[ ]?(.*)\n((?:.*\n)*?)```$", text, re.MULTILINE)
    return [(rest, body) for tongue, rest, body in found if tongue == language]


def tables(text: str, head: str) -> list[list[list[str]]]:
    """The rows of each table whose first heading begins so, cell by cell, without backticks."""
    found: list[list[list[str]]] = []
    rows: list[list[str]] | None = None
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if rows is None and cells and cells[0].strip("| ").startswith(head):
            rows = []
            found.append(rows)
        elif rows is not None and cells and not cells[0].startswith("---"):
            rows.append([cell.strip("| `") for cell in cells])
        elif not cells:
            rows = None
    return found


def default(one: msgspec.structs.FieldInfo) -> str:
    """A field's default as the docs write it."""
    if one.required:
        return "required"
    value = one.default_factory() if one.default is msgspec.NODEFAULT else one.default
    return "none" if value is None else json.dumps(value)


def fields_of(struct: type[Struct]) -> dict[str, str]:
    """A type's fields and their defaults, as a table of the docs has them."""
    return {one.name: default(one) for one in msgspec.structs.fields(struct)}


def told(table: list[list[str]]) -> dict[str, str]:
    """The first two columns of a table."""
    return {row[0]: row[1] for row in table}


def anchors(text: str) -> set[str]:
    """What a link may name behind `#`: the headings, as they are spelled in addresses."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def problem_codes() -> tuple[set[str], set[str]]:
    """Every code that a message may be refused with, from the code: (those of native devices, all others)."""
    ours: set[str] = set()
    others: set[str] = set()
    computed = []
    for source in house.files("protocols/", "edge/"):
        if source.path.startswith("protocols/documents/"):
            continue
        found = ours if source.path in OURS else others
        for call in (node for node in source.nodes if isinstance(node, ast.Call)):
            for one in call.keywords:
                if one.arg == "trouble":  # codes on their way to a Problem
                    found.update(filter(CODE.fullmatch, _texts(one.value)))
            if isinstance(call.func, ast.Name) and call.func.id == Problem.__name__:
                code = call.args[0]
                if isinstance(code, ast.Constant):
                    found.add(str(code.value))
                else:
                    computed.append(source.path)
    assert computed == ["protocols/devices/scales.py"], "its codes: the `trouble` of protocols/parsing/scale_lines.py"
    return ours, others - ours


def _texts(node: ast.AST) -> list[str]:
    inner: list[Any] = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return [one for one in inner if isinstance(one, str)]
