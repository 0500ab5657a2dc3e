"""`make chaos`, or `python -m tests.chaos --kills 100 --seed 1 --broker box`: the table; 1 when a goal is not met.

The run is made in a mount namespace of its own, so that disks can be filled; where the system allows none that part is
left out, and said so (with CI=true it is an error).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.table import show
from tests.chaos.plant import NAMESPACE
from tests.chaos.run import Outcome, chaos, figures

UNSHARE = (["unshare", "--user", "--map-root-user", "--mount"], ["unshare", "--mount"])
"""Without root, and with it where users may have no namespaces."""
MOUNT = ["mount", "-t", "tmpfs", "tmpfs", "/mnt"]


def main() -> int:
    """Run and tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broker", choices=("box", "mosquitto"), default="box")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave logs and databases there")
    given = parser.parse_args()
    if not os.environ.get(NAMESPACE):
        unshare, why = namespace()
        if unshare:
            argv = [*unshare, sys.executable, "-m", "tests.chaos", *sys.argv[1:]]
            os.execvpe(argv[0], argv, {**os.environ, NAMESPACE: "1"})
        print(f"no disk is filled: {why}", file=sys.stderr)
        if os.environ.get("CI") == "true":
            return 2
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        outcome: Outcome = chaos(Path(folder), given.broker, given.seed, given.kills, given.keep)
    for note in outcome.account.notes:
        print(note, file=sys.stderr)
    print(f"{given.broker}, seed {given.seed}, {time.monotonic() - began_s:.0f} s: {outcome.told()}")
    return show(f"chaos, {given.broker}", figures(outcome))


def namespace() -> tuple[list[str], str]:
    """How to get into a mount namespace of one's own; else why there is none."""
    why = []
    for unshare in UNSHARE:
        try:
            tried = subprocess.run([*unshare, *MOUNT], capture_output=True, text=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return [], str(error)
        if tried.returncode == 0:
            return unshare, ""
        why.append(tried.stderr.strip()[:200])
    return [], "; ".join(why)


if __name__ == "__main__":
    sys.exit(main())
