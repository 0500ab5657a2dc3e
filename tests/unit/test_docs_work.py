"""docs/work.md says what maintenance orders and verdicts do: its tables are asked of a running service."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from cloud.alerts.rules import rules
from cloud.core.maintenance import proposing, verdicts, work, working
from cloud.core.maintenance.work import LateWork
from cloud.desks.work import SHOWN_ENDED
from cloud.stores.work import ENDED_MAX
from cloud.web import work as web
from cloud.web.access import LEAST_ROLE
from cloud.web.writes import Writes
from tests.depot import DAY_MS
from tests.unit import shop
from tests.unit.pages import anchors, tables

TEXT = shop.page("work")
SAID = " ".join(TEXT.split())


async def test_an_order_lives_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = shop.requests(TEXT)
    assert len(rows) > 12

    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        for row in rows:
            await shop.asked(open_shop, row)


def test_the_states_and_acts_are_those_of_the_code() -> None:
    table = tables(TEXT, "state")[0]

    shown = {
        row[0]: [one for one, cell in zip(working.ACTIONS, row[2:], strict=True) if cell == "yes"] for row in table
    }

    assert shown == {state: [*can] for state, can in working.POSSIBLE.items()}
    assert {row[0] for row in tables(TEXT, "said")[0]} == {"right", "wrong", "not_now"}


def test_the_routes_are_those_of_the_code_with_their_roles_and_bodies() -> None:
    nobody = object()
    routes = web.Work(nobody, Writes()).routes()  # type: ignore[arg-type]
    table = tables(TEXT, "method")[0]

    assert {row[0]: row[1] for row in table} == {
        f"{one.method} {one.path}": LEAST_ROLE[one.method, one.path] for one in routes
    }
    bodies: dict[str, type[msgspec.Struct]] = {
        "POST /api/v1/works": web.NewWork,
        "POST /api/v1/works/{id}/{action}": web.WorkStep,
        "POST /api/v1/works/{id}/verdict": web.Told,
        "POST /api/v1/alerts/{id}/verdict": web.Told,
    }
    assert {row[0]: row[2].strip("`") for row in table if row[0].startswith("POST")} == {
        address: ", ".join(f"{one.name}{'' if one.required else '?'}" for one in msgspec.structs.fields(body))
        for address, body in bodies.items()
    }
    assert all(name in table[-1][3] for name in verdicts.RulePrecision.__struct_fields__)
    assert anchors(TEXT) >= {"parts", "windows"}


def test_the_figures_are_those_of_the_code() -> None:
    assert (proposing.HORIZON_DAYS, proposing.REST_MS, working.WINDOW_MAX_MS) == (14, 14 * DAY_MS, 14 * DAY_MS)
    assert f"as a whole, {proposing.PROPOSED_MAX} are proposed" in SAID
    assert f"{working.UNITS_MAX:,} units at most can be wanted, and {working.PARTS_MAX} different parts" in SAID
    assert (ENDED_MAX, working.AHEAD_MAX_MS) == (200, 366 * DAY_MS)
    assert f"the latest {SHOWN_ENDED} that are over" in SAID
    assert f"({verdicts.SNOOZE_HOURS:.0f}; up to {verdicts.SNOOZE_HOURS_MAX:.0f})" in SAID
    assert (verdicts.SPAN_MS, verdicts.FLOOR, verdicts.DAY_MS) == (90 * DAY_MS, 0.5, DAY_MS)
    enough = [next(w for w in range(1, 99) if verdicts.jeffreys(r, w)[1] < verdicts.FLOOR) for r in (0, 1)]
    assert enough == [4, 7]
    assert ", ".join(f"`{one}`" for one in sorted(verdicts.SAFETY)) in SAID


def test_what_is_late_and_what_asks_are_alerts() -> None:
    assert {"work_overrun", "rule_asks_tuning"} <= {*rules()}
    assert "`not_started`, `overrun`" in SAID
    assert set(get_args(work.Late)) == {"", "not_started", "overrun"}
    assert "late" in LateWork.__struct_fields__
