"""A service restored from a backup asks gateways for all it has signed for since, and then lacks nothing.

Real sockets, stores and keys on both sides; the state that the first service kept is gone.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud import backup, keys, restore
from cloud.doctor.examining import SCHEMAS
from cloud.stores.ledger import Applied, Received
from cloud.uplink import Uplink as Door
from edge import uplink as module
from edge.keys import own_keys, service_key
from edge.store import Group, Store
from edge.uplink import Uplink
from protocols.reports import Report, Series, StockEvent
from tests.contract.brokers import free_port
from tests.contract.keepers import Keeper, books, now_ms, where
from tests.contract.links import Box, until


class Gateway:
    """The gateway g1: tells movements, and as many samples."""

    def __init__(self, folder: Path, address: str, key_of_service: Path) -> None:
        self.store = Store(folder / "edge.db")
        self.box = Box(self.store, now_ms)
        self.keys = own_keys(folder, "g1")
        self.link = Uplink(address, service_key(key_of_service), self.keys, "g1", "depot", self.box)
        self.told = 0

    def tell(self, number: int) -> None:
        reports: list[Report] = []
        for seq in range(self.told, self.told + number):
            at_ms = now_ms() - 1_000_000 + seq
            reports.append(StockEvent("A1", "bolt", 1, seq, at_ms, 0.99))
            reports.append(Series("thermo-1", "1", "temperature_c", "cold", at_ms, [0], [seq / 10]))
        self.told += number
        self.store.commit(Group(now_ms(), reports=reports))
        self.link.notify()


class Service:
    """A service on a state folder."""

    def __init__(self, state: Path, address: str) -> None:
        self.keeper = Keeper(state)
        ledger = self.keeper.ledger
        self.door = Door(address, state, "depot", self._apply, ledger.tops, ledger.missing)
        self._task = asyncio.create_task(self.door.run())

    async def _apply(self, received: list[Received]) -> list[Applied]:
        return self.keeper.ledger.apply(received, now_ms(), self.keeper._keep)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.door.close()
        self.keeper.close()
        await asyncio.sleep(0.05)  # the loop lets go of the old sockets before new ones get their numbers


@pytest.fixture
async def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    """Allowed at a service in `cloud`, and running."""
    for name, value in {"MUTE_S": 2.0, "HELLO_S": 0.2, "BACKOFF_MAX_S": 0.5}.items():
        monkeypatch.setattr(module, name, value)
    state = tmp_path / "cloud"
    keys.own_keys(state)
    (state / "keys").chmod(0o700)
    state.chmod(0o700)
    made = Gateway(tmp_path / "edge", f"tcp://127.0.0.1:{free_port()}", state / "keys" / "service.key")
    keys.allow(state, "g1", made.keys.public.decode())
    task = asyncio.create_task(made.link.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    made.store.close()


async def test_all_that_was_signed_for_since_the_backup_comes_again_by_itself(gateway: Gateway, tmp_path: Path) -> None:
    first = Service(tmp_path / "cloud", gateway.link.address)
    gateway.tell(30)
    await until(gateway.box.settled, "what came before the backup")
    made, _ = backup.make(where(tmp_path / "cloud"), tmp_path / "nightly.tar.gz", now_ms())
    gateway.tell(20)
    await until(gateway.box.settled, "what came after the backup")
    await first.stop()
    shutil.rmtree(tmp_path / "cloud")

    restore.restore(where(tmp_path / "second"), made, SCHEMAS, now_ms(), force=False)
    assert books_of(tmp_path / "second") == (30, 30)
    second = Service(tmp_path / "second", gateway.link.address)
    gateway.tell(10)
    await until(lambda: movements(second) == 60 and gateway.box.settled(), "what the backup lacks")
    complete = second.keeper.ledger.proof.look()
    await second.stop()

    assert books_of(tmp_path / "second") == (60, 60)
    assert {lane: (first, last) for lane, first, last in gateway.box.asked} == {
        "events": (30, 49),
        "telemetry": (30, 49),
    }
    assert all(book.balanced for book in gateway.store.book().values())
    assert [(one.lane, one.complete, one.missing) for one in complete.lanes] == [
        ("events", True, 0),
        ("telemetry", True, 0),
    ]


def books_of(state: Path) -> tuple[int, int]:
    movements_held, samples, _ = books(state)
    return movements_held, samples


def movements(service: Service) -> int:
    return len(list(service.keeper.ledger.movements()))
