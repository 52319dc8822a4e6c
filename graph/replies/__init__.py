"""Guards a reply while it streams: slips are cut or asked for once more before they are shown."""

__all__ = ["slip_context", "slips", "speaking"]
