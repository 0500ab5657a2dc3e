"""`make bench`: every figure, its goal, what was measured and the naive anchor of the same run."""

from __future__ import annotations

import sys

from tests.bench import decode_bench, gateway_bench, link_bench, load_bench, store_bench, system_bench
from tests.bench.table import show

PARTS = (gateway_bench, load_bench, decode_bench, store_bench, link_bench, system_bench)

sys.exit(show("figure", [figure for part in PARTS for figure in part.figures()]))
