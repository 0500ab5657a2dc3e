"""Reads of RFID tags -> which tags are there, how surely, and which came and went.

`see` only notes who was read in which epoch of the reader's clock; an epoch is judged for all tags at once when it is
over (`presence`), and what is heard through a wall is told from what stands here (`strays`). A message
of many reads so costs little more than its look-ups. One `Field` is one watched zone: a reader whose antennas watch
several zones has one for each.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from msgspec import Struct, field

from edge.core.tagging import presence, strays
from protocols.readings import TagRead
from protocols.reports import TagMove

EPOCH_MS = 1000
COME, GONE = 0.99, 0.05
"""A tag is told to have come when it is so probably there, and to have gone when it is there so improbably."""
UNHEARD_EPOCHS = 90
"""A tag that was not heard for so long is gone when it is more probably away than there: where tags come and go all
the time, nothing is ever as improbable as `GONE`."""
TAGS_MAX = 20_000
"""Tags kept per field; above it the longest absent ones are forgotten and counted, then new ones are not taken."""
ABSENT_EPOCHS = 900
"""A tag that was not heard for so long, and is not there, is forgotten without being counted: nothing is lost."""
UNWATCHED_EPOCHS = 10
"""After so many epochs that nobody judged (the reader or the gateway was away) a missing read says nothing."""
DELAY_EPOCHS_MAX = 30
"""How late a reader's reads may come for an epoch to wait for them; later ones count as late."""
DELAY_SHARE = 0.001
LEARN_EPOCHS = 4
"""How often the share of strays is learned when nothing comes, tags that may be strays are looked at again, and tags
unheard for long are looked for."""
SWEEP_EPOCHS = 60
"""How often long absent tags are looked for."""
READS_MAX = 10_000
"""Reads of one epoch; a message that comes when there are more is not noted in it, and counted as late."""


class Noted(Struct, array_like=True, gc=False):
    """The reads of one epoch that is not over: row and signal strength of each."""

    rows: list[int] = []
    signals_dbm: list[float | None] = []


class Field(Struct, array_like=True):
    """What one reader sees: its tags by EPC, their beliefs and signals, the last epoch judged, the newest one read."""

    rows: dict[str, int] = {}
    crowd: presence.Crowd = field(default_factory=presence.Crowd)
    signals: strays.Signals = field(default_factory=strays.Signals)
    told: bytearray = field(default_factory=bytearray)
    """1 for each tag that was told to be there."""
    heard_ms: list[int] = []
    """When each tag was last heard."""
    noted: dict[int, Noted] = {}
    epoch: int = 0
    newest: int = 0
    delay: float = 0.0
    """How many epochs late reads come."""
    forgotten: int = 0
    late: int = 0
    """Reads of epochs that were judged before they came, and those above the limit: they proved nothing."""
    walls: bool = True
    """Whether tags may be heard that stand behind a wall or next door; else all that is heard stands here."""


class Sight(Struct, frozen=True, array_like=True):
    """One tag as it is known now: how probably it is there (0..1), its read rate an epoch if it is, whether that was
    told, how probably it is only heard through a wall, and when it was last heard."""

    epc: str
    chance: float
    rate: float
    told: bool
    stray: float
    heard_ms: int


def see(field: Field, reads: list[TagRead], zone: str, device: str) -> list[TagMove]:
    """Note the reads of one message; the moves that the epochs before the newest read prove."""
    row_of, heard_ms = field.rows.get, field.heard_ms
    begins_ms = ends_ms = 0
    note_row = note_signal = None
    for read in reads:
        at_ms = read.at_ms
        row = row_of(read.epc)
        if row is None:
            if len(heard_ms) >= TAGS_MAX:
                field.forgotten += 1
                continue
            row = _join(field, read.epc, at_ms)
        elif at_ms > heard_ms[row]:
            heard_ms[row] = at_ms
        if not begins_ms <= at_ms < ends_ms:
            epoch = at_ms // EPOCH_MS
            begins_ms = epoch * EPOCH_MS
            ends_ms = begins_ms + EPOCH_MS
            noted = _open(field, epoch)
            if noted is None:
                note_row = None
            else:
                note_row, note_signal = noted.rows.append, noted.signals_dbm.append
        if note_row is None or note_signal is None:
            field.late += 1
            continue
        note_row(row)
        note_signal(read.rssi_dbm)
    until = field.newest - 1 - ceil(field.delay)
    return _judge(field, until, zone, device) if until > field.epoch else []


def pass_time(field: Field, now_ms: int, zone: str, device: str) -> list[TagMove]:
    """Judge the epochs that ended before `now_ms` (by the reader's clock) while the reader was alive."""
    epoch = now_ms // EPOCH_MS - 1 - ceil(field.delay)
    if field.epoch - epoch > 2 * DELAY_EPOCHS_MAX:
        # The reader's clock was set back: what it says from now on is not late.
        field.epoch = field.newest = epoch
        field.noted.clear()
    return _judge(field, epoch, zone, device)


def present(field: Field) -> int:
    """How many tags were told to be there."""
    return sum(field.told)


