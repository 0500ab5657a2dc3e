"""Which way tags went through a real warehouse gate, and which only came near; and how many tags a walk did not see.

Run: python -m tests.bench.truth.gate [--fit]. The data is real and not part of the project: 60 passes of a gate with
two antennas, and four walks through a shop (`../shared/data/rfid`). What the gate's labels mean is read off the data:
in 0 every tag peaks at the first antenna and then at the second, in 1 the other way round; in 2 one antenna hears them
weakly (they pass along one side), in 3 the signal does not change (they stand), in 4 it takes twice as long and ends
where it began (they turn round). A pass is judged by weights that were fitted without it; which features there are, and
how near in time tags are company, was chosen on all of them. `--fit` prints the weights that are shipped, fitted to
all.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import combinations
from math import log10
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.core.tagging import portal, unread
from protocols.readings import TagRead
from tests.bench.table import Figure, show
from tests.bench.truth.regression import Weights, fit

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "rfid"
THROUGH: dict[int, portal.Way] = {0: "in", 1: "out"}
REFERENCE_DBM = -95.0
"""The reader told relative power; what it is relative to shifts all signals alike and is made up."""
STEP_MS = 500
PUBLISHED = 0.9425
"""Alfian et al. 2023: share of tags whose movement and direction were told rightly, all five classes."""


class Pass(NamedTuple):
    """One pass: its label and the reads of all its tags, in order of time."""

    name: str
    label: int
    reads: list[TagRead]

    @property
    def epcs(self) -> set[str]:
        """The tags of the pass."""
        return {read.epc for read in self.reads}


def passes() -> list[Pass]:
    """The recorded passes; none when the data is not there."""
    path = DATA / "gate_reads.csv.gz"
    if not path.is_file():
        return []
    reads: dict[str, list[TagRead]] = defaultdict(list)
    labels: dict[str, int] = {}
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines):
            if row["code"] != "1":
                continue
            moment = datetime.strptime(row["timestamp"] + "+0000", "%Y/%m/%d %H:%M:%S.%f%z")
            rssi_dbm = REFERENCE_DBM + 10.0 * log10(max(float(row["rssi"]), 1.0))
            at_ms = round(moment.timestamp() * 1000)
            reads[row["session"]].append(TagRead(row["epc"], int(row["antenna"]), at_ms, rssi_dbm))
            labels[row["session"]] = int(row["label"])
    return [Pass(name, labels[name], sorted(reads[name], key=lambda read: read.at_ms)) for name in reads]


def judged(reads: list[TagRead], weights: Weights) -> dict[str, list[portal.Way]]:
    """What the gate said of each tag, played in messages of half a second."""
    held = portal.WEIGHTS, portal.BIAS
    portal.WEIGHTS, portal.BIAS = weights  # type: ignore[assignment]
    gate = portal.Gate(frozenset({0}), frozenset({1}))
    said: dict[str, list[portal.Way]] = defaultdict(list)
    place, now_ms = 0, reads[0].at_ms
    while now_ms < reads[-1].at_ms + 2 * portal.QUIET_MS:
        now_ms += STEP_MS
        upto = place
        while upto < len(reads) and reads[upto].at_ms < now_ms:
            upto += 1
        portal.note(gate, reads[place:upto])
        place = upto
        for passage in portal.judge(gate, now_ms):
            said[passage.epc].append(passage.way)
    portal.WEIGHTS, portal.BIAS = held
    return said


def examples(recorded: Iterable[Pass]) -> tuple[list[list[float]], list[bool]]:
    """What the regression learns from: the features of every tag with reads enough, and whether it went through."""
    values, through = [], []
    for one in recorded:
        gate = portal.Gate(frozenset({0}), frozenset({1}))
        portal.note(gate, one.reads)
        for trace in gate.traces.values():
            told = portal.features(trace)
            if told is not None:
                values.append(told)
                through.append(one.label in THROUGH)
    return values, through


def fitted(recorded: Iterable[Pass]) -> Weights:
    """Weights from some passes."""
    values, through = examples(recorded)
    return fit(np.array(values), np.array(through))


class Tally(NamedTuple):
    """Counts of tags: those that went through, of them told so, and rightly; those only near, of them told falsely."""

    through: int = 0
    decided: int = 0
    rightly: int = 0
    near: int = 0
    falsely: int = 0

    @property
    def right(self) -> float:
        """The share of all tags of which the right thing was said: in, out, or nothing."""
        return (self.rightly + self.near - self.falsely) / (self.through + self.near)


def score(one: Pass, said: dict[str, list[portal.Way]], so_far: Tally) -> Tally:
    """One more pass."""
    ways = {epc: [way for way in said.get(epc, []) if way != "none"] for epc in one.epcs}
    told = sum(bool(way) for way in ways.values())
    if one.label not in THROUGH:
        return so_far._replace(near=so_far.near + len(ways), falsely=so_far.falsely + told)
    rightly = sum(way == [THROUGH[one.label]] for way in ways.values())
    return so_far._replace(
        through=so_far.through + len(ways), decided=so_far.decided + told, rightly=so_far.rightly + rightly
    )


def naive(one: Pass) -> dict[str, list[portal.Way]]:
    """The anchor: the antenna that heard a tag first and the one that heard it last; the same one is no passage."""
    said: dict[str, list[portal.Way]] = {}
    for epc in one.epcs:
        antennas = [read.antenna for read in one.reads if read.epc == epc]
        said[epc] = ["none" if antennas[0] == antennas[-1] else "in" if antennas[0] == 0 else "out"]
    return said


def mixed(recorded: list[Pass], weights: dict[str, Weights]) -> tuple[Tally, int, int]:
    """Every pass with the tags of a standing one laid over it: its tally, standing tags, those told falsely."""
    standing = [one for one in recorded if one.label == 3]
    tally, stood, falsely = Tally(), 0, 0
    for number, one in enumerate(recorded):
        other = standing[number % len(standing)]
        if other.name == one.name:
            continue
        shift_ms = one.reads[0].at_ms - other.reads[0].at_ms
        beside = [TagRead("F" + read.epc, read.antenna, read.at_ms + shift_ms, read.rssi_dbm) for read in other.reads]
        said = judged(sorted([*one.reads, *beside], key=lambda read: read.at_ms), weights[one.name])
        tally = score(one, said, tally)
        stood += len(other.epcs)
        falsely += sum(any(way != "none" for way in said.get("F" + epc, [])) for epc in other.epcs)
    return tally, stood, falsely


def walks() -> tuple[list[set[str]], set[str]]:
    """The four walks through the shop, and the tags known to be there."""
    path = DATA / "store_walks.csv.gz"
    if not path.is_file():
        return [], set()
    with (DATA / "store_panels_epc_mapping.csv").open() as lines:
        mapped = {row["epc"] for row in csv.DictReader(lines)}
    seen: dict[str, set[str]] = defaultdict(set)
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines):
            seen[row["experiment_nr"]].add(row["epc"])
    return [seen[name] & mapped for name in sorted(seen)], mapped


def figures() -> list[Figure]:
    """Print what was said of each kind of movement; what is asked of the gate and of the walks."""
    recorded = passes()
    if not recorded:
        print(f"gate: {DATA.name} is not here; nothing was measured")
        return []
    weights = {one.name: fitted(other for other in recorded if other.name != one.name) for one in recorded}
    ours, plain = Tally(), Tally()
    print("gate, each pass judged by weights fitted without it: tags said to go through, of all")
    kinds: dict[int, Tally] = defaultdict(Tally)
    for one in recorded:
        said = judged(one.reads, weights[one.name])
        ours, plain = score(one, said, ours), score(one, naive(one), plain)
        kinds[one.label] = score(one, said, kinds[one.label])
    for label, name in enumerate(("in", "out", "along one side", "standing", "turning round")):
        tally = kinds[label]
        print(f"{name:>16} {tally.decided + tally.falsely:4d} of {tally.through + tally.near:4d}")
    beside, stood, told = mixed(recorded, weights)
    print(f"with standing tags beside: right {beside.right:.3f}; {told} of {stood} standing tags said to go through")
    looks, mapped = walks()
    pairs = [unread.estimate(pair) for pair in combinations(looks, 2)]
    off = max(abs(one.estimate - len(mapped)) / len(mapped) for one in pairs if one is not None)
    union = max(1 - len(a | b) / len(mapped) for a, b in combinations(looks, 2))
    single = max(1 - len(look) / len(mapped) for look in looks)
    first_last = f"first and last antenna: {plain.rightly / plain.decided:.3f}"
    return [
        Figure(
            "gate: direction right, of those decided",
            ">= 0.97",
            ours.rightly / ours.decided,
            0.97,
            "",
            first_last,
            True,
        ),
        Figure(
            "gate: decided, of those that went through",
            ">= 0.95",
            ours.decided / ours.through,
            0.95,
            "",
            f"first and last antenna: {plain.decided / plain.through:.3f}",
            True,
        ),
        Figure(
            "gate: movement and direction right, all kinds",
            f">= {PUBLISHED}",
            ours.right,
            PUBLISHED,
            "",
            f"first and last antenna: {plain.right:.3f}; published {PUBLISHED}",
            True,
        ),
        Figure(
            "unread: two walks' estimate of 915 tags, worst pair off by",
            "<= 0.01",
            off,
            0.01,
            "",
            f"tags seen: one walk {single:.3f}, two {union:.3f} short",
        ),
    ]


def main() -> int:
    """The tables and the figures, or the weights."""
    if "--fit" in sys.argv:
        print(fitted(passes()))
        return 0
    return show("figure", figures())


if __name__ == "__main__":
    sys.exit(main())
