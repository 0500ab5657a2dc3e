"""Which names can be somebody's: none of what nobody sees, and none that passes for another."""

from __future__ import annotations

import pytest

from cloud.web.names import account_flaw, another, flaw, taken

UNSEEN = "\ufe0f\u3164\uffa0\u1160\u2800\u17b4\u180b\u034f\u200b\u200d\u202e\ufeff\xad\U000e0100\U0001d159\n\x00"


@pytest.mark.parametrize("one", UNSEEN, ids=lambda one: f"U+{ord(one):04X}")
def test_what_shows_nothing_stands_in_no_name(one: str) -> None:
    for name in (f"admin{one}", f"ad{one}min", one):
        assert flaw(name) == f"a character of this name can not be seen: U+{ord(one):04X}"
    assert another("admin", [f"ad{one}min{one}"]) or not one.isprintable()  # one of before, which has it


@pytest.mark.parametrize(
    "name",
    ["ADMIN", "ａｄｍｉｎ", "\u0430dmin", "admi\u0578", "ᴀᴅᴍɪɴ", "adm1n", "ADM1N", "adrnin", "adm|n", "adm\u0131n"],
    ids=ascii,
)
def test_what_looks_like_another_passes_for_it(name: str) -> None:
    assert another(name, ["bo", "admin"]) == "admin"


def test_a_nought_within_a_word_passes_for_an_o_and_figures_at_its_end_count() -> None:
    assert another("r00t", ["root"]) == "root"
    assert another("aIan", ["alan"]) == "alan"
    for name, other in (("ward1", "wardl"), ("ward1", "ward2"), ("Ian", "lan"), ("bed0", "bedo"), ("josé", "jose")):
        assert another(name, [other]) == ""


@pytest.mark.parametrize("name", ["José", "O'Neill", "李雷", "สมชาย", "ward 1", "kim@example.org", "...", "नीता"])
def test_a_name_in_any_script_can_be_one(name: str) -> None:
    assert account_flaw(name) == ""


@pytest.mark.parametrize("name", ["", "x" * 65, " bo", "bo ", "\u0301bo", "a/b", ".", ".."])
def test_what_can_be_nobodys_name_says_why(name: str) -> None:
    assert account_flaw(name)


def test_why_a_name_is_taken_is_told_without_saying_a_thing_twice() -> None:
    assert taken("bo", "bo") == "`bo` is taken"
    assert taken("BO", "bo") == "`BO` would pass for `bo`, which is taken"
