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
from sqlalchemy import Table

from cloud.alerts import rules
from cloud.core import lanes, ordering, replenishment
from cloud.core.demand import DailyDemand
from cloud.core.intake import Intake
from cloud.service import Service
from cloud.stores.applying import Folding, Word
from cloud.stores.database import Database
from cloud.stores.ledger import Applied, Received
from edge.core import alarms, series
from edge.core.care import health
from edge.core.forwarding import Forwarder
from edge.core.tagging.readers import Readers
from edge.packets import Message
from edge.uplink import Uplink
from protocols.sequences import Sequence
from protocols.uplink import Batch, Receipt
from tests import house
from tests.simulation.broker import Session
from tests.simulation.faults import KINDS, plan
from tests.simulation.stage import simulate

HOUR_S = 3600.0
DAY_MS = 86_400_000
SEEDS_MAX = 48
"""A planted fault is found within so many seeds."""
FOUND_BY = {
    "taking_everything_for_new": 2,
    "replaying_first": 2,
    "letting_a_replay_overwrite": 10,
    "storing_no_proposals": 5,
    "letting_a_replay_move_tags": 11,
    "ordering_amid_a_backlog": 3,
    "keeping_what_nobody_waits_for": 2,
}
"""The seed that found a fault when somebody last looked is tried first, so that nobody waits for the others."""
Plant = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of outages are nothing to log here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", [2, 3])
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
    def careless(self: Folding, about: str, name: str, word: Word) -> bool:
        self.words[about, name] = word
        return True

    patch.setattr(Folding, "_is_last", careless)


def ordering_again_and_again(patch: pytest.MonkeyPatch) -> None:
    decide = replenishment.decide
    patch.setattr("cloud.core.ordering.decide", lambda _open, *told: decide(None, *told))


def keeping_no_samples_apart(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(series, "UNTIMED", frozenset())


def firing_at_once(patch: pytest.MonkeyPatch) -> None:
    delays = {name: one._replace(hold_ms=0) for name, one in rules.delays().items()}
    patch.setattr(rules, "delays", lambda _tuning: delays)


def alarming_at_once(patch: pytest.MonkeyPatch) -> None:
    go_on = alarms._go_on

    def hasty(alarm: alarms.Open, *told: Any) -> Any:
        alarm.from_ms -= DAY_MS * (alarm.state == "pending")
        return go_on(alarm, *told)

    patch.setattr(alarms, "_go_on", hasty)


def losing_moves_of_tags(patch: pytest.MonkeyPatch) -> None:
    see = Readers.see
    patch.setattr(Readers, "see", lambda self, *said: see(self, *said)[:0])


def losing_all_samples_but_one_quantitys(patch: pytest.MonkeyPatch) -> None:
    due = series.due
    patch.setattr(series, "due", lambda *told: due(*told)[:1])


def hearing_twice(patch: pytest.MonkeyPatch) -> None:
    hear = health.hear

    def careless(*told: Any) -> health.Seen:
        hear(*told)
        return "new"

    patch.setattr(health, "hear", careless)


def storing_no(what: str) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        sort = Folding._sort

        def forgetful(self: Folding, *told: Any) -> list[int]:
            outdated = sort(self, *told)
            getattr(self, what).clear()
            return outdated

        patch.setattr(Folding, "_sort", forgetful)

    plant.__name__ = f"storing_no_{what}"
    return plant


def giving_up_one_more(patch: pytest.MonkeyPatch) -> None:
    give_up = lanes.give_up
    patch.setattr(lanes, "give_up", lambda state, first, last: give_up(state, first, last + 1))


def letting_a_replay_move_tags(patch: pytest.MonkeyPatch) -> None:
    many = Database.many

    def careless(self: Database, connection: Any, table: Table, *rows: Any, newest_by: str | None = None) -> None:
        many(self, connection, table, *rows, newest_by=None if table.name == "tag" else newest_by)

    patch.setattr(Database, "many", careless)


def letting_a_replay_overwrite_memory(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Applied, "reports", property(lambda self: [report for _, report in self.numbered]))


def counting_demand_twice(patch: pytest.MonkeyPatch) -> None:
    add = DailyDemand.add
    patch.setattr(DailyDemand, "add", lambda self, at_ms, delta: add(self, at_ms, 2 * delta))


def ordering_amid_a_backlog(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ordering.Change, "settled", lambda *_: True)


def asking_for_one_less(patch: pytest.MonkeyPatch) -> None:
    lost = lanes.lost

    def careless(state: lanes.LaneState, told: lanes.Told) -> Any:
        return lost(state, told._replace(unsigned_from=(told.unsigned_from or 1) - 1))

    patch.setattr(lanes, "lost", careless)


def keeping_what_nobody_waits_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Intake, "forget", lambda _intake, _gateway: None)


@pytest.mark.parametrize(
    ("plant", "promise"),
    [
        (acknowledging_before_the_commit, "what is acknowledged to the broker is kept"),
        (signing_before_the_commit, "only what the service holds is settled"),
        (taking_everything_for_new, "a message that comes twice counts once"),
        (settling_what_was_only_sent, "only what the service holds is settled"),
        (replaying_first, "what is new goes first"),
        (letting_a_replay_overwrite, "a replay never overwrites what is newer"),
        (ordering_again_and_again, "an SKU has one open need"),
        (keeping_no_samples_apart, "no sample hides another"),
        (firing_at_once, "no alert before its hold"),
        (alarming_at_once, "an alarm of the gateway's has held"),
        (losing_moves_of_tags, "every move of a tag is reported"),
        (losing_all_samples_but_one_quantitys, "each acknowledged sample is reported"),
        (hearing_twice, "a message that comes twice counts once"),
        (storing_no("tags"), "every move of a tag is held as last told"),
        (storing_no("devices"), "every health of a device is held as last told"),
        (storing_no("proposals"), "every proposal is held as last told"),
        (giving_up_one_more, "only what was given up is taken for lost"),
        (letting_a_replay_move_tags, "every move of a tag is held as last told"),
        (letting_a_replay_overwrite_memory, "what the service knows never goes back"),
        (counting_demand_twice, "what was taken is demand once"),
        (ordering_amid_a_backlog, "no order is decided amid a backlog"),
        (asking_for_one_less, "what was signed for and is lacking is asked for"),
        (keeping_what_nobody_waits_for, "nothing is kept for a connection that is over"),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_a_planted_fault_is_found(plant: Plant, promise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    for seed in (FOUND_BY.get(plant.__name__, 1), *range(1, SEEDS_MAX + 1)):
        verdict = simulate(seed, faults_s=HOUR_S)
        if verdict.broken.startswith(promise):
            return
    pytest.fail(f"{plant.__name__} was not found in {SEEDS_MAX} seeds; the last came to {verdict.broken!r}")
