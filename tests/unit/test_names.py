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


LIKE_ADMIN = "admin\u0332 ad\u20e3min ADMIN ａｄｍｉｎ \u0430dmin admi\u0578 ᴀᴅᴍɪɴ adm1n ADM1N adrnin adm|n adm\u0131n"


@pytest.mark.parametrize("name", LIKE_ADMIN.split(), ids=ascii)
def test_what_looks_like_another_passes_for_it(name: str) -> None:
    assert another(name, ["bo", "admin"]) == "admin"


def test_a_nought_within_a_word_passes_for_an_o_and_figures_at_its_end_count() -> None:
    assert another("r00t", ["root"]) == "root"
    assert another("aIan", ["alan"]) == "alan"
    for name, other in (("ward1", "wardl"), ("ward1", "ward2"), ("Ian", "lan"), ("bed0", "bedo"), ("josé", "jose")):
        assert another(name, [other]) == ""


PLAIN = [
    "José",
    "O'Neill",
    "李雷",
    "สมชาย",
    "ward 1",
    "kim@example.org",
    "...",
    "नीता",
    "李雷 Lee",
    "ヤマダ・タロー",
    "Иван",
]


@pytest.mark.parametrize("name", PLAIN)
def test_a_name_in_any_script_can_be_one(name: str) -> None:
    assert account_flaw(name) == ""


MIXED = "\u2c81dmin \ua4eeDMIN \u15c5dmin \uab7admin admi\u057c adm\xed\u0578 \u0430dmin"


@pytest.mark.parametrize("name", MIXED.split(), ids=ascii)
def test_an_accounts_letters_are_of_one_alphabet(name: str) -> None:
    assert "one alphabet" in account_flaw(name)


@pytest.mark.parametrize("name", ["\u237admin", "b\U0001f600"], ids=ascii)
def test_an_accounts_name_has_no_symbols(name: str) -> None:
    assert "no symbols" in account_flaw(name)


@pytest.mark.parametrize("name", ["", "x" * 65, " bo", "bo ", "\u0301bo", "a/b", ".", ".."])
def test_what_can_be_nobodys_name_says_why(name: str) -> None:
    assert account_flaw(name)


def test_why_a_name_is_taken_is_told_without_saying_a_thing_twice() -> None:
    assert taken("bo", "bo") == "`bo` is taken"
    assert taken("BO", "bo") == "`BO` would pass for `bo`, which is taken"
