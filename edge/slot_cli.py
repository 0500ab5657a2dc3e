"""The verbs about slots: `stock`, `journal`; and what is done to one: `count`, `book`, `teach`, `tare`, `calibrate`.

Looking reads the store, so it works with the gateway off; doing asks the running gateway.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from edge import memory
from edge.asking import ask, url_of
from edge.core.slots import actions
from edge.core.slots.actions import Action, ActionError
from edge.explaining import done, lines, noted
from edge.saying import UsageError, json_line, say, store_of

Verb = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]


def add(verb: Verb, state: Path) -> None:
    """Add the verbs to the command line; `state` is where a gateway keeps its state by default."""
    stock = verb("stock", _stock, "Print the last committed estimate of every slot.")
    stock.add_argument("--state", type=Path, default=state)
    stock.add_argument("--explain", metavar="SLOT", default="", help="tell how this slot's number came about")

    journal = verb("journal", _journal, "Print what people did to slots, and what the gateway set right by itself.")
    journal.add_argument("--state", type=Path, default=state)
    journal.add_argument("--about", metavar="SLOT", default="", help="of this slot only")
    journal.add_argument("--limit", type=int, default=100)

    def act(name: str, text: str, make: Callable[[argparse.Namespace], Action]) -> argparse.ArgumentParser:
        one = verb(name, lambda arguments: _act(arguments, make(arguments)), text)
        one.add_argument("slot", metavar="SLOT")
        one.add_argument("--state", type=Path, default=state, help="its state folder (default: %(default)s)")
        one.add_argument("--url", default="", help="the running gateway (default: the one that ran on this state)")
        return one

    count = act("count", "Tell the gateway what you counted.", lambda a: actions.Count(a.units, a.who))
    count.add_argument("units", type=int, metavar="UNITS")
    count.add_argument("--who", default="", help="your name, for the journal")

    book = act("book", "Book units that came or went.", lambda a: actions.Book(a.by, 0, a.id))
    book.add_argument("--by", type=int, required=True, help="units that came, or below zero went: --by=-3")
    book.add_argument("--id", default="", help="the booking's own number: sent twice it counts once")

    teach = act("teach", "Teach the mass of a unit by a counted sample.", lambda a: actions.Teach(a.pieces, a.anyway))
    teach.add_argument("--pieces", type=int, required=True, help="units that lie there now, and nothing else")

    teach.add_argument("--anyway", action="store_true", help="even if it is far from what was known")

    tare = act("tare", "The shelf is empty now: that is its zero.", lambda a: actions.Tare(a.anyway))
    tare.add_argument("--anyway", action="store_true", help="even if all evidence says that something lies there")

    act("forget", "Forget what was taught of a slot and its SKU.", lambda a: actions.Forget())

    calibrate = act(
        "calibrate", "Calibrate the tared shelf with a known weight.", lambda a: actions.Calibrate(a.mass_g)
    )
    calibrate.add_argument("--mass-g", type=float, required=True, help="the weight that lies there now, alone")


def _stock(arguments: argparse.Namespace) -> None:
    store = store_of(arguments.state)
    kept = store.restore()
    if arguments.explain:
        try:
            now_ms = time.time_ns() // 1_000_000
            told = memory.reopen(kept).shelves.explain(arguments.explain, now_ms)
        except ActionError as error:
            raise UsageError(str(error)) from None
        journal = store.journal(5, arguments.explain)
        whole = {**msgspec.to_builtins(told), "journal": journal}
        for line in [json_line(whole)] if arguments.json else lines(told, journal):
            print(line)
    else:
        for slot, state in sorted(kept.slots.items()):
            said = {"confidence": round(state.estimate.confidence, 4), "mass_g": round(state.mass_g, 1)}
            said["at_ms"] = state.at_ms
            booked = {} if state.stock.book is None else {"booked": state.stock.book}
            say(arguments.json, {"slot": slot, **msgspec.structs.asdict(state.estimate), **said, **booked})
    store.close()


def _journal(arguments: argparse.Namespace) -> None:
    store = store_of(arguments.state)
    for line in store.journal(max(1, arguments.limit), arguments.about):
        print(json_line(line) if arguments.json else noted(line, line["about"]))
    store.close()


def _act(arguments: argparse.Namespace, action: Action) -> None:
    try:
        checked = actions.parse(msgspec.json.encode(actions.spell(action)))
    except ActionError as error:
        raise UsageError(str(error)) from None
    path = f"/api/v1/slots/{quote(arguments.slot, safe='')}/actions"
    answer: dict[str, Any] = ask(
        arguments.url or url_of(arguments.state), arguments.state, path, actions.spell(checked)
    )
    for line in [json_line(answer)] if arguments.json else done(answer):
        print(line)
