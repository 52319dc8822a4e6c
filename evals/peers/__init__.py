"""Other programs for memory beside this one: each in an environment of its own that `make peers` installs.

`SETTINGS.md` says how each is set, and what is counted.
"""

__all__ = ["endurance", "installed", "process", "table"]
