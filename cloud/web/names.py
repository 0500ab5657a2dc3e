"""Names of accounts and of what they make: which can be one, and which would pass for somebody else's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

CONSOLE = "console"
"""Who acts at the machine itself, and what a token is called that was made there; nobody is called so."""
LENGTH_MAX = 64
_UNSEEN = dict.fromkeys(
    [
        *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010)),
        *(*range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, 0x2800, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0),
        *(*range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)),
        *(0x13441, 0x13442, 0x16FE4, 0x1D159),
    ]
)
"""Unicode's Default_Ignorable_Code_Point, of which nothing is shown, and what else is empty, such as a Braille pattern
without dots. Some are letters, marks and symbols, which `str.isprintable` lets pass."""
_LIKE = str.maketrans(
    "авекмнорстухіјѕһԁԛԝαβεζηικμνορτυχıɡɑհոսօցզյᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "abekmhopctyxijshdqwabezhikmnoptyxigahnuogqjabcdefghijklmnoprstuvwyz",
)
"""Letters of other alphabets, folded, by the Latin ones that they look like, small or large; and small capitals."""
_ALIKE = frozenset(("LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"))
"""Alphabets that are written beside one another; a letter's is the first word of its name in Unicode."""
_PAIRS = (("rn", "m"), ("vv", "w"))
_ONE = re.compile(r"(?<=[A-Za-z])[1|]+(?=[A-Za-z])|(?<=[a-z])I+(?=[a-z])")
_NOUGHT = re.compile(r"(?<=[a-z])0+(?=[a-z])")
"""Within a word a one passes for an i or an l, and a nought for an o; at its end it counts: `ward1`, `ward2`."""


def flaw(name: str) -> str:
    """Why this can not be a name, in a sentence; "" where it can. What is not visible, or turns the reading round, can
    not stand in one."""
    if not 1 <= len(name) <= LENGTH_MAX:
        return f"a name has 1 to {LENGTH_MAX} characters, and this one has {len(name)}"
    if unseen := [one for one in name if ord(one) in _UNSEEN or not one.isprintable()]:
        return f"a character of this name can not be seen: U+{ord(unseen[0]):04X}"
    if name != name.strip() or unicodedata.category(name[0]).startswith("M"):
        return "a name begins with a character of its own, and neither begins nor ends with a space"
    return ""


def account_flaw(name: str) -> str:
    """The same of the name of an account, which is a part of addresses: browsers fold `.` and `..` away there. It is of
    one alphabet and has no symbols (Latin letters may stand beside Chinese, Japanese and Korean ones): what is mixed is
    mostly made to pass for another (UTS 39, "highly restrictive")."""
    if "/" in name or name in (".", ".."):
        return "the name of an account has no slash, and is neither `.` nor `..`"
    plain = unicodedata.normalize("NFKC", name)
    if odd := [one for one in plain if not one.isascii() and unicodedata.category(one)[0] == "S"]:
        return f"the name of an account has no symbols, and this one has U+{ord(odd[0]):04X}"
    alphabets = {_alphabet(one) for one in plain if one.isalpha()}
    if len(alphabets) > 1 and not alphabets <= _ALIKE:
        return f"the name of an account is of one alphabet, and this one mixes {' and '.join(sorted(alphabets))}"
    return flaw(name)


def _alphabet(letter: str) -> str:
    return re.split("[ -]", unicodedata.name(letter, "UNKNOWN"))[0]


def another(name: str, accounts: Iterable[str]) -> str:
    """Which of these accounts, or the console, a name would pass for (one of its own, too); "" for none. Capitals and
    the alphabet of a letter are no difference, nor what Unicode counts as confusable within a word: `ADMIN`, `adm1n`,
    `adrnin` and an `admin` with a Cyrillic first letter pass for `admin`."""
    mine = _looks(name)
    return next((one for one in (CONSOLE, *accounts) if not mine.isdisjoint(_looks(one))), "")


def taken(name: str, like: str) -> str:
    """Why a name can not be had that is, or would pass for, one of others (see `another`), in a sentence."""
    return f"`{name}` is taken" if name == like else f"`{name}` would pass for `{like}`, which is taken"


def _looks(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKC", name).translate(_UNSEEN)
    plain = "".join(one for one in plain if not unicodedata.name(one, "").startswith("COMBINING "))  # no letter has it
    return {_folded(plain, "i"), _folded(plain, "l")}


def _folded(name: str, one: str) -> str:
    """A name by its looks, where a one within a word stands for the letter `one`."""
    name = _ONE.sub(lambda found: one * len(found[0]), name)
    look = _NOUGHT.sub(lambda found: "o" * len(found[0]), name.casefold().translate(_LIKE))
    for pair, letter in _PAIRS:
        look = look.replace(pair, letter)
    return " ".join(look.split())
