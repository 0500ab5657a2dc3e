"""The whole system: memory of gateway and service with 2,000 slots, and how soon `make run` is ready."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.gateway_bench import SLOTS, broker, client, message, rss_mb, site_text, wait_for
from tests.bench.table import Figure, show

ROUNDS = 3
READY_S = 60.0


def main() -> int:
    """Measure and print; 0 when all goals are met."""
    return show("system", figures())


def figures() -> list[Figure]:
    """Resident memory, and the time to a ready system."""
    with tempfile.TemporaryDirectory() as folder:
        gateway_mb, service_mb = _resident(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        ready_s = _ready(Path(folder))
    bare = _bare_mb()
    return [
        Figure(f"gateway resident, {SLOTS} slots", "<= 120 MB", gateway_mb, 120.0, "MB", f"bare Python {bare:.0f} MB"),
        Figure(f"service resident, {SLOTS} slots", "<= 200 MB", service_mb, 200.0, "MB", f"bare Python {bare:.0f} MB"),
        Figure("make run until ready, environment installed", "<= 30 s", ready_s, 30.0, "s", "-"),
    ]


def _resident(folder: Path) -> tuple[float, float]:
    site = folder / "site.toml"
    site.write_text(site_text(SLOTS))
    uplink, page, dashboard = _free_port(), _free_port(), _free_port()
    edge, cloud = folder / "edge", folder / "cloud"
    _run("edge", "key", "--state", str(edge))
    _run("cloud", "allow", "gateway", str(edge / "keys" / "gateway.key"), "--state", str(cloud))
    serve = ["serve", "--site", str(site), "--state", str(cloud), "--port", str(dashboard)]
    with broker(folder) as port:
        service = _start("cloud", *serve, "--uplink", f"tcp://127.0.0.1:{uplink}")
        wait_for(lambda: (cloud / "keys" / "service.key").exists(), 20)
        run = ["run", "--site", str(site), "--state", str(edge), "--broker", f"mqtt://127.0.0.1:{port}"]
        link = ["--cloud", f"tcp://127.0.0.1:{uplink}", "--cloud-key", str(cloud / "keys" / "service.key")]
        gateway = _start("edge", *run, *link, "--port", str(page))
        try:
            time.sleep(2)
            fleet = client("fleet", port)
            for number in range(SLOTS * ROUNDS):
                device, round_ = number % SLOTS, number // SLOTS
                fleet.publish(*message(device, round_, 40 - round_, 32, number), qos=1)
                if number % 500 == 499:
                    time.sleep(0.2)
            wait_for(lambda: _delivered(edge) >= SLOTS * ROUNDS, 60)
            time.sleep(3)
            fleet.disconnect()
            fleet.loop_stop()
            return rss_mb(gateway.pid), rss_mb(service.pid)
        finally:
            for process in (gateway, service):
                process.send_signal(signal.SIGTERM)
                process.wait(20)


def _ready(folder: Path) -> float:
    root = Path(__file__).parents[2]
    start_s = time.monotonic()
    argv = [sys.executable, "run.py", "demo", "--state", str(folder / "var"), "--port-base", str(_free_port() - 3)]
    process = subprocess.Popen(argv, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith("Open http"):
                return time.monotonic() - start_s
        return READY_S
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _delivered(edge: Path) -> int:
    import json

    lines = _run("edge", "outbox", "--state", str(edge), "--json").splitlines()
    return sum(json.loads(line)["delivered"] for line in lines if json.loads(line)["lane"] == "events")


def _bare_mb() -> float:
    text = "print(open('/proc/self/status').read())"
    said = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[1]) / 1024 for line in said.splitlines() if line.startswith("VmRSS"))


def _start(*argv: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _run(*argv: str) -> str:
    return subprocess.run([sys.executable, "-m", *argv], capture_output=True, text=True, check=True).stdout.strip()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
