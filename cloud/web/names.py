"""Names of accounts and of what they make: which can be one, and which would pass for somebody else's."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

CONSOLE = "console"
"""Who acts at the machine itself, and what a token is called that was made there; nobody is called so."""
LENGTH_MAX = 64
_LIKE = str.maketrans("авекмнорстухіјѕһԁԛԝαβεζηικμνορτυχıɡ", "abekmhopctyxijshdqwabezhikmnoptyxig")
"""Letters of other alphabets, folded, by the Latin ones that they look like, small or large."""


def flaw(name: str) -> str:
    """Why this can not be a name, in a sentence; "" where it can. What is not visible, or turns the reading round, can
    not stand in one."""
    if not 1 <= len(name) <= LENGTH_MAX:
        return f"a name has 1 to {LENGTH_MAX} characters, and this one has {len(name)}"
    if name != name.strip() or not name.isprintable():
        return f"{name!r} can be no name: it has characters that can not be seen, or begins or ends with a space"
    return ""


def another(name: str, accounts: Iterable[str]) -> str:
    """Which of these accounts, or the console, a name would pass for (one of its own, too); "" for none. Capitals and
    the alphabet of a letter are no difference: `ADMIN` and an `admin` with a Cyrillic first letter pass for `admin`."""
    mine = _look(name)
    return next((one for one in (CONSOLE, *accounts) if _look(one) == mine), "")


def _look(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().translate(_LIKE).split())
