"""What more than one suite here needs: a running InfluxDB, and the web over real sockets on loopback."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from cloud import service as shell
from cloud.web.app import make_app, serving
from cloud.web.live import Live
from cloud.web.roles import Who
from cloud.web.sign_in import SignIn
from tests.contract.cold_site import ColdSite
from tests.contract.crews_site import Crewed, Receiver, holds, receiving
from tests.contract.halls import Hall
from tests.contract.influx_server import InfluxServer
from tests.contract.ledgers import DATABASES, POSTGRES, Place
from tests.contract.people_house import House, inhabited
from tests.contract.trade_site import WHO, Clock, TradeSite, wipe
from tests.contract.web_service import Web
from tests.desk import MemoryAccounts, MemoryDesk, desks, snapshot


@pytest.fixture(scope="package")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    server = InfluxServer(tmp_path_factory.mktemp("influxdb"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def bucket(influx: InfluxServer) -> str:
    """The URL of an empty bucket of a running InfluxDB."""
    if influx.process is None:
        influx.start()
    name = f"b{uuid.uuid4().hex}"
    influx.create(name)
    return f"{influx.url}/org/{name}"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Depot</title>")
    assets = folder / "assets"
    assets.mkdir()
    (assets / "app-ABCD1234.js").write_text("let a = 1")
    (assets / "app-ABCD1234.js.gz").write_bytes(gzip.compress(b"let a = 1"))
    (assets / "notes.txt").write_text("1f2e\n")
    (folder / "version.txt").write_text("1f2e\n")
    (tmp_path / "secret.txt").write_text("not for the web")
    return folder


@pytest.fixture
async def web(static: Path) -> AsyncIterator[Web]:
    live, accounts = Live(snapshot(), clients_max=3), MemoryAccounts()
    desk = MemoryDesk(live)
    async with AsyncExitStack() as stack:
        app = make_app(desks(desk), live, SignIn(accounts), static, now_ms=lambda: made.now_ms, send_timeout_s=0.3)
        url = await stack.enter_async_context(serving(app))
        made = Web(url, desk, live, accounts, stack)
        yield made


@pytest.fixture(params=DATABASES)
async def trading(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TradeSite]:
    """A running depot that trades."""
    clock = Clock()
    monkeypatch.setattr(shell, "_now_ms", clock)
    monkeypatch.setattr(shell, "RETRY_S", 0.01)
    url = POSTGRES if request.param == "postgresql" else ""
    if url:
        wipe(url)
    made = TradeSite(tmp_path, clock, url)
    await made.start()
    yield made
    await made.close()


@pytest.fixture(params=DATABASES)
async def cold(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ColdSite]:
    """A running depot with cold rooms."""
    clock = Clock()
    monkeypatch.setattr(shell, "_now_ms", clock)
    monkeypatch.setattr(shell, "RETRY_S", 0.01)
    url = POSTGRES if request.param == "postgresql" else ""
    if url:
        wipe(url)
    made = ColdSite(tmp_path, clock, url)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    yield made
    made.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@pytest.fixture(params=DATABASES)
async def place(request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver) -> AsyncIterator[Crewed]:
    """A depot whose people are told of alerts."""
    url = POSTGRES if request.param == "postgresql" else ""
    if url:
        wipe(url)
    made = Crewed(tmp_path, ledger=url)
    receiver.add(made.state, "ann-pager", "bob-pager", "bob-second")
    await made.start()
    await made.hear(*holds(made, 50))
    yield made
    await made.stop()


@pytest.fixture
def bo_mends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bo and Cy may do whatever there is to do."""
    monkeypatch.setitem(WHO, "cy", Who("cy", "admin"))
    monkeypatch.setitem(WHO, "bo", Who("bo", "admin"))


@pytest.fixture(params=DATABASES)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    place = Place(tmp_path, POSTGRES if request.param == "postgresql" else "")
    place.wipe()
    async with inhabited(place.ledger("?timeout=0.05" if request.param == "sqlite" else "")) as made:
        yield made
    place.wipe()
