"""What is sent next and what a receipt settles: live first, the backlog behind it, nothing lost on the way."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.forwarding import LIVE_ROOM, OVERTAKEN_MAX, SPANS_MAX, WINDOW, Forwarder, Wanted
from protocols.reports import LANES, Lane


class Outbox:
    """Numbers that wait, lane by lane."""

    def __init__(self) -> None:
        self.waiting: dict[Lane, list[int]] = {lane: [] for lane in LANES}
        self.next_seq: dict[Lane, int] = dict.fromkeys(LANES, 0)

    def put(self, lane: Lane, count: int) -> None:
        self.waiting[lane] += range(self.next_seq[lane], self.next_seq[lane] + count)
        self.next_seq[lane] += count

    def read(self, wanted: Wanted, at_most: int) -> list[int]:
        return [seq for seq in self.waiting[wanted.lane] if wanted.after < seq < wanted.before][:at_most]

    def settle(self, lane: Lane, seqs: list[int]) -> None:
        self.waiting[lane] = [seq for seq in self.waiting[lane] if seq not in seqs]

    def unsign(self, lane: Lane, first: int, last: int) -> None:
        """These wait again."""
        again = {*range(first, min(last + 1, self.next_seq[lane]))}
        self.waiting[lane] = sorted(again.union(self.waiting[lane]))

    @property
    def unsigned_from(self) -> dict[Lane, int]:
        return {lane: min(self.waiting[lane], default=self.next_seq[lane]) for lane in LANES}


def send_all(link: Forwarder, outbox: Outbox, at_most: int = 2) -> list[tuple[int, Lane, list[int], bool]]:
    """Send until the window is full or nothing waits."""
    sent = []
    while (wanted := link.wanted(outbox.next_seq)) is not None:
        seqs = outbox.read(wanted, at_most)
        batch_id = link.send(wanted, seqs, 0)
        if seqs:
            sent.append((batch_id, wanted.lane, seqs, wanted.replay))
    return sent


def test_what_is_new_goes_first_and_the_backlog_is_marked() -> None:
    outbox, link = Outbox(), Forwarder()
    outbox.put("events", 2)
    outbox.put("telemetry", 2)
    link.connect(outbox.next_seq, outbox.unsigned_from)
    outbox.put("telemetry", 2)
    outbox.put("events", 2)

    sent = [(lane, seqs, replay) for _, lane, seqs, replay in send_all(link, outbox)]

    assert sent == [
        ("events", [2, 3], False),
        ("telemetry", [2, 3], False),
        ("events", [0, 1], True),
        ("telemetry", [0, 1], True),
    ]


def test_only_a_window_of_batches_is_on_its_way() -> None:
    outbox, link = Outbox(), Forwarder()
    link.connect(outbox.next_seq, outbox.unsigned_from)
    outbox.put("events", 100)

    assert len(send_all(link, outbox, 1)) == WINDOW
    assert link.wanted(outbox.next_seq) is None

    link.settle(3, 0)
    assert len(send_all(link, outbox, 1)) == 1


def test_a_backlog_leaves_room_for_what_is_new() -> None:
    outbox, link = Outbox(), Forwarder()
    outbox.put("events", 100)
    link.connect(outbox.next_seq, outbox.unsigned_from)
    assert len(send_all(link, outbox, 1)) == WINDOW - LIVE_ROOM

    outbox.put("events", 1)

    assert [(seqs, replay) for _, _, seqs, replay in send_all(link, outbox, 1)] == [([100], False)]


def test_a_receipt_that_nobody_waits_for_is_ignored() -> None:
    outbox, link = Outbox(), Forwarder()
    outbox.put("events", 2)
    link.connect(outbox.next_seq, outbox.unsigned_from)
    ((batch_id, *_),) = send_all(link, outbox)

    assert link.settle(batch_id + 1, 0) is None
    assert link.settle(-1, 0) is None
    assert link.settle(batch_id, 0) is not None
    assert link.settle(batch_id, 0) is None


def test_a_new_link_sends_everything_again_that_is_not_settled() -> None:
    outbox, link = Outbox(), Forwarder()
    outbox.put("events", 6)
    link.connect(outbox.next_seq, outbox.unsigned_from)
    first = send_all(link, outbox)
    settled = link.settle(first[1][0], 0)
    assert settled is not None
    outbox.settle("events", settled.seqs)

    link.connect(outbox.next_seq, outbox.unsigned_from)
    again = send_all(link, outbox)

    assert [seq for _, _, seqs, _ in again for seq in seqs] == [0, 1, 4, 5]
    assert link.settle(first[0][0], 0) is None, "a receipt from before the link was renewed settles nothing"


def test_a_link_is_stuck_when_no_receipt_comes_and_not_while_some_do() -> None:
    link = Forwarder()
    link.connect({"events": 0, "telemetry": 0}, {})
    assert not link.stuck(10**9, 60)

    for now_ms in (20, 30):
        link.send(Wanted("events", -1, 9, False), [now_ms], now_ms)
    assert not link.stuck(80, 60)
    assert link.stuck(81, 60)

    link.settle(2, 80)
    assert not link.stuck(140, 60)
    assert link.stuck(141, 60)

    link.settled_ms = 20 + OVERTAKEN_MAX * 60
    assert not link.stuck(20 + OVERTAKEN_MAX * 60, 60)
    assert link.stuck(21 + OVERTAKEN_MAX * 60, 60), "one that everything overtakes was lost"


def test_what_is_to_be_sent_again_is_backlog_and_nothing_else_is_sent_twice() -> None:
    outbox, link = Outbox(), Forwarder()
    outbox.put("events", 20)
    link.connect(outbox.next_seq, outbox.unsigned_from)
    for batch_id, _, seqs, _ in send_all(link, outbox, 5):
        link.settle(batch_id, 0)
        outbox.settle("events", seqs)

    outbox.unsign("events", 3, 4)
    link.again("events", 3, 4)
    outbox.unsign("events", 8, 11)
    link.again("events", 8, 11)
    outbox.put("events", 1)

    sent = [(seqs, replay) for _, _, seqs, replay in send_all(link, outbox, 5)]
    assert sent == [([20], False), ([3, 4], True), ([8, 9, 10, 11], True)]


def test_numbers_asked_for_before_the_link_is_up_and_above_what_was_sent_are_left_to_the_link() -> None:
    outbox, link = Outbox(), Forwarder()
    link.again("events", 0, 5)
    outbox.put("events", 2)
    link.connect(outbox.next_seq, outbox.unsigned_from)

    link.again("events", 0, 10**15)

    assert [seqs for _, _, seqs, _ in send_all(link, outbox, 5)] == [[0, 1]]
    assert link.wanted(outbox.next_seq) is None


def test_spans_without_number_become_few_and_none_is_left_out() -> None:
    outbox, link = Outbox(), Forwarder()
    outbox.put("events", 4 * SPANS_MAX)
    outbox.settle("events", [*outbox.waiting["events"]])
    link.connect(outbox.next_seq, outbox.unsigned_from)

    for first in range(0, 4 * SPANS_MAX, 2):
        outbox.unsign("events", first, first)
        link.again("events", first, first)

    assert len(link.backlog["events"]) == SPANS_MAX
    sent = []
    while batches := send_all(link, outbox, 1000):
        for batch_id, _, seqs, _ in batches:
            sent += seqs
            link.settle(batch_id, 0)
    assert sorted(sent) == [*range(0, 4 * SPANS_MAX, 2)]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["put", "put", "send", "send", "receipt", "receipt", "lose", "twice", "reconnect", "thin", "again"]
        ),
        st.sampled_from(LANES),
        st.integers(0, 5),
    ),
    max_size=80,
)


@given(STEPS)
@settings(deadline=None)
def test_whatever_is_dropped_everything_arrives_in_the_end(steps: list[tuple[str, Lane, int]]) -> None:
    outbox, link = Outbox(), Forwarder()
    arrived: dict[Lane, set[int]] = {lane: set() for lane in LANES}
    thinned: set[int] = set()
    receipts: list[int] = []
    link.connect(outbox.next_seq, outbox.unsigned_from)

    def receive() -> None:
        for batch_id, lane, seqs, _ in send_all(link, outbox):
            arrived[lane] |= set(seqs)
            receipts.append(batch_id)

    def sign(batch_id: int) -> None:
        sent = link.settle(batch_id, 0)
        if sent is not None:
            assert set(sent.seqs) <= arrived[sent.lane], "only what has arrived is settled"
            outbox.settle(sent.lane, sent.seqs)

    for what, lane, number in steps:
        if what == "put":
            outbox.put(lane, number)
        elif what == "send":
            receive()
        elif what == "receipt" and receipts:
            sign(receipts.pop(number % len(receipts)))
        elif what == "twice" and receipts:
            sign(receipts[number % len(receipts)])
        elif what == "lose" and receipts:
            receipts.pop(number % len(receipts))
        elif what == "reconnect":
            link.connect(outbox.next_seq, outbox.unsigned_from)
        elif what == "again":
            kept = {*range(outbox.next_seq[lane])} - thinned if lane == "telemetry" else {*range(outbox.next_seq[lane])}
            for seq in sorted(kept)[number : number + 4]:
                outbox.unsign(lane, seq, seq)
                link.again(lane, seq, seq)
        elif what == "thin":
            thinned |= set(outbox.waiting["telemetry"][:number])
            outbox.settle("telemetry", outbox.waiting["telemetry"][:number])

    # The faults end: one reconnection and receipts for what comes settle everything.
    link.connect(outbox.next_seq, outbox.unsigned_from)
    receipts.clear()
    for _ in range(1000):
        receive()
        if not receipts:
            break
        sign(receipts.pop(0))

    assert outbox.waiting == {"events": [], "telemetry": []}
    assert arrived["events"] == set(range(outbox.next_seq["events"]))
    assert arrived["telemetry"] | thinned == set(range(outbox.next_seq["telemetry"]))
