"""The life of the one open need of an SKU: proposed or observed, revised, fulfilled, withdrawn."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.replenishment import BY_HAND, GATEWAY, Fate, Need, decide, snoozed
from protocols.reports import Proposal
from tests.unit.bolts import DEMAND, NOTHING, SKU, STEADY, daily, made


def test_a_discontinued_article_is_never_ordered_and_its_open_need_is_withdrawn() -> None:
    gone = replace(SKU, discontinued=True)
    need = decide(None, made(SKU, DEMAND, 5), 1)
    proposal = Proposal("bolt", "open", 48, 7, 10, 5)

    for sku, told in ((gone, DEMAND), (gone, None), (gone, NOTHING), (replace(gone, reorder_point=40), None)):
        found = made(sku, told, -3)
        assert (found.verdict, found.quantity) == ("discontinued", 0)
        assert decide(None, found, 2) is None
        assert decide(None, found, 2, proposal) is None
        after = decide(need, found, 2)
        assert after is not None
        assert after.state == "withdrawn"


def test_a_need_that_is_only_observed_is_proposed_to_nobody_until_the_site_says_so() -> None:
    seen = decide(None, made(replace(SKU, replenish="observe"), DEMAND, 5), 1)
    assert seen is not None
    assert (seen.state, seen.why["replenish"]) == ("observed", "observe")

    told = decide(seen, made(SKU, DEMAND, 5), 2)
    assert told is not None
    assert (told.state, told.created_ms, told.quantity) == ("proposed", 1, seen.quantity)
    assert decide(told, made(SKU, DEMAND, 5), 3) is None
    done = decide(seen, made(replace(SKU, replenish="observe"), DEMAND, 500), 3)
    assert done is not None
    assert done.state == "fulfilled"
    ordering = decide(None, made(replace(SKU, replenish="order"), DEMAND, 5), 1)
    assert ordering is not None
    assert (ordering.state, ordering.why["replenish"]) == ("proposed", "order")


def test_an_open_need_is_revised_once_another_lot_is_wanted_and_keeps_its_id() -> None:
    need = decide(None, made(STEADY, None, 20), 1)
    assert need is not None
    need = replace(need, id=7)
    assert need.quantity == 50

    assert decide(need, made(STEADY, None, 3), 2) is None, "one lot still brings it above the point"
    more = decide(need, made(STEADY, None, -40), 3)
    assert more is not None
    assert (more.id, more.state, more.quantity, more.created_ms, more.changed_ms) == (7, "proposed", 100, 1, 3)
    assert (more.why["on_hand"], more.why["quantity"], more.why["revised"]) == (-40, 100, 1)
    assert (need.why["decided_ms"], more.why["decided_ms"]) == (1, 3)
    assert snoozed(more, 100, "li", "later", 50).why["decided_ms"] == 3
    assert decide(more, made(STEADY, None, -40), 4) is None
    less = decide(more, made(STEADY, None, 10), 5)
    assert less is not None
    assert (less.id, less.quantity, less.why["revised"]) == (7, 50, 2)


@pytest.mark.parametrize(
    ("fate", "state"), [("free", "proposed"), ("draft", None), ("placed", "fulfilled"), ("cancelled", "withdrawn")]
)
def test_a_need_that_is_on_an_order_is_no_longer_revised(fate: Fate, state: str | None) -> None:
    need = decide(None, made(STEADY, None, 20), 1)

    after = decide(need, made(STEADY, None, -40), 2, fate=fate)

    assert (after.state if after is not None else None) == state


def test_received_stock_fulfils_a_need() -> None:
    need = decide(None, made(SKU, DEMAND, 5), 1)

    after = decide(need, made(SKU, DEMAND, 500), 2)

    assert after is not None
    assert (after.state, after.changed_ms, after.created_ms) == ("fulfilled", 2, 1)


def test_a_need_whose_reason_went_is_withdrawn() -> None:
    need = decide(None, made(SKU, DEMAND, 5), 1)

    fell = decide(need, made(SKU, daily(0.2, 0.4), 5), 2)
    ended = decide(need, made(SKU, NOTHING, 5), 2)

    assert fell is not None
    assert ended is not None
    assert (fell.state, ended.state) == ("withdrawn", "withdrawn")


def test_an_unknown_stock_neither_opens_nor_closes_a_need() -> None:
    need = decide(None, made(SKU, DEMAND, 5), 1)

    assert decide(need, made(SKU, DEMAND, 500, uncertain=1), 2) is None
    assert decide(need, made(SKU, None, 500), 2) is None


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-3, 120), st.integers(0, 60), st.sampled_from((0.0, 0.3, 5.0, 6.0, 19.0))), max_size=12
    ),
)
def test_deciding_again_and_again_is_deciding_once(moments: list[tuple[int, int, float]]) -> None:
    def run(times: int) -> list[Need]:
        stored: dict[int, Need] = {}
        open_need: Need | None = None
        for now_ms, (on_hand, on_order, mean) in enumerate(moments):
            for _ in range(times):
                after = decide(open_need, made(SKU, daily(mean, mean), on_hand, on_order), now_ms)
                if after is None:
                    continue
                open_need = after if after.id else replace(after, id=len(stored) + 1)
                stored[open_need.id] = open_need
                if open_need.state != "proposed":
                    open_need = None
                assert sum(need.state == "proposed" for need in stored.values()) <= 1
        return list(stored.values())

    assert run(3) == run(1)


def test_a_gateways_proposal_is_the_need_as_it_stands_unless_none_is_wanted() -> None:
    proposal = Proposal("bolt", "open", 48, 7, 10, 5)

    need = decide(None, made(SKU, None, 7, uncertain=1), 9, proposal)
    assert need is not None
    assert decide(None, made(SKU, None, 500, uncertain=1), 9, proposal) is None, "it was last known to be full"
    assert (need.quantity, need.created_ms, need.why["formula"], need.why["position"]) == (48, 9, GATEWAY, 7)
    assert decide(None, made(SKU, DEMAND, 500), 9, proposal) is None
    assert decide(None, made(SKU, None, 500), 9, replace(proposal, state="closed")) is None
    assert decide(need, made(SKU, None, 5), 10, proposal) is None
    done = decide(need, made(SKU, None, 11), 11)
    assert done is not None
    assert done.state == "fulfilled"


def test_a_gateways_proposal_that_does_not_know_what_was_ordered_meanwhile_is_put_right() -> None:
    """It saw 0 on the shelf and proposes 100; 50 are on their way."""
    proposal = Proposal("bolt", "open", 100, 0, 60, 5)
    sku = replace(STEADY, reorder_point=60)

    need = decide(None, made(sku, None, 0, on_order=50), 9, proposal)

    assert need is not None
    assert (need.quantity, need.why["gateway_quantity"], need.why["formula"]) == (50, 100, BY_HAND)
    assert need.why["proposed_ms"] == 5
    assert decide(None, made(sku, None, 0, on_order=61), 9, proposal) is None
