"""What only ever grows in the ledger's books is never changed, and found by an index however much it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import asdict, replace
from sqlalchemy import Table, delete, event, update

from cloud.core.coldchain.dossier import Step
from cloud.core.coldchain.exposure import Worn
from cloud.core.purchasing.scorecards import Mark
from cloud.stores import tables, tables_cold, tables_trade
from cloud.stores.audit import Deed
from cloud.stores.books import Books
from cloud.stores.cold import Stayed
from cloud.stores.database import LedgerUnfit
from cloud.stores.ledger import Ledger
from cloud.stores.tables_people import AUDIT_MAX, audit
from tests.contract.books import a_promise, an_order, entry, step
from tests.contract.ledgers import DATABASES, POSTGRES, Place, apply, people_of_before, unguarded
from tests.depot import NOON_MS as T
from tests.depot import batch, stock

STAYS = (*tables_trade.STAYS, *tables_cold.STAYS)
COLUMNS = {"movement": "source", "cold_stay": "sku", "audit": "who"}


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, POSTGRES if request.param == "postgresql" else "")
    made.wipe()
    yield made
    made.wipe()


@pytest.mark.parametrize("table", STAYS, ids=lambda table: table.name)
def test_the_database_itself_changes_and_deletes_nothing_of_what_only_ever_grows(place: Place, table: Table) -> None:
    ledger = place.ledger()
    _use_all(ledger.books)
    apply(ledger, batch([stock("A1", -1, 88)]))
    ledger.audit.keep([Deed(T, "ada", "", "post_book", "/api/v1/book", "", "127.0.0.1", 200, "")])
    before = {one.name: place.rows(one) for one in STAYS}
    assert all(before.values())

    name, column = table.name, COLUMNS.get(table.name, "by")
    statements = [f"UPDATE {name} SET \"{column}\" = 'eve'", f"DELETE FROM {name}"]
    if ledger._engine.dialect.name == "sqlite":
        statements.append(f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}")
    else:
        statements.append(f"TRUNCATE {name}")
    for statement in statements:
        with pytest.raises(LedgerUnfit, match=f"rows of {name} are only ever added"), ledger._writing() as connection:
            connection.exec_driver_sql(statement)

    assert {one.name: place.rows(one) for one in STAYS} == before


def test_of_what_was_done_only_what_is_beyond_the_limit_can_leave(place: Place) -> None:
    ledger, deed = place.ledger(), Deed(T, "ada", "", "post_book", "/api/v1/book", "", "", 200, "")
    ledger.audit.keep([deed, deed])
    with ledger._writing() as connection:
        connection.execute(audit.insert().values({**deed._asdict(), "id": AUDIT_MAX + 1}))

    with pytest.raises(LedgerUnfit, match="only ever added"), ledger._writing() as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE id <= 2")
    assert [one["id"] for one in place.rows(audit)] == [1, 2, AUDIT_MAX + 1]
    ledger.audit.keep([deed])

    left = [one["id"] for one in place.rows(audit)]
    assert (1 in left, AUDIT_MAX + 1 in left) == (False, True)


def test_a_row_with_the_key_of_another_takes_its_place_in_no_way(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    apply(ledger, batch([stock("A1", -1, 88)]))
    ledger.books.post([entry(key="a")])
    moved, told = [*ledger.movements()], ledger.books.entries()

    with ledger._writing() as connection:
        for table in ("movement", "entry"):
            names = [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")][1:]
            listed = ", ".join(f'"{one}"' for one in names)
            connection.exec_driver_sql(f"INSERT OR REPLACE INTO {table} ({listed}) SELECT {listed} FROM {table}")

    assert ([*ledger.movements()], ledger.books.entries()) == (moved, told)
    [applied] = apply(ledger, batch([stock("A1", -1, 87), stock("A1", -1, 86)]))
    assert (applied.duplicates, len(applied.numbered)) == (1, 1)
    assert ledger.books.post([entry(key="a"), entry(key="b")]) == [*told, *ledger.books.entries(after_id=1)]
    ledger.close()


def test_a_ledger_of_before_guards_what_its_shelves_sensed_from_then_on(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, batch([stock("A1", -1, 88)]))
    ledger.books.post([entry()])
    with ledger._writing() as connection:
        for table in (tables.movement, tables_trade.entry):
            unguarded(connection, table)
        people_of_before(connection)
        for column in ("shelved_until_ms", "reopened", "assigned_to"):  # which came later
            connection.exec_driver_sql(f"ALTER TABLE alert DROP COLUMN {column}")
        connection.execute(tables.about.update().values(value="6"))

    again = place.ledger()

    for name in ("movement", "entry"):
        with pytest.raises(LedgerUnfit, match="only ever added"), again._writing() as connection:
            connection.exec_driver_sql(f"DELETE FROM {name}")
    assert len(place.rows(tables.movement)) == len(place.ledger().books.entries()) == 1


def test_nothing_the_books_offer_asks_to_change_or_delete_what_only_ever_grows(place: Place) -> None:
    ledger = place.ledger()
    asked: list[str] = []
    event.listen(ledger._engine, "before_cursor_execute", lambda _c, _k, said, *_: asked.append(said))

    used = _use_all(ledger.books)

    assert used == {name for name in vars(Books) if not name.startswith("_")}, "this test uses every verb"
    forbidden = tuple(str(verb(one)).split(" WHERE")[0].split(" SET")[0] for one in STAYS for verb in (update, delete))
    assert [said for said in asked if said.lstrip().startswith(forbidden)] == []
    assert any(said.startswith("INSERT INTO entry") for said in asked)


def _use_all(books: Books) -> set[str]:
    """Call everything the books offer, so that every table has rows; the names of what was called."""
    [posted] = books.post([entry(key="use")])
    books.post([entry(key="use")])
    sent = books.keep_order(None, an_order(), "draft", "ada")
    books.order_of_needs([an_order(needs=(1,))], "need", "nobody")
    books.receive(sent, step(sent, "received"), "receive", "ada", [entry(key="use-2")])
    held = books.reserve(a_promise())
    books.keep_reservation(held, replace(held, state="picked"), [entry(-3, kind="pick")])
    books.score(Mark("acme", "service", 70.0, T, "ada"))
    books.keep("x", b"y")
    books.tell_spare("north", {"bolt": 1}, T)
    assert books.entries()[0] == posted
    assert asdict(next(books.facts("bolt"))) == asdict(posted)
    assert [sku for sku, _ in books.facts_by_sku()] == ["bolt"]
    assert books.orders()
    assert books.versions(sent.id) == dict(books.every_version())[sent.id]
    assert books.entry_of("use") == [posted]
    assert books.ordered()
    assert books.ended_orders(0, 10) == []
    assert books.reservations()
    assert books.reservation_of("") == []
    assert books.scores()
    assert books.kept("x")
    assert books.spares()
    [(begun, new)] = books.add_cold([Step("cold", "2-8", "began", T, T, "cold/2-8/1")])
    assert new
    [(aside, _)] = books.add_cold([Step("cold", "2-8", "aside", T, T, "aside", begun.id)])
    assert books.add_cold([Step("cold", "2-8", "began", T, T, "cold/2-8/1", note="again")]) == [(begun, False)]
    assert books.cold_steps("cold", T, T) == books.cold_steps_of(begun.id) == [begun, aside]
    assert books.cold_steps("hall") == books.cold_steps_of(aside.id) == []
    assert books.cold_waiting() == {begun.id}
    stayed = Stayed("flu", "F1", "cold", "2-8", T, T + 1, 30, Worn(5, 4, (3, 2), 0.5))
    books.add_stays([stayed])
    books.add_stays([stayed])
    assert books.stays("flu") == books.stays("flu", "F1") == [stayed]
    cold = {"add_cold", "cold_steps", "cold_steps_of", "cold_waiting", "add_stays", "stays"}
    books.keep_all({"x:1": b"z"})
    assert books.kept_all("x:") == books.kept_under(["x:2", "x:1"]) == {"x:1": b"z"}
    assert books.corrections(0) == []
    posting = {"corrections", "post", "entries", "entry_of", "facts", "facts_by_sku"}
    ordering = {"keep_order", "order_of_needs", "receive", "orders", "ended_orders", "versions", "every_version"}
    promising = {"reserve", "keep_reservation", "reservations", "reservation_of"}
    return (
        posting
        | ordering
        | promising
        | cold
        | {"ordered", "score", "scores", "keep", "kept", "kept_under", "keep_all", "kept_all", "tell_spare", "spares"}
    )


def test_nothing_of_a_book_is_searched_for_row_by_row(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(ledger._engine, "before_cursor_execute", lambda _c, _k, said, given, *_: asked.append((said, given)))
    ledger.books.post([entry(key="a")])
    list(ledger.books.facts("bolt"))
    list(ledger.books.facts_by_sku())
    ledger.books.reserve(a_promise("b"))
    ledger.books.reservation_of("b")
    ledger.books.reservations(held_only=True)
    selects = [one for one in asked if one[0].startswith("SELECT")]

    with ledger._reading() as connection:
        plans = [
            " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given))
            for said, given in selects
        ]

    used = [
        {*plan.split()} & {"entry_key", "entry_sku", "movement_sku", "reservation_key", "reservation_state"}
        for plan in plans
    ]
    both = {"entry_sku", "movement_sku"}
    assert used == [{"entry_key"}, both, both, {"reservation_key"}, {"reservation_key"}, {"reservation_state"}]
    assert not any("SORT" in plan or "TEMP" in plan for plan in plans), "and the order is that of the index"
    ledger.close()
