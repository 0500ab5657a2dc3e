"""How well any series is watched: the Numenta and Skoltech benchmarks, real air handlers, time a sample.

Run: python -m tests.bench.watch_bench. Every second file of each benchmark, in order of their names, from the first on,
was tuned on; both halves are printed. The scores are those of `python -m cloud watch` on the file without its labels.
The data lie beside the project and are not part of it: what is absent is said and left out.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
from math import erfc
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cloud.core.maintenance.watching import Watch
from cloud.series_sheet import Row, Series
from cloud.sheet_times import time_ms
from tests.bench.nab_scoring import LOW_FALSE, STANDARD, Array, Profile, Run, corpus_score
from tests.bench.table import Figure, show

Flags = np.ndarray[Any, np.dtype[np.bool_]]

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NAB_WINDOWS, NAB_WINDOWS_HERE = 116, 110
"""Two of the corpus's 58 files, with 6 windows, are not in the developers' copy."""
SKAB_LABELS = ("anomaly", "changepoint")
SKAB_FOLDERS = ("valve1", "other")
AIR_LABEL = "Fault Detection Ground Truth"
BAD_CELLS = 90
LEARN_ROWS = 400


class Watched(NamedTuple):
    """A file as the command judges it: a score a row, faults that were told, cells, seconds."""

    scores: Array
    notes: list[str]
    samples: int
    spent_s: float


def watched(text: str, without: tuple[str, ...] = ()) -> Watched:
    """Watch a file, in one pass, as it comes. The time is that of judging; reading text is not counted."""
    series = Series("series", io.StringIO(text, newline=""), without=without)
    rows = list(series)
    watch, scores, notes = Watch(series.channels, LEARN_ROWS), [], []
    started = time.process_time()
    for row in rows:
        if not isinstance(row, Row):
            scores.append(0.0)
            continue
        judged = watch.take(row.at_ms, row.values)
        scores.append(judged.score)
        notes += [what for what, _ in judged.notes]
    spent_s = time.process_time() - started
    notes += [what for row in rows if isinstance(row, Row) for what, _, _ in row.notes]
    return Watched(np.array(scores), notes, len(rows) * len(series.channels), spent_s)


def files(archive: str, prefix: str = "data/") -> dict[str, str]:
    """The CSV files of an archive by their path under `prefix`."""
    found = {}
    with tarfile.open(DATA / "anomaly" / archive) as packed:
        for member in sorted(packed.getmembers(), key=lambda one: one.name):
            path = member.name.removeprefix("./").removeprefix(prefix)
            source = packed.extractfile(member) if path.endswith(".csv") else None
            if source is not None:
                found[path] = source.read().decode()
    return found


def windowed_gaussian(values: Array, rows: int = 6400, step: int = 100) -> Array:
    """The benchmark's own plain anchor: how unlikely a value is in a normal distribution of a sliding window."""
    sums = np.cumsum(np.column_stack((values, values**2)), axis=0)
    scores = np.zeros(len(values))
    for at in range(1, len(values)):
        last = at if at <= rows else rows + (at - rows) // step * step
        first = max(0, last - rows)
        mean, square = (sums[last - 1] - (sums[first - 1] if first else 0.0)) / (last - first)
        deviation = max(square - mean**2, 0.0) ** 0.5 or 1e-6
        scores[at] = 1 - 0.5 * erfc(abs(values[at] - mean) / deviation / 2**0.5)
    return scores


def t2_q(values: Array, reach: float = 0.99) -> Flags:
    """The textbook's anchor, of components for 90 % of the variance of the first rows: T2 or Q over its limit."""
    first = values[:LEARN_ROWS]
    away = (values - first.mean(axis=0)) / (first.std(axis=0) + 1e-9)
    spread, ways = np.linalg.eigh(np.cov(away[:LEARN_ROWS].T))
    spread, ways = spread[::-1], ways[:, ::-1]
    kept = int(np.searchsorted(np.cumsum(spread) / spread.sum(), 0.9)) + 1
    parts = away @ ways
    told = [(parts[:, :kept] ** 2 / spread[:kept]).sum(axis=1), (parts[:, kept:] ** 2).sum(axis=1)]
    flags: Flags = np.maximum(*(one / np.quantile(one[:LEARN_ROWS], reach) for one in told)) > 1.0
    return flags


