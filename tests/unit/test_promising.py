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
STOCK = [(CAME, 100)]
TIERS = [Tier("gold", "Gold"), Tier("silver", "Silver"), Tier("bronze", "Bronze")]
RANKS = ["gold", "silver", "bronze", ""]
PLAIN = Sku("bolt", "Bolt", 5.0)
KEPT = replace(PLAIN, protected={"gold": 5, "silver": 3})


def all_see(
    position: Position, sku: Sku, held: Sequence[Reservation] = (), came_ms: int = CAME, now_ms: int = NOW
) -> list[int]:
    return [free(position, sku, TIERS, held, tier, [(came_ms, 100)], now_ms) for tier in RANKS]


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


def seen(units: int, came: list[tuple[int, int]], now_ms: int, held: Sequence[Reservation] = ()) -> list[int]:
    sku = replace(KEPT, release_hours=48.0)
    return [free(Position(units), sku, TIERS, held, tier, came, now_ms) for tier in RANKS]


def test_what_comes_back_locks_no_more_than_itself() -> None:
    later = CAME + 60 * HOUR_MS
    assert seen(10, [(CAME, 10)], later) == [10, 10, 10, 10]
    assert seen(11, [(CAME, 10), (later, 1)], later) == [11, 10, 10, 10]
    assert seen(11, [(CAME, 10), (later, 1)], later + 48 * HOUR_MS) == [11, 11, 11, 11]
    # Gold has had all of its part of what came first: one that comes back is one for gold again, no more.
    had = [hold("gold", 8, "picked", CAME + 1)]
    assert seen(2, [(CAME, 10)], CAME + 2, had) == [2, 2, 2, 2]
    assert seen(3, [(CAME, 10), (CAME + 2, 1)], CAME + 3, had) == [3, 2, 2, 2]


def test_each_delivery_is_released_in_its_own_time() -> None:
    second = CAME + 40 * HOUR_MS
    came = [(CAME, 3), (second, 4)]
    assert seen(7, came, second) == [7, 2, 0, 0]
    assert seen(7, came, CAME + 48 * HOUR_MS) == [7, 3, 3, 3]
    assert seen(7, came, second + 48 * HOUR_MS) == [7, 7, 7, 7]


def test_what_gold_holds_of_another_sku_frees_nothing_of_this_one() -> None:
    assert all_see(Position(10), KEPT, [replace(hold("gold", 5), sku="nut")]) == [10, 5, 2, 2]


def test_after_the_release_everybody_sees_the_same() -> None:
    sku = replace(KEPT, release_hours=48.0)
    assert all_see(Position(10), sku, now_ms=CAME + 48 * HOUR_MS - 1) == [10, 5, 2, 2]
    assert all_see(Position(10), sku, now_ms=CAME + 48 * HOUR_MS) == [10, 10, 10, 10]


def test_without_release_hours_protection_never_ends() -> None:
    assert all_see(Position(10), KEPT, now_ms=NOW + 10_000 * HOUR_MS) == [10, 5, 2, 2]


def test_a_members_only_sku_is_not_there_for_anybody_behind_even_after_the_release() -> None:
    sku = replace(PLAIN, members_only="silver", release_hours=1.0)
    assert all_see(Position(10), sku, now_ms=NOW + 100 * HOUR_MS) == [10, 10, 0, 0]
    said = refused(reserve(Wanted("bolt", 1, "bronze"), Position(10), sku, TIERS, [], STOCK, NOW))
    assert (said.reason, "10" in said.detail) == ("members_only", False)


def test_a_debt_or_quarantined_goods_are_nothing_to_promise() -> None:
    assert all_see(Position(-3), KEPT) == [0, 0, 0, 0]
    assert all_see(Position(10, quarantined=9), PLAIN) == [1, 1, 1, 1]
    assert all_see(Position(10, reserved=12), PLAIN) == [0, 0, 0, 0]


def test_goods_on_order_are_not_promised_as_if_they_were_there() -> None:
    assert all_see(Position(1, on_order=50, in_transit=50), PLAIN) == [1, 1, 1, 1]


def test_who_comes_first_gets_the_last_ones_and_the_next_is_told_what_is_left() -> None:
    first = asked(reserve(Wanted("bolt", 4, "silver", "anna"), Position(10), KEPT, TIERS, [], STOCK, NOW))
    said = refused(reserve(Wanted("bolt", 2, "silver"), Position(10, reserved=4), KEPT, TIERS, [first], STOCK, NOW))
    assert said == Refusal(
        "not_enough", "1 of Bolt are free for Silver, 2 were asked for.", "Ask for 1 or fewer, or wait for a delivery."
    )


