"""The docs say what is so: every example is decoded, every table compared with the code, every command tried."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from cloud.cli import main as cloud
from cloud.stores import ledger
from edge.cli import main as edge
from edge.core.care import ward
from edge.core.field import strangers
from edge.core.inference import Inference
from edge.core.slots import weight
from edge.core.tagging import tags
from edge.storing import file, groups
from firmware_sim.cli import main as simulator
from protocols import floor, layout, trade
from protocols.devices import decode, native
from protocols.layout import LayoutError
from protocols.readings import Context, Publish, Reading, Said
from protocols.sparkplug import node
from protocols.topics import LEAVES
from tests import house
from tests.unit.pages import DOCS, blocks, fields_of, problem_codes, tables, told

DEVICES, SITE = (DOCS / "devices.md").read_text(), (DOCS / "site.md").read_text()
TRADING = (DOCS / "trading.md").read_text()
ARCHITECTURE = (DOCS / "architecture.md").read_text()
NOW_MS = 1_763_762_402_000


SHOP = layout.parse(blocks(SITE, "toml")[0][1])
MESSAGES = [(rest.partition(" -> "), body) for rest, body in blocks(DEVICES, "json") if rest]


def heard(topic: str, payload: bytes) -> list[Said]:
    """What a message says; a native one asks for nothing to be published."""
    return [one for one in decode(topic, payload, Context(NOW_MS)) if not isinstance(one, Publish)]


def said_by(topic: str, payload: bytes) -> tuple[list[Any], list[str]]:
    """What a message decodes to, and the codes of the problems it makes at the site of docs/site.md."""
    decoded = heard(topic, payload)
    return decoded, [problem.code for problem in Inference(SHOP).fold(decoded, NOW_MS).problems]


@pytest.mark.parametrize(("said", "body"), MESSAGES, ids=[f"{i} {rest[0]}" for i, (rest, _) in enumerate(MESSAGES)])
def test_an_example_message_is_what_the_docs_say(said: tuple[str, str, str], body: str) -> None:
    topic, _, code = said

    decoded, codes = said_by(topic, body.encode())

    assert codes == ([code] if code else [])
    assert len(decoded) == (2 if code == "clock.not_believable" else 1)
    assert code or not getattr(decoded[0], "flags", ()) or '"ts"' not in body


def test_every_data_topic_and_every_problem_has_an_example() -> None:
    leaves = {topic.rpartition("/")[2] for (topic, _, code), _ in MESSAGES if not code}
    codes = {code for (_, _, code), _ in MESSAGES if code}

    assert leaves == set(LEAVES) - {"cmd"}
    # A payload of 256 KB is no example to print.
    assert problem_codes()[0] - codes == {"payload.too_big"}


def test_the_example_command_is_spelled_as_the_gateway_spells_it() -> None:
    (_, body), *others = [block for block in blocks(DEVICES, "json") if not block[0]]

    assert list(json.loads(body)) == ["id", "cmd", "args"]
    assert others == []


def test_messages_in_shell_examples_are_understood() -> None:
    calls = re.findall(r"-t (\S+) *(?:\\\n)? +-m '(.*)'", DEVICES)

    assert calls
    for topic, payload in calls:
        assert said_by(topic, payload.encode())[1] == []


def test_what_decode_is_shown_to_print_is_what_it_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.findall(r"^\$ echo '(.*)' \| python -m edge (.*)\n(\{.*\})$", DEVICES, re.MULTILINE)

    assert shown
    for payload, arguments, printed in shown:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(payload.encode())))
        assert edge(shlex.split(arguments)) == 0
        said = json.loads(capsys.readouterr().out)
        assert {**said, "at_ms": 0} == {**json.loads(printed), "at_ms": 0}


class SwitchedOff(Exception):
    """The end of a device that otherwise runs for ever."""


def run_sketch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes, bool, int]]:
    """What the device of the docs publishes in its first three seconds; its last will comes first."""
    said: list[tuple[str, bytes, bool, int]] = []

    class Client:
        """As much of umqtt.simple as the sketch uses, with its signatures."""

        def __init__(
            self, client_id: bytes, server: str, port: int = 0, user: bytes = b"", password: bytes = b"",
            keepalive: int = 0,
        ) -> None:  # fmt: skip
            assert 20 <= keepalive <= 60

        def connect(self) -> None:
            """The will must be known before."""
            assert said

        def publish(self, topic: bytes, msg: bytes, retain: bool = False, qos: int = 0) -> None:
            said.append((topic.decode(), msg, retain, qos))

        set_last_will = publish

    ticks = iter(range(29))

    def sleep_ms(_ms: int) -> None:
        if next(ticks, None) is None:
            raise SwitchedOff

    fakes: dict[str, dict[str, Any]] = {
        "umqtt": {},
        "umqtt.simple": {"MQTTClient": Client},
        "scale": {"read_grams": lambda: 5198.0},
    }
    for name, members in fakes.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(time, "sleep_ms", sleep_ms, raising=False)  # MicroPython's
    sketch = compile(blocks(DEVICES, "python")[0][1], "docs/devices.md", "exec")
    with pytest.raises(SwitchedOff):
        exec(sketch, {})
    return said


def test_the_sketch_is_a_device_that_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inference = Inference(SHOP)

    for boot in (1, 2):
        said = run_sketch(tmp_path, monkeypatch)
        decoded = [one for topic, payload, _, _ in said for one in heard(topic, payload)]
        outcome = inference.fold(decoded, NOW_MS)

        assert outcome.problems == []
        assert outcome.duplicates == 0
        assert [(one.boot, one.seq) for one in decoded if isinstance(one, Reading)] == [(boot, 0), (boot, 1)]
        assert [(topic.rpartition("/")[2], retain, qos) for topic, _, retain, qos in said] == [
            ("status", True, 1), ("status", True, 1), ("shelf", False, 1), ("shelf", False, 1),
        ]  # fmt: skip
    assert inference.shelves.slots["A-1"].estimate.count == 10


def test_the_tables_of_fields_are_those_of_the_messages() -> None:
    structs: list[type[Struct]] = [native.Measurement, native.Sights, native.Sight, native.Status, native.Ack]

    found = [{row[0]: row[1] == "required" for row in table} for table in tables(DEVICES, "field")]

    assert found == [{one.name: one.required for one in msgspec.structs.fields(struct)} for struct in structs]


def test_the_units_and_limits_are_those_of_the_code() -> None:
    units = {row[0]: re.findall(r"`(.+?)`", f"`{row[1]}`") for row in tables(DEVICES, "topic")[1]}

    assert units == {kind: list(known) for kind, known in native.UNITS.items()}
    for limit in (native.PAYLOAD_BYTES_MAX, native.SAMPLES_MAX, native.READS_MAX):
        assert str(limit) in DEVICES


def test_the_problem_codes_of_the_docs_are_those_of_the_code() -> None:
    assert sorted(row[0] for row in tables(DEVICES, "code")[0]) == sorted(problem_codes()[0])


@pytest.mark.parametrize(
    ("number", "struct"),
    list(enumerate([layout.About, layout.Zone, layout.Sku, layout.Slot, layout.Device, layout.Source, floor.Rack])),
)
def test_the_fields_of_the_site_file_are_those_of_the_code(number: int, struct: type[Struct]) -> None:
    assert told(tables(SITE, "field")[number]) == fields_of(struct)


@pytest.mark.parametrize(
    ("number", "struct"),
    list(
        enumerate(
            [trade.Supplier, trade.Offer, trade.Agreement, trade.Tier, trade.Neighbour, trade.Webhook, trade.Buying]
        )
    ),
)
def test_the_fields_of_trading_are_those_of_the_code(number: int, struct: type[Struct]) -> None:
    assert told(tables(TRADING, "field")[number]) == fields_of(struct)


def test_the_example_of_trading_fits_the_example_of_the_site_file() -> None:
    text = next(body for _, body in blocks(SITE, "toml")) + next(body for _, body in blocks(TRADING, "toml"))

    site = layout.parse(text)

    assert [one.id for one in site.suppliers] == ["medline"]
    assert site.buying.level("A", "X") == site.buying.service_levels["A"]
    assert site.buying.level("C", "Z") == site.buying.service_levels["CZ"]


def _source(topic: str) -> str:
    """A source with this topic, written before the last device."""
    return f'[[sources]]\nid = "sensors"\nformat = "tasmota"\ntopics = ["{topic}"]\n\n[[devices]]\nid = "pump-1"'


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ("unit_mass_g = 519.8\n", ""),
        ("unit_mass_g = 519.8", "unit_mass_g = 519.8\nmass = 1.0"),
        ("unit_mass_g = 519.8", "unit_mass_g = 0"),
        ('kind = "shelf"', 'kind = "scale"'),
        ('id = "A-1"', 'id = "A 1"'),
        ('channel = "2"', 'channel = ""'),
        ('role = "refrigerator"', 'role = "fridge"'),
        ('timezone = "Europe/Berlin"', 'timezone = "Berlin"'),
        ('name = "Corner shop"', 'name = "Corner shop"\ncurrency = "Euro"'),
        ('name = "Reader at the door"', 'role = "refrigerator"'),
        ("max_c = 8.0", "max_c = 1.0"),
        ('id = "A-1"', 'id = "K-1"'),
        ('kind = "climate"\nzone = "cold"', 'kind = "climate"\nzone = "cellar"'),
        ('id = "A-1"\nzone = "aisle"', 'id = "A-1"\nzone = "cellar"'),
        ('sku = "gloves-m"', 'sku = "gloves"'),
        ('sku = "gloves-m"\ndevice = "shelf-1"', 'sku = "gloves-m"\ndevice = "cold-1"'),
        ('channel = "2"\n', ""),
        ('[[devices]]\nid = "pump-1"', _source("#")),
        ('[[devices]]\nid = "pump-1"', _source("tele/#/SENSOR")),
        ('[[devices]]\nid = "pump-1"', _source("tele/+SENSOR")),
        ('[[devices]]\nid = "pump-1"', _source("tele/*/SENSOR")),
        ('[[devices]]\nid = "pump-1"', _source("$SYS/#")),
        ('[[devices]]\nid = "pump-1"', _source("")),
        ('[[devices]]\nid = "pump-1"', _source("tele/\\u0007")),
    ],
)
def test_an_error_of_the_site_file_is_in_the_docs_word_for_word(change: str, to: str) -> None:
    text = blocks(SITE, "toml")[0][1]
    assert change in text

    with pytest.raises(LayoutError) as error:
        layout.parse(text.replace(change, to, 1), "site.toml")

    assert str(error.value) in [row[0] for row in tables(SITE, "message")[0]]


def test_two_slots_of_one_sku_at_one_reader_are_refused_as_the_docs_say() -> None:
    text = blocks(SITE, "toml")[0][1].replace("unit_mass_g = 519.8", 'unit_mass_g = 519.8\ngtin = "4012345678901"')
    text = text.replace('sku = "insulin"', 'sku = "gloves-m"')
    one = text.replace('id = "A-1"', 'id = "A-1"\nreader = "door-1"')

    assert layout.parse(one).slot_by_id["A-1"].reader == "door-1"
    with pytest.raises(LayoutError) as error:
        layout.parse(one.replace('id = "K-1"', 'id = "K-1"\nreader = "door-1"'), "site.toml")
    assert str(error.value) in [row[0] for row in tables(SITE, "message")[0]]


def test_what_is_no_toml_is_said_with_its_place() -> None:
    with pytest.raises(LayoutError) as error:
        layout.parse(blocks(SITE, "toml")[0][1].replace('id = "shop"', "id  shop"), "site.toml")

    start, end = tables(SITE, "message")[0][0][0].split("...")
    assert str(error.value).startswith(start)
    assert str(error.value).endswith(end)


@pytest.mark.parametrize("path", [*sorted(DOCS.rglob("*.md")), house.ROOT / "README.md"], ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_documents_that_messages_and_comments_name_exist() -> None:
    named = {
        (source.path, mention)
        for source in house.files()
        for mention in re.findall(r"\bdocs/[\w/.-]+\.md\b", source.text)
    }

    assert [f"{path} names {mention}" for path, mention in sorted(named) if not (house.ROOT / mention).exists()] == []


def test_decision_records_are_numbered_and_say_why() -> None:
    records = sorted((DOCS / "decisions").glob("*.md"))

    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for path in records:
        heads = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
        assert heads == ["Objective", "Decision", "Why", "Consequences"], path.name


def test_the_map_shows_every_room_of_the_gateways_core() -> None:
    (table,) = tables(ARCHITECTURE, "rooms")
    shown = {name for row in table for name in re.findall(r"`(\w+)`", f"`{row[0]}`")} | {"inference"}

    assert shown == {path.stem for path in (house.ROOT / "edge" / "core").rglob("*.py")} - {"__init__"}


def test_files_that_the_map_and_the_records_name_exist() -> None:
    for page in (DOCS / "architecture.md", *(DOCS / "decisions").glob("*.md")):
        folder = ""
        for name in re.findall(r"`((?:[\w.]+/)*[\w*.]*\.py|(?:[\w.]+/)+[\w*]*)`", page.read_text()):
            if name.startswith("wh/"):
                continue
            folder = name.rpartition("/")[0] or folder
            beside = f"{folder}/{name}" if folder else name
            assert [*house.ROOT.glob(name), *house.ROOT.glob(beside)], f"{page.name} names {name}"


def test_the_limits_of_the_map_are_those_of_the_code() -> None:
    for limit in (
        f"the last {groups.JOURNAL_ROWS_MAX:,} lines",
        f"the last {groups.QUARANTINE_ROWS_MAX:,} with their first {groups.QUARANTINE_PAYLOAD_MAX >> 10} KB",
        f"{file.OUTBOX_BYTES_MAX >> 30} GiB or the disk; the oldest telemetry",
        f"{file.KEPT_BYTES_MAX >> 20} MiB; the oldest go",
        f"the last {ledger.REPEATED_MAX:,} repeats",
        f"{tags.TAGS_MAX:,} tags a zone, {ward.CHARTS_MAX:,} channels",
        f"the last {strangers.STRANGERS_MAX:,}",
        f"{node.STORED_MAX:,} while it is away",
    ):
        assert limit in ARCHITECTURE, limit


def test_how_to_sample_a_shelf_is_how_it_is_judged() -> None:
    said = " ".join(DEVICES.split())

    assert f"within {weight.RANGE_SIGMAS} times the site file's `noise_g` of one another" in said
    assert f"up to {weight.FAST_STEP_MS} ms apart the last {weight.WINDOW} are looked at" in said
    assert f"else the last {weight.WINDOW_SLOW};" in said
    assert f"up to {weight.BIN_MS // 2} ms apart are averaged over {weight.BIN_MS} ms" in said


def test_the_readme_lists_the_verbs_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    text = (house.ROOT / "README.md").read_text()

    for program, main in (("edge", edge), ("cloud", cloud), ("firmware_sim", simulator)):
        (row,) = re.findall(rf"^\| `python -m {program}` \| (.+) \|$", text, re.MULTILINE)
        with pytest.raises(SystemExit):
            main(["--help"])
        verbs = re.findall(r"^ {4}([a-z]+)\b", capsys.readouterr().out, re.MULTILINE)
        assert sorted(re.findall(r"`(\w+)[^`]*`", row)) == sorted(verbs)
