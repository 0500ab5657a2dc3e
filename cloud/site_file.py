"""The site file on disk: read, and replaced whole or not at all, with its mode as it was."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def replace(path: Path, text: str) -> None:
    """Write the file anew; raises `OSError`, and then it is as it was. A link stays a link."""
    path = path.resolve()
    mode = stat.S_IMODE(path.stat().st_mode)
    part = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text.encode())
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # or the old one might be back after a power cut
    finally:
        os.close(folder)
