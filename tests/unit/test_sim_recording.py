"""Recordings and the scoreboard: what was recorded can be read, and scores mean what they say."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim import real, recording, score
from firmware_sim.cli import main
from firmware_sim.feed import Remembered
from firmware_sim.playback import Item, Playback, items_of
from firmware_sim.score import Estimate, Stretch
from firmware_sim.stage import load
from protocols import layout
from protocols.devices import decode
from protocols.readings import Context, Problem


def make(folder: Path, name: str = "rec.jsonl", seed: int = 4) -> tuple[Path, Path]:
    scenario = load("small")[1]
    assert scenario is not None
    out, truth = folder / name, folder / "truth.jsonl"
    recording.record(scenario, seed, 6.0, False, out, truth)
    return out, truth


def test_the_same_seed_records_the_same_bytes_also_packed(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()

    one, truth_one = make(tmp_path / "one", "rec.jsonl.gz")
    two, truth_two = make(tmp_path / "two", "rec.jsonl.gz")

    assert one.read_bytes() == two.read_bytes()
    assert truth_one.read_bytes() == truth_two.read_bytes()


def test_a_recording_has_its_site_beside_it_and_its_messages_in_order(tmp_path: Path) -> None:
    out, _ = make(tmp_path)

    site = layout.parse((tmp_path / "rec.site.toml").read_text())
    messages = list(recording.read(out))

    assert {topic.split("/")[3] for _, topic, _ in messages} <= set(site.device_by_id)
    assert [at_ms for at_ms, _, _ in messages] == sorted(at_ms for at_ms, _, _ in messages)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"at_ms":1,"topic":"t","payload":"p"}\n{"at_ms":\n')

    with pytest.raises(recording.RecordingError, match="line 2"):
        list(recording.read(path))


def test_bytes_that_are_no_text_survive_as_base64(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text('{"at_ms":1,"topic":"t","payload":"/wA=","encoding":"base64"}\n')

    assert list(recording.read(path)) == [(1, "t", b"\xff\x00")]


def test_naive_rounding_scores_perfectly_where_units_are_heavy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, truth = make(tmp_path)
    site = layout.parse((tmp_path / "rec.site.toml").read_text())
    said = score.naive(site, recording.read(out))
    lines = [
        msgspec.json.encode({"slot": slot, "count": one.count, "confidence": 0.99, "at_ms": one.at_ms}).decode()
        for slot, each in said.items()
        for one in each
    ]
    (tmp_path / "estimates.jsonl").write_text("\n".join(lines))

    assert main(["score", str(truth), str(tmp_path / "estimates.jsonl"), "--json"]) == 0

    result = msgspec.json.decode(capsys.readouterr().out, type=score.Score)
    assert result.stretches > 10
    assert result.exact == result.right_when_claimed == result.naive_exact == 1.0
    assert result.calibration_error == pytest.approx(0.01)


def test_stretches_are_settled_times_up_to_the_next_touch() -> None:
    truth = [
        {"at_ms": 0, "slot": "A", "count": 5},
        {"at_ms": 10_000, "touched_ms": 8_000, "slot": "A", "count": 4},
        {"at_ms": 12_000, "touched_ms": 11_000, "slot": "A", "count": 3},
        {"at_ms": 1, "epc": "E", "zone": "dock"},
    ]

    assert score.stretches(truth, 60_000) == [Stretch("A", 5, 0, 8_000), Stretch("A", 3, 12_000, 60_000)]


def test_abstentions_cost_exactness_but_not_the_claims() -> None:
    true = [Stretch("A", 5, 0, 10_000), Stretch("A", 4, 11_000, 20_000), Stretch("B", 1, 0, 20_000)]
    said = {"A": [Estimate(1_000, 5, 5, 5, 0.99), Estimate(12_000, None, 3, 6, 0.5)]}

    result = score.score(true, said)

    assert result.answered == pytest.approx(2 / 3, abs=1e-6)
    assert result.claimed == pytest.approx(1 / 3, abs=1e-6)
    assert result.exact == pytest.approx(1 / 3, abs=1e-6)
    assert result.right_when_claimed == 1.0
    assert result.coverage == 1.0
    assert result.naive_exact is None


def test_an_estimate_stands_and_a_stock_event_speaks_for_its_own_stretch() -> None:
    true = [Stretch("A", 5, 0, 10_000), Stretch("A", 4, 11_000, 20_000)]
    row = {"slot": "A", "at_ms": 2_000, "count": 5, "confidence": 1.0}

    estimate = score.score(true, score.estimates([row]))
    event = score.score(true, score.estimates([row | {"delta": 5}]))

    assert (estimate.answered, estimate.right_when_claimed) == (1.0, 0.5)
    assert (event.answered, event.right_when_claimed) == (0.5, 1.0)


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 5), st.floats(0, 1)), max_size=30))
def test_scores_are_shares(rows: list[tuple[int, int | None, float]]) -> None:
    true = [Stretch(f"S{i % 4}", count, i * 10, i * 10 + 9) for i, (count, _, _) in enumerate(rows)]
    said: dict[str, list[Estimate]] = {}
    for i, (_, count, confidence) in enumerate(rows):
        said.setdefault(f"S{i % 4}", []).append(Estimate(i * 10 + 1, count, count or 0, count or 0, confidence))

    result = score.score(true, said)

    shares = [result.answered, result.claimed, result.exact, result.right_when_claimed, result.coverage]
    assert all(share is None or 0.0 <= share <= 1.0 for share in [*shares, result.calibration_error])
    if result.exact is not None and result.claimed is not None:
        assert result.exact <= result.claimed


def test_a_recording_plays_again_under_todays_clock_with_numbers_of_its_own(tmp_path: Path) -> None:
    out, _ = make(tmp_path)
    messages = list(recording.read(out))
    kinds, items = items_of(messages, messages[0][0])
    period_ms = 400_000
    played = Playback("small", kinds, items, period_ms, 5_000_000)

    played.begin(Remembered(boots=dict.fromkeys(kinds, 3)))
    once = played.advance(5_000_000 + period_ms - 1)
    again = played.advance(5_000_000 + 2 * period_ms - 1)

    assert len(once) == len(again) == len(items)
    body = msgspec.json.decode(again[0].payload)
    assert body["boot"] == 4
    assert 5_000_000 + period_ms - 2_000 < body["ts"] <= again[0].at_ms
    shelf = [msgspec.json.decode(m.payload)["seq"] for m in once + again if m.device == "shelf-a01"]
    assert shelf == list(range(len(shelf)))


def test_played_faster_gaps_and_steps_shrink() -> None:
    items = [Item(4_000, "s", {"unit": "g", "step_ms": 100, "values": [1.0, 2.0]}, 200)]
    played = Playback("x", {"s": "shelf"}, items, 10_000, 0, speed=2.0)
    played.begin(Remembered(lived=True))

    (told,) = played.advance(2_000)

    assert told.at_ms == 2_000
    assert msgspec.json.decode(told.payload) | {} == {
        "boot": 1, "seq": 0, "ts": 1_900, "unit": "g", "step_ms": 50, "values": [1.0, 2.0]
    }  # fmt: skip


def test_without_the_real_data_the_shipped_recording_is_played(tmp_path: Path) -> None:
    assert real.find_data(tmp_path / "project") is None
    site = real.site(None)
    feed = real.feed(None, 1, 1.0, 1_000_000_000, False)

    feed.begin(Remembered())
    told = feed.advance(1_000_000_000 + 60_000)

    assert set(feed.voices) == set(site.device_by_id)
    assert len(told) > 30
    assert real.SHIPPED.stat().st_size < 300_000
    assert all(message.topic.startswith("wh/v1/real/") for message in told)


def test_the_real_recordings_speak_the_native_format() -> None:
    data = real.find_data()
    if data is None:
        pytest.skip("the real data (../shared/data beside the project) is not here")
    now_ms = 1_767_258_000_000
    site = real.site(data)
    feed = real.feed(data, 1, 1.0, now_ms, False)

    told = feed.begin(Remembered()) + feed.advance(now_ms + 120_000)

    assert set(feed.voices) == set(site.device_by_id)
    assert {message.device for message in told} == set(site.device_by_id)
    for message in told:
        for one in decode(message.topic, message.payload, Context(now_ms + 120_000)):
            assert not isinstance(one, Problem)
    freezer = [msgspec.json.decode(m.payload) for m in told if m.device == "climate-freezer"]
    assert sum(len(body.get("values", [0])) for body in freezer if body["unit"] == "Cel") >= 10_080


def test_the_command_line_writes_sites_and_refuses_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["site", "demo", "--out", str(tmp_path / "s.toml"), "--json"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["slots"] == 40
    assert main(["site", "nowhere"]) == 2
    assert "no scenario 'nowhere'" in capsys.readouterr().err
    assert main(["score", str(tmp_path / "none"), "x"]) == 2
    assert "none" in capsys.readouterr().err
