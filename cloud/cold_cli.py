"""`python -m cloud cold ROOM`: what a room, or a lot, went through: in words, as JSON, or as a CSV or PDF file.

It reads the ledger and the history beside a running service, or without one; nothing is written there.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cloud.completeness_cli import UNITS_MS, Sited, Verb
from cloud.core.coldchain.report import FORMATS, LANGUAGES, Asked, Part, Report
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.coldroom import Coldroom
from cloud.stores.history import open_history
from cloud.stores.ledger import Ledger
from cloud.web.desk import DeskError
from protocols.layout import Site, parse


def add(verb: Verb, with_site: Sited) -> None:
    """The verb. `verb` makes one, `with_site` gives it the options of the site."""
    one = with_site(verb("cold", show, "Report what a cold room, or a lot in its rooms, went through."))
    one.add_argument("zone", nargs="?", default="", metavar="ROOM", help="a zone of the site file")
    one.add_argument("--storage", default="", metavar="ID", help="only by the limits of this storage")
    one.add_argument("--sku", default="", metavar="ID", help="instead of a room: of this article ...")
    one.add_argument("--lot", default="", metavar="LOT", help="... the lot")
    text = "2026-03-01, 2026-03-01T14:00 (the site's time), or 12h, 7d ago; left out: a week, or since the lot came"
    one.add_argument("--from", dest="since", default="", metavar="T", help=text)
    one.add_argument("--to", default="", metavar="T", help="the same; left out: now")
    one.add_argument("--lang", choices=LANGUAGES, default="en", help="of a PDF (default: %(default)s)")
    one.add_argument("--out", type=Path, metavar="FILE", help=f"write it: a name that ends in {', '.join(FORMATS)}")


def show(arguments: argparse.Namespace) -> None:
    """Print the report, or write it. Raises `ValueError` for what there is no report of."""
    form = "json" if arguments.out is None else arguments.out.suffix.removeprefix(".")
    if form not in FORMATS:
        raise ValueError(f"--out {arguments.out}: let its name end in .{', .'.join(FORMATS)}")
    with _opened(arguments) as (site, desk):
        now_ms, zone = _now_ms(), ZoneInfo(site.site.timezone)
        since_ms, to_ms = (_instant(one, zone, now_ms) if one else 0 for one in (arguments.since, arguments.to))
        asked = Asked(
            arguments.zone, arguments.storage, arguments.sku, arguments.lot, since_ms, to_ms, form, arguments.lang
        )
        try:
            if arguments.out is None and not arguments.json:
                for line in lines(asyncio.run(desk.reporting.report(asked))):
                    print(line)
                return
            body, _, _ = asyncio.run(desk.report(asked))
        except DeskError as error:
            raise ValueError(error.said) from None
    if arguments.out is None:
        sys.stdout.write(body.decode() + "\n")
    else:
        arguments.out.write_bytes(body)
        print(arguments.out)


def lines(report: Report) -> Iterator[str]:
    """What a person reads: the figures of each room, and what happened."""
    zone = ZoneInfo(report.timezone)

    def at(at_ms: int) -> str:
        return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")

    for part in report.parts:
        kept = part.storage or "the room itself"
        yield f"{part.zone_name} ({part.zone}), kept as {kept}, {at(part.from_ms)} to {at(part.to_ms)}"
        yield f"  {_figures(part)}"
        for gap in part.gaps:
            minutes = (gap.to_ms - gap.from_ms) / 60_000
            yield f"  {at(gap.from_ms)}  {'gap':10}  {minutes:.0f} min of which nothing is known"
        for one in sorted([*part.defrosts, *part.excursions], key=lambda each: each.began_ms):
            why = f", {one.why}" if one.why else ""
            said = "".join(f"; {each.decision} by {each.by}: {each.comment}" for each in one.signatures)
            far = f"{one.peak_c:g} degC, " if one.far else ""
            told = f"{one.sku} {one.lot}: " * bool(one.sku) + f"{far}{one.outside_ms / 60_000:.0f} min outside{why}"
            yield f"  {at(one.began_ms)}  {one.kind:10}  {told}{f', {one.state}' if one.state else ''}{said}"


def _figures(part: Part) -> str:
    if part.min_c is None or part.max_c is None or part.mean_c is None:
        return "nothing was measured"
    kinetic = ""
    if part.kinetic_worst_c is not None:
        kinetic = f"; kinetic mean of {part.hours:g} h at most {part.kinetic_worst_c:.2f}"
    known = part.known_ms / max(1, part.to_ms - part.from_ms)
    return (
        f"{part.min_c:g} to {part.max_c:g} degC, mean {part.mean_c:.2f}{kinetic}; "
        f"{part.outside_ms / 60_000:.0f} min outside, {known:.1%} known"
    )


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[tuple[Site, Coldroom]]:
    path = arguments.state / "ledger.db"
    if not arguments.ledger and not path.exists():
        raise ValueError(f"{arguments.state} holds no ledger: run `python -m cloud serve` first, or give --state")
    try:
        text = arguments.site.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"the site file {arguments.site} can not be read ({error}); give it with --site") from None
    site = parse(text, str(arguments.site))
    ledger = Ledger(arguments.ledger or f"sqlite:///{path}")
    try:
        history = open_history(arguments.history or f"sqlite:///{arguments.state / 'history.db'}")
        try:
            book = Bookkeeping(site, ledger.books, _at_once, _now_ms)
            book.load()
            desk = Coldroom(book, ledger.books, _at_once, _now_ms, history)
            desk.load()
            yield site, desk
        finally:
            history.close()
    finally:
        ledger.close()


async def _at_once(work: Callable[..., Any], *given: Any) -> Any:
    return work(*given)


def _instant(text: str, zone: ZoneInfo, now_ms: int) -> int:
    if ago := re.fullmatch(r"(\d{1,6})([mhd])", text):
        return now_ms - int(ago[1]) * UNITS_MS[ago[2]]
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time: give 2026-03-01, 2026-03-01T14:00, or 7d for a week ago") from None
    return round((told if told.tzinfo is not None else told.replace(tzinfo=zone)).timestamp() * 1000)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
