"""kill -9 in the middle of traffic, one part after the other: nothing acknowledged is lost, nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.hands import Hands, picking, site_with_hands
from tests.system.parts import System, eventually, running, scenario

BUSY = {"picks_per_hour": 3600, "hands_per_hour": 60, "tags_per_hour": 120, "restock_delay_s": [2, 5]}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("town")
    busy = scenario(folder, "busy", pace=BUSY)
    scenario(folder, "quiet", pace={})
    with running(folder, site_with_hands(busy), "broker", "service", "gateway") as system:
        system.start_fleet(busy)
        yield system


@pytest.fixture(scope="module")
def hands(town: System) -> Iterator[Hands]:
    one = Hands(town)
    yield one
    one.leave()


def test_the_gateway_counts_on_while_the_service_is_dead_and_hands_everything_in_afterwards(
    town: System, hands: Hands
) -> None:
    with picking(hands):
        eventually(lambda: town.books()["events"].held, bool, "the service has signed")
        town.parts["service"].kill()
        first = town.pending()
        link = eventually(lambda: _status(town)["service"], lambda link: not link["connected"], "the gateway notices")
        eventually(town.pending, lambda pending: pending > first + 100, "reports wait")
    eventually(town.counts, lambda counts: hands.truth.items() <= counts.items(), f"counts {hands.truth}")
    ready = town.gateway.get("/readyz")
    page = town.gateway.get("/plain")
    town.start("service")

    assert f"service at tcp://127.0.0.1:{town.ports['uplink']} does not answer" in link["why"]
    assert (ready.status, ready.value) == (200, {"ready": True, "reasons": []})
    assert (page.status, "H01-01" in page.value) == (200, True)
    settled(town)
    assert hands.truth.items() <= town.moved().items()


def test_a_killed_gateway_loses_nothing_that_was_acknowledged(town: System, hands: Hands) -> None:
    with picking(hands):
        for _ in range(2):
            more_picks(hands)
            town.parts["gateway"].kill()
            more_picks(hands)
            town.start("gateway")

    eventually(town.counts, lambda counts: hands.truth.items() <= counts.items(), f"counts {hands.truth}")
    settled(town)
    assert hands.truth.items() <= town.moved().items()


def test_a_killed_broker_loses_nothing_that_it_acknowledged(town: System, hands: Hands) -> None:
    with picking(hands):
        more_picks(hands)
        town.parts["broker"].kill()
        away = eventually(
            lambda: town.gateway.get("/readyz"), lambda answer: answer.status == 503, "the gateway notices"
        )
        town.start("broker")
        more_picks(hands)

    assert away.value["reasons"][0].startswith("broker: ")
    eventually(town.counts, lambda counts: hands.truth.items() <= counts.items(), f"counts {hands.truth}")
    eventually(lambda: town.gateway.get("/readyz").status, lambda status: status == 200, "ready again")
    settled(town)
    assert hands.truth.items() <= town.moved().items()


def test_after_all_that_the_simulated_shop_is_counted_right_too(town: System, hands: Hands) -> None:
    town.parts["fleet"].stop()
    town.start_fleet(town.folder / "quiet.toml")
    truth = town.truth() | hands.truth

    counts = eventually(town.counts, lambda counts: counts == truth, f"the gateway counts {truth}")
    town.parts["fleet"].stop()
    settled(town)

    assert len(counts) == 8
    assert town.moved() == truth
    lanes = _status(town)["lanes"].values()
    assert all(lane["refused"] == lane["thinned"] == 0 for lane in lanes)


def more_picks(hands: Hands, picks: int = 100) -> None:
    """The hands have gone on for so long."""
    seq = hands.seq
    eventually(lambda: hands.seq, lambda now: now > seq + picks, "the hands go on")


def settled(town: System) -> None:
    """Everything the gateway has numbered is in the ledger, each number once."""
    eventually(town.pending, lambda pending: pending < 20, "the backlog drains")
    eventually(town.books, lambda books: all(book.complete for book in books.values()), "every report once")


def _status(town: System) -> dict[str, Any]:
    status: dict[str, Any] = town.gateway.get("/api/v1/status").value
    return status
