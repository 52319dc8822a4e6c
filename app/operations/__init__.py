"""Running it as a service: metrics, logs, traces, readiness, an end in good time. None of it has a word or name of a person."""

__all__ = ["logs", "metrics", "model_calls", "readiness", "replies", "request_ids", "start", "stopping", "tracing"]
