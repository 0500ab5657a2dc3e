"""The whole system for a test: its real processes on loopback in one folder, and who visits its pages.

Every part can be killed and started again on what it kept. Leaving `running` stops all of them, whatever happened.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import tomli_w

from cloud import keys as service_keys
from edge.keys import own_keys
from protocols import sequences
from protocols.reports import LANES
from tests.contract.brokers import PROJECT, free_port

DEADLINE_S = 40.0
STOP_S = 15.0
SMALL = PROJECT / "firmware_sim" / "scenarios" / "small.toml"
Value = TypeVar("Value")


def eventually(
    look: Callable[[], Value], holds: Callable[[Value], bool], what: str, deadline_s: float = DEADLINE_S
) -> Value:
    """Look until it holds and return what was seen then; fail with what was seen last."""
    end_s = time.monotonic() + deadline_s
    while not holds(seen := look()):
        assert time.monotonic() < end_s, f"waited {deadline_s:.0f} s in vain: {what}; last seen: {str(seen)[:1500]}"
        time.sleep(0.1)
    return seen


def run(*argv: str, stdin: bytes | None = None, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run one command line to its end, with what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", *argv], cwd=PROJECT, input=stdin, capture_output=True, timeout=timeout_s, check=False
    )
    return subprocess.CompletedProcess(argv, done.returncode, done.stdout.decode(), done.stderr.decode())


def run_all(*argvs: Sequence[str]) -> list[subprocess.CompletedProcess[str]]:
    """Run command lines side by side, as many at once as this machine has cores for."""
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        return list(workers.map(lambda argv: run(*argv), argvs))


def scenario(folder: Path, name: str, **changes: Any) -> Path:
    """The scenario `small` with some of its top-level keys changed, as a file."""
    path = folder / f"{name}.toml"
    path.write_text(tomli_w.dumps(tomllib.loads(SMALL.read_text()) | changes))
    return path


class Part:
    """One process, its command line and its log."""

    def __init__(self, name: str, argv: list[str], log: Path) -> None:
        self.name, self.argv, self.log = name, argv, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, also once more."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", *self.argv], cwd=PROJECT, stdout=log, stderr=log)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the {self.name} did not end within {STOP_S:.0f} s:\n{self.said()}") from None

    @property
    def alive(self) -> bool:
        """Whether it is running."""
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""


class Answer(NamedTuple):
    """An HTTP answer; `value` is the JSON in it, or its text."""

    status: int
    value: Any


class Visitor:
    """One browser at one address: keeps its cookies."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> Answer:
        """GET; status 0 when nobody answers."""
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        """POST JSON as our own page does."""
        headers = {"X-Requested-With": "warehouse", "Origin": self.url, "Content-Type": "application/json"}
        return self._ask(urllib.request.Request(self.url + path, json.dumps(body).encode(), headers))

    def sign_in(self, user: str, password: str) -> Visitor:
        """Sign in at the service; fails when that is refused."""
        answer = self.post("/api/v1/session", {"user": user, "password": password})
        assert answer.status == 200, answer
        return self

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=10) as reply:
                return Answer(reply.status, _value(reply.read()))
        except urllib.error.HTTPError as error:
            return Answer(error.code, _value(error.read()))
        except OSError as error:
            return Answer(0, str(error))


