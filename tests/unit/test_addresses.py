"""No page is forgotten: each one that route.ts knows is looked at by the sweeps, and has its pictures."""

from __future__ import annotations

import re
from collections import Counter

from tests.browser.addresses import ADDRESSES, named
from tests.house import ROOT

ROUTES = (ROOT / "cloud/web/dashboard/src/route.ts").read_text()


def test_every_page_is_among_the_addresses() -> None:
    lists = re.findall(r"export const \w*PAGES = \[(.*?)\]", ROUTES, re.DOTALL)
    kinds = re.findall(r'kind: ((?:"\w+"(?: \| )?)+);', ROUTES)
    known = {name for text in [*lists, *kinds] for name in re.findall(r'"([\w-]+)"', text)}

    assert len(lists) >= 2
    assert known - {one.page for one in ADDRESSES} == set()


def test_no_two_views_share_the_name_of_a_picture() -> None:
    assert [name for name, often in Counter(map(named, ADDRESSES)).items() if often > 1] == []