def sights(field: Field) -> list[Sight]:
    """Every tag that may be there: that was told, or is more probably there than not."""
    chance = presence.chances(field.crowd)
    rate = presence.read_rates(field.crowd)
    stray = strays.chances(field.signals, rate)
    told = np.frombuffer(field.told, np.bool_)
    epcs = list(field.rows)
    return [
        Sight(epcs[row], float(chance[row]), float(rate[row]), bool(told[row]), float(stray[row]), field.heard_ms[row])
        for row in np.flatnonzero(told | (chance > 0.5)).tolist()
    ]


def _join(field: Field, epc: str, at_ms: int) -> int:
    row = field.rows[epc] = len(field.heard_ms)
    field.heard_ms.append(at_ms)
    field.told.append(0)
    presence.join(field.crowd)
    strays.join(field.signals)
    return row


def _open(field: Field, epoch: int) -> Noted | None:
    """The notes of an epoch; None when it is judged already, which teaches to wait longer for the next ones."""
    if not field.epoch:
        field.epoch = epoch - 1
    if epoch <= field.epoch:
        behind = field.epoch - epoch + 1
        if behind <= DELAY_EPOCHS_MAX:
            field.delay = max(field.delay, float(behind))
        return None
    field.newest = max(field.newest, epoch)
    one = field.noted.get(epoch)
    if one is None:
        one = field.noted[epoch] = Noted()
    return one if len(one.rows) <= READS_MAX else None


def _judge(field: Field, until: int, zone: str, device: str) -> list[TagMove]:
    moves: list[TagMove] = []
    while field.epoch < until:
        following = min((epoch for epoch in field.noted if epoch <= until), default=until + 1)
        if following - field.epoch - 1 > UNWATCHED_EPOCHS:
            # Nobody watched in between: every tag is taken along as it was.
            field.epoch = following - 1
            continue
        field.epoch += 1
        moves += _close(field, field.noted.pop(field.epoch, None), zone, device)
    return moves


def _close(field: Field, noted: Noted | None, zone: str, device: str) -> list[TagMove]:
    """Judge one epoch for every tag."""
    size = len(field.heard_ms)
    if not size:
        return []
    heard = np.zeros(size, np.bool_)
    if noted is not None:
        rows = np.array(noted.rows, np.intp)
        heard[rows] = True
        strays.hear(field.signals, rows, np.array(noted.signals_dbm, np.float64))  # None becomes NaN
    presence.advance(field.crowd, heard)
    field.delay = max(0.0, field.delay - DELAY_SHARE)
    moves = _tell(field, zone, device)
    if len(field.rows) >= TAGS_MAX or field.epoch % SWEEP_EPOCHS == 0:
        _forget(field)
    return moves


def _tell(field: Field, zone: str, device: str) -> list[TagMove]:
    told = np.frombuffer(field.told, np.bool_)
    chance = presence.chances(field.crowd)
    away = chance <= GONE
    if field.epoch % LEARN_EPOCHS == 0:
        heard_ms = np.array(field.heard_ms, np.int64)
        away |= (chance < 0.5) & (heard_ms < (field.epoch - UNHEARD_EPOCHS) * EPOCH_MS)
    strays.end(field.signals, away)
    comes, goes = ~told & (chance >= COME), told & away
    if field.walls and field.epoch % LEARN_EPOCHS:
        comes &= strays.young(field.signals)
    if comes.any() or field.epoch % LEARN_EPOCHS == 0:
        stray = strays.chances(field.signals, presence.read_rates(field.crowd))
        strays.learn(field.signals, stray)
        if field.walls:
            comes &= strays.taken(field.signals, stray)
    changed = np.flatnonzero(comes | goes).tolist()
    if not changed:
        return []
    wanted = set(changed)
    moves = []
    for epc, row in field.rows.items():
        if row in wanted:
            arrived = not field.told[row]
            field.told[row] = arrived
            moves.append(TagMove(epc, zone, "arrived" if arrived else "departed", field.heard_ms[row], device))
    return moves


def _forget(field: Field) -> None:
    """Leave out the tags that were away for long, and above the limit the tenth that was heard longest ago."""
    told = np.frombuffer(field.told, np.bool_)
    heard_ms = np.array(field.heard_ms, np.int64)
    absent = ~told & (presence.chances(field.crowd) < 0.5)
    idle = absent & (heard_ms < (field.epoch - ABSENT_EPOCHS) * EPOCH_MS)
    if len(told) - int(idle.sum()) >= TAGS_MAX:
        rest = np.flatnonzero(absent & ~idle)
        oldest = rest[np.argsort(heard_ms[rest], kind="stable")][: max(1, len(rest) // 10)]
        idle[oldest] = True
        field.forgotten += len(oldest)
    if not idle.any():
        return
    kept = ~idle
    place = np.where(kept, np.cumsum(kept) - 1, -1).tolist()
    for one in field.noted.values():
        pairs = [(place[row], dbm) for row, dbm in zip(one.rows, one.signals_dbm, strict=True) if place[row] >= 0]
        one.rows, one.signals_dbm = [row for row, _ in pairs], [dbm for _, dbm in pairs]
    field.rows = {epc: place[row] for epc, row in field.rows.items() if place[row] >= 0}
    field.heard_ms = heard_ms[kept].tolist()
    field.told = bytearray(told[kept].tobytes())
    presence.keep(field.crowd, kept)
    strays.keep(field.signals, kept)
