"""Reservations by customer tier: who may have how much of what is there, and how a promise ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.promising.free import HOUR_MS, Wanted, free, reserve
from cloud.core.promising.reservations import Reservation, expire, picked, release, reserved
from cloud.core.refusals import Refusal
from protocols.layout import Sku
from protocols.trade import Tier

NOW = 1_763_762_400_000
CAME = NOW - HOUR_MS
TIERS = [Tier("gold", "Gold"), Tier("silver", "Silver"), Tier("bronze", "Bronze")]
RANKS = ["gold", "silver", "bronze", ""]
PLAIN = Sku("bolt", "Bolt", 5.0)
KEPT = replace(PLAIN, protected={"gold": 5, "silver": 3})


def all_see(
    position: Position, sku: Sku, held: Sequence[Reservation] = (), came_ms: int = CAME, now_ms: int = NOW
) -> list[int]:
    return [free(position, sku, TIERS, held, tier, came_ms, now_ms) for tier in RANKS]


def hold(tier: str, units: int, state: str = "held", changed_ms: int = NOW) -> Reservation:
    return Reservation("bolt", units, tier, "c1", changed_ms, 0, state, changed_ms)  # type: ignore[arg-type]


def asked(answer: Reservation | Refusal) -> Reservation:
    assert isinstance(answer, Reservation), answer
    return answer


def refused(answer: object) -> Refusal:
    assert isinstance(answer, Refusal), answer
    return answer


def test_the_first_tier_sees_all_and_each_later_one_less_by_what_is_protected() -> None:
    assert all_see(Position(10), KEPT) == [10, 5, 2, 2]
    assert all_see(Position(6), KEPT) == [6, 1, 0, 0]


def test_what_gold_holds_is_no_longer_protected_from_the_others() -> None:
    assert all_see(Position(10, reserved=4), KEPT, [hold("gold", 4)]) == [6, 5, 2, 2]
    # Gold took more than its own protection: the rest comes out of what silver and gold share.
    assert all_see(Position(10, reserved=7), KEPT, [hold("gold", 7)]) == [3, 3, 2, 2]


def test_what_silver_holds_shrinks_silvers_protection_but_never_golds() -> None:
    assert all_see(Position(10, reserved=3), KEPT, [hold("silver", 3)]) == [7, 2, 2, 2]
    assert all_see(Position(10, reserved=5), KEPT, [hold("silver", 5)]) == [5, 0, 0, 0]


def test_what_gold_has_picked_of_a_delivery_is_not_protected_for_it_again_until_the_next() -> None:
    taken = [hold("gold", 5, "picked", NOW)]
    assert all_see(Position(5), KEPT, taken) == [5, 5, 2, 2]
    assert all_see(Position(5), KEPT, taken, came_ms=NOW + 1, now_ms=NOW + 2) == [5, 0, 0, 0]


def test_where_nobody_knows_when_stock_came_what_was_picked_once_counts_for_nothing() -> None:
    assert all_see(Position(10), KEPT, [hold("gold", 5, "picked", NOW)], came_ms=0) == [10, 5, 2, 2]


def test_what_gold_holds_of_another_sku_frees_nothing_of_this_one() -> None:
    assert all_see(Position(10), KEPT, [replace(hold("gold", 5), sku="nut")]) == [10, 5, 2, 2]


def test_after_the_release_everybody_sees_the_same() -> None:
    sku = replace(KEPT, release_hours=48.0)
    assert all_see(Position(10), sku, now_ms=CAME + 48 * HOUR_MS - 1) == [10, 5, 2, 2]
    assert all_see(Position(10), sku, now_ms=CAME + 48 * HOUR_MS) == [10, 10, 10, 10]


def test_without_release_hours_or_a_known_delivery_protection_never_ends() -> None:
    assert all_see(Position(10), KEPT, now_ms=NOW + 10_000 * HOUR_MS) == [10, 5, 2, 2]
    sku = replace(KEPT, release_hours=48.0)
    assert all_see(Position(10), sku, came_ms=0, now_ms=NOW + 10_000 * HOUR_MS) == [10, 5, 2, 2]


def test_a_members_only_sku_is_not_there_for_anybody_behind_even_after_the_release() -> None:
    sku = replace(PLAIN, members_only="silver", release_hours=1.0)
    assert all_see(Position(10), sku, now_ms=NOW + 100 * HOUR_MS) == [10, 10, 0, 0]
    said = refused(reserve(Wanted("bolt", 1, "bronze"), Position(10), sku, TIERS, [], CAME, NOW))
    assert (said.reason, "10" in said.detail) == ("members_only", False)


def test_a_debt_or_quarantined_goods_are_nothing_to_promise() -> None:
    assert all_see(Position(-3), KEPT) == [0, 0, 0, 0]
    assert all_see(Position(10, quarantined=9), PLAIN) == [1, 1, 1, 1]
    assert all_see(Position(10, reserved=12), PLAIN) == [0, 0, 0, 0]


def test_goods_on_order_are_not_promised_as_if_they_were_there() -> None:
    assert all_see(Position(1, on_order=50, in_transit=50), PLAIN) == [1, 1, 1, 1]


def test_who_comes_first_gets_the_last_ones_and_the_next_is_told_what_is_left() -> None:
    first = asked(reserve(Wanted("bolt", 4, "silver", "anna"), Position(10), KEPT, TIERS, [], CAME, NOW))
    said = refused(reserve(Wanted("bolt", 2, "silver"), Position(10, reserved=4), KEPT, TIERS, [first], CAME, NOW))
    assert said == Refusal(
        "not_enough", "1 of Bolt are free for Silver, 2 were asked for.", "Ask for 1 or fewer, or wait for a delivery."
    )


def test_the_same_key_again_is_the_same_reservation_whatever_became_of_it() -> None:
    wanted = Wanted("bolt", 4, "gold", "anna", key="k1")
    first = asked(reserve(wanted, Position(4), PLAIN, TIERS, [], CAME, NOW))
    assert reserve(wanted, Position(4, reserved=4), PLAIN, TIERS, [first], CAME, NOW + 9) is first
    given_back = asked(release(first, NOW + 10, "anna"))
    assert reserve(wanted, Position(4), PLAIN, TIERS, [given_back], CAME, NOW + 11) is given_back
    part, _ = pick(first, 1)
    assert reserve(wanted, Position(3, reserved=3), PLAIN, TIERS, [part], CAME, NOW + 12) is part


def test_a_key_that_comes_with_another_wish_is_refused() -> None:
    first = asked(reserve(Wanted("bolt", 4, key="k1"), Position(4), PLAIN, TIERS, [], CAME, NOW))
    for other in (Wanted("bolt", 3, key="k1"), Wanted("bolt", 4, "gold", key="k1")):
        assert refused(reserve(other, Position(9), PLAIN, TIERS, [first], CAME, NOW)).reason == "key_used"


def test_nonsense_is_refused_with_a_code_of_its_own() -> None:
    for wanted, reason in (
        (Wanted("nut", 1), "unknown_sku"),
        (Wanted("bolt", 0), "no_units"),
        (Wanted("bolt", -2), "no_units"),
        (Wanted("bolt", 1, "platinum"), "unknown_tier"),
        (Wanted("bolt", 1, until_ms=NOW), "too_late"),
    ):
        said = refused(reserve(wanted, Position(9), PLAIN, TIERS, [], CAME, NOW))
        assert (said.reason, said.detail[-1], said.hint[-1]) == (reason, ".", "."), said


def pick(one: Reservation, units: int) -> tuple[Reservation, ...]:
    answer = picked(one, units, NOW + 20, "bo")
    assert isinstance(answer, tuple), answer
    return answer


def test_a_reservation_picked_in_parts_keeps_the_rest_promised() -> None:
    whole = replace(hold("gold", 5), id=7, key="k")
    part, rest = pick(whole, 2)
    assert (part.units, part.state, part.id, part.key) == (2, "picked", 7, "k")
    assert (rest.units, rest.state, rest.id, rest.key) == (3, "held", 0, "")
    assert reserved([part, rest], "bolt") == 3


def test_more_than_is_reserved_can_not_be_picked_of_it() -> None:
    for units in (0, -1, 6):
        assert refused(picked(hold("gold", 5), units, NOW, "bo")).reason == "not_so_many"


def test_ending_a_reservation_twice_changes_nothing_and_in_two_ways_is_refused() -> None:
    one = hold("gold", 5)
    gone = asked(release(one, NOW + 1, "bo"))
    assert release(gone, NOW + 2, "cy") is gone
    assert refused(picked(gone, 5, NOW + 2, "cy")).reason == "reservation_over"
    (done,) = pick(one, 5)
    assert pick(done, 5) == (done,)
    assert refused(release(done, NOW + 30, "cy")).reason == "reservation_over"


def test_a_reservation_ends_at_its_time_however_late_that_is_seen() -> None:
    one, endless = replace(hold("", 5), until_ms=NOW + 10), hold("", 2)
    assert expire([one, endless], NOW + 9) == []
    assert expire([one, endless], NOW + 10) == expire([one], NOW + 999)
    assert expire([one, endless], NOW + 999) == [replace(one, state="expired", changed_ms=NOW + 10)]
    assert expire(expire([one], NOW + 999), NOW + 9_999) == []


# --- any course of things -------------------------------------------------------------------------------------------


@dataclass
class Shop:
    """A site that holds one SKU, with the shell's part played."""

    sku: Sku
    on_hand: int
    quarantined: int
    now_ms: int = NOW
    came_ms: int = CAME
    made: list[Reservation] = field(default_factory=list)

    def position(self) -> Position:
        return Position(self.on_hand, reserved(self.made, "bolt"), self.quarantined)

    def sees(self, tier: str) -> int:
        return free(self.position(), self.sku, TIERS, self.made, tier, self.came_ms, self.now_ms)

    def kept(self, tiers: int) -> int:
        """What of the protection of the first tiers has not been had; told another way than `free` tells it."""
        if self.sku.release_hours and self.now_ms >= self.came_ms + self.sku.release_hours * HOUR_MS:
            return 0
        left = [self.sku.protected.get(one.id, 0) for one in TIERS]
        for tier in range(len(TIERS)):
            had = sum(
                one.units
                for one in self.made
                if one.tier == TIERS[tier].id
                and (one.state == "held" or (one.state == "picked" and one.changed_ms >= self.came_ms))
            )
            for at in range(tier, len(TIERS)):  # own protection first, then that of those behind
                used = min(had, left[at])
                left[at], had = left[at] - used, had - used
        return sum(left[:tiers])


