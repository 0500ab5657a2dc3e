"""A service that forgot: whatever backup its ledger is from, greetings and sending again make it whole, once each."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.stores.ledger import Ledger, Received
from protocols.reports import Report, Thinned, encode
from protocols.uplink import Hello
from tests.contract.ledgers import apply
from tests.depot import NOON_MS, stock

ROUNDS_MAX = 4
steps = st.lists(st.sampled_from(["tell", "deliver", "repeat", "greet", "backup", "restore", "forget"]), max_size=25)


class Gateway:
    """What a gateway keeps of its lane of events: a report waits until it is signed for, and is kept a while longer."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.waits: set[int] = set()
        self.kept_from = 0
        self.gone: set[int] = set()

    def tell(self, *reports: Report) -> None:
        for one in reports:
            self.waits.add(len(self.reports))
            self.reports.append(one)

    def hello(self) -> Hello:
        number, unsigned = len(self.reports), min(self.waits, default=len(self.reports))
        kept = min(self.kept_from, unsigned)
        return Hello(2, "g1", "depot", {"events": number}, {"events": kept}, {"events": unsigned})

    def forget(self) -> None:
        """The oldest of what was signed for has to make room."""
        self.kept_from = max(self.kept_from, min(self.waits, default=len(self.reports)) - 5)

    def send_again(self, first: int, last: int) -> None:
        lost = [seq for seq in range(first, last + 1) if seq not in self.waits and seq < self.kept_from]
        self.waits |= set(range(first, last + 1)) - {*lost}
        if lost:
            self.gone |= {*lost}
            self.tell(Thinned(lost[0], lost[-1], 0, NOON_MS, "not_kept", "events"))

    def batch(self, seqs: list[int]) -> Received:
        return Received("g1", "events", seqs, [encode(self.reports[seq]) for seq in seqs])


def copied(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as db, closing(sqlite3.connect(target)) as copy:
        db.backup(copy)


@settings(max_examples=40, deadline=None)
@given(steps, st.randoms(use_true_random=False))
def test_a_ledger_from_any_backup_becomes_whole_again(told: list[str], chance: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here, aside = Path(folder) / "ledger.db", Path(folder) / "backup.db"
        ledger, gateway = Ledger(f"sqlite:///{here}"), Gateway()
        copied(here, aside)

        def deliver(share: float) -> None:
            seqs = sorted(seq for seq in gateway.waits if chance.random() < share)
            apply(ledger, gateway.batch(seqs))
            gateway.waits -= {*seqs}

        def greet() -> int:
            asked = ledger.missing("g1", gateway.hello()).get("events", ())
            for first, last in asked:
                gateway.send_again(first, last)
            return len(asked)

        for step in told:
            if step == "tell":
                gateway.tell(*(stock("A1", -1, number) for number in range(chance.randint(1, 8))))
            elif step == "deliver":
                deliver(0.6)
            elif step == "repeat" and gateway.reports:
                apply(ledger, gateway.batch([chance.randrange(gateway.kept_from, len(gateway.reports))] * 2))
            elif step == "greet":
                greet()
            elif step == "forget":
                gateway.forget()
            elif step == "backup":
                copied(here, aside)
            elif step == "restore":
                ledger.close()
                for path in Path(folder).glob("ledger.db*"):
                    path.unlink()
                copied(aside, here)
                ledger = Ledger(f"sqlite:///{here}")

        rounds = 0
        while greet() or gateway.waits:
            deliver(1.0)
            rounds += 1
            assert rounds <= ROUNDS_MAX

        proof = ledger.proof.look()
        with closing(sqlite3.connect(here)) as db:
            moved = [seq for (seq,) in db.execute("SELECT seq FROM movement ORDER BY seq")]
        ledger.close()
        stocks = {seq for seq, one in enumerate(gateway.reports) if not isinstance(one, Thinned)}
        assert proof.complete
        assert len(moved) == len({*moved})
        assert stocks - gateway.gone <= {*moved} <= stocks
