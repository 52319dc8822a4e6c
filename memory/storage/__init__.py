"""The SQL database: engine, tables, migrations, and the row functions that several stores share."""

__all__ = [
    "api_keys",
    "engine",
    "folder_lock",
    "host_schema",
    "leases",
    "memory_rows",
    "refusals",
    "rewrites",
    "schema",
    "session_rows",
    "tombstones",
    "turn_order",
    "turn_rows",
    "user_rows",
    "work_queue",
]
