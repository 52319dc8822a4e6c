"""The numbers of a service for Prometheus, in a registry of their own. No label names a person."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from app.operations.model_calls import KINDS
from app.operations.replies import Outcome
from memory.core.errors import StorageError

if TYPE_CHECKING:
    from app.service import PersonaService

_FIRST_WORD_S = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)
_OWN_S = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5)
_REPLY_S = (0.5, 1, 2, 4, 8, 16, 32, 64, 128)


class _Registry(CollectorRegistry):
    """A registry without the series `…_created`: when a count began. The library has one switch for all registries."""

    def collect(self) -> Iterator[Metric]:
        """Return the numbers of now."""
        for metric in super().collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


class Metrics:
    """Observes the replies of a service, and reads its other numbers when they are asked for.

    Args:
        service: The service; it tells its replies from now on.
    """

    def __init__(self, service: PersonaService) -> None:
        self.registry = registry = _Registry()
        self._replies = Counter("persona_replies", "Replies by what became of them", ["outcome"], registry=registry)
        for outcome in get_args(Outcome):
            self._replies.labels(outcome)
        self._first = Histogram(
            "persona_first_word_seconds", "From the accepted message to the first word of the reply",
            buckets=_FIRST_WORD_S, registry=registry,
        )  # fmt: skip
        self._own = Histogram(
            "persona_own_first_word_seconds", "The same without the time of the model and of earlier replies",
            buckets=_OWN_S, registry=registry,
        )  # fmt: skip
        self._whole = Histogram(
            "persona_reply_seconds", "From the accepted message to the end of the reply", buckets=_REPLY_S, registry=registry
        )
        registry.register(_Live(service))
        ProcessCollector(registry=registry)
        service.watch.observers.append(self)

    def first_word(self, seconds: float, own_seconds: float) -> None:
        """Take the time to the first word of a reply."""
        self._first.observe(seconds)
        self._own.observe(own_seconds)

    def ended(self, outcome: Outcome, seconds: float) -> None:
        """Take what became of a reply."""
        self._replies.labels(outcome).inc()
        self._whole.observe(seconds)

    def written(self, accept: str) -> tuple[bytes, str]:
        """Return all numbers in the format that a scraper accepts, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


class _Live(Collector):
    """Numbers that are read when they are asked for."""

    def __init__(self, service: PersonaService) -> None:
        self._service = service

    def describe(self) -> Iterator[Metric]:
        """Name nothing in advance: that would read the journal."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Return the numbers of now."""
        service, counts = self._service, self._service.memory.counts
        yield _gauge("persona_info", "The version of the program", 1, version=_version())
        yield from self._of_the_journal()
        yield _gauge("persona_replies_in_progress", "Accepted messages without a reply yet", service.watch.in_progress)
        yield _gauge("persona_index_cache_bytes", "Bytes of index files on this host", counts.cache_bytes())
        yield _count("persona_index_cache_hits", "Searches for a person whose index is on this host", counts.total("hits"))
        yield _count("persona_index_cache_misses", "Searches for a person who is new to this host", counts.total("misses"))
        yield _count("persona_leases_lost", "Leases that another process took over", counts.total("leases_lost"))
        searches = CounterMetricFamily("persona_searches", "Searches by what answered them", labels=["source"])
        searches.add_metric(["index"], counts.total("index"))
        searches.add_metric(["chroma"], counts.total("chroma"))
        yield searches
        calls = service.models.calls
        yield _count("persona_model_calls", "Calls of the chat model", calls.number)
        errors = CounterMetricFamily("persona_model_errors", "Calls of the chat model that failed", labels=["kind"])
        for kind, number in {**dict.fromkeys(KINDS, 0), **calls.errors}.items():
            errors.add_metric([kind], number)
        yield errors

    def _of_the_journal(self) -> list[Metric]:
        """Return numbers that are the same on every host; none while the journal does not answer: a 0 would be wrong."""
        memory = self._service.memory
        try:
            return [
                _gauge("persona_users", "People in the journal", memory.journal.count_users()),
                _gauge("persona_steps_pending", "Steps of background work in the journal's queue", memory.work.count(None)),
                _gauge("persona_purges_waiting", "Purges that a host has not acknowledged", memory.counts.purges_waiting()),
            ]
        except StorageError:
            return []


def own_count(pending: int) -> str:
    """Return what one person may read: how many steps of their own are left."""
    return f"# TYPE persona_steps_pending gauge\npersona_steps_pending {pending}\n"


def _gauge(name: str, what: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(name, what, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family


def _count(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(name, what, value=value)


def _version() -> str:
    try:
        return version("personavlm-langgraph")
    except PackageNotFoundError:
        return "unknown"
