"""A gateway whose disk died, restored from a backup while its service went on: nothing lost, nothing twice. And reports
sent again by hand, which change nothing where they are held."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.system.hands import Hands, site_with_hands
from tests.system.parts import SMALL, System, eventually, run, running

SLOT = "H01-01"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("town")
    with running(folder, site_with_hands(SMALL), "broker", "service", "gateway") as system:
        yield system


@pytest.fixture(scope="module")
def hands(town: System) -> Iterator[Hands]:
    one = Hands(town)
    yield one
    one.leave()


def movements(town: System) -> list[tuple[int, int, str]]:
    """Delta, count and source of each of the slot's movements in the ledger."""
    with closing(sqlite3.connect(town.cloud / "ledger.db")) as cloud:
        rows = cloud.execute("SELECT delta, count, source FROM movement WHERE slot = ? ORDER BY id", [SLOT])
        return rows.fetchall()


def told(town: System, count: int) -> list[tuple[int, int, str]]:
    """The slot's movements, once the last of them is to so many units."""
    return eventually(lambda: movements(town), lambda rows: bool(rows) and rows[-1][1] == count, f"{count} units told")


def edge(*argv: str) -> str:
    done = run("edge", *argv)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_gateway_restored_from_a_backup_loses_nothing_and_says_nothing_twice(town: System, hands: Hands) -> None:
    hands.put(1, 10)
    hands.put(1, 9)
    told(town, 9)
    file = town.folder / "backup.tar"
    edge("backup", str(file), "--state", str(town.edge))  # it runs all the while
    hands.put(1, 7)  # the backup does not know of these two, the service does
    before = told(town, 7)
    eventually(town.pending, lambda pending: pending == 0, "all is signed for")

    town.parts["gateway"].kill()
    shutil.rmtree(town.edge)
    hands.put(1, 6)  # waits at the broker
    edge("restore", str(file), "--state", str(town.edge))
    town.start("gateway")

    after = told(town, 6)
    assert [row for row in before if row[2] == "weight"] == [(-1, 9, "weight"), (-2, 7, "weight")]
    assert after == [*before, (6, 6, "first")]  # no goods moved twice
    assert town.counts()[SLOT] == 6
    eventually(town.pending, lambda pending: pending == 0, "all is signed for again")
    lanes = town.gateway.get("/api/v1/status").value["lanes"]
    assert all(lane["refused"] == lane["thinned"] == 0 for lane in lanes.values())
    hands.put(1, 5)
    assert told(town, 5)[-1] == (-1, 5, "weight")


def test_after_the_restore_the_service_misses_nothing(town: System) -> None:
    done = eventually(
        lambda: run("cloud", "completeness", "--state", str(town.cloud)), lambda one: not one.returncode, "complete"
    )

    assert "complete" in done.stdout


def test_what_is_sent_again_by_hand_counts_once(town: System) -> None:
    before = movements(town)

    again = [
        json.loads(line)
        for line in edge("resync", "--from", "1h", "--state", str(town.edge), "--json").split("\n")
        if line
    ]

    assert sum(lane["reports"] for lane in again) > 0
    eventually(town.pending, lambda pending: pending == 0, "they are signed for again")
    assert movements(town) == before


def test_a_second_gateway_on_the_same_state_is_refused(town: System) -> None:
    done = run("edge", "run", "--site", str(town.site), "--state", str(town.edge), "--port", "0")

    assert (done.returncode, "a gateway is running on" in done.stderr) == (2, True)


def test_the_doctor_finds_a_healthy_system_healthy(town: System) -> None:
    done = run("edge", "doctor", "--state", str(town.edge), "--credentials", str(town.credentials), "--json")

    leaks = [line["code"] for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "leak"]
    assert (done.returncode, leaks) == (0, []), done.stdout + done.stderr
