"""`python -m tests.simulation 7`: one seed, or `--seeds N --from F`: many. Exit code 1 when a promise was broken."""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.simulation.faults import KINDS
from tests.simulation.stage import Verdict, simulate

SHOWN = 40


def main() -> int:
    """Run and tell."""
    names = ", ".join(kind.name for kind in KINDS)
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="run N seeds, the first of them is SEED")
    parser.add_argument("--processes", type=int, default=2, help="how many run at once")
    parser.add_argument("--without", default="", metavar="KINDS", help=f"leave faults out, by commas: {names}")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write what happened")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    without = frozenset(filter(None, given.without.split(",")))
    unknown = without - {kind.name for kind in KINDS}
    if unknown:
        parser.error(f"no fault is called {', '.join(sorted(unknown))}; there are {names}")
    if given.seeds == 1:
        verdict = simulate(given.seed, without)
        if given.log:
            given.log.write_text("\n".join(verdict.lines) + "\n")
        tell(verdict, without)
        print(f"log {verdict.digest[:16]}, {len(verdict.lines)} lines, {verdict.seconds:.1f} s")
        return bool(verdict.broken)
    seeds = range(given.seed, given.seed + given.seeds)
    sums: Counter[str] = Counter()
    broken = []
    with ProcessPoolExecutor(given.processes) as pool:
        for verdict in pool.map(partial(simulate, without=without), seeds):
            sums.update(verdict.figures)
            if verdict.broken:
                broken.append(verdict.seed)
                tell(verdict, without)
            elif sys.stderr.isatty():
                print(f"\rseed {verdict.seed}", end="", file=sys.stderr, flush=True)
    figures = ", ".join(f"{count} {name}" for name, count in sums.items())
    print(f"\n{len(seeds)} seeds from {seeds[0]}: {figures}")
    print(f"broken: {', '.join(map(str, broken)) or 'none'}")
    return bool(broken)


def tell(verdict: Verdict, without: frozenset[str]) -> None:
    """What a seed came to."""
    if not verdict.broken:
        print(f"seed {verdict.seed}: all promises kept; " + ", ".join(f"{n} {w}" for w, n in verdict.figures.items()))
        return
    how = f" WITHOUT={','.join(sorted(without))}" if without else ""
    print("\n".join(verdict.lines[-SHOWN:]))
    print(f"seed {verdict.seed} broke a promise: {verdict.broken}\nagain: make sim SEED={verdict.seed}{how}")


if __name__ == "__main__":
    sys.exit(main())
