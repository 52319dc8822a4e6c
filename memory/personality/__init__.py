"""PEM, its evidence and the personality timeline."""
