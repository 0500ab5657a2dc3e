"""By what two site files are known to say the same: a gateway and the service tell each other."""

from __future__ import annotations

import hashlib
import tomllib

import msgspec


def revision(text: str) -> str:
    """Twelve hexadecimal digits of what a TOML text says; comments, order of fields and spaces are of no matter. Raises
    `tomllib.TOMLDecodeError`."""
    said = msgspec.json.encode(tomllib.loads(text), order="sorted")
    return hashlib.sha256(said).hexdigest()[:12]
