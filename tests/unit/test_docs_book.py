"""docs/book.md says what the book does: every example is told to a running service, every table is the code's."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from aiohttp import web

from cloud import cli
from cloud.core.book import accounts, audit, lots, state
from cloud.core.book.accounts import Terms
from cloud.core.book.entries import Entry, Kind
from cloud.core.book.positions import Position
from cloud.core.counting import accuracy, causes, course, findings, rounds
from cloud.core.kpis import definitions, stale
from cloud.core.promising import free, reservations
from cloud.desks import counts, figures, promises
from cloud.web import stockroom
from cloud.web.access import LEAST_ROLE
from cloud.web.figures import Figures
from cloud.web.stockroom import Stockroom
from cloud.web.writes import Writes
from protocols.layout import Sku
from protocols.reports import StockEvent
from protocols.trade import Costing, Tier
from tests.contract.trade_site import TradeSite
from tests.depot import DAY_MS, HOUR_MS, NOON_MS
from tests.desk import PASSWORD
from tests.unit import shop
from tests.unit.pages import anchors, blocks, fields_of, tables, told

TEXT = shop.page("book")
SAID = " ".join(TEXT.split())
FACTS = tables(TEXT, "kind")[0]


async def told_all(open_shop: TradeSite) -> None:
    """Everything that the page tells its book, in the order of the page."""
    for row in FACTS:
        status, said = await open_shop.ask("bo", "POST", "/api/book", json.loads(row[3]))
        assert status == 200, (row, said)
        standing = await open_shop.get("/api/skus/bandage/position", "ada")
        assert standing["position"]["on_hand"] == int(row[4]), row
        open_shop.clock.pass_ms(60_000)
    for row in shop.requests(TEXT):
        await shop.asked(open_shop, row)


async def test_everything_the_page_tells_a_book_ends_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        await told_all(open_shop)
        state_folder = open_shop.state
        before = await open_shop.get("/api/value")
    assert len(shop.requests(TEXT)) > 20
    (tmp_path / "site.toml").write_text(shop.site_text())
    where = ["--state", str(state_folder), "--site", str(tmp_path / "site.toml")]

    commands = re.findall(r"^python -m cloud ([^#\n]+)", TEXT, re.MULTILINE)
    printed = {}
    for command in commands:
        assert cli.main([*shlex.split(command), *where]) == 0, command
        printed[command.strip()] = capsys.readouterr()

    assert [*printed] == [
        "value", "value --at 2026-03-31", "value --at 2026-03-31 --known 2026-04-15", "link gold", "audit",
    ]  # fmt: skip
    assert f"{before['total']:,.2f}" in printed["value"].out
    assert re.fullmatch(r"/public/gold\.[\w-]{22}\n", printed["link gold"].out)
    assert f"{len(audit.CHECKS)} checks, 0 findings" in printed["audit"].err


async def test_the_public_page_shows_what_a_tier_may_have_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        await open_shop.post("/api/book", {"kind": "receipt", "sku": "tea", "units": 10})
        (tmp_path / "site.toml").write_text(shop.site_text())
        where = ["--state", str(open_shop.state), "--site", str(tmp_path / "site.toml")]
        assert cli.main(["link", "public", *where]) == 0
        path = capsys.readouterr().out.strip()
        await open_shop.tick(1, promises.ASK_MS)

        status, said = await open_shop.ask("", "GET", f"/api{path}")

        assert status == 200
        assert set(said) == {"site", "tier", "at_ms", "skus"}
        row = next(one for one in said["skus"] if one["sku"] == "tea")
        assert row == {"sku": "tea", "name": "Tea, box of 20", "available": 6, "expected": None}
        assert (await open_shop.ask("", "GET", f"/api{path}x"))[0] == 404
        assert cli.main(["link", "public", *where]) == 0
        assert capsys.readouterr().out.strip() == path


async def test_what_is_told_of_a_shelf_explains_it_and_moves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shop.opened(tmp_path, monkeypatch) as open_shop:

        async def weigh(delta: int, count: int, source: str = "weight") -> None:
            at_ms = open_shop.clock.pass_ms(60_000)
            await open_shop.hear(StockEvent("A-1", "gloves-m", delta, count, at_ms, 0.99, source))

        async def stands(**wanted: object) -> None:
            said = await open_shop.get("/api/skus/gloves-m/position", "ada")
            told_of = {"on_hand": said["position"]["on_hand"], "value": round(said["value"], 2)}
            told_of |= {"unexplained": sum(one["units"] for one in said["unexplained"])}
            assert told_of == wanted

        await weigh(10, 10, "first")
        await stands(on_hand=10, value=52.0, unexplained=0)
        await weigh(10, 20)
        await stands(on_hand=20, value=104.0, unexplained=10)
        receipt = {"kind": "receipt", "sku": "gloves-m", "units": 10, "unit_cost": 6.0}
        await open_shop.post("/api/book", receipt)
        await stands(on_hand=20, value=112.0, unexplained=0)
        await open_shop.post("/api/book", receipt)
        await stands(on_hand=30, value=172.0, unexplained=0)
        await weigh(10, 30)
        await stands(on_hand=30, value=172.0, unexplained=0)
        await weigh(-3, 27)
        await open_shop.post("/api/book", {"kind": "loss", "sku": "gloves-m", "units": -2, "place": "A-1"})
        await stands(on_hand=27, value=156.4, unexplained=0)
        wrong = {"kind": "adjustment", "sku": "gloves-m", "units": -1, "place": "A-1"}
        assert await open_shop.refused("/api/book", wrong) == (422, "weighed")
        wrong = {"kind": "loss", "sku": "gloves-m", "units": -29, "place": "A-1"}
        assert await open_shop.refused("/api/book", wrong) == (422, "short")
        await open_shop.post("/api/book", {"kind": "count", "sku": "gloves-m", "units": 26, "place": "A-1"})
        await weigh(-1, 26)
        await stands(on_hand=25, value=pytest.approx(144.8, abs=2), unexplained=0)
        await weigh(-26, 0)
        await stands(on_hand=0, value=0.0, unexplained=0)


async def test_what_is_sent_again_with_its_key_counts_once_also_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        writes = [
            ("/api/book", {"kind": "receipt", "sku": "tea", "units": 20}),
            ("/api/book", {"kind": "receipt", "sku": "tea", "units": 20, "ref": "entry:1"}),
            ("/api/book", {"kind": "receipt", "sku": "tea", "units": 9}),
            ("/api/reservations", {"sku": "tea", "units": 2, "tier": "gold"}),
        ]
        first = [await open_shop.post(path, body, key=f"k{at}") for at, (path, body) in enumerate(writes)]
        assert [await open_shop.post(path, body, key=f"k{at}") for at, (path, body) in enumerate(writes)] == first
        await open_shop.restart()
        again = [await open_shop.ask("bo", "POST", path, body, f"k{at}") for at, (path, body) in enumerate(writes)]

        assert again == [(200, one) for one in first]
        said = await open_shop.get("/api/skus/tea/position", "ada")
        assert (said["position"]["on_hand"], said["position"]["reserved"]) == (9, 2)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
async def test_the_shell_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = blocks(TEXT, "sh")[0][1]
    assert '"..."' in script
    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        script = script.replace("http://127.0.0.1:8080", open_shop.url).replace('"..."', f'"{PASSWORD}"')
        made = await asyncio.create_subprocess_shell(script, cwd=tmp_path, stdout=asyncio.subprocess.PIPE)
        out, _ = await made.communicate()

    session, entry, listed = [json.loads(one) for one in re.findall(r"\{(?:[^{}]|\{[^{}]*\})*\}", out.decode())]
    assert session == {"user": "bo", "role": "crew"}
    assert (entry["units"], entry["by"]) == (20, "bo")
    assert listed["entries"] == [entry]


def test_every_kind_and_field_of_a_fact_is_told() -> None:
    assert [row[0] for row in FACTS] == [*get_args(Kind)]
    assert told(tables(TEXT, "field")[0]) == fields_of(stockroom.Fact)


def test_what_is_known_later_changes_the_difference_of_a_count_and_not_the_stock() -> None:
    by = Terms()
    facts = [
        Entry("receipt", "tea", 20, NOON_MS, NOON_MS, id=1),
        Entry("count", "tea", 18, NOON_MS + 2 * DAY_MS, NOON_MS + 2 * DAY_MS, id=2),
    ]
    late = Entry("pick", "tea", -2, NOON_MS + DAY_MS, NOON_MS + 3 * DAY_MS, id=3)
    assert "Say a store room holds 20, somebody counts 18 on Wednesday" in SAID

    def differs(entries: list[Entry]) -> int:
        seen = course.course(entries, by, "", NOON_MS, NOON_MS + 3 * DAY_MS, {2})
        found = findings.judge(18, NOON_MS + 2 * DAY_MS, seen.at, findings.Terms("tea", "", 1.0))
        assert isinstance(found, findings.Finding)
        return found.difference

    ordered = [facts[0], late, facts[1]]
    assert (differs(facts), differs(ordered)) == (-2, 0)
    assert accounts.fold(facts, by).on_hand == accounts.fold(ordered, by).on_hand == 18


def test_the_layers_of_the_example_cost_what_is_shown() -> None:
    rows = {row[0]: (float(row[1]), float(row[2])) for row in tables(TEXT, "costing")[0]}

    assert {*rows} == {*get_args(Costing)}
    for costing in get_args(Costing):
        facts = [
            Entry("receipt", "tea", 10, 1, 1, unit_cost=1.0, id=1),
            Entry("receipt", "tea", 10, 2, 2, unit_cost=1.5, id=2),
            Entry("pick", "tea", -12, 3, 3, id=3),
        ]
        account = accounts.fold(facts, Terms(costing))
        assert (account.flows.goods, account.value) == rows[costing], costing


def test_the_worked_example_of_protection_is_right() -> None:
    tiers = [Tier(one, one) for one in ("gold", "silver", "public")]
    sku = Sku("tea", "Tea", 60.0, protected={"gold": 4, "silver": 3})
    held = [
        [],
        [reservations.Reservation("tea", 3, "gold", "", NOON_MS, id=1)],
        [
            reservations.Reservation("tea", 3, "gold", "", NOON_MS, id=1),
            reservations.Reservation("tea", 5, "silver", "", NOON_MS, id=2),
        ],
    ]

    shown = [[int(cell) for cell in row[1:]] for row in tables(TEXT, "then")[0]]

    assert shown == [
        [
            free.free(Position(10, reservations.reserved(some, "tea")), sku, tiers, some, one.id, 0, NOON_MS)
            for one in tiers
        ]
        for some in held
    ]


def test_the_words_of_a_position_are_those_of_the_code() -> None:
    words = [row[0] for row in tables(TEXT, "word")[0]]

    assert {*words} == {*Position.__struct_fields__, "available", "projected"}
    assert "available = on_hand - reserved - quarantined" in TEXT
    assert "projected = available + on_order + in_transit" in TEXT
    position = Position(100, 1, 2, 4, 8)
    assert (position.available, position.projected) == (100 - 1 - 2, 100 - 1 - 2 + 4 + 8)


def test_the_checks_are_those_of_the_audit() -> None:
    assert told(tables(TEXT, "check")[0]) == audit.CHECKS


def test_the_key_figures_are_those_of_the_code() -> None:
    shown = [[*row[:5], row[5].replace("\\|", "|")] for row in tables(TEXT, "id")[0]]

    assert shown == [
        [one.id, one.unit, one.better, str(one.days or "now"), one.meaning, one.formula]
        for one in definitions.DEFINITIONS.values()
    ]
    assert told(tables(TEXT, "why not")[0]) == definitions.REASONS
    assert [row[0] for row in tables(TEXT, "act")[0]] == [*get_args(stale.Act)]


def test_the_reasons_causes_and_figures_of_counts_are_those_of_the_code() -> None:
    assert {row[0]: float(row[1]) for row in tables(TEXT, "reason")[0]} == rounds.POINTS
    assert {row[0] for row in tables(TEXT, "cause")[0]} == set(get_args(causes.Code))
    assert {row[0]: row[1].replace("\\|", "|") for row in tables(TEXT, "figure")[0]} == accuracy.METRICS


def test_the_routes_are_those_of_the_code_with_their_roles_and_bodies() -> None:
    nobody = object()
    routes = [*Stockroom(nobody, nobody, nobody, Writes(), lambda: 0).routes(), *Figures(nobody).routes()]  # type: ignore[arg-type]
    expected = {f"{one.method} {one.path}": LEAST_ROLE[one.method, one.path] or "none" for one in routes}
    table = tables(TEXT, "method")[0]

    assert {row[0]: row[1] for row in table} == expected | {"GET /public/{link}": "none"}
    assert all(isinstance(one, web.RouteDef) for one in routes)
    bodies: dict[str, type[msgspec.Struct]] = {
        "POST /api/counts": stockroom.Counted,
        "POST /api/reservations": stockroom.Wish,
    }
    shown = {row[0]: row[2] for row in table if row[0].startswith("POST")}
    for address, body in bodies.items():
        fields = [f"`{one.name}{'' if one.required else '?'}`" for one in msgspec.structs.fields(body)]
        assert sorted(f"`{one.strip(' `')}`" for one in shown.pop(address).split(",")) == sorted(fields)
    assert shown == {
        "POST /api/book": "[a fact](#facts)",
        "POST /api/reservations/{id}/pick": "nothing",
        "POST /api/reservations/{id}/release": "nothing",
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= anchors(TEXT)


def test_the_figures_are_those_of_the_code() -> None:
    rhythm = rounds.Rhythm()
    for said in (
        f"after {state.LAPSE_MS // DAY_MS} days it stays as it is",
        f"or {accounts.SEEN_MS // DAY_MS} days after",
        f"within {', '.join(str(one) for one in lots.HORIZONS_DAYS[:-1])} and {lots.HORIZONS_DAYS[-1]} days",
        f"at most {rhythm.most_a_day} places",
        f"from {rhythm.doubt_from} on",
        "{:g} days for class A, {:g} for B, {:g} for C".format(*rounds.DAYS.values()),
        f"or `unexplained` after {rhythm.again_days:g} days",
        f"up to {findings.Tolerance().share:.0%} of what was expected".replace("%", " %"),
        f"within {causes.WINDOW_MS // 60_000} minutes",
        f"(below {causes.SURE:.0%})".replace("%", " %"),
        f"the last {counts.FINDINGS_MAX:,} counts",
        f"at most {audit.SHOWN_MAX} findings",
        f"within {stale.RETURN_DAYS} days",
        f"at {stale.RETURNED:.0%} of their cost".replace("%", " %"),
        f"will sell within {stale.PATIENCE_DAYS} days",
        f"at {stale.DISCOUNT:.0%} of its cost".replace("%", " %"),
        f"(200, at most {stockroom.PAGE_MAX:,})",
    ):
        assert said in SAID, said
    assert stockroom.PAGE == 200
    assert rhythm.due_share == 0.25
    assert (accounts.TOLD_MS, causes.ELSEWHERE_MS, figures.EVERY_MS) == (DAY_MS, DAY_MS, HOUR_MS // 60)
