"""Forgets: finds the cascade of one thing, hides it, brings it back, purges it and verifies that it is gone."""
