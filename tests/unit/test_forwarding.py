"""What is sent next and what a receipt settles: live first, the backlog behind it, nothing lost on the way."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.forwarding import WINDOW, Forwarder, Wanted
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
    link.connect(outbox.next_seq)
    outbox.put("telemetry", 2)
    outbox.put("events", 2)

    sent = [(lane, seqs, replay) for _, lane, seqs, replay in send_all(link, outbox)]

    assert sent == [
        ("events", [2, 3], False),
        ("telemetry", [2, 3], False),
        ("events", [0, 1], True),
        ("telemetry", [0, 1], True),
    ]


def test_news_overtake_a_long_backlog() -> None:
    outbox, link = Outbox(), Forwarder()
    outbox.put("events", 100)
    link.connect(outbox.next_seq)
    send_all(link, outbox, 1)
    outbox.put("events", 1)

    link.settle(1)

    assert [(seqs, replay) for _, _, seqs, replay in send_all(link, outbox, 1)] == [([100], False)]


def test_only_a_window_of_batches_is_on_its_way() -> None:
    outbox, link = Outbox(), Forwarder()
    outbox.put("events", 100)
    link.connect(outbox.next_seq)

    assert len(send_all(link, outbox, 1)) == WINDOW
    assert link.wanted(outbox.next_seq) is None

    link.settle(3)
    assert len(send_all(link, outbox, 1)) == 1


def test_a_receipt_that_nobody_waits_for_is_ignored() -> None:
    outbox, link = Outbox(), Forwarder()
    outbox.put("events", 2)
    link.connect(outbox.next_seq)
    ((batch_id, *_),) = send_all(link, outbox)

    assert link.settle(batch_id + 1) is None
    assert link.settle(-1) is None
    assert link.settle(batch_id) is not None
    assert link.settle(batch_id) is None


def test_a_new_link_sends_everything_again_that_is_not_settled() -> None:
    outbox, link = Outbox(), Forwarder()
    outbox.put("events", 6)
    link.connect(outbox.next_seq)
    first = send_all(link, outbox)
    settled = link.settle(first[1][0])
    assert settled is not None
    outbox.settle("events", settled.seqs)

    link.connect(outbox.next_seq)
    again = send_all(link, outbox)

    assert [seq for _, _, seqs, _ in again for seq in seqs] == [0, 1, 4, 5]
    assert link.settle(first[0][0]) is None, "a receipt from before the link was renewed settles nothing"


def test_the_oldest_batch_is_known_by_its_time() -> None:
    link = Forwarder()
    link.connect({"events": 0, "telemetry": 0})
    assert link.oldest_ms() is None

    for now_ms in (30, 20):
        link.send(Wanted("events", -1, 9, False), [now_ms], now_ms)

    assert link.oldest_ms() == 20


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "send", "send", "receipt", "receipt", "lose", "twice", "reconnect", "thin"]),
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
    link.connect(outbox.next_seq)

    def receive() -> None:
        for batch_id, lane, seqs, _ in send_all(link, outbox):
            arrived[lane] |= set(seqs)
            receipts.append(batch_id)

    def sign(batch_id: int) -> None:
        sent = link.settle(batch_id)
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
            link.connect(outbox.next_seq)
        elif what == "thin":
            thinned |= set(outbox.waiting["telemetry"][:number])
            outbox.settle("telemetry", outbox.waiting["telemetry"][:number])

    # The faults end: one reconnection and receipts for what comes settle everything.
    link.connect(outbox.next_seq)
    receipts.clear()
    for _ in range(1000):
        receive()
        if not receipts:
            break
        sign(receipts.pop(0))

    assert outbox.waiting == {"events": [], "telemetry": []}
    assert arrived["events"] == set(range(outbox.next_seq["events"]))
    assert arrived["telemetry"] | thinned == set(range(outbox.next_seq["telemetry"]))
