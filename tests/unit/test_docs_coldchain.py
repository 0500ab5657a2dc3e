"""docs/coldchain.md says how goods are kept, what is judged, and what the command prints."""

from __future__ import annotations

import contextlib
import io
import shlex
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from cloud import cli, cold_cli
from cloud.core.coldchain import approach, dossier, report
from cloud.core.coldchain.kinetic import MINUTE_MS
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.coldroom import LEARN_MS, Coldroom
from cloud.stores.history import Samples, open_history
from cloud.stores.ledger import Ledger
from cloud.web.cold import Cold, Word
from protocols import excursions
from protocols.cold import BUDGETS_MAX, PRESETS, Storage
from protocols.layout import parse
from tests.unit.pages import DOCS, blocks, fields_of, tables, told

TEXT = (DOCS / "coldchain.md").read_text()
SITE = blocks(TEXT, "toml")[0][1]
BEGIN_MS = 1_772_319_600_000
"""1 March 2026, midnight in Berlin."""


def test_the_fields_of_a_storage_and_the_presets_are_those_of_the_code() -> None:
    fields = fields_of(Storage)
    fields["budgets"] = "[]"
    assert told(tables(TEXT, "field")[0]) == fields

    def number(value: float | None) -> str:
        return f"{value:g}"

    expected = [
        [
            name,
            f"{number(one.low_c)} to {number(one.high_c)} °C",
            f"{number(one.outer_low_c)} to {number(one.outer_high_c)} °C, for {number(one.excursion_minutes)} min",
            f"kinetic mean of {number(one.kinetic_hours)} h above {number(one.kinetic_c)} °C" if one.kinetic_c else "-",
            f"{number(one.defrost_minutes)} min" if one.defrost_minutes else "-",
        ]
        for name, one in PRESETS.items()
    ]
    assert tables(TEXT, "preset")[0] == expected


def test_causes_rows_and_numbers_are_those_of_the_code() -> None:
    assert [row[0] for row in tables(TEXT, "why")[0]] == [one for one in get_args(excursions.Cause) if one]
    text = " ".join(TEXT.split())
    for said in (
        f"less than {excursions.JUMP_C_A_MINUTE:g} °C a minute",
        f"comes {excursions.REST_MS // 3_600_000} h after the last one",
        f"back by {excursions.BACK_C} °C, or inside for {excursions.SETTLED_MS // MINUTE_MS} min",
        f"more than {excursions.GAP_MS // MINUTE_MS} min apart",
        f"more than {LEARN_MS // 86_400_000} days back",
        f"The last {approach.STRETCHES[-1]} to {approach.STRETCHES[0]} min",
        f"at least {dossier.COMMENT_MIN} characters",
        f"up to {report.DAYS_MAX} days",
        f"at most {['eight'][BUDGETS_MAX - 8]}",
    ):
        assert said in text, said


def test_the_routes_are_those_of_the_code_with_their_rights_and_bodies() -> None:
    routes = Cold(object()).routes()  # type: ignore[arg-type]
    table = tables(TEXT, "method")[0]
    assert {row[0]: row[1] for row in table} == {f"{one.method} {one.path}": one.right for one in routes}
    body = sorted(f"`{one.name}{'' if one.required else '?'}`" for one in msgspec.structs.fields(Word))
    for row in table:
        if row[0].startswith("POST"):
            assert sorted(f"`{one.strip(' `')}`" for one in row[2].split(",")) == body


async def _at_once(work: object, *given: object) -> object:
    return work(*given)  # type: ignore[operator]


async def _day(folder: Path) -> int:
    """A state folder that has the day of the example; when it ends."""
    ((name, code),) = blocks(TEXT, "python")
    made = io.StringIO()
    with contextlib.redirect_stdout(made):
        exec(compile(code, name, "exec"), {})
    (folder / "site.toml").write_text(SITE)
    state = folder / "cloud"
    state.mkdir()
    rows = [line.split() for line in made.getvalue().splitlines()]
    times = [BEGIN_MS + int(minute) * MINUTE_MS for minute, _ in rows]
    ledger, history = Ledger(f"sqlite:///{state}/ledger.db"), open_history(f"sqlite:///{state}/history.db")
    history.append([Samples("cold-1/1/temperature_c", times, [float(celsius) for _, celsius in rows])])
    now = BEGIN_MS - 1_000
    book = Bookkeeping(parse(SITE), ledger.books, _at_once, lambda: now)
    desk = Coldroom(book, ledger.books, _at_once, lambda: now, history)
    book.load()
    desk.load()
    for minute in (0, 1440):
        now = BEGIN_MS + minute * MINUTE_MS
        if minute:
            desk.load()
        await desk.tick(now)
        await desk.keep()
    history.close()
    ledger.close()
    return now


async def test_the_command_prints_what_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms = await _day(tmp_path)
    monkeypatch.setattr(cold_cli, "_now_ms", lambda: now_ms)
    ((command, shown),) = blocks(TEXT, "text")
    given = [*shlex.split(command), "--state", str(tmp_path / "cloud"), "--site", str(tmp_path / "site.toml")]

    import asyncio

    assert await asyncio.to_thread(cli.main, given) == 0
    assert capsys.readouterr().out == shown
