"""How an EPC writes its values down: bit fields of the GS1 EPC Tag Data Standard 2.3 (TDS), sections 14.4 and 14.5."""

from __future__ import annotations

COMPANY_BITS = (40, 37, 34, 30, 27, 24, 20)
"""Of the company prefix, by partition value; its digits are 12 less the partition value."""
CHARACTERS = frozenset("!\"#%&'()*+,-./:;<=>?_" + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
"""The GS1 character sets 82 and 39."""
BASE_64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CODE_40 = "\0ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"
DATES = ("11", "13", "15", "16", "17", "7006", "7007")
"""Application Identifiers by date type: produced, packed, best before, sell by, expires, frozen, harvested (14.5.3)."""


class NoEpc(ValueError):
    """The bits are not written as their header says."""


class Bits:
    """A number read from its highest bit on. All that is read raises `NoEpc` where it can not be so."""

    __slots__ = ("left", "number")

    def __init__(self, epc_hex: str) -> None:
        self.number = int(epc_hex, 16)
        self.left = 4 * len(epc_hex)

    def take(self, width: int) -> int:
        """The next `width` bits as a number."""
        self.left -= width
        if self.left < 0:
            raise NoEpc
        return self.number >> self.left & (1 << width) - 1

    def digits(self, width: int, count: int) -> str:
        """A number of `count` digits in `width` bits, zeros at its begin kept."""
        value = self.take(width)
        if value >= 10**count:
            raise NoEpc
        return f"{value:0{count}d}" if count else ""

    def led_digits(self, width: int) -> str:
        """Digits led by a 1, so that zeros at their begin are kept (14.4.6)."""
        written = str(self.take(width))
        if written[0] != "1" or len(written) < 2:
            raise NoEpc
        return written[1:]

    def text(self, width: int) -> str:
        """Characters of 7 bits up to a zero one, behind which there are only zeros (14.4.2)."""
        found = ""
        while width >= 7:
            width -= 7
            code = self.take(7)
            if not code:
                break
            found += character(code)
        if not found or self.take(width):
            raise NoEpc
        return found

    def terminated(self, most: int) -> str:
        """Characters of 6 bits up to a zero one, `most` at most (14.4.8)."""
        found = ""
        while code := self.take(6):
            found += character(six(code))
            if len(found) > most:
                raise NoEpc
        return found

    def zeros(self, width: int | None = None) -> None:
        """Reserved bits, or the padding to whole words at the end."""
        if self.take(self.left if width is None else width):
            raise NoEpc

    def fixed(self, count: int) -> str:
        """Digits of 4 bits (14.5.4)."""
        return "".join(self.digits(4, 1) for _ in range(count))

    def date(self) -> tuple[str, str]:
        """An Application Identifier and its date, YYMMDD (14.5.3)."""
        kind, year, month, day = self.take(4), self.take(7), self.take(4), self.take(5)
        if kind >= len(DATES) or year > 99 or not 1 <= month <= 12:
            raise NoEpc
        return DATES[kind], f"{year:02d}{month:02d}{day:02d}"

    def delimited(self, most: int) -> str:
        """Digits of 4 bits; F ends them, E leads on to other characters (14.5.5)."""
        found = ""
        while (nibble := self.take(4)) < 10:
            found += str(nibble)
        if nibble == 0xE:
            found += self.variable(most)
        elif nibble != 0xF:
            raise NoEpc
        if not 0 < len(found) <= most:
            raise NoEpc
        return found

    def variable(self, most: int, *, numeric: bool = False) -> str:
        """How it is written (unless `numeric`), how many characters, then these (14.5.6, 14.5.13)."""
        way = 0 if numeric else self.take(3)
        count = self.take(most.bit_length())
        if not 0 < count <= most:
            raise NoEpc
        if way == 0:
            return self.digits((10**count - 1).bit_length(), count)
        if way in (1, 2):
            found = f"{self.take(4 * count):0{count}X}"
            return found if way == 1 else found.lower()
        if way == 3:
            return "".join(BASE_64[self.take(6)] for _ in range(count))
        if way == 4:
            return "".join(character(self.take(7)) for _ in range(count))
        if way == 5:
            return self.code_40(count)
        raise NoEpc

    def code_40(self, count: int) -> str:
        """Three characters in each 16 bits, filled up at the end (14.5.6.5)."""
        found = ""
        for _ in range(0, count, 3):
            group = self.take(16) - 1
            if not 0 <= group < 40**3:
                raise NoEpc
            found += CODE_40[group // 1600] + CODE_40[group // 40 % 40] + CODE_40[group % 40]
        if "\0" in found[:count] or found[count:].strip("\0"):
            raise NoEpc
        return found[:count]


def six(code: int) -> int:
    """The ASCII code of a 6-bit character (TDS table G-1)."""
    return code | 0x40 if code < 0x20 else code


def character(code: int) -> str:
    """The character of an ASCII code that GS1 allows; `NoEpc` for any other."""
    one = chr(code)
    if one not in CHARACTERS:
        raise NoEpc
    return one
