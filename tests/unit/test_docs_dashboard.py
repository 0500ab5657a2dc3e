"""What the docs say of the dashboard is so: each point is kept by tests that exist, the limits are the code's."""

from __future__ import annotations

import re

import pytest

from cloud import glimpses
from cloud.web import live
from tests.bench.dashboard_bench import PARTS, POINTS
from tests.house import ROOT

PAGE = (ROOT / "docs/dashboard.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
PYTHON = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
PAGES_OWN = "\n".join(path.read_text() for path in (ROOT / "cloud/web/dashboard/tests").glob("*.test.ts"))


def test_every_point_is_told_of() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, POINTS + 1))


@pytest.mark.parametrize(("number", "kept"), [(number, kept) for number, _, kept in ROWS])
def test_a_point_is_kept_by_what_there_is(number: str, kept: str) -> None:
    named = re.findall(r"`([^`]+)`", kept)

    assert named
    for one in named:
        assert one in PARTS or f"def {one}(" in PYTHON or f'test("{one}"' in PAGES_OWN, one


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{live.RING_LENGTH} of them and {live.RING_BYTES_MAX // 2**20} MiB" in PAGE
    assert f"every {glimpses.EVERY_S} s" in PAGE
    assert f"{glimpses.SENT_MAX:,} frames a second" in PAGE
