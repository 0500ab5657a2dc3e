"""The system under chaos: the real processes, wires between them, disks that can be filled, and the naive anchor.

With a mount namespace of its own (see `__main__`) the gateway's and the service's states lie on small disks in memory.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from cloud import keys as service_keys
from edge import broker
from edge.keys import own_keys
from protocols.topics import spell
from tests.chaos.fleet import Fleet
from tests.chaos.numbered import Numbered
from tests.chaos.site import READER, SITE, site
from tests.chaos.wire import Tap, Wire
from tests.contract.brokers import PROJECT, free_port, mosquitto_argv
from tests.system.parts import Part, System, Visitor, eventually

NAMESPACE = "CHAOS_NAMESPACE"
"""Set in the environment of a process that may mount."""
DISK_MB = {"edge": 96, "cloud": 128}
FILLING_S = 0.2
LONELY = "lonely"
"""A second gateway: it has no broker, and no link until it has decided things by itself."""


class Program(Part):
    """A process that is no module of ours."""

    def start(self) -> None:
        """Start it, also once more."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.argv, cwd=PROJECT, stdout=log, stderr=log)


class Plant(System):
    """All of it in one folder; `which` broker is `box` or `mosquitto`."""

    def __init__(self, folder: Path, which: str, seed: int) -> None:
        self.disks = _mount(folder) if os.environ.get(NAMESPACE) else {}
        super().__init__(folder, site())
        self.which = which
        self.tap = Tap()
        ports = self.ports
        ports |= {name: free_port() for name in ("air", "link", "plain", "far", "nowhere", "lonely_far")}
        self.broker_url = f"mqtt://127.0.0.1:{ports['link']}"
        self.uplink_url = f"tcp://127.0.0.1:{ports['far']}"
        self.add_gateway("gateway", self.edge, self.credentials, self.cloud / "keys" / "service.key")
        self.numbered = Numbered("gateway", self.edge / "edge.db")
        self.alone = self._lonely()
        self.wires = {
            "air": [Wire(ports["air"], ports["broker"])],
            "link": [
                Wire(ports["link"], ports["broker"], self.tap.up, self.tap.down),
                Wire(ports["plain"], ports["broker"]),
            ],
            "uplink": [Wire(ports["far"], ports["uplink"])],
            LONELY: [Wire(ports["lonely_far"], ports["uplink"])],
        }
        if which == "mosquitto":
            private = broker.mosquitto_files(folder, f"mqtt://127.0.0.1:{ports['broker']}")
            self.parts["broker"] = Program("broker", mosquitto_argv(private, ports["broker"]), folder / "broker.log")
        else:
            broker.prepare(folder, ports["broker"])  # writes the passwords
        self.users = _passwords(self.credentials)
        script = PROJECT / "tests" / "chaos" / "plain.py"
        argv = [sys.executable, str(script), str(ports["plain"]), "gateway", self.users["gateway"]]
        self.plain_rows = folder / "plain.db"
        self.parts["plain"] = Program("plain", [*argv, str(self.plain_rows)], folder / "plain.log")
        self.seed = seed
        self.slowest_s: dict[str, float] = {}
        """Of each part the longest time from its start to its first good answer."""
        self._disturbed: set[str] = set()
        """Parts that were frozen since they were started."""
        self.full_s: dict[str, float] = {}
        """When each disk had room again; infinite while it has none."""
        self._fillers: dict[str, threading.Event] = {}

    def _lonely(self) -> Numbered:
        state, far, url = self.folder / LONELY, self.uplink_url, self.broker_url
        self.broker_url = f"mqtt://127.0.0.1:{self.ports['nowhere']}"
        self.uplink_url = f"tcp://127.0.0.1:{self.ports['lonely_far']}"
        self.add_gateway(LONELY, state, self.credentials, self.cloud / "keys" / "service.key")
        self.uplink_url, self.broker_url = far, url
        service_keys.allow(self.cloud, LONELY, own_keys(state, LONELY).public.decode())
        return Numbered(LONELY, state / "edge.db")

    def leave_alone(self) -> None:
        """Start the gateway that nobody is there for."""
        self.wires[LONELY][0].turn("cut")
        self.parts[LONELY].start()

    def begin(self) -> Fleet:
        """Start everything; the devices publish when this returns."""
        self.start("broker")
        self.parts["plain"].start()
        self.start("service", "gateway")
        self._subscribed()
        return Fleet(self.ports["air"], self.users, self.seed)

    def _subscribed(self) -> None:
        """Return when the broker hands the gateway what a device says: before that it acknowledges and forgets."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, "first")
        client.username_pw_set("rfid", self.users["rfid"])
        client.connect("127.0.0.1", self.ports["broker"])
        client.loop_start()

        def said() -> bool:
            client.publish(spell(SITE, READER.device, "status"), b'{"online": true, "boot": 1}', qos=1)
            return bool(self.tap.signed)

        eventually(said, bool, "the gateway hears the broker")
        client.disconnect()
        client.loop_stop()

    def strike(self, name: str) -> None:
        """kill -9; the anchor dies with the gateway."""
        for one in (name, "plain") if name == "gateway" else (name,):
            self.parts[one].kill()

    def aim(self, name: str, link: str, way: str) -> threading.Event:
        """kill -9 at the very moment when the next bytes pass; set once that has happened."""
        process = self.parts[name].process
        assert process is not None
        shot = threading.Event()

        def fire() -> None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            shot.set()

        self.wires[link][0].traps[way] = fire
        return shot

    def revive(self, name: str) -> None:
        """Start it again, and watch how long it takes to serve."""
        for one in (name, "plain") if name == "gateway" else (name,):
            self.parts[one].start()
        self._disturbed.discard(name)
        process = self.parts[name].process
        threading.Thread(target=self._watch, args=(name, process, time.monotonic()), daemon=True).start()

    def freeze(self, name: str) -> None:
        """Stop its process as a machine that hangs does."""
        self._disturbed.add(name)
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """And let it go on."""
        self._signal(name, signal.SIGCONT)

    def fill(self, disk: str) -> None:
        """Take what room there is on a disk, and whatever becomes free, until `drain`."""
        self.full_s[disk] = math.inf
        over = self._fillers[disk] = threading.Event()
        threading.Thread(target=_fill, args=(self.disks[disk] / "filler", over), daemon=True).start()

    def drain(self, disk: str) -> None:
        """Give the room back."""
        over = self._fillers.pop(disk, None)
        if over is not None:
            over.set()
            self.full_s[disk] = time.monotonic()

    def answers(self, name: str) -> bool:
        """Whether a part serves now. A gateway serves its page and API also while its broker is away."""
        if name == "broker":
            return broker.ready("127.0.0.1", self.ports["broker"])
        return Visitor(self.ports[name]).get("/healthz").status == 200

    def _ready(self, name: str) -> bool:
        part = self.parts[name]
        assert part.alive, f"the {name} ended:\n{part.said()}"
        return self.answers(name)

    def _watch(self, name: str, process: object, since_s: float) -> None:
        while self.parts[name].process is process and self.parts[name].alive:
            if self.answers(name):
                took_s = time.monotonic() - since_s
                if self.parts[name].process is process and name not in self._disturbed:
                    self.slowest_s[name] = max(took_s, self.slowest_s.get(name, 0.0))
                return
            time.sleep(0.05)

    def _signal(self, name: str, number: signal.Signals) -> None:
        for one in (name, "plain") if name == "gateway" else (name,):
            process = self.parts[one].process
            if process is not None and self.parts[one].alive:
                process.send_signal(number)

    def stop(self) -> None:
        """End the anchor, then everything else."""
        if self.parts["plain"].alive:
            self.parts["plain"].kill()
        if self.parts[LONELY].alive:
            self.parts[LONELY].stop()
        super().stop()


@contextmanager
def running(folder: Path, which: str, seed: int) -> Iterator[Plant]:
    """A plant; whatever happens, nothing of it runs afterwards."""
    plant = Plant(folder, which, seed)
    try:
        yield plant
    finally:
        for disk in list(plant.disks):
            plant.drain(disk)
        for part in plant.parts.values():
            if part.alive:
                part.kill()
        for where in plant.disks.values():
            subprocess.run(["umount", "-l", str(where)], check=False, capture_output=True)


def _mount(folder: Path) -> dict[str, Path]:
    disks = {}
    for name, size in DISK_MB.items():
        disks[name] = folder / name
        disks[name].mkdir(parents=True)
        options = ["-o", f"size={size}m,mode=700", "tmpfs"]
        subprocess.run(["mount", "-t", "tmpfs", *options, str(disks[name])], check=True)
    return disks


def _fill(path: Path, over: threading.Event) -> None:
    """Write until there is no room, again and again; the file goes in the end."""
    block = b"\0" * 65536
    with path.open("wb", buffering=0) as file:
        while not over.is_set():
            for size in (65536, 4096, 1):
                with suppress(OSError):
                    while file.write(block[:size]) == size and size > 1:
                        continue
            over.wait(FILLING_S)
    path.unlink()


def _passwords(credentials: Path) -> dict[str, str]:
    users: dict[str, str] = tomllib.loads(credentials.read_text())["users"]
    return users
