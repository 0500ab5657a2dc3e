"""Backup and restore of a gateway's state, and what was signed for sent again by hand: on real files, by the command
line that people use."""

from __future__ import annotations

import io
import json
import stat
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge import memory, running
from edge.api import own_token
from edge.backup import MANIFEST, BackupError, Manifest, make, unpack
from edge.cli import main
from edge.core.care import health
from edge.core.care.health import Pulse
from edge.core.inference import DeviceState, Inference
from edge.keys import own_keys
from edge.restore import restore
from edge.saying import UsageError
from edge.store import Group, Store
from protocols.reports import Report, Series, StockEvent, Thinned, decode
from protocols.sequences import Sequence
from tests.unit.hall import Hall
from tests.unit.test_inference import SITE

T0 = 1_763_762_400_000
LATER = T0 + 86_400_000
"""When a restore is made: a day after the backup."""


def moved(number: int, at_ms: int = T0) -> StockEvent:
    return StockEvent("A1", "bolt", 1, number, at_ms, 0.99)


def warm(number: int) -> Series:
    return Series("cold-1", "1", "temperature_c", "hall", T0 + number, [0], [4.5])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A gateway's state as it is after ten events, of which the service has signed for six."""
    folder = tmp_path / "edge"
    store = Store(folder / "edge.db")
    store.commit(Group(T0, snapshots=memory.settled(Inference(SITE)), reports=[moved(n) for n in range(10)]))
    store.settle("events", [0, 1, 2, 3, 4, 5], [], T0)
    store.close()
    own_keys(folder, "gateway")
    own_token(folder)
    return folder


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def waiting(folder: Path) -> list[tuple[int, Report]]:
    store = Store(folder / "edge.db")
    try:
        return [(seq, decode(blob)) for seq, blob in store.waiting("events", -1, 2**53, 1000, 1 << 20)]
    finally:
        store.close()


