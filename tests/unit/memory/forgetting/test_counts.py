"""What a receipt says in words."""

from __future__ import annotations

import pytest

from memory.core.host_purge import HostPurge
from memory.forgetting.counts import hosts_in_words


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((), ""),
        (("purged", "purged"), "2 of 2 hosts removed it from their files."),
        (
            ("purged", "down"),
            "1 of 2 hosts removed it from their files. Not running: h1. There it is removed at the next start, before anyone is served.",
        ),
        (("waiting", "purged"), "1 of 2 hosts removed it from their files. Without an answer yet: h0."),
    ],
)
def test_each_host_is_counted_or_named(states, said):
    hosts = [HostPurge(host=str(number), name=f"h{number}", state=state) for number, state in enumerate(states)]
    assert hosts_in_words(hosts) == said
