"""The text of the site file, changed where it is edited and nowhere else. tomlkit lives here."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Table

from cloud.core.site_edit.editing import Edit, Raw, things


class Unwritable(ValueError):
    """The file is written in a way that can not be edited without changing more than was meant."""


def rewritten(text: str, edits: Sequence[Edit], wanted: Raw) -> str:
    """The file's text after the edits; `wanted` is what it has to say then. Raises `Unwritable`."""
    try:
        document = tomlkit.parse(text)
        for edit in edits:
            _edit(document, edit, wanted)
        after = document.as_string()
        if tomllib.loads(after) == wanted:
            return after
    except (TOMLKitError, tomllib.TOMLDecodeError):
        pass
    raise Unwritable("the file is laid out so that it can not be edited without changing more than was meant")


def _edit(document: tomlkit.TOMLDocument, edit: Edit, wanted: Raw) -> None:
    home = document.get(edit.table)
    if home is None:
        home = tomlkit.aot()
        document.append(edit.table, home)
    assert isinstance(home, AoT | Array)
    at = next((n for n, one in enumerate(home) if one["id"] == edit.id), None)
    if edit.values is None:
        del home[at]  # type: ignore[arg-type]
        return
    values = next(one for one in things(wanted, edit.table) if one["id"] == edit.id)
    if at is None:
        _append(home, values, last=[*document][-1] == edit.table)
        return
    for name in edit.values:
        if name in values:
            home[at][name] = _item(values[name])
        else:
            home[at].pop(name, None)


def _append(home: AoT | Array, values: dict[str, Any], *, last: bool) -> None:
    """At the end of its kind, an empty line before it and, where something follows, after it."""
    if isinstance(home, Array):
        made: Table | InlineTable = tomlkit.inline_table()
    else:
        made = tomlkit.table()
        if len(home) and not home[-1].as_string().endswith("\n\n"):
            home[-1].add(tomlkit.nl())
    for name, value in values.items():
        made[name] = _item(value)
    if not last and isinstance(made, Table):
        made.add(tomlkit.nl())
    home.append(made)


def _item(value: Any) -> Any:
    if isinstance(value, dict):
        made = tomlkit.inline_table()
        made.update(value)
        return made
    return value
