"""Real servers to test the InfluxDB adapter against: InfluxDB 1.6 (strict) and victoria-metrics (volume, writes only).

InfluxDB 1.6 answers InfluxQL, but takes writes only on `/write`; `InfluxServer` puts a tiny proxy before it that maps
`/api/v2/write?bucket=B&precision=P` to `/write?db=B&precision=P`. The proxy stays while the server is killed.
"""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.contract.brokers import free_port

DEADLINE_S = 20.0
_PRECISIONS = {"ns": "n", "us": "u", "ms": "ms", "s": "s"}  # 1.6 takes an unknown precision for ns, silently


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits for a condition; fails with its name after the deadline."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"waited {DEADLINE_S:.0f} s in vain: {what}"
        time.sleep(0.02)


def program(name: str, package: str) -> str:
    """The path of a program; skips the test where it is absent, but fails it in continuous integration."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed (Debian package {package})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def ask(port: int, method: str, path: str, body: bytes = b"", timeout_s: float = 10) -> tuple[int, bytes]:
    """One HTTP exchange on loopback; raises `OSError` or `http.client.HTTPException`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Server:
    """A process that answers HTTP; it can be killed, and started again on what it kept."""

    def __init__(self, argv: list[str], port: int, health: str, log: Path) -> None:
        self.argv, self.port, self.health, self.log = argv, port, health, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.argv, stdout=log, stderr=log)
        until(self.answers, f"{self.argv[0]} on port {self.port}; see {self.log}")

    def answers(self) -> bool:
        try:
            return ask(self.port, "GET", self.health)[0] < 300
        except (OSError, http.client.HTTPException):
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class InfluxServer(Server):
    """InfluxDB 1.6 behind the proxy; `url` is what the adapter is given, without org and bucket."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        config = folder / "influxdb.conf"
        config.write_text(
            f'reporting-enabled = false\nbind-address = "127.0.0.1:{free_port()}"\n'
            f'[meta]\n  dir = "{folder}/meta"\n'
            f'[data]\n  dir = "{folder}/data"\n  wal-dir = "{folder}/wal"\n  query-log-enabled = false\n'
            f'[http]\n  bind-address = "127.0.0.1:{port}"\n  log-enabled = false\n'
            "[monitor]\n  store-enabled = false\n"
        )
        influxd = program("influxd", "influxdb")
        super().__init__([influxd, "-config", str(config)], port, "/ping", folder / "influxd.log")
        self.authorizations: set[str] = set()
        self.proxy = ThreadingHTTPServer(("127.0.0.1", 0), _rewriting(self))
        self.proxy.daemon_threads = True
        self.url = f"influxdb+http://127.0.0.1:{self.proxy.server_address[1]}"
        Thread(target=self.proxy.serve_forever, args=(0.05,), daemon=True).start()

    def create(self, bucket: str) -> None:
        status, answer = ask(self.port, "POST", "/query?" + urlencode({"q": f'CREATE DATABASE "{bucket}"'}))
        assert status == 200, answer

    def stop(self) -> None:
        self.proxy.shutdown()
        self.proxy.server_close()
        self.kill()


def _rewriting(server: InfluxServer) -> type[BaseHTTPRequestHandler]:
    class Rewriting(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def pass_on(self) -> None:
            server.authorizations.add(self.headers.get("Authorization", ""))
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
            if path == "/api/v2/write":
                path, precision = "/write", _PRECISIONS[query["precision"][0]]
                query = {"db": query["bucket"], "precision": [precision]}
            try:
                status, answer = ask(server.port, self.command, f"{path}?{urlencode(query, doseq=True)}", body)
            except (OSError, http.client.HTTPException):
                self.close_connection = True  # as a server that is gone
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = pass_on

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Rewriting


def victoria_metrics(folder: Path) -> Server:
    port = free_port()
    argv = [
        program("victoria-metrics", "victoria-metrics"),
        f"-storageDataPath={folder}/data",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-memory.allowedBytes=128MB",
    ]
    return Server(argv, port, "/health", folder / "victoria-metrics.log")