def test_a_backup_is_one_private_file_with_store_and_keys(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "edge.tar"

    manifest = make(state, file, T0)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [part.name for part in manifest.parts] == [
        "edge.db",
        "keys/api-token",
        "keys/gateway.key",
        "keys/gateway.key_secret",
    ]
    with tarfile.open(file) as tar:
        assert tar.getnames()[0] == MANIFEST
    assert sorted(path.name for path in tmp_path.iterdir()) == ["edge", "edge.tar"]  # nothing half made is left


def test_a_backup_of_a_store_that_is_written_to_holds_one_moment_of_it(state: Path, tmp_path: Path) -> None:
    store = Store(state / "edge.db")
    done = threading.Event()

    def write() -> None:
        number = 10
        while not done.is_set():
            store.commit(Group(T0 + number, reports=[moved(number), moved(number + 1)]))
            number += 2

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for turn in range(5):
            make(state, tmp_path / f"{turn}.tar", T0)
    finally:
        done.set()
        writer.join()
        store.close()

    for turn in range(5):
        folder = tmp_path / f"{turn}"
        folder.mkdir()
        unpack(tmp_path / f"{turn}.tar", folder)
        copy = Store(folder / "edge.db")
        book, given = copy.book()["events"], copy.next_seq["events"]
        copy.close()
        assert book.balanced
        assert (book.accepted, given % 2) == (given, 0)  # no group in halves


def test_a_restored_gateway_uses_no_number_twice_and_says_which_will_not_come(state: Path, tmp_path: Path) -> None:
    make(state, tmp_path / "edge.tar", T0)
    store = Store(state / "edge.db")
    store.commit(Group(T0, reports=[moved(n) for n in range(10, 15)]))  # the backup does not know these numbers
    store.close()

    done = restore(tmp_path / "edge.tar", tmp_path / "new", LATER)

    assert done.given_up == {"events": (10, LATER - 1), "telemetry": (0, LATER - 1)}
    held = waiting(tmp_path / "new")
    assert [seq for seq, _ in held[:4]] == [6, 7, 8, 9]  # what had no receipt then comes again under its own number
    assert held[4:] == [
        (LATER, Thinned(10, LATER - 1, 0, LATER, "restored", "events")),
        (LATER + 1, Thinned(0, LATER - 1, 0, LATER, "restored", "telemetry")),
    ]
    assert own_keys(tmp_path / "new", "gateway") == own_keys(state, "gateway")
    assert own_token(tmp_path / "new") == own_token(state)
    assert stat.S_IMODE((tmp_path / "new" / "edge.db").stat().st_mode) == 0o600


def test_restored_once_more_the_numbers_go_on_above_all_that_were_given_meanwhile(state: Path, tmp_path: Path) -> None:
    make(state, tmp_path / "edge.tar", T0)
    restore(tmp_path / "edge.tar", state, LATER, force=True)
    store = Store(state / "edge.db")
    store.commit(Group(LATER, reports=[moved(n) for n in range(100)]))
    given = store.next_seq["events"]
    store.close()

    again = restore(tmp_path / "edge.tar", state, LATER + 5, force=True)  # 100 numbers in 5 ms

    assert again.given_up["events"] == (10, given - 1)


def test_the_first_count_of_a_slot_after_a_restore_is_no_movement_of_goods(tmp_path: Path) -> None:
    hall = Hall()
    hall.bolts(8)
    state = tmp_path / "edge"
    store = Store(state / "edge.db")
    slots = {name: msgspec.msgpack.encode(one) for name, one in hall.inference.shelves.slots.items()}
    store.commit(Group(T0, snapshots=memory.settled(hall.inference), slots=slots))
    store.close()
    make(state, tmp_path / "edge.tar", T0)

    restore(tmp_path / "edge.tar", tmp_path / "new", LATER)

    restored = Store(tmp_path / "new" / "edge.db")
    kept = restored.restore().slots
    restored.close()
    assert hall.inference.shelves.slots["A1"].known == 8
    assert (kept["A1"].known, kept["A1"].estimate.count) == (None, 8)


def test_what_devices_sent_since_the_backup_is_not_called_lost_after_a_restore(tmp_path: Path) -> None:
    state = tmp_path / "edge"
    device = DeviceState(Pulse(T0, boots={3: Sequence([[0, 5], [7, 9]])}, lost_before=1))
    store = Store(state / "edge.db")
    store.commit(Group(T0, {"shelf-1": msgspec.msgpack.encode(device)}))
    store.close()
    make(state, tmp_path / "edge.tar", T0)

    restore(tmp_path / "edge.tar", tmp_path / "new", LATER)

    restored = Store(tmp_path / "new" / "edge.db")
    pulse = restored.restore().devices["shelf-1"].pulse
    restored.close()
    assert health.lost(pulse) == 2  # as the backup knew already
    assert health.hear(pulse, 3, 40, T0, LATER) == "new"
    assert health.lost(pulse) == 2


def test_a_running_gateway_is_not_restored_over(state: Path, tmp_path: Path) -> None:
    make(state, tmp_path / "edge.tar", T0)

    with running.alone(state), pytest.raises(UsageError, match="a gateway is running"):
        restore(tmp_path / "edge.tar", state, LATER, force=True)

    assert not running.runs(state)


def test_a_state_that_is_there_is_set_aside_whole_and_only_when_asked(state: Path, tmp_path: Path) -> None:
    make(state, tmp_path / "edge.tar", T0)
    before = (state / "edge.db").read_bytes()

    with pytest.raises(BackupError, match="--force to set it aside"):
        restore(tmp_path / "edge.tar", state, LATER)
    done = restore(tmp_path / "edge.tar", state, LATER, force=True)

    aside = Path(done.aside)
    assert aside.parent == state
    assert (aside / "edge.db").read_bytes() == before
    assert (aside / "keys" / "gateway.key_secret").exists()
    assert (state / "keys" / "gateway.key_secret").exists()


def rewritten(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """What makes of a backup one with another manifest."""

    def spoil(file: Path) -> None:
        with tarfile.open(file) as tar:
            members = [(one.name, tar.extractfile(one).read()) for one in tar]  # type: ignore[union-attr]
        told = json.loads(members[0][1])
        change(told)
        with tarfile.open(file, "w") as tar:
            for name, body in [(MANIFEST, json.dumps(told).encode()), *members[1:]]:
                entry = tarfile.TarInfo(name)
                entry.size = len(body)
                tar.addfile(entry, io.BytesIO(body))

    return spoil


def flipped(file: Path) -> None:
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(body)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20_000])


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (flipped, "sha256 differs"),
        (cut, "no backup, or a damaged one|sha256 differs|can not be read|unexpected end"),
        (empty, "no backup, or a damaged one"),
        (rewritten(lambda told: told.update(format=2)), "has format 2"),
        (rewritten(lambda told: told["parts"][1].update(name="../../etc/passwd")), "wants to write"),
        (rewritten(lambda told: told["parts"][1].update(name="keys/other")), "lacks keys/other"),
        (rewritten(lambda told: told["parts"].pop(0)), "holds no store"),
        (rewritten(lambda told: told.update(made_ms=LATER + 1)), "set this machine's clock"),
    ],
)
def test_a_backup_that_is_not_what_was_made_is_refused_and_nothing_is_touched(
    state: Path, tmp_path: Path, spoil: Callable[[Path], None], why: str
) -> None:
    make(state, tmp_path / "edge.tar", T0)
    before = (state / "edge.db").read_bytes()
    spoil(tmp_path / "edge.tar")

    with pytest.raises(BackupError, match=why):
        restore(tmp_path / "edge.tar", state, LATER, force=True)

    assert (state / "edge.db").read_bytes() == before
    assert not list(state.glob("restoring-*"))