SHOPS = st.builds(
    Shop,
    st.builds(
        lambda protected, hours, members: replace(
            PLAIN, protected={k: v for k, v in protected.items() if v}, release_hours=hours, members_only=members
        ),
        st.fixed_dictionaries({one.id: st.integers(0, 8) for one in TIERS}),
        st.sampled_from([0.0, 5.0]),
        st.sampled_from(["", "", "silver"]),
    ),
    st.integers(-2, 25),
    st.integers(0, 3),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "reserve", "reserve", "pick", "release", "time", "delivery"]),
        st.sampled_from(RANKS),
        st.integers(1, 8),
        st.integers(0, 30),
    ),
    max_size=25,
)


def step(shop: Shop, what: str, tier: str, units: int, which: int) -> Reservation | None:
    shop.now_ms += 60_000
    if what == "time":
        shop.now_ms += units * HOUR_MS
    elif what == "delivery":
        shop.on_hand, shop.came_ms = shop.on_hand + units, shop.now_ms
    elif what == "reserve":
        until_ms = shop.now_ms + units * HOUR_MS if which % 2 else 0
        wanted = Wanted("bolt", units, tier, until_ms=until_ms)
        answer = reserve(wanted, shop.position(), shop.sku, TIERS, shop.made, shop.came_ms, shop.now_ms)
        if isinstance(answer, Reservation):
            shop.made.append(answer)
            return answer
    elif shop.made:
        at = which % len(shop.made)
        if what == "release":
            after = release(shop.made[at], shop.now_ms, "bo")
            shop.made[at] = shop.made[at] if isinstance(after, Refusal) else after
        elif shop.made[at].state == "held":
            parts = picked(shop.made[at], min(units, shop.made[at].units), shop.now_ms, "bo")
            assert isinstance(parts, tuple)
            shop.made[at : at + 1] = parts
            shop.on_hand -= parts[0].units
    shop.made = [next(iter(expire([one], shop.now_ms)), one) for one in shop.made]
    return None