def halves(names: list[str]) -> dict[str, list[str]]:
    """All files, those tuned on, those not."""
    return {"all": names, "tuned on": names[::2], "not tuned on": names[1::2]}


def nab() -> tuple[list[Figure], list[str]]:
    """The Numenta Anomaly Benchmark: its figures, and lines that say more."""
    published = json.loads((DATA / "anomaly" / "nab_published_results.json").read_text())
    windows: dict[str, Any] = json.loads((DATA / "anomaly" / "nab_windows.json").read_text())
    ours, naive, samples, spent_s = {}, {}, 0, 0.0
    for name, text in files("nab.tar.xz").items():
        lines = [line.split(",") for line in text.splitlines()[1:]]
        times = np.array([time_ms(line[0], False) for line in lines])
        spans = []
        for begin, end in windows[name]:
            inside = np.flatnonzero((times >= time_ms(begin, False)) & (times <= time_ms(end, False)))
            spans.append((int(inside[0]), int(inside[-1])))
        found = watched(text)
        ours[name] = Run(found.scores, spans)
        naive[name] = Run(windowed_gaussian(np.array([float(line[1]) for line in lines])), spans)
        samples, spent_s = samples + found.samples, spent_s + found.spent_s
    figures, said = [], []
    parts = halves([*ours])
    for profile, goal, key in ((STANDARD, 58.0, "standard"), (LOW_FALSE, 52.0, "reward_low_FP_rate")):
        scores = {part: corpus_score([ours[one] for one in names], profile)[0] for part, names in parts.items()}
        plain = corpus_score([*naive.values()], profile)[0]
        anchor = f"windowed Gaussian {plain:.1f}; random cut forest, published: {published['randomCutForest'][key]:.1f}"
        figures.append(Figure(f"NAB {profile.name}", f">= {goal:g}", scores["all"], goal, "", anchor, floor=True))
        said.append(_nab_line(profile, scores, ours, parts))
        if profile is STANDARD:
            scaled = plain * NAB_WINDOWS_HERE / NAB_WINDOWS  # as if the absent files were never alarmed at
            apart = abs(scaled - published["windowedGaussian"][key])
            anchor = f"{scaled:.1f}, published {published['windowedGaussian'][key]:.1f}"
            figures.append(Figure("NAB scorer on windowed Gaussian", "<= 1", apart, 1.0, "points apart", anchor))
    cost = spent_s / samples * 1e6
    figures.append(Figure("a sample, one channel", "<= 5", cost, 5.0, "us", f"{samples} samples"))
    return figures, said


def _nab_line(profile: Profile, scores: dict[str, float], ours: dict[str, Run], parts: dict[str, list[str]]) -> str:
    threshold = corpus_score([ours[one] for one in parts["tuned on"]], profile)[1]
    carried = corpus_score([ours[one] for one in parts["not tuned on"]], profile, threshold)[0]
    plain = corpus_score([*ours.values()], profile, 0.5)[0]
    told = ", ".join(f"{part} {score:.1f} ({len(parts[part])} files)" for part, score in scores.items())
    return f"NAB {profile.name}: {told}; by the other half's threshold {carried:.1f}; all at score 0.5 {plain:.1f}"


