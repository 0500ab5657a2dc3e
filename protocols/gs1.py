"""GS1 numbers: their check digit, a GTIN in its full 14 digits, and the EPC that says them on a tag.

What a tag says is read by `protocols.epc`; here are the two that a warehouse writes itself, on items and on pallets.
"""

from __future__ import annotations

import re

from protocols.epc_bits import COMPANY_BITS


def check_digit(digits: str) -> str:
    """The GS1 check digit that follows `digits` (GS1 General Specifications 7.9)."""
    return str(-(3 * sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2]))) % 10)


def gtin_14(text: str) -> str | None:
    """A GTIN of 8, 12, 13 or 14 digits, as a bar code has it, in 14; None for none or a wrong check digit."""
    digits = text.strip()
    if not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", digits) or check_digit(digits[:-1]) != digits[-1]:
        return None
    return digits.zfill(14)


def sgtin_96(gtin: str, serial: int, company_digits: int, filter_value: int = 1) -> str:
    """The SGTIN-96 of one item, in hex. Raises `ValueError` for what 96 bits can not say."""
    digits = gtin_14(gtin)
    if digits is None:
        raise ValueError(f"{gtin!r} is no GTIN: 8, 12, 13 or 14 digits, the last its check digit")
    if not 0 <= serial < 1 << 38:
        raise ValueError(f"serial number {serial}: an SGTIN-96 has 0 to {(1 << 38) - 1}")
    return f"{_encoded(0x30, digits[0], digits[1:13], 44, company_digits, filter_value) << 38 | serial:024X}"


def _encoded(header: int, first: str, digits: str, width: int, company_digits: int, filter_value: int) -> int:
    """Header, filter, partition, company prefix and reference."""
    if not 6 <= company_digits <= 12:
        raise ValueError(f"a company prefix of {company_digits} digits: GS1 gives out 6 to 12")
    if not 0 <= filter_value <= 7:
        raise ValueError(f"filter value {filter_value}: there are 0 to 7")
    partition = 12 - company_digits
    company, reference = int(digits[:company_digits]), int(first + digits[company_digits:])
    key = company << width - COMPANY_BITS[partition] | reference
    return ((header << 3 | filter_value) << 3 | partition) << width | key
