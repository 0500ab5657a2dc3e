"""`make bench-truth`: every figure of the scoreboard, its goal, what was measured, and the anchor of the same run."""

from __future__ import annotations

import sys
import time

from tests.bench.table import Figure, show
from tests.bench.truth import fusion, gate, patients, session, shelf, strays, tags

PARTS = (shelf, session, tags, strays, gate, fusion, patients)


def main() -> int:
    """Measure part by part, telling which; 0 when all goals are met."""
    found: list[Figure] = []
    for part in PARTS:
        started_s = time.monotonic()
        print(f"{part.__name__.rpartition('.')[2]} ...", file=sys.stderr, flush=True)
        found += part.figures()
        print(f"  {time.monotonic() - started_s:.0f} s", file=sys.stderr, flush=True)
    return show("truth at the shelf", found)


if __name__ == "__main__":
    sys.exit(main())
