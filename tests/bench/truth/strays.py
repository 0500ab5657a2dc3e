"""Which tags are only heard through a wall: how many are rejected, and how many that stand here are lost by it.

Run: python -m tests.bench.truth.strays [--seeds tune] [--fit]. A stray is taken when it was ever told to have come, a
tag of the zone lost when it was not told in the time it is watched: one minute from the start of a new reader, or ten.
Anchor of the same run: taking what is louder than a fixed signal. `--fit` prints the weights of
`edge.core.tagging.strays` anew, from the tuning layouts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.core.tagging import presence, strays, tags
from firmware_sim.worlds import walls
from firmware_sim.worlds.tags import Bools
from protocols.readings import TagRead
from tests.bench.table import Figure, show
from tests.bench.truth.regression import Weights, fit

START = 1_700_000_000
STRAYS = (0, 10, 40, 80)
Looks = tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]
"""Features of strays, and of tags of the zone."""


class Heard(NamedTuple):
    """What became of the tags of one layout that were heard in three epochs or more."""

    strays: int
    rejected: int
    moves: int
    lost: int
    naive_rejected: int
    naive_lost: int


NAIVE_DBM = -60.0
MINUTE = 60
BOARD = "plasterboard"
STANDING = "all standing there from the start"


class Kind(NamedTuple):
    """One kind of place to tell strays in: its wall (any: None), how many of its own tags stood there from the start,
    for how many epochs it is watched, and the reader's `walls` in the site file."""

    name: str
    wall_db: float | None = None
    standing: float = 0.0
    epochs: int = MINUTE
    walled: bool = True


WALLS = [Kind(name, loss) for name, loss in walls.WALLS_DB.items()]
ANY = Kind("any wall")
ANY_LONG, BOARD_LONG = Kind("any wall, 10 min", epochs=10 * MINUTE), Kind(f"{BOARD}, 10 min", 3.0, 0.0, 10 * MINUTE)
STOOD, STOOD_LONG = Kind(STANDING, None, 1.0), Kind(f"{STANDING}, 10 min", None, 1.0, 10 * MINUTE)
STOOD_OPEN = Kind(f"{STANDING}, walls = false", None, 1.0, MINUTE, False)


def listen(
    hearing: walls.Hearing,
    offset_db: float,
    look: Callable[[int, tags.Field], None] | None = None,
    walled: bool = True,
) -> Heard:
    """Play a layout to the gateway's fold; the anchor takes a tag whose mean signal is above `NAIVE_DBM`. `walled`: the
    reader's `walls` in the site file."""
    field, told = tags.Field(walls=walled), np.zeros(len(hearing.own), np.bool_)
    for epoch, signals in enumerate(hearing.rssi_dbm + offset_db):
        at_ms = (START + epoch) * 1000
        heard = np.flatnonzero(~np.isnan(signals)).tolist()
        reads = [TagRead(str(tag), 1, at_ms + 500, float(signals[tag])) for tag in heard]
        moves = tags.see(field, reads, "zone", "reader") + tags.pass_time(field, at_ms + 1000, "zone", "reader")
        told[[int(move.epc) for move in moves if move.move == "arrived"]] = True
        if look is not None:
            look(epoch, field)
    scored = (~np.isnan(hearing.rssi_dbm)).sum(axis=0) >= 3
    own, other = hearing.own & scored, ~hearing.own & scored
    means = np.full(len(scored), -np.inf)
    means[scored] = np.nanmean(hearing.rssi_dbm[:, scored], axis=0) + offset_db
    above = means > NAIVE_DBM
    counts = (other, other & ~told, own, own & ~told, other & ~above, own & ~above)
    return Heard(*(int(one.sum()) for one in counts))


