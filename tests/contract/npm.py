"""What tests need of npm: the packages that a folder's package-lock.json names, fetched by its hashes.

None of their scripts run.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest

import hatch_build
from tests.turns import alone_in


def install(folder: Path) -> list[str]:
    """Fill the folder's node_modules, unless it holds just that already; returns the command of the Node for it.

    Where that cannot be, the test is skipped, or failed in CI.
    """
    with alone_in(folder):
        found = _installed(folder)
    if isinstance(found, str) and os.environ.get("CI") == "true":
        pytest.fail(found)
    if isinstance(found, str):
        pytest.skip(found)
    return found


@lru_cache(maxsize=8)
def _installed(folder: Path) -> list[str] | str:
    """The command of a Node, or why there is none with these packages: asked once a run, as npm gives up slowly."""
    try:
        node = hatch_build.find_node()
    except hatch_build.BuildError as error:
        return str(error)
    lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    mark = folder / "node_modules" / ".lock-sha256"
    if not mark.is_file() or mark.read_text() != lock:
        command = [*hatch_build._npm(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        path = os.pathsep.join([str(Path(node[0]).parent), os.environ.get("PATH", "")])
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PATH": path})
        if done.returncode:
            return f"npm ci in {folder.name} failed:\n{done.stdout}{done.stderr}"
        mark.write_text(lock)
    return node
