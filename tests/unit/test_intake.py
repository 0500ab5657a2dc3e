"""In which order batches are applied: what is new first, every gateway in turn, and nobody fills the room of others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloud.core import intake
from cloud.core.intake import BATCHES_MAX, BYTES_MAX, GROUP_REPORTS, Arrived, Intake
from protocols.uplink import Batch


def arrived(gateway: str, number: int, replay: bool = False, reports: int = 1000, size: int = 100) -> Arrived:
    return Arrived(b"r", gateway, Batch(number, "events", 0, replay, [*range(reports)], [b""] * reports), size)


def order(intake: Intake) -> list[list[tuple[str, int]]]:
    groups = []
    while group := intake.take():
        groups.append([(one.gateway, one.batch.id) for one in group])
    return groups


def test_what_is_new_comes_before_backlogs_which_go_on_all_the_same() -> None:
    waiting = Intake()
    for number in range(6):
        waiting.put(arrived("old", number, replay=True))
    for number in range(5):
        waiting.put(arrived("new", number))

    assert order(waiting) == [
        [("old", 0), ("new", 0), ("new", 1), ("new", 2)],
        [("old", 1), ("new", 3), ("new", 4), ("old", 2)],
        [("old", 3), ("old", 4), ("old", 5)],
    ]


def test_every_gateway_has_its_turn_however_much_another_one_sends() -> None:
    waiting = Intake()
    for number in range(BATCHES_MAX):
        waiting.put(arrived("loud", number))
    waiting.put(arrived("quiet", 0))

    assert ("quiet", 0) in order(waiting)[0][:2]


def test_a_gateway_has_no_more_than_its_room_and_takes_none_of_another_one() -> None:
    waiting = Intake()

    taken = [waiting.put(arrived("loud", number, replay=number % 2 == 0)) for number in range(BATCHES_MAX + 5)]

    assert taken == [True] * BATCHES_MAX + [False] * 5
    assert waiting.put(arrived("quiet", 0))


def test_batches_of_a_connection_that_is_over_are_forgotten() -> None:
    waiting = Intake()
    for number in range(4):
        waiting.put(arrived("gone", number, replay=number % 2 == 0))
    waiting.put(arrived("stays", 0, size=7))

    waiting.forget("gone")

    assert (len(waiting), waiting.bytes) == (1, 7)
    assert order(waiting) == [[("stays", 0)]]


def test_it_is_full_by_bytes_and_has_room_again_when_some_are_taken() -> None:
    waiting = Intake()
    waiting.put(arrived("a", 0, size=BYTES_MAX))
    assert waiting.full

    waiting.take()

    assert not waiting.full


PUTS = st.tuples(st.sampled_from(["a", "b", "c"]), st.booleans(), st.integers(0, 1000), st.booleans())


@given(st.lists(PUTS, max_size=60))
def test_every_batch_taken_in_is_given_out_once_and_in_the_order_of_its_gateway(
    puts: list[tuple[str, bool, int, bool]],
) -> None:
    waiting = Intake()
    taken: list[tuple[str, bool, int]] = []
    given_out: list[tuple[str, bool, int]] = []

    def give_out() -> list[Arrived]:
        group = waiting.take()
        given_out.extend((one.gateway, one.batch.replay, one.batch.id) for one in group)
        before_last = sum(len(one.batch.seqs) for one in group[:-1])
        assert before_last < GROUP_REPORTS
        assert len(group) <= intake.GROUP_BATCHES
        return group

    for number, (gateway, replay, reports, takes) in enumerate(puts):
        if waiting.put(arrived(gateway, number, replay, reports)):
            taken.append((gateway, replay, number))
        if takes:
            give_out()
    while give_out():
        pass

    assert sorted(given_out) == sorted(taken)
    for kind in {one[:2] for one in taken}:
        assert [one for one in given_out if one[:2] == kind] == [one for one in taken if one[:2] == kind]
    assert (len(waiting), waiting.bytes) == (0, 0)
