"""A Sequence is a set of numbers in little room; what it had to give up it says."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from protocols.sequences import Sequence

NUMBERS = st.lists(st.integers(0, 60), max_size=120)


@given(NUMBERS)
def test_without_the_limit_it_is_a_set(numbers: list[int]) -> None:
    held, plain = Sequence(), set[int]()

    for number in numbers:
        assert held.add(number) is (number not in plain)
        plain.add(number)

    assert {n for n in range(-1, 62) if held.holds(n)} == plain
    assert held.top == max(plain, default=-1)
    assert held.missing() == (max(plain) - min(plain) + 1 - len(plain) if plain else 0)
    assert held.forgotten == 0


@given(NUMBERS)
def test_its_ranges_stay_sorted_and_apart(numbers: list[int]) -> None:
    held = Sequence(limit=4)

    for number in numbers:
        held.add(number)

        assert len(held.ranges) <= 4
        assert all(first <= last for first, last in held.ranges)
        assert all(before[1] + 1 < after[0] for before, after in zip(held.ranges, held.ranges[1:], strict=False))


@given(NUMBERS, st.integers(1, 5))
def test_at_the_limit_it_gives_up_numbers_visibly(numbers: list[int], limit: int) -> None:
    held, plain, refused = Sequence(limit=limit), set[int](), set[int]()

    for number in numbers:
        was_new = number not in plain
        if held.add(number):
            assert was_new, "never the same number twice"
            plain.add(number)
        elif was_new:
            refused.add(number)

    # Every number is held, not yet come, or was given up and is counted as such.
    assert all(held.holds(number) for number in plain | refused)
    given_up = {n for n in range(61) if held.holds(n)} - plain
    assert refused <= given_up
    assert held.forgotten == len(given_up)
    if plain:
        assert held.missing() == held.top - min(plain) + 1 - len(plain)


@given(NUMBERS, NUMBERS)
def test_it_goes_on_after_a_restart_as_if_there_had_been_none(before: list[int], after: list[int]) -> None:
    held = Sequence(limit=5)
    for number in before:
        held.add(number)

    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(held), type=Sequence)

    assert [restored.add(number) for number in after] == [held.add(number) for number in after]
    assert restored == held
