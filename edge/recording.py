"""Recordings, folded without a broker: JSON lines of `at_ms`, `topic`, `payload` and `encoding` (utf8, base64)."""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from edge.core.decoding import Decoder
from edge.core.inference import Inference, Outcome
from protocols.readings import Publish

TICK_MS = 1000
TICKS_IN_A_PAUSE = 120
"""A pause in the recording longer than this many ticks is stepped through at its start and at its end only."""


class Line(Struct):
    """One recorded message."""

    at_ms: int
    topic: str
    payload: str
    encoding: Literal["utf8", "base64"] = "utf8"

    def bytes(self) -> bytes:
        """The payload as it was on the wire."""
        return base64.b64decode(self.payload, validate=True) if self.encoding == "base64" else self.payload.encode()


def read(path: Path) -> Iterator[Line]:
    """The lines of a recording (also gzipped); raises `ValueError` with file and line number."""
    decoder = msgspec.json.Decoder(Line)
    number = 0
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        try:
            for text in file:
                number += 1
                if text.strip():
                    line = decoder.decode(text)
                    if line.encoding == "base64":
                        line.bytes()
                    yield line
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} can not be read after line {number}: {error}") from None


def replay(lines: Iterator[Line], inference: Inference) -> Iterator[Outcome]:
    """Fold a recording in its own time; the outcomes as they come."""
    decoder = Decoder(inference.site)
    now_ms = None
    for line in lines:
        if now_ms is None:
            now_ms = line.at_ms
        missed = (line.at_ms - now_ms) // TICK_MS
        for tick in range(1, min(missed, TICKS_IN_A_PAUSE) + 1):
            yield inference.tick(now_ms + tick * TICK_MS)
        if missed > TICKS_IN_A_PAUSE:
            yield inference.tick(now_ms + missed * TICK_MS)
        now_ms += max(0, missed) * TICK_MS
        found = decoder.decode(line.topic, line.bytes(), line.at_ms)
        yield inference.fold([one for one in found if not isinstance(one, Publish)], line.at_ms)
    if now_ms is not None:
        yield inference.tick(now_ms + TICK_MS)
