"""One run of chaos: plan, faults, healing, the ledger check, and the figures of the table."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from pathlib import Path

from msgspec import Struct

from tests.bench.table import Figure
from tests.chaos import plant
from tests.chaos.audit import Account, audit, settle
from tests.chaos.director import Director
from tests.chaos.plan import PARTS, plan

LONG_KILLS = 12
"""A run of so many kills is long enough for a gateway that is alone to decide something."""
SERVING_S = {"gateway": 15.0, "service": 15.0, "broker": 15.0}
MOSQUITTO_SAVES_S = 5.0


class Outcome(Struct):
    """What was done, and what was found."""

    kills: int
    done: Counter[str]
    account: Account
    slowest_s: dict[str, float]
    settled_s: float
    disks: bool

    def told(self) -> str:
        """What was done, in words."""
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.done.items()))
        return counts if self.disks else f"{counts}; no disk was filled"


def chaos(folder: Path, which: str, seed: int, kills: int, keep: Path | None = None, progress: bool = True) -> Outcome:
    """Run it."""
    with plant.running(folder, which, seed) as system:
        try:
            fleet = system.begin()
            time.sleep(
                2 * MOSQUITTO_SAVES_S if which == "mosquitto" else 1.0
            )  # a session it has never saved is no session
            if kills >= LONG_KILLS:
                system.leave_alone()
            director = Director(system, fleet)
            director.run(plan(seed, kills, disks=bool(system.disks)), progress)
            director.heal()
            settled = settle(system, fleet)
            account = audit(system, fleet, settled)
            return Outcome(kills, director.done, account, system.slowest_s, settled.took_s, bool(system.disks))
        finally:
            if keep is not None:
                shutil.copytree(folder, keep, dirs_exist_ok=True)


def figures(outcome: Outcome) -> list[Figure]:
    """The table."""
    account, none = outcome.account, "none"
    plain = f"plain paho script: {account.plain_lost}"
    least = min(outcome.done[f"kill {part}"] for part in PARTS)
    looked = ", ".join(f"{count} {kind}" for kind, count in sorted(account.looked.items()))
    again = f"{account.redelivered} messages came again"
    broker = f"broker lost {account.broker_lost}"
    found = [
        Figure("kill -9", f"at least {outcome.kills}", outcome.done["kill"], outcome.kills, "kills", none, floor=True),
        Figure("of them the part spared most", "a third", least, outcome.kills // 3, "kills", none, floor=True),
        Figure("messages acknowledged", "some", account.acknowledged, 1, "messages", none, floor=True),
        Figure("acknowledged and lost", "0", account.lost, 0, "messages", plain),
        Figure("samples without a time, there twice", "0", account.doubled, 0, "samples", again),
        Figure("slots with a wrong count or sum", "0", account.slots_wrong, 0, "slots", none),
        Figure("tags that are elsewhere than told", "0", account.tags_wrong, 0, "tags", none),
        Figure("numbered by a gateway, not in the ledger", "0", account.untold, 0, "events", looked),
        Figure("movements that no gateway numbered", "0", account.made_up, 0, "movements", none),
        Figure(
            "climate samples lost, and not told",
            "0",
            account.samples_lost,
            0,
            "samples",
            f"{account.samples_told} told",
        ),
        Figure("climate samples made up", "0", account.samples_wrong, 0, "samples", none),
        Figure(
            "given up, and otherwise told", "0", account.given_up_wrong, 0, "reports", f"{account.thinned} given up"
        ),
        Figure("lost by the broker, and not told", "0", account.silent, 0, "messages", broker),
        Figure("reports still pending, or off the book", "0", abs(account.pending), 0, "reports", none),
        Figure("reports missing by completeness", "0", account.reports_missing, 0, "reports", none),
        Figure("alerts that did not fire just once", "0", account.alerts_wrong, 0, "alerts", none),
        Figure("needs that were not made just once", "0", account.needs_wrong, 0, "needs", none),
        Figure("processes with a traceback", "0", sum("traceback" in one for one in account.notes), 0, "parts", none),
        Figure("from healed to all settled", "at most 120", outcome.settled_s, 120, "s", none),
    ]
    for name, limit_s in SERVING_S.items():
        took_s = outcome.slowest_s.get(name, 0.0)
        found.append(
            Figure(f"from restart to serving, {name}, longest", f"at most {limit_s:.0f}", took_s, limit_s, "s", none)
        )
    return found
