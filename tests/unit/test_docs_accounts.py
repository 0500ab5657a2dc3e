"""docs/accounts.md says what is so: roles, limits and figures of passwords, sessions, tokens and the audit."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cloud.stores.tables_people import AUDIT_MAX
from cloud.web import deeds, oidc, own, passwords, sign_in, tries
from cloud.web.oidc import Config
from cloud.web.roles import ROLES
from cloud.web.vouching import HERE
from tests.unit.pages import DOCS, anchors, blocks, tables

TEXT = (DOCS / "accounts.md").read_text()
SAID = " ".join(TEXT.split())


def test_the_roles_are_those_of_the_code() -> None:
    assert [row[0] for row in tables(TEXT, "role")[0]] == [*ROLES]
    assert {"tokens", "audit", "users"} <= anchors(TEXT)


def test_the_figures_are_those_of_the_code() -> None:
    minutes, hours = tries.WINDOW_MS // 60_000, sign_in.SESSION_MS // 3_600_000

    for said in (
        f"{passwords.LENGTH_MIN} to {passwords.LENGTH_MAX} characters",
        f"{passwords.KIB // 1024} MiB, {passwords.ROUNDS} rounds, {passwords.LANES} lane",
        f"After {sign_in.TRIES_MAX} wrong ones",
        f"after {sign_in.ADDRESS_TRIES_MAX} for whatever names",
        f"ends {hours} hours after its last use",
        f"{own.DAYS_MAX} days ahead at most",
        f"{own.TOKENS_MAX} for each account",
        f"newest {AUDIT_MAX:,} entries stay",
        f"up to {deeds.WAITING_MAX:,} entries wait",
    ):
        assert said in SAID, said
    assert minutes == 5
    assert "for five minutes" in SAID


def test_the_file_of_another_service_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "oidc.toml"
    path.write_text(blocks(TEXT, "toml")[0][1])
    path.chmod(0o600)

    config = oidc.load(path)

    assert set(msgspec.structs.asdict(config)) <= set(Config.__struct_fields__)
    assert oidc.role_of(config, {"groups": ["purchasing", "warehouse-admins"]}) == "admin"
    assert (config.name_claim, config.role_claim) == (Config("", "c", "s").name_claim, Config("", "c", "s").role_claim)
    assert f"{HERE}/done" in TEXT


def test_what_can_be_no_password_is_told() -> None:
    for given in ("short", "x" * 129, "Kim the operator", "aaaaaaaaaaaa"):
        assert passwords.flaw("kim the operator", given)
    assert passwords.flaw("kim", "four words in a row") == ""
