"""Backup and restore of the service's state: what is kept, in which order, and what is refused."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import tarfile
from pathlib import Path
from threading import Event, Thread

import msgspec
import pytest

from cloud import backup, restore, running
from cloud.backup import BackupError, Manifest, places
from cloud.doctor import examining
from cloud.doctor.examining import SCHEMAS
from cloud.stores import copies
from cloud.stores.ledger import Ledger
from cloud.stores.people import Person
from edge import backup as edge_backup
from edge.store import Store
from protocols.sequences import Sequence
from tests.contract.keepers import KEY, Keeper, books, filled, where
from tests.depot import NOON_MS


def put(state: Path, source: Path, force: bool = False, at_ms: int = NOON_MS) -> restore.Restored:
    return restore.restore(where(state), source, SCHEMAS, at_ms, force)


def every(folder: Path) -> dict[str, bytes]:
    """All files of a folder but the lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != running.LOCK
    }


@pytest.mark.parametrize("name", ["nightly", "nightly.tar.gz", "nightly.tar"])
def test_what_was_backed_up_is_there_again_when_restored(tmp_path: Path, name: str) -> None:
    before = filled(tmp_path / "cloud")
    made, manifest = backup.make(before, tmp_path / "backups" / name, NOON_MS)

    done = put(tmp_path / "new" / "cloud", made)

    new = tmp_path / "new" / "cloud"
    assert (done.made_ms, done.aside, done.gateways_gone) == (NOON_MS, "", [])
    assert books(new) == books(tmp_path / "cloud") == (50, 50, [0, 49])
    for part in ("keys/service.key_secret", "keys/service.key", "gateways/g1.key"):
        assert (new / part).read_bytes() == (tmp_path / "cloud" / part).read_bytes()
    assert (new.parent / "site.toml").read_text() == before.site.read_text()
    assert manifest.tops == {"g1": {"events": 49, "telemetry": 49}}
    assert backup.last(tmp_path / "cloud") == backup.LastBackup(NOON_MS, str(made))


