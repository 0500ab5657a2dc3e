"""The character sets of EDIFACT (ISO 9735, syntax identifier in UNB): what may stand in a text, and in which bytes."""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple

from protocols.documents.papers import blame
from protocols.readings import Problem

LEVEL_A = frozenset(ascii_uppercase + digits + " .,-()/=!\"%&*;<>'+:?")
LEVEL_B = LEVEL_A | frozenset(ascii_lowercase)
"""What UNOA and UNOB allow: no @, #, $, underscores or brackets."""
_DECLARED = re.compile(rb"UNB.(UNO[A-Z])")


class Charset(NamedTuple):
    """A syntax identifier's bytes (a codec), the version of the syntax it belongs to, and what it allows (None: all
    that the codec has)."""

    codec: str
    version: int
    allowed: frozenset[str] | None = None


CHARSETS: dict[str, Charset] = {
    "UNOA": Charset("ascii", 2, LEVEL_A),
    "UNOB": Charset("ascii", 2, LEVEL_B),
    "UNOC": Charset("iso8859-1", 3),
    "UNOD": Charset("iso8859-2", 3),
    "UNOE": Charset("iso8859-5", 3),
    "UNOF": Charset("iso8859-7", 3),
    "UNOG": Charset("iso8859-3", 4),
    "UNOH": Charset("iso8859-4", 4),
    "UNOI": Charset("iso8859-6", 4),
    "UNOJ": Charset("iso8859-8", 4),
    "UNOK": Charset("iso8859-9", 4),
    "UNOW": Charset("utf-8", 4),
    "UNOY": Charset("utf-8", 4),
}
"""Syntax identifier -> what it means. UNOW is UTF-8; many who send UTF-8 say UNOY."""


def text_of(data: bytes, problems: list[Problem]) -> str:
    """An interchange's text. Bytes that are UTF-8 are taken for UTF-8 whatever UNB says (text of another set looks like
    it by rare chance only), all others for what UNB says, and for Latin-1 where it says nothing of use."""
    if data.isascii():
        return data.decode("ascii")
    found = _DECLARED.search(data[:200])
    name = found[1].decode() if found else ""
    declared = CHARSETS.get(name)
    wide = declared is not None and declared.codec == "utf-8"
    try:
        text = data.decode("utf-8-sig")
        told = "UTF-8"
    except UnicodeDecodeError:
        codec = declared.codec if declared is not None and declared.codec not in ("utf-8", "ascii") else "latin-1"
        text = data.decode(codec, "replace")
        told = "Latin-1" if codec == "latin-1" else ""
    if (told == "UTF-8" and not wide) or (told == "Latin-1" and name != "UNOC"):
        blame(problems, "edifact.charset", f"UNB says {name or 'nothing'!r}; the bytes were taken for {told}")
    return text
