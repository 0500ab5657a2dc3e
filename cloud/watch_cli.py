"""`python -m cloud watch SERIES.csv`: a score for each row of any series as it comes, and the events found, with why.

One line of JSON a row, an event's line when it is over, and a summary at the end. What is wrong with a row is named on
stderr with its line, and counted; the rest is judged.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import msgspec

from cloud.core.maintenance.events import Event
from cloud.core.maintenance.states import LEARN_ROWS, LEARN_ROWS_MAX
from cloud.core.maintenance.watching import Watch
from cloud.series_sheet import LOOK_ROWS, PEEK_ROWS, Refused, Row, Series
from cloud.sheet_dates import ALIKE
from cloud.sheet_lines import backwards, can_turn, opened
from cloud.sheet_times import EPOCH
from cloud.sheets import SheetError

NAMED_MAX = 1000
"""Faults that are named on stderr; beyond, they are counted."""
LINES_MAX = 20
"""Lines of each fault in the summary."""
LEARN_ROWS_MIN = 60
LIVE_PEEK_ROWS = 20
DIGITS = 6
OLDER_SHARE, OLDER_MIN = 0.1, 10
"""So many rows out of order, and it is said what to do."""
TOLD = {
    "no number": "is {cell!r}, which is no number",
    "empty": "is empty",
    "converted": "is {cell!r}: converted to the channel's first unit",
    "a unit among numbers without": "is {cell!r}; the unit of the others is not known",
    "no unit among numbers with": "is {cell!r}, without the unit of the first; taken as it stands",
    "a number in a column left out": "is {cell!r}, a number in a column that was left out; name it with --channels",
    "another quantity": "is {cell!r}, which is another quantity",
    "repeated": "the time is that of the row before; the first stays",
    "reversed": "the time is before that of a row before; not judged",
    "gap": "rows are missing before this one",
    "daylight saving": "the wall clock was changed by an hour",
    "clock put back": "the clock was put back, and is followed",
    "begins late": "begins here, and counts from row {cell} on",
    "comma read as decimal": "is {cell!r}: commas are read as decimals from here on, for want of a cell that tells",
    "comma read as thousands": "is {cell!r}: commas are read as thousands from here on, for want of a cell that tells",
    "more cells than names": "has more cells than names, and perhaps a number cut in two: {cell!r}; not judged",
    "dates read as DD/MM/YYYY": "{cell!r} is read as DD/MM/YYYY: so rows follow each other; else --dates MM/DD/YYYY",
    "dates read as MM/DD/YYYY": "{cell!r} is read as MM/DD/YYYY: so rows follow each other; else --dates DD/MM/YYYY",
    "dates taken as MM/DD/YYYY": "{cell!r} is taken as MM/DD/YYYY, for no row tells; else --dates DD/MM/YYYY",
    "newest first": "the newest row stands first: the file is read from its end, {cell} rows",
}
"""Fault -> what is said of it."""
ONCE = {"comma read as decimal", "comma read as thousands"}
"""Of these the first of a channel is named, as is of cells that are no number before it begins; all are counted."""


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """The verb `watch`."""
    one = verb("watch", watch, "Watch any series: a score for each row, 0 to 1, and the events found, each with why.")
    one.add_argument("file", metavar="SERIES.csv|-", help="columns timestamp, value; more columns are more channels")
    one.add_argument("--channels", default="", metavar="A,B", help="watch these columns (default: all of numbers)")
    one.add_argument("--without", default="", metavar="A,B", help="leave these columns out, such as labels")
    text = "how its dates are written, where they may be two days (default: found out)"
    one.add_argument("--dates", choices=ALIKE, default="", help=text)
    text = "of several channels: rows of each operating state that are taken for normal (default: %(default)s)"
    one.add_argument("--learn", type=int, default=LEARN_ROWS, metavar="ROWS", help=text)


def watch(arguments: argparse.Namespace) -> None:
    """Print scores and events. Raises `SheetError` where the file can not be used as a whole, and `OSError`."""
    if not LEARN_ROWS_MIN <= arguments.learn <= LEARN_ROWS_MAX:
        raise SheetError(f"--learn {arguments.learn}: choose {LEARN_ROWS_MIN} to {LEARN_ROWS_MAX} rows")
    live = arguments.file == "-"
    with ExitStack() as stack:
        lines: Iterable[str] = sys.stdin
        turn: Callable[[], Iterator[tuple[int, str]]] | None = None
        if not live:
            path = Path(arguments.file)
            lines = stack.enter_context(opened(path, "replace"))
            turn = partial(backwards, path) if can_turn(path) else None
        elif isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        name = "stdin" if live else arguments.file
        peek, look = (LIVE_PEEK_ROWS, LIVE_PEEK_ROWS) if live else (PEEK_ROWS, LOOK_ROWS)
        only, without = _names(arguments.channels), _names(arguments.without)
        series = Series(name, lines, only, without, peek, look, turn, arguments.dates)
        _run(series, Watch(series.channels, arguments.learn), _Printed(name, arguments.json, live))


def _run(series: Series, watch: Watch, printed: _Printed) -> None:
    printed.left_out(series)
    for row in series:
        if isinstance(row, Refused):
            printed.note(row.line, row.reason, "", row.timestamp)
            printed.row(row.line, row.timestamp, 0.0, False, False, [[row.reason, "", row.timestamp]])
            continue
        judged = watch.take(row.at_ms, row.values)
        late = printed.begun(judged.begun)
        notes = [[what, channel, cell] for what, channel, cell in row.notes if not printed.awaits(what, channel)]
        notes += [[what, channel, _cell(series, row, channel)] for what, channel in judged.notes]
        notes += late
        for what, channel, cell in notes:
            printed.note(row.line, what, channel, cell)
        printed.row(row.line, row.timestamp, judged.score, judged.judged, judged.open, notes)
        for event in judged.events:
            printed.event(event)
    if series.turned:
        printed.turned()
    for event in watch.close():
        printed.event(event)
    printed.summary(series)


def _cell(series: Series, row: Row, channel: str) -> str:
    return str(row.values[series.channels.index(channel)]) if channel else row.timestamp


class _Printed:
    """What goes to stdout and stderr, and the counts of it."""

    def __init__(self, name: str, as_json: bool, live: bool) -> None:
        self._name, self._json, self._live = name, as_json, live
        self._rows = self._judged = self._events = self._named = 0
        self._counts: Counter[str] = Counter()
        self._lines: dict[str, list[int]] = {}
        self._from_row: dict[str, int] = {}
        self._once: set[tuple[str, str]] = set()
        self._in_event = False
        self._event_rows = ("", "")
        # times of the first and the last row of the newest event: its zones

    def begun(self, channels: Sequence[str]) -> list[list[str]]:
        """The next row has the first numbers of these channels; notes of those that begin later than another did."""
        late = bool(self._from_row)
        self._from_row |= dict.fromkeys(channels, self._rows + 1)
        return [["begins late", channel, str(self._rows + 1)] for channel in channels] if late else []

    def awaits(self, what: str, channel: str) -> bool:
        """Whether this is only an empty cell of a channel that has not begun, beside others that have."""
        return what == "empty" and bool(self._from_row) and channel not in self._from_row

    def note(self, line: int, what: str, channel: str, cell: str) -> None:
        """Something was wrong with a row."""
        self._counts[what] += 1
        lines = self._lines.setdefault(what, [])
        if len(lines) < LINES_MAX:
            lines.append(line)
        if what in ONCE or (what == "no number" and self._from_row and channel not in self._from_row):
            if (what, channel) in self._once:
                return
            self._once.add((what, channel))
        self._named += 1
        if self._named <= NAMED_MAX:
            said = TOLD.get(what, "{cell!r}: " + what).format(cell=cell)
            print(f"{self._name}:{line}: {channel + ' ' if channel else ''}{said}", file=sys.stderr)

    def turned(self) -> None:
        """All rows came from the end of the file."""
        self._counts["newest first"], self._lines["newest first"] = self._rows, [2]
        print(f"{self._name}:2: {TOLD['newest first'].format(cell=self._rows)}", file=sys.stderr)

    def left_out(self, series: Series) -> None:
        """The columns that are not watched though nobody said so, and why."""
        for column, why in series.why_left_out.items():
            said = f"column {column!r} is left out: {why}; --channels {column} watches it"
            print(f"{self._name}:1: {said}", file=sys.stderr)

    def row(
        self, line: int, timestamp: str, score: float, judged: bool, in_event: bool, notes: list[list[str]]
    ) -> None:
        """A row's score."""
        self._rows += 1
        self._judged += judged
        if in_event:
            self._event_rows = (self._event_rows[0] if self._in_event else timestamp, timestamp)
        self._in_event = in_event
        if self._json:
            said: dict[str, Any] = {"row": self._rows, "line": line, "timestamp": timestamp}
            said |= {"score": round(score, DIGITS), "in_event": in_event, "judged": judged}
            if notes:
                said["notes"] = notes
            self._print(said)

    def event(self, event: Event) -> None:
        """An event that is over."""
        self._events += 1
        first, last = self._event_rows
        begin, end = _written(event.begin_ms, first), _written(event.end_ms, last)
        if self._json:
            whole = {"begin": begin, "end": end} | msgspec.to_builtins(event)
            why = [
                {"feature": one.feature} | {name: _short(getattr(one, name)) for name in ("value", "low", "high")}
                for one in event.why
            ]
            self._print({"event": whole | {"score": round(event.score, DIGITS), "why": why}})
            return
        said = "; ".join(f"{one.feature} {one.value:g}, was {one.low:g} to {one.high:g}" for one in event.why)
        print(f"{begin}  {end}  {event.kind:<12} {event.score:.2f}  {said}", flush=self._live)

    def summary(self, series: Series) -> None:
        """The counts."""
        for channel in series.channels:
            if channel not in self._from_row:
                print(f"{self._name}: {channel} had no number that could be judged", file=sys.stderr)
        older = self._counts["reversed"]
        if older >= OLDER_SHARE * self._rows and older >= OLDER_MIN:
            what = f"{older} of {self._rows} rows are older than one before them, and were not judged"
            print(f"{self._name}: {what}; sort it by time, the oldest first, and watch it again", file=sys.stderr)
        if self._named > NAMED_MAX:
            print(f"and {self._named - NAMED_MAX} more", file=sys.stderr)
        counts = {"rows": self._rows, "judged": self._judged, "events": self._events}
        if self._json:
            found = {what: {"count": count, "lines": self._lines[what]} for what, count in self._counts.items()}
            from_row = {channel: self._from_row.get(channel) for channel in series.channels}
            columns = {"channels": series.channels, "from_row": from_row, "left_out": series.left_out}
            self._print({"summary": counts | {"notes": found} | columns})
            return
        faults = ", ".join(f"{count} {what}" for what, count in self._counts.most_common())
        print(", ".join(f"{count} {name}" for name, count in counts.items()) + (f"; {faults}" if faults else ""))

    def _print(self, said: dict[str, Any]) -> None:
        sys.stdout.write(msgspec.json.encode(said).decode() + "\n")
        if self._live:
            sys.stdout.flush()


def _names(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _short(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def _written(at_ms: int, like: str) -> str:
    """A time in the zone that the time of a row has; without one where that has none."""
    try:
        zone = datetime.fromisoformat(like).tzinfo
    except ValueError:
        zone = None
    try:
        when = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone or UTC)
    except OverflowError:
        return str(at_ms)
    told = when.replace(tzinfo=None).isoformat(" ", "milliseconds" if at_ms % 1000 else "seconds")
    return told + ("" if zone is None else "Z" if like.endswith("Z") else when.isoformat()[-6:])
