"""docs/book.md as it runs: what the page tells a book is told to a running service, and ends as it says."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from cloud import cli
from cloud.core.book import audit
from cloud.desks import promises
from protocols.reports import StockEvent
from tests.contract.trade_site import TradeSite
from tests.depot import HOUR_MS
from tests.desk import PASSWORD
from tests.unit import shop
from tests.unit.pages import blocks, tables

TEXT = shop.page("book")
FACTS = tables(TEXT, "kind")[0]


async def told_all(open_shop: TradeSite) -> None:
    """Everything that the page tells its book, in the order of the page."""
    for row in FACTS:
        status, said = await open_shop.ask("bo", "POST", "/api/v1/book", json.loads(row[3]))
        assert status == 200, (row, said)
        standing = await open_shop.get("/api/v1/skus/bandage/position", "ada")
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
        before = await open_shop.get("/api/v1/value")
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
        await open_shop.post("/api/v1/book", {"kind": "receipt", "sku": "tea", "units": 10})
        (tmp_path / "site.toml").write_text(shop.site_text())
        where = ["--state", str(open_shop.state), "--site", str(tmp_path / "site.toml")]
        assert cli.main(["link", "public", *where]) == 0
        path = capsys.readouterr().out.strip()
        await open_shop.tick(1, promises.ASK_MS)

        status, said = await open_shop.ask("", "GET", f"/api/v1{path}")

        assert status == 200
        assert set(said) == {"site", "tier", "timezone", "at_ms", "skus"}
        row = next(one for one in said["skus"] if one["sku"] == "tea")
        assert row == {"sku": "tea", "name": "Tea, box of 20", "available": 6, "expected": None}
        assert (await open_shop.ask("", "GET", f"/api/v1{path}x"))[0] == 404
        open_shop.clock.pass_ms(48 * HOUR_MS)
        _, said = await open_shop.ask("", "GET", f"/api/v1{path}")
        assert next(one["available"] for one in said["skus"] if one["sku"] == "tea") == 10
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
            said = await open_shop.get("/api/v1/skus/gloves-m/position", "bo")
            told_of = {"on_hand": said["position"]["on_hand"], "value": round(said["value"], 2)}
            told_of |= {"unexplained": sum(one["units"] for one in said["unexplained"])}
            assert told_of == wanted

        await weigh(10, 10, "first")
        await stands(on_hand=10, value=52.0, unexplained=0)
        await weigh(10, 20)
        await stands(on_hand=20, value=104.0, unexplained=10)
        receipt = {"kind": "receipt", "sku": "gloves-m", "units": 10, "unit_cost": 6.0}
        await open_shop.post("/api/v1/book", receipt)
        await stands(on_hand=20, value=112.0, unexplained=0)
        await open_shop.post("/api/v1/book", receipt)
        await stands(on_hand=30, value=172.0, unexplained=0)
        await weigh(10, 30)
        await stands(on_hand=30, value=172.0, unexplained=0)
        await weigh(-3, 27)
        await open_shop.post("/api/v1/book", {"kind": "loss", "sku": "gloves-m", "units": -2, "place": "A-1"})
        await stands(on_hand=27, value=156.4, unexplained=0)
        wrong = {"kind": "adjustment", "sku": "gloves-m", "units": -1, "place": "A-1"}
        assert await open_shop.refused("/api/v1/book", wrong) == (422, "weighed")
        wrong = {"kind": "loss", "sku": "gloves-m", "units": -29, "place": "A-1"}
        assert await open_shop.refused("/api/v1/book", wrong) == (422, "short")
        await open_shop.post("/api/v1/book", {"kind": "count", "sku": "gloves-m", "units": 26, "place": "A-1"})
        await weigh(-1, 26)
        await stands(on_hand=25, value=pytest.approx(144.8, abs=2), unexplained=0)
        await weigh(-26, 0)
        await stands(on_hand=0, value=0.0, unexplained=0)


async def test_what_is_sent_again_with_its_key_counts_once_also_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        writes = [
            ("/api/v1/book", {"kind": "receipt", "sku": "tea", "units": 20}),
            ("/api/v1/book", {"kind": "receipt", "sku": "tea", "units": 20, "ref": "entry:1"}),
            ("/api/v1/book", {"kind": "receipt", "sku": "tea", "units": 9}),
            ("/api/v1/reservations", {"sku": "tea", "units": 2, "tier": "gold"}),
        ]
        first = [await open_shop.post(path, body, key=f"k{at}") for at, (path, body) in enumerate(writes)]
        assert [await open_shop.post(path, body, key=f"k{at}") for at, (path, body) in enumerate(writes)] == first
        await open_shop.restart()
        again = [await open_shop.ask("bo", "POST", path, body, f"k{at}") for at, (path, body) in enumerate(writes)]

        assert again == [(200, one) for one in first]
        said = await open_shop.get("/api/v1/skus/tea/position", "ada")
        assert (said["position"]["on_hand"], said["position"]["reserved"]) == (9, 2)


async def test_what_was_promised_and_is_lost_is_said_and_is_no_fault_of_the_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        await open_shop.post("/api/v1/book", {"kind": "receipt", "sku": "tea", "units": 5})
        await open_shop.post("/api/v1/reservations", {"sku": "tea", "units": 3, "tier": "gold"})
        await open_shop.post("/api/v1/book", {"kind": "loss", "sku": "tea", "units": -4})
        (tmp_path / "site.toml").write_text(shop.site_text())

        assert cli.main(["audit", "--state", str(open_shop.state), "--site", str(tmp_path / "site.toml")]) == 0

    assert capsys.readouterr().out == (
        "promised: tea: 3 are reserved, 1 are on hand and not in quarantine; not covered: 1\n"
        f"    to act on: {audit.CHECKS['promised']}\n"
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
async def test_the_shell_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = blocks(TEXT, "sh")[0][1]
    assert '"..."' in script
    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        script = script.replace("http://127.0.0.1:8080", open_shop.url).replace('"..."', f'"{PASSWORD}"')
        made = await asyncio.create_subprocess_shell(script, cwd=tmp_path, stdout=asyncio.subprocess.PIPE)
        out, _ = await made.communicate()

    session, entry, listed = [json.loads(one) for one in re.findall(r"\{(?:[^{}]|\{[^{}]*\})*\}", out.decode())]
    assert (session["user"], session["role"]) == ("bo", "buyer")
    assert (entry["units"], entry["by"]) == (20, "bo")
    assert listed["items"] == [entry]
