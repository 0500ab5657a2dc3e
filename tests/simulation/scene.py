"""The scene: the world, the network, the files, and both programs wherever they live now."""

from __future__ import annotations

import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from cloud import keys as service_keys
from edge import keys as gateway_keys
from edge.clock import Clock as GatewayClock
from edge.store import Group, Store
from tests.simulation.broker import Broker, Session
from tests.simulation.decisions import Decisions
from tests.simulation.lives import GatewayLife, Life, ServiceLife, Watched
from tests.simulation.promises import Witness
from tests.simulation.timeline import T0_MS, WORKER, Clock, Log, Timeline, dice
from tests.simulation.wires import Authenticator, Net, Zmq
from tests.simulation.world import SITE_TEXT, World, past

PACE: dict[str, dict[str, float]] = {
    "edge.gateway": {"TICK_S": 10.0},
    "edge.memory": {"TURNS": 6},
    "edge.core.tagging.tags": {"EPOCH_MS": 5_000},
    "edge.uplink": {"MUTE_S": 30.0, "HELLO_S": 10.0, "BATCH_REPORTS_MAX": 20},
    "cloud.service": {"TICK_S": 10.0, "BEAT_S": 60.0},
    "cloud.uplink": {"ALIVE_MS": 40_000},
}
"""What happens every second or so happens more rarely here: more hours in the same time, and nothing depends on it.
Batches are small, so that a backlog takes many."""
PAGES_MAX = 1_000_000


