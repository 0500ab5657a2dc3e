"""Keys are made where nobody else can look."""

from __future__ import annotations

import stat
from pathlib import Path

from cloud import keys as cloud
from edge import keys as edge


def test_the_folders_that_keys_are_made_in_are_their_owners_alone(tmp_path: Path) -> None:
    edge.own_keys(tmp_path / "edge", "gateway")
    cloud.own_keys(tmp_path / "service")
    cloud.allow(tmp_path / "other", "gateway", "a" * 40)

    folders = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    assert len(folders) == 6
