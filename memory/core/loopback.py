"""Whether a URL leads to this machine itself: no proxy of the environment may stand on that way."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Say whether a URL's host is this machine: `localhost`, 127.0.0.0/8, `::1`, or an address of all its own."""
    try:
        host = (urlsplit(url if "//" in url else f"//{url}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def spare_from_proxies(url: str) -> None:
    """Name the host in NO_PROXY where it is this machine: for clients that read the environment, and take no word of ours."""
    if not is_loopback(url):
        return
    host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    # Both spellings: who has both reads the lower one.
    for name in ("no_proxy", "NO_PROXY"):
        named = [one.strip() for one in os.environ.get(name, "").split(",") if one.strip()]
        if host not in named and "*" not in named:
            os.environ[name] = ",".join([*named, host])
