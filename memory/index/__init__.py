"""Indexes what the journal holds: full text and vectors in one file per user, and Chroma behind it."""
