"""`python -m cloud audit | value | webhooks | link`: the book checked and valued, and how others get at it."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from cloud.completeness_cli import Sited, Verb, instant
from cloud.core.book import accounts, audit, costing, value
from cloud.core.book.accounts import Terms
from cloud.core.book.entries import Entry, taken_back
from cloud.desks.promises import SECRET, token_of
from cloud.desks.telling import kept_of, renew, secrets_of
from cloud.stores.books import Books
from cloud.stores.ledger import Ledger
from protocols.layout import Site, parse

PAGE = 1_000


def add(verb: Verb, with_site: Sited) -> None:
    """The verbs. `verb` makes one, `with_site` gives it the options of the site."""
    with_site(verb("audit", check, "Check the book and what rests on it; 1 when a promise does not hold."))
    worth = with_site(verb("value", show, "Print what stock was worth: now, or at a past moment."))
    worth.add_argument(
        "--at", default="", metavar="T", help="the moment: 2025-11-22, 2025-11-22T14:00 (UTC), or 7d: so long ago"
    )
    worth.add_argument(
        "--known", default="", metavar="T", help="by what was known then (left out: by what is known now)"
    )
    posted = with_site(verb("webhooks", hooks, "Print where events are posted to, each with the secret that signs."))
    text = "give this webhook a new secret; for a week the one before signs beside it"
    posted.add_argument("--renew", default="", metavar="ID", help=text)
    shared = with_site(verb("link", link, "Print the address of the public stock page of a tier of customers."))
    shared.add_argument("tier", metavar="TIER")


def check(arguments: argparse.Namespace) -> int:
    """Print every finding, or that there is none; 1 when the book is wrong, 0 where only the world is not as it was
    promised. Each check and what it promises with --json."""
    with _opened(arguments) as (site, ledger), ledger.still() as still:
        books = still.books
        levels = {one.slot: one for one in still.levels}
        strict = {one.id for one in site.skus if one.negative != "allow"}
        held, orders = books.reservations(held_only=True), books.orders()
        beside = audit.Beside(levels, held, orders, still.needs, tiers=site.tiers, strict=strict)
        facts = (one for _, of in books.facts_by_sku() for one in of)
        found = noted = 0
        for one in audit.audit(facts, _takers(books), _terms(site), beside):
            found += one.breach
            noted += not one.breach
            if arguments.json:
                print(msgspec.json.encode(one).decode())
            else:
                print(f"{one.check}: {one.subject}: {one.detail}")
                print(f"    {'should be' if one.breach else 'to act on'}: {audit.CHECKS[one.check]}")
    said = f"{len(audit.CHECKS)} checks, {found} findings" + (f", {noted} to act on" if noted else "")
    print(said if found else f"{said}: the book holds what it promises", file=sys.stderr)
    return 1 if found else 0


def show(arguments: argparse.Namespace) -> None:
    """Print units and value of every SKU, and the costing that was in force then; and the sum."""
    now_ms = time.time_ns() // 1_000_000
    at_ms = instant(arguments.at, now_ms) if arguments.at else now_ms
    known_ms = instant(arguments.known, now_ms) if arguments.known else None
    with _opened(arguments) as (site, ledger), ledger.still() as still:
        facts = (one for _, of in still.books.facts_by_sku(at_ms, known_ms) for one in of)
        terms = costing.in_force(costing.course(still.books.kept(costing.KEPT)), _terms(site), at_ms)
        held = value.worth(value.accounts_at(facts, terms, _takers(still.books), at_ms, known_ms))

    def by(sku: str) -> str:
        return terms.get(sku, Terms()).costing

    for sku, one in sorted(held.items()):
        if arguments.json:
            row = {"sku": sku, "units": one.units, "value": round(one.value, 6), "costing": by(sku)}
            print(msgspec.json.encode(row).decode())
        else:
            print(f"{sku:<24}{one.units:>10,}{one.value:>16,.2f}  {by(sku)}")
    total = sum(one.value for one in held.values())
    if arguments.json:
        print(msgspec.json.encode({"sku": "", "units": None, "value": round(total, 6)}).decode())
    else:
        print(f"{'all':<24}{'':>10}{total:>16,.2f} {site.site.currency}")


def link(arguments: argparse.Namespace) -> None:
    """Print the path of a tier's page. Who knows it sees it; there is no sign-in."""
    with _opened(arguments) as (site, ledger):
        names = [one.id for one in site.tiers]
        if arguments.tier not in names:
            listed = ", ".join(names) or "none"
            raise ValueError(f"there is no tier {arguments.tier!r}: the site file lists {listed}")
        secret = ledger.books.kept(SECRET)
        if secret is None:
            ledger.books.keep(SECRET, secrets.token_bytes(32))
            secret = ledger.books.kept(SECRET)
        assert secret is not None, "it was kept just now"
    path = f"/public/{arguments.tier}.{token_of(secret, arguments.tier)}"
    print(msgspec.json.encode({"tier": arguments.tier, "path": path}).decode() if arguments.json else path)


def hooks(arguments: argparse.Namespace) -> None:
    """Print every webhook, and how many events wait for it; one with a new secret where that is asked for. Raises
    `ValueError` for one that is not listed."""
    now_ms = time.time_ns() // 1_000_000
    with _opened(arguments) as (site, ledger):
        names = [one.id for one in site.webhooks]
        if arguments.renew and arguments.renew not in names:
            listed = ", ".join(names) or "none"
            raise ValueError(f"there is no webhook {arguments.renew!r}: the site file lists {listed}")
        if arguments.renew:
            renew(ledger.books, arguments.renew, now_ms)
        for one in site.webhooks:
            kept = kept_of(ledger.books, one.id)
            waiting = len(kept.waiting) if kept is not None else 0
            newest, *older = secrets_of(ledger.books, one.id, now_ms)
            told = {"id": one.id, "url": one.url, "secret": newest, "waiting": waiting}
            told |= {"also": older[0]} if older else {}
            said = "  ".join(f"{key}={value}" for key, value in told.items())
            print(msgspec.json.encode(told).decode() if arguments.json else said)


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[tuple[Site, Ledger]]:
    path = arguments.state / "ledger.db"
    if not arguments.ledger and not path.exists():
        raise ValueError(f"{arguments.state} holds no ledger: run `python -m cloud serve` first, or give --state")
    site = parse(arguments.site.read_text(encoding="utf-8"), str(arguments.site))
    ledger = Ledger(arguments.ledger or f"sqlite:///{path}")
    try:
        yield site, ledger
    finally:
        ledger.close()


def _terms(site: Site) -> dict[str, Terms]:
    slots: dict[str, list[str]] = {one.id: [] for one in site.skus}
    for slot in site.slots:
        slots[slot.sku].append(slot.id)
    return {one.id: accounts.terms(one, slots[one.id], site.site.timezone) for one in site.skus}


def _takers(books: Books) -> list[Entry]:
    found, after = [], 0
    while page := books.entries(after_id=after, limit=PAGE):
        found += [one for one in page if taken_back(one) is not None]
        after = page[-1].id
    return found
