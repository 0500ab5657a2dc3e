"""Accounts and secrets that are taken back: by the command line, beside whoever uses them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cloud import cli
from cloud.desks.telling import BOTH_MS, renew, secrets_of
from cloud.ledger_accounts import LedgerAccounts
from cloud.stores.ledger import Ledger
from cloud.web.sign_in import Account, Kept, hash_token
from tests import depot

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
    ledger.people.keep_account("mo", "manager", "hash")
    ledger.people.keep_account("ACME", "supplier", "hash", hash_token("t"), "acme")
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
    assert "is the only manager" in capsys.readouterr().err
    assert ledger.people.accounts() == 1


def test_a_renewed_secret_signs_beside_the_one_before_it_for_a_week(ledger: Ledger) -> None:
    books = ledger.books
    [first] = secrets_of(books, "erp", NOW)

    assert renew(books, "erp", NOW)[1:] == [first]
    second, old = secrets_of(books, "erp", NOW + BOTH_MS - 1)
    assert (old, second == first) == (first, False)
    assert secrets_of(books, "erp", NOW + BOTH_MS) == [second]
    third, before = renew(books, "erp", NOW + 1)
    assert (before, third in (first, second)) == (second, False)
