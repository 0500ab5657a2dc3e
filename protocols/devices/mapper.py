"""The mapper: messages whose shape a user made, read by rules of the site file.

For readers that send what a template says (Keonn AdvanNet), gateways with tables of points (King Pigeon), delimited
text, and any JSON. A rule says where a value lies (protocols/parsing/paths.py), its unit and its channel. Rules are
checked when the site file is read; a message in which no rule finds anything is a problem that names the fields it has.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

import msgspec

from protocols.devices import Example
from protocols.parsing.mapped import EVENTS_MAX, MappedMessage, Plan, plan_of
from protocols.parsing.mapping import Options
from protocols.parsing.payloads import PAYLOAD_BYTES_MAX, json_of, too_big
from protocols.readings import Context, Decoded, Flag, Problem, Reading, TagRead, TagReads

FORMAT = "mapper"
FILTERS: tuple[str, ...] = ()
__all__ = ["EXAMPLES", "FILTERS", "FORMAT", "Options", "begin", "decode"]

LINES_MAX = 4096


def begin(options: Options) -> Plan:
    """The plan by which messages are read; nothing is remembered between them."""
    return plan_of(options)


def decode(_topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What the rules find in a message."""
    if not isinstance(context.options, Options):
        hint = 'list the topic under [[sources]] with format = "mapper": docs/makes.md'
        return [Problem("source.no_options", "the mapper has no rules for this topic", hint, context.name)]
    if not payload:
        return []
    plan = context.memory if isinstance(context.memory, Plan) else plan_of(context.options)
    if plan.options.timezone:
        context = msgspec.structs.replace(context, timezone=plan.options.timezone)
    mapping = MappedMessage(plan, context)
    lines = plan.options.form == "lines"
    whole = _rows(payload, plan.options, context.name) if lines else json_of(payload, context.name)
    if isinstance(whole, Problem):
        return [whole]
    if plan.options.envelope:
        for event in (whole if isinstance(whole, list) else [whole])[:EVENTS_MAX]:
            mapping.event(event)
    else:
        mapping.message(whole, whole)
    return mapping.result(whole)


def _rows(payload: bytes, options: Options, device: str) -> list[dict[str, str]] | Problem:
    """The lines of a text, each with its parts by name."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return too_big(payload, device)
    try:
        lines = [line for line in payload.decode().splitlines() if line.strip(" \0")]
    except UnicodeDecodeError as error:
        return Problem("payload.not_text", str(error)[:300], "send UTF-8 text", device)
    columns = options.columns
    rows: list[dict[str, str]] = []
    for number, parts in enumerate(_parted(lines[:LINES_MAX], options.separator)):
        if options.header and number == 0:
            columns = parts
        elif options.pairs:
            cut = [part.partition(options.pairs) for part in parts]
            rows.append({name.strip(): value.strip() for name, mark, value in cut if mark})
        else:
            rows.append(dict(zip(columns, parts, strict=False)))
    return rows


def _parted(lines: list[str], separator: str) -> Iterator[list[str]]:
    """The parts of each line, in quotes or not; a separator of one blank is any run of them."""
    if separator == " ":
        yield from (line.split() for line in lines)
        return
    for line in lines:
        try:
            (parts,) = csv.reader([line], delimiter=separator)
        except (csv.Error, ValueError):
            parts = line.split(separator)
        yield [part.strip() for part in parts]


_NOW = 1_763_762_400_000
_NO_CLOCK: tuple[Flag, ...] = ("no_clock",)
_READER = {
    "each": "reads[*]",
    "device": "$.reader",
    "tags": [
        {
            "epc": "hexEpc",
            "antenna": "port",
            "rssi": "rssi",
            "time": "at",
            "only": {"path": "type", "equals": ["TAG_READ"]},
        }
    ],
}
_PIGEON = {
    "time": "time",
    "time_format": "%H:%M:%S %m/%d/%Y UTC",
    "timezone": "UTC",
    "historical": {"path": "retransmit", "equals": ["enable"]},
    "values": [
        {"path": "sensorDatas[flag=TEMP8].value", "unit": "Cel", "factor": 0.1, "channel": "room"},
        {"path": "sensorDatas[flag=DI1].switcher", "unit": "door_open", "channel": "door"},
    ],
}
_LINES = {
    "form": "lines",
    "separator": ";",
    "columns": ["scale", "day", "clock", "kg", "state"],
    "device": "scale",
    "time": ["day", "clock"],
    "time_format": "%d.%m.%Y %H:%M:%S",
    "timezone": "UTC",
    "values": [{"path": "kg", "unit": "kg", "only": {"path": "state", "equals": ["OK"]}}],
}
_EVENT = {"envelope": "cloudevents", "values": [{"path": "temperature", "unit": "Cel", "absent": [-127]}]}
EXAMPLES = (
    Example(
        "tags by a reader's template",
        "store/reader",
        b'{"reader":"door-3","reads":[{"type":"TAG_READ","hexEpc":"3034257bf7194e4000001a85","port":"2","rssi":-61,'
        b'"at":1763762400000},{"type":"GPI","line":1}]}',
        [TagReads("door-3", _NOW, [TagRead("3034257BF7194E4000001A85", 2, _NOW, -61.0)])],
        _READER,
    ),
    Example(
        "a table of points sent again after an outage, tenths of a degree",
        "862952028199999",
        b'{"sensorDatas":[{"flag":"TEMP8","value":288},{"flag":"DI1","switcher":"1"}],"time":"21:00:00 11/21/2025 UTC",'
        b'"retransmit":"enable"}',
        [
            Reading("gate-1", "room", "temperature_c", _NOW - 3_600_000, [28.8], flags=("historical",)),
            Reading("gate-1", "door", "door_open", _NOW - 3_600_000, [1.0], flags=("historical",)),
        ],
        _PIGEON,
        "gate-1",
    ),
    Example(
        "delimited text, one line not to be used",
        "scales/out",
        b"S1;21.11.2025;22:00:00;12.5;OK\r\nS2;21.11.2025;22:00:00;0;TARE\r\n",
        [Reading("S1", "1", "mass_g", _NOW, [12500.0])],
        _LINES,
    ),
    Example(
        "a CloudEvent",
        "events",
        b'{"specversion":"1.0","type":"t","source":"/cold/room-1","id":"7","time":"2025-11-21T22:00:00Z",'
        b'"data":{"temperature":-18.5}}',
        [Reading("/cold/room-1", "1", "temperature_c", _NOW, [-18.5])],
        _EVENT,
    ),
    Example(
        "a path that leads nowhere", "x", b'{"temp":1}', [Problem("mapper.nothing", "")], {"values": [{"path": "t"}]}
    ),
    Example("no CloudEvent", "events", b'{"data":{"temperature":1}}', [Problem("payload.invalid", "")], _EVENT),
    Example("an EPC that is none", "x", b'{"epc":"tag 7"}', [Problem("epc.invalid", "")], {"tags": [{"epc": "epc"}]}),
)
