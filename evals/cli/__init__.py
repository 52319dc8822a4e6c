"""`persona eval …` and `persona bench …`."""
