"""The dossier of excursions: steps in, cases out; what was a breach stays one, and each line is decided once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.book.accounts import fold as fold_book
from cloud.core.book.entries import Entry
from cloud.core.book.state import Account, Terms, opened
from cloud.core.coldchain.dossier import Case, Decision, Step, decide, fold, same, steps_of
from cloud.core.coldchain.lying import lying, to_set_aside, zones_of
from cloud.core.refusals import Refusal
from protocols.excursions import Excursion
from protocols.layout import parse

WORDS = {"release": "released", "scrap": "scrapped"}


class Dossier:
    """Steps as the ledger holds them: numbered, each key once."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.cases: dict[int, Case] = {}

    def add(self, steps: list[Step]) -> None:
        for one in steps:
            if one.key not in {known.key for known in self.steps}:
                one = replace(one, id=len(self.steps) + 1)
                self.steps.append(one)
                fold(self.cases, one)

    def hear(self, one: Excursion, known_ms: int = 0) -> None:
        case = same(self.cases.values(), "cold", "2-8", one)
        self.add(steps_of(case, "cold", "2-8", one, known_ms))

    def aside(self, number: int, *lots: str) -> None:
        for lot in lots:
            body = {"sku": "flu", "lot": lot, "units": 5, "gone": 0, "entry": len(self.steps)}
            self.add([Step("cold", "2-8", "aside", 9, 9, f"{number}/aside/{lot}", number, body=body)])

    def decide(self, number: int, decision: Decision, by: str, comment: str, *lines: int) -> Refusal | None:
        found = decide(self.cases.get(number), lines, decision, by, comment, WORDS)
        if isinstance(found, Refusal):
            return found
        for line in found:
            body = {"line": line, "decision": decision}
            key = f"{number}/decided/{line}"
            self.add([Step("cold", "2-8", "decided", 9, 9, key, number, by, "admin", comment, body)])
        return None


def test_an_excursion_that_becomes_a_breach_and_ends_is_one_case() -> None:
    dossier, one = Dossier(), Excursion(100, 1, 9.0)
    dossier.hear(one)
    dossier.hear(one)
    dossier.hear(replace(one, kind="breach", why="too_long", breach_ms=500, peak_c=11.0))
    dossier.hear(replace(one, kind="breach", why="too_long", breach_ms=500, peak_c=12.0, outside_ms=600, ended_ms=700))
    assert [step.what for step in dossier.steps] == ["began", "became", "over"]
    [case] = dossier.cases.values()
    assert (case.number, case.kind, case.why, case.peak_c, case.ended_ms, case.outside_ms) == (
        1, "breach", "too_long", 12.0, 700, 600,
    )  # fmt: skip


def test_a_backlog_that_tells_more_of_an_excursion_is_of_the_same_case_and_no_breach_is_taken_back() -> None:
    dossier = Dossier()
    dossier.hear(Excursion(500, 1, 9.0, "breach", 300, "too_far", 600, 900))
    dossier.hear(Excursion(400, 1, 9.5, "excursion", 450, "", 0, 950))
    [case] = dossier.cases.values()
    assert (case.began_ms, case.ended_ms, case.kind, case.why, case.breach_ms) == (400, 950, "breach", "too_far", 600)
    dossier.hear(Excursion(100, 1, 8.5, "excursion", 50, "", 0, 300))
    dossier.hear(Excursion(450, -1, 1.0, "excursion", 50, "", 0, 500))
    assert len(dossier.cases) == 3


moves = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 30), st.sampled_from(["defrost", "excursion", "breach"])), max_size=12
)


@given(moves, st.data())
def test_however_often_excursions_are_told_the_dossier_is_the_same(
    told: list[tuple[int, int, str]], data: st.DataObject
) -> None:
    once, again = Dossier(), Dossier()
    for began, lasts, kind in told:
        once.hear(Excursion(began * 40, 1, 9.0, kind, lasts, "", 0, began * 40 + lasts))  # type: ignore[arg-type]
    for began, lasts, kind in told:
        for _ in range(data.draw(st.integers(1, 2))):
            again.hear(Excursion(began * 40, 1, 9.0, kind, lasts, "", 0, began * 40 + lasts))  # type: ignore[arg-type]
    assert once.cases == again.cases
    folded: dict[int, Case] = {}
    for step in once.steps:
        fold(folded, step)
    assert folded == once.cases, "what the ledger has is what is known"


