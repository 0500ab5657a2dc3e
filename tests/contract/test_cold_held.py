"""What a breach set aside stays set aside: by whatever the crew tells, and whatever the site file says by then."""

from __future__ import annotations

import re

from tests.contract.cold_site import ColdSite
from tests.contract.depots import Linked
from tests.contract.test_cold import COOL, WARM, stocked
from tests.contract.trade_site import Json

HALL = """
[[slots]]
id = "H1"
zone = "hall"
sku = "flu"
device = "shelf-H1"
capacity = 300

[[devices]]
id = "shelf-H1"
kind = "shelf"
zone = "hall"
"""
SIGNED = {"comment": "borne so far, says the maker"}


def told(kind: str, units: int, lot: str = "F1", **more: object) -> Json:
    return {"kind": kind, "sku": "flu", "units": units, "lot": lot, **more}


async def test_what_lay_in_the_warm_room_is_not_picked_by_naming_a_lot(cold: ColdSite) -> None:
    cold.text += HALL
    await cold.restart()
    cold.service.uplink = Linked()  # type: ignore[assignment]
    await stocked(cold)
    await cold.weigh_in("H1", "flu", 4)
    await cold.minutes(*WARM, *COOL)
    [case] = await cold.cases()
    assert [(one["lot"], one["units"]) for one in case["lines"]] == [("", 46)]
    for fact in (told("pick", -30), told("pick", -30, insist=True), told("transfer", -5, other="acme")):
        assert await cold.refused("/api/v1/book", fact) == (422, "held"), fact
    await cold.post("/api/v1/book", told("pick", -4))
    assert await cold.refused("/api/v1/book", told("pick", -1)) == (422, "held")


async def test_counts_free_nothing_and_a_loss_is_signed_or_counted(cold: ColdSite) -> None:
    await stocked(cold)
    kept = await cold.post("/api/v1/reservations", {"sku": "flu", "units": 5})
    await cold.minutes(*WARM, *COOL)
    for units in (0, 25, 30):
        await cold.post("/api/v1/book", told("count", units))
        stands = await cold.position("flu")
        assert (stands["on_hand"], stands["quarantined"]) == (20 + units, 20 + units)
    for fact in (told("pick", -5), told("loss", -5), told("adjustment", -5), told("loss", -5, "")):
        assert await cold.refused("/api/v1/book", fact) == (422, "held"), fact
    assert await cold.refused(f"/api/v1/reservations/{kept['id']}/pick", {}) == (422, "held")

    await cold.post("/api/v1/book", told("count", 22))
    [case] = await cold.cases()
    assert sorted((one["lot"], one["units"]) for one in case["lines"]) == [("F1", 30), ("F2", 20)]
    case = await cold.post(f"/api/v1/cold/excursions/{case['id']}/release", SIGNED, "mo")
    assert sorted((one["lot"], one["units"], one["gone"]) for one in case["lines"]) == [("F1", 22, 8), ("F2", 20, 0)]
    await cold.post("/api/v1/book", told("count", 30))
    stands = await cold.position("flu")
    assert (stands["on_hand"], stands["quarantined"]) == (50, 0), "somebody signed for all of it"