def layouts(
    seeds: Iterable[int],
    wall_db: float | None,
    standing: float,
    epochs: int = MINUTE,
    fading: walls.Fading = walls.BUSY,
) -> Iterator[tuple[walls.Hearing, float]]:
    """Places with 40 tags of their own and 0 to 80 behind the wall, and the reader's own offset of signal in dB."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        place = walls.layout(rng, wall_db)
        yield walls.hear(place, 40, int(rng.choice(STRAYS)), epochs, rng, standing, fading), float(rng.normal(0.0, 3.0))


def stray_row(kind: Kind, seeds: Iterable[int]) -> Heard:
    """All layouts of one kind together."""
    places = layouts(seeds, kind.wall_db, kind.standing, kind.epochs)
    rows = [listen(hearing, offset_db, walled=kind.walled) for hearing, offset_db in places]
    return Heard(*(sum(column) for column in zip(*rows, strict=True)))


THIN, THICK = (None, walls.WALLS_DB["plasterboard"]), (walls.WALLS_DB["brick"], walls.WALLS_DB["concrete"])
FITTED = [
    (places, wall_db, standing, epochs, fading, every)
    for places, losses, standings, epochs, fading, every in (
        (walls.TUNING_LAYOUTS, THIN, (0.0, 0.3, 1.0), MINUTE, walls.BUSY, 8),
        (walls.TUNING_LAYOUTS, THIN, (0.0, 1.0), MINUTE, walls.QUIET, 8),
        (walls.TUNING_LAYOUTS, THICK, (0.0, 1.0), MINUTE, walls.BUSY, 8),
        (walls.TUNING_LAYOUTS[::4], THIN, (0.0, 1.0), 10 * MINUTE, walls.BUSY, 24),
        (walls.TUNING_LAYOUTS[::4], THICK, (0.0,), 10 * MINUTE, walls.BUSY, 24),
    )
    for standing in standings
    for wall_db in losses
]
"""What the weights are fitted to: layouts, wall, share that stood there from the start, epochs, fading, and
every how manieth epoch."""
DRAWN = 15_000
"""So many looks at strays, and at tags of the zone, are drawn of each: few strays come through thick walls, and the
weights must know them too."""


def fit_strays() -> Weights:
    """The weights of `edge.core.tagging.strays`: logistic regression, both kinds of tags weighing the same."""
    rng = np.random.default_rng(1)
    drawn: list[NDArray[np.float64]] = []
    for seeds, wall_db, standing, epochs, fading, every in FITTED:
        found: Looks = ([], [])
        for hearing, offset_db in layouts(seeds, wall_db, standing, epochs, fading):

            def look(
                epoch: int,
                field: tags.Field,
                own: Bools = hearing.own,
                every: int = every,
                found: tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]] = found,
            ) -> None:
                if epoch % every != every - 1:
                    return
                ready = (strays.counts(field.signals) >= strays.COUNT_MIN) & (
                    presence.chances(field.crowd) >= tags.COME
                )
                values = strays.features(field.signals, presence.read_rates(field.crowd)).astype(np.float64)
                stands = own[np.fromiter(map(int, field.rows), np.intp, len(field.rows))]
                found[0].append(values[ready & ~stands])
                found[1].append(values[ready & stands])

            listen(hearing, offset_db, look)
        for kind in found:
            values = np.concatenate(kind)
            drawn.append(values[rng.choice(len(values), DRAWN)])
    kinds = np.tile(np.repeat([True, False], DRAWN), len(FITTED))
    return fit(np.concatenate(drawn), kinds, ridge=1e-5)


def _look(found: Looks, own: Bools, every: int, epoch: int, field: tags.Field) -> None:
    """Note what the strays and the tags of the zone look like that are judged now."""
    if epoch % every != every - 1:
        return
    ready = (strays.counts(field.signals) >= strays.COUNT_MIN) & (presence.chances(field.crowd) >= tags.COME)
    values = strays.features(field.signals, presence.read_rates(field.crowd)).astype(np.float64)
    stands = own[np.fromiter(map(int, field.rows), np.intp, len(field.rows))]
    found[0].append(values[ready & ~stands])
    found[1].append(values[ready & stands])


def figures(places: Iterable[int] = walls.REPORT_LAYOUTS) -> list[Figure]:
    """Print the table of walls; what is asked of them."""
    places = list(places)
    print(f"{'strays':>49}  rejected  lost moves   mean signal > {NAIVE_DBM:.0f} dBm: rejected  lost")
    heard = {}
    for kind in (*WALLS, ANY, ANY_LONG, BOARD_LONG, STOOD, STOOD_LONG, STOOD_OPEN):
        one = heard[kind] = stray_row(kind, places)
        cells = f"{one.rejected / one.strays:8.3f} {one.lost / one.moves:11.4f}"
        print(f"{kind.name:>49} {cells} {one.naive_rejected / one.strays:32.3f} {one.naive_lost / one.moves:8.3f}")
    every, later = heard[ANY], heard[BOARD_LONG]
    hardest = min((heard[kind] for kind in WALLS), key=lambda one: one.rejected / one.strays)
    lost = max(one.lost / one.moves for kind, one in heard.items() if kind.standing == 0.0)
    soon, stood, open_ = heard[STOOD], heard[STOOD_LONG], heard[STOOD_OPEN]
    waits = (
        f"after one minute {soon.lost / soon.moves:.3f} still wait; strays rejected {stood.rejected / stood.strays:.2f}"
    )
    waits += f"; `walls = false` in the site file: {open_.lost / open_.moves:.3f} lost in the first minute"
    thin = f"{BOARD}, watched for 10 min: {later.rejected / later.strays:.3f}"
    naive = f"mean signal: {every.naive_rejected / every.strays:.2f}, losing {every.naive_lost / every.moves:.2f}"
    return [
        Figure("strays rejected, any wall", ">= 0.95", every.rejected / every.strays, 0.95, "", naive, True),
        Figure("strays rejected, thinnest wall", ">= 0.95", hardest.rejected / hardest.strays, 0.95, "", thin, True),
        Figure("true moves lost to the stray filter, worst wall", "<= 0.01", lost, 0.01, "", naive),
        Figure(
            f"true moves lost to the stray filter, {STANDING}, told within 10 min",
            "<= 0.01",
            stood.lost / stood.moves,
            0.01,
            "",
            f"{waits}; mean signal: losing {stood.naive_lost / stood.moves:.2f}",
        ),
    ]


def main() -> int:
    """The table and the figures, or the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", choices=("report", "tune"), default="report")
    parser.add_argument("--fit", action="store_true")
    chosen = parser.parse_args()
    if chosen.fit:
        print(fit_strays())
        return 0
    if chosen.seeds == "tune":
        return show("figure (tuning)", figures(walls.TUNING_LAYOUTS))
    return show("figure", figures())


if __name__ == "__main__":
    sys.exit(main())
