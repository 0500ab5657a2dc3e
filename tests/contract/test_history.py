"""One suite for every `History`: SQLite, InfluxDB, the spool before InfluxDB.

INFLUXDB_URL (influxdb+http://host:8086/org/bucket, with INFLUXDB_TOKEN) adds a real InfluxDB to the suite.
"""

from __future__ import annotations

import math
import os
import random
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from cloud.stores.history import History, Samples, open_history
from cloud.stores.history_spool import SpooledHistory

T0 = 1_763_762_400_000
MINUTE_MS = 60_000
DAY_MS = 86_400_000


class Bench(NamedTuple):
    """A history under test, and a prefix for devices that no other test uses."""

    history: History
    prefix: str

    def name(self, device: str = "shelf", quantity: str = "mass_g") -> str:
        return f"{self.prefix}{device}/1/{quantity}"

    def whole(self, series: str) -> tuple[list[int], list[float]]:
        return self.history.read(series, 0, T0 + 1000 * DAY_MS)


class Drained(SpooledHistory):
    """What is appended has left the spool when append returns, so that the suite can read it."""

    def append(self, samples: Sequence[Samples]) -> None:
        super().append(samples)
        self.drain()


HISTORIES = ["sqlite", "influxdb", "spool before influxdb", *(["INFLUXDB_URL"] if "INFLUXDB_URL" in os.environ else [])]


