"""The simulated truth: counts follow what was picked and restocked, and a seed makes a world."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.feed import Remembered
from firmware_sim.scenario import Scenario, ScenarioError, faster
from firmware_sim.site import expand, parse, spell
from firmware_sim.stage import NAMES, load
from firmware_sim.truth import Handled, TagMoved
from firmware_sim.warehouse import Warehouse
from protocols import layout, topics
from protocols.devices import decode
from protocols.readings import Context, Problem, Reading

START_MS = 1_767_258_000_000
HOUR_MS = 3_600_000
SITE = 'site = { id = "a", name = "" }\n'
ZONE = 'zones = [{ id = "z", name = "" }]\n'


def small(**changes: object) -> Scenario:
    scenario = load("small")[1]
    assert scenario is not None
    return msgspec.structs.replace(scenario, **changes)


def wire(scenario: Scenario, seed: int, minutes: int, step_ms: int = 60_000) -> bytes:
    warehouse = Warehouse(scenario, seed, START_MS)
    messages = warehouse.begin(Remembered(lived=True))
    for _ in range(minutes * 60_000 // step_ms):
        messages += warehouse.advance(warehouse.at_ms + step_ms)
    return b"\n".join(message.topic.encode() + b" " + message.payload for message in messages)


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_counts_follow_the_picks_and_the_masses_follow_the_counts(seed: int) -> None:
    warehouse = Warehouse(small(), seed, START_MS)
    warehouse.go_live()
    world = warehouse.world
    counts = world.counts

    for event in world.advance(START_MS + 2 * HOUR_MS):
        if isinstance(event, Handled):
            counts[event.slot] += event.units
            assert event.count == counts[event.slot]
            assert 0 <= event.count <= world.shelves[event.slot].article.capacity
            assert (event.touch.after_g > event.touch.before_g) == (event.units > 0)

    assert counts == world.counts
    assert all(shelf.load_g == pytest.approx(sum(shelf.units)) for shelf in world.shelves.values())


def test_touches_of_a_slot_never_overlap() -> None:
    warehouse = Warehouse(faster(small(), 5.0), 3, START_MS)
    warehouse.go_live()
    ends: dict[str, int] = {}

    for event in warehouse.world.advance(START_MS + HOUR_MS):
        if isinstance(event, Handled):
            assert event.touch.start_ms >= ends.get(event.slot, 0)
            ends[event.slot] = event.touch.end_ms

    assert len(ends) == 4


def test_low_slots_are_restocked() -> None:
    warehouse = Warehouse(small(), 3, START_MS)
    warehouse.go_live()

    events = [e for e in warehouse.world.advance(START_MS + 4 * HOUR_MS) if isinstance(e, Handled)]

    restocks = [event for event in events if event.units > 0]
    assert len(restocks) > 4
    assert sum(-e.units for e in events if e.units < 0) == pytest.approx(240 * 4 * 1.4, rel=0.25)


def test_the_same_seed_gives_the_same_bytes_however_time_is_cut() -> None:
    assert wire(small(), 5, 10, 60_000) == wire(small(), 5, 10, 200)


def test_different_seeds_give_different_worlds() -> None:
    assert wire(small(), 5, 2) != wire(small(), 6, 2)


def test_tags_come_and_go_one_place_at_a_time() -> None:
    warehouse = Warehouse(faster(small(), 4.0), 8, START_MS)
    warehouse.go_live()
    where = dict(warehouse.world.tags)
    assert len(where) == 3

    moves = [e for e in warehouse.world.advance(START_MS + 3 * HOUR_MS) if isinstance(e, TagMoved)]

    for move in moves:
        assert where.get(move.epc, "") == move.origin
        where[move.epc] = move.zone
    assert len(moves) > 20


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_has_a_site_that_gateway_and_service_can_read(name: str) -> None:
    site, _ = load(name)

    assert layout.parse(spell(site)) == site
    assert site.site.id == name
    assert site.slots


@pytest.mark.parametrize("name", ["small", "demo"])
def test_every_message_is_understood_and_numbered_without_gaps(name: str) -> None:
    scenario = load(name)[1]
    assert scenario is not None
    warehouse = Warehouse(faster(scenario, 5.0), 2, START_MS)
    messages = [voice.status(START_MS) for voice in warehouse.voices.values()]
    messages += warehouse.begin(Remembered(lived=True))
    messages += warehouse.advance(START_MS + 180_000)
    seqs: dict[str, int] = {}
    seen = set()

    for message in messages:
        parts = topics.parse(message.topic)
        assert parts is not None
        seen.add(parts.leaf)
        yields = decode(message.topic, message.payload, Context(message.at_ms))
        assert yields
        for one in yields:
            assert not isinstance(one, Problem)
        body = msgspec.json.decode(message.payload)
        assert body["boot"] == 1
        if parts.leaf != "status":
            assert body["seq"] == seqs.get(parts.device, -1) + 1
            seqs[parts.device] = body["seq"]

    assert seen == {"shelf", "rfid", "climate", "machine", "status"}


def test_the_past_comes_in_order_with_its_own_times_and_bounded_batches() -> None:
    scenario = load("demo")[1]
    assert scenario is not None
    short = msgspec.structs.replace(scenario, history=msgspec.structs.replace(scenario.history, days=3))
    warehouse = Warehouse(short, 2, START_MS)

    past = warehouse.relive()

    last: dict[tuple[str, str, str], int] = {}
    picks = 0
    for message in past:
        for one in decode(message.topic, message.payload, Context(START_MS + 4 * 86_400_000)):
            assert isinstance(one, Reading)
            assert len(one.values) <= 1000
            assert not one.flags
            key = (one.device, one.channel, one.quantity)
            assert one.at_ms > last.get(key, 0)
            last[key] = one.last_ms
            picks += one.quantity == "mass_g"
    assert warehouse.at_ms == START_MS + 3 * 86_400_000
    assert 3 * 300 < picks < 3 * 600


def test_some_articles_end_the_past_close_above_their_reorder_point() -> None:
    scenario = load("demo")[1]
    assert scenario is not None
    warehouse = Warehouse(scenario, scenario.seed, START_MS)

    warehouse.relive()

    held: dict[str, int] = {}
    room: dict[str, int] = {}
    for shelf in warehouse.world.shelves.values():
        held[shelf.article.id] = held.get(shelf.article.id, 0) + len(shelf.units)
        room[shelf.article.id] = room.get(shelf.article.id, 0) + shelf.article.capacity
    near = [article.id for article in scenario.skus if article.near_reorder]
    assert near
    assert all(held[sku] < 0.8 * room[sku] for sku in near)
    assert all(held[article.id] > 0.9 * room[article.id] for article in scenario.skus if article.id not in near)


def test_a_world_goes_on_where_it_was_with_new_boots_and_new_luck() -> None:
    first = Warehouse(small(), 5, START_MS)
    first.begin(Remembered(lived=True))
    first.advance(START_MS + HOUR_MS)
    kept = msgspec.json.decode(msgspec.json.encode(first.remember()), type=Remembered)

    second = Warehouse(small(), 5, START_MS + 2 * HOUR_MS)
    messages = second.begin(kept)
    counts = second.world.counts
    messages += second.advance(second.at_ms + 60_000)

    assert second.remember().boots == {id: boot + 1 for id, boot in kept.boots.items()}
    assert msgspec.json.decode(messages[0].payload)["boot"] == 2
    assert msgspec.json.decode(messages[0].payload)["seq"] == 0
    assert counts == {slot: len(units) for slot, units in kept.units.items()}
    assert second.remember().units != kept.units


def test_a_silent_device_says_nothing_while_it_lasts_and_loses_no_number() -> None:
    fault = {"kind": "silent", "device": "shelf-a01", "after_s": 60, "for_s": 120}
    scenario = msgspec.convert(msgspec.to_builtins(small()) | {"faults": [fault]}, Scenario)
    warehouse = Warehouse(scenario, 5, START_MS)
    warehouse.go_live()

    messages = [m for m in warehouse.advance(START_MS + 300_000) if m.device == "shelf-a01"]

    assert not [m for m in messages if START_MS + 60_000 <= m.at_ms < START_MS + 180_000]
    assert [m for m in messages if m.at_ms < START_MS + 60_000]
    seqs = [msgspec.json.decode(m.payload)["seq"] for m in messages]
    assert seqs == list(range(len(messages)))


def answers(warehouse: Warehouse, device: str, order: object) -> list[dict[str, object]]:
    payload = order if isinstance(order, bytes) else msgspec.json.encode(order)
    return [msgspec.json.decode(m.payload) for m in warehouse.command(device, payload, START_MS + 1)]


def test_devices_obey_and_answer_commands() -> None:
    warehouse = Warehouse(small(), 5, START_MS)
    warehouse.go_live()
    light = {"slot": "A01-02", "color": "green", "seconds": 30}

    assert answers(warehouse, "shelf-a01", {"id": "c-1", "cmd": "light", "args": light}) == [{"id": "c-1", "ok": True}]
    assert answers(warehouse, "shelf-a01", {"id": "c-2", "cmd": "tare", "args": {"channel": "9"}})[0]["ok"] is False
    assert answers(warehouse, "climate-cold", {"id": "c-3", "cmd": "dance"}) == [
        {"id": "c-3", "ok": False, "error": "unknown command"}
    ]
    assert answers(warehouse, "shelf-a01", b"\xff{") == []
    assert answers(warehouse, "shelf-a01", b"[]") == []


def test_a_tared_channel_reads_zero() -> None:
    quiet = msgspec.structs.replace(small().pace, picks_per_hour=0.0, hands_per_hour=0.0)
    warehouse = Warehouse(small(pace=quiet), 5, START_MS)
    warehouse.go_live()

    assert answers(warehouse, "shelf-k01", {"id": "c", "cmd": "tare"})[0]["ok"] is True

    shelf = [m for m in warehouse.advance(START_MS + 20_000) if m.device == "shelf-k01"]
    assert abs(msgspec.json.decode(shelf[-1].payload)["values"][0]) < 5.0


def test_a_reboot_counts_up_and_numbers_from_zero() -> None:
    warehouse = Warehouse(small(), 5, START_MS)
    warehouse.go_live()
    warehouse.advance(START_MS + 30_000)

    assert answers(warehouse, "shelf-a01", {"id": "c-9", "cmd": "reboot"}) == [{"id": "c-9", "ok": True}]

    after = [m for m in warehouse.advance(START_MS + 60_000) if m.device == "shelf-a01"]
    status, first = (msgspec.json.decode(message.payload) for message in after[:2])
    assert (status["boot"], status["online"]) == (2, True)
    assert (first["boot"], first["seq"]) == (2, 0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("seed = ", "x.toml"),
        ("seed = 1", "site"),
        ('site = { id = "a b", name = "" }\n' + ZONE, "regex"),
        (SITE + "zones = []", "length"),
        (SITE + ZONE + 'faults = [{ kind = "silent", device = "ghost" }]', "'ghost'"),
        (SITE + ZONE + 'shelves = [{ zone = "attic", prefix = "A", devices = 1, channels = 1 }]', "'A' have no SKUs"),
        (
            SITE + ZONE + 'climates = [{ id = "t", zone = "z" }]\nfaults = [{ kind = "wear", device = "t" }]',
            "have a wear",
        ),
        (SITE + ZONE + "pace = { hours = [1.0] }", "24"),
    ],
)
def test_a_bad_scenario_is_refused_in_a_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        parse(text, "x.toml")


def test_the_site_file_does_not_depend_on_a_runs_seed_and_is_slightly_wrong_about_masses() -> None:
    scenario = small()

    site = expand(scenario)

    assert site == expand(scenario)
    true = {article.id: article.unit_mass_g for article in scenario.skus}
    assert all(sku.unit_mass_g != true[sku.id] for sku in site.skus)
    assert all(sku.unit_mass_g == pytest.approx(true[sku.id], rel=0.01) for sku in site.skus)
