"""What edits make of a site: the new one, or every flaw of it with the field it is in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from cloud.core.site_edit import fields
from cloud.core.site_edit.fields import NOUNS, Table
from protocols import layout
from protocols.layout import LayoutError, Site
from protocols.layout_checks import SiteFlaw, flaws

Raw = dict[str, Any]
"""The site file as TOML has it."""
SHOWN = 3
"""Of what stands in the way, so many are named."""
_POINTER = re.compile(r"/(\w+)/(\d+)(/\w+)?\Z")


class Edit(Struct, frozen=True):
    """One thing is to be so: `values` of the fields that change (None: left out from now on); None removes it. `new`:
    it is added."""

    table: Table
    id: str
    values: dict[str, Any] | None
    new: bool = False


class Revised(Struct, frozen=True):
    """A site after edits: as TOML has it, and as it is read."""

    raw: Raw
    site: Site


def load(text: str, source: str) -> Revised:
    """The file as it is; raises `LayoutError`."""
    site = layout.parse(text, source)
    return Revised(tomllib.loads(text), site)


def things(raw: Raw, table: Table) -> list[dict[str, Any]]:
    """What stands in a table of the file."""
    found: list[dict[str, Any]] = raw.get(table, [])
    return found


def revise(before: Revised, edits: Sequence[Edit]) -> Revised | list[SiteFlaw]:
    """The site after the edits, or all that is wrong with it. The pointer of a flaw begins with the edit's number,
    `/0/zone`, where it is of one."""
    raw = {**before.raw}
    wrong: list[SiteFlaw] = []
    for table in {one.table for one in edits}:
        raw[table] = [dict(one) for one in things(raw, table)]
    places = {table: {one["id"]: n for n, one in enumerate(things(raw, table))} for table in {e.table for e in edits}}
    gone: set[tuple[Table, str]] = set()
    halves: set[tuple[Table, str]] = set()
    for number, edit in enumerate(edits):
        found = _put(raw[edit.table], places[edit.table], edit, f"/{number}", gone)
        wrong += found
        nameless = (f"/{number}/id", "wants_text")
        if any(flaw.code == "needed" or (flaw.pointer, flaw.code) == nameless for flaw in found):
            halves.add((edit.table, edit.id))
    for table in {table for table, _ in gone | halves}:
        raw[table] = [one for one in raw[table] if (table, one.get("id", "")) not in gone | halves]
    try:
        site = layout.of(raw, "the site file")
    except LayoutError as error:
        return wrong or [SiteFlaw("", "site", str(error).removeprefix("the site file: "))]
    # What is not whole is left out, so that it hides nothing that is wrong elsewhere; what names it is not wrong by it.
    sound = (flaw for flaw in flaws(site) if _missed(flaw) not in halves)
    if wrong := [*wrong, *_told(sound, site, edits, gone)]:
        return wrong
    return Revised(raw, site)


def _put(into: list[Raw], places: dict[str, int], edit: Edit, at: str, gone: set[tuple[Table, str]]) -> list[SiteFlaw]:
    noun, place = NOUNS[edit.table], places.get(edit.id)
    if edit.new and place is not None:
        return [SiteFlaw(f"{at}/id", "twice", f"there is a {noun} {edit.id!r} already", {"value": edit.id})]
    if not edit.new and place is None:
        return [SiteFlaw(at, "gone", f"there is no {noun} {edit.id[:64]!r}", {"value": edit.id[:64]})]
    if edit.values is None:
        gone.add((edit.table, edit.id))
        return []
    values, wrong = fields.read(edit.table, edit.values, at)
    if values.get("id", edit.id) != edit.id:
        said = f"the id of a {noun} stays, as stock and history are kept under it; add another one instead"
        wrong.append(SiteFlaw(f"{at}/id", "fixed_id", said))
        values["id"] = edit.id
    if place is None:
        place = places[edit.id] = len(into)
        into.append({"id": edit.id} if edit.id else {})
    whole = into[place] | values
    into[place] = {name: value for name, value in whole.items() if value is not None}
    known = {flaw.pointer for flaw in wrong}
    return [*wrong, *(one for one in fields.missing(edit.table, into[place], at) if one.pointer not in known)]


def _told(found: Iterable[SiteFlaw], site: Site, edits: Sequence[Edit], gone: set[tuple[Table, str]]) -> list[SiteFlaw]:
    """The flaws of a site by the edit they came of; what stands in the way of a removal is told in one sentence."""
    numbers = {(one.table, one.id): number for number, one in enumerate(edits)}
    users: dict[tuple[str, str], list[str]] = {}
    told = []
    for flaw in found:
        at = _POINTER.match(flaw.pointer)
        table = at[1] if at else ""
        name = getattr(site, table)[int(at[2])].id if at and hasattr(site, table) else ""
        of, value = _missed(flaw)
        if (of, value) in gone:
            users.setdefault((of, value), []).append(f"{_NOUNS.get(table, 'entry')} {name}")
        elif (table, name) in numbers:
            told.append(_moved(flaw, f"/{numbers[table, name]}{at[3] or ''}"))  # type: ignore[index]
        elif (table, other := str(flaw.told.get("other", ""))) in numbers:  # the one that was there may be named, too
            pointer = f"/{numbers[table, other]}{at[3] or '' if at else ''}"  # type: ignore[index]
            told.append(SiteFlaw(pointer, flaw.code, flaw.detail, flaw.told | {"other": name}))
        else:
            told.append(_moved(flaw, ""))
    for (of, value), names in users.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        by = ", ".join(names[:SHOWN])
        said = f"{value!r} is named by {by}{more}; change or remove these first"
        number = next(n for n, edit in enumerate(edits) if (edit.table, edit.id) == (of, value))
        params: dict[str, str | int | float] = {"value": value, "by": by + (" …" if more else ""), "n": len(names)}
        told.append(SiteFlaw(f"/{number}", "still_named", said, params))
    return told


def _missed(flaw: SiteFlaw) -> tuple[str, str]:
    """The table and id that a flaw misses; ("", "") where it is another one."""
    value = str(flaw.told.get("value", ""))
    match flaw.code:
        case "unlisted":
            return str(flaw.told["of"]), value
        case "no_shelf" | "no_reader":
            return "devices", value
        case "antennas":
            return "zones", value.partition("=")[2]
    return "", ""


def _moved(flaw: SiteFlaw, pointer: str) -> SiteFlaw:
    return SiteFlaw(pointer, flaw.code, flaw.detail, flaw.told)


_NOUNS: dict[str, str] = dict(NOUNS.items())
