"""The API by strangers: schemathesis makes up requests from the OpenAPI document, valid and not, and holds every answer
against it; no 5xx and no answer that the document does not tell of may be found. Prints what a request costs, too.

`make bench-api` runs it against a real service over the site of the docs, with stock, orders, reservations and works:
as an admin and as a supplier, by names and numbers that are there, and by any. Some twenty minutes on two cores;
EXAMPLES=5 asks for less of each.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import ClientSession

from cloud.web.access import COOKIE
from tests.bench.table import Figure, show
from tests.unit.pages import blocks
from tests.unit.shop import page, site_text

EXAMPLES = int(os.environ.get("EXAMPLES", "25"))
REQUESTS = 400
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
NAMES = {
    "orders|works|reservations|needs|alerts|excursions": 1, "skus": '"bandage"', "suppliers": '"medline"',
    "neighbours": '"north"', "assets": '"pump-1"',
}  # fmt: skip
KNOWN = (
    "".join(
        f'[[operations]]\ninclude-path-regex = "/({path})/"\nparameters = {{ "path.id" = {name} }}\n'
        for path, name in NAMES.items()
    )
    + """
[[operations]]
include-path-regex = "/exports/"
parameters = { "path.table" = "book" }

[[operations]]
include-path-regex = "^/grafana/api/v1/(query|series|labels)"
parameters = { "query.query" = "stock_units", "query.start" = "0", "query.end" = "60" }
"""
)

ASKED = (("mo", "admin", KNOWN), ("mo", "admin", ""), ("su", "supplier", KNOWN))
"""Who asks, and what of the site the requests name."""


class Shop:
    """A real service over the site of the docs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, ""
        self._state = ["--state", str(folder / "cloud")]
        (folder / "site.toml").write_text(site_text() + blocks(page("alerts"), "toml")[0][1])
        self._passwords = {
            "mo": self._account("mo", "--role", "admin"),
            "su": self._account("su", "--role", "supplier", "--supplier", "medline"),
        }

    def start(self) -> subprocess.Popen[str]:
        """Begin to serve, on a port that the system chooses."""
        command = [sys.executable, "-m", "cloud", "serve", *self._state, "--port", "0", "--uplink", "tcp://127.0.0.1:*"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://[\d.]+:\d+", line):
                self.url = found[0]
                return process
        sys.exit("error: the service did not start; its own words are above")

    async def signed_in(self, name: str) -> dict[str, str]:
        """The headers of somebody, as from our own page."""
        own = {"X-Requested-With": "warehouse", "Origin": self.url}
        given = {"user": name, "password": self._passwords[name]}
        async with ClientSession(headers=own) as client, client.post(f"{self.url}/api/v1/session", json=given) as said:
            assert said.status == 200, await said.text()
            return {**own, "Cookie": f"{COOKIE}={said.cookies[COOKIE].value}"}

    def _account(self, name: str, *more: str) -> str:
        command = [sys.executable, "-m", "cloud", "account", "--json", name, *more, *self._state]
        made: str = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["password"]
        return made


async def stocked(client: ClientSession) -> None:
    """Something happened in the shop."""
    facts: list[tuple[str, dict[str, Any]]] = [
        *(("/api/v1/book", {"kind": "receipt", "sku": sku, "units": 40}) for sku in ("bandage", "tea")),
        ("/api/v1/reservations", {"sku": "tea", "units": 2}),
        ("/api/v1/orders", {"supplier": "medline", "lines": [{"sku": "gloves-m", "units": 100}]}),
        ("/api/v1/orders/1/approve", {}),
        ("/api/v1/orders/1/send", {}),
        ("/api/v1/works", {"asset": "pump-1", "title": "Look", "parts": [{"sku": "bandage", "units": 1}]}),
    ]
    for path, body in facts:
        async with client.post(path, json=body) as response:
            assert response.status == 200, await response.text()


async def costs(client: ClientSession) -> None:
    """Print what a request costs, with the client's own time in it: the least of 5 means."""
    for method, path in (("GET", "/api/v1/stock"), ("GET", "/api/v1/orders/1"), ("POST", "/api/v1/works/1/change")):
        means = []
        for _ in range(5):
            begun_s = time.perf_counter()
            for _ in range(REQUESTS):
                async with client.request(method, path) as response:
                    await response.read()
            means.append((time.perf_counter() - begun_s) / REQUESTS * 1e6)
        print(f"{method} {path}: {min(means):.0f} µs", flush=True)


class Told(NamedTuple):
    """How many requests were made up, and of how many the answer was wrong; inf where it did not come to an end."""

    cases: int
    wrong: float


def asked(shop: Shop, headers: dict[str, str], known: str, seed: int) -> Told:
    """Let schemathesis ask as somebody, and pass on what it says."""
    tool = Path(sys.executable).with_name("schemathesis")
    (shop.folder / "schemathesis.toml").write_text(known)
    given = [part for key, value in headers.items() for part in ("-H", f"{key}:{value}")]
    command = [
        str(tool), "run", f"{shop.url}/api/v1/openapi.json", *given, "-c", CHECKS, "-n", str(EXAMPLES),
        "--seed", str(seed), "--phases", "examples,coverage,fuzzing", "--exclude-path", "/api/v1/session",
        "--suppress-health-check", "all", "--continue-on-failure", "--warnings", "off", "--no-color",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=shop.folder, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    cases = passed = 0
    for line in process.stdout:
        print(line, end="", flush=True)
        if found := re.search(r"(\d+) generated(?:.*?(\d+) passed)?", line):
            cases, passed = int(found[1]), int(found[2] or 0)
    return Told(cases, 0 if process.wait() == 0 and cases else max(1, cases - passed) if cases else inf)


async def main() -> int:
    """0 where nothing was found."""
    folder, figures = Path(tempfile.mkdtemp(prefix="api-bench-")), []
    shop = Shop(folder)
    process = shop.start()
    try:
        async with ClientSession(shop.url, headers=await shop.signed_in("mo")) as client:
            await stocked(client)
            await costs(client)
        for seed, (name, role, known) in enumerate(ASKED, 1):
            by = f"{role}, {'names that are there' if known else 'any names'}"
            print(f"--- as {by}", flush=True)
            told = asked(shop, await shop.signed_in(name), known, seed)
            figures.append(Figure(f"wrong answers, {by}", "0", told.wrong, 0, "", f"of {told.cases:,} requests"))
        async with ClientSession() as client, client.get(f"{shop.url}/metrics") as response:
            print(*re.findall(r"warehouse_http_answers_total.*", await response.text()), sep="\n")
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return show("the API, asked by schemathesis", figures)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
