"""The desk of the assets over a real ledger and history: what it learned survives a restart, and a gap is mended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud.core.maintenance.assets import AssetView
from cloud.desks.assets import KEPT_EVERY_MS, KEY, Assets
from cloud.memory import samples
from cloud.stores.history import History, HistoryUnavailable, open_history
from cloud.stores.ledger import Ledger, LedgerUnavailable
from cloud.web.desk import NotFound
from protocols.layout import Device
from protocols.reports import Report, Series
from tests.depot import DAY_MS, HOUR_MS, health, site

MINUTE_MS = 60_000
NOW_MS = 1_763_762_400_000
SITE = site()


class Place:
    """One folder with a ledger and a history, and desks over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger(f"sqlite:///{folder}/ledger.db")
        self.history: History = open_history(f"sqlite:///{folder}/history.db")
        self.now_ms = NOW_MS
        self.locked = False

    async def on_disk(self, work: Any, *args: Any) -> Any:
        if self.locked:
            raise LedgerUnavailable("locked")
        return await asyncio.to_thread(partial(work, *args))

    def desk(self) -> Assets:
        made = Assets(SITE, self.ledger.books, self.history, self.on_disk, lambda: self.now_ms)
        made.load()
        return made

    def tell(self, desk: Assets, reports: list[Report]) -> None:
        """As the service does: into the history first."""
        self.history.append(samples(reports))
        desk.hear(reports, self.now_ms)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.history.close()
    made.ledger.close()


def cooling(first: int, count: int, stuck: bool = False) -> list[Report]:
    """A cooler that cycles between 3 and 5 degrees, an hour of minutes a report; `first` minutes before now."""
    reports: list[Report] = []
    for at in range(0, count, 60):
        minutes = range(first + at, min(first + at + 60, first + count))
        values = [4.0 if stuck else round(3 + abs(minute % 40 - 20) / 10 + minute % 7 / 50, 2) for minute in minutes]
        start_ms = NOW_MS + minutes[0] * MINUTE_MS
        reports.append(
            Series(
                "thermo-1", "1", "temperature_c", "cold", start_ms, [MINUTE_MS * i for i in range(len(values))], values
            )
        )
    return reports


def state(desk: Assets, name: str = "thermo-1") -> object:
    return msgspec.to_builtins(desk.fleet.assets[name].kept)


def view(desk: Assets, name: str = "thermo-1") -> AssetView:
    return next(one for one in desk.shown() if one.id == name)


@pytest.mark.parametrize("kept", [False, True], ids=["never kept", "kept on the way"])
async def test_what_was_learned_survives_a_restart(place: Place, kept: bool) -> None:
    desk = place.desk()
    place.tell(desk, cooling(-8 * 1440, 4 * 1440))
    if kept:
        await desk.tick(NOW_MS)
    place.tell(desk, cooling(-4 * 1440, 4 * 1440))
    await desk.tick(NOW_MS + MINUTE_MS)

    again = place.desk()

    assert state(again) == state(desk)
    assert view(again).state == "well"


async def test_a_backlog_behind_newer_samples_leaves_no_gap_in_what_was_learned(place: Place) -> None:
    desk = place.desk()
    place.tell(desk, cooling(-1440, 1440))
    place.tell(desk, cooling(-8 * 1440, 7 * 1440))
    await desk.tick(NOW_MS)
    assert view(desk).state == "learning"

    await desk.tick(NOW_MS + HOUR_MS)  # the backlog has long ended

    in_order = Assets(
        SITE, place.ledger.books, open_history(f"sqlite:///{place.folder}/other.db"), place.on_disk, lambda: NOW_MS
    )
    in_order.hear(cooling(-8 * 1440, 8 * 1440), NOW_MS)
    mended, right = (desk.fleet.assets["thermo-1"].kept, in_order.fleet.assets["thermo-1"].kept)
    assert mended.coolers == right.coolers
    assert view(desk).state == "well"
    assert view(desk).notes["reversed"] == 7 * 1440


async def test_evidence_of_a_fault_is_in_the_ledger_at_once_and_stays_when_it_is_over(place: Place) -> None:
    desk = place.desk()
    place.tell(desk, cooling(-1500, 1440))
    place.tell(desk, cooling(-60, 60, stuck=True))
    place.now_ms = NOW_MS
    await desk.tick(NOW_MS)
    assert [one.code for one in view(desk).faults] == ["stuck"]

    again = place.desk()
    [evidence] = again.detail("thermo-1").evidence
    assert (evidence.code, evidence.found_ms, evidence.over_ms) == ("stuck", NOW_MS, 0)

    place.tell(again, cooling(0, 60))
    await again.tick(NOW_MS + HOUR_MS)
    [over] = place.desk().detail("thermo-1").evidence
    assert (over.code, over.over_ms) == ("stuck", NOW_MS + HOUR_MS)


