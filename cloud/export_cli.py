"""`python -m cloud export TABLE`: a table as a CSV or Parquet file, beside a running service or without one."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import aclosing, nullcontext
from pathlib import Path
from typing import Any

import msgspec

from cloud.completeness_cli import Sited, Verb, instant
from cloud.core.exporting.source import Span
from cloud.core.exporting.tables import TABLES
from cloud.desks.exporting import FORMATS, Exporting
from cloud.web.desk import DeskError
from cloud.web.queries import TIME_MS_MAX


def add(verb: Verb, with_site: Sited, run: Any) -> None:
    """The verb; `run` gives `write` a service's tables."""
    one = with_site(verb("export", run, "Write a table as a CSV or Parquet file; without a name list the tables."))
    one.add_argument("table", nargs="?", default="", metavar="TABLE", help=", ".join(TABLES))
    one.add_argument("--format", choices=[*FORMATS], default="csv", help="(default: %(default)s)")
    text = "2026-03-01, 2026-03-01T14:00 (UTC), or 90m, 24h, 7d ago"
    one.add_argument("--from", dest="since", default="", metavar="T", help=text)
    one.add_argument("--to", default="", metavar="T", help="the same; rows before it")
    one.add_argument("--series", action="append", default=[], metavar="NAME", help="of the history; again for more")
    one.add_argument("-o", "--out", type=Path, metavar="FILE", help="where to (default: standard output)")


async def write(exporting: Exporting, arguments: argparse.Namespace) -> None:
    """Write the table, or the list of tables. Raises `ValueError` for what can not be written."""
    if not arguments.table:
        for one in exporting.tables():
            sys.stdout.write((msgspec.json.encode(one).decode() if arguments.json else f"{one.name}: {one.row}") + "\n")
        return
    table = TABLES.get(arguments.table)
    if table is None:
        raise ValueError(f"there is no table {arguments.table!r}: take one of {', '.join(TABLES)}")
    if not table.time and (arguments.since or arguments.to):
        raise ValueError(f"{table.name} is of now: leave --from and --to out")
    if bool(arguments.series) != (table.wants == "series"):
        raise ValueError(f"{table.name}: --series names the series of `history`, and only of that")
    now_ms = time.time_ns() // 1_000_000
    from_ms = instant(arguments.since, now_ms) if arguments.since else 0
    to_ms = instant(arguments.to, now_ms) if arguments.to else TIME_MS_MAX
    span = Span(from_ms, to_ms, arguments.series)
    try:
        async with aclosing(exporting.file(table, arguments.format, span)) as pieces:
            first = await anext(pieces, b"")  # before there is a file
            with nullcontext(sys.stdout.buffer) if arguments.out is None else arguments.out.open("wb") as file:
                file.write(first)
                async for piece in pieces:
                    file.write(piece)
    except DeskError as error:
        raise ValueError(error.said) from None
    if arguments.out is not None:
        print(arguments.out)
