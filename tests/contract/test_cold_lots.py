"""What a lot went through is what its room did while it lay there: exactly, over a restart, behind a backlog."""

from __future__ import annotations

import pytest

from tests.contract.cold_site import MINUTE_MS, ColdSite
from tests.contract.test_cold import COOL, WARM, stocked
from tests.contract.trade_site import Json
from tests.depot import HOUR_MS


async def exposed(cold: ColdSite, lot: str) -> Json:
    """What a lot went through."""
    return next(one for one in await cold.get("/api/v1/cold/exposures?sku=flu") if one["lot"] == lot)


@pytest.mark.parametrize("waits", [0, 33, 130])
async def test_what_a_lot_went_through_is_the_same_after_a_restart_and_a_late_sample(
    cold: ColdSite, waits: int
) -> None:
    await cold.minutes(*COOL)
    await cold.minutes(*[9.0] * 7, *[5.0] * 10)
    await cold.lot("flu", "F1", 30, "2026-06-30")
    await cold.tick(8)
    await cold.minutes(*[5.0] * 2, *[9.0] * 15, *[5.0] * waits)
    await cold.tick(8)
    before = await exposed(cold, "F1")
    assert before["outside_ms"] == pytest.approx(15 * MINUTE_MS, abs=MINUTE_MS)
    await cold.restart()
    await cold.tick(8)
    assert await exposed(cold, "F1") == before | {"known": pytest.approx(before["known"], abs=0.02)}
    await cold.warmth("thermo-2", 5.0, at_ms=cold.clock() - 2 * MINUTE_MS)
    await cold.tick(10)
    after = await exposed(cold, "F1")
    assert (after["outside_ms"], after["budgets"]) == (before["outside_ms"], before["budgets"])


async def test_a_lot_that_came_when_a_breach_was_over_has_nothing_of_it(cold: ColdSite) -> None:
    """The gateway was away; the room was warm for an hour and cold again; then a fresh lot was brought in."""
    await stocked(cold)
    began_ms = cold.clock()
    cold.clock.pass_ms(3 * HOUR_MS)
    await cold.lot("flu", "FRESH", 7, "2027-06-30")
    await cold.lot("flu", "F2", 5, "2026-09-30")
    await cold.post("/api/v1/book", {"kind": "pick", "sku": "flu", "units": -2, "lot": "FRESH"})
    await cold.tick(2)
    await cold.warmth("thermo-1", *[5.0] * 5, *[9.5] * 60, *[5.0] * 115, at_ms=began_ms + 180 * MINUTE_MS)
    cold.clock.pass_ms(3 * MINUTE_MS)
    await cold.warmth("thermo-1", 5.0, 5.0)
    await cold.tick(8)
    [case] = await cold.cases()
    assert case["ended_ms"] > 0
    assert sorted((one["lot"], one["units"], one["gone"]) for one in case["lines"]) == [("F1", 30, 0), ("F2", 20, 0)]
    assert (await exposed(cold, "FRESH"))["outside_ms"] == 0
    assert (await exposed(cold, "F1"))["outside_ms"] >= 59 * MINUTE_MS


async def test_while_a_breach_lasts_page_and_paper_say_how_far_and_how_long_by_now(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM, *[14.0] * 40)
    [case] = await cold.cases()
    assert (case["peak_c"], case["ended_ms"]) == (14.0, 0)
    assert case["outside_ms"] >= 80 * MINUTE_MS
    await cold.post(f"/api/v1/cold/excursions/{case['id']}/release", {"comment": "fit, says the maker"}, "mo")
    paper = await cold.get("/api/v1/cold/report?sku=flu&lot=F1&format=json")
    [told] = [one for part in paper["parts"] for one in part["excursions"] if one["why"]]
    assert (told["peak_c"], told["outside_ms"]) == (case["peak_c"], case["outside_ms"])
    assert [one["lot"] for one in told["lines"]] == ["F1"]
    assert [len(one["lines"]) for one in told["signatures"]] == [1]
    assert "F2" not in str(paper), "a lot's paper is that lot's"