async def test_what_could_not_be_kept_is_kept_the_next_time(place: Place) -> None:
    desk = place.desk()
    place.tell(desk, [health("shelf-1", "silent")])
    place.locked = True
    with pytest.raises(LedgerUnavailable):
        await desk.tick(NOW_MS)
    assert place.ledger.books.kept_all(KEY) == {}
    place.locked = False

    await desk.tick(NOW_MS + 1000)

    assert list(place.ledger.books.kept_all(KEY)) == ["asset:shelf-1"]


async def test_what_changes_all_the_time_is_kept_now_and_then_only(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, writes = place.desk(), 0
    keep_all = place.ledger.books.keep_all

    def counted(blobs: dict[str, bytes]) -> None:
        nonlocal writes
        writes += 1
        keep_all(blobs)

    monkeypatch.setattr(place.ledger.books, "keep_all", counted)
    for minute in range(60):
        place.tell(desk, cooling(minute, 1))
        await desk.tick(NOW_MS + minute * MINUTE_MS)

    assert writes == 60 * MINUTE_MS // KEPT_EVERY_MS


async def test_a_history_that_is_away_keeps_nobody_from_starting(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = place.desk()
    place.tell(desk, [health("shelf-1", "silent")])
    await desk.tick(NOW_MS)

    def away(*_: object) -> None:
        raise HistoryUnavailable("the history is away")

    monkeypatch.setattr(type(place.history), "latest", away)

    assert [one.code for one in view(place.desk(), "shelf-1").faults] == ["silent"]


async def test_a_state_that_can_not_be_read_is_learned_again(place: Place) -> None:
    desk = place.desk()
    place.tell(desk, cooling(-2 * 1440, 2 * 1440))
    await desk.keep()
    place.ledger.books.keep("asset:thermo-1", b"\x00 rubbish")
    place.ledger.books.keep("asset:gone", msgspec.msgpack.encode(desk.fleet.assets["thermo-1"].kept))

    again = place.desk()

    assert state(again) == state(desk)


async def test_an_asset_that_is_not_there_is_not_found(place: Place) -> None:
    with pytest.raises(NotFound):
        place.desk().detail("nothing")


async def test_a_machine_whose_channels_hand_in_their_past_in_turn_is_learned_as_a_whole(place: Place) -> None:
    fan = Device("fan", "machine", SITE.zones[0].id)
    placed = msgspec.structs.replace(SITE, devices=[*SITE.devices, fan])
    desk = Assets(placed, place.ledger.books, place.history, place.on_disk, lambda: place.now_ms)
    desk.load()
    days, worn = 13, 8
    minutes = range(days * 1440)
    works = [minute % 60 < 40 for minute in minutes]
    shakes = [(1.8 if minute < worn * 1440 else 4.0) if on else 0.2 for minute, on in zip(minutes, works, strict=True)]
    draws = [1500.0 if on else 40.0 for on in works]
    first_ms = NOW_MS // DAY_MS * DAY_MS - days * DAY_MS
    for first in range(0, len(minutes), 1000):
        part = [minute * MINUTE_MS for minute in minutes[first : first + 1000]]
        offsets, at_ms = [one - part[0] for one in part], first_ms + part[0]
        for quantity, values in (("power_w", draws), ("vibration_mm_s", shakes)):
            place.tell(desk, [Series("fan", "1", quantity, fan.zone, at_ms, offsets, values[first : first + 1000])])

    await desk.tick(NOW_MS + HOUR_MS)

    [found] = [one for one in desk.shown() if one.id == "fan"]
    assert [fault.code for fault in found.faults if fault.code == "wearing"] == ["wearing"]
    assert found.days is not None
    [moved] = found.why
    assert moved.name == "work.1/vibration_mm_s", "that it draws little for how it shakes is no news"
    assert (moved.unit, moved.value) == ("mm/s", 4.0)
    [course] = [one for one in desk.detail("fan").drawn if one.name == moved.name]
    assert (course.normal_low, course.normal_high, course.unit) == (moved.normal_low, moved.normal_high, moved.unit)
    assert (course.values[0], course.values[-1], course.limit) == (1.8, 4.0, 7.1), "what is normal, and where it stops"
    [odd] = [fault for fault in found.faults if fault.code == "abnormal"]
    told_ms = first_ms + len(minutes) * MINUTE_MS - 15 * MINUTE_MS
    assert odd.params["minutes"] == (told_ms - odd.since_ms) // MINUTE_MS, "up to the last quarter that is over"
