"""For all tests: what is slow on a busy machine is not wrong (speed is measured by `make bench`)."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
