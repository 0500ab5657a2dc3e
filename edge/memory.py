"""What is stored -> the state that folds, and back.

Devices and slots are stored with every group of messages. Tags and charts are large and slow: they are stored every
minute and at the end. What a crash takes of them is learnt anew within as long.
"""

from __future__ import annotations

import logging
from typing import Any, TypeVar

import msgspec

from edge.core import alarms, reorder, telling
from edge.core.alone import Alone
from edge.core.care.charts import Chart
from edge.core.care.patients import resting
from edge.core.care.ward import Ward
from edge.core.inference import Inference
from edge.core.slots.discrepancy import Rates
from edge.core.slots.shelves import Shelves
from edge.core.slots.teaching import Taught
from edge.core.tagging.readers import Readers
from edge.core.tagging.tags import Field
from edge.store import Memory, StoreError
from protocols.excursions import Room
from protocols.layout import Site

log = logging.getLogger(__name__)

Kept = TypeVar("Kept")
TURNS = 60
"""One a second: each snapshot is a minute old at most."""
_encode = msgspec.msgpack.Encoder().encode


def restore(site: Site, memory: Memory) -> Inference:
    """The state as it was. Raises `StoreError` when what people taught can not be read."""
    taught = Taught()
    if "taught" in memory.snapshots:
        try:
            taught = msgspec.msgpack.decode(memory.snapshots["taught"], type=Taught)
        except msgspec.DecodeError as error:
            raise StoreError(f"what was taught can not be read: {error}; restore a backup of the store") from error
    rates = _read(memory, "rates", Rates)
    fields: dict[tuple[str, str], Field] = {}
    charts: dict[tuple[str, str, str], Chart] = {}
    for name in memory.snapshots:
        kind, *key = name.split("\t")
        if kind == "tags" and len(key) == 2:
            field = _read(memory, name, Field)
            if field is not None:
                fields[key[0], key[1]] = field
        elif kind == "chart" and len(key) == 3:
            chart = _read(memory, name, Chart)
            if chart is not None and key[0] in site.device_by_id:
                charts[key[0], key[1], key[2]] = chart
    readers = Readers(site, fields)
    readers.retell(memory.tags)
    shelves = Shelves(site, memory.slots, taught, rates)
    books = _read(memory, "alarms", alarms.Book), _read(memory, "orders", reorder.Book)
    rooms = _read(memory, "rooms", dict[str, Room])
    alone = Alone(site, *books, told_kept=_read(memory, "told", telling.Board), rooms_kept=rooms)
    return Inference(site, memory.devices, shelves, readers, Ward(site, charts), alone)


def reopen(memory: Memory) -> Inference:
    """The state as it was, of the site that was last run here: for looking at it while the gateway is off."""
    if "site" not in memory.snapshots:
        raise StoreError("no gateway has run on this state yet; --state names the folder of one that has")
    return restore(msgspec.msgpack.decode(memory.snapshots["site"], type=Site), memory)


def settled(inference: Inference) -> dict[str, bytes]:
    """What changes by an act of people only, the site file and what they taught: stored with that act."""
    return {"site": _encode(inference.site), "taught": _encode(inference.shelves.taught)}


def decided(inference: Inference) -> dict[str, bytes]:
    """The gateway's own alarms and proposals, and what it told people: stored with the reports that tell of them."""
    return {name: _encode(one) for name, one in _alone(inference.alone).items()}


def slow(inference: Inference, turn: int | None = None) -> dict[str, bytes]:
    """What is stored now and then: the site's rates, tags, charts, what pends of alarms. All of it, or what is due at
    this `turn`: each is due once in `TURNS`, so that thousands of charts never hold up a moment."""
    state: dict[str, Any] = {"rates": inference.shelves.rates}
    state |= _alone(inference.alone)
    state.update(("\t".join(("tags", *key)), field) for key, field in inference.readers.fields.items())
    state.update(("\t".join(("chart", *key)), chart) for key, chart in inference.ward.charts.items())
    due = list(state) if turn is None else list(state)[turn % TURNS :: TURNS]
    return {name: _encode(_at_rest(state[name])) for name in due}


def _alone(alone: Alone) -> dict[str, Any]:
    return {"alarms": alone.alarms, "orders": alone.orders, "told": alone.told, "rooms": alone.rooms.rooms}


def _at_rest(one: Any) -> Any:
    return resting(one) if isinstance(one, Chart) else one


def _read(memory: Memory, name: str, kind: type[Kept]) -> Kept | None:
    blob = memory.snapshots.get(name)
    if blob is None:
        return None
    try:
        return msgspec.msgpack.decode(blob, type=kind)
    except msgspec.DecodeError as error:
        log.warning("store: %s can not be read and is learnt anew: %s", name.replace("\t", " "), error)
        return None
