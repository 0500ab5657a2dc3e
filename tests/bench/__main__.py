"""`make bench`: every figure, its goal, what was measured and the naive anchor of the same run."""

from __future__ import annotations

import sys

from tests.bench import decode_bench, gateway_bench, load_bench, system_bench
from tests.bench.table import show

sys.exit(show("figure", gateway_bench.figures() + load_bench.figures() + decode_bench.figures() + system_bench.figures()))
