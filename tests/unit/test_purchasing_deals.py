"""What suppliers offer, as an SKU is planned with it: who it is planned with is who is then ordered from."""

from __future__ import annotations

import random

from msgspec.structs import replace

from cloud.core.planning.deals import Deal, dealt
from cloud.core.planning.items import Item
from cloud.core.planning.settling import Outlook
from cloud.core.purchasing.bills import Option
from cloud.core.purchasing.facts import LeadTime
from cloud.core.purchasing.lateness import Stakes
from cloud.core.purchasing.sourcing import Sourcing, deals, source
from protocols.trade import Break, Buying, Offer, Supplier

LEVEL = 0.95


def option(name: str, price: float = 2.0, score: float | None = None, suspended: bool = False) -> Option:
    supplier = Supplier(name, name.title(), order_cost=7.0, suspended=suspended)
    offer = Offer(name, "bolt", price, [Break(100, 1.8)], incremental=True, moq=5, pack=5, stock=900)
    return Option(supplier, offer, LeadTime(4.23, 1.26, 6, 4.5), score)


def test_a_deal_is_the_offer_by_the_lead_time_as_measured_and_what_a_poor_score_is_worth() -> None:
    [good, poor] = deals([option("a", score=90.4), option("b", score=50.0)], Buying())

    assert good == Deal("a", 2.0, 7.0, 4.2, 1.3, 5, 5, ((100, 1.8),), True, 6, 0.01, 900)
    assert poor.poor == 0.05
    [known, strange] = deals([option("a", score=80.0), option("b")], Buying())
    assert (known.poor, strange.poor) == (0.02, 0.02), "who is not known counts as the mean of the others"


def test_only_who_may_be_asked_is_planned_with() -> None:
    def named(*some: Option) -> list[str]:
        return [one.supplier for one in deals(some, Buying())]

    poor, shut = option("poor", score=10.0), option("shut", suspended=True)
    assert named(option("a"), poor, shut) == ["a"]
    assert named(poor, shut) == ["poor"]
    assert named(shut) == ["shut"]
    assert named() == []


def test_the_supplier_planned_with_is_the_one_its_usual_lot_is_ordered_from() -> None:
    seeded = random.Random(7)
    for _ in range(60):
        mean, usual = seeded.uniform(0.3, 20), seeded.choice([0.5, 5, 50])
        some = []
        for name in "abc"[: seeded.choice([2, 3])]:
            price, lead = usual * seeded.uniform(0.9, 1.1), round(seeded.uniform(1, 25), 1)
            breaks = (
                [Break(seeded.randint(50, 400), price * seeded.uniform(0.9, 0.99))] if seeded.random() < 0.4 else []
            )
            offer = Offer(name, "bolt", price, breaks, moq=seeded.choice([1, 20]), pack=seeded.choice([1, 6]))
            supplier = Supplier(name, name, order_cost=seeded.choice([5.0, 20.0, 60.0]))
            some.append(Option(supplier, offer, LeadTime(lead, round(lead * seeded.uniform(0, 0.4), 1), 3)))
        told = Outlook(mean, mean * seeded.uniform(1, 2), 0.0, "smooth", "smoothing", 300)

        made = dealt(Item("bolt", usual, 20, 0.25, 5.0, service_level=LEVEL), told, deals(some, Buying()))

        assert made.settled.policy is not None
        assert made.supply is not None
        policy, holding = made.settled.policy, made.supply.price * 0.25 / 365
        stakes = Stakes(mean, told.variance, policy.point, holding * LEVEL / (1 - LEVEL), holding)
        found = source("bolt", policy.lot, some, stakes, Buying())
        assert isinstance(found, Sourcing)
        assert [one.supplier for one in found.splits] == [made.supply.supplier]
        assert [one.units for one in found.splits] == [policy.lot], "and so many are ordered"
        again = dealt(replace(made.item, breaks=()), told, deals(some, Buying()))
        assert again.supply == made.supply
