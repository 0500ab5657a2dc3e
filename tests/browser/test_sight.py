"""Who sees no colours, and who wants nothing to move."""

from __future__ import annotations

import io
from itertools import combinations

from PIL import Image, ImageChops
from playwright.sync_api import Page

from tests.browser.conftest import Shop, Visit

APART = 12
"""So many pixels of 20 x 20 differ by so much grey that nobody takes one mark for another."""
GREY = 60
MOVING = """() => document.getAnimations().filter((one) => one.playState === 'running').length"""


def grey(page: Page, at: int) -> Image.Image:
    """A mark of the legend as who sees no colours sees it."""
    shown = page.locator(".legend li svg, .legend li i, .legend li .mark").nth(at).screenshot()
    return Image.open(io.BytesIO(shown)).convert("L").resize((20, 20))


def test_the_marks_of_states_differ_without_colours(shop: Shop, visit: Visit) -> None:
    page = visit(shop)
    marks = page.locator(".legend li svg, .legend li i, .legend li .mark").count()
    assert marks == page.locator(".legend li").count() >= 6

    drawn = [grey(page, at) for at in range(marks)]

    for one, other in combinations(range(marks), 2):
        apart = sum(ImageChops.difference(drawn[one], drawn[other]).histogram()[GREY:])
        assert apart >= APART, (one, other, apart)


def test_nothing_moves_for_who_wants_no_motion(shop: Shop, visit: Visit) -> None:
    page = visit(shop)

    shop.do(shop.fake.add_alert)
    page.wait_for_selector(".alerts li.firing >> nth=7")

    assert page.evaluate(MOVING) == 0
