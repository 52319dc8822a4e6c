"""Three hosts as real processes, what they share, and the people who talk to them, for `tests/servers/test_three_hosts.py`."""
