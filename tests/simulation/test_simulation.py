"""Whatever goes wrong, nothing is lost and nothing counted twice; and a simulation that promises so can fail.

`make sim-many` runs many seeds; here are a few, and faults planted in the product, each of which must be found.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cloud.alerts import rules
from cloud.core import replenishment
from cloud.service import Service
from cloud.stores.database import Database
from cloud.stores.ledger import Applied, Received
from edge.core import series
from edge.core.forwarding import Forwarder
from edge.mqtt import Message
from edge.uplink import Uplink
from protocols.sequences import Sequence
from protocols.uplink import Batch, Receipt
from tests import house
from tests.simulation.broker import Session
from tests.simulation.faults import KINDS, plan
from tests.simulation.stage import simulate

HOUR_S = 3600.0
SEEDS_MAX = 6
"""A planted fault is found within so many seeds."""
Plant = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of outages are nothing to log here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_promise_is_kept_and_all_agree_in_the_end(seed: int) -> None:
    verdict = simulate(seed, faults_s=HOUR_S)

    assert not verdict.broken, f"{verdict.broken}; again: make sim SEED={seed}"
    assert verdict.figures["messages"] > 500


def test_a_seed_tells_the_same_story_whatever_the_order_of_hashes() -> None:
    def story(hash_seed: str) -> str:
        code = "from tests.simulation.stage import simulate; print('\\n'.join(simulate(5, faults_s=1800.0).lines))"
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        ran = subprocess.run([sys.executable, "-c", code], cwd=house.ROOT, env=env, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    one = story("1")
    assert len(one.splitlines()) > 500
    assert one == story("2")


def test_leaving_out_a_kind_of_fault_changes_no_other_one() -> None:
    everything = plan(7, HOUR_S)

    for kind in KINDS:
        assert plan(7, HOUR_S, frozenset({kind.name})) == [one for one in everything if one.kind != kind.name]


def test_a_broken_promise_names_the_seed_and_the_command_that_repeats_it() -> None:
    code = (
        "import sys; from protocols.sequences import Sequence; Sequence.add = lambda self, number: True\n"
        "from tests.simulation.__main__ import main\n"
        "sys.argv = ['simulation', '1', '--without', 'warm']; sys.exit(main())"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=house.ROOT, capture_output=True, text=True)

    assert ran.returncode == 1, ran.stderr
    assert "seed 1 broke a promise" in ran.stdout
    assert "make sim SEED=1 WITHOUT=warm" in ran.stdout


# Faults that are planted in the product, and the promise that each breaks.


def acknowledging_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    group = Session.group

    async def hasty(self: Session, size_max: int, linger_s: float) -> list[Message]:
        found = await group(self, size_max, linger_s)
        self.acknowledge(found)
        return found

    patch.setattr(Session, "group", hasty)


def signing_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    apply = Service.apply

    async def hasty(self: Service, received: list[Received]) -> list[Applied]:
        asyncio.get_running_loop().create_task(apply(self, received))
        return [Applied([], [], 0) for _ in received]

    patch.setattr(Service, "apply", hasty)


def taking_everything_for_new(patch: pytest.MonkeyPatch) -> None:
    add = Sequence.add

    def careless(self: Sequence, number: int) -> bool:
        add(self, number)
        return True

    patch.setattr(Sequence, "add", careless)


def settling_what_was_only_sent(patch: pytest.MonkeyPatch) -> None:
    say = Uplink._say

    async def careless(self: Uplink, socket: Any, frame: Any) -> None:
        await say(self, socket, frame)
        if isinstance(frame, Batch):
            await self._answer(Receipt(frame.id, frame.lane))

    patch.setattr(Uplink, "_say", careless)


def replaying_first(patch: pytest.MonkeyPatch) -> None:
    wanted = Forwarder.wanted

    def backward(self: Forwarder, next_seq: Any) -> Any:
        live_at, self.live_at = self.live_at, {lane: seq - 1 for lane, seq in next_seq.items()}
        old = wanted(self, next_seq)
        self.live_at = live_at
        return old or wanted(self, next_seq)

    patch.setattr(Forwarder, "wanted", backward)


def letting_a_replay_overwrite(patch: pytest.MonkeyPatch) -> None:
    many = Database.many
    patch.setattr(Database, "many", lambda self, *rows, newest_by=None: many(self, *rows))


def ordering_again_and_again(patch: pytest.MonkeyPatch) -> None:
    decide = replenishment.decide
    patch.setattr("cloud.core.ordering.decide", lambda _open, *told: decide(None, *told))


def keeping_no_samples_apart(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(series, "UNTIMED", frozenset())


def firing_at_once(patch: pytest.MonkeyPatch) -> None:
    delays = {name: one._replace(hold_ms=0) for name, one in rules.delays().items()}
    patch.setattr(rules, "delays", lambda: delays)


@pytest.mark.parametrize(
    ("plant", "promise"),
    [
        (acknowledging_before_the_commit, "what is acknowledged to the broker is kept"),
        (signing_before_the_commit, "only what the service holds is settled"),
        (taking_everything_for_new, "in peace all agree"),
        (settling_what_was_only_sent, "only what the service holds is settled"),
        (replaying_first, "what is new goes first"),
        (letting_a_replay_overwrite, "a replay never overwrites what is newer"),
        (ordering_again_and_again, "an SKU has one open need"),
        (keeping_no_samples_apart, "no sample hides another"),
        (firing_at_once, "no alert before its hold"),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_a_planted_fault_is_found(plant: Plant, promise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    for seed in range(1, SEEDS_MAX + 1):
        verdict = simulate(seed, faults_s=HOUR_S)
        if verdict.broken:
            break
    assert verdict.broken.startswith(promise)
    assert verdict.broken, f"{plant.__name__} was not found in {SEEDS_MAX} seeds"
