#!/usr/bin/env bash
# Surprise: a resource whose address has no parameter (`me://profile`) cannot learn who asks: a `Context` in its function is refused at registration,
# while a resource with a parameter, a tool and a prompt may have one. So "my profile" looks as if it needed a parameter.
# Seen with mcp 2.3.0.
# What follows: let all three read the caller from `get_access_token()`, and set it (`auth_context_var`) for each request, where keys are one's own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mcp==2.3.0
"$folder/venv/bin/python" - <<'PYTHON'
from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("one", log_level="CRITICAL")


@server.resource("me://memory/{id}")
def memory(id: str, ctx: Context) -> str:
    return id


try:

    @server.resource("me://profile")
    def profile(ctx: Context) -> str:
        return "profile"

except ValueError as error:
    print(error)
else:
    raise SystemExit("it takes a context now")
PYTHON