class Scene:
    """All there is."""

    def __init__(self, seed: int, folder: Path, small: bool) -> None:
        """`small`: the gateway's outbox holds little."""
        self.seed, self.folder = seed, folder
        self.line = Timeline()
        self.log = Log(self.line)
        self.clock, self.service_clock = Clock(self.line), Clock(self.line)
        self.broker = Broker(self.line, self.log, dice(seed, "broker"))
        self.net = Net(self.line, self.log, dice(seed, "link"))
        self.world = World(self.line, self.log, self.broker, dice(seed, "world"), dice(seed, "air"))
        self.witness = Witness(self.line, self.log, self.broker, lambda: self.net.cut or self.service is None)
        self.decisions = Decisions(self.line, self.witness)
        self.net.on_batch, self.net.on_open = self.witness.on_batch, self.witness.on_open
        self.net.on_connect = self.witness.on_connect
        self.broker.on_acknowledged = self.witness.on_acknowledged
        self.gateway: GatewayLife | None = None
        self.service: ServiceLife | None = None
        self.kills = 0
        self.full: set[str] = set()
        """Programs whose disks are."""
        self.older: set[str] = set()
        """Programs whose stores were put back or damaged since they last ran."""
        self._limits = {"outbox_bytes_max": 24_000, "kept_bytes_max": 8_000} if small else {}
        self.files = {"gateway": folder / "gateway-0", "service": folder / "service-0"}

    # The programs.

    def prepare(self) -> None:
        """Keys, and three weeks in which the gateway was alone."""
        for path in self.files.values():
            path.mkdir(parents=True)
        (self.files["service"] / "site.toml").write_text(SITE_TEXT)
        service_keys.own_keys(self.files["service"])
        shutil.copy(self.files["service"] / "keys" / "service.key", self.files["gateway"] / "service.key")
        public = gateway_keys.own_keys(self.files["gateway"], "gw").public
        service_keys.allow(self.files["service"], "gw", public.decode())
        store = Store(self.files["gateway"] / "edge.db")
        store.commit(Group(T0_MS - 1000, reports=past(dice(self.seed, "past"))))
        store.close()

    def begin(self, name: str) -> None:
        """Start one of the programs over its files."""
        life: Life
        rng = dice(self.seed, f"{name} {self.kills}")
        if name == "gateway":
            life = self.gateway = GatewayLife(self.line, self.log, rng, self.files[name])
            life.on_work, life.on_wish = self._gateway_worked, self.witness.on_gateway_wish
        else:
            life = self.service = ServiceLife(self.line, self.log, rng, self.files[name])
            life.on_work, life.on_plan = self._service_worked, self.decisions.on_plan
            life.on_asked, life.on_decided = self.decisions.on_asked, self.decisions.on_decided
        life.on_death = self._buried
        life.start()
        if isinstance(life, GatewayLife):
            self.log("gateway", f"starts at {life.gateway.store.next_seq}")
            self.decisions.on_gateway_start()
            self.witness.on_gateway_start(life, name in self.older)
        elif isinstance(life, ServiceLife):
            self.log("service", f"starts at {life.service.ledger.tops('gw')}")
            self.decisions.on_service_start()
            self.witness.on_service_start(life, name in self.older)
        self.older.discard(name)
        self.fill_disk(name, name in self.full)

    def _gateway_worked(self, name: str, args: tuple[Any, ...], result: Any) -> None:
        assert self.gateway is not None
        self.decisions.on_gateway_work(name, args)
        self.witness.on_gateway_work(self.gateway, name, args)

    def _service_worked(self, name: str, args: tuple[Any, ...], result: Any) -> None:
        if name == "apply":
            self.witness.on_applied(args[0])
        if self.service is not None:
            self.decisions.on_service_work(self.service)

    def _buried(self, life: Life) -> None:
        self.kills += 1
        self.log(life.name, "killed")
        self.files[life.name] = life.folder
        if isinstance(life, GatewayLife):
            self.gateway = None
            if hasattr(life, "gateway"):
                self.broker.detach(life.gateway.mqtt)  # type: ignore[arg-type]
        else:
            self.service = None
        self.line.call_later(life.down_s, self.begin, life.name)

    def fill_disk(self, name: str, full: bool) -> None:
        """A program's disk is full, or has room again. The gateway's store can then grow no more, but use what room it
        makes itself; the service makes none, and seldom finds any for its logs."""
        self.full = self.full | {name} if full else self.full - {name}
        if self.service is not None:
            self.service.no_room = "service" in self.full
        for connection in self.gateway.connections if self.gateway is not None else []:
            pages = connection.execute("PRAGMA page_count").fetchone()[0] if "gateway" in self.full else PAGES_MAX
            connection.execute(f"PRAGMA max_page_count = {pages}")

    # What is made up.

    @contextmanager
    def replaced(self) -> Iterator[None]:
        """The world of both programs is made up while this lasts."""
        made = Zmq(self.net)
        connect = sqlite3.connect

        def opened(*args: Any, **how: Any) -> sqlite3.Connection:
            worker = WORKER.get()
            if not isinstance(worker, Life):
                plain: sqlite3.Connection = connect(*args, **how)
                return plain
            connection: Watched = connect(*args, **{**how, "factory": Watched})
            connection.life = worker
            worker.connections.append(connection)
            return connection

        def session(_url: Any, _name: str, _filters: Any, *_: Any, **__: Any) -> Session:
            return Session(self.broker, dice(self.seed, f"session {self.kills}"), self.gateway_ms)

        with ExitStack() as stack:
            for name, module in sorted(sys.modules.items()):
                clock = self.clock if name.startswith("edge.") else self.service_clock
                if name.startswith(("edge.", "cloud.")) and not name.startswith("cloud.stores"):
                    if getattr(module, "time", None) is time:
                        stack.enter_context(patch.object(module, "time", clock))
                    if getattr(module, "random", None) is random:
                        stack.enter_context(patch.object(module, "random", dice(self.seed, name)))
                    for constant, value in PACE.get(name, {}).items():
                        stack.enter_context(patch.object(module, constant, value))
            made_up: dict[str, Any] = {
                "edge.gateway.Mqtt": session,
                "edge.gateway.Clock": partial(GatewayClock, wall=self.clock.time_ns, steady=self.clock.monotonic_ns),
                "edge.gateway.Store": self._store,
                "edge.gateway.gc": SimpleNamespace(collect=int, freeze=int),
                "edge.uplink.zmq": made,
                "cloud.uplink.zmq": made,
                "cloud.uplink.AsyncioAuthenticator": Authenticator,
                "cloud.service.secrets": SimpleNamespace(token_hex=lambda _: f"epoch-{self.kills}"),
                "sqlite3.connect": opened,
                "sqlite3.dbapi2.connect": opened,
            }
            for what, replacement in made_up.items():
                stack.enter_context(patch(what, replacement))
            yield

    def _store(self, path: Path, **how: Any) -> Store:
        return Store(path, **{**how, **self._limits})

    def gateway_ms(self) -> int:
        """The gateway's machine's clock, ms since 1970."""
        return self.clock.time_ns() // 1_000_000
