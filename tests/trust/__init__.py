"""What is promised, tried hard: a small sample in every test run, all of it with `make test-trust`."""

from __future__ import annotations

import os

LONG = os.environ.get("PERSONA_TEST_TRUST") == "long"


def share(small: int, long: int) -> int:
    """How often something is tried: a sample, or as often as was promised."""
    return long if LONG else small