@given(SHOPS, STEPS)
@settings(max_examples=300, deadline=None)
def test_nobody_gets_more_than_is_there_or_what_is_kept_for_those_before_them(
    shop: Shop, steps: list[tuple[str, str, int, int]]
) -> None:
    for what, tier, units, which in steps:
        seen = {one: shop.sees(one) for one in RANKS}
        available, kept = shop.position().available, [shop.kept(one) for one in range(4)]
        made = step(shop, what, tier, units, which)
        if made is None:
            continue
        assert made.units <= seen[tier] <= max(0, available)
        assert shop.position().available >= 0
        for before in range(RANKS.index(tier) + 1):
            # What of it can be had, as far as there are units at all, is the same afterwards.
            now = min(shop.kept(before), shop.position().available)
            assert now >= min(kept[before], available)


@given(SHOPS, STEPS)
@settings(max_examples=300, deadline=None)
def test_what_a_tier_sees_falls_with_its_rank_and_is_never_more_than_is_there(
    shop: Shop, steps: list[tuple[str, str, int, int]]
) -> None:
    for one in steps:
        step(shop, *one)
        seen = [shop.sees(tier) for tier in RANKS]
        there = max(0, shop.position().available)
        assert seen == sorted(seen, reverse=True)
        assert all(0 <= units <= there for units in seen)
        allowed = RANKS.index(shop.sku.members_only) + 1 if shop.sku.members_only else len(RANKS)
        assert not any(seen[allowed:])
        # The formula of the maximum says the same as handing the protection out unit by unit.
        assert seen[:allowed] == [max(0, there - shop.kept(rank)) for rank in range(allowed)]
        if shop.sku.release_hours and shop.now_ms >= shop.came_ms + shop.sku.release_hours * HOUR_MS:
            assert set(seen[:allowed]) == {there}


@given(SHOPS, STEPS, st.integers(0, 30), st.integers(1, 8))
@settings(max_examples=150, deadline=None)
def test_fetching_what_was_promised_changes_nobodys_share(
    shop: Shop, steps: list[tuple[str, str, int, int]], which: int, units: int
) -> None:
    for one in steps:
        step(shop, *one)
    before = [shop.sees(tier) for tier in RANKS]
    now_ms = shop.now_ms
    step(shop, "pick", "", units, which)
    shop.now_ms = now_ms
    if all(one.until_ms == 0 or one.until_ms > now_ms + 60_000 for one in shop.made if one.state != "picked"):
        assert [shop.sees(tier) for tier in RANKS] == before
