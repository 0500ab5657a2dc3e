"""`python -m cloud account`: accounts and tokens by whoever sits at the machine; and the first account of all."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from cloud import running
from cloud.stores.audit import Deed
from cloud.stores.ledger import Ledger
from cloud.stores.people import Person, Token
from cloud.web import names
from cloud.web.names import CONSOLE
from cloud.web.oidc import Oidc, load
from cloud.web.passwords import hash_password, one_time
from cloud.web.roles import RIGHTS, ROLES, SCOPES, Role
from cloud.web.sign_in import hash_token
from cloud.web.vouching import HERE
from protocols.layout import parse

FIRST = "admin"
DAYS_MAX = 365
DAY_MS = 86_400_000


def add(verb: Any) -> None:
    """The verb."""
    account = verb("account", _account, "Make an account, or give it a new password, and print that.")
    account.add_argument("name")
    account.add_argument("--role", choices=ROLES, help="default: the one they have, else viewer")
    account.add_argument("--supplier", default="", metavar="ID", help="for whom an account of role supplier acts")
    account.add_argument("--remove", action="store_true", help="delete the account: who has it is signed out")
    text = "for a machine: print a token (`Authorization: Bearer TOKEN`) in place of a password"
    account.add_argument("--token", action="store_true", help=text)
    text = f"what the token may, of {', '.join(SCOPES)} (default: look, or portal for a supplier)"
    account.add_argument("--scopes", default="", metavar="RIGHT,…", help=text)
    account.add_argument("--days", type=int, default=DAYS_MAX, help="how long the token lasts (default: %(default)s)")
    where = "the site file, which names the suppliers (default: site.toml beside the state folder, where there is one)"
    account.add_argument("--site", type=Path, metavar="SITE.toml", help=where)


def add_oidc(serve: argparse.ArgumentParser) -> None:
    """What `serve` is told of another service that signs people in."""
    text = "people may sign in by the OpenID Connect service that this file names; needs --public-url"
    serve.add_argument("--oidc", type=Path, metavar="FILE.toml", help=text)


def oidc(arguments: argparse.Namespace) -> Oidc | None:
    """The other service, where there is one; raises `ValueError`."""
    if arguments.oidc is None:
        return None
    if not arguments.public_url:
        raise ValueError("--oidc needs --public-url URL: where the other service sends people back to")
    return Oidc(load(arguments.oidc), f"{arguments.public_url.rstrip('/')}{HERE}/done")


def named(name: str) -> str:
    """The name of an account; raises `ValueError` for what can be none."""
    if why := names.account_flaw(name):
        raise ValueError(f"{name!r} can not name an account: {why}")
    return name


def first_account(ledger: Ledger) -> str:
    """Where there is no account at all: the one-time password of the admin that is made then, else ""."""
    if ledger.people.any():
        return ""
    password = one_time()
    ledger.people.keep_account(FIRST, "admin", hash_password(password), once=True)
    _told(ledger, "first_account", FIRST, "admin")
    return password


def _account(arguments: argparse.Namespace) -> None:
    name = named(arguments.name)
    if not (arguments.remove or arguments.token):
        _as_whom(arguments, None)  # before there is a ledger
    with _ledger(arguments) as ledger:
        if arguments.remove:
            said = {"name": name, "role": _removed(ledger, name), "removed": True}
            line = f"{name} ({said['role']}) is removed; it is out within a minute"
        else:
            what = "token" if arguments.token else "password"
            kept = ledger.people.account(name)
            known = [one.name for one in ledger.people.accounts()]
            if kept is None and (like := names.another(name, known)):
                raise ValueError(f"{names.taken(name, like)}: take another name")
            role, supplier = _as_whom(arguments, kept)
            given = (_token if arguments.token else _password)(ledger, arguments, kept, role, supplier)
            said, line = {"name": name, "role": role, what: given}, f"{name} ({role}): {given}"
    sys.stdout.write((msgspec.json.encode(said).decode() if arguments.json else line) + "\n")


def _as_whom(arguments: argparse.Namespace, kept: Person | None) -> tuple[str, str]:
    """Role and supplier: who is there keeps theirs where none are given. A token is for an account as it is."""
    role, supplier = arguments.role or "viewer", arguments.supplier
    if kept is not None and not arguments.role and not supplier:
        return kept.role, kept.supplier
    if arguments.token and kept is not None:
        if (arguments.role or kept.role, supplier or kept.supplier) != (kept.role, kept.supplier):
            raise ValueError(f"{kept.name!r} is a {kept.role} already: leave --role and --supplier out")
        return kept.role, kept.supplier
    if (role == "supplier") != bool(supplier):
        raise ValueError("--role supplier and --supplier ID belong together: for whom does the account act?")
    if supplier and (arguments.site != running.beside(arguments.state) or arguments.site.exists()):
        known = [one.id for one in parse(arguments.site.read_text(encoding="utf-8"), str(arguments.site)).suppliers]
        if supplier not in known:
            raise ValueError(f"there is no supplier {supplier!r}: {arguments.site} lists {', '.join(known) or 'none'}")
    return role, supplier


def _password(ledger: Ledger, arguments: argparse.Namespace, kept: Person | None, role: str, supplier: str) -> str:
    """A new password; whom another service signs in it still does. Raises `LastAdmin`."""
    given, name = one_time(), arguments.name
    hashed, now_ms = hash_password(given), _now_ms()
    if kept is None:
        ledger.people.keep_account(name, role, hashed, supplier, changed_ms=now_ms, changed_by=CONSOLE)
    elif kept.disabled:
        raise ValueError(f"{name!r} is disabled: let an admin enable it on the page Users first")
    else:
        values = {"role": role, "supplier": supplier, "password_hash": hashed, "once": False}
        ledger.people.change_account(name, **values, changed_ms=now_ms, changed_by=CONSOLE)
    _told(ledger, "account", name, f"role: {role}")
    return given


def _token(ledger: Ledger, arguments: argparse.Namespace, kept: Person | None, role: str, supplier: str) -> str:
    mine: frozenset[str] = RIGHTS[msgspec.convert(role, Role)]
    wanted = [one for one in arguments.scopes.split(",") if one] or ["portal" if supplier else "look"]
    if wrong := [one for one in wanted if one not in SCOPES or one not in mine]:
        raise ValueError(f"a {role} may not {wrong[0]!r}, so no token of its may: choose of {', '.join(SCOPES)}")
    if not 1 <= arguments.days <= DAYS_MAX:
        raise ValueError(f"--days {arguments.days}: a token lasts 1 to {DAYS_MAX} days")
    now_ms, name, given = _now_ms(), arguments.name, secrets.token_urlsafe(32)
    if kept is None:
        ledger.people.keep_account(name, role, "", supplier, changed_ms=now_ms, changed_by=CONSOLE)
    until_ms = now_ms + arguments.days * DAY_MS
    ledger.people.keep_token(Token(hash_token(given), name, CONSOLE, " ".join(wanted), now_ms, until_ms))
    _told(ledger, "token", name, " ".join(wanted))
    return given


def _removed(ledger: Ledger, name: str) -> str:
    role = ledger.people.remove_account(name)
    if not role:
        raise ValueError(f"there is no account {name!r}")
    _told(ledger, "remove_account", name, f"role: {role}")
    return role


def _told(ledger: Ledger, what: str, subject: str, note: str) -> None:
    ledger.audit.keep([Deed(_now_ms(), CONSOLE, "", what, subject, note, "", 200, "")])


@contextmanager
def _ledger(arguments: argparse.Namespace) -> Iterator[Ledger]:
    ledger = Ledger(running.ledger_url(arguments.state, arguments.ledger))
    try:
        yield ledger
    finally:
        ledger.close()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
