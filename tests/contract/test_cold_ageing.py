"""What warmth took of a lot's life counts wherever its day counts: what is picked first, what is told to expire, what
is there to be used; and what somebody's signed word changes of it."""

from __future__ import annotations

from datetime import date, timedelta

from cloud.alerts.rules import expiry
from cloud.sight import Seen, Sight
from tests.contract.cold_site import ColdSite
from tests.contract.trade_site import Json


async def test_a_lot_that_warmth_aged_goes_first_and_is_told_to_expire_by_what_is_left_of_it(cold: ColdSite) -> None:
    """At 5 degC, with q10 = 3, what lasts as labelled at -15 degC ages nine days a day."""
    cold.text = cold.text.replace("q10 = 3.0", "q10 = 3.0\nageing_c = -15.0")
    await cold.restart()
    await cold.minutes(*[5.0] * 20)
    first = date.fromisoformat(cold.service.trade.book.today())
    day = [(first + timedelta(days=n)).isoformat() for n in range(30)]
    await cold.lot("flu", "OLD", 30, day[22])
    for _ in range(24):
        await cold.minutes(*[5.0] * 60, piece=60)
    await cold.lot("flu", "NEW", 20, day[20])
    await cold.minutes(*[5.0] * 20)

    [old] = [one for one in await cold.get("/api/v1/cold/exposures?sku=flu") if one["lot"] == "OLD"]
    assert 8.9 < old["aged_days"] < 9.3
    assert (old["expiry"], old["effective_expiry"], old["days_left"]) == (day[22], day[14], 14)
    listed = await cold.get("/api/v1/skus/flu/picks?units=35")
    assert listed["lines"] == [
        {"lot": "OLD", "units": 30, "expiry": day[22], "effective_expiry": day[14]},
        {"lot": "NEW", "units": 5, "expiry": day[20], "effective_expiry": day[20]},
    ]
    stands = await cold.get("/api/v1/skus/flu/position")
    assert [(one["lot"], one["effective_expiry"]) for one in stands["lots"]] == [("OLD", day[14]), ("NEW", day[20])]
    assert [(one["lot"], one["days"]) for one in stands["expiring"]] == [("OLD", 13), ("NEW", 19)]
    assert cold.service.trade.book.fresh("flu") == [(14, 30), (20, 20)]
    assert await told_of_expiry(cold) == {"lot": "OLD", "days": 13, "expired": 0}

    await cold.restart()
    for _ in range(48):
        await cold.minutes(*[5.0] * 60, piece=60)
    [case] = await cold.cases()
    assert (case["why"], case["lot"], [one["units"] for one in case["lines"]]) == ("aged", "OLD", [30])
    listed = await cold.get("/api/v1/skus/flu/picks?units=35")
    assert ([one["lot"] for one in listed["lines"]], listed["missing"]) == (["NEW"], 15)
    assert listed["left_out"] == [{"lot": "OLD", "units": 30, "why": "quarantined"}]
    assert (await cold.position("flu"))["quarantined"] == 30
    assert (await told_of_expiry(cold))["lot"] == "NEW"

    await cold.post(f"/api/v1/cold/excursions/{case['id']}/release", {"comment": "the maker says fit"}, "mo")
    for _ in range(2):
        listed = await cold.get("/api/v1/skus/flu/picks?units=35")
        assert [one["lot"] for one in listed["lines"]] == ["NEW", "OLD"], "what somebody signed stands above the fold"
        assert (await cold.position("flu"))["quarantined"] == 0
        await cold.restart()
        await cold.tick(12)


async def told_of_expiry(cold: ColdSite) -> Json:
    """What the rule of expiry says of the vaccine."""
    eyes = Sight(
        cold.service.inventory, cold.service.trade, cold.service.ledger, cold.service.history_store, cold.folder
    )
    await eyes.look(cold.clock())
    [said] = expiry.evaluate(eyes.facts(Seen({}, []), None, cold.clock()))
    return {name: said.params[name] for name in ("lot", "days", "expired")}
