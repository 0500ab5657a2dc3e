"""Reports of rooms and lots over the real web, and by the command line beside the running service.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from cloud import cli, cold_cli
from tests.contract.cold_site import MINUTE_MS, ColdSite
from tests.contract.test_cold import COOL, WARM, defrost, stocked
from tests.depot import HOUR_MS


async def test_a_report_of_room_and_lot_tells_curve_gaps_excursions_and_signatures(cold: ColdSite) -> None:
    await stocked(cold)
    from_ms = cold.clock() - 40 * MINUTE_MS
    await cold.minutes(*[5.0] * 60, *defrost(10.5), *[5.0] * 60)
    cold.clock.pass_ms(2 * HOUR_MS)
    await cold.minutes(*[5.0] * 30, *WARM, *COOL)
    [case] = await cold.cases()
    await cold.post(f"/api/v1/cold/excursions/{case['id']}/release", {"comment": "=maker: fit"}, "mo")

    told = await cold.get(f"/api/v1/cold/report?zone=cold&storage=vaccine&from={from_ms}", "ada")
    [part] = told["parts"]
    assert (told["timezone"], part["zone_name"], part["min_c"], part["max_c"]) == (
        "Europe/Berlin",
        "Cold room",
        5,
        10.5,
    )
    assert part["gap_count"] == 1
    assert part["gaps"][0]["to_ms"] - part["gaps"][0]["from_ms"] > HOUR_MS
    assert [one["kind"] for one in part["defrosts"]] == ["defrost"]
    assert [one["kind"] for one in part["excursions"]] == ["breach"]
    assert part["excursions"][0]["signatures"][0]["by"] == "mo"
    outside = sum(one["outside_ms"] for one in part["defrosts"] + part["excursions"])
    assert abs(part["outside_ms"] - outside) <= 2 * MINUTE_MS
    assert part["known_ms"] < told["to_ms"] - told["from_ms"] - HOUR_MS

    lot = await cold.get("/api/v1/cold/report?sku=flu&lot=F1", "ada")
    [part] = lot["parts"]
    assert (part["zone"], part["storage"], part["units"], lot["exposures"][0]["lot"]) == ("cold", "vaccine", 30, "F1")
    assert [one["id"] for one in part["excursions"]] == [case["id"]]

    _, sheet = await cold.ask("ada", "GET", "/api/v1/cold/report?zone=cold&format=csv")
    rows = sheet.decode("utf-8-sig").splitlines()
    kinds = {"summary", "gap", "defrost", "excursion", "breach", "quarantine", "release"}
    assert {row.split(",")[0] for row in rows[1:]} == kinds
    assert "'=maker: fit" in sheet.decode()
    for lang in ("en", "zh"):
        status, paper = await cold.ask("ada", "GET", f"/api/v1/cold/report?sku=flu&lot=F1&format=pdf&lang={lang}")
        assert status == 200
        assert paper.startswith(b"%PDF-")
    for wrong, code in (
        ("", "report_of"),
        ("zone=cold&from=9&to=8", "period"),
        ("zone=hall", "unknown"),
        ("sku=flu&lot=F9", "unknown"),
        ("zone=cold&format=doc", "bad_request"),
        ("zone=cold&from=1&to=99999999999999", "period"),
    ):
        status, said = await cold.ask("ada", "GET", f"/api/v1/cold/report?{wrong}")
        assert (status >= 400, said["error"]) == (True, code), wrong


async def test_a_lot_that_left_is_told_of_all_the_same(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*[5.0] * 60)
    await cold.post("/api/v1/book", {"kind": "pick", "sku": "flu", "units": -30, "lot": "F1"})
    await cold.minutes(*[5.0] * 60)
    assert [one["lot"] for one in await cold.get("/api/v1/cold/exposures?sku=flu")] == ["F2"]
    for _ in range(2):
        lot = await cold.get("/api/v1/cold/report?sku=flu&lot=F1")
        [part] = lot["parts"]
        assert 59 * MINUTE_MS < part["to_ms"] - part["from_ms"] < 90 * MINUTE_MS
        assert part["max_c"] == 5
        await cold.restart()
        await cold.tick(2)


async def test_the_command_line_reports_beside_a_running_service(
    cold: ColdSite, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await stocked(cold)
    await cold.minutes(*[5.0] * 30, *defrost(10.5), *[5.0] * 30, *WARM, *COOL)
    [case] = await cold.cases()
    await cold.post(f"/api/v1/cold/excursions/{case['id']}/scrap", {"comment": "too warm"}, "mo")
    site = tmp_path / "site.toml"
    site.write_text(cold.site_file())
    monkeypatch.setattr(cold_cli, "_now_ms", cold.clock)
    of = ["--site", str(site), "--state", str(cold.state), "--ledger", cold.ledger]

    assert await asyncio.to_thread(cli.main, ["cold", "cold", "--storage", "vaccine", "--from", "1d", *of]) == 0
    said = capsys.readouterr().out
    assert "Cold room (cold), kept as vaccine" in said
    assert "defrost     10.5 degC" in said
    assert "breach      9 degC, 44 min outside, too_long, decided; scrap by mo: too warm" in said
    assert await asyncio.to_thread(cli.main, ["cold", "--sku", "flu", "--lot", "F1", "--json", *of]) == 0
    assert json.loads(capsys.readouterr().out)["lot"] == "F1"
    for name in ("report.pdf", "report.csv", "report.json"):
        assert (
            await asyncio.to_thread(cli.main, ["cold", "cold", "--out", str(tmp_path / name), "--lang", "zh", *of]) == 0
        )
        assert (tmp_path / name).stat().st_size > 1000
    capsys.readouterr()
    for wrong, why in (
        (["cold", "attic"], "'attic' is no cold room. It needs a thermometer"),
        (["cold"], "A report is of a zone, or of a lot."),
        (["cold", "cold", "--from", "noon"], "'noon' is no time"),
        (["cold", "cold", "--out", "x.doc"], "let its name end in .json, .csv, .pdf"),
    ):
        assert await asyncio.to_thread(cli.main, [*wrong, *of]) == 2
        assert why in capsys.readouterr().err
