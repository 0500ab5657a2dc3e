"""The naive anchor: the script that most would write. paho, QoS 1, a row and a commit for every message; its session is
clean and paho acknowledges by itself, as is its default. It is killed and cut off whenever the gateway is.

    python -m tests.chaos.plain PORT USER PASSWORD DATABASE
"""

from __future__ import annotations

import sqlite3
import sys
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


def main() -> None:
    """Take messages until killed."""
    port, user, password, path = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("CREATE TABLE IF NOT EXISTS message (payload BLOB)")

    def on_connect(client: Any, _userdata: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        client.subscribe("wh/v1/#", qos=1)

    def on_message(_client: Any, _userdata: Any, message: Any) -> None:
        db.execute("INSERT INTO message VALUES (?)", [message.payload])

    client = paho.Client(CallbackAPIVersion.VERSION2, "plain")
    client.username_pw_set(user, password)
    client.on_connect, client.on_message = on_connect, on_message
    client.reconnect_delay_set(1, 2)
    while True:
        try:
            client.connect("127.0.0.1", port, keepalive=20)
            break
        except OSError:
            time.sleep(0.5)
    client.loop_forever()


if __name__ == "__main__":
    main()
