"""Devices in the field: who speaks and has no place, who is enrolled where, what a swap keeps, tails, runs, replays."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from edge.core.decoding import Decoder
from edge.core.field import again, runs, strangers, swapping, tail
from edge.core.field.cards import card
from edge.core.field.places import Book, FieldError, Places
from edge.core.inference import Inference
from edge.core.slots.actions import Tare
from protocols import layout
from protocols.fieldwork import Admit, Approve, Enrol, FieldAction, Refuse, Release, Run
from protocols.readings import Decoded, Problem, Reading, TagRead, TagReads
from tests.unit.test_inference import SITE, SITE_TEXT, T0, restored, weights

MASS = b'{"unit": "g", "value": 1350}'
FOREIGN = """
[[devices]]
id = "cold-2"
kind = "climate"
zone = "hall"
source = "zigbee"
address = "hall/north"
[[sources]]
id = "zigbee"
format = "zigbee2mqtt"
topics = ["zigbee2mqtt/#"]
"""


class Gate:
    """A decoder and what it feeds, as a gateway wires them."""

    def __init__(self, text: str = SITE_TEXT, book: Book | None = None) -> None:
        self.inference = Inference(layout.parse(text))
        self.inference.shelves.taught.places = book or Book()
        self.places = Places(self.inference.site, self.inference.shelves.taught.places)
        self.decoder = Decoder(self.inference.site, self.places)

    def says(self, device: str, at_ms: int = T0, payload: bytes = MASS, leaf: str = "shelf") -> list[Decoded]:
        return self.decoder.decode(f"wh/v1/demo/{device}/{leaf}", payload, at_ms)

    def do(self, *actions: FieldAction) -> None:
        for one in actions:
            self.places.do(one, self.decoder.strangers.met, "ann", T0, "shelf-1" in self.inference.devices)


def name_of(said: list[Decoded]) -> str:
    (one,) = said
    assert isinstance(one, Reading), one
    return one.device


def test_who_speaks_and_has_no_place_is_met_with_what_it_says() -> None:
    gate = Gate()
    gate.says("scale-77")
    gate.says("scale-77", T0 + 1000, b'{"unit": "g", "channel": "2", "value": 7}')

    (met,) = gate.decoder.strangers.met.values()

    assert (met.address, met.kind, met.says, met.channels) == ("scale-77", "shelf", {"mass_g": 7.0}, ["1", "2"])
    assert (met.first_ms, met.at_ms, met.messages) == (T0, T0 + 1000, 2)


def test_what_was_met_counts_at_its_place_once_it_is_approved() -> None:
    gate = Gate()
    gate.says("scale-77")
    gate.do(Enrol("scale-77", "shelf-1"))
    assert name_of(gate.says("scale-77")) == "scale-77", "it waits"

    gate.do(Approve("shelf-1"))

    assert name_of(gate.says("scale-77")) == "shelf-1"
    told = gate.says("shelf-1")
    assert [one.code for one in told if isinstance(one, Problem)] == ["device.replaced"]
    assert gate.says("shelf-1", T0 + 1000) == [], "told once an hour"
    gate.do(Release("shelf-1"))
    assert name_of(gate.says("shelf-1")) == "shelf-1"


def test_a_device_of_another_make_takes_the_place_of_one_of_its_source() -> None:
    gate = Gate(SITE_TEXT + FOREIGN)
    say = b'{"temperature": 4.5, "linkquality": 80}'

    def heard(address: str) -> set[str]:
        found = gate.decoder.decode(f"zigbee2mqtt/{address}", say, T0)
        return {one.device for one in found if isinstance(one, Reading)}

    assert heard("hall/north") == {"cold-2"}
    assert heard("spare") == set()
    gate.do(Enrol("spare", "cold-2", "zigbee"), Approve("cold-2"))
    assert heard("spare") == {"cold-2"}
    assert heard("hall/north") == set()


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (Enrol("scale-77", "shelf-9"), "no device 'shelf-9'; plan it in the site file first"),
        (Enrol("nobody", "shelf-1"), "nobody called 'nobody' has spoken"),
        (Enrol("scale-77", "cold-1"), "speaks as a shelf, and 'cold-1' is to be a climate"),
        (Enrol("scale-7", "shelf-1"), "name channels 1, 2, and 'scale-7' speaks on left"),
        (Approve("shelf-1"), "nobody is enrolled at 'shelf-1'"),
        (Release("shelf-1"), "nobody is enrolled at 'shelf-1'"),
        (Refuse("nobody"), "nobody called 'nobody' has spoken"),
        (Admit("scale-77"), "'scale-77' was not refused"),
    ],
)
def test_what_can_not_be_is_refused_with_what_to_do(action: FieldAction, said: str) -> None:
    gate = Gate()
    gate.says("scale-77")
    gate.says("scale-7", T0, b'{"unit": "g", "channel": "left", "value": 7}')

    with pytest.raises(FieldError, match=said):
        gate.do(action)

    assert gate.places.book == Book()


def test_nobody_is_enrolled_twice_and_a_place_waits_for_one_at_a_time() -> None:
    gate = Gate(
        SITE_TEXT.replace("[[slots]]", '[[devices]]\nid = "shelf-2"\nkind = "shelf"\nzone = "hall"\n[[slots]]', 1)
    )
    for one in ("scale-77", "scale-78"):
        gate.says(one)
    gate.do(Enrol("scale-77", "shelf-1"))
    with pytest.raises(FieldError, match="is enrolled at 'shelf-1' already"):
        gate.do(Enrol("scale-77", "shelf-2"))
    with pytest.raises(FieldError, match="'scale-77' waits for approval"):
        gate.do(Enrol("scale-78", "shelf-1"))
    with pytest.raises(FieldError, match="release it there first"):
        gate.do(Refuse("scale-77"))
    gate.do(Approve("shelf-1"))
    with pytest.raises(FieldError, match="was approved"):
        gate.do(Approve("shelf-1"))


def test_who_was_refused_is_heard_no_more_until_it_is_admitted() -> None:
    gate = Gate()
    gate.says("spy")
    gate.do(Refuse("spy", why="a neighbour's"))
    gate.decoder.strangers.forget("", "spy")
    assert gate.says("spy", T0 + 5000) == []

    (one,) = gate.places.book.refused
    assert (one.address, one.at_ms, one.messages, one.why, one.refused_by) == (
        "spy",
        T0 + 5000,
        2,
        "a neighbour's",
        "ann",
    )
    gate.do(Admit("spy"))
    assert name_of(gate.says("spy")) == "spy"


def test_what_the_site_file_says_later_is_the_newer_word() -> None:
    gate = Gate(SITE_TEXT + FOREIGN)
    gate.decoder.decode("zigbee2mqtt/spare", b'{"temperature": 4.5}', T0)
    gate.do(Enrol("spare", "cold-2", "zigbee"), Approve("cold-2"))
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(gate.places.book), type=Book)

    assert Gate(SITE_TEXT + FOREIGN, kept).places.who("cold-2") == ("zigbee", "spare")
    edited = (SITE_TEXT + FOREIGN).replace("hall/north", "hall/south")
    assert Gate(edited, kept).places.who("cold-2") == ("zigbee", "hall/south")


def taught_shelf() -> Inference:
    rng, inference = random.Random(1), Inference(SITE)
    for at in range(3):
        inference.fold([weights(4, T0 + at * 2000, at, rng)], T0 + at * 2000 + 1500)
    inference.act("A1", Tare(anyway=True), T0 + 6000)
    return inference


def test_a_new_scale_begins_anew_and_the_slot_keeps_its_book_and_asks_for_a_tare() -> None:
    inference = taught_shelf()
    inference.shelves.slots["A1"].stock.book = 4
    gate = Gate()
    gate.inference.devices.update(inference.devices)
    gate.says("scale-77")
    gate.do(Enrol("scale-77", "shelf-1"), Approve("shelf-1"))
    inference.shelves.taught.places = gate.places.book
    one = gate.places.book.enrolments["shelf-1"]
    assert one.was == "shelf-1"

    out = swapping.take_place(inference, one, T0 + 7000)

    assert ("shelf-1" in out.devices, "A1" in out.slots) == (True, True)
    assert inference.devices["shelf-1"].pulse.boots == {}
    assert (inference.shelves.slots["A1"].stock.book, inference.shelves.taught.slots) == (4, {})
    assert [(note.what, note.about) for note in out.notes] == [("replaced", "shelf-1")]
    shown = card(inference, gate.places, "shelf-1")
    assert (shown.due, shown.address, shown.slots) == ("replaced", "scale-77", ["A1", "A2"])
    for slot in ("A1", "A2"):
        rng = random.Random(2)
        inference.fold([weights(0, T0 + 9000, 9, rng, "1"), weights(0, T0 + 9000, 10, rng, "2")], T0 + 10_500)
        inference.act(slot, Tare(anyway=True), T0 + 11_000)
    assert card(inference, gate.places, "shelf-1").due == ""
    assert restored(inference).shelves.taught.places == gate.places.book


def test_a_card_tells_when_a_device_was_heard_apart_from_when_it_changed() -> None:
    inference = Inference(SITE)
    for at, warm in enumerate((4.0, 5.0, 5.0)):
        reading = Reading("cold-1", "1", "temperature_c", T0 + at * 60_000, [warm], boot=1, seq=at * 2)
        inference.fold([reading], T0 + at * 60_000)

    shown = card(inference, Places(SITE), "cold-1")

    assert (shown.state, shown.seen_ms, shown.changed_ms) == ("ok", T0 + 120_000, T0 + 60_000)
    assert (shown.lost, shown.lost_pct) == (2, 40.0)
    assert card(inference, Places(SITE), "dock").state == "unseen"


def test_a_readers_card_says_when_a_tag_came_last() -> None:
    inference = Inference(SITE)
    for at in range(40):
        reads = [TagRead("3034257BF7194E4000001A85", 1, T0 + at * 1000)]
        inference.fold([TagReads("dock", T0 + at * 1000, reads, 1, at)], T0 + at * 1000)
        inference.tick(T0 + at * 1000 + 500)

    shown = card(inference, Places(SITE), "dock")

    assert 0 < shown.changed_ms < shown.seen_ms


def lines(found: Any) -> list[str]:
    return [one.text for one in found.lines]


def test_a_tail_is_kept_while_somebody_looks_and_of_its_device_alone() -> None:
    tails = tail.Tails()
    assert not tails.awake(T0)
    first = tails.look("shelf-1", 0, T0)
    assert first is not None
    tails.hear("t", b"one", {"shelf-1"}, "", T0 + 1)
    tails.hear("t", b"two", {"cold-1"}, "", T0 + 2)
    found = tails.look("shelf-1", 0, T0 + 3)
    assert found is not None
    assert lines(found) == ["one"]
    assert lines(tails.look("shelf-1", found.next, T0 + 4)) == []
    assert not tails.awake(T0 + 5 + tail.LOOKS_MS)


def test_a_tail_has_limits_that_it_tells() -> None:
    tails = tail.Tails()
    tails.look("", 0, T0)
    for number in range(60):
        tails.hear("t", b"%d" % number, {"x"}, "", T0 + number)
    found = tails.look("", 0, T0 + 100)
    assert found is not None
    assert (len(found.lines), found.skipped, found.rate_max) == (tail.RATE_MAX, 60 - tail.RATE_MAX, tail.RATE_MAX)
    for second in range(1, 12):
        for number in range(tail.RATE_MAX):
            tails.hear("t", b"%d" % number, {"x"}, "", T0 + second * 1000 + number)
    found = tails.look("", found.next, T0 + 12_000)
    assert found is not None
    assert (len(found.lines), found.gone) == (tail.LINES_AT_ONCE, 11 * tail.RATE_MAX - tail.LINES_MAX)
    assert all(tails.look(str(one), 0, T0 + 12_000) for one in range(tail.LOOKERS_MAX - 1))
    assert tails.look("one more", 0, T0 + 12_000) is None


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b'{"user": "a", "password": "hu\\"nter2"}', '{"user": "a", "password": •••nter2"}'),
        (b'{"wifi_psk":"x y z","v":1}', '{"wifi_psk":•••,"v":1}'),
        (b"token=abc123&v=2", "token=•••&v=2"),
        (b'{"AppSKey": "2B7E1516"}', '{"AppSKey": •••}'),
        (b'{"epc": "3034", "key": 5}', '{"epc": "3034", "key": 5}'),
        (b"\xff\x00a\n", "\\xff\\x00a\n"),
        (b"x" * 600, "x" * 512),
    ],
)
def test_a_tail_shows_text_and_no_secrets(payload: bytes, shown: str) -> None:
    assert tail.shown_text(payload) == shown


def run_of(inference: Inference, until_ms: int, moves: bool = False) -> Run:
    rng, asked = random.Random(3), runs.Runs()
    one = asked.begin("A1", Tare(), "ann", T0 + 6000)
    for at in range(1, (until_ms - 6000) // 1000):
        now_ms = T0 + 6000 + at * 1000
        said = weights(0, now_ms - 1500, 10 + at, rng)
        if moves:
            said = msgspec.structs.replace(said, values=[at * 500.0 + 30.0 * of for of in range(15)])
        inference.fold([said], now_ms)
        for ready, work in asked.ready(inference, now_ms):
            runs.stored(ready, inference.act("A1", work, now_ms)[1], now_ms)
    return one


def test_a_tare_waits_for_the_scale_measures_and_is_stored() -> None:
    one = run_of(taught_shelf(), 16_000)

    assert (one.step, one.why) == ("stored", "")
    assert one.begun_ms + runs.STILL_MS <= one.step_ms
    assert one.result["tare_g"] == pytest.approx(100, abs=2)
    assert one.measured_g == pytest.approx(100, abs=2)


def test_a_scale_that_never_rests_is_refused_and_one_that_is_silent_is_told_as_such() -> None:
    restless = run_of(taught_shelf(), 80_000, moves=True)
    assert (restless.step, restless.why) == ("refused", "restless")
    asked, inference = runs.Runs(), Inference(SITE)
    one = asked.begin("A1", Tare(), "ann", T0)
    assert asked.ready(inference, T0 + runs.WAIT_MS) == []
    assert (one.step, one.why) == ("refused", "silent")


def test_a_run_can_be_cancelled_and_only_some_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "RUNS_MAX", 1)
    asked = runs.Runs()
    asked.begin("A1", Tare(), "ann", T0)
    asked.cancel("A1", T0 + 1)
    assert (asked.of["A1"].step, asked.of["A1"].why) == ("refused", "cancelled")
    asked.begin("A2", Tare(), "ann", T0)
    assert list(asked.of) == ["A2"]


def replayed(inference: Inference, one: Reading, came_ms: int, now_ms: int) -> again.Again:
    return again.fold_again(inference, again.measured([one]), came_ms, now_ms)


def test_a_replay_is_folded_as_if_it_had_come_then() -> None:
    rng, inference = random.Random(1), Inference(SITE)
    done = replayed(inference, weights(5, T0, 0, rng), T0 + 1500, T0 + 3_600_000)

    assert (done.late, inference.shelves.slots["A1"].estimate.count) == (0, 5)
    assert inference.shelves.slots["A1"].at_ms < T0 + 2000
    assert inference.devices["shelf-1"].pulse.seen_ms == T0 + 1500, "it does not look as if it spoke just now"


def test_what_is_known_by_newer_messages_stays_whatever_is_replayed() -> None:
    rng, inference = random.Random(1), Inference(SITE)
    for at in range(3):
        inference.fold([weights(4, T0 + 60_000 + at * 2000, 50 + at, rng)], T0 + 62_000 + at * 2000)
    pulse = msgspec.structs.replace(inference.devices["shelf-1"].pulse)
    olds = [msgspec.structs.replace(weights(9, T0 - at * 2000, 0, rng), seq=-1) for at in range(30, 0, -1)]

    for at, old in enumerate(olds):
        assert replayed(inference, old, T0 - 60_000 + at * 2000, T0 + 600_000).late == 1

    assert inference.shelves.slots["A1"].estimate.count == 4
    after = inference.devices["shelf-1"].pulse
    assert (after.seen_ms, after.period_ms, after.state) == (pulse.seen_ms, pulse.period_ms, pulse.state)


def test_a_number_that_was_heard_is_not_folded_twice() -> None:
    rng, inference = random.Random(1), Inference(SITE)
    one = weights(5, T0, 7, rng)
    inference.fold([one], T0 + 1500)

    assert replayed(inference, one, T0 + 1500, T0 + 9000).outcome.duplicates == 1


def test_a_message_is_replayed_whole_or_not_at_all() -> None:
    fit = Reading("shelf-1", "1", "mass_g", T0, [5.0])
    unwatched = msgspec.structs.replace(fit, channel="9")
    assert again.unfit(SITE, [fit]) == ("", "")
    assert again.unfit(SITE, [fit, unwatched])[0] == "channel.unwatched"
    assert again.unfit(SITE, [fit, Problem("unit.unknown", "unit 'KG'")])[0] == "unit.unknown"
    assert again.unfit(SITE, [msgspec.structs.replace(fit, device="nobody")])[0] == "device.unknown"
    assert again.unfit(SITE, [])[0] == "nothing"


def test_reading_again_teaches_the_decoder_nothing() -> None:
    gate = Gate(SITE_TEXT + FOREIGN)
    found = gate.decoder.again("zigbee2mqtt/spare", b'{"temperature": 4.5}', T0)
    assert [one.code for one in found if isinstance(one, Problem)] == ["device.unknown"]
    assert gate.decoder.strangers.met == {}
    gate.says("scale-77")
    gate.do(Enrol("scale-77", "shelf-1"), Approve("shelf-1"))
    assert name_of(gate.decoder.again("wh/v1/demo/scale-77/shelf", MASS, T0)) == "shelf-1"


def test_strangers_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "STRANGERS_MAX", 2)
    gate = Gate()
    for number in range(4):
        gate.says(f"scale-{number}", T0 + number)
    assert [one.address for one in gate.decoder.strangers.met.values()] == ["scale-2", "scale-3"]
