"""A page that is opened by its address looks at once as it does after everything else was read ahead."""

from __future__ import annotations

import pytest

from tests.browser.addresses import ADDRESSES, DRAWN, Address, settled
from tests.browser.conftest import Shop, Visit

HOLD = """() => {
    const later = window.setTimeout;
    window.ahead = [];
    window.setTimeout = (what, ms, ...more) => (ms === 5000 ? window.ahead.push(what) : later(what, ms, ...more));
}"""
"""The read-ahead waits until it is asked for (`AHEAD_MS` of ui/shell.tsx)."""
READ_AHEAD = "() => { for (const one of window.ahead.splice(0)) one(); }"
ALL_WORN = """() => ['crew', 'plant', 'trade', 'phone'].every((name) =>
    [...document.styleSheets].some((one) => one.href && one.href.includes(`/assets/${name}-`)))"""
LOOKS = """() => {
    const told = ['display', 'position', 'padding', 'margin', 'border', 'fill', 'stroke', 'fontSize', 'fontWeight',
        'color', 'backgroundColor', 'gap', 'minHeight', 'whiteSpace', 'textAlign', 'boxShadow', 'borderRadius'];
    const found = {};
    for (const one of document.querySelectorAll('main [class], dialog [class], [role=dialog] [class]')) {
        const name = `${one.tagName.toLowerCase()}.${one.getAttribute('class').trim().split(/\\s+/).sort().join('.')}`;
        const chain = `${one.parentElement.closest('[class]')?.getAttribute('class') ?? ''} > ${name}`;
        const style = getComputedStyle(one);
        found[chain] ??= Object.fromEntries(told.map((which) => [which, style[which]]));
    }
    return found;
}"""
INSIDE = [one for one in ADDRESSES if one.who == "mara"]


@pytest.mark.parametrize("where", INSIDE, ids=[one.title for one in INSIDE])
def test_a_page_opened_by_its_address_needs_no_sheet_of_another(shop: Shop, visit: Visit, where: Address) -> None:
    page = visit(shop, where.path, who=where.who, script=HOLD)
    settled(page, where)
    before = page.evaluate(LOOKS)

    page.evaluate(READ_AHEAD)
    page.wait_for_function(ALL_WORN)
    page.evaluate(DRAWN)

    after = page.evaluate(LOOKS)
    changed = {
        name: {which: (value, after[name][which]) for which, value in looks.items() if value != after[name][which]}
        for name, looks in before.items()
        if name in after and looks != after[name]
    }
    assert changed == {}