def test_a_disk_that_fails_in_the_exchange_leaves_the_old_state_in_its_place(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(state, tmp_path / "edge.tar", T0)
    before = (state / "edge.db").read_bytes()
    rename = Path.rename

    def fails(source: Path, target: Path) -> Path:
        if source.parent.name.startswith("restoring-") and source.name == "edge.db":
            raise OSError(5, "Input/output error")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="Input/output"):
        restore(tmp_path / "edge.tar", state, LATER, force=True)

    assert (state / "edge.db").read_bytes() == before
    assert (state / "keys" / "gateway.key_secret").exists()


def test_where_a_restore_was_cut_short_no_gateway_begins_anew(state: Path, tmp_path: Path) -> None:
    make(state, tmp_path / "edge.tar", T0)
    (state / "restoring-20251121T220000Z").mkdir()

    with pytest.raises(UsageError, match="cut short: do it again"), running.alone(state):
        pass
    restore(tmp_path / "edge.tar", state, LATER, force=True)
    with running.alone(state):
        pass


def test_the_command_line_backs_up_and_restores(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, new = str(tmp_path / "edge.tar"), str(tmp_path / "new")

    assert main(["backup", file, "--state", str(state), "--json"]) == 0
    made = said(capsys)[0]
    assert main(["backup", file, "--state", str(state)]) == 2
    assert "no backup is overwritten" in capsys.readouterr().err
    assert main(["restore", file, "--state", new]) == 0
    told = capsys.readouterr().out
    assert main(["restore", file, "--state", new]) == 2
    assert "give another --state, or --force" in capsys.readouterr().err

    assert msgspec.convert(made, Manifest, strict=False).parts
    assert "the service is told that no more come from 10 on" in told


def test_reports_of_a_time_are_sent_again_by_hand(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    all_of_it = ["--from", "2025-11-21", "--to", "2025-11-23"]

    assert main(["resync", *all_of_it, "--state", str(state), "--json"]) == 0
    events, telemetry = said(capsys)
    assert main(["resync", *all_of_it, "--lane", "telemetry", "--state", str(state)]) == 0
    none = capsys.readouterr().out

    assert events == {"lane": "events", "first": 0, "last": 9, "reports": 6, "not_kept": []}
    assert telemetry["reports"] == 0
    assert none == "telemetry: nothing was numbered in that time\n"
    assert [seq for seq, _ in waiting(state)] == [*range(10)]


@pytest.mark.parametrize("when", ["yesterday", "3w", "2025-13-01", "", "99999999999d"])
def test_what_is_no_time_is_refused(state: Path, capsys: pytest.CaptureFixture[str], when: str) -> None:
    status = main(["resync", "--from", when, "--to", "2025-11-21", "--state", str(state)])

    if when.endswith("9d"):  # before 1970 is since the beginning
        assert status == 0
    else:
        assert (status, "is no time" in capsys.readouterr().err) == (2, True)


def test_a_time_that_ends_before_it_begins_is_refused(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["resync", "--from", "1h", "--to", "2h", "--state", str(state)])

    assert (status, "--from must lie before --to" in capsys.readouterr().err) == (2, True)


def test_the_outbox_says_how_long_its_room_lasts_and_what_goes_first(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["outbox", "--state", str(state)]) == 0
    people = capsys.readouterr().out
    assert main(["outbox", "--state", str(state), "--json"]) == 0
    programs = said(capsys)

    assert "pending=4" in people
    assert "of 1074 MB used" in people
    assert "stock movements never" in people
    assert [(line["lane"], line["pending"]) for line in programs] == [("events", 4), ("telemetry", 0)]
    assert {line["room"]["max_bytes"] for line in programs} == {1 << 30}
