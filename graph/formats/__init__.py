"""Wire formats of model output: grammars, parsers that never raise, and writers."""

__all__ = ["answer_stream", "direct_stream", "escaping", "lines", "memory_formats", "protocol", "thoughts"]
