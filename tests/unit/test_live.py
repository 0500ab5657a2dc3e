"""The live stream without sockets: numbering, the ring, cursors, heartbeats, limits."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from contextlib import ExitStack

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.view import Delta, SlotView, Snapshot
from cloud.web.live import Full, Live
from tests.desk import NOON_MS, amended, recount, snapshot


class Page:
    """What a page does with frames: takes a snapshot whole, a delta only if it is the next."""

    def __init__(self) -> None:
        self.q: int | None = None
        self.slots: dict[str, SlotView] = {}
        self.snapshots = 0

    def take(self, frame: bytes) -> None:
        seen = msgspec.json.decode(frame, type=Snapshot | Delta)
        if isinstance(seen, Snapshot):
            self.snapshots += 1
            self.slots = {one.id: one for one in seen.slots}
        else:
            assert self.q is not None
            assert seen.q == self.q + 1
            self.slots = {one.id: one for one in amended(list(self.slots.values()), seen.slots)}
        self.q = seen.q


def drain(live: Live, page: Page) -> None:
    while (found := live.after(page.q)) is not None:
        frame, q = found
        page.take(frame)
        assert page.q == q


def test_a_new_client_gets_the_snapshot_and_then_deltas() -> None:
    live, page = Live(snapshot()), Page()
    drain(live, page)

    live.publish(recount(live.current, 1, 9))
    drain(live, page)

    assert page.snapshots == 1
    assert page.slots["A01"].count == 9
    assert page.q == 1


def test_a_delta_holds_what_changed_and_nothing_else() -> None:
    live = Live(snapshot())

    live.publish(recount(live.current, 1, 9))
    frame, _ = live.after(0) or (b"", 0)

    change = msgspec.json.decode(frame)
    assert set(change) == {"k", "q", "t", "slots"}
    assert [one["id"] for one in change["slots"]] == ["A01"]


def test_numbers_and_epoch_are_the_streams_own() -> None:
    live = Live(snapshot())

    live.publish(msgspec.structs.replace(snapshot(), epoch="other", q=99))

    assert (live.current.epoch, live.current.q) == ("epoch-1", 1)


def test_who_has_fallen_out_of_the_ring_gets_one_snapshot() -> None:
    live, near, far = Live(snapshot(), ring_length=3), Page(), Page()
    drain(live, far)
    for count in range(4):
        live.publish(recount(live.current, 0, count))
        if count == 0:
            drain(live, near)

    drain(live, near)
    drain(live, far)

    assert (near.snapshots, far.snapshots) == (1, 2)
    assert near.slots["A00"] == far.slots["A00"] == live.current.slots[0]


@pytest.mark.parametrize(("since", "epoch"), [(None, ""), (1, "epoch-0"), (99, "epoch-1"), (-1, "epoch-1")])
def test_an_unknown_place_in_the_stream_starts_with_a_snapshot(since: int | None, epoch: str) -> None:
    live, page = Live(snapshot()), Page()
    live.publish(recount(live.current, 0, 1))

    with live.join(since, epoch) as cursor:
        found = live.after(cursor.q)

    assert found is not None
    page.take(found[0])
    assert page.snapshots == 1


def test_a_heartbeat_is_due_a_second_after_the_last_frame_and_when_the_clock_is_set_back() -> None:
    live = Live(snapshot())

    live.tick(NOON_MS + 999)
    assert live.current.q == 0
    live.tick(NOON_MS + 1000)
    assert (live.current.q, live.current.t) == (1, NOON_MS + 1000)
    live.tick(NOON_MS - 60_000)
    assert (live.current.q, live.current.t) == (2, NOON_MS - 60_000)

    frame, _ = live.after(1) or (b"", 0)
    assert msgspec.json.decode(frame) == {"k": "d", "q": 2, "t": NOON_MS - 60_000}


@given(st.lists(st.one_of(st.integers(0, 9), st.sampled_from(["beat", "read"])), max_size=60), st.integers(1, 5))
def test_whenever_a_client_reads_it_ends_up_with_what_is(steps: list[int | str], ring_length: int) -> None:
    live, page = Live(snapshot(), ring_length=ring_length), Page()
    for step in steps:
        if step == "read":
            drain(live, page)
        elif step == "beat":
            live.tick(live.current.t + 1000)
        else:
            assert isinstance(step, int)
            live.publish(recount(live.current, step % 3, step))

    drain(live, page)

    assert list(page.slots.values()) == live.current.slots
    assert page.q == live.current.q


async def test_all_waiting_clients_are_woken_by_one_frame() -> None:
    live = Live(snapshot())
    with live.join(0, "epoch-1") as one, live.join(0, "epoch-1") as other:
        waiting = [asyncio.create_task(anext(one)), asyncio.create_task(anext(other))]
        await asyncio.sleep(0)

        live.publish(recount(live.current, 0, 1))
        frames = await asyncio.wait_for(asyncio.gather(*waiting), 5)

    assert frames[0] is frames[1]


async def test_closing_ends_every_client() -> None:
    live = Live(snapshot())

    async def frames() -> int:
        with live.join() as cursor:
            return len([frame async for frame in cursor])

    watching = asyncio.create_task(frames())
    await asyncio.sleep(0)
    live.close()

    assert await asyncio.wait_for(watching, 5) == 1
    assert live.clients == 0


def test_there_is_room_for_so_many_clients_and_the_others_are_counted() -> None:
    live = Live(snapshot(), clients_max=1)

    with live.join():
        with pytest.raises(Full), live.join():
            pass
        assert (live.clients, live.clients_refused) == (1, 1)
    with live.join():
        pass

    assert live.clients == 0


async def test_a_snapshot_is_packed_once_a_number_however_many_ask() -> None:
    live = Live(snapshot())

    packed = await asyncio.gather(*(live.snapshot_gzip() for _ in range(5)))
    live.publish(recount(live.current, 0, 1))
    later = await live.snapshot_gzip()

    assert all(one[1] is packed[0][1] for one in packed)
    assert (packed[0][0], later[0]) == (0, 1)
    assert msgspec.json.decode(gzip.decompress(later[1]), type=Snapshot) == live.current


def taking(handed: list[bytes]) -> Callable[[bytes], bool]:
    """Takes every frame."""

    def take(frame: bytes) -> bool:
        handed.append(frame)
        return True

    return take


async def test_who_has_seen_all_is_handed_the_next_frame_and_who_can_not_take_it_reads_it_later() -> None:
    live = Live(snapshot())
    with live.join(0, "epoch-1") as one, live.join(0, "epoch-1") as other:
        handed: list[bytes] = []
        one.take = taking(handed)
        other.take = lambda frame: False

        live.publish(recount(live.current, 0, 1))
        live.publish(recount(live.current, 0, 2))
        read = [await asyncio.wait_for(anext(other), 5) for _ in range(2)]

    assert handed == read
    assert (one.q, other.q) == (2, 2)


async def test_who_is_behind_is_handed_nothing_out_of_turn() -> None:
    live = Live(snapshot())
    with live.join(0, "epoch-1") as cursor:
        handed: list[bytes] = []
        live.publish(recount(live.current, 0, 1))
        cursor.take = taking(handed)

        live.publish(recount(live.current, 0, 2))

        assert (handed, cursor.q) == ([], 0)


def test_the_ring_holds_no_more_bytes_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud.web.live.RING_BYTES_MAX", 1000)
    live, near, far = Live(snapshot()), Page(), Page()
    drain(live, far)
    for count in range(50):
        if count == 49:
            drain(live, near)
        live.publish(recount(live.current, 0, count % 9))

    drain(live, near)
    drain(live, far)

    assert (near.snapshots, far.snapshots) == (1, 2)


async def test_where_all_places_are_taken_who_has_fewer_gets_one_of_who_has_most() -> None:
    live = Live(snapshot(), clients_max=4)
    with ExitStack() as stack:
        held = [stack.enter_context(live.join(0, "epoch-1", who)) for who in ("vi", "vi", "bo", "vi")]

        mo = stack.enter_context(live.join(0, "epoch-1", "mo"))

        assert [one.ended for one in (*held, mo)] == [False, False, False, True, False]
        assert [frame async for frame in held[3]] == []
        for who in ("vi", "bo"):
            with pytest.raises(Full), live.join(0, "epoch-1", who):
                pass
        assert (live.clients, live.clients_refused) == (4, 3)

    assert live.clients == 0
