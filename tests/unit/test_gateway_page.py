"""The gateway's page in both languages: every word is there, and nothing a device says is markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from edge import page
from edge.core.slots.belief import REMEDIES
from edge.page import WORDS, language, render


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    assert all(word for words in WORDS.values() for word in words.values())


@pytest.mark.parametrize(
    ("accept", "expected"),
    [("", "en"), ("zh", "zh"), ("ZH-TW,en", "zh"), ("en-US,zh;q=0.9", "en"), ("de,fr", "en"), (";;;", "en")],
)
def test_a_language_is_chosen_for_any_header(accept: str, expected: str) -> None:
    assert language(accept) == expected


def test_a_page_with_nothing_on_it_and_one_full_of_trouble_render() -> None:
    status: dict[str, Any] = {
        "gateway": "<gw>",
        "site": "a&b",
        "now_ms": 1_763_762_400_000,
        "not_ready": ["broker: <away>"],
        "broker": {"connected": False, "why": "x"},
        "service": {"connected": False, "why": "<i>why</i>"},
        "lanes": {"events": dict.fromkeys(("accepted", "delivered", "pending", "refused", "thinned"), 1)},
        "devices": [],
        "climate": [],
    }
    status["lanes"]["events"]["balanced"] = False

    for lang, words in WORDS.items():
        html = render(status, [], [], lang)

        assert "<i>why" not in html
        assert "&lt;gw&gt;" in html
        assert "a&amp;b" in html
        assert words["not_ready"] in html
        assert words["unbalanced"] in html


def test_every_reason_and_remedy_has_words_in_every_language() -> None:
    code = "".join(path.read_text() for path in Path("edge/core").rglob("*.py"))
    said = set(re.findall(r'Estimate\(None, [^)]*?"([a-z_]+)", "([a-z_]+)"', code))
    codes = {one for pair in said for one in pair} | {*REMEDIES, *REMEDIES.values()}

    assert len(codes) > 12
    for words in page.WORDS.values():
        assert codes <= words.keys()
