"""What the number on a tag means: an EPC in hex -> GTIN, SSCC and the other GS1 keys, serial number, filter value.

GS1 EPC Tag Data Standard 2.3 (TDS): the binary schemes of section 14.6, the EPC URIs of section 6, the element strings
of section 7. Unprogrammed tags (`E2...`, counted up, random) are common: they are no EPC, and `decode` says None.
Check digits are computed where a scheme leaves them out, and taken as they are where a "+" scheme writes them down.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import quote

from msgspec import Struct

from protocols.epc_bits import COMPANY_BITS, DATES, Bits, NoEpc, six
from protocols.gs1 import check_digit

CACHED = 16_384
"""Meanings remembered (about 1 KB each); beyond it the one that was asked for longest ago is worked out anew."""
HEX = re.compile(r"[0-9A-Fa-f]{4,124}\Z")
"""A tag keeps 16 to 496 bits of EPC."""

Key = tuple[str, str]
"""A GS1 Application Identifier and its value."""


class Epc(Struct, frozen=True, gc=False):
    """A programmed tag.

    `uri`: the pure identity; for "+" and "++" schemes, which have none, the canonical GS1 Digital Link. `keys`: the
    GS1 element string, its primary key first. `filter`: what the tag is on (1 a single item, 6 a pallet: TDS 10).
    """

    scheme: str
    uri: str
    keys: tuple[Key, ...] = ()
    serial: str = ""
    filter: int | None = None

    @property
    def gtin(self) -> str:
        """The 14 digits of the trade item; "" when the tag is on something else."""
        for name, value in self.keys[:1]:
            if name in ("01", "8006"):
                return value[:14]
        return ""

    @property
    def sscc(self) -> str:
        """The 18 digits of the logistic unit; "" when the tag is on something else."""
        return self.keys[0][1] if self.keys and self.keys[0][0] == "00" else ""

    @property
    def tag_uri(self) -> str:
        """The EPC Tag URI, scheme and filter in it; "" for "+" and "++" schemes, which have none."""
        if not self.uri.startswith("urn:"):
            return ""
        value = self.uri.split(":", 4)[4]
        shown = value if self.filter is None else f"{self.filter}.{value}"
        return f"urn:epc:tag:{self.scheme.lower()}:{shown}"

    @property
    def element_string(self) -> str:
        """The GS1 element string in its written form, e.g. `(01)80614141123458(21)6789`."""
        return "".join(f"({name}){value}" for name, value in self.keys)

    @property
    def digital_link(self) -> str:
        """Path and query of the GS1 Digital Link URI; "" for schemes outside GS1."""
        return _digital_link(self.keys)


class _Scheme(NamedTuple):
    """A scheme with a partition: the GS1 company prefix takes 12 to 6 digits, what follows takes the others."""

    name: str
    key: str
    key_bits: int
    key_digits: int
    tail: Literal["integer", "text", "digits", "zero"]
    tail_bits: int
    serial_key: str = ""
    """Where the serial number goes; "": behind the key."""


_SCHEMES: dict[int, _Scheme] = {
    0x2C: _Scheme("GDTI-96", "253", 41, 12, "integer", 41),
    0x2D: _Scheme("GSRN-96", "8018", 58, 17, "zero", 24),
    0x2E: _Scheme("GSRNP-96", "8017", 58, 17, "zero", 24),
    0x30: _Scheme("SGTIN-96", "01", 44, 13, "integer", 38, "21"),
    0x31: _Scheme("SSCC-96", "00", 58, 17, "zero", 24),
    0x32: _Scheme("SGLN-96", "414", 41, 12, "integer", 41, "254"),
    0x33: _Scheme("GRAI-96", "8003", 44, 12, "integer", 38),
    0x36: _Scheme("SGTIN-198", "01", 44, 13, "text", 140, "21"),
    0x37: _Scheme("GRAI-170", "8003", 44, 12, "text", 112),
    0x39: _Scheme("SGLN-195", "414", 41, 12, "text", 140, "254"),
    0x3A: _Scheme("GDTI-113", "253", 41, 12, "digits", 58),
    0x3E: _Scheme("GDTI-174", "253", 41, 12, "text", 119),
    0x3F: _Scheme("SGCN-96", "255", 41, 12, "digits", 41),
    0x40: _Scheme("ITIP-110", "8006", 44, 13, "integer", 38, "21"),
    0x41: _Scheme("ITIP-212", "8006", 44, 13, "text", 140, "21"),
}
_INDICATED = ("01", "00", "8006")
"""Keys whose first digit (indicator, extension) stands before the company prefix."""

_FIELDS: dict[str, tuple[tuple[str, str, int], ...]] = {
    "SGTIN": (("01", "fixed", 14), ("21", "text", 20)),
    "DSGTIN": (("", "date", 6), ("01", "fixed", 14), ("21", "text", 20)),
    "SSCC": (("00", "fixed", 18),),
    "SGLN": (("414", "fixed", 13), ("254", "text", 20)),
    "GRAI": (("8003", "fixed", 14), ("8003", "text", 16)),
    "GIAI": (("8004", "delimited", 30),),
    "GSRN": (("8018", "fixed", 18),),
    "GSRNP": (("8017", "fixed", 18),),
    "GDTI": (("253", "fixed", 13), ("253", "text", 17)),
    "CPI": (("8010", "delimited", 30), ("8011", "numeric", 12)),
    "SGCN": (("255", "fixed", 13), ("255", "numeric", 12)),
    "ITIP": (("8006", "fixed", 18), ("21", "text", 20)),
}
"""Of the schemes of TDS 2: key, how it is written (TDS 14.5), most characters."""
_PLUS = ("CPI", "GRAI", "SGLN", "ITIP", "GSRN", "GSRNP", "GDTI", "SGTIN", "SGCN", "SSCC", "GIAI", "DSGTIN")
_PLUS_PLUS = ("CPI", "GSRN", "GSRNP", "SGLN", "GDTI", "GRAI", "SGCN", "ITIP", "GIAI", "SSCC")
_NAMES: dict[int, str] = {
    **{0xF0 + at: f"{name}+" for at, name in enumerate(_PLUS)},
    **{0xE6 + at: f"{name}++" for at, name in enumerate(_PLUS_PLUS)},
    0xFC: "DSGTIN++",
    0xFD: "SGTIN++",
}
"""Header -> scheme of TDS 2. What follows its fields (a host name, further data) is not read."""

_PLAIN = "!'()*+,-.:;=_"
"""What a URN says as it is; all else but letters and digits is %-escaped (TDS table A-1)."""


@lru_cache(maxsize=CACHED)
def decode(epc_hex: str) -> Epc | None:
    """What an EPC of 16 to 496 bits means; None for an unprogrammed tag, one spoilt, or another standard's."""
    if not HEX.match(epc_hex):
        return None
    bits = Bits(epc_hex)
    header = bits.take(8)
    try:
        scheme = _SCHEMES.get(header)
        if scheme is not None:
            return _partitioned(scheme, bits)
        name = _NAMES.get(header)
        if name is not None:
            return _plus(name, bits)
        other = _OTHERS.get(header)
        return None if other is None else other(bits)
    except NoEpc:
        return None


