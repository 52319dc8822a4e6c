"""A network namespace for one host, with one link to everything else, where Linux lets this process make one."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from typing import Self

_ADDRESSES = "198.18"
"""Addresses that are for tests of networks, and belong to no network."""


class Namespace:
    """A network of its own. Its link is cut by taking it down: every packet is lost, and no connection is told of it."""

    def __init__(self) -> None:
        self.name = f"persona-{os.getpid()}"
        self._link = f"prs{os.getpid()}"
        net = f"{_ADDRESSES}.{os.getpid() % 250}"
        self.outside, self.inside = f"{net}.1", f"{net}.2"

    def __enter__(self) -> Self:
        try:
            _ip("netns", "add", self.name)
            _ip("link", "add", self._link, "type", "veth", "peer", "name", "uplink", "netns", self.name)
            _ip("address", "add", f"{self.outside}/30", "dev", self._link)
            _ip("link", "set", self._link, "up")
            for words in (f"address add {self.inside}/30 dev uplink", "link set uplink up", "link set lo up"):
                _ip("-n", self.name, *words.split())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # The link disappears with the namespace, once no process is in it.
        for words in (("link", "delete", self._link), ("netns", "delete", self.name)):
            with suppress(subprocess.CalledProcessError):
                _ip(*words)

    @property
    def command(self) -> list[str]:
        """What a command begins with that runs in the namespace."""
        return ["ip", "netns", "exec", self.name]

    def cut(self) -> None:
        """Lose every packet."""
        _ip("link", "set", self._link, "down")

    def mend(self) -> None:
        """Pass packets again."""
        _ip("link", "set", self._link, "up")


def is_possible() -> bool:
    """Return whether this process may make one."""
    if shutil.which("ip") is None:
        return False
    try:
        with Namespace():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
