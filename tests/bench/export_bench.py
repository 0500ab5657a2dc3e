"""Measures a long table as a file: a million entries of the book, from the ledger to the last byte, and what memory
that takes beside the naive way, all rows at once.

    python -m tests.bench.export_bench [--rows 1000000]

Entries are made up: 200 SKUs, a lot and a reference each, every hundredth with a note. Each way runs in a process of
its own; the memory is what its peak grew by since the ledger was open.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cloud.core.book.entries import Entry
from cloud.core.exporting.columns import BLOCK
from cloud.core.exporting.tables import TABLES
from cloud.stores.ledger import Ledger
from cloud.table_csv import csv_file
from cloud.table_parquet import parquet_file
from tests.bench.table import Figure, show

ROWS = 1_000_000
FORMS = {"csv": csv_file, "parquet": parquet_file}
START_MS = 1_700_000_000_000
TO_MS = 2**53


def fill(url: str, rows: int) -> None:
    """So many entries in a ledger."""
    ledger = Ledger(url)
    for first in range(0, rows, 20_000):
        ledger.books.post(
            [
                Entry(
                    "receipt", f"sku-{at % 200}", at % 90 + 1, START_MS + at * 1000, START_MS + at * 1000,
                    lot=f"L{at // 1000}", unit_cost=0.25 * (at % 40), ref=f"order:{at // 7}", by="bo",
                    note="counted twice, by hand" if at % 100 == 0 else "",
                )
                for at in range(first, min(rows, first + 20_000))
            ]
        )  # fmt: skip
    ledger.close()


def write(url: str, form: str, whole: bool) -> dict[str, float]:
    """A file of the book: seconds, megabytes of it, and by how many the peak of memory grew."""
    ledger, table = Ledger(url), TABLES["book"]
    columns = table.told("EUR").columns
    [*csv_file(columns, []), *parquet_file(columns, [])]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started_s, size = time.perf_counter(), 0
    blocks = table.blocks(ledger.exports.entries(0, TO_MS))
    pieces = FORMS[form](columns, [[row for block in blocks for row in block]] if whole else blocks)
    for piece in pieces:
        size += len(piece)
    taken_s = time.perf_counter() - started_s
    grew = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    ledger.close()
    return {"s": taken_s, "mb": size / 1e6, "grew_mb": grew / 1024}


def figures(rows: int) -> list[Figure]:
    """The rows of the table."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        fill(url, rows)
        for form in FORMS:
            ours, naive = (_apart(url, form, way) for way in ("blocks", "whole"))
            name = f"{rows} entries as {form}, {ours['mb']:.0f} MB"
            found += [
                Figure(name, "<= 30 s", ours["s"], 30, "s", f"{naive['s']:.3g} s at once"),
                Figure(f"{name}: memory", "<= 40 MB", ours["grew_mb"], 40, "MB", f"{naive['grew_mb']:.3g} MB at once"),
            ]
    return found


def _apart(url: str, form: str, way: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.export_bench", "--one", url, form, way]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--one", nargs=3, metavar=("URL", "FORM", "WAY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        url, form, way = arguments.one
        print(json.dumps(write(url, form, way == "whole")))
    else:
        assert arguments.rows >= BLOCK
        sys.exit(show("file", figures(arguments.rows)))