def _company(bits: Bits) -> tuple[str, int]:
    """The company prefix, and the bits it took."""
    partition = bits.take(3)
    if partition > 6:
        raise NoEpc
    width = COMPANY_BITS[partition]
    return bits.digits(width, 12 - partition), width


def _partitioned(scheme: _Scheme, bits: Bits) -> Epc:
    value = bits.take(3)
    company, width = _company(bits)
    reference = bits.digits(scheme.key_bits - width, scheme.key_digits - len(company))
    pieces = f"{bits.digits(7, 2)}{bits.digits(7, 2)}" if scheme.key == "8006" else ""
    serial = _tail(scheme, bits)
    bits.zeros()
    first, rest = (reference[:1], reference[1:]) if scheme.key in _INDICATED else ("", reference)
    body = f"{first}{company}{rest}"
    key = f"{'0' if scheme.key == '8003' else ''}{body}{check_digit(body)}{pieces}"
    told = [company, reference]
    told += [pieces[:2], pieces[2:]] if pieces else []
    told += [quote(serial, _PLAIN)] if serial else []
    uri = f"urn:epc:id:{scheme.name.partition('-')[0].lower()}:{'.'.join(told)}"
    if scheme.key == "414" and serial == "0":
        serial = ""  # the place itself, without an extension
    if scheme.serial_key:
        keys = ((scheme.key, key), (scheme.serial_key, serial)) if serial else ((scheme.key, key),)
    else:
        keys = ((scheme.key, key + serial),)
    return Epc(scheme.name, uri, keys, serial, value)


