"""`make pictures`: screenshots of every view, in both languages and on both screens, and the index that shows them.

The site is that of the fake service, at a moment that stands still: what is wrong there is written down in fake_*.py,
so a picture can be held against it. The same sources make the same pictures.
"""

from __future__ import annotations

import io
import shutil
import sys
from itertools import groupby
from typing import Any, Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import hatch_build
from tests.browser import fake_service
from tests.browser.addresses import ADDRESSES, Address, enter, named, settled
from tests.browser.conftest import ARGS, CHROMIUM, DESKTOP, PHONE, Shop
from tests.house import ROOT

FOLDER = ROOT / "docs" / "pictures"
NOW_MS = 1_772_588_460_000
"""2026-03-04, 09:41 in Hangzhou."""
LANGUAGES = ("en", "zh")
SCREENS: dict[str, dict[str, Any]] = {"desktop": DESKTOP, "phone": {**PHONE, "device_scale_factor": 1.5}}
COLOURS = 160
SECOND_MS = 1000

Theme = Literal["light", "dark"]


class Special(NamedTuple):
    """A picture beside those that every view has: its name, what it shows, its screen, theme and address."""

    name: str
    title: str
    screen: dict[str, Any]
    theme: Theme = "light"
    path: str = ""
    stale: bool = False


SPECIALS = (
    Special("overview-dark", "The overview in the dark", DESKTOP, "dark"),
    Special("overview-stale", "The overview when the service is not heard", DESKTOP, stale=True),
    Special("wall-1080p", "A wall, 1920 x 1080", {"viewport": {"width": 1920, "height": 1080}}, "dark", "wall"),
    Special("wall-4k", "A wall, 3840 x 2160", {"viewport": {"width": 3840, "height": 2160}}, "dark", "wall"),
)


class StillService(fake_service.FakeService):
    """It is heard, and nothing moves."""

    def step(self) -> None:
        """A second without news."""
        self.become()


def main() -> int:
    """Make all of them afresh."""
    hatch_build.build()
    fake_service.now_ms = lambda: NOW_MS
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGS)
        for screen in SCREENS:
            for language in LANGUAGES:
                _views(browser, screen, language)
        for one in SPECIALS:
            _special(browser, one)
        browser.close()
    (FOLDER / "README.md").write_text(index(), encoding="utf-8")
    pictures = [*FOLDER.glob("*.png")]
    print(f"{len(pictures)} pictures, {sum(one.stat().st_size for one in pictures) / 1e6:.1f} MB, in {FOLDER}")
    return 0


def index() -> str:
    """The page that shows them, by the pages of the dashboard."""
    said = [
        "# The dashboard, page by page",
        "",
        "Made by `make pictures`; which views there are stands in `tests/browser/addresses.py`.",
        "",
    ]
    for title, of in groupby(ADDRESSES, key=lambda one: one.page or one.title):
        said += [f"## {title.capitalize()}", ""]
        for where in of:
            said += [f"{where.title}. `{where.path or '/'}`", ""]
            said += [f"{_shown(named(where), screen, LANGUAGES)}\n" for screen in SCREENS]
    said += ["## And otherwise", ""]
    for one in SPECIALS:
        said += [f"{one.title}", "", f'<img src="{one.name}.png" width="800" alt="{one.title}">', ""]
    return "\n".join(said)


def _shown(name: str, screen: str, languages: tuple[str, ...]) -> str:
    width = 420 if screen == "desktop" else 195
    files = [f"{name}-{screen}-{language}.png" for language in languages]
    return "\n".join(f'<a href="{one}"><img src="{one}" width="{width}" alt="{one[:-4]}"></a>' for one in files)


def _views(browser: Browser, screen: str, language: str) -> None:
    shop = _shop()
    pages: dict[str, Page] = {}
    try:
        for where in ADDRESSES:
            page = (
                pages.get(where.who)
                or _context(browser, shop, where.who, SCREENS[screen], language, "light").new_page()
            )
            pages[where.who] = page
            page.goto(shop.base + where.path)
            settled(page, where)
            _keep(page, f"{named(where)}-{screen}-{language}")
    finally:
        shop.close()
        for page in pages.values():
            page.context.close()


def _special(browser: Browser, one: Special) -> None:
    shop = _shop()
    context = _context(browser, shop, "mara", one.screen, "en", one.theme)
    page = context.new_page()
    try:
        page.goto(shop.base + one.path)
        settled(page, Address("", one.path, one.title))
        if one.stale:
            shop.fake.silent = True
            page.wait_for_selector(".banner")
        _keep(page, one.name)
    finally:
        shop.close()
        context.close()


def _shop() -> Shop:
    shop = Shop(StillService())
    shop.start()
    return shop


def _context(
    browser: Browser, shop: Shop, who: str, screen: dict[str, Any], language: str, theme: Theme
) -> BrowserContext:
    locale = "zh-CN" if language == "zh" else "en-GB"
    context = browser.new_context(**screen, locale=locale, color_scheme=theme, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    context.clock.set_fixed_time(NOW_MS / SECOND_MS)
    if who:
        enter(context, shop, who)
    return context


def _keep(page: Page, name: str) -> None:
    """As a PNG of few colours: what is drawn here has no more of them, and it is a quarter as large."""
    drawn = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    few = drawn.convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
