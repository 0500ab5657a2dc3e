"""`python -m cloud prognose RUNS.csv`: how many cycles each unit has left, with a 90 % interval, its health and why.

`--train OLD.csv` learns from runs to failure and writes a model. Without a model a channel's `--limit` will do. What
can not be used of a file is named on stderr, everything else is judged.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from math import inf
from pathlib import Path

import msgspec
from msgspec import Struct

from cloud.core.maintenance import learning_life, life, passing
from cloud.core.maintenance.life import Model, Remaining, Unit
from cloud.core.maintenance.units import odd_unit, usual_of
from cloud.runs_sheet import Rows, Runs, read_runs
from cloud.sheets import Problems, SheetError

MODEL = "life_model.json"
SETTING = "setting"
"""Columns with this in their name tell the operating state, unless others are named."""
HEAD = ("unit", "cycle", "left", "low", "high", "health", "why")
WIDTHS = (20, 8, 8, 8, 8, 6)


class Kept(Struct):
    """The units as they were when the last file ended, and of which model they are."""

    version: int
    trained: str
    units: dict[str, Unit]


class Judged(Struct):
    """What is said of one unit: cycles left and their interval (None: open-ended, or not judged), and its rows.
    `without`: channels that the model has and none of its rows."""

    unit: str
    cycle: float | None
    left: float | None
    low: float | None
    high: float | None
    health: float | None
    why: list[life.Moved]
    problem: str
    rows: int
    rows_left_out: int
    rows_sorted: int
    cells_unread: int
    cells_beyond: int
    without: list[str]
    gaps: int


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """The verb `prognose`."""
    one = verb("prognose", prognose, "Cycles left of each unit, with an interval; --train learns from runs to failure.")
    one.add_argument("runs", type=Path, nargs="?", metavar="RUNS.csv", help="columns unit, cycle and any channels")
    text = "learn from runs to failure first: each unit's last row is its failure (without a file: RUNS.csv is learned)"
    one.add_argument("--train", nargs="?", const="", metavar="OLD.csv", help=text)
    one.add_argument("--model", type=Path, metavar="FILE", help=f"the model (default: {MODEL} in the state folder)")
    text = "columns that tell the operating state (default: those with 'setting' in their name)"
    one.add_argument("--settings", default="", metavar="NAME,NAME", help=text)
    text = "with --train: channels are asked for no more cycles (default: 0.6 of the median life)"
    one.add_argument("--cap", type=float, metavar="CYCLES", help=text)
    text = "without a model: a unit has failed when this channel reaches this value"
    one.add_argument("--limit", default="", metavar="CHANNEL=VALUE", help=text)
    text = "where the units stand, kept from file to file: read if it is there, written at the end"
    one.add_argument("--resume", type=Path, metavar="FILE", help=text)


def prognose(arguments: argparse.Namespace) -> None:
    """Print what is left of each unit. Raises `SheetError` where nothing can be judged."""
    source = arguments.train if arguments.train != "" else arguments.runs
    if arguments.runs is None and not source:
        raise SheetError("no file is named; give RUNS.csv, or --train OLD.csv to learn")
    if arguments.limit and arguments.train is not None:
        raise SheetError("--limit needs no model: give it or --train")
    if arguments.limit:
        return _by_limit(arguments)
    where = arguments.model or arguments.state / MODEL
    if arguments.train is not None:
        _learn(Path(source), where, arguments)
        if arguments.train == "" or arguments.runs is None:
            return None
    return _by_model(arguments, _model(where), where)


def _learn(source: Path, where: Path, arguments: argparse.Namespace) -> None:
    problems = Problems()
    runs = _read(source, problems)
    named = [one.strip().lower() for one in arguments.settings.split(",") if one.strip()]
    missing = [one for one in named if one not in runs.channels]
    if missing:
        raise SheetError(f"{source} has no column {missing[0]!r}; its columns are {', '.join(runs.channels)}")
    settings = named or [one for one in runs.channels if SETTING in one]
    channels = [one for one in runs.channels if one not in settings]
    if arguments.cap is not None and not arguments.cap > 0:
        raise SheetError(f"--cap {arguments.cap:g}: give a number of cycles above 0")
    places = [[runs.channels.index(one) for one in names] for names in (settings, channels)]
    rows = [learning_life.run(one.cycles, *_columns(one, places)) for one in runs.units.values() if one.cycles]
    model = learning_life.learn(rows, settings, channels, arguments.cap)
    if isinstance(model, str):
        raise SheetError(f"nothing can be learned from {source}: {model}")
    _write(where, msgspec.json.format(msgspec.json.encode(model), indent=1))
    if arguments.json and (arguments.train == "" or arguments.runs is None):
        said = {name: getattr(model, name) for name in ("version", "runs", "rows", "life_median", "cap", "notes")}
        said |= {"channels": [one.name for one in model.channels], "states": len(model.states.cells)}
        said |= {"error_cycles": model.error_cycles, "covered": model.covered, "model": str(where)}
        print(msgspec.json.encode(said).decode())
    for note in model.notes:
        print(f"{source}: {note}", file=sys.stderr)
    told = f"{model.runs} runs, median life {model.life_median:g} cycles, {len(model.channels)} channels"
    held = f"units left out: off by {model.error_cycles:g} cycles (root mean square, to {model.cap:g} left)"
    print(f"{told}; {held}, {problems.count} rows left out; {where} written", file=sys.stderr)


def _columns(rows: Rows, places: list[list[int]]) -> tuple[list[list[float]], ...]:
    return tuple([[cells[at] for at in some] for cells in rows.cells] for some in places)


def _model(where: Path) -> Model:
    try:
        model = msgspec.json.decode(where.read_bytes(), type=Model)
    except FileNotFoundError:
        raise SheetError(
            f"no model at {where}: learn one with --train OLD.csv (runs to failure), or give --limit CHANNEL=VALUE"
        ) from None
    except msgspec.DecodeError as error:
        raise SheetError(f"{where} is no model ({error}); learn it again with --train") from None
    if model.version != life.VERSION:
        raise SheetError(f"{where} is of version {model.version}, not {life.VERSION}; learn it again with --train")
    return model


def _by_model(arguments: argparse.Namespace, model: Model, where: Path) -> None:
    problems = Problems()
    runs = _read(arguments.runs, problems)
    wanted = [*model.settings, *(one.name for one in model.channels)]
    missing = [one for one in wanted if one not in runs.channels]
    if missing:
        raise SheetError(f"{arguments.runs} has no column {', '.join(missing)}, which {where} was learned with")
    names = (model.settings, [one.name for one in model.channels])
    places = [[runs.channels.index(one) for one in some] for some in names]
    kept = _resumed(arguments.resume, model)
    told = []
    for name, rows in runs.units.items():
        unit = kept.units.setdefault(name, Unit())
        beyond, without = _beyond(str(arguments.runs), name, rows, places, model, problems)
        known = unit.cycle if unit.rows else -inf  # up to there the rows were taken in when they came first
        for line, cycle, cells in zip(rows.lines, rows.cycles, rows.cells, strict=True):
            settings, values = ([cells[at] for at in some] for some in places)
            why = life.step(model, unit, cycle, settings, values) if cycle > known else ""
            if why:
                rows.left_out += 1
                problems.add(str(arguments.runs), line, f"unit {name!r}: {why}")
                print(f"{arguments.runs}:{line}: unit {name!r}: {why}", file=sys.stderr)
        too_few = f"{unit.rows} rows, at least {life.ROWS_MIN} are wanted"
        told.append(_judged(name, life.remaining(model, unit), too_few, rows, unit.rows, beyond, without))
    if arguments.resume is not None:
        _write(arguments.resume, msgspec.json.encode(kept))
    _say(arguments, told, problems)


def _beyond(
    file: str, name: str, rows: Rows, places: list[list[int]], model: Model, problems: Problems
) -> tuple[int, list[str]]:
    """Name the readings of a unit that are not believed, by channel with their count, and the channels that it has no
    reading of; how many readings count as missing, and those channels."""
    if not rows.cells:
        return 0, []
    found, without = life.beyond(model, *_columns(rows, places))
    for one in found:
        what = f"{len(one.rows)} of {len(rows.cells)} readings of {one.channel} are farther off than any learned from"
        unit = f", perhaps {one.perhaps}" if one.perhaps else ""
        said = f"unit {name!r}: {what}{unit} (the first is {one.first:g}); {one.missing} of them count as missing"
        _remark(file, rows.lines[one.rows[0]], said, problems)
    if without:
        said = f"unit {name!r} has no reading of {', '.join(without)} to judge it by: its interval was not learned so"
        _remark(file, rows.lines[0], said, problems)
    return sum(one.missing for one in found), without


def _remark(file: str, line: int, said: str, problems: Problems) -> None:
    problems.remark(file, line, said)
    print(f"{file}:{line}: {said}", file=sys.stderr)


def _by_limit(arguments: argparse.Namespace) -> None:
    name, _, text = arguments.limit.partition("=")
    channel = name.strip().lower()
    try:
        limit = float(text)
    except ValueError:
        raise SheetError(f"--limit {arguments.limit!r}: write it as CHANNEL=VALUE, such as vibration=7.1") from None
    problems = Problems()
    runs = _read(arguments.runs, problems)
    if channel not in runs.channels:
        raise SheetError(f"{arguments.runs} has no channel {channel!r}; its channels are {', '.join(runs.channels)}")
    at = runs.channels.index(channel)
    seen: dict[str, list[tuple[float, float]]] = {}
    for unit, rows in runs.units.items():
        levels = (cells[at] for cells in rows.cells)
        seen[unit] = [(cycle, one) for cycle, one in zip(rows.cycles, levels, strict=True) if one == one]
    every = [one for pairs in seen.values() for _, one in pairs]
    firsts = [pairs[0][1] for pairs in seen.values() if pairs]
    sign = 1.0 if sum(first < limit for first in firsts) * 2 >= len(firsts) else -1.0
    paths = {unit: passing.path(pairs, limit, sign) for unit, pairs in seen.items() if pairs}
    course = passing.course(list(paths.values()))
    if course is None:
        raise SheetError(f"{arguments.runs}: no unit has {passing.ROWS_MIN} rows of {channel}, which are wanted")
    told, usual = [], usual_of(every)
    for unit, rows in runs.units.items():
        found, pairs = None, seen[unit]
        readings = [one for _, one in pairs]
        perhaps, odd = odd_unit(*usual, readings) if pairs else ("", [])
        if odd:
            what = f"{len(odd)} of {len(pairs)} readings of {channel} are perhaps {perhaps}"
            said = f"unit {unit!r}: {what} (the first is {readings[odd[0]]:g}); they are taken as they stand"
            _remark(str(arguments.runs), rows.lines[0], said, problems)
        if pairs:
            found = passing.remaining(course, paths[unit], channel, pairs[0][1], pairs[-1][1])
        too_few = f"{len(pairs)} rows of {channel}, at least {passing.ROWS_MIN} are wanted"
        told.append(_judged(unit, found, too_few, rows, len(pairs), 0, []))
    print(f"by {channel} reaching {limit:g}, without runs to failure: the interval was not calibrated", file=sys.stderr)
    _say(arguments, told, problems)


def _read(path: Path, problems: Problems) -> Runs:
    try:
        return read_runs(path, problems)
    finally:
        for line in problems.told():
            print(line, file=sys.stderr)


def _resumed(path: Path | None, model: Model) -> Kept:
    trained = f"{model.runs} runs, {model.rows} rows, sigma {model.sigma!r}, offset {model.regression.offset!r}"
    if path is None or not path.exists():
        return Kept(life.VERSION, trained, {})
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except msgspec.DecodeError as error:
        raise SheetError(f"{path} does not hold units ({error}); name another file, or take it away") from None
    if (kept.version, kept.trained) != (life.VERSION, trained) or not all(
        life.fits(model, unit) for unit in kept.units.values()
    ):
        raise SheetError(f"{path} holds units of another model; take it away and give their rows again")
    return kept


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(content)
    os.replace(beside, path)


def _judged(
    name: str, found: Remaining | None, too_few: str, rows: Rows, seen: int, beyond: int, without: list[str]
) -> Judged:
    told = (seen, rows.left_out, rows.sorted, rows.unread, beyond, without, rows.gaps)
    if found is None:
        return Judged(name, None, None, None, None, None, [], too_few, *told)
    return Judged(name, found.cycle, found.left, found.low, found.high, found.health, found.why, "", *told)


def _say(arguments: argparse.Namespace, told: list[Judged], problems: Problems) -> None:
    if not arguments.json:
        print(_line(HEAD))
    for one in told:
        if one.problem:
            print(f"unit {one.unit!r} is not judged: {one.problem}", file=sys.stderr)
        if arguments.json:
            print(msgspec.json.encode(one).decode())
        elif not one.problem:
            shown = ["open" if end is None else f"{end:.0f}" for end in (one.left, one.low, one.high)]
            moved = ", ".join(f"{each.channel} {each.sd:+.1f} sd" for each in one.why) or "nothing has moved"
            print(_line((one.unit, f"{one.cycle:g}", *shown, f"{one.health:.2f}", moved)))
    judged = sum(not one.problem for one in told)
    rows, remarks = problems.count, len(problems.remarks)
    print(f"{judged} of {len(told)} units judged; {rows} rows left out, {remarks} remarks", file=sys.stderr)


def _line(cells: tuple[str, ...]) -> str:
    first, *others, last = cells
    figures = (f"{one:>{width}}" for one, width in zip(others, WIDTHS[1:], strict=True))
    return "  ".join((f"{first:{WIDTHS[0]}}", *figures, last))