def _tail(scheme: _Scheme, bits: Bits) -> str:
    if scheme.tail == "integer":
        return str(bits.take(scheme.tail_bits))
    if scheme.tail == "text":
        return bits.text(scheme.tail_bits)
    if scheme.tail == "digits":
        return bits.led_digits(scheme.tail_bits)
    bits.zeros(scheme.tail_bits)
    return ""


def _giai(bits: Bits, name: str, width: int) -> Epc:
    value = bits.take(3)
    company, taken = _company(bits)
    asset = str(bits.take(width - taken)) if name == "GIAI-96" else bits.text(width - taken)
    bits.zeros()
    return Epc(name, f"urn:epc:id:giai:{company}.{quote(asset, _PLAIN)}", (("8004", company + asset),), asset, value)


def _cpi(bits: Bits, name: str) -> Epc:
    value = bits.take(3)
    company, taken = _company(bits)
    if name == "CPI-96":
        part = str(int(bits.digits(51 - taken, 15 - len(company))))
        serial = str(bits.take(31))
    else:
        part = bits.terminated(30 - len(company))
        if not part:
            raise NoEpc
        serial = str(bits.take(40))
    bits.zeros()
    keys = (("8010", company + part), ("8011", serial))
    return Epc(name, f"urn:epc:id:cpi:{company}.{quote(part, _PLAIN)}.{serial}", keys, serial, value)


def _gid(bits: Bits) -> Epc:
    manager, kind, serial = bits.take(28), bits.take(24), str(bits.take(36))
    bits.zeros()
    return Epc("GID-96", f"urn:epc:id:gid:{manager}.{kind}.{serial}", (), serial)


def _usdod(bits: Bits) -> Epc:
    value = bits.take(4)
    owner = "".join(map(chr, bits.take(48).to_bytes(6, "big")))
    serial = str(bits.take(36))
    bits.zeros()
    return Epc("USDOD-96", f"urn:epc:id:usdod:{_owner(owner)}.{serial}", (), serial, value)


def _adi(bits: Bits) -> Epc:
    value = bits.take(6)
    owner = _owner("".join(chr(six(bits.take(6))) for _ in range(6)))
    part, serial = bits.terminated(32), bits.terminated(30)
    if not serial:
        raise NoEpc
    bits.zeros()
    uri = f"urn:epc:id:adi:{owner}.{quote(part, _PLAIN)}.{quote(serial, _PLAIN)}"
    return Epc("ADI-var", uri, (), serial, value)


def _owner(code: str) -> str:
    """A CAGE of 5 characters behind a space, or a DoDAAC of 6."""
    code = code.removeprefix(" ")
    if not re.fullmatch(r"[0-9A-HJ-NP-Z]{5,6}", code):
        raise NoEpc
    return code


_OTHERS: dict[int, Callable[[Bits], Epc]] = {
    0x2F: _usdod,
    0x34: lambda bits: _giai(bits, "GIAI-96", 82),
    0x35: _gid,
    0x38: lambda bits: _giai(bits, "GIAI-202", 188),
    0x3B: _adi,
    0x3C: lambda bits: _cpi(bits, "CPI-96"),
    0x3D: lambda bits: _cpi(bits, "CPI-var"),
}


def _plus(name: str, bits: Bits) -> Epc:
    bits.take(1)  # whether further data follow
    value = bits.take(3)
    keys: dict[str, str] = {}
    dated: tuple[Key, ...] = ()
    serial = ""
    for key, written, most in _FIELDS[name.rstrip("+")]:
        if written == "date":
            dated = (bits.date(),)
        elif written == "fixed":
            keys[key] = bits.fixed(most)
        else:
            numeric = written == "numeric"
            serial = bits.delimited(most) if written == "delimited" else bits.variable(most, numeric=numeric)
            keys[key] = keys.get(key, "") + serial
    if keys.get("254") == "0":
        del keys["254"]
        serial = ""
    told = (*keys.items(), *dated)
    return Epc(name, f"https://id.gs1.org{_digital_link(tuple(keys.items()))}", told, serial, value)


def _digital_link(keys: tuple[Key, ...]) -> str:
    path = "".join(f"/{name}/{quote(value, '')}" for name, value in keys if name not in DATES)
    query = "&".join(f"{name}={value}" for name, value in keys if name in DATES)
    return f"{path}?{query}" if query else path
