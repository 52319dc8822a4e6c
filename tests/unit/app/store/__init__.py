"""Tests of LangGraph's store over a memory."""
