"""docs/makes.md and its pages say what the families do: formats, options, units, flags, codes, examples that work."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from pathlib import Path
from typing import get_args

import pytest
from msgspec import Struct

from edge.cli import main as edge
from edge.core.decoding import Decoder
from protocols import layout
from protocols.devices import formats
from protocols.layout import Site
from protocols.parsing.fields import Field
from protocols.parsing.lorawan import Profile
from protocols.parsing.mapping import Tags, Value
from protocols.parsing.units import UNITS
from protocols.readings import Flag, Quantity
from tests.unit.pages import DOCS, anchors, blocks, fields_of, problem_codes, tables, told

PAGES = [DOCS / "makes.md", *sorted((DOCS / "makes").glob("*.md"))]
MAKES = PAGES[0].read_text()
HEAD = """
[site]
id = "depot"
name = "Depot"

[[zones]]
id = "hall"
name = "Hall"

[[zones]]
id = "cold"
name = "Cold room"

[[skus]]
id = "bolt"
name = "Bolt"
unit_mass_g = 12.0

"""
"""What the examples say they stand in."""
BLOCKS = [(path.name, body) for path in PAGES for _, body in blocks(path.read_text(), "toml")]


def site_of(body: str) -> Site:
    """An example of the pages, whole."""
    return layout.parse(HEAD + body)


def sections() -> dict[str, str]:
    """The part of the pages that is about a family: format -> text."""
    found: dict[str, str] = {}
    for path in PAGES[1:]:
        for part in re.split(r"^## ", path.read_text(), flags=re.MULTILINE)[1:]:
            names = re.search(r"\(((?:`\w+`(?:, )?)+)\)$", part.splitlines()[0])
            for name in re.findall(r"`(\w+)`", names[1] if names else ""):
                assert name not in found, f"{name} has two sections"
                found[name] = part
    return found


FOREIGN = sorted(set(formats()) - {"native"})


@pytest.mark.parametrize(("page", "body"), BLOCKS, ids=[f"{at} {page}" for at, (page, _) in enumerate(BLOCKS)])
def test_an_example_of_a_site_file_can_be_used_as_it_is(page: str, body: str) -> None:
    site = site_of(body)

    assert len(Decoder(site).routes) == len(site.sources) > 0


def test_every_format_is_in_the_table_has_a_section_and_an_example() -> None:
    (table,) = tables(MAKES, "format")
    used = {source.format for _, body in BLOCKS for source in site_of(body).sources}
    said_in_words = {"ttn"}  # shares the example of chirpstack

    assert sorted(row[0] for row in table) == sorted(formats())
    assert sorted(sections()) == FOREIGN
    assert used | said_in_words == set(FOREIGN)


@pytest.mark.parametrize("name", FOREIGN)
def test_the_options_are_those_of_the_family(name: str) -> None:
    section, fields = sections()[name], fields_of(formats()[name].options)

    if fields:
        assert told(tables(section, "option")[0]) == fields
    else:
        assert "No options." in section


@pytest.mark.parametrize(
    ("head", "struct"),
    [
        ("part of a field", Field),
        ("part of a profile", Profile),
        ("part of a value rule", Value),
        ("part of a tag rule", Tags),
    ],
)
def test_the_parts_of_options_are_those_of_the_code(head: str, struct: type[Struct]) -> None:
    (table,) = tables((DOCS / "makes" / "fields.md").read_text(), head)

    assert told(table) == fields_of(struct)


def test_the_units_are_those_of_the_code() -> None:
    (table,) = tables(MAKES, "quantity")
    known: dict[str, set[str]] = {}
    for unit, conversion in UNITS.items():
        known.setdefault(conversion[0], set()).add(unit)

    assert [row[0] for row in table] == list(get_args(Quantity))
    for quantity, units in table:
        assert set(re.findall(r"`(\S+?)`", f"`{units}`")) | {quantity} == known[quantity] | {quantity}


def test_the_flags_are_those_of_the_code() -> None:
    (table,) = tables(MAKES, "flag")

    assert [row[0] for row in table] == list(get_args(Flag))


def test_every_problem_of_other_makes_is_in_the_table() -> None:
    (table,) = tables(MAKES, "code")

    assert sorted(row[0] for row in table) == sorted(problem_codes()[1])


def test_what_decode_is_shown_to_print_is_what_it_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.findall(r"^\$ echo '(.*)' \| python -m edge (.*)\n((?:\{.*\}\n)+)", MAKES, re.MULTILINE)

    assert shown
    for payload, arguments, printed in shown:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(payload.encode())))
        assert edge(shlex.split(arguments)) == 0
        said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert said == [json.loads(line) for line in printed.splitlines()]


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.relative_to(DOCS).as_posix())
def test_links_lead_to_a_heading_that_is_there(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:]*)#([^)]*)\)", path.read_text())

    for file, anchor in links:
        page = (path.parent / file).resolve() if file else path
        assert anchor in anchors(page.read_text()), f"{path.name} leads to {file}#{anchor}"
