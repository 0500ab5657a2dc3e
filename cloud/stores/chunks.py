"""Samples of one series as a few compressed bytes, and the pure operations on runs of samples. No files, no clock.

A run is a pair of numpy arrays (times in ms as int64, values as float64) of one length. A chunk is a run, ascending in
time, as bytes. Both columns become integers (values by their number of decimals, where they have at most six; else by
their bits), each is written as differences or as it is, whichever is shorter, less its least, in the fewest whole
bytes, split into byte planes and deflated. Deflate's check sum tells a damaged chunk.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Run = tuple[Times, Values]

EMPTY: Run = (np.empty(0, np.int64), np.empty(0, np.float64))
FORMAT = 1
DECIMALS_MAX = 6
BITS = 255
"""In place of the number of decimals: the values are stored by their bits."""
INTEGER_MAX = 2.0**53
FOLD_SAMPLES = 65_536

_CHUNK = struct.Struct("<BBI")  # format, decimals, samples
_COLUMN = struct.Struct("<BBqqI")  # order of difference, bytes a number, first, least, deflated bytes


class Damaged(Exception):
    """These bytes are not a chunk as it was written."""


def encode(times: Times, values: Values) -> bytes:
    """A run, not empty and ascending, as a chunk. Lossless for all finite values, but -0.0 reads back as 0.0."""
    assert len(times) == len(values) > 0
    decimals, integers = _integers(values)
    return _CHUNK.pack(FORMAT, decimals, len(times)) + _column(times, orders=(1,)) + _column(integers, orders=(0, 1))


def decode(body: bytes) -> Run:
    """The run in a chunk; raises `Damaged`."""
    try:
        form, decimals, count = _CHUNK.unpack_from(body)
        if form != FORMAT:
            raise Damaged(f"chunk format {form} is not known here")
        times, at = _read_column(body, _CHUNK.size, count)
        integers, at = _read_column(body, at, count)
    except (struct.error, zlib.error, ValueError) as error:
        raise Damaged(str(error)) from error
    if at != len(body):
        raise Damaged(f"{len(body) - at} bytes too many")
    return times, integers.view(np.float64) if decimals == BITS else integers / 10.0**decimals


def merged(runs: Iterable[Run]) -> Run:
    """One ascending run of all; of several samples at one time the last counts."""
    held = list(runs)
    if not held:
        return EMPTY
    times, values = held[0] if len(held) == 1 else _joined(held)
    if len(times) < 2 or bool((times[1:] > times[:-1]).all()):
        return times, values
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    keep = np.append(times[1:] != times[:-1], True)
    return times[keep], values[keep]


def split(run: Run, samples_max: int) -> list[Run]:
    """A run in the fewest pieces of at most `samples_max` samples, as even as can be."""
    pieces = -(-len(run[0]) // samples_max)
    return list(zip(np.array_split(run[0], pieces), np.array_split(run[1], pieces), strict=True)) if pieces else []


def between(run: Run, from_ms: int, to_ms: int) -> Run:
    """The samples of an ascending run with from_ms <= time < to_ms."""
    low, high = np.searchsorted(run[0], (from_ms, to_ms))
    return run[0][low:high], run[1][low:high]


def extremes(run: Run, from_ms: int, to_ms: int, buckets: int) -> Run:
    """The least and the greatest sample of each of `buckets` equal parts of [from_ms, to_ms), at their own times.

    Nothing is invented, peaks stay, an empty bucket yields nothing. Of equal values the earliest least and the latest
    greatest are kept, so that the extremes of parts, taken together, have the extremes of the whole."""
    times, values = run
    if not len(times):
        return run
    bucket = (times - from_ms) * buckets // (to_ms - from_ms)
    order = np.lexsort((values, bucket))
    first = np.append(0, np.flatnonzero(np.diff(bucket)) + 1)
    last = np.append(first[1:], len(times)) - 1
    chosen = np.unique(np.concatenate((order[first], order[last])))
    return times[chosen], values[chosen]


def sums(values: Values, firsts: NDArray[np.intp]) -> Values:
    """The sums of the parts of `values` (not empty) that begin at `firsts`; exact to the last decimal where all values
    have at most six decimals."""
    decimals, integers = _integers(values)
    if decimals == BITS:
        return np.add.reduceat(values, firsts)
    return np.add.reduceat(integers, firsts) / 10.0**decimals


def woven(sources: Sequence[Iterator[Run]]) -> Iterator[Run]:
    """Ascending, disjoint pages of all `sources`, each of which yields such pages; of samples at one time the last
    source's counts."""
    held = [next(source, EMPTY) for source in sources]
    while True:
        for i, source in enumerate(sources):
            while not len(held[i][0]) and (page := next(source, None)) is not None:
                held[i] = page
        firsts = sorted((int(times[0]), i) for i, (times, _) in enumerate(held) if len(times))
        if not firsts:
            return
        lowest = firsts[0][1]
        if len(firsts) == 1 or held[lowest][0][-1] < firsts[1][0]:  # as nearly always
            yield held[lowest]
            held[lowest] = EMPTY
            continue
        until = min(int(times[-1]) for times, _ in held if len(times))
        ends = [int(np.searchsorted(times, until, "right")) for times, _ in held]
        yield merged((times[:end], values[:end]) for (times, values), end in zip(held, ends, strict=True) if end)
        held = [(times[end:], values[end:]) for (times, values), end in zip(held, ends, strict=True)]