def test_the_same_key_again_is_the_same_reservation_whatever_became_of_it() -> None:
    wanted = Wanted("bolt", 4, "gold", "anna", key="k1")
    first = asked(reserve(wanted, Position(4), PLAIN, TIERS, [], STOCK, NOW))
    assert reserve(wanted, Position(4, reserved=4), PLAIN, TIERS, [first], STOCK, NOW + 9) is first
    given_back = asked(release(first, NOW + 10, "anna"))
    assert reserve(wanted, Position(4), PLAIN, TIERS, [given_back], STOCK, NOW + 11) is given_back
    part, _ = pick(first, 1)
    assert reserve(wanted, Position(3, reserved=3), PLAIN, TIERS, [part], STOCK, NOW + 12) is part


def test_a_key_that_comes_with_another_wish_is_refused() -> None:
    first = asked(reserve(Wanted("bolt", 4, key="k1"), Position(4), PLAIN, TIERS, [], STOCK, NOW))
    for other in (Wanted("bolt", 3, key="k1"), Wanted("bolt", 4, "gold", key="k1")):
        assert refused(reserve(other, Position(9), PLAIN, TIERS, [first], STOCK, NOW)).reason == "key_used"


def test_nonsense_is_refused_with_a_code_of_its_own() -> None:
    for wanted, reason in (
        (Wanted("nut", 1), "unknown_sku"),
        (Wanted("bolt", 0), "no_units"),
        (Wanted("bolt", -2), "no_units"),
        (Wanted("bolt", 1, "platinum"), "unknown_tier"),
        (Wanted("bolt", 1, until_ms=NOW), "too_late"),
    ):
        said = refused(reserve(wanted, Position(9), PLAIN, TIERS, [], STOCK, NOW))
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
    came: list[tuple[int, int]] = field(default_factory=list)
    left: list[int] = field(default_factory=lambda: [0] * len(TIERS))
    """What of the protection of the first tiers nobody has had, and of what came lately."""
    fresh: list[tuple[int, int]] = field(default_factory=list)
    made: list[Reservation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.come(CAME, max(0, self.on_hand))

    def come(self, at_ms: int, units: int) -> None:
        self.came.append((at_ms, units))
        self.fresh.append((at_ms, units))
        kept = [self.sku.protected.get(one.id, 0) for one in TIERS]
        self.left = [min(sum(kept[: at + 1]), one + units) for at, one in enumerate(self.left)]

    def release(self) -> None:
        while self.sku.release_hours and self.fresh:
            if self.now_ms < self.fresh[0][0] + self.sku.release_hours * HOUR_MS:
                break
            self.fresh.pop(0)
            self.left = [min(one, sum(units for _, units in self.fresh)) for one in self.left]

    def position(self) -> Position:
        return Position(self.on_hand, reserved(self.made, "bolt"), self.quarantined)

    def sees(self, tier: str) -> int:
        return free(self.position(), self.sku, TIERS, self.made, tier, self.came, self.now_ms)

    def kept(self, tiers: int) -> int:
        """What of the protection of the first tiers has not been had; told another way than `free` tells it."""
        self.release()
        held = [sum(one.units for one in self.made if (one.tier, one.state) == (tier.id, "held")) for tier in TIERS]
        return max([0, *(self.left[at] - sum(held[: at + 1]) for at in range(tiers))][: tiers + 1])


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
    shop.release()
    if what == "time":
        pass
    elif what == "delivery":
        before, shop.on_hand = max(0, shop.on_hand), shop.on_hand + units
        shop.come(shop.now_ms, max(0, shop.on_hand) - before)
    elif what == "reserve":
        until_ms = shop.now_ms + units * HOUR_MS if which % 2 else 0
        wanted = Wanted("bolt", units, tier, until_ms=until_ms)
        answer = reserve(wanted, shop.position(), shop.sku, TIERS, shop.made, shop.came, shop.now_ms)
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
            place = RANKS.index(parts[0].tier)
            shop.left[place:] = [max(0, one - parts[0].units) for one in shop.left[place:]]
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
        if shop.sku.release_hours and shop.now_ms >= shop.came[-1][0] + shop.sku.release_hours * HOUR_MS:
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