def test_backup_and_restored_state_are_for_their_owner_only(tmp_path: Path) -> None:
    filled(tmp_path / "cloud")
    for name in ("nightly", "nightly.tar.gz"):
        made, _ = backup.make(where(tmp_path / "cloud"), tmp_path / name, NOON_MS)
        put(tmp_path / f"new-{name}", made)

        for path in [made, *made.rglob("*"), *(tmp_path / f"new-{name}").rglob("*")]:
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_gateways_backup_is_no_backup_of_a_service_and_nothing_is_touched(tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()
    Store(tmp_path / "edge" / "edge.db").close()
    edge_backup.make(tmp_path / "edge", tmp_path / "edge.tar", NOON_MS)
    filled(tmp_path / "cloud")
    before = every(tmp_path / "cloud")

    with pytest.raises(BackupError, match="no part of a service's state"):
        put(tmp_path / "cloud", tmp_path / "edge.tar", force=True)

    assert every(tmp_path / "cloud") == before


def test_a_folder_that_is_there_gets_a_backup_named_by_the_time(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()

    made, _ = backup.make(filled(tmp_path / "cloud"), tmp_path / "backups", NOON_MS)

    assert made == tmp_path / "backups" / "cloud-20251121T220000Z"
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [made.name]


def test_of_a_backup_while_batches_are_applied_the_history_holds_all_that_the_ledger_has_signed_for(
    tmp_path: Path,
) -> None:
    keeper, stop = Keeper(tmp_path / "cloud"), Event()
    keeper.apply(20)

    def work() -> None:
        while not stop.is_set():
            keeper.apply(20)

    worker = Thread(target=work)
    worker.start()
    try:
        made = [backup.make(where(keeper.state), tmp_path / f"b{i}", NOON_MS)[0] for i in range(8)]
    finally:
        stop.set()
        worker.join()
    keeper.close()

    tops = []
    for one in made:
        put(tmp_path / f"new-{one.name}" / "cloud", one)
        movements, samples, held = books(tmp_path / f"new-{one.name}" / "cloud")
        assert held == [0, movements - 1]
        assert samples >= movements
        tops.append(movements)
    assert len(set(tops)) > 1, "nothing was applied meanwhile: this shows nothing"


def test_the_ledger_is_copied_first_and_the_history_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is applied between two copies is in the history already, or in neither."""
    keeper, order = Keeper(tmp_path / "cloud"), []
    keeper.apply(10)
    copied = copies.copy

    def copy(source: Path, target: Path) -> None:
        order.append(target.name)
        copied(source, target)
        keeper.apply(10)

    monkeypatch.setattr(copies, "copy", copy)
    made, _ = backup.make(where(keeper.state), tmp_path / "nightly", NOON_MS)
    keeper.close()
    put(tmp_path / "new" / "cloud", made)

    assert order == ["ledger.db", "history.db"]
    assert books(tmp_path / "new" / "cloud") == (10, 20, [0, 9])


def test_a_restored_service_goes_on_and_takes_again_what_came_after_the_backup(tmp_path: Path) -> None:
    """What gateways signed since comes again: reports after the backup count once, those before not again."""
    keeper = Keeper(tmp_path / "cloud")
    keeper.apply(10)
    made, _ = backup.make(where(keeper.state), tmp_path / "nightly", NOON_MS)
    keeper.apply(10)
    keeper.close()
    put(tmp_path / "new" / "cloud", made)

    again = Keeper(tmp_path / "new" / "cloud")
    again.apply(20)
    again.close()

    assert books(tmp_path / "new" / "cloud") == books(tmp_path / "cloud") == (20, 20, [0, 19])


def test_nobody_is_signed_in_after_a_restore(tmp_path: Path) -> None:
    made, _ = backup.make(filled(tmp_path / "cloud"), tmp_path / "nightly", NOON_MS)
    put(tmp_path / "new" / "cloud", made)

    ledger = Ledger(f"sqlite:///{tmp_path}/new/cloud/ledger.db")

    assert ledger.people.account("ada") == Person("ada", "admin", "hash")
    assert ledger.people.session("token") is None
    ledger.close()


def test_a_state_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    made, _ = backup.make(filled(tmp_path / "cloud", 10), tmp_path / "nightly", NOON_MS)
    state = tmp_path / "cloud"
    (state / "gateways" / "g2.key").write_text(KEY)
    keeper = Keeper(state)
    keeper._seq = 10
    keeper.apply(5)
    keeper.close()
    before = every(state)

    with pytest.raises(BackupError, match=r"holds a service's state already.*--force"):
        put(state, made)
    assert every(state) == before
    first = put(state, made, force=True)
    second = put(state, made, force=True)

    assert books(state) == (10, 10, [0, 9])
    assert first.gateways_gone == ["g2"]
    assert books(Path(first.aside)) == (15, 15, [0, 14])
    assert (Path(first.aside) / "gateways" / "g2.key").read_text() == KEY
    assert second.aside != first.aside
    assert books(Path(second.aside)) == (10, 10, [0, 9])


def test_the_site_file_that_is_there_stays(tmp_path: Path) -> None:
    made, _ = backup.make(filled(tmp_path / "cloud"), tmp_path / "nightly", NOON_MS)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "site.toml").write_text("mine")

    done = put(tmp_path / "new" / "cloud", made)

    assert done.site == ""
    assert (tmp_path / "new" / "site.toml").read_text() == "mine"


def test_no_restore_beside_a_service_that_runs(tmp_path: Path) -> None:
    made, _ = backup.make(filled(tmp_path / "cloud"), tmp_path / "nightly", NOON_MS)
    before = every(tmp_path / "cloud")

    with running.alone(tmp_path / "cloud"), pytest.raises(running.InUse, match="stop it first"):
        put(tmp_path / "cloud", made, force=True)

    assert every(tmp_path / "cloud") == before


def changed(folder: Path, **changes: object) -> None:
    """The manifest of a backup, changed."""
    path = folder / backup.MANIFEST
    manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, **changes)))


def part(folder: Path, which: str, **changes: object) -> None:
    """One part in the manifest of a backup, changed."""
    manifest = msgspec.json.decode((folder / backup.MANIFEST).read_bytes(), type=Manifest)
    parts = [msgspec.structs.replace(one, **changes) if one.name == which else one for one in manifest.parts]
    changed(folder, parts=parts)


def flip(path: Path, at: int) -> None:
    body = bytearray(path.read_bytes())
    body[at] ^= 1
    path.write_bytes(body)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: flip(folder / "ledger.db", 5000), r"ledger\.db is not what was backed up"),
        (lambda folder: flip(folder / "keys" / "service.key_secret", 9), "is not what was backed up"),
        (lambda folder: (folder / "history.db").write_bytes(b""), r"history\.db is not what was backed up"),
        (lambda folder: (folder / backup.MANIFEST).unlink(), "it is no backup"),
        (lambda folder: (folder / backup.MANIFEST).write_text("{"), "can not be read"),
        (lambda folder: changed(folder, format=9), "format 9"),
        (lambda folder: part(folder, "ledger.db", schema="99"), "schema '99'"),
        (lambda folder: part(folder, "history.db", schema="tenth"), "schema 'tenth'"),
        (lambda folder: part(folder, "gateways/g1.key", name="../g1.key"), r"'\.\./g1\.key'"),
        (lambda folder: part(folder, "gateways/g1.key", name="/etc/passwd"), "/etc/passwd"),
        (lambda folder: part(folder, "gateways/g1.key", name="gateways/../../x"), "no part of a service's state"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_touched(tmp_path: Path, harm: object, said: str) -> None:
    made, _ = backup.make(filled(tmp_path / "cloud"), tmp_path / "nightly", NOON_MS)
    harm(made)  # type: ignore[operator]
    before = every(tmp_path / "cloud")

    with pytest.raises(BackupError, match=said):
        put(tmp_path / "cloud", made, force=True)

    assert every(tmp_path / "cloud") == before


@pytest.mark.parametrize("body", [b"", b"no archive", b"\x1f\x8b\x08\0 cut short"])
def test_a_file_that_is_no_backup_is_one_sentence(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "x.tar.gz").write_bytes(body)

    with pytest.raises((BackupError, OSError)) as refused:
        put(tmp_path / "cloud", tmp_path / "x.tar.gz")

    assert "\n" not in str(refused.value)


def test_an_archive_cut_short_is_refused(tmp_path: Path) -> None:
    made, _ = backup.make(filled(tmp_path / "cloud"), tmp_path / "nightly.tar.gz", NOON_MS)
    made.write_bytes(made.read_bytes()[: made.stat().st_size * 2 // 3])

    with pytest.raises(BackupError, match="damaged"):
        put(tmp_path / "new" / "cloud", made)

    assert not (tmp_path / "new" / "cloud" / "ledger.db").exists()


def test_an_archive_can_be_opened_by_tar_and_begins_with_its_manifest(tmp_path: Path) -> None:
    made, _ = backup.make(filled(tmp_path / "cloud"), tmp_path / "nightly.tar.gz", NOON_MS)

    with tarfile.open(made, "r:gz") as tar:
        names = tar.getnames()

    assert names[0] == "manifest.json"
    assert {"ledger.db", "history.db", "keys/service.key_secret", "gateways/g1.key", "site.toml"} < set(names)


def test_no_backup_is_overwritten_and_a_damaged_ledger_makes_none(tmp_path: Path) -> None:
    state = filled(tmp_path / "cloud")
    (tmp_path / "backups").mkdir()
    made, _ = backup.make(state, tmp_path / "backups" / "nightly.tar", NOON_MS)
    before = made.read_bytes()

    with pytest.raises(BackupError, match="there already"):
        backup.make(state, made, NOON_MS)
    with sqlite3.connect(state.state / "ledger.db") as db:
        db.execute("PRAGMA journal_mode = DELETE")
    db.close()
    ledger = bytearray((state.state / "ledger.db").read_bytes())
    ledger[4096:4296] = bytes(200)
    (state.state / "ledger.db").write_bytes(ledger)
    with pytest.raises((BackupError, copies.Unreadable), match=r"ledger\.db"):
        backup.make(state, tmp_path / "backups" / "next", NOON_MS)

    assert made.read_bytes() == before
    assert list((tmp_path / "backups").iterdir()) == [made]


def test_an_empty_folder_is_no_state_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="holds no state"):
        backup.make(where(tmp_path / "nothing"), tmp_path / "nightly", NOON_MS)

    assert list(tmp_path.iterdir()) == []


def test_what_a_database_on_the_network_keeps_is_named_and_the_rest_is_backed_up(tmp_path: Path) -> None:
    filled(tmp_path / "cloud")
    away = places(
        tmp_path / "cloud", "postgresql+psycopg://u@host/db", "influxdb+http://host:8086/o/b", tmp_path / "site.toml"
    )

    made, manifest = backup.make(away, tmp_path / "nightly", NOON_MS)

    assert [part.name for part in manifest.parts] == [
        "gateways/g1.key", "keys/service.key", "keys/service.key_secret", "site.toml"
    ]  # fmt: skip
    ledger, history = manifest.elsewhere
    assert "pg_dump" in ledger
    assert "BEFORE" in ledger
    assert "influx backup" in history
    assert "AFTER" in history
    with pytest.raises(BackupError, match="names a database on the network"):
        restore.restore(
            msgspec.structs.replace(away, state=tmp_path / "new"),
            backup.make(where(tmp_path / "cloud"), tmp_path / "whole", NOON_MS)[0],
            SCHEMAS, NOON_MS, False,
        )  # fmt: skip
    done = restore.restore(msgspec.structs.replace(away, state=tmp_path / "new"), made, SCHEMAS, NOON_MS, False)
    assert done.elsewhere == manifest.elsewhere


def test_stores_elsewhere_on_this_machine_go_and_come_back_to_their_places(tmp_path: Path) -> None:
    filled(tmp_path / "cloud")
    (tmp_path / "fast").mkdir()
    for name in ("ledger.db", "history.db"):
        shutil.move(tmp_path / "cloud" / name, tmp_path / "fast" / name)
    urls = f"sqlite:///{tmp_path}/fast/ledger.db?timeout=5", f"sqlite:///{tmp_path}/fast/history.db"
    split = places(tmp_path / "cloud", *urls, tmp_path / "site.toml")
    made, _ = backup.make(split, tmp_path / "nightly", NOON_MS)

    done = restore.restore(split, made, SCHEMAS, NOON_MS, True)

    assert books(tmp_path / "fast") == (50, 50, [0, 49])
    assert {"gateways", "history.db", "keys", "ledger.db"} <= {path.name for path in Path(done.aside).iterdir()}


def test_a_restore_cut_short_is_found_and_can_be_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = backup.make(filled(tmp_path / "cloud"), tmp_path / "nightly", NOON_MS)
    moves, move = [], shutil.move

    def cut(source: Path, target: Path) -> object:
        moves.append(target)
        if len(moves) == 7:
            raise KeyboardInterrupt
        return move(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "move", cut)
        with pytest.raises(KeyboardInterrupt):
            put(tmp_path / "cloud", made, force=True)
    here = where(tmp_path / "cloud")
    found = examining.judge(examining.look(here, examining.Urls(f"sqlite:///{here.ledger}", ""), NOON_MS))
    assert "restore_unfinished" in [one.code for one in found]

    put(tmp_path / "cloud", made, force=True, at_ms=NOON_MS + 1000)

    assert books(tmp_path / "cloud") == (50, 50, [0, 49])


def test_the_manifests_tops_are_those_of_the_copy(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "cloud")
    keeper.apply(3)
    made, manifest = backup.make(where(keeper.state), tmp_path / "nightly", NOON_MS)
    keeper.apply(3)
    keeper.close()

    held = {lane: msgspec.msgpack.decode(blob, type=Sequence) for _, lane, blob, _ in copies.tops(made / "ledger.db")}

    assert {lane: one.top for lane, one in held.items()} == manifest.tops["g1"] == {"events": 2, "telemetry": 2}
