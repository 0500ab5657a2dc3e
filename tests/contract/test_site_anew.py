"""Another site file is put to work without anybody stopping a process: by the service, and by a gateway."""

from __future__ import annotations

import json
import time
import urllib.request
import zlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.site_taking import SiteTaking
from protocols.asked import SITE_PART_BYTES, SitePart
from protocols.revision import revision
from tests import depot
from tests.contract.test_cloud_cli import DEADLINE_S, Here, Running

ADMIN = "four words in a row"
OTHER = depot.SITE_TEXT.replace('name = "', 'name = "Another ', 1)


@pytest.fixture
def service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Running]:
    running = Running(Here(tmp_path, capsys))
    yield running
    running.kill()


def ask(service: Running, method: str, path: str, body: Any = None) -> Any:
    headers = {
        "X-Requested-With": "warehouse", "Origin": service.url, "Content-Type": "application/json",
        "Cookie": service.cookie,
    }  # fmt: skip
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{service.url}/api/v1/{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
        return json.load(answer)


def test_a_service_starts_anew_by_the_file_that_is_put_to_use_and_stops_when_it_is_told(service: Running) -> None:
    assert service.sign_in("admin", service.password) == 200
    ask(service, "POST", "session/password", {"old": service.password, "new": ADMIN})
    assert service.sign_in("admin", ADMIN) == 200
    zone = ask(service, "GET", "site/zones")["items"][0]["id"]
    ask(service, "POST", f"site/zones/{zone}", {"values": {"name": "The new name"}})

    before = ask(service, "POST", "site/use", {})
    until = time.monotonic() + DEADLINE_S
    while True:
        try:
            state = ask(service, "GET", "site")
        except OSError:  # it is away for a moment
            state = before
        if state["used"] == before["revision"]:
            break
        assert time.monotonic() < until, state
        time.sleep(0.05)

    assert before["used"] != before["revision"]
    assert "The new name" in [one["name"] for one in ask(service, "GET", "zones")]
    assert service.stop()[0] == 0


def parts(text: str, size: int = SITE_PART_BYTES) -> list[bytes]:
    packed = zlib.compress(text.encode())
    cut = [packed[at : at + size] for at in range(0, len(packed), size)]
    return [
        msgspec.json.encode(SitePart(revision(text), n, len(cut), b64encode(one).decode())) for n, one in enumerate(cut)
    ]


@pytest.fixture
def taking(tmp_path: Path) -> SiteTaking:
    path = tmp_path / "site.toml"
    path.write_text(depot.SITE_TEXT)
    path.chmod(0o640)
    return SiteTaking(path, revision(depot.SITE_TEXT))


def test_a_gateway_takes_a_file_in_parts_and_starts_anew_once_it_is_whole(taking: SiteTaking, tmp_path: Path) -> None:
    started = []
    taking.restart = lambda: started.append(1)
    came = parts(OTHER, 200)

    assert [taking.take(one) for one in came] == [False] * (len(came) - 1) + [True]

    path = tmp_path / "site.toml"
    assert (path.read_text(), path.stat().st_mode & 0o777, started) == (OTHER, 0o640, [1])
    assert [one.name for one in tmp_path.iterdir()] == ["site.toml"]


@pytest.mark.parametrize(
    ("came", "why"),
    [
        ([b"{}"], "no part of a site file"),
        (parts(OTHER, 200)[1:], "another order"),
        ([parts(OTHER, 200)[0], parts(depot.SITE_TEXT, 200)[1]], "another order"),
        (parts(OTHER.replace('timezone = "', 'timezone = "no-')), "is not known"),
        ([parts(OTHER)[0].replace(revision(OTHER).encode(), b"0" * 12)], "damaged"),
    ],
)
def test_a_gateway_says_why_it_does_not_take_a_file_and_goes_on_with_its_own(
    taking: SiteTaking, tmp_path: Path, came: list[bytes], why: str
) -> None:
    for one in came[:-1]:
        with suppress(ValueError):
            taking.take(one)
    with pytest.raises(ValueError, match=why):
        taking.take(came[-1])

    assert (tmp_path / "site.toml").read_text() == depot.SITE_TEXT
