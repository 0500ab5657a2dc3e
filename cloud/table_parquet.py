"""Tables as Parquet (zstd). arro3 lives here: a twelfth of pyarrow's weight, and it writes what that reads.

What is known about the library:
1. It asks for the rows, so it works in a thread of its own; the pieces it writes wait in a short queue.
2. It takes the process's panic for an answer where its file fails: so that never does. Who stops it stops the rows.
3. It makes no array of moments, but casts one of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from queue import Full, Queue
from threading import Event, Thread
from typing import IO, Any, cast

from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
from arro3.io import write_parquet

from cloud.core.exporting.columns import ColumnView, Row

GROUP_ROWS = 20_000
PIECE_BYTES = 64 * 1024
PIECES_MAX = 4
"""Pieces that wait for who reads them; the rows wait then."""
LOOK_S = 0.1
_TYPES = {
    "text": DataType.utf8(),
    "whole": DataType.int64(),
    "number": DataType.float64(),
    "time": DataType.timestamp("ms", tz="UTC"),
    "flag": DataType.bool(),
}


class _Left(Exception):
    """Nobody wants the rest."""


def parquet_file(columns: Sequence[ColumnView], blocks: Iterable[list[Row]]) -> Iterator[bytes]:
    """The file, piece by piece. Raises what the blocks raise."""
    schema = Schema([Field(one.name, _TYPES[one.kind], metadata=_about(one)) for one in columns])
    blocks = iter(blocks)
    first = [*islice(blocks, 1)]  # before anything is written, so that nothing is begun that can not be read
    pieces = _Pieces()
    wrong: list[BaseException] = []

    def batches() -> Iterator[RecordBatch]:
        try:
            for block in chain(first, blocks):
                if pieces.left.is_set():
                    raise _Left
                yield RecordBatch.from_arrays([*map(_array, columns, zip(*block, strict=True))], schema=schema)
        except BaseException as error:
            wrong.append(error)  # the library would make a text of it
            raise

    def write() -> None:
        try:
            reader = RecordBatchReader.from_batches(schema, batches())
            write_parquet(reader, cast(IO[bytes], pieces), compression="zstd(3)", max_row_group_size=GROUP_ROWS)
        except BaseException as error:
            wrong.append(error)
        pieces.end()

    writing = Thread(target=write, name="parquet", daemon=True)
    writing.start()
    try:
        yield from pieces.taken()
    finally:
        pieces.left.set()
        writing.join()
    if wrong:
        raise wrong[0]


class _Pieces:
    """The file that is written to. It never fails; what nobody wants any more is gone."""

    def __init__(self) -> None:
        self.left = Event()
        self._waiting: Queue[bytes] = Queue(PIECES_MAX)
        self._piece = bytearray()

    def write(self, data: bytes) -> int:
        """Take what is written."""
        self._piece += data
        if len(self._piece) >= PIECE_BYTES:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Let what there is be read."""
        piece, self._piece = bytes(self._piece), bytearray()
        if piece:
            self._put(piece)

    def end(self) -> None:
        """The same with the last of it."""
        self.flush()
        self._put(b"")

    def taken(self) -> Iterator[bytes]:
        """The pieces, until there are no more."""
        while piece := self._waiting.get():
            yield piece

    def _put(self, piece: bytes) -> None:
        while not self.left.is_set():
            try:
                self._waiting.put(piece, timeout=LOOK_S)
                return
            except Full:
                continue

    def seek(self, *_: int) -> int:
        """It only goes forward, but the library looks whether there is such a thing."""
        return 0


def _about(column: ColumnView) -> dict[str, str]:
    return {"unit": column.unit} if column.unit else {}


def _array(column: ColumnView, values: Sequence[Any]) -> Array:
    if column.kind != "time":
        return Array(values, _TYPES[column.kind])
    return Array([one or None for one in values], DataType.int64()).cast(_TYPES["time"])
