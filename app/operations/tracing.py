"""Sends spans to an OpenTelemetry collector. Nothing of OpenTelemetry is imported before `start` is called."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from memory.core import extras, spans
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import SpanProcessor

_EXTRA = "telemetry"
_PATH = "/v1/traces"
_TIMEOUT_S = 3.0
"""Seconds of one export; a collector that is down must not hold up the end of the program."""
_SERVICE = "persona"
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+(%[\w.-]+)?", re.IGNORECASE)
"""A name or an IPv4 address, or an IPv6 address without its brackets."""


class _OtelSpan:
    """A span of OpenTelemetry."""

    def __init__(self, span: trace.Span) -> None:
        self.span = span

    def note(self, name: str, value: spans.Value) -> None:
        """Add an attribute."""
        self.span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        """Mark the work as failed; the error's own words may quote a person, and are left out."""
        from opentelemetry.trace import StatusCode

        self.span.set_attribute("error.type", kind)
        self.span.set_status(StatusCode.ERROR)

    def end(self) -> None:
        """End the span."""
        self.span.end()


class RemoteParent:
    """The span of a caller in another program, by the header `traceparent` (W3C Trace Context)."""

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent

    def note(self, name: str, value: spans.Value) -> None:
        """Do nothing: it is not ours."""

    def fail(self, kind: str) -> None:
        """Do nothing: it is not ours."""

    def end(self) -> None:
        """Do nothing: it is not ours."""


class _OtelTracer:
    """Begins spans of OpenTelemetry."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def begin(self, name: str, parent: spans.Span | None, attributes: Mapping[str, spans.Value]) -> _OtelSpan:
        """Begin a span below its parent; without one, the first span of a trace."""
        return _OtelSpan(self._tracer.start_span(name, context=_context(parent), attributes=dict(attributes)))


def _context(parent: spans.Span | None) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace import set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    if isinstance(parent, RemoteParent):
        return TraceContextTextMapPropagator().extract({"traceparent": parent.traceparent}, Context())
    return set_span_in_context(parent.span, Context()) if isinstance(parent, _OtelSpan) else Context()


def start(url: str, processor: SpanProcessor | None = None) -> Callable[[], None]:
    """Record the spans of this process, and send them to a collector.

    OpenTelemetry's global provider stays as it is: no other library of this process begins to send anything.

    Args:
        url: The collector, for example http://127.0.0.1:4318; `/v1/traces` follows if it names no path.
        processor: Takes the spans instead.

    Returns:
        What sends the rest and ends the recording.

    Raises:
        ExtraMissing: The extra `telemetry` is not installed.
        InvalidInput: The URL is none.
    """
    extras.require(_EXTRA)
    endpoint = _endpoint(url)
    name = os.environ.get("OTEL_SERVICE_NAME") or _SERVICE
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        provider = TracerProvider(resource=Resource.create({"service.name": name}))
        provider.add_span_processor(processor or _exporting(endpoint))
    except (ValueError, TypeError, OSError) as error:
        # Its words may quote a secret header.
        raise InvalidInput(
            f"OpenTelemetry cannot be started ({type(error).__name__}). Correct or unset the variables of the environment that "
            "begin with OTEL_."
        ) from error
    stop = spans.record_with(_OtelTracer(provider.get_tracer(_SERVICE)))

    def end() -> None:
        stop()
        provider.shutdown()

    return end


def _endpoint(url: str) -> str:
    """Return where spans are sent.

    Raises:
        InvalidInput: The URL is none. It is not quoted, because it may hold a password.
    """
    try:
        parts = urlsplit(url)
        # A port that is no number is noticed only here.
        usable = parts.scheme in ("http", "https") and bool(_HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.path.startswith("//") or any(sign.isspace() for sign in url):
        raise InvalidInput("PERSONA_OTLP_URL is no URL of a collector. Set one like http://127.0.0.1:4318, or unset it.")
    return url if parts.path.strip("/") else parts._replace(path=_PATH).geturl()


def _exporting(endpoint: str) -> SpanProcessor:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=_TIMEOUT_S))
