"""The page has words, in both languages, for every code that people meet in a list: rules, and a slot's journal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from cloud.alerts import rules
from cloud.core.maintenance.work import LIFE_LEFT
from edge.core.slots.actions import Action

WORDS = Path(__file__).parents[2] / "cloud" / "web" / "dashboard" / "src" / "words"


BY_ITSELF = {"zeroed", "differs"}
"""What a gateway notes of a slot without being asked."""


def words(family: str, language: str, *books: str) -> set[str]:
    """The codes of a family that have words."""
    text = "\n".join((WORDS / f"{book}{language}.ts").read_text(encoding="utf-8") for book in books)
    return set(re.findall(rf'^  "{family}\.(\w+)":', text, re.MULTILINE))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_that_people_judge_has_words(language: str) -> None:
    assert {*rules.rules(), LIFE_LEFT} - words("alert", language, "", "rules_") == set()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_line_of_a_slots_journal_has_words(language: str) -> None:
    done = {str(one.__struct_config__.tag) for one in get_args(Action)}

    assert (done | BY_ITSELF) - words("journal", language, "gate_") == set()
