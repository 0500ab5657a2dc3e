"""Where `python -m cloud` looks for the site file when none is named, and what it says where something is not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cloud import cli, running
from tests import depot
from tests.contract.keepers import KEY, filled

BROKEN = "[site]\nid = "


class House:
    """A state folder with a site file beside it, a working folder with a broken one, and the command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.state, self._capsys = folder, folder / "there" / "cloud", capsys
        filled(self.state)  # with a site file beside it
        (folder / "here" / "var").mkdir(parents=True)
        (folder / "here" / "var" / "site.toml").write_text(BROKEN)

    def __call__(self, *argv: str, state: Path | None = None) -> tuple[int, str, str]:
        """What the verb answers, prints and complains about."""
        self._capsys.readouterr()
        code = cli.main([*argv, "--state", str(state or self.state)])
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(tmp_path, capsys)
    monkeypatch.chdir(tmp_path / "here")
    return made


@pytest.mark.parametrize("verb", [("stock",), ("alerts",), ("plan",), ("get", "/api/v1/stock")])
def test_the_site_file_beside_the_state_is_found(house: House, verb: tuple[str, ...]) -> None:
    assert house(*verb)[::2] == (0, "")


def test_a_broken_site_file_of_another_house_disturbs_nothing(house: House) -> None:
    code, printed, complaint = house("completeness")
    (house.state.parent / "site.toml").unlink()
    again, _, said = house("completeness")

    assert (code, complaint, again, said) == (0, "", 0, "")
    assert printed.startswith("complete: ")


def test_a_site_file_that_is_named_is_the_one_that_is_read(house: House) -> None:
    code, _, complaint = house("completeness", "--site", "var/site.toml")

    assert code == 2
    assert "var/site.toml" in complaint


def test_a_site_file_that_is_nowhere_is_one_sentence_that_says_where_it_was_looked_for(house: House) -> None:
    (house.state.parent / "site.toml").unlink()

    code, printed, complaint = house("stock")

    assert (code, printed, complaint.count("\n")) == (2, "", 1)
    assert str(house.state.parent / "site.toml") in complaint
    assert "--site" in complaint


@pytest.mark.parametrize("state", [".", "../cloud", "var/.."])
def test_beside_a_state_that_is_told_by_dots_is_beside_its_folder(
    house: House, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    folder = house.state.parent / "cloud"
    (folder / "var").mkdir()
    monkeypatch.chdir(folder)

    assert house("stock", state=Path(state))[::2] == (0, "")


def test_where_nothing_is_named_it_is_as_make_run_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert running.beside(cli.STATE) == Path("var/site.toml")


def test_a_backup_takes_the_site_file_beside_the_state_and_a_restore_puts_it_beside_the_new_one(house: House) -> None:
    target = str(house.folder / "nightly.tar.gz")
    new = house.folder / "elsewhere" / "cloud"

    _, backed, _ = house("backup", target)
    code, printed, _ = house("restore", target, state=new)

    assert "not in it" not in backed
    assert code == 0
    assert f"the site file was put to {new.parent / 'site.toml'}" in printed
    assert (new.parent / "site.toml").read_text() == depot.SITE_TEXT
    assert Path("var/site.toml").read_text() == BROKEN


def test_a_backup_without_a_site_file_says_so_and_so_does_its_restore(house: House) -> None:
    target = str(house.folder / "nightly.tar.gz")
    site = house.state.parent / "site.toml"
    site.unlink()

    code, printed, _ = house("backup", target)
    _, restored, _ = house("restore", target, state=house.folder / "elsewhere" / "cloud")

    assert code == 0
    assert f"not in it: the site file: there was none at {site}" in printed
    assert "not in it: the site file" in restored
    _, told, _ = house("backup", "--json", str(house.folder / "again"))
    assert len(json.loads(told)["elsewhere"]) == 1


def test_a_key_file_that_is_not_there_is_not_taken_for_a_key(house: House) -> None:
    code, printed, complaint = house("allow", "g2", "wrong/path.key")

    assert (code, printed, complaint.count("\n")) == (2, "", 1)
    assert "no file 'wrong/path.key'" in complaint
    assert "40 characters" in complaint
    assert house("allow", "g2", KEY)[0] == 0
