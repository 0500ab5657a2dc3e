"""`make bench`: every figure, its goal, what was measured and the naive anchor of the same run."""

from __future__ import annotations

import sys

from tests.bench import gateway_bench, system_bench
from tests.bench.table import show

sys.exit(show("figure", gateway_bench.figures() + system_bench.figures()))
