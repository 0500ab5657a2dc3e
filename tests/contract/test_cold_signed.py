"""What a breach set aside is given back by a signed word alone, and a word is about what was known by then."""

from __future__ import annotations

from tests.contract.cold_site import ColdSite
from tests.contract.test_cold import COOL, WARM, stocked
from tests.contract.trade_site import Json

SIGNED = {"comment": "borne so far, says the maker"}


async def decided(cold: ColdSite, decision: str = "release") -> Json:
    """The only breach, decided about."""
    [case] = await cold.cases()
    return await cold.post(f"/api/v1/cold/excursions/{case['id']}/{decision}", SIGNED, "mo")


async def test_no_plain_entry_gives_back_what_a_breach_set_aside_nor_hands_it_out(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM, *COOL)
    entry = (await cold.book("flu", "quarantine"))[0]["id"]
    own = {"kind": "quarantine", "sku": "flu", "units": -30, "lot": "F1"}
    for fact in (
        own,
        {**own, "units": -1},
        {**own, "ref": f"entry:{entry}"},
        {"kind": "pick", "sku": "flu", "units": -5, "lot": "F1", "insist": True},
        {"kind": "pick", "sku": "flu", "units": -5, "insist": True},
        {"kind": "transfer", "sku": "flu", "units": -5, "lot": "F2", "other": "acme", "insist": True},
    ):
        assert await cold.refused("/api/v1/book", fact, "bo") == (422, "held"), fact
    assert (await cold.position("flu"))["quarantined"] == 50

    await cold.lot("flu", "OK", 9, "2027-01-31")
    await cold.post("/api/v1/book", {"kind": "quarantine", "sku": "flu", "units": 4, "lot": "OK"}, "bo")
    await cold.post("/api/v1/book", {"kind": "quarantine", "sku": "flu", "units": -4, "lot": "OK"}, "bo")
    await cold.post("/api/v1/book", {"kind": "pick", "sku": "flu", "units": -9}, "bo")
    case = await decided(cold)
    assert case["state"] == "decided"
    await cold.post("/api/v1/book", {"kind": "pick", "sku": "flu", "units": -5, "lot": "F1"}, "bo")
    back = min(one["id"] for one in await cold.book("flu", "quarantine") if one["by"] == "mo")
    assert await cold.refused("/api/v1/book", {**own, "ref": f"entry:{back}"}, "bo") == (422, "held")


async def test_scrap_books_what_is_there_and_says_what_was_missing(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM, *COOL)
    await cold.post("/api/v1/book", {"kind": "count", "sku": "flu", "units": 20, "lot": "F1", "note": "fell"}, "bo")
    case = await decided(cold, "scrap")
    assert sorted((one["lot"], one["units"], one["gone"]) for one in case["lines"]) == [("F1", 20, 10), ("F2", 20, 0)]
    stands = await cold.position("flu")
    assert (stands["on_hand"], stands["quarantined"]) == (0, 0)
    assert [one["units"] for one in await cold.book("flu", "loss")] == [-20, -20]
    assert (await cold.ask("mo", "GET", "/api/v1/cold/excursions/0"))[0] == 404


async def test_who_signs_signs_for_what_was_and_what_gets_worse_is_set_aside_again(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM)
    assert [line["decision"] for line in (await decided(cold))["lines"]] == ["release", "release"]
    await cold.minutes(*[9.0] * 25)
    assert (await cold.position("flu"))["quarantined"] == 0, "no longer than is borne, and no warmer"
    await cold.minutes(*[9.0] * 10)
    assert (await cold.position("flu"))["quarantined"] == 50, "outside for as long again as is borne"
    await decided(cold)
    await cold.minutes(*[11.0] * 5)
    assert (await cold.position("flu"))["quarantined"] == 50, "two degrees more than anybody signed for"
    [case] = await cold.cases()
    assert (len(case["lines"]), len(case["signatures"]), case["state"]) == (6, 2, "open")


async def test_a_lot_that_comes_again_into_a_room_in_breach_is_set_aside_again(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM)
    [case] = await cold.cases()
    path, (first, second) = f"/api/v1/cold/excursions/{case['id']}", sorted(case["lines"], key=lambda one: one["lot"])
    await cold.post(f"{path}/scrap", {**SIGNED, "lines": [first["number"]]}, "mo")
    await cold.post(f"{path}/release", {**SIGNED, "lines": [second["number"]]}, "mo")
    await cold.tick(2)
    await cold.lot("flu", "F1", 11, "2026-06-30")
    await cold.lot("flu", "F2", 7, "2026-09-30")
    await cold.minutes(*WARM[:10])
    [case] = await cold.cases()
    assert sorted((one["lot"], one["units"]) for one in case["lines"] if not one["decision"]) == [("F1", 11), ("F2", 7)]
    assert (await cold.position("flu"))["quarantined"] == 18


async def test_a_lot_far_beyond_its_budget_is_looked_at_again_after_a_release(cold: ColdSite) -> None:
    await stocked(cold)
    for _ in range(4):
        await cold.minutes(*[5.0] * 60, *[9.0] * 25, piece=17)
    await cold.minutes(*[5.0] * 60)
    for case in await cold.cases():
        assert (case["peak_c"], case["outside_ms"] > 5_400_000) == (9.0, True)
        await cold.post(f"/api/v1/cold/excursions/{case['id']}/release", SIGNED, "mo")
    await cold.minutes(*[5.0] * 60, *[9.0] * 25, *[5.0] * 60, piece=17)
    assert (await cold.position("flu"))["quarantined"] == 0
    await cold.restart()
    for _ in range(4):
        await cold.minutes(*[5.0] * 60, *[9.0] * 25, piece=17)
    await cold.minutes(*[5.0] * 10)
    assert (await cold.position("flu"))["quarantined"] == 50
    assert sorted((one["lot"], one["state"]) for one in await cold.cases()) == [
        ("F1", "decided"), ("F1", "open"), ("F2", "decided"), ("F2", "open"),
    ]  # fmt: skip
