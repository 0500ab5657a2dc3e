"""A key is one thing for ever: told again it changes nothing, with another content it is refused, in two sentences."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.purchasing.acting import Action, act
from cloud.core.purchasing.keys import back_of, digest, made_before, noted
from cloud.core.purchasing.orders import Line, Order, draft
from cloud.core.purchasing.steps import What
from cloud.core.refusals import Refusal
from protocols.trade import Buying

T0 = 1_763_762_400_000
BUYING = Buying(buyer_limit=1e6, admin_limit=1e6)


def sent() -> Order:
    made = draft("acme", [Line("bolt", 100, 2.0), Line("nut", 50, 1.0)], "kim", T0)
    assert isinstance(made, Order)
    return replace(made, id=3, state="sent", sent_ms=T0)


def done(order: Order, action: Action, **what: Any) -> Order | Refusal:
    return act(order, action, "kim", "admin", T0, BUYING, **what)


FIRST: dict[str, Any] = {"units": {"bolt": 30, "nut": 5}, "note": "on a pallet", "key": "DN-1"}
OTHERS: list[dict[str, Any]] = [
    {"units": {"bolt": 31, "nut": 5}},
    {"units": {"bolt": 30}},
    {"units": {"bolt": 30, "nut": 5, "tape": 1}},
    {"rejected": {"bolt": 1}, "note": "torn"},
    {"note": "on two pallets"},
    {"lots": {"bolt": ("L1", "")}},
    {"lots": {"bolt": ("", "2027-01-31")}},
    {"dues": {"bolt": T0}},
]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("action", ["receive", "ship"])
def test_another_content_under_the_same_key_is_refused_with_what_to_do(action: Action, other: dict[str, Any]) -> None:
    order = done(sent(), action, **FIRST)
    assert isinstance(order, Order)

    refusal = done(order, action, **{**FIRST, **other})

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "key_used"
    assert refusal.detail == (
        f"{'Delivery' if action == 'receive' else 'Dispatch'} 'DN-1' is in order 3 already, with something else."
    )
    assert "a number of its own" in refusal.hint


@pytest.mark.parametrize(
    "same",
    [
        {},
        {"units": {"nut": 5, "bolt": 30}},
        {"units": {"bolt": 30, "nut": 5}, "rejected": {"bolt": 0}},
        {"anyway": True},
        {"lots": {"bolt": ("", "")}},
    ],
)
def test_the_same_content_in_other_words_changes_nothing(same: dict[str, Any]) -> None:
    order = done(sent(), "receive", **FIRST)
    assert isinstance(order, Order)
    assert done(order, "receive", **{**FIRST, **same}) is order
    closed = done(order, "close", note="enough")
    assert isinstance(closed, Order)
    assert done(closed, "receive", **FIRST) is closed


def test_a_dispatch_and_a_delivery_may_have_one_number() -> None:
    order = done(sent(), "ship", **FIRST)
    assert isinstance(order, Order)
    order = done(order, "receive", units={"bolt": 7}, key="DN-1")
    assert isinstance(order, Order)
    assert (order.lines[0].shipped, order.lines[0].received) == (30, 7)


def test_an_order_that_was_kept_before_loads_and_takes_its_keys_for_the_same() -> None:
    body = msgspec.to_builtins(replace(sent(), keys=["receive:DN-1"]))
    del body["said"]

    order = msgspec.convert(body, Order)

    assert done(order, "receive", **FIRST) is order
    after = done(order, "receive", **{**FIRST, "key": "DN-2"})
    assert isinstance(after, Order)
    assert (after.keys, [*after.said]) == (["receive:DN-1", "receive:DN-2"], ["receive:DN-2"])


def test_the_number_of_what_was_taken_back_does_not_come_again() -> None:
    order = done(sent(), "receive", **FIRST)
    assert isinstance(order, Order)
    order = replace(order, keys=[*order.keys, back_of("bolt", "DN-1")])

    refusal = done(order, "receive", **FIRST)

    assert refusal == Refusal(
        "key_used",
        "What delivery 'DN-1' brought of bolt was taken back of order 3.",
        "Tell what came under a number of its own, such as 'DN-1-2'.",
    )


def test_what_was_made_with_a_key_is_found_among_others() -> None:
    said = digest({"bolt": 5})
    first = noted(replace(sent(), id=4), "plan", "k", said)
    orders = [sent(), first]

    assert made_before(orders, "plan", "k", said) is first
    assert made_before(orders, "draft", "k", said) is None
    assert made_before(orders, "plan", "", said) is None
    refusal = made_before(orders, "plan", "k", digest({"bolt": 6}))
    assert isinstance(refusal, Refusal)
    assert refusal.detail == "Plan 'k' is in order 4 already, with something else."


UNITS = st.dictionaries(st.sampled_from(["bolt", "nut", "tape"]), st.integers(0, 9))
SAID = st.builds(What, units=UNITS, rejected=UNITS, note=st.sampled_from(["", "torn"]), anyway=st.booleans())


@given(SAID, SAID)
def test_two_that_say_the_same_are_the_same_and_no_others(one: What, other: What) -> None:
    def plain(what: What) -> object:
        return [{sku: n for sku, n in of.items() if n} for of in (what.units, what.rejected)], what.note

    assert (one.said == other.said) == (plain(one) == plain(other))
