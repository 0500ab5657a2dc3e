"""A fake service on a free port, and one Chromium for all tests of this folder. Without Chromium they are skipped."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from aiohttp import web
from playwright.sync_api import Browser, Page, sync_playwright

import hatch_build
from cloud.web.access import COOKIE
from tests.browser.fake_service import FakeService
from tests.turns import alone_in

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True,
}  # fmt: skip


class Shop:
    """A fake service that is being served, in a thread of its own. `base` is its address."""

    def __init__(self, fake: FakeService) -> None:
        self.fake = fake
        self.base = ""
        self.log: list[str] = []
        """What pages complained about."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-service", daemon=True)
        self._thread.start()
        self._life = asyncio.run_coroutine_threadsafe(fake.live(), self._loop)
        self._runner: web.AppRunner | None = None

    def start(self) -> None:
        """Listen: the first time on a free port, after a `stop` on the same one, as another start of the service."""
        port = int(self.base.rstrip("/").rpartition(":")[2]) if self.base else 0
        self._runner = web.AppRunner(self.do(self.fake.app), shutdown_timeout=0.2)
        self._run(self._runner.setup())
        self._run(web.TCPSite(self._runner, "127.0.0.1", port).start())
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    def stop(self) -> None:
        """Go away; what was connected is cut."""
        if self._runner:
            self._run(self._runner.cleanup())
            self._runner = None

    def close(self) -> None:
        """Stop, and leave no thread behind."""
        self.stop()
        self._life.cancel()
        self._run(asyncio.sleep(0.01))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def do(self, what: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Call something of the fake in its own thread."""

        async def call() -> Any:
            return what(*args, **more)

        return self._run(call())

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)


@pytest.fixture(scope="session")
def built() -> None:
    """The page, built from its sources as they are."""
    with alone_in(hatch_build.DASHBOARD):
        hatch_build.build()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser; each test gets fresh contexts of it.

    It ends with this folder's last test: while Playwright runs, this thread's event loop is taken, and no test with
    one of its own can begin.
    """
    if not CHROMIUM:
        reason = "there is no Chromium here; `apt-get install chromium fonts-noto-cjk` brings it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def shop(built: None) -> Iterator[Shop]:
    """A warehouse with a few troubles."""
    yield from _open(Shop(FakeService()))


@pytest.fixture
def quiet_shop(built: None) -> Iterator[Shop]:
    """A warehouse where nothing is wrong."""
    yield from _open(Shop(FakeService(quiet=True)))


def _open(shop: Shop) -> Iterator[Shop]:
    try:
        shop.start()
        yield shop
    finally:
        shop.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Opens a page as somebody ("" for nobody, then it waits for what is to be there), on a screen, in a language and a
    theme, and waits until it is live."""
    contexts = []

    def go(
        shop: Shop,
        path: str = "",
        who: str = "anna",
        screen: dict[str, Any] = DESKTOP,
        language: str = "en",
        theme: Literal["light", "dark"] = "light",
        waits: str = "form",
        script: str = "",
    ) -> Page:
        context = chromium.new_context(**screen, locale="en-GB", color_scheme=theme, reduced_motion="reduce")
        contexts.append(context)
        context.set_default_timeout(10_000)
        if who:
            context.add_cookies([{"name": COOKIE, "value": shop.do(shop.fake.pass_for, who), "url": shop.base}])
        if script:  # a function that every page runs before its own
            context.add_init_script(f"({script})()")
        context.add_init_script(f"localStorage.language ??= {language!r}")
        page = context.new_page()
        page.on("console", lambda said: shop.log.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: shop.log.append(str(error)))
        page.goto(shop.base + path)
        if who:
            page.wait_for_selector(".link.live, .on-portal")
            page.wait_for_selector("main h2")
        else:
            page.wait_for_selector(waits)
        return page

    yield go
    for context in contexts:
        context.close()
