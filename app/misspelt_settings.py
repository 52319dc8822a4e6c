"""Finds `PERSONA_*` variables that are not settings, and suggests the setting that was probably meant."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from contextlib import suppress

from dotenv import dotenv_values

from app.settings import Settings, settings_file

_PREFIX = "PERSONA_"
_ENVIRONMENT_ONLY = frozenset({"PERSONA_CACHE_DIR", "PERSONA_CONFIG_DIR"})
"""These are read before any settings file."""
_TEST_PREFIX = "PERSONA_TEST_"
_MIN_SIMILARITY = 0.6


def misspelt() -> list[str]:
    """Return a sentence for each unknown `PERSONA_*` name in the environment or a settings file."""
    places: list[tuple[str, Mapping[str, str | None]]] = [("in the environment", os.environ)]
    for where, path in (("in .env of this folder", ".env"), (f"in {settings_file()}", str(settings_file()))):
        with suppress(OSError, UnicodeDecodeError):  # `Settings` reports what is wrong with the file
            places.append((where, dotenv_values(path)))
    known = {f"{_PREFIX}{field.upper()}" for field in Settings.model_fields}
    told = []
    for where, values in places:
        for name in sorted(values):
            upper = name.upper()
            if not upper.startswith(_PREFIX) or upper.startswith(_TEST_PREFIX) or upper in known:
                continue
            if upper in _ENVIRONMENT_ONLY:
                # Only the exact spelling in the environment is read.
                if where != places[0][0]:
                    told.append(f"{name}, {where}, is only read from the environment. Set it there.")
                    continue
                if name == upper:
                    continue
            told.append(f"{name}, {where}, is not a setting of this program.{_meant(upper, known)}")
    return told


def _meant(name: str, known: set[str]) -> str:
    settings = {one.removeprefix(_PREFIX): one for one in known | _ENVIRONMENT_ONLY}
    closest = difflib.get_close_matches(name.removeprefix(_PREFIX), settings, n=1, cutoff=_MIN_SIMILARITY)
    return f" Did you mean {settings[closest[0]]}?" if closest else ""
