"""The architecture as a test: what may import what, what pure rooms do without, how things are named and finished.

The plan is in house.py, the rules are in house_rules.py. Each rule is run over every file of the project, and over a
small piece of bad code that it must find: a rule that can not fail protects nothing.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import NamedTuple

import pytest

from tests import house
from tests import house_rules as rules
from tests.house import Source
from tests.house_rules import Rule

PURE_FILE = "edge/core/slots/weight.py"
SAID = '"""What it is for."""\n'
IGNORED, SILENCED = "# type" + ": ignore", "# no" + "qa"  # in pieces, for this file is looked at too


class Looked(NamedTuple):
    """What a look at every file found: what breaks each rule, and which file imports which library."""

    found: dict[Rule, list[str]]
    imported: set[tuple[str, str]]


@lru_cache(maxsize=1)
def looked_through() -> Looked:
    """Each file is parsed once, for all rules, and let go."""
    looked = Looked({rule: [] for rule in rules.RULES}, set())
    for source in house.files():
        for rule, found in looked.found.items():
            found += [f"{source.path}:{line}: {wrong}" for line, wrong in rule(source)]
        looked.imported.update((source.path, dotted.partition(".")[0]) for _, dotted in source.imports)
    return looked


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rule(rule: Rule) -> None:
    found = looked_through().found[rule]

    assert not found, f"{rule.__doc__}\n" + "\n".join(found)


def test_long_files_are_pointed_out_before_they_are_too_long() -> None:
    sizes = {source.path: source.text.count("\n") for source in house.files() if source.path.endswith(house.CODE)}
    growing = [f"{path} ({lines})" for path, lines in sizes.items() if house.LINES_LONG < lines <= house.LINES_MAX]

    if growing:
        warnings.warn(f"over {house.LINES_LONG} lines: {', '.join(sorted(growing))}", stacklevel=1)


def test_every_home_is_lived_in() -> None:
    imported = looked_through().imported
    empty = [
        f"{library} is not imported in {home}: take it off the table"
        for library, homes in house.HOMES.items()
        for home in homes
        if not any(library == name and path.startswith(home) for path, name in imported)
    ]

    assert not empty, "\n".join(empty)


def test_the_tables_name_what_is_there() -> None:
    named = [*house.MAY_IMPORT, *house.PURE, *(f"{one}.py" for one in house.WORLDLY)]
    named += [f"{module.replace('.', '/')}.py" for module in house.KNOWN_TO]
    named += [path for paths in house.KNOWN_TO.values() for path in paths]

    assert [path for path in named if not (house.ROOT / path).exists()] == []


# What each rule must find: the file's path, its text, the lines.
BAD: dict[Rule, list[tuple[str, str, list[int]]]] = {
    rules.packages_meet_on_the_wire: [
        ("edge/store.py", "import json\nfrom cloud.core import view\n", [2]),
        ("cloud/uplink.py", "def late():\n    import edge.keys\n", [2]),
        ("firmware_sim/score.py", "from edge.core.slots.counting import count_units", [1]),
        ("protocols/readings.py", "import edge", [1]),
        ("run.py", "from edge.cli import main", [1]),
        ("edge/core/slots/weight.py", "from tests.desk import slot", [1]),
        ("shared/words.py", "", [1]),
    ],
    rules.pure_rooms_do_no_io: [
        (PURE_FILE, "import asyncio\nimport os\nimport logging\nfrom pathlib import Path\n", [1, 2, 3, 4]),
        (PURE_FILE, "import time\nnow_ms = time.time()\n", [1, 2]),
        (PURE_FILE, "from time import monotonic as clock\nnow_s = clock()\n", [1, 2]),
        (PURE_FILE, "from datetime import datetime as when, date\nwhen.now()\ndate.today()\n", [2, 3]),
        (PURE_FILE, "import random\nrandom.random()\nrandom.Random()\n", [2, 3]),
        (PURE_FILE, "import numpy as np\nnp.random.normal()\nnp.random.default_rng(None)\n", [2, 3]),
        (PURE_FILE, "open('x')\nprint('y')\nfile.read_text()\n", [1, 2, 3]),
        ("firmware_sim/world.py", "from threading import Lock\nimport subprocess\n", [1, 2]),
        ("firmware_sim/physics/reader.py", "import socket", [1]),
        ("cloud/alerts/lifecycle.py", "import urllib.request", [1]),
        ("protocols/uplink.py", "from secrets import token_hex", [1]),
    ],
    rules.pure_rooms_know_only_pure_rooms: [
        ("edge/core/inference.py", "from edge.store import Store\nfrom edge import mqtt\n", [1, 2]),
        ("firmware_sim/world.py", "from firmware_sim.state import load", [1]),
        ("cloud/alerts/facts.py", "import cloud.stores.ledger", [1]),
    ],
    rules.libraries_stay_at_home: [
        ("edge/gateway.py", "import zmq\nfrom paho.mqtt import client\nimport sqlite3\n", [1, 2, 3]),
        ("protocols/readings.py", "import numpy", [1]),
        ("cloud/service.py", "import scipy.stats", [1]),
    ],
    rules.adapters_do_not_know_the_shell: [
        ("edge/mqtt.py", "from edge.gateway import Gateway", [1]),
        ("cloud/web/api.py", "from cloud import service", [1]),
        ("edge/gateway.py", "from edge.cli import main", [1]),
    ],
    rules.siblings_are_strangers: [
        ("cloud/alerts/rules/stock_out.py", "from cloud.alerts.rules import stock_unknown", [1]),
        ("cloud/stores/history_spool.py", "from cloud.stores.history_sqlite import SqliteHistory", [1]),
        ("protocols/devices/other.py", "import protocols.devices.native", [1]),
    ],
    rules.imports_are_absolute: [("edge/mqtt.py", "from . import store\nfrom .store import Store\n", [1, 2])],
    rules.modules_say_what_they_are_for: [("edge/mqtt.py", "import json", [1]), ("edge/core/__init__.py", "", [1])],
    rules.public_things_have_docstrings: [
        ("edge/mqtt.py", SAID + "async def ask(): ...\nclass Reply:\n    def settle(self): ...\n", [2, 3, 4]),
    ],
    rules.names_say_something: [
        ("edge/utils.py", "", [1]),
        ("cloud/helpers/times.py", "", [1]),
        ("edge/mqtt.py", "class DeviceManager: ...\nclass BaseStore: ...\nclass Handler: ...\n", [1, 2, 3]),
    ],
    rules.files_are_short: [
        ("edge/mqtt.py", "\n" * (house.LINES_MAX + 1), [house.LINES_MAX + 1]),
        ("cloud/web/dashboard/src/main.tsx", "\n" * (house.LINES_MAX + 1), [house.LINES_MAX + 1]),
    ],
    rules.nothing_is_left_unfinished: [
        ("docs/site.md", "Zones\n" + "TO" + "DO: write\n", [2]),
        ("edge/mqtt.py", "def run():\n    raise NotImplementedError\n", [2]),
    ],
    rules.errors_are_not_swallowed: [
        ("edge/mqtt.py", "try:\n    run()\nexcept Exception:\n    pass\n", [3]),
        ("edge/mqtt.py", "for one in all:\n    try:\n        run()\n    except:\n        continue\n", [4]),
        ("edge/mqtt.py", "import contextlib\nwith contextlib.suppress(Exception):\n    run()\n", [2]),
    ],
    rules.ignores_carry_their_code: [
        ("edge/mqtt.py", f"a = 1  {IGNORED}\nb = 2  {SILENCED}\n", [1, 2]),
        ("edge/mqtt.py", f"{SILENCED}\n", [1]),
    ],
    rules.files_speak_of_the_project_alone: [
        ("docs/site.md", "Open it:\n/" + "root/site.toml\n", [2]),
        ("setup.sh", "curl https://" + "pypi" + ".org/simple\n", [1]),
    ],
}
FOUND = [
    pytest.param(rule, path, text, lines, id=f"{rule.__name__}-{number}")
    for rule, examples in BAD.items()
    for number, (path, text, lines) in enumerate(examples, 1)
]


@pytest.mark.parametrize(("rule", "path", "text", "lines"), FOUND)
def test_a_rule_finds_what_breaks_it(rule: Rule, path: str, text: str, lines: list[int]) -> None:
    assert sorted({line for line, _ in rule(Source(path, text))}) == lines


def test_every_rule_has_been_seen_to_fail() -> None:
    assert set(BAD) == set(rules.RULES)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (PURE_FILE, "import random\ndef _draw(rng: random.Random, seed): return random.Random(seed)\n"),
        ("cloud/core/demand.py", "from numpy.random import Generator, default_rng\nrng = default_rng(7)\n"),
        (PURE_FILE, "def _fold(time, open, os): return time.time, open.door, os.path\n"),
        (
            PURE_FILE,
            "from datetime import UTC, datetime\ndef _day(ms): return datetime.fromtimestamp(ms / 1000, UTC)\n",
        ),
        ("firmware_sim/mqtt.py", "import asyncio\nimport random\nrandom.random()\n"),
        ("cloud/core/baseline.py", "class Baseline:\n    '''A fit.'''\n"),
        ("cloud/alerts/rules/stock_out.py", "from cloud.alerts.rules import Example\nimport cloud.core.view\n"),
        ("docker/init.py", "from cloud.keys import allow\nfrom firmware_sim.cli import main\n"),
        ("tests/unit/test_x.py", "import paho\nfrom edge.gateway import Gateway\nfrom cloud.service import Service\n"),
        ("edge/mqtt.py", "import os  # noqa: F401\nx = 1  # type: ignore[assignment]\n"),
        ("edge/mqtt.py", "try:\n    run()\nexcept KeyError:\n    pass\n"),
    ],
)
def test_what_is_allowed_is_not_found(path: str, text: str) -> None:
    source = Source(path, SAID + text)

    assert [wrong for rule in rules.RULES for _, wrong in rule(source)] == []
