"""The people of a simulated warehouse count what is there, and buy what they were told to, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_sim.feed import Remembered
from firmware_sim.office import Office, RefusedError, Session, signed_in
from firmware_sim.people import Act, next_act, seen
from firmware_sim.scenario import Errand, People, ScenarioError
from firmware_sim.site import parse

T0 = 1_790_000_000_000
QUICK = Errand("acme", "bolt", 40, after_s=90)
SLOW = Errand("best", "nut", 5)
TRUTH = Remembered(lived=True, at_ms=T0 - 2_000, units={"A1": [1.0] * 7, "A2": [1.0] * 3})


def order(state: str, errand: Errand = QUICK, **more: Any) -> dict[str, Any]:
    lines = [{"sku": errand.sku, "units": errand.units}]
    return {"id": 3, "supplier": errand.supplier, "state": state, "version": 4, "sent_ms": T0, "lines": lines, **more}


class Service(Session):
    """A service that takes everything, and has one order of each errand."""

    def __init__(self, today: list[str]) -> None:
        self.today, self.orders, self.told = today, list[dict[str, Any]](), list[Act]()

    def get(self, path: str) -> Any:
        return (
            self.orders
            if path == "/api/v1/orders"
            else {"today": [{"place": one, "sku": "bolt"} for one in self.today]}
        )

    def post(self, act: Act) -> Any:
        self.told.append(act)
        if act.path == "/api/v1/orders":
            self.orders.append(order("closed", SLOW if act.body["supplier"] == "best" else QUICK))


def test_an_errand_goes_through_the_life_of_an_order_and_is_done_once() -> None:
    made = next_act(QUICK, [order("sent", SLOW)], T0)
    assert made == Act("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 40}]})
    for state, action in (("draft", "approve"), ("approved", "send"), ("sent", "confirm")):
        act = next_act(QUICK, [order(state)], T0)
        assert act is not None
        assert (act.path, act.body["version"]) == (f"/api/v1/orders/3/{action}", 4)
    assert next_act(QUICK, [order("confirmed")], T0 + 89_000) is None
    came = next_act(QUICK, [order("confirmed")], T0 + 90_000)
    assert came is not None
    assert (came.path, came.body["lines"]) == ("/api/v1/orders/3/receive", [{"sku": "bolt", "received": 40}])
    for state in ("received", "closed", "cancelled"):
        assert next_act(QUICK, [order(state)], T0 + 10**9) is None


def test_what_nobody_is_to_receive_waits_for_its_supplier() -> None:
    assert [next_act(SLOW, [order(state, SLOW)], T0 + 10**9) for state in ("sent", "confirmed")] == [None, None]


def test_people_count_what_is_there_and_are_wrong_by_one_as_often_as_said() -> None:
    rng = np.random.default_rng(3)
    counts = [seen(10, 0.2, rng) for _ in range(2_000)]
    assert {*counts} == {9, 10, 11}
    assert 0.17 < sum(one != 10 for one in counts) / len(counts) < 0.23
    assert {seen(0, 1.0, rng) for _ in range(50)} == {0, 1}


def test_the_first_place_of_the_round_is_counted_as_it_truly_is_every_so_often() -> None:
    service = Service(["off the shelves", "A2", "A1"])
    office = Office(People(20.0, 0.0, [QUICK, SLOW]), service, lambda: TRUTH, seed=1)
    for at_ms in range(T0, T0 + 40_001, 5_000):
        office.step(at_ms)
    told = [act for act in service.told if act.path == "/api/v1/counts"]
    assert told[0].body == {"sku": "bolt", "place": "A2", "counted": 3, "at_ms": T0 - 2_000}
    assert len(told) == 3
    assert sum(act.path == "/api/v1/orders" for act in service.told) == 2


def test_before_the_world_has_begun_nobody_works() -> None:
    service = Service(["A1"])
    assert Office(People(1.0, 0.0, [QUICK]), service, Remembered, seed=1).step(T0) == []
    assert service.told == []


def test_who_finds_no_service_is_told_so(tmp_path: Path) -> None:
    noted = tmp_path / "sign-in.txt"
    noted.write_text("manager secret\n")
    with pytest.raises(RefusedError, match="/api/v1/orders"):
        signed_in("http://127.0.0.1:9", noted).get("/api/v1/orders")


def test_an_errand_is_for_what_somebody_offers() -> None:
    text = """
[site]
id = "s"
name = "S"
[[zones]]
id = "z"
name = "Z"
[[people.errands]]
supplier = "acme"
sku = "bolt"
units = 4
"""
    with pytest.raises(ScenarioError, match="an errand wants 'bolt' of 'acme'"):
        parse(text)
