"""Before the rest of docker-compose.yml starts: makes passwords, keys, tokens and the demo's site file, in volumes.

What is there already is kept, so this runs at every `docker compose up`. The containers share no other secret.
usage: python init.py SHARED GATEWAY SERVICE BROKER-URL, the first three folders
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from pathlib import Path

from cloud.keys import allow
from cloud.keys import own_keys as service_keys
from edge.broker import mosquitto_files
from edge.keys import own_keys as gateway_keys
from firmware_sim.cli import main as simulator
from protocols.layout import parse


def prepare(shared: Path, gateway: Path, service: Path, broker_url: str) -> None:
    """Make what is missing."""
    os.umask(0o027)  # InfluxDB, another user, reads its two files through the group
    if not (shared / "site.toml").exists() and simulator(["site", "demo", "--out", str(shared / "site.toml")]):
        sys.exit(1)
    mosquitto_files(shared, broker_url, parse((shared / "site.toml").read_text("utf-8")))
    for name in ("influxdb-token", "influxdb-password"):
        if not (shared / name).exists():
            (shared / name).write_text(secrets.token_urlsafe(32))
    allow(service, "gateway", gateway_keys(gateway, "gateway").public.decode())
    service_keys(service)
    for folder in (gateway, service):
        hand_out(shared / "site.toml", folder)
    shutil.copyfile(service / "keys" / "service.key", shared / "service.key")  # the public half


def hand_out(site: Path, folder: Path) -> None:
    """A site file of its own for the gateway or the service, which the dashboard's editor changes; a file that somebody
    put in the place of the one handed out before goes first."""
    given, text = folder / "site.given", site.read_text("utf-8")
    if not (folder / "site.toml").exists() or not given.exists() or given.read_text("utf-8") != text:
        (folder / "site.toml").write_text(text, "utf-8")
        given.write_text(text, "utf-8")


if __name__ == "__main__":
    shared, gateway, service, broker_url = sys.argv[1:]
    prepare(Path(shared), Path(gateway), Path(service), broker_url)
