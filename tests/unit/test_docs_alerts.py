"""docs/alerts.md says what is so: fields, routes and their roles, states, times, and an example that can be used;
and docs/keeping.md which rules gateways judge."""

from __future__ import annotations

import re
import tomllib
import typing
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from cloud import channels
from cloud.alerts import damping, lifecycle, notices
from cloud.alerts.lifecycle import Stage
from cloud.alerts.rules import rules
from cloud.desks import alerting, crewing, crews, delivering
from cloud.notify import LIMIT_S
from cloud.web import crews as routes
from cloud.web import taking
from cloud.web.access import LEAST_ROLE
from cloud.web.writes import Writes
from protocols import layout
from protocols.alarms import FINDINGS, WATCHED
from protocols.crews import Person, Team
from protocols.excursions import Cause
from tests.house import ROOT
from tests.unit.pages import DOCS, anchors, blocks, fields_of, tables, told

TEXT = (DOCS / "alerts.md").read_text()
SAID = " ".join(TEXT.split())
SITE = (DOCS / "site.md").read_text()
KEEPING = (DOCS / "keeping.md").read_text()


@pytest.mark.parametrize(("number", "struct"), list(enumerate([Person, Team, channels.Channels])))
def test_the_fields_are_those_of_the_code(number: int, struct: type[Struct]) -> None:
    assert told(tables(TEXT, "field")[number]) == fields_of(struct)


def test_the_example_fits_the_example_of_the_site_file() -> None:
    (_, people), (_, file) = blocks(TEXT, "toml")
    site = layout.parse(blocks(SITE, "toml")[0][1] + people)
    assert [one.id for one in site.teams] == ["cold", "all"]
    found = msgspec.convert(tomllib.loads(file), channels.Channels)
    assert [channels.flaw(one) for one in found.channels.values()] == ["", ""]


def test_the_example_of_channels_is_taken(tmp_path: Path) -> None:
    path = tmp_path / channels.NAME
    path.write_text(blocks(TEXT, "toml")[1][1])
    path.chmod(0o600)
    assert [*channels.read(path).channels] == ["ann-phone", "erp"]


def test_the_routes_are_those_of_the_code_with_their_roles_and_bodies() -> None:
    found = [*routes.Crews(None, Writes(), lambda: 0).routes(), *taking.Taking(None, lambda: 0).routes()]
    (table,) = tables(TEXT, "method")
    assert {row[0]: row[1] for row in table} == {
        f"{one.method} {one.path}": LEAST_ROLE[one.method, one.path] or "none" for one in found
    }
    bodies: dict[str, type[Struct]] = {
        "POST /api/v1/notices/test": routes.Test,
        "POST /api/v1/alerts/{id}/shelve": routes.Shelf,
        "POST /api/v1/alerts/{id}/unshelve": routes.Remark,
        "POST /api/v1/alerts/{id}/assign": routes.Assignment,
    }
    shown = {row[0]: row[2] for row in table}
    for address, body in bodies.items():
        fields = [f"{one.name}{'' if one.required else '?'}" for one in msgspec.structs.fields(body)]
        assert [one.strip(" `") for one in shown[address].split(",")] == fields


def test_the_states_are_those_of_the_code() -> None:
    alerts, sent = tables(TEXT, "state")
    assert {row[0] for row in alerts} == {*typing.get_args(Stage)} - {"lapsed"}
    source = Path(delivering.__file__).read_text()
    assert all(f'"{row[0]}"' in source for row in sent)
    assert len(sent) == 5


def test_times_and_limits_are_those_of_the_code() -> None:
    said = (
        f"adds {damping.PENALTY:.0f} to a penalty that halves every {damping.HALVED_MS // 60_000} minutes",
        f"above {damping.FLAPPING:.0f} it counts as restless, until it is below {damping.CALM:.0f}",
        f"up to {lifecycle.SHELVED_MAX_MS // 86_400_000} days",
        f"have the {alerting.RESOLVED_SHOWN} that ended last",
        f"at most {notices.BURST:.0f} messages at once and one more in ten minutes",
        f"then every {notices.AGAIN_MS // 60_000} minutes",
        f"at most {notices.LISTED_MAX} alerts",
        f"names {crewing.PAYLOAD_MAX} of them",
        f"each for at most {LIMIT_S:.0f} seconds",
        f"counts for {crewing.LINK_MS // 3_600_000} hours",
        f"{taking.WRONG_MAX} wrong links from one address, or {taking.TAPS_MAX} taps",
    )
    assert [one for one in said if one not in SAID] == []
    assert (notices.TOKEN_MS, notices.GROUP_MS, lifecycle.REOPEN_MS) == (600_000, 60_000, 3_600_000)
    assert (notices.OVER_MS, crews.TEST_REST_MS, lifecycle.SWINGS) == (3_600_000, 30_000, 2)
    assert (delivering.RETRY_MAX_S, delivering.GIVE_UP_MS) == (600, 86_400_000)
    assert Team("t", "T", ["a"]).escalate_minutes == [5, 15, 30]


def test_what_gateways_watch_and_what_they_leave_to_the_service_is_every_rule_there_is() -> None:
    section = KEEPING.split("## What a gateway watches by itself")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    at = next(n for n, row in enumerate(rows) if row.startswith("| left to the service"))
    watched, left = (re.findall(r"`(\w+)`", " ".join(part)) for part in (rows[:at], rows[at:]))
    assert sorted(watched) == sorted(WATCHED)
    assert sorted(left) == sorted(rules().keys() - WATCHED.keys())
    judged = "".join(path.read_text() for path in (ROOT / "edge" / "core").glob("*.py"))
    assert [one for one in watched if f'"{one}"' not in judged and one not in FINDINGS.values()] == []
    unknown = {*typing.get_args(Cause)} - {"", "too_far", "too_long"}  # the causes that take more than a room's air
    assert [one for one in unknown if f"`{one}`" not in section] == []


def test_links_within_lead_somewhere() -> None:
    assert "channels" in anchors(TEXT)
    assert "who-is-told" in anchors(TEXT)
