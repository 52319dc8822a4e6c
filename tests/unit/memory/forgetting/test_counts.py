"""What a receipt says in words."""

from __future__ import annotations

import pytest

from memory.core.host_purge import HostPurge
from memory.forgetting.counts import deletion_in_words, hosts_in_words


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


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"journal": 0, "hosts": 0}, "A check found nothing left in any store."),
        ({"journal": 0, "hosts": 2}, "A check found nothing left in any store."),
        ({"journal": 1_234, "words": 1, "hosts": 2}, "Something is left: 1,234 journal, 1 words."),
    ],
)
def test_of_a_deletion_the_stores_are_told_apart_from_the_hosts(found, said):
    assert deletion_in_words(found) == said
