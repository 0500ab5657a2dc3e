"""The text of the site file, changed where it is edited and nowhere else. tomlkit lives here."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable
from tomlkit.items import Table as Block

from cloud.core.site_edit.editing import Edit, Raw, things
from cloud.core.site_edit.fields import Table


class Unwritable(ValueError):
    """The file is written in a way that can not be edited without changing more than was meant."""


def rewritten(text: str, edits: Sequence[Edit], wanted: Raw) -> str:
    """The file's text after the edits; `wanted` is what it has to say then. Raises `Unwritable`."""
    try:
        document = tomlkit.parse(text)
        for table in dict.fromkeys(one.table for one in edits):
            _edit(document, table, [one for one in edits if one.table == table], wanted)
        after = document.as_string()
        if tomllib.loads(after) == wanted:
            return after
    except (TOMLKitError, tomllib.TOMLDecodeError):
        pass
    raise Unwritable("the file is laid out so that it can not be edited without changing more than was meant")


def _edit(document: tomlkit.TOMLDocument, table: Table, edits: Sequence[Edit], wanted: Raw) -> None:
    home = document.get(table)
    if home is None:
        home = tomlkit.aot()
        document.append(table, home)
    assert isinstance(home, AoT | Array)
    known = {str(one["id"]): one for one in home}
    values = {one["id"]: one for one in things(wanted, table)}
    gone = {one.id for one in edits if one.values is None}
    for edit in edits:
        if edit.values is None or edit.id in gone:
            continue
        now = values[edit.id]
        if edit.id not in known:
            _append(home, now, last=[*document][-1] == table)
            known[edit.id] = home[-1]
            continue
        for field in edit.values:
            if field in now:
                known[edit.id][field] = _item(now[field])
            else:
                known[edit.id].pop(field, None)
    for at in [n for n, one in enumerate(home) if gone and one["id"] in gone][::-1]:
        del home[at]


def _append(home: AoT | Array, values: dict[str, Any], *, last: bool) -> None:
    """At the end of its kind, an empty line before it and, where something follows, after it."""
    if isinstance(home, Array):
        made: Block | InlineTable = tomlkit.inline_table()
    else:
        made = tomlkit.table()
        if len(home) and not home[-1].as_string().endswith("\n\n"):
            home[-1].add(tomlkit.nl())
    for name, value in values.items():
        made[name] = _item(value)
    if not last and isinstance(made, Block):
        made.add(tomlkit.nl())
    home.append(made)


def _item(value: Any) -> Any:
    if isinstance(value, dict):
        made = tomlkit.inline_table()
        made.update(value)
        return made
    return value