def test_a_line_is_decided_once_with_a_comment_and_the_same_word_again_changes_nothing() -> None:
    dossier = Dossier()
    dossier.hear(Excursion(100, 1, 16.0, "breach", 9, "too_far", 110, 200))
    refused = dossier.decide(1, "release", "mo", "fit")
    assert refused is not None
    assert refused.reason == "nothing_aside"
    dossier.aside(1, "F1", "F2", "F3")
    assert [one.state for one in dossier.cases.values()] == ["open"]
    for comment in ("", "   ", "ok", "\u200b\u200b\u200b"):
        refused = dossier.decide(1, "release", "mo", comment)
        assert refused is not None
        assert refused.reason == "comment"
    assert dossier.decide(1, "release", "mo", "fit for use", 1, 3) is None
    assert [one.state for one in dossier.cases.values()] == ["open"]
    before = [*dossier.steps]
    assert dossier.decide(1, "release", "mo", "fit for use", 3, 1) is None
    assert dossier.steps == before
    for by, decision, comment, lines in (
        ("jo", "release", "fit for use", (1,)),
        ("mo", "scrap", "fit for use", (1,)),
        ("mo", "release", "other words", (1,)),
        ("mo", "release", "fit for use", (1, 2)),
    ):
        refused = dossier.decide(1, decision, by, comment, *lines)  # type: ignore[arg-type]
        assert refused is not None
        assert refused.reason == "decided"
        assert "mo released line 1" in refused.detail
    assert dossier.decide(1, "scrap", "jo", "the rest is warm") is None
    assert [one.state for one in dossier.cases.values()] == ["decided"]
    assert [(one.by, one.decision, one.lines) for one in dossier.cases[1].signatures] == [
        ("mo", "release", [1, 3]),
        ("jo", "scrap", [2]),
    ]


SITE = parse(
    '[site]\nid = "s"\nname = "S"\n'
    + "".join(f'[[zones]]\nid = "{zone}"\nname = "Z"\n' for zone in ("cold", "hall"))
    + "".join(f'[[skus]]\nid = "{sku}"\nname = "S"\nunit_mass_g = 1.0\n{more}' for sku, more in (
        ("one", ""), ("two", ""), ("off", 'zone = "cold"\n'), ("none", ""),
    ))
    + "".join(
        f'[[slots]]\nid = "{slot}"\nzone = "{zone}"\nsku = "{sku}"\ndevice = "d-{slot}"\n'
        f'[[devices]]\nid = "d-{slot}"\nkind = "shelf"\nzone = "{zone}"\n'
        for slot, zone, sku in (("A", "cold", "one"), ("B", "cold", "two"), ("C", "hall", "two"))
    )
)  # fmt: skip


def account(*entries: Entry, shelves: dict[str, int] | None = None) -> Account:
    made = fold_book(entries, Terms()) if entries else opened("x", Terms())
    made.shelves = shelves or {}
    return made


def test_lots_lie_where_all_of_their_article_lies_and_else_units_alone() -> None:
    zones = zones_of(SITE)
    assert zones == {
        "one": {"cold": ["A"]}, "two": {"cold": ["B"], "hall": ["C"]}, "off": {"cold": []}, "none": {},
    }  # fmt: skip
    off = account(Entry("receipt", "off", 7, 1, 1, lot="L1", id=1), Entry("receipt", "off", 3, 2, 2, lot="L2", id=2))
    assert lying(off, zones["off"], "cold") == {"cold": (10, {"L1": 7, "L2": 3})}
    assert lying(off, zones["none"], "") == {}
    both = account(shelves={"B": 4, "C": 6})
    assert lying(both, zones["two"], "") == {"cold": (4, None), "hall": (6, None)}
    assert to_set_aside(both, lying(both, zones["two"], "")["cold"], 0) == [("", 4)]
    assert to_set_aside(both, lying(both, zones["two"], "")["cold"], 4) == []
    assert lying(account(shelves={"B": 4, "C": 0}), zones["two"], "") == {"cold": (4, {})}


def test_what_is_in_quarantine_is_not_set_aside_again() -> None:
    some = account(
        Entry("receipt", "off", 7, 1, 1, lot="L1", id=1),
        Entry("receipt", "off", 3, 2, 2, lot="L2", id=2),
        Entry("quarantine", "off", 5, 3, 3, lot="L1", id=3),
        Entry("quarantine", "off", 4, 4, 4, id=4),
    )
    there = lying(some, zones_of(SITE)["off"], "cold")["cold"]
    assert to_set_aside(some, there, 0) == [("L1", 1)], "nine of ten are in quarantine"


@pytest.mark.parametrize("sku", ["one", "two", "off", "none"])
def test_an_article_that_is_nowhere_lies_nowhere(sku: str) -> None:
    assert lying(account(), zones_of(SITE)[sku], SITE.sku_by_id[sku].zone) == {}
