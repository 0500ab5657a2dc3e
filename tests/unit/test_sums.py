"""Checksums of rows: what is off is seen, and a single bit is put right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.storing import sums

SEQS = st.integers(0, 2**53)
BLOBS = st.binary(min_size=1, max_size=3000)


def flipped(blob: bytes, bit: int) -> bytes:
    spoilt = bytearray(blob)
    spoilt[bit // 8 % len(blob)] ^= 1 << bit % 8
    return bytes(spoilt)


@given(SEQS, BLOBS, st.integers(0, 24_000))
def test_one_bit_of_a_report_that_is_off_is_seen_and_put_right(seq: int, blob: bytes, bit: int) -> None:
    kept = sums.of_report(seq, blob)
    spoilt = flipped(blob, bit)

    assert sums.fits(seq, blob, kept)
    assert not sums.fits(seq, spoilt, kept)
    assert sums.put_right(spoilt, sums.of_report(seq, spoilt) ^ kept) == blob


@given(SEQS, BLOBS, st.integers(0, 31))
def test_one_bit_of_the_checksum_that_is_off_costs_no_report(seq: int, blob: bytes, bit: int) -> None:
    assert sums.put_right(blob, 1 << bit) == blob
    assert not sums.fits(seq, blob, sums.of_report(seq, blob) ^ 1 << bit)


@given(SEQS, st.binary(min_size=2, max_size=200), st.integers(0, 1599), st.integers(0, 1599))
def test_two_bits_that_are_off_are_seen_and_nothing_is_made_up(seq: int, blob: bytes, one: int, other: int) -> None:
    kept = sums.of_report(seq, blob)
    spoilt = flipped(flipped(blob, one), other)

    if spoilt != blob:
        assert not sums.fits(seq, spoilt, kept)
        assert sums.put_right(spoilt, sums.of_report(seq, spoilt) ^ kept) is None


@given(SEQS, BLOBS, st.integers(0, 31))
def test_a_report_under_another_number_is_seen(seq: int, blob: bytes, bit: int) -> None:
    assert not sums.fits(seq ^ 1 << bit, blob, sums.of_report(seq, blob))


def test_a_value_of_another_kind_does_not_fit() -> None:
    assert not sums.fits(1, "text", 5)
    assert not sums.fits(1, None, None)
    assert sums.of("slot", ("A1", None)) is None
    assert sums.of("policy", ("bolt", 1, 2, 1)) != sums.of("policy", ("bolt", 1, 3, 1))
