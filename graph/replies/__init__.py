"""Guards a reply while it streams: slips are removed, or the reply is requested once more, before they are shown."""

__all__ = ["slip_context", "slips", "speaking"]