async def test_a_scrap_of_what_lies_in_a_slot_is_not_undone_however_long_it_lies_there(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(5.0, *[16.0] * 5, *COOL)
    case = next(one for one in await cold.cases() if one["storage"] == "2-8")
    await cold.post(f"/api/v1/cold/excursions/{case['id']}/scrap", SIGNED, "mo")
    for _ in range(26):
        await cold.minutes(*[5.0] * 60, piece=60)
    mine = {"kind": "quarantine", "sku": "insulin", "units": -12}
    entry = next(one["id"] for one in await cold.book("insulin", "loss"))
    assert await cold.refused("/api/v1/book", mine) == (422, "held")
    assert await cold.refused("/api/v1/book", {**mine, "ref": f"entry:{entry}"}) == (422, "held")
    await cold.post("/api/v1/book", {"kind": "count", "sku": "insulin", "units": 0})
    await cold.tick(2)
    assert (await cold.position("insulin"))["quarantined"] == 12
    await cold.weigh_in("C1", "insulin", 0)
    await cold.tick(2)
    await cold.weigh_in("C1", "insulin", 8)
    await cold.tick(2)
    assert (await cold.position("insulin"))["quarantined"] == 0, "what comes now was not there then"


async def test_what_was_carried_elsewhere_to_wait_is_scrapped_there(cold: ColdSite) -> None:
    cold.text += HALL.replace('"flu"', '"insulin"')
    await cold.restart()
    await stocked(cold)
    await cold.weigh_in("H1", "insulin", 3)
    await cold.minutes(5.0, *[16.0] * 5, *COOL)
    case = next(one for one in await cold.cases() if one["storage"] == "2-8")
    assert [one["units"] for one in case["lines"]] == [12]
    await cold.weigh_in("C1", "insulin", 0)
    await cold.weigh_in("H1", "insulin", 15)
    stands = await cold.position("insulin")
    assert (stands["on_hand"], stands["quarantined"]) == (15, 12)
    await cold.post(f"/api/v1/cold/excursions/{case['id']}/scrap", SIGNED, "mo")
    await cold.tick(2)
    assert (await cold.position("insulin"))["quarantined"] == 12
    await cold.weigh_in("H1", "insulin", 3)
    await cold.tick(2)
    stands = await cold.position("insulin")
    assert (stands["on_hand"], stands["quarantined"]) == (3, 0)


async def test_what_lies_off_the_shelves_in_another_room_is_not_scrapped_for_what_lies_in_the_warm_one(
    cold: ColdSite,
) -> None:
    cold.text = cold.text.replace('name = "Insulin"', 'name = "Insulin"\nzone = "hall"')
    await cold.restart()
    await stocked(cold)
    await cold.post("/api/v1/book", {"kind": "receipt", "sku": "insulin", "units": 22})
    await cold.minutes(5.0, *[16.0] * 5, *COOL)
    case = next(one for one in await cold.cases() if one["storage"] == "2-8")
    there = [one["units"] for one in case["lines"]]
    await cold.post(f"/api/v1/cold/excursions/{case['id']}/scrap", SIGNED, "mo")
    await cold.tick(2)
    stands = await cold.position("insulin")
    assert (there, stands["on_hand"], stands["quarantined"]) == ([12], 34, 12), "it is in the slot still"


async def test_an_article_that_left_the_site_file_stops_nothing_and_is_signed_for(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM)
    [case] = await cold.cases()
    before = cold.text
    parts = [one for one in re.split(r"(?m)^(?=\[)", before) if 'id = "flu"' not in one and 'sku = "flu"' not in one]
    cold.text = "".join(parts)
    await cold.restart()
    path = f"/api/v1/cold/excursions/{case['id']}"
    for about in ("rooms", "excursions", "exposures", "exposures?sku=flu", "report?sku=flu&lot=F1", "report?zone=cold"):
        assert (await cold.ask("ada", "GET", f"/api/v1/cold/{about}"))[0] < 500, about
    assert (await cold.post(f"{path}/release", SIGNED, "mo"))["state"] == "decided"
    for _ in range(2):
        await cold.tick(2)
        await cold.restart()
    assert (await cold.get(path))["state"] == "decided"
    cold.text = before
    await cold.restart()
    await cold.tick(3)
    stands = await cold.position("flu")
    assert (stands["on_hand"], stands["quarantined"]) == (50, 0), "what was signed is booked once it is there again"


async def test_a_lot_in_a_zone_that_left_the_site_file_is_scrapped_where_it_is(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(5.0, *[16.0] * 5)
    case = next(one for one in await cold.cases() if one["storage"] == "2-8")
    cold.text = cold.text.replace('"cold"', '"cold2"').replace('"vaccine"', '"other"')
    await cold.restart()
    await cold.tick(3)
    await cold.post(f"/api/v1/cold/excursions/{case['id']}/scrap", SIGNED, "mo")
    await cold.weigh_in("C1", "insulin", 0)
    await cold.tick(3)
    stands = await cold.position("insulin")
    assert (stands["on_hand"], stands["quarantined"]) == (0, 0)
    assert [one["units"] for one in await cold.book("insulin", "loss")] == [-12]


async def test_a_fresh_lot_is_not_blamed_for_the_warmth_before_it_came(cold: ColdSite) -> None:
    cold.text = cold.text.replace('storage = "vaccine"', 'storage = "2-8"')
    await cold.restart()
    await cold.minutes(*[5.0] * 60, piece=60)
    await cold.lot("flu", "OLD", 30, "2026-06-30")
    await cold.minutes(*[13.0] * 60 * 13, *[5.0] * 30, piece=30)
    [room, lot] = sorted(await cold.cases(), key=lambda one: str(one["lot"]))
    assert (room["why"], room["lines"], room["peak_c"] > 8) == ("kinetic", [], True)
    assert (lot["why"], lot["lot"], [one["units"] for one in lot["lines"]]) == ("kinetic", "OLD", [30])
    await cold.post(f"/api/v1/cold/excursions/{lot['id']}/scrap", SIGNED, "mo")
    await cold.lot("flu", "FRESH", 40, "2026-09-30")
    await cold.minutes(*[5.0] * 30, 8.4, 8.4, *[5.0] * 30)
    assert (await cold.position("flu"))["quarantined"] == 0
    assert len(await cold.cases()) == 2, "it is one time in which the mean is too warm"


async def test_a_lot_that_left_and_came_back_keeps_all_it_went_through(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*[9.0] * 20, *COOL)

    async def first() -> Json:
        return next(one for one in await cold.get("/api/v1/cold/exposures?sku=flu") if one["lot"] == "F1")

    before = await first()
    await cold.post("/api/v1/book", told("pick", -30))
    await cold.minutes(*[5.0] * 10)
    await cold.restart()
    await cold.post("/api/v1/book", told("put", 30))
    await cold.minutes(*[5.0] * 10)
    after = await first()
    assert (after["outside_ms"], after["budgets"]) == (before["outside_ms"], before["budgets"])
