"""Names and addresses of this machine."""

from __future__ import annotations

import ipaddress


def is_local(host: str) -> bool:
    """Return whether a host name or address is this machine's own (`localhost`, 127.0.0.0/8, `::1`).

    Unlike `memory.core.loopback`, an unspecified address (`0.0.0.0`) is not: a server there can be reached from elsewhere.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