def gathered(pages: Iterable[Run], from_ms: int, to_ms: int, points: int | None, samples_max: int) -> Run:
    """The ascending, disjoint `pages` of [from_ms, to_ms) as one run; of more than `points` samples the extremes of
    `points // 2` buckets, taken as they come in, so that memory stays bounded. Raises `ValueError` when `points` is
    None and there are more than `samples_max` samples."""
    held: list[Run] = []
    holding = count = 0
    for page in pages:
        held.append(page)
        holding += len(page[0])
        count += len(page[0])
        if points is None and count > samples_max:
            raise ValueError(
                f"more than {samples_max} samples from {from_ms} to {to_ms}: ask for a shorter time, or for points"
            )
        if points is not None and holding > points + FOLD_SAMPLES:
            held = [extremes(_joined(held), from_ms, to_ms, points // 2)]
            holding = len(held[0][0])
    run = _joined(held) if held else EMPTY
    return run if points is None or count <= points else extremes(run, from_ms, to_ms, points // 2)


def _joined(runs: list[Run]) -> Run:
    return np.concatenate([times for times, _ in runs]), np.concatenate([values for _, values in runs])


def _integers(values: Values) -> tuple[int, Times]:
    """The values as integers with the fewest decimals that give them back exactly, else their bits."""
    for decimals in range(DECIMALS_MAX + 1):
        scaled = np.rint(values * 10.0**decimals)
        if not np.abs(scaled).max() < INTEGER_MAX:
            break
        if np.array_equal(scaled / 10.0**decimals, values):
            return decimals, scaled.astype(np.int64)
    return BITS, np.ascontiguousarray(values).view(np.int64)


def _column(integers: Times, orders: tuple[int, ...]) -> bytes:
    return min((_ordered(integers, order) for order in orders), key=len)


def _ordered(integers: Times, order: int) -> bytes:
    """One column. Arithmetic is modulo 2**64, so that it is exact for any integers, bit patterns too."""
    numbers = np.diff(integers) if order else integers
    least = int(numbers.min()) if len(numbers) else 0
    offsets = numbers.view(np.uint64) - np.uint64(least % 2**64)
    greatest = int(offsets.max()) if len(offsets) else 0
    width = next(width for width in (1, 2, 4, 8) if greatest >> 8 * width == 0)
    planes = offsets.astype(f"<u{width}").view(np.uint8).reshape(-1, width).T.tobytes()
    body = zlib.compress(planes)
    return _COLUMN.pack(order, width, int(integers[0]), least, len(body)) + body


def _read_column(body: bytes, at: int, count: int) -> tuple[Times, int]:
    order, width, first, least, size = _COLUMN.unpack_from(body, at)
    start = at + _COLUMN.size
    planes = np.frombuffer(zlib.decompress(body[start : start + size]), np.uint8).reshape(width, count - order)
    offsets = np.ascontiguousarray(planes.T).view(f"<u{width}").ravel().astype(np.uint64)
    offsets += np.uint64(least % 2**64)
    if order:
        offsets = np.concatenate((np.array([first % 2**64], np.uint64), offsets)).cumsum(dtype=np.uint64)
    return offsets.view(np.int64), start + size
