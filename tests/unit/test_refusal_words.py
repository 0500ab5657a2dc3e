"""The page has words, in both languages, for every code that the service refuses with: none reaches a person bare."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from cloud.desks import offering
from cloud.web import codes, replies
from cloud.web import problems as meanings
from tests import house
from tests.unit.pages import problem_codes

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "cloud" / "web" / "dashboard" / "src" / "words"
MADE_BY = {
    ("cloud.core.refusals", "Refusal"): 0,
    ("cloud.web.desk", "Refused"): 0,
    ("cloud.web.replies", "Refusal"): 1,
}
"""Where refusals come from, and which argument is the code."""
PASSED_ON: dict[tuple[str, str], set[str]] = {
    ("cloud/core/book/late.py", "no.reason"): set(),
    ("cloud/core/purchasing/answers.py", "f'other_{what}'"): {"other_sender", "other_receiver"},
    ("cloud/desks/needs.py", "why"): {*offering.WHY, "ordered"},
    ("cloud/desks/refusing.py", "value.reason"): set(),
    ("cloud/web/gateways.py", "str(code)"): {*codes.ASKED},
    ("cloud/web/portal.py", "no.reason"): set(),
    ("cloud/web/replies.py", "error.code"): set(),
    ("cloud/web/site_editor.py", "error.code"): {"unfit_site", "still_holds"},
    ("cloud/web/replies.py", "code"): {
        "broken", *(code for _, code in replies._DESK.values()), *(one[0] for one in replies._HTTP.values()),
    },
}  # fmt: skip
"""Codes that are no literals where the refusal is made: which they may be, beside those made elsewhere."""
PAPERS = re.compile(r"(document|x12|edifact|gtin|sscc|payload)\.[a-z_0-9]+")
ELSEWHERE = {"epcis.py", "cloudevents.py"}
"""No answer to an order is written in these."""


def made(path: Path) -> Iterator[ast.expr]:
    """The codes of the refusals that a file makes."""
    tree, name = ast.parse(path.read_text(encoding="utf-8")), path.relative_to(ROOT).as_posix()
    at: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            at |= {
                one.asname or one.name: MADE_BY[node.module or "", one.name]
                for one in node.names
                if (node.module or "", one.name) in MADE_BY
            }
        if isinstance(node, ast.ClassDef) and (name[:-3].replace("/", "."), node.name) in MADE_BY:
            at[node.name] = MADE_BY[name[:-3].replace("/", "."), node.name]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in at:
            yield node.args[at[node.func.id]]


@lru_cache(maxsize=1)
def refusals() -> dict[str, str]:
    """Every code, and a file that refuses with it."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "cloud").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for code in made(path):
            if isinstance(code, ast.Constant):
                found[str(code.value)] = name
            else:
                told = (name, ast.unparse(code))
                assert told in PASSED_ON, f"{name} refuses with {told[1]}: say in PASSED_ON which codes these are"
                found |= dict.fromkeys(PASSED_ON[told], name)
    return found


PAGES_OWN = {"half_line", "part_units", "outbox_full", "outbox_old", "outbox_unkept"}
"""With these the page refuses by itself."""


@lru_cache(maxsize=1)
def problems() -> dict[str, str]:
    """The codes of what may be wrong with a supplier's paper, and a file that tells it."""
    found = {}
    for path in sorted((ROOT / "protocols" / "documents").glob("*.py")):
        if path.name not in ELSEWHERE:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and PAPERS.fullmatch(str(node.value)):
                    found[str(node.value)] = path.name
    return found


def words(language: str, family: str, book: str = "refused") -> dict[str, str]:
    """What the page says of a family of codes."""
    text = (WORDS / f"{book}_{language}.ts").read_text(encoding="utf-8")
    return dict(re.findall(rf'^  "{family}\.([\w.]+)": "(.+)",$', text, re.MULTILINE))


def test_the_codes_are_found() -> None:
    assert {"ref", "of_order", "reserved", "above_limit", "other_sender", "observed", "too_large", "forbidden"} <= {
        *refusals()
    }
    assert {"x12.unclosed", "edifact.una", "document.too_big"} <= {*problems()}


def test_the_address_of_a_code_says_what_the_page_says() -> None:
    told = {code: said.replace('\\"', '"') for code, said in words("en", "refused").items() if code not in PAGES_OWN}

    assert told == meanings.MEANS


def test_routes_refuse_with_codes_that_there_are() -> None:
    named = {code for name, family in vars(codes).items() if name.isupper() for code in family}

    assert named - refusals().keys() == set()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_code_the_service_refuses_with_has_words(language: str) -> None:
    for family, known in (("refused", refusals()), ("problem", problems())):
        told = words(language, family)
        missing = [f"{code} ({where})" for code, where in known.items() if code not in told]
        assert missing == [], f'add "{family}.CODE" to words/refused_{language}.ts'
        assert sorted(told.keys() - known.keys() - PAGES_OWN) == [], "nobody refuses with these any more: take them out"
        for code, said in told.items():
            assert said.rstrip()[-1] in ".。", code
            assert (language == "zh") == bool(re.search(r"[一-鿿]", said)), code
            assert "{" not in said, f"{code}: a refusal carries no fields to fill in"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_wrong_with_a_message_and_what_to_do_is_told_in_both_languages(language: str) -> None:
    ours, others = problem_codes()

    for family in ("unread", "mend"):
        assert sorted(words(language, family, "field")) == sorted(ours | others)


def cannot() -> set[str]:
    """The codes of what a gateway can not do for somebody."""
    found = set()
    for source in house.files("edge/"):
        for node in source.nodes:
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and len(node.exc.args) > 1:
                name, code = node.exc.func, node.exc.args[1]
                if isinstance(name, ast.Name) and name.id in ("FieldError", "ActionError"):
                    assert isinstance(code, ast.Constant)
                    found.add(str(code.value))
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_gateway_can_not_do_is_told_in_both_languages(language: str) -> None:
    assert {"restless", "other_kind", "far_off"} <= cannot()
    assert sorted(words(language, "cannot", "gate")) == sorted(cannot())
