"""The naive anchor: a straight paho script. Decodes, rounds to a count, stores every reading in SQLite, acknowledges
automatically. Used as a process by the gateway's bench; stops after COUNT messages.

    python straight_script.py HOST PORT CLIENT_ID COUNT DATABASE
"""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

UNIT_G = 250.0
COMMIT_EVERY = 500


class Weight(msgspec.Struct):
    """What the script wants of a message."""

    ts: int
    seq: int
    value: float | None = None
    values: list[float] | None = None


def main() -> None:
    """Take COUNT messages and end."""
    host, port, client_id, wanted, path = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE IF NOT EXISTS reading (topic TEXT, ts INTEGER, grams REAL, units INTEGER)")
    decode = msgspec.json.Decoder(Weight).decode
    rows: list[tuple[str, int, float, int]] = []
    counts: dict[str, int] = {}
    taken = 0

    def on_message(client: Any, _userdata: Any, message: Any) -> None:
        nonlocal taken
        weight = decode(message.payload)
        topic = message.topic
        for at, grams in enumerate(weight.values or [weight.value or 0.0]):
            units = round(grams / UNIT_G)
            if counts.get(topic) != units:
                counts[topic] = units
            rows.append((topic, weight.ts + at * 100, grams, units))
        taken += 1
        if taken % COMMIT_EVERY == 0 or taken == wanted:
            db.execute("BEGIN")
            db.executemany("INSERT INTO reading VALUES (?, ?, ?, ?)", rows)
            db.execute("COMMIT")
            rows.clear()
        if taken == wanted:
            client.disconnect()

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False)
    client.on_message = on_message
    client.connect(host, port)
    client.subscribe("wh/v1/bench/+/shelf", 1)
    client.loop_forever()


if __name__ == "__main__":
    main()
