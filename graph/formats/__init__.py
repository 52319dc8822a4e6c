"""Wire formats of model output: grammars, parsers that never raise, and writers."""
