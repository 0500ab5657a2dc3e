"""Lighthouse's mobile run, where npm can bring it into a folder of its own; the project does not depend on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.bench.dashboard_chain import Place
from tests.browser.conftest import ARGS, CHROMIUM

VERSION = "12.8.2"
INSTALL_S, RUN_S = 150, 150
ASKED = ("performance", "accessibility", "best-practices")


def scores(at: Place, folder: Path) -> list[int] | str:
    """Performance, accessibility and best practices of the overview, of 100 each; or why they were not measured."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return "there is no npm"
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text("{}")
    bring = [npm, "i", f"lighthouse@{VERSION}", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
    try:
        subprocess.run(bring, cwd=folder, check=True, capture_output=True, timeout=INSTALL_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return "npm could not bring it"
    headers = folder / "headers.json"
    headers.write_text(json.dumps({"Cookie": at.cookie}))
    flags = " ".join(["--headless=new", *ARGS, f"--user-data-dir={folder / 'profile'}"])
    command = [
        node, "node_modules/lighthouse/cli/index.js", at.url, "--output=json", "--output-path=told.json", "--quiet",
        "--no-enable-error-reporting", f"--only-categories={','.join(ASKED)}", f"--extra-headers={headers}",
        f"--chrome-flags={flags}",
    ]  # fmt: skip
    try:
        environment = os.environ | {"CHROME_PATH": CHROMIUM}
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=RUN_S, env=environment)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return f"it failed: {(error.stderr or b'').decode()[-200:]}"
    told = json.loads((folder / "told.json").read_text())["categories"]
    return [round(100 * told[name]["score"]) for name in ASKED]
