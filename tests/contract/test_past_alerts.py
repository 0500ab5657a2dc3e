"""Alerts that are over: found page by page in the ledger, by what they were, about what, how bad and when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from cloud.alerts.lifecycle import Alert, Transition
from cloud.core.crews_view import Sought
from tests.contract.ledgers import DATABASES, POSTGRES, Place


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, POSTGRES if request.param == "postgresql" else "")
    made.wipe()
    yield made
    made.wipe()


def test_alerts_that_are_over_are_found_page_by_page_the_latest_end_first(place: Place) -> None:
    ledger = place.ledger()
    ended = [
        Alert(n, "warm" if n % 2 else "door", f"d_{n}", "Cold", 1 + n % 3, "resolved", n * 10, 1_000 - n // 2, {})
        for n in range(1, 10)
    ]
    others = [replace(ended[0], id=20, state="lapsed"), replace(ended[0], id=21, state="firing")]
    ledger.keep_alerts([Transition(None, one) for one in [*ended, *others]])

    def found(sought: Sought | None = None, limit: int = 100, after: tuple[int, int] | None = None) -> list[int]:
        return [one.id for one in ledger.past_alerts.ended(sought or Sought(), limit, after)]

    assert found() == [1, 3, 2, 5, 4, 7, 6, 9, 8]
    assert found(limit=3) == [1, 3, 2]
    assert found(after=(999, 3)) == [2, 5, 4, 7, 6, 9, 8]  # two ended at that moment
    assert found(Sought(rule="door")) == [2, 4, 6, 8]
    assert found(Sought(about="D_7")) == [7]
    assert len(found(Sought(about="cold"))) == 9
    assert found(Sought(about="%")) == []
    assert found(Sought(severity=1)) == [3, 6, 9]
    assert found(Sought(from_ms=998, to_ms=30)) == [1, 3, 2]
    assert [one.id for one in ledger.alerts(since_ms=1_000)] == [1, 20, 21]
    assert (ledger.past_alerts.one(7), ledger.past_alerts.one(99)) == (ended[6], None)