def skab() -> tuple[list[Figure], list[str]]:
    """The Skoltech Anomaly Benchmark's valve1 and other: F1 over all rows of all files, learning from 400 rows each."""
    ours, naive, truth, samples, spent_s = {}, {}, {}, 0, 0.0
    for name, text in files("skab.tar.xz").items():
        if not name.startswith(SKAB_FOLDERS):
            continue
        table = np.array([[float(cell) for cell in line.split(";")[1:]] for line in text.splitlines()[1:]])
        found = watched(text, SKAB_LABELS)
        ours[name], truth[name], naive[name] = found.scores >= 0.5, table[:, -2] == 1, t2_q(table[:, :-2])
        samples, spent_s = samples + found.samples, spent_s + found.spent_s
    parts = halves([*ours])
    scores = {part: _f1([(ours[one], truth[one]) for one in names]) for part, names in parts.items()}
    plain = {part: _f1([(naive[one], truth[one]) for one in names]) for part, names in parts.items()}
    always = _f1([(np.ones_like(one), one) for one in truth.values()])
    anchor = f"T2+Q {plain['all']:.3f} (published .76); isolation forest, published: .29; always {always:.3f}"
    said = ", ".join(f"{part} {score:.3f} (T2+Q {plain[part]:.3f})" for part, score in scores.items())
    cost = spent_s / samples * 1e6
    return [
        Figure("SKAB valve1 and other, F1", ">= .76", scores["all"], 0.76, "", anchor, floor=True),
        Figure("a sample, of eight channels", "<= 5", cost, 5.0, "us", f"{samples} samples"),
    ], [f"SKAB F1: {said}"]


def _f1(pairs: list[tuple[Flags, Flags]]) -> float:
    told, true = (np.concatenate([pair[at] for pair in pairs]) for at in (0, 1))
    return float(2 * (told & true).sum() / (told.sum() + true.sum()))


def air_handlers() -> tuple[list[Figure], list[str]]:
    """Two real air handlers: every row has a score, every bad cell is told."""
    bad, said = 0, []
    for path in sorted((DATA / "maintenance" / "air_handler").glob("*.csv.gz")):
        text = gzip.decompress(path.read_bytes()).decode()
        found = watched(text, (AIR_LABEL,))
        assert len(found.scores) == len(text.splitlines()) - 1, "a row without a score"
        bad += found.notes.count("no number")
        faulty = np.array([line.rsplit(",", 1)[1] == "1" for line in text.splitlines()[1:]])
        told = found.scores >= 0.5
        shares = f"of rows with a fault {told[faulty].mean():.0%} are told, of those without {told[~faulty].mean():.1%}"
        said.append(f"{path.name}: {len(told)} rows, {found.notes.count('gap')} gaps; {shares}")
    cells = f"{BAD_CELLS} cells hold #VALUE!"
    return [Figure("air handlers, bad cells told", f"{BAD_CELLS}", abs(bad - BAD_CELLS), 0.0, "missed", cells)], said


def noise() -> list[str]:
    """What chance alone brings: events in noise of which nothing is wrong."""
    generator = np.random.default_rng(9)
    counts = np.zeros(2)
    for _ in range(20):
        watch = Watch(("value",))
        scores = np.array(
            [watch.take(60_000 * at, (value,)).score for at, value in enumerate(generator.normal(size=10_000).tolist())]
        )
        counts += [(scores >= 0.5).sum(), (scores >= 0.8).sum()]
    half, most = counts / 20
    return [f"10,000 samples of white noise: {half:.1f} scores of 0.5 or more, {most:.2f} of 0.8 or more"]


def figures() -> tuple[list[Figure], list[str]]:
    """All figures whose data are there, and lines that say more."""
    found: list[Figure] = []
    said: list[str] = []
    for part, needed in ((nab, "anomaly/nab.tar.xz"), (skab, "anomaly/skab.tar.xz"), (air_handlers, "maintenance")):
        if not (DATA / needed).exists():
            said.append(f"../shared/data/{needed} is not there: its figures are left out")
            continue
        more, lines = part()
        found += more
        said += lines
    return found, said + noise()


if __name__ == "__main__":
    all_figures, lines = figures()
    status = show("watching any series", all_figures)
    print("\n".join(lines))
    raise SystemExit(status)
