"""Of the specification's normative statements each is held by a test, not ours to keep, or knowingly not kept."""

from __future__ import annotations

import csv
import importlib
from pathlib import Path

import pytest

from tests.unit.sparkplug_statements import HELD, NOT_KEPT, NOT_OURS

HERE = Path(__file__).parent
VECTORS = HERE.resolve().parents[2] / "shared" / "data" / "vectors" / "sparkplug3_normative_statements.csv"
TESTS = [*HERE.glob("test_sparkplug_*.py"), *(HERE.parent / "contract").glob("test_sparkplug_*.py")]
ROOT = "tck-id-"


@pytest.fixture(scope="module")
def statements() -> set[str]:
    """The ids of all normative statements of Sparkplug 3.0."""
    if not VECTORS.exists():
        pytest.skip("the statements (../shared/data/vectors beside the project) are not here")
    for path in TESTS:
        importlib.import_module(".".join(path.relative_to(HERE.parents[1]).with_suffix("").parts))
    with VECTORS.open() as file:
        return {row["tck_id"] for row in csv.DictReader(file)}


def test_every_statement_is_accounted_for(statements: set[str]) -> None:
    left = {one.removeprefix(ROOT) for one in statements - set(HELD)}

    assert len(statements) == 295
    assert sorted(one for one in left if not one.startswith(tuple(NOT_OURS)) and one not in NOT_KEPT) == []


def test_no_statement_is_made_up_or_accounted_for_twice(statements: set[str]) -> None:
    assert sorted(set(HELD) - statements) == []
    excused = [*NOT_OURS, *NOT_KEPT]
    assert [one for one in excused if not any(known.startswith(ROOT + one) for known in statements)] == []
    held = {one.removeprefix(ROOT) for one in HELD}
    assert sorted(one for one in held if one.startswith(tuple(NOT_OURS)) or one in NOT_KEPT) == []
