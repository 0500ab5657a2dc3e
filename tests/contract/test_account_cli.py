"""Accounts and secrets that are taken back: by the command line, beside whoever uses them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from cloud import cli
from cloud.desks.telling import BOTH_MS, renew, secrets_of
from cloud.ledger_accounts import LedgerAccounts
from cloud.stores.ledger import Ledger
from cloud.stores.people import Person, Token
from cloud.web.passwords import verify_password
from cloud.web.sign_in import Account, Kept, hash_token
from tests import depot
from tests.contract.test_cloud_cli import Here, here, refused

__all__ = ["here"]

NOW = 1_763_762_400_000


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    (tmp_path / "cloud").mkdir()
    return Ledger(f"sqlite:///{tmp_path / 'cloud' / 'ledger.db'}")


def run(tmp_path: Path, *argv: str) -> int:
    return cli.main([*argv, "--state", str(tmp_path / "cloud"), "--site", str(tmp_path / "site.toml")])


def test_a_removed_account_is_out_with_its_sessions_and_its_token(
    tmp_path: Path, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = LedgerAccounts(ledger)
    ledger.people.keep_account("mo", "admin", "hash")
    ledger.people.keep_account("ACME", "supplier", "hash", "acme")
    ledger.people.keep_token(Token(hash_token("t"), "ACME", "edi", "portal"))
    kept = Kept(Account("ACME", "supplier", "hash", "acme"), NOW + 1)
    asyncio.run(accounts.keep_session("session", kept, 10))
    (tmp_path / "site.toml").write_text(depot.SITE_TEXT)

    assert run(tmp_path, "account", "ACME", "--remove") == 0

    assert "ACME (supplier) is removed" in capsys.readouterr().out
    assert asyncio.run(accounts.find("ACME")) is None
    assert asyncio.run(accounts.find_token(hash_token("t"))) is None
    assert asyncio.run(accounts.find_session("session")) is None
    assert run(tmp_path, "account", "ACME", "--remove") == 2
    assert "there is no account 'ACME'" in capsys.readouterr().err
    assert run(tmp_path, "account", "mo", "--remove") == 2
    assert "is the only admin" in capsys.readouterr().err
    assert [one.name for one in ledger.people.accounts()] == ["mo"]


def test_a_renewed_secret_signs_beside_the_one_before_it_for_a_week(ledger: Ledger) -> None:
    books = ledger.books
    [first] = secrets_of(books, "erp", NOW)

    assert renew(books, "erp", NOW)[1:] == [first]
    second, old = secrets_of(books, "erp", NOW + BOTH_MS - 1)
    assert (old, second == first) == (first, False)
    assert secrets_of(books, "erp", NOW + BOTH_MS) == [second]
    third, before = renew(books, "erp", NOW + 1)
    assert (before, third in (first, second)) == (second, False)


def test_an_account_gets_a_password_that_is_printed_once_and_kept_as_a_hash(here: Here) -> None:
    _, first, _ = here("account", "ada", "--role", "buyer")
    _, second, _ = here("account", "ada", "--role", "buyer")
    _, third, _ = here("account", "bo", "--json")

    assert first.startswith("ada (buyer): ")
    passwords = [line.strip().rpartition(" ")[2] for line in (first, second)]
    assert passwords[0] != passwords[1]
    bo = json.loads(third)
    assert (bo["name"], bo["role"]) == ("bo", "viewer")
    ledger = Ledger(f"sqlite:///{here.state}/ledger.db")
    kept = ledger.people.account("ada")
    ledger.close()
    assert kept is not None
    assert kept[:2] == ("ada", "buyer")
    assert not verify_password(passwords[0], kept[2])
    assert verify_password(passwords[1], kept[2])


def test_another_password_leaves_role_supplier_and_tie_as_they_are(tmp_path: Path, ledger: Ledger) -> None:
    ledger.people.keep_account("mo", "admin", "hash")
    ledger.people.keep_account("kim", "operator", "hash", subject="https://id.example 1")
    ledger.people.keep_account("su", "supplier", "hash", "gone")
    (tmp_path / "site.toml").write_text(depot.SITE_TEXT)

    for name in ("mo", "kim", "su"):
        assert run(tmp_path, "account", name) == 0

    after = [one._replace(password_hash="", changed_ms=0) for one in ledger.people.accounts()]
    assert after == [
        Person("kim", "operator", "", subject="https://id.example 1", changed_by="console"),
        Person("mo", "admin", "", changed_by="console"),
        Person("su", "supplier", "", "gone", changed_by="console"),
    ]
    assert "hash" not in {one.password_hash for one in ledger.people.accounts()}
    assert run(tmp_path, "account", "su", "--role", "viewer") == 0
    assert [(one.role, one.supplier) for one in ledger.people.accounts() if one.name == "su"] == [("viewer", "")]


def test_the_last_admin_stays_and_who_is_disabled_stays_so_at_the_machine_too(
    tmp_path: Path, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.people.keep_account("mo", "admin", "hash")
    ledger.people.keep_account("kim", "admin", "hash")
    ledger.people.change_account("kim", disabled=True)
    (tmp_path / "site.toml").write_text(depot.SITE_TEXT)
    before = ledger.people.accounts()

    assert run(tmp_path, "account", "mo", "--role", "viewer") == 2
    assert "is the only admin" in capsys.readouterr().err
    assert run(tmp_path, "account", "kim") == 2
    assert "is disabled: let an admin enable it" in capsys.readouterr().err
    assert ledger.people.accounts() == before


@pytest.mark.parametrize(
    ("name", "why"),
    [("", "1 to 64"), (" ", "space"), ("x" * 65, "1 to 64"), ("a\nb", "U+000A"), ("..", "`..`"), ("a/b", "slash")],
)
def test_a_name_nobody_could_sign_in_with_is_refused(here: Here, name: str, why: str) -> None:
    assert why in refused(here("account", name))


def test_a_token_may_what_is_said_for_as_long_as_is_said_and_the_next_one_takes_its_place(here: Here) -> None:
    def tokens() -> list[Token]:
        ledger = Ledger(f"sqlite:///{here.state}/ledger.db")
        found = ledger.people.tokens("")
        ledger.close()
        return found

    _, said, _ = here("account", "erp", "--role", "buyer", "--token", "--scopes", "look,buy", "--days", "30", "--json")
    [kept] = tokens()
    assert kept.token_hash == hash_token(json.loads(said)["token"])
    assert (kept.owner, kept.scopes, kept.expires_ms - kept.made_ms) == ("erp", "look buy", 30 * 86_400_000)
    here("account", "erp", "--token")
    assert [(one.scopes, one.token_hash != kept.token_hash) for one in tokens()] == [("look", True)]

    for wrong, why in (
        (("--scopes", "govern"), "may not 'govern'"),
        (("--scopes", "self"), "may not 'self'"),
        (("--days", "366"), "1 to 365 days"),
        (("--role", "admin"), "is a buyer already"),
    ):
        assert why in refused(here("account", "erp", "--token", *wrong))


def test_what_is_done_at_the_machine_is_written_down_too(here: Here) -> None:
    here("account", "ada", "--role", "admin")
    here("account", "bo")
    here("account", "bo", "--token")
    here("account", "bo", "--remove")

    ledger = Ledger(f"sqlite:///{here.state}/ledger.db")
    told = [(one.who, one.what, one.subject, one.note) for one in ledger.audit.deeds(limit=9)]
    ledger.close()
    assert told == [
        ("console", "remove_account", "bo", "role: viewer"),
        ("console", "token", "bo", "look"),
        ("console", "account", "bo", "role: viewer"),
        ("console", "account", "ada", "role: admin"),
    ]


def test_no_account_is_made_that_passes_for_another_or_for_the_console(
    tmp_path: Path, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.people.keep_account("mo", "admin", "hash")
    (tmp_path / "site.toml").write_text(depot.SITE_TEXT)

    for name in ("MO", "console", "\u043c\u043e"):
        for more in ((), ("--token",)):
            assert run(tmp_path, "account", name, *more) == 2
            assert "taken: take another name" in capsys.readouterr().err
    assert run(tmp_path, "account", "mo", "--role", "admin") == 0
    assert [one.name for one in ledger.people.accounts()] == ["mo"]
