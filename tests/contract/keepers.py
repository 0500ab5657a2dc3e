"""A service's state for the tests of its keeping: filled as a service fills it, with batches that carry series."""

from __future__ import annotations

import time
from pathlib import Path

from cloud import keys, memory
from cloud.backup import Places, places
from cloud.stores.history import open_history
from cloud.stores.history_sqlite import SqliteHistory
from cloud.stores.ledger import Ledger, Received
from cloud.stores.people import Session
from protocols.reports import Report, encode
from tests import depot
from tests.depot import NOON_MS, stock, warmth

KEY = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
"""A public key from ZeroMQ's own documentation."""


class Keeper:
    """The stores of a state folder, as a service uses them."""

    def __init__(self, state: Path) -> None:
        self.state = state
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.ledger = Ledger(f"sqlite:///{state}/ledger.db")
        self.history = SqliteHistory(state / "history.db")
        self._seq = 0

    def apply(self, movements: int, at_ms: int = NOON_MS) -> None:
        """Movements in the lane of events, and as many samples of a thermometer in that of telemetry, the way a
        service applies them."""
        seqs = list(range(self._seq, self._seq + movements))
        self._seq += movements
        events = [encode(stock("A1", -1, 90, at_ms + seq)) for seq in seqs]
        series = [encode(warmth("thermo-1", seq / 10, at_ms + seq)) for seq in seqs]
        batches = [Received("g1", "events", seqs, events), Received("g1", "telemetry", seqs, series)]
        self.ledger.apply(batches, at_ms, self._keep)

    def close(self) -> None:
        self.history.close()
        self.ledger.close()

    def _keep(self, reports: list[Report]) -> None:
        self.history.append(memory.samples(reports))


def filled(state: Path, movements: int = 50) -> Places:
    """A state with movements, series, keys, a gateway, an account with a session, and a site file."""
    keeper = Keeper(state)
    keeper.apply(movements)
    keeper.ledger.people.keep_account("ada", "admin", "hash")
    keeper.ledger.people.keep_session(Session("token", "ada", "hash", NOON_MS), 10)
    keeper.close()
    keys.own_keys(state)
    keys.allow(state, "g1", KEY)
    (state / "keys").chmod(0o700)
    site = state.parent / "site.toml"
    site.write_text(depot.SITE_TEXT)
    return where(state)


def where(state: Path) -> Places:
    """Where a service with the usual options keeps what."""
    return places(state, "", "", state.parent / "site.toml")


def books(state: Path) -> tuple[int, int, list[int]]:
    """What a state's stores hold: movements, samples, and the numbers held of g1's lane of telemetry."""
    ledger, history = Ledger(f"sqlite:///{state}/ledger.db"), open_history(f"sqlite:///{state}/history.db")
    try:
        times, _ = history.read("thermo-1/1/temperature_c", 0, NOON_MS * 2)
        lane = ledger.lanes().get(("g1", "telemetry"))
        return len(list(ledger.movements())), len(times), lane.held.ranges[0] if lane is not None else []
    finally:
        history.close()
        ledger.close()


def now_ms() -> int:
    """The clock."""
    return time.time_ns() // 1_000_000
