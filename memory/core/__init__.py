"""Types, time and text rules that every other room uses; no I/O."""

__all__ = [
    "brought_up",
    "clock",
    "errors",
    "extras",
    "loopback",
    "named_days",
    "native_memory",
    "passages",
    "priority",
    "query",
    "records",
    "retry",
    "sentences",
    "speakers",
    "temporal",
    "time_ranges",
    "time_window",
    "tokenize",
    "usage",
    "validation",
]
