"""Loopback URLs: requests to this machine must not go through a proxy of the environment."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Return whether a URL's host is this machine: `localhost`, 127.0.0.0/8, `::1`, or an unspecified address (`0.0.0.0`)."""
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
    """Add a loopback host to NO_PROXY, for clients that read their proxy settings only from the environment."""
    if not is_loopback(url):
        return
    host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    # Both spellings: clients that know both prefer the lower-case one.
    for name in ("no_proxy", "NO_PROXY"):
        named = [one.strip() for one in os.environ.get(name, "").split(",") if one.strip()]
        if host not in named and "*" not in named:
            os.environ[name] = ",".join([*named, host])
