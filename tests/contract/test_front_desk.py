"""The front desk over its real stores: the tiles' course survives a crash, the worst trends are looked up once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud import service as shell
from cloud.stores.history import HistoryUnavailable
from cloud.web.desk import Unavailable
from protocols.reports import Report
from tests.contract.depots import COOLER, MINUTE_MS, NOW_MS, Depot
from tests.depot import batches, level, warmth


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Depot]:
    made = Depot(tmp_path)
    yield made
    made.close()


async def test_after_a_crash_the_tiles_go_on_where_they_were(place: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "_now_ms", lambda: NOW_MS + 6 * MINUTE_MS)  # however long the tests before this one took
    service = place.start()
    await service.apply(batches([level("A1", 4, NOW_MS)]))
    await service.tick(NOW_MS)
    await service.tick(NOW_MS + 5 * MINUTE_MS)
    before = service.front.tiles()

    again = place.restart_crashed().front.tiles()

    assert [one.values for one in again.tiles] == [one.values for one in before.tiles]
    assert any(one.values[-1] is not None or one.values[-2] is not None for one in again.tiles)


async def test_the_worst_trend_is_the_zone_that_is_furthest_out_with_its_limits_and_its_course(place: Depot) -> None:
    service = place.start()
    warm: list[Report] = [warmth("thermo-1", 4.0, NOW_MS - 2 * MINUTE_MS), warmth("thermo-1", 20.0, NOW_MS - MINUTE_MS)]
    await service.apply(batches(warm))

    worst = (await service.front.trends())[0]

    zone = next(one for one in service.site.zones if one.id == "cold")
    assert (worst.kind, worst.id, worst.name, worst.unit) == ("zone", "cold", "temperature_c", "Cel")
    assert (worst.low, worst.high) == (zone.min_c, zone.max_c)
    assert [*worst.values] == [4.0, 20.0]
    assert worst.badness > 1


async def test_a_slot_that_ran_empty_is_among_them(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([level("A1", 0, NOW_MS)]))

    assert [(one.kind, one.id) for one in await service.front.trends()] == [("slot", "A1")]


async def test_however_many_ask_the_history_is_read_once(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([warmth("thermo-1", 4.0, NOW_MS - MINUTE_MS)]))
    read, asked = service.front._history.read, list[str]()

    def counted(series: str, *span: int) -> tuple[list[int], list[float]]:
        asked.append(series)
        return read(series, *span)

    service.front._history.read = counted  # type: ignore[method-assign, assignment]

    every = [await service.front.trends() for _ in range(5)]

    assert asked == [COOLER]
    assert every[0] == every[4]


async def test_without_the_history_it_says_so(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([warmth("thermo-1", 4.0, NOW_MS - MINUTE_MS)]))

    def away(*_: object) -> object:
        raise HistoryUnavailable("the history is away")

    service.front._history.read = away  # type: ignore[method-assign, assignment]
    with pytest.raises(Unavailable, match="history"):
        await service.front.trends()
