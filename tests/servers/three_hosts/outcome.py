"""The numbers of a run, as JSON."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tests.servers.three_hosts.blows import Blow
from tests.servers.three_hosts.cluster import Cluster
from tests.servers.three_hosts.people import Person, Told
from tests.servers.three_hosts.records import Records


def outcome(cluster: Cluster, records: Records, people: Sequence[Person], told: Told, blows: Sequence[Blow]) -> dict[str, Any]:
    """Return what happened."""
    return {
        "people": len(people),
        "acknowledged": sum(len(person.history) for person in people),
        "answered again": records.replaced(),
        "steps refused": records.refused(),
        "cut by": "a network namespace" if cluster.namespace else "connections that stall",
        "clock ahead by": "libfaketime" if cluster.is_ahead else "nothing",
        "blows": [asdict(one) for one in blows],
        "failures seen": Counter(f"{one.host}: {one.kind}" for one in told.failures),
        "first word s": _quantiles(told.first_word_s),
        "answer s": _quantiles(told.answer_s),
        "late first words": sorted(told.slow),
    }


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    return {"p50": round(cuts[9], 2), "p95": round(cuts[18], 2), "worst": round(max(values), 2)}
