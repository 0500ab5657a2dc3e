"""A store that has lost its end: found by its mark, and no number is given twice."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from edge.store import Group, Store
from protocols.reports import Thinned
from tests.contract.test_store import EVENT, SERIES, T0, numbers, state, waiting

LATER = T0 + 86_400_000


def gateway(path: Path) -> Store:
    return Store(path, mend=True, now_ms=LATER)


def told(store: Store) -> list[Thinned]:
    return [report for report in waiting(store, "events") if isinstance(report, Thinned)]


def work(path: Path) -> Store:
    store = Store(path, mend=True, now_ms=T0)
    for number in range(20):
        store.commit(Group(T0 + number, {"shelf-1": state(number)}, reports=[EVENT, SERIES]))
    return store


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The files of a gateway that was killed: everything is still in the log."""
    with closing(work(tmp_path / "live" / "edge.db")):
        shutil.copytree(tmp_path / "live", tmp_path / "killed")
    return tmp_path / "killed" / "edge.db"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The store of a gateway that was stopped."""
    work(tmp_path / "edge.db").close()
    return tmp_path / "edge.db"


def test_a_killed_gateway_goes_on_with_the_next_number(killed: Path) -> None:
    store = gateway(killed)

    assert (store.next_seq, store.mended) == ({"events": 20, "telemetry": 20}, 0)
    store.close()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_cut_log_is_found_by_the_mark_and_no_number_is_given_twice(killed: Path, share: float) -> None:
    log = killed.with_name("edge.db-wal")
    log.write_bytes(log.read_bytes()[: int(log.stat().st_size * share)])

    store = gateway(killed)

    first = min(one.first for one in told(store) if one.lane == "events")
    assert first < 20
    assert store.next_seq["events"] > store.next_seq["telemetry"] - 1 >= LATER - 1
    assert sorted(numbers(store, "events")) == numbers(store, "events")
    assert {one.why for one in told(store)} == {"damaged"}
    store.close()


def test_a_store_that_was_deleted_begins_above_its_numbers(path: Path) -> None:
    path.unlink()

    store = gateway(path)

    assert min(store.next_seq.values()) >= LATER
    assert {(one.first, one.why) for one in told(store)} == {(0, "damaged")}
    store.close()


def test_an_old_copy_put_in_its_place_by_hand_is_found_by_the_mark(path: Path) -> None:
    old = path.read_bytes()
    with closing(gateway(path)) as store:
        store.commit(Group(LATER, reports=[EVENT] * 10))
    path.write_bytes(old)

    with closing(gateway(path)) as store:
        assert store.next_seq["events"] > LATER
        assert [(one.first, one.last) for one in told(store) if one.lane == "events"] == [(20, LATER - 1)]
        assert store.book()["events"].pending == 20 + 2, "and one event a lane"


def test_numbers_jump_above_all_that_were_given_even_when_the_clock_is_far_behind(tmp_path: Path) -> None:
    """With the mark gone too, nobody else could tell that a number was given before."""
    with closing(work(tmp_path / "edge.db")) as store:
        store.jump(1, "restored")

        assert min(store.next_seq.values()) >= 10**9
