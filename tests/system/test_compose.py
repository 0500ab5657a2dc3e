"""docker-compose.yml: read by the real parser, and each of our services' commands really started.

No Docker engine is needed: the commands run as processes, with the containers' folders and hosts mapped to a temporary
folder and loopback. What only an engine can show (the images, the volumes' owners) is not tested here.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.brokers import PROJECT, free_port, mosquitto_argv, until

OURS = ("gateway", "service", "simulator")
LASTING = {"mosquitto", "influxdb", *OURS}
# The binary itself: the Python wrapper beside it ends with 0 whatever the binary found.
PARSER = Path(str(importlib.util.find_spec("compose").origin)).with_name("docker-compose")  # type: ignore[union-attr]
FOLDERS = ("/shared", "/gateway", "/service", "/simulator")


def parse(file: Path) -> subprocess.CompletedProcess[str]:
    argv = [str(PARSER), "--project-directory", str(PROJECT), "-f", str(file), "config", "--format", "json"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30)


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    answer = parse(PROJECT / "docker-compose.yml")
    assert answer.returncode == 0, answer.stderr
    assert "level=warning" not in answer.stderr
    read: dict[str, Any] = json.loads(answer.stdout)
    return read


@pytest.fixture(scope="module")
def services(whole: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = whole["services"]
    return found


def test_the_parser_finds_a_planted_fault(tmp_path: Path) -> None:
    spoilt = tmp_path / "docker-compose.yml"
    spoilt.write_text((PROJECT / "docker-compose.yml").read_text().replace("depends_on:", "depend_on:", 1))

    assert parse(spoilt).returncode != 0


def test_nobody_runs_as_root_or_keeps_rights_it_does_not_need(services: dict[str, Any]) -> None:
    assert set(services) == {"init", *LASTING}
    for name, service in services.items():
        assert int(service["user"].split(":")[0]) > 0, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name


def test_everything_that_keeps_running_has_a_healthcheck_and_restarts(services: dict[str, Any]) -> None:
    for name in LASTING:
        assert services[name]["healthcheck"]["test"][0] == "CMD", name
        assert services[name]["restart"] == "unless-stopped", name
    assert services["init"]["restart"] == "no"


def test_what_must_last_is_in_named_volumes_and_settings_are_read_only(whole: dict[str, Any]) -> None:
    mounts = [(name, mount) for name, service in whole["services"].items() for mount in service["volumes"]]

    for name, mount in mounts:
        if mount["type"] == "bind":
            assert mount["read_only"], (name, mount)
            assert Path(mount["source"]).is_relative_to(PROJECT / "docker"), (name, mount)
            assert Path(mount["source"]).is_file(), (name, mount)
        else:
            assert mount["type"] == "volume", (name, mount)
            assert mount["source"] in whole["volumes"], (name, mount)
    writers = {name for name, mount in mounts if mount.get("source") == "shared" and not mount.get("read_only")}
    assert writers == {"init"}


def test_ports_are_published_on_loopback_only(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}

    assert set(published) == {"mosquitto", "gateway", "service"}
    assert all(port["host_ip"] == "127.0.0.1" for ports in published.values() for port in ports)


def test_no_secret_is_in_the_file(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|KEY", key):
                assert value.startswith("/shared/"), (name, key)


def test_the_image_runs_as_the_user_that_owns_the_volumes(services: dict[str, Any]) -> None:
    recipe = (PROJECT / "docker" / "Dockerfile").read_text()

    assert all(services[name]["user"] == "1883:1883" for name in ("init", "mosquitto", *OURS))
    assert "USER 1883:1883" in recipe
    made = re.search(r"install -d -o 1883 -g 1883 -m 0750 (.+)", recipe)
    assert made is not None
    assert set(made[1].split()) == set(FOLDERS)
    assert "--require-hashes -r requirements.lock" in recipe
    assert {line.split()[1] for line in recipe.splitlines() if line.startswith("FROM")} == {"python:3.11-slim"}


class Machine:
    """Stands in for the engine: maps a container's command to this machine and runs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.ports = {name: free_port() for name in ("1883", "7460", "8080", "8081", "8086")}

    def map(self, argv: list[str]) -> list[str]:
        return [sys.executable, *(self._map(one) for one in argv[1:])]

    def _map(self, word: str) -> str:
        if word in self.ports:
            return str(self.ports[word])
        word = word.replace("/app/", f"{PROJECT}/docker/")
        word = re.sub(r"(?<![\w/.])(/(?:shared|gateway|service|simulator)\b)", rf"{self.folder}\1", word)
        word = re.sub(r"\b(?:mosquitto|service|influxdb|0\.0\.0\.0|127\.0\.0\.1):(\d+)", self._address, word)
        return "127.0.0.1" if word == "0.0.0.0" else word

    def _address(self, found: re.Match[str]) -> str:
        return f"127.0.0.1:{self.ports[found[1]]}"

    def run(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.map(argv), cwd=self.folder, env=self._environment(), capture_output=True, text=True, timeout=60
        )

    def start(self, name: str, argv: list[str]) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                argv, cwd=self.folder, env=self._environment(), stdout=log, stderr=subprocess.STDOUT
            )

    def stop(self, name: str) -> int:
        process = self.running.pop(name)
        process.terminate()
        try:
            return process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def healthy(self, name: str, check: list[str]) -> bool:
        """What the container's healthcheck says; the process must be there."""
        assert self.running[name].poll() is None, f"{name} ended:\n{self.log(name)}"
        return self.run(check).returncode == 0

    def ready(self, port: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    one = Machine(tmp_path)
    yield one
    for name in list(one.running):
        one.stop(name)


def test_init_makes_the_secrets_and_keeps_them_at_the_next_start(services: dict[str, Any], machine: Machine) -> None:
    def contents() -> dict[str, bytes]:
        files = [path for path in machine.folder.rglob("*") if path.is_file() and path.name != "passwords"]
        return {str(path.relative_to(machine.folder)): path.read_bytes() for path in files}

    first = machine.run(services["init"]["command"])
    before = contents()
    second = machine.run(services["init"]["command"])

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert contents() == before
    needed = {word for name in OURS for word in services[name]["command"] if word.startswith("/shared/")}
    needed |= {"/shared/influxdb-token", "/shared/influxdb-password", "/shared/broker/acl"}
    assert needed <= {f"/{name}" for name in before}
    for path in machine.folder.rglob("*"):
        assert path.stat().st_mode & 0o007 == 0, f"{path} is open to other users"


def test_a_site_edited_on_the_dashboard_stays_until_another_file_is_put_there(
    services: dict[str, Any], machine: Machine
) -> None:
    edited, shared = machine.folder / "service" / "site.toml", machine.folder / "shared" / "site.toml"
    for _ in range(2):
        assert machine.run(services["init"]["command"]).returncode == 0
        edited.write_text(edited.read_text().replace("# edited\n", "") + "# edited\n")

    assert machine.run(services["init"]["command"]).returncode == 0
    assert edited.read_text().endswith("# edited\n")
    shared.write_text(shared.read_text() + "# my own\n")
    assert machine.run(services["init"]["command"]).returncode == 0
    assert edited.read_text().endswith("# my own\n")


def begin(services: dict[str, Any], machine: Machine, *names: str) -> None:
    """Run `init`, then start these; those with an HTTP healthcheck are healthy when this returns."""
    made = machine.run(services["init"]["command"])
    assert made.returncode == 0, made.stderr
    for name in names:
        if name == "mosquitto":
            machine.start(name, mosquitto_argv(machine.folder / "shared" / "broker", machine.ports["1883"]))
        else:
            machine.start(name, machine.map(services[name]["command"]))
    for name in {"gateway", "service"} & set(names):
        check = services[name]["healthcheck"]["test"][1:]
        until(lambda name=name, check=check: machine.healthy(name, check), f"{name} to be healthy", 40)  # type: ignore[misc]


def test_our_commands_start_work_together_and_stop_cleanly(services: dict[str, Any], machine: Machine) -> None:
    """From the simulated devices through Mosquitto and the gateway to the service's signature; InfluxDB is away."""
    begin(services, machine, "mosquitto", "gateway", "service", "simulator")
    outbox = [*services["gateway"]["command"][:3], "outbox", "--state", "/gateway", "--json"]

    def delivered() -> bool:
        lines = machine.run(outbox).stdout.splitlines()
        return any(json.loads(line)["delivered"] > 0 for line in lines)

    until(lambda: machine.ready("8081"), "the gateway to be ready")
    until(delivered, "the service to have signed for a report", 40)

    for name in reversed(OURS):
        assert machine.stop(name) == 0, machine.log(name)
        assert "Traceback" not in machine.log(name), machine.log(name)