@pytest.fixture(params=HISTORIES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    history: History
    if request.param == "sqlite":
        history = open_history(f"sqlite:///{tmp_path}/history.db")
    elif request.param == "INFLUXDB_URL":
        history = open_history(os.environ["INFLUXDB_URL"])
    else:
        history = open_history(request.getfixturevalue("bucket"))
        if request.param != "influxdb":
            history = Drained(history, tmp_path / "spool.db")
    yield Bench(history, f"t{uuid.uuid4().hex[:8]}-")
    history.close()


def test_samples_come_back_exactly_and_ascending(bench: Bench) -> None:
    name, values = bench.name(), [4821.5, -0.25, 0.0, 1e300, 5e-324, 0.1 + 0.2, 7]

    bench.history.append([Samples(name, [T0 + i * 1000 for i in (3, 1, 0, 2, 6, 5, 4)], values)])

    expected = dict(zip((3, 1, 0, 2, 6, 5, 4), values, strict=True))
    assert bench.whole(name) == ([T0 + i * 1000 for i in range(7)], [expected[i] for i in range(7)])


def test_a_series_never_written_is_empty(bench: Bench) -> None:
    assert bench.whole(bench.name("nobody")) == ([], [])
    assert bench.history.latest([bench.name("nobody")]) == {}


def test_nothing_to_append_is_nothing_appended(bench: Bench) -> None:
    bench.history.append([])
    bench.history.append([Samples(bench.name(), [], [])])

    assert bench.name() not in bench.history.series()


def test_a_read_ends_before_its_end(bench: Bench) -> None:
    bench.history.append([Samples(bench.name(), [T0, T0 + 1, T0 + 2], [1.0, 2.0, 3.0])])

    assert bench.history.read(bench.name(), T0, T0 + 2) == ([T0, T0 + 1], [1.0, 2.0])
    assert bench.history.read(bench.name(), T0 + 1, T0 + 1) == ([], [])


def test_the_same_samples_again_change_nothing(bench: Bench) -> None:
    samples = [Samples(bench.name(), [T0 + i for i in range(300)], [float(i) for i in range(300)])]
    bench.history.append(samples)
    before = bench.whole(bench.name())

    for _ in range(3):
        bench.history.append(samples)

    assert bench.whole(bench.name()) == before
    assert len(before[0]) == 300


def test_a_sample_at_a_known_time_replaces_it(bench: Bench) -> None:
    bench.history.append([Samples(bench.name(), [T0, T0 + 1], [1.0, 2.0])])

    bench.history.append([Samples(bench.name(), [T0 + 1, T0 + 1], [3.0, 4.0])])

    assert bench.whole(bench.name()) == ([T0, T0 + 1], [1.0, 4.0])
    assert bench.history.latest([bench.name()]) == {bench.name(): (T0 + 1, 4.0)}


def test_a_backlog_of_14_days_finds_its_place_between_live_samples(bench: Bench) -> None:
    name, start = bench.name(), T0 - 14 * DAY_MS
    late = [(start + i * 2 * MINUTE_MS, float(i % 97)) for i in range(14 * 720)]
    live = [(T0 + i * MINUTE_MS, float(i)) for i in range(11)]

    for i, sample in enumerate(live):
        batch = late[i * 1000 : (i + 1) * 1000]
        bench.history.append([Samples(name, [sample[0]], [sample[1]])])
        bench.history.append([Samples(name, [at for at, _ in batch], [value for _, value in batch])])

    assert list(zip(*bench.whole(name), strict=True)) == late + live
    assert bench.history.latest([name]) == {name: live[-1]}


def test_samples_in_random_order_are_all_kept(bench: Bench) -> None:
    order = list(range(3000))
    random.Random(1).shuffle(order)

    for i in range(0, 3000, 200):
        part = order[i : i + 200]
        bench.history.append([Samples(bench.name(), [T0 + at * 1000 for at in part], [at / 10 for at in part])])

    assert bench.whole(bench.name()) == ([T0 + at * 1000 for at in range(3000)], [at / 10 for at in range(3000)])


def test_few_samples_are_not_thinned(bench: Bench) -> None:
    bench.history.append([Samples(bench.name(), [T0, T0 + 1, T0 + 2], [1.0, 1.0, 1.0])])

    assert bench.history.read(bench.name(), T0, T0 + 3, points=3) == bench.whole(bench.name())


def test_thinning_keeps_the_peak_at_its_time_and_the_gap_empty(bench: Bench) -> None:
    times = [T0 + i * 1000 for i in range(4000) if not 1000 <= i < 2000]
    values = [9.5 if at == T0 + 500_000 else -3.0 if at == T0 + 3_333_000 else 4.0 for at in times]
    bench.history.append([Samples(bench.name(), times, values)])

    thin = dict(zip(*bench.history.read(bench.name(), T0, T0 + 4_000_000, points=80), strict=True))

    assert len(thin) <= 80
    assert thin[T0 + 500_000] == 9.5
    assert thin[T0 + 3_333_000] == -3.0
    assert not any(T0 + 1_000_000 <= at < T0 + 2_000_000 for at in thin)
    assert {(at - T0) // 100_000 for at in thin} == {*range(10), *range(20, 40)}


def test_the_latest_is_the_last_by_time_and_not_by_arrival(bench: Bench) -> None:
    a, b, c = bench.name("a"), bench.name("b"), bench.name("c")
    bench.history.append([Samples(a, [T0 + 5, T0 + 9, T0 + 7], [5.0, 9.0, 7.0]), Samples(b, [T0], [1.5])])

    bench.history.append([Samples(a, [T0 + 8], [8.0]), Samples(c, [T0 + 1], [0.0])])

    expected = {a: (T0 + 9, 9.0), b: (T0, 1.5), c: (T0 + 1, 0.0)}
    assert {k: v for k, v in bench.history.latest().items() if k.startswith(bench.prefix)} == expected
    assert bench.history.latest([a, bench.name("nobody")]) == {a: (T0 + 9, 9.0)}


def test_series_are_listed_by_name(bench: Bench) -> None:
    names = [bench.name("b"), bench.name("a", "power_w"), bench.name("a")]
    bench.history.append([Samples(name, [T0], [1.0]) for name in names])

    assert [name for name in bench.history.series() if name.startswith(bench.prefix)] == sorted(names)


def test_odd_but_allowed_names_are_kept_apart(bench: Bench) -> None:
    names = [bench.name(odd) for odd in ("a b", "a,b=c", "#a", "冷库 1", "a;DROP", "ä%20{}", " ", "*")]

    bench.history.append([Samples(name, [T0], [float(i)]) for i, name in enumerate(names)])

    assert bench.history.latest(names) == {name: (T0, float(i)) for i, name in enumerate(names)}
    assert [bench.whole(name) for name in names] == [([T0], [float(i)]) for i in range(len(names))]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (Samples("", [T0], [1.0]), "can not name a series"),
        (Samples("a/b", [T0], [1.0]), "can not name a series"),
        (Samples("a/b/c/d", [T0], [1.0]), "can not name a series"),
        (Samples("a/1/x' OR 'a'='a", [T0], [1.0]), "can not name a series"),
        (Samples("a\n/1/mass_g", [T0], [1.0]), "can not name a series"),
        (Samples("a\\/1/mass_g", [T0], [1.0]), "can not name a series"),
        (Samples("a\ud800/1/mass_g", [T0], [1.0]), "can not name a series"),
        (Samples("a/1/mass_g", [T0, T0 + 1], [1.0]), "2 times for 1 values"),
        (Samples("a/1/mass_g", [T0], [math.nan]), f"a/1/mass_g: the value at {T0} is nan"),
        (Samples("a/1/mass_g", [T0, T0 + 1], [1.0, math.inf]), f"at {T0 + 1} is inf"),
        (Samples("a/1/mass_g", [T0], [10**400]), "values must be numbers"),
        (Samples("a/1/mass_g", [T0], ["1"]), "values must be numbers"),  # type: ignore[list-item]
        (Samples("a/1/mass_g", [-1], [1.0]), "between 1970 and 2262"),
        (Samples("a/1/mass_g", [2**63], [1.0]), "between 1970 and 2262"),
        (Samples("a/1/mass_g", [T0 + 0.5], [1.0]), "whole ms"),  # type: ignore[list-item]
    ],
)
def test_wrong_input_is_named_and_nothing_of_the_call_is_written(bench: Bench, bad: Samples, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        bench.history.append([Samples(bench.name(), [T0], [1.0]), bad])

    assert why in str(refusal.value)
    assert bench.whole(bench.name()) == ([], [])


def test_a_read_that_makes_no_sense_is_refused(bench: Bench) -> None:
    for arguments in ((T0, T0 - 1, None), (-1, T0, None), (0, 2**63, None), (0, T0, 1), (0, T0, 100_001)):
        with pytest.raises(ValueError, match="can not read"):
            bench.history.read(bench.name(), *arguments)
    with pytest.raises(ValueError, match="can not name a series"):
        bench.history.read("a' OR 'a'='a/1/x", 0, T0)


def test_threads_may_append_and_read_at_once(bench: Bench) -> None:
    def fill(device: str) -> int:
        for i in range(0, 400, 20):
            bench.history.append(
                [Samples(bench.name(device), [T0 + j for j in range(i, i + 20)], [j / 2 for j in range(i, i + 20)])]
            )
            times, values = bench.whole(bench.name(device))
            assert values == [(at - T0) / 2 for at in times]
            assert len(times) >= i + 20
            bench.history.latest()
        return len(bench.whole(bench.name(device))[0])

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(fill, ("a", "b", "c"))) == [400, 400, 400]