def _value(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


class Book(NamedTuple):
    """What gateway and ledger hold of one lane: numbers given, and the closed ranges of numbers the ledger has."""

    given: int
    held: list[list[int]]
    applied: int

    @property
    def complete(self) -> bool:
        """Every number from 0 on, once."""
        return self.held == ([[0, self.given - 1]] if self.given else []) and self.applied == self.given


class System:
    """Broker, service, gateway and fleet in one folder; nothing runs before `start`."""

    def __init__(self, folder: Path, site: str) -> None:
        self.folder = folder
        self.edge, self.cloud = folder / "edge", folder / "cloud"
        self.site = folder / "site.toml"
        self.site.write_text(site)
        self.ports = {name: free_port() for name in ("broker", "uplink", "gateway", "service")}
        self.credentials = folder / "broker" / "credentials.toml"
        self.broker_url = f"mqtt://127.0.0.1:{self.ports['broker']}"
        self.uplink_url = f"tcp://127.0.0.1:{self.ports['uplink']}"
        broker = ["edge", "broker", "--state", str(folder), "--port", str(self.ports["broker"])]
        serve = ["cloud", "serve", "--site", str(self.site), "--state", str(self.cloud), "--uplink", self.uplink_url]
        self.parts = {
            "broker": self._part("broker", broker),
            "service": self._part("service", [*serve, "--port", str(self.ports["service"])]),
        }
        self.add_gateway("gateway", self.edge, self.credentials, self.cloud / "keys" / "service.key")
        service_keys.own_keys(self.cloud)
        service_keys.allow(self.cloud, "gateway", own_keys(self.edge, "gateway").public.decode())
        self.gateway = Visitor(self.ports["gateway"])
        self._password = ""

    def add_gateway(self, name: str, state: Path, credentials: Path, service_key: Path) -> Visitor:
        """One more gateway, not started yet, and who visits its page."""
        port = self.ports.setdefault(name, free_port())
        argv = ["edge", "run", "--name", name, "--site", str(self.site), "--state", str(state), "--port", str(port)]
        argv += ["--broker", self.broker_url, "--credentials", str(credentials)]
        argv += ["--cloud", self.uplink_url, "--cloud-key", str(service_key)]
        self.parts[name] = self._part(name, argv)
        return Visitor(port)

    def start(self, *names: str) -> None:
        """Start parts side by side; all are ready when this returns."""
        for name in names:
            self.parts[name].start()
        for name in names:
            eventually(lambda name=name: self._ready(name), bool, f"the {name} is ready")  # type: ignore[misc]

    def start_fleet(self, plan: Path) -> None:
        """Let the simulated devices of a scenario publish; returns when they do."""
        argv = ["firmware_sim", "run", str(plan), "--broker", self.broker_url, "--state", str(self.folder / "sim")]
        argv += ["--credentials", str(self.credentials)]
        fleet = self.parts["fleet"] = self._part("fleet", argv)
        before = fleet.said().count("devices publishing")
        fleet.start()
        eventually(fleet.said, lambda said: said.count("devices publishing") > before, "the fleet publishes")

    def truth(self) -> dict[str, int]:
        """What truly lies in the fleet's slots, as it last kept it; nothing before its past is handed in."""
        path = self.folder / "sim" / "small.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        return {slot: len(units) for slot, units in kept.get("units", {}).items()} if kept.get("lived") else {}

    def admin(self) -> Visitor:
        """An admin, signed in at the service."""
        if not self._password:
            made = run("cloud", "account", "boss", "--role", "admin", "--json", "--state", str(self.cloud))
            self._password = json.loads(made.stdout)["password"]
        return Visitor(self.ports["service"]).sign_in("boss", self._password)

    def counts(self) -> dict[str, int | None]:
        """What the gateway says lies in each slot."""
        answer = self.gateway.get("/api/v1/stock")
        return {row["slot"]: row["count"] for row in answer.value} if answer.status == 200 else {}

    def pending(self) -> int:
        """Reports the service has not signed for yet, by the gateway's page."""
        lanes = self.gateway.get("/api/v1/status").value["lanes"].values()
        assert all(lane["balanced"] for lane in lanes), lanes
        return sum(lane["pending"] for lane in lanes)

    def books(self) -> dict[str, Book]:
        """Each lane, as gateway and ledger have it on disk."""
        found: dict[str, Book] = {}
        with sqlite3.connect(self.edge / "edge.db") as edge, sqlite3.connect(self.cloud / "ledger.db") as cloud:
            for lane in LANES:
                row = cloud.execute("SELECT held, applied FROM lane WHERE lane = ?", [lane]).fetchone()
                given = edge.execute("SELECT next_seq FROM lane WHERE id = ?", [lane]).fetchone()[0]
                held = msgspec.msgpack.decode(row[0], type=sequences.Sequence) if row else sequences.Sequence()
                assert not held.forgotten
                found[lane] = Book(given, held.ranges, row[1] if row else 0)
        edge.close()
        cloud.close()
        return found

    def moved(self) -> dict[str, int]:
        """The sum of the ledger's movements of each slot."""
        with sqlite3.connect(self.cloud / "ledger.db") as cloud:
            rows = cloud.execute("SELECT slot, SUM(delta) FROM movement GROUP BY slot").fetchall()
        cloud.close()
        return dict(rows)

    def tracebacks(self) -> dict[str, str]:
        """The parts that lost their composure, and what they said."""
        return {name: part.said() for name, part in self.parts.items() if "Traceback" in part.said()}

    def stop(self) -> None:
        """Stop everything that runs, the sources first."""
        for name in ("fleet", "gateway", "service", "broker"):
            if name in self.parts and self.parts[name].alive:
                self.parts[name].stop()

    def _part(self, name: str, argv: list[str]) -> Part:
        return Part(name, argv, self.folder / f"{name}.log")

    def _ready(self, name: str) -> bool:
        part = self.parts[name]
        assert part.alive, f"the {name} ended:\n{part.said()}"
        if name == "broker":
            return "Server is ready" in part.said() and self.credentials.exists()
        return Visitor(self.ports[name]).get("/readyz").status == 200


@contextmanager
def running(folder: Path, site: str, *names: str) -> Iterator[System]:
    """A system with these parts started; afterwards all are stopped, and none may have shown a traceback."""
    system = System(folder, site)
    try:
        if "broker" in names:
            system.start("broker")
        system.start(*(name for name in names if name != "broker"))
        yield system
        system.stop()
        assert not system.tracebacks()
    finally:
        for part in system.parts.values():
            if part.alive:
                part.kill()


def processes(folder: Path) -> dict[int, str]:
    """The command lines of other processes that work in a folder, by process id (where the system shows them)."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = entry.read_bytes().decode(errors="replace").replace("\0", " ")
            if str(folder) in words and int(entry.parent.name) != os.getpid():
                found[int(entry.parent.name)] = words
    return found
