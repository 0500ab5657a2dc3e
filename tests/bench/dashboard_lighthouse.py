"""Lighthouse's mobile run, where npm can bring it into a folder of its own; the project does not depend on it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from playwright.sync_api import BrowserType

from tests.bench.dashboard_chain import Place
from tests.browser.conftest import ARGS, CHROMIUM
from tests.contract.brokers import free_port

VERSION = "12.8.2"
INSTALL_S, RUN_S = 150, 150
ASKED = ("performance", "accessibility", "best-practices")


def scores(kind: BrowserType, at: Place, folder: Path) -> list[int] | str:
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
    port = free_port()
    command = [
        node, "node_modules/lighthouse/cli/index.js", at.url, "--output=json", "--output-path=told.json", "--quiet",
        "--no-enable-error-reporting", f"--only-categories={','.join(ASKED)}", f"--port={port}",
        "--disable-storage-reset",
    ]  # fmt: skip
    # Signed in by a cookie of the browser: headers of Lighthouse's own would not reach the WebSocket.
    profile = kind.launch_persistent_context(
        folder / "profile", executable_path=CHROMIUM, args=[*ARGS, f"--remote-debugging-port={port}"]
    )
    try:
        name, _, value = at.cookie.partition("=")
        profile.add_cookies([{"name": name, "value": value, "url": at.url}])
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=RUN_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return f"it failed: {(error.stderr or b'').decode()[-200:]}"
    finally:
        profile.close()
    told = json.loads((folder / "told.json").read_text())["categories"]
    return [round(100 * told[name]["score"]) for name in ASKED]
