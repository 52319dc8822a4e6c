"""`persona …`: the command line.

Other packages add groups of commands by the entry point `personavlm.commands`, as `evals` and `training` do.
"""

import sys

try:
    from app.cli.commands import app, main
except KeyboardInterrupt:
    # Importing takes half a second, and `main` cannot answer Ctrl-C before it is there. 130 as in `app.opened`.
    sys.stderr.write("Stopped.\n")
    sys.exit(130)

__all__ = ["app", "main"]
