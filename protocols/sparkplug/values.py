"""What a node or device has told of its metrics, and what their values become: readings, tags, notices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import doubt, measured, number_of
from protocols.readings import Context, Decoded, Flag, Notice, Problem, TagRead, TagReads, believable
from protocols.sparkplug.meaning import Meaning, is_control, meaning
from protocols.sparkplug.payload import DATETIME, TEMPLATE, DataSet, Metric, Payload, Template, typed

TEXT_MAX = 1000
PATH_MAX = 500
"""Characters of a metric's name; a longer one is not read."""
TAG_COLUMNS = {
    "epc": ("epc", "epchex"),
    "antenna": ("antenna", "antennaport", "antennaid"),
    "rssi": ("rssi", "rssidbm", "peakrssi"),
    "at": ("timestamp", "ts", "time", "lastseen"),
    "tid": ("tid",),
}
"""What the columns of a table of tags are called, in small letters and without anything between the words."""
_HEX = re.compile("[0-9A-F]{4,124}")
Units = tuple[tuple[str, str], ...]


class Definition(Struct):
    """What a birth told of one metric; of a template's instance only that it is one."""

    datatype: int
    meaning: Meaning


class Part(Struct):
    """A node, or one of its devices, with the metrics of its birth."""

    name: str
    online: bool = True
    by_name: dict[str, Definition] = {}
    by_alias: dict[int, str] = {}

    @property
    def size(self) -> int:
        """What it counts towards the host's limit."""
        return 1 + len(self.by_name) + len(self.by_alias)


def learnt(name: str, said: Payload, units: Units) -> Part:
    """What a birth tells of the metrics of a node or device."""
    part = Part(name)
    for metric in said.metrics:
        if metric.alias is not None and 0 < len(metric.name) <= PATH_MAX:
            part.by_alias[metric.alias] = metric.name
        if isinstance(metric.value, Template):
            part.by_name[metric.name] = Definition(TEMPLATE, Meaning(metric.name, None))
        for path, member in _flat(metric, metric.name):
            part.by_name[path] = _defined(path, member, units)
    return part


def unread(part: Part) -> list[Decoded]:
    """The problem of metrics that no reading can be made of, whatever their unit."""
    names = [
        path
        for path, known in part.by_name.items()
        if known.meaning.unit is None and known.datatype > DATETIME and known.datatype != TEMPLATE
    ]
    names = [path for path in names if not is_control(path)]
    if not names:
        return []
    detail = f"{len(names)} metrics hold bytes, files or arrays, which are not read: {', '.join(names)}"
    return [Problem("metric.unread", detail[:300], "nothing, if they are not needed", part.name)]


def read(part: Part, said: Payload, context: Context, units: Units) -> tuple[list[Decoded], list[str]]:
    """(the values of a birth or of data, the metrics that no birth told of)."""
    found: list[Decoded] = []
    unknown: list[str] = []
    stamp: int | None = -1
    when = Moment(0)
    doubted = False
    for metric in said.metrics:
        path = metric.name
        if metric.alias is not None:
            path = part.by_alias.get(metric.alias, path)
        if len(path) > PATH_MAX:
            continue
        told_ms = metric.at_ms or said.at_ms
        if told_ms != stamp:
            stamp, when = told_ms, moment(told_ms, context)
            if not doubted and "clock" in when.flags:
                doubted = True
                found += doubt(when, told_ms, part.name)
        known = part.by_name.get(path)
        if known is None:
            # What has a name and a datatype tells itself all that a birth would have told.
            if not path or not metric.datatype:
                unknown.append(f"alias {metric.alias}" if metric.alias is not None else f"name {path[:100]!r}")
                continue
            known = _defined(path, metric, units)
        if isinstance(metric.value, Template):
            for inner, member in _flat(metric, path):
                member_known = part.by_name.get(inner) or _defined(inner, member, units)
                found += _value(part, inner, member_known, member, when, context)
        else:
            found += _value(part, path, known, metric, when, context)
    return found, unknown


def _defined(path: str, metric: Metric, units: Units) -> Definition:
    return Definition(metric.datatype, meaning(path, metric.datatype, metric.properties, units))


def _flat(metric: Metric, path: str) -> Iterator[tuple[str, Metric]]:
    """The metric by its full name; of a template's instance its members, of its definition nothing."""
    if not isinstance(metric.value, Template):
        if 0 < len(path) <= PATH_MAX:
            yield path, metric
    elif not metric.value.is_definition:
        for member in metric.value.metrics:
            if member.name:
                yield from _flat(member, f"{path}/{member.name}")


def _value(part: Part, path: str, known: Definition, metric: Metric, when: Moment, context: Context) -> list[Decoded]:
    channel, unit, flags = known.meaning
    if unit is None or metric.value is None:
        return []
    datatype = metric.datatype or known.datatype
    try:
        value = typed(metric.value, datatype)
    except ValueError as error:
        return [Problem("payload.invalid", f"metric {path[:100]!r}: {error}", "check the sender", part.name)]
    if metric.historical or metric.transient or metric.properties:
        flags = (*flags, *_flags(metric))
    if isinstance(value, DataSet):
        return _tags(part.name, value, when, flags, context)
    if unit and not (isinstance(value, str) and number_of(value) is None):
        return [measured(part.name, channel, unit, value, when, flags)]
    text = _spoken(value, datatype)
    return [Notice(part.name, channel, text, when.at_ms, (*when.flags, *flags))] if text else []


def _flags(metric: Metric) -> Iterator[Flag]:
    if metric.historical:
        yield "historical"
    if metric.transient:
        yield "transient"
    quality = metric.properties.get("Quality")
    if quality == 0:
        yield "bad"
    elif quality == 500:
        yield "stale"
    elif quality not in (None, 192):
        yield "uncertain"


def _spoken(value: Any, datatype: int) -> str:
    if datatype == DATETIME and isinstance(value, int):
        try:
            when = datetime.fromtimestamp(value / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return str(value)
        return when.isoformat(timespec="milliseconds" if value % 1000 else "seconds").replace("+00:00", "Z")
    return str(value).replace("\x00", "")[:TEXT_MAX]


def _tags(device: str, table: DataSet, when: Moment, flags: tuple[Flag, ...], context: Context) -> list[Decoded]:
    """The tags in a table with a column `epc`; nothing for other tables."""
    columns = {"".join(filter(str.isalnum, name.lower())): at for at, name in enumerate(table.columns)}
    places = {key: columns[one] for key, names in TAG_COLUMNS.items() for one in names if one in columns}
    if "epc" not in places:
        return []
    reads = []
    for row in table.rows:
        cell = {key: row[at] for key, at in places.items() if at < len(row)}
        epc = str(cell.get("epc") or "").strip().upper()
        if not _HEX.fullmatch(epc):
            return [Problem("payload.invalid", f"{epc[:60]!r} is no EPC in hex", "put hex into the column", device)]
        antenna, rssi, told_ms = cell.get("antenna"), cell.get("rssi"), cell.get("at")
        at_ms, doubts = believable(told_ms if isinstance(told_ms, int) else None, context)
        tid = str(cell.get("tid") or "").strip().upper()
        reads.append(
            TagRead(
                epc,
                antenna if isinstance(antenna, int) and 0 <= antenna <= 255 else 1,
                when.at_ms if doubts else at_ms,
                float(rssi) if isinstance(rssi, int | float) and -200 <= rssi <= 50 else None,
                tid=tid if _HEX.fullmatch(tid) else "",
            )
        )
    return [TagReads(device, when.at_ms, reads, flags=(*when.flags, *flags))] if reads else []
