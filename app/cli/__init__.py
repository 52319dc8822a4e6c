"""`persona …`: the command line.

Other packages add groups of commands by the entry point `personavlm.commands`, as `evals` and `training` do.
"""

from app.cli.commands import app, main

__all__ = ["app", "main"]
