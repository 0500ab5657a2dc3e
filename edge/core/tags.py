"""Reads of RFID tags -> which tags are present. A two-state filter per tag over epochs of its reader.

Each epoch a present tag is read with probability p (learned per tag), an absent one with probability `GHOST`. The log
odds of presence move by ln(p/GHOST) on a read epoch and ln((1-p)/(1-GHOST)) on an empty one (a hidden Markov model
with rare moves; cf. Jeffery, Garofalakis & Franklin, Adaptive cleaning for RFID data streams, VLDB 2006).
"""

from __future__ import annotations

from math import log

from msgspec import Struct

from protocols.readings import TagRead
from protocols.reports import TagMove

EPOCH_MS = 1000
GHOST = 1e-3
RATE_START = 0.4
RATE_MIN, RATE_MAX = 0.05, 0.95
RATE_SHARE = 0.1
ODDS_PRIOR = log(0.02 / 0.98)
ODDS_SURE = log(0.99 / 0.01)
ODDS_CAP = 10.0
TAGS_MAX = 20_000
"""Tags kept per reader; above it the longest absent ones are forgotten and counted, then new ones are not taken."""
UNWATCHED_EPOCHS = 10
"""After so many epochs that nobody judged (the reader or the gateway was away) a missing read says nothing."""


class Tag(Struct, array_like=True, gc=False):
    """One tag at one reader."""

    odds: float = ODDS_PRIOR
    rate: float = RATE_START
    present: bool = False
    since_ms: int = 0
    last_ms: int = 0
    epoch: int = 0


class Field(Struct, array_like=True):
    """What one reader sees: its tags by EPC, the last epoch that was judged, and the newest one that was read."""

    tags: dict[str, Tag] = {}
    epoch: int = 0
    forgotten: int = 0
    newest: int = 0


def see(field: Field, reads: list[TagRead], zone: str, device: str) -> list[TagMove]:
    """Fold the reads of one message; the arrivals they prove."""
    moves = []
    if len(field.tags) >= TAGS_MAX:
        _forget(field)
    for read in reads:
        epoch = read.at_ms // EPOCH_MS
        if epoch > field.newest:
            _bridge(field, epoch)
            field.newest = epoch
        tag = field.tags.get(read.epc)
        if tag is None:
            if len(field.tags) >= TAGS_MAX:
                field.forgotten += 1
                continue
            tag = field.tags[read.epc] = Tag(epoch=epoch - 1)
        if epoch <= tag.epoch:
            tag.last_ms = max(tag.last_ms, read.at_ms)
            continue
        _miss(tag, epoch - tag.epoch - 1)
        tag.epoch = epoch
        tag.last_ms = read.at_ms
        tag.odds = min(ODDS_CAP, tag.odds + log(tag.rate / GHOST))
        tag.rate = min(RATE_MAX, tag.rate + RATE_SHARE * (1.0 - tag.rate))
        if not tag.present and tag.odds >= ODDS_SURE:
            tag.present = True
            tag.since_ms = read.at_ms
            moves.append(TagMove(read.epc, zone, "arrived", read.at_ms, device))
    return moves


def pass_time(field: Field, now_ms: int, zone: str, device: str) -> list[TagMove]:
    """Judge the epochs that ended before `now_ms` (by the reader's clock) while the reader was alive: departures."""
    epoch = now_ms // EPOCH_MS - 1
    if epoch <= field.epoch:
        return []
    _bridge(field, epoch)
    field.epoch = epoch
    moves = []
    for epc, tag in field.tags.items():
        _miss(tag, epoch - tag.epoch)
        tag.epoch = max(tag.epoch, epoch)
        if tag.present and tag.odds <= -ODDS_SURE:
            tag.present = False
            tag.since_ms = tag.last_ms
            moves.append(TagMove(epc, zone, "departed", tag.last_ms, device))
    return moves


def present(field: Field) -> int:
    """How many tags are there."""
    return sum(tag.present for tag in field.tags.values())


def _miss(tag: Tag, epochs: int) -> None:
    if epochs <= 0:
        return
    tag.odds = max(-ODDS_CAP, tag.odds + epochs * log((1.0 - tag.rate) / (1.0 - GHOST)))
    if tag.present:
        # A present tag that is missed is a worse tag than we thought; an absent one teaches nothing.
        tag.rate = max(RATE_MIN, tag.rate * (1.0 - RATE_SHARE) ** min(epochs, 3))


def _bridge(field: Field, epoch: int) -> None:
    """Over a gap in which nobody watched, every tag is taken along as it was."""
    if epoch - max(field.epoch, field.newest) > UNWATCHED_EPOCHS:
        for tag in field.tags.values():
            tag.epoch = max(tag.epoch, epoch - 1)


def _forget(field: Field) -> None:
    absent = sorted((tag.last_ms, epc) for epc, tag in field.tags.items() if not tag.present)
    for _, epc in absent[: max(1, len(absent) // 10)]:
        del field.tags[epc]
        field.forgotten += 1
