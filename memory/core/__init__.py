"""Values, time and text rules that every other room uses; no I/O."""
