#!/usr/bin/env bash
# Surprise: making an `MCPServer` gives the root logger a handler on stderr (rich's, where rich is installed) and the level INFO, unless it has one:
# every library of the process logs at INFO from then on, httpx each request, and the SDK itself each refused call with the sentence of its error.
# The argument `log_level` changes the level alone. A program that only mounts MCP in a larger server does not expect it.
# Seen with mcp 2.3.0.
# What follows: give the root logger a handler (a NullHandler is enough) while the object is made, and take it away again.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mcp==2.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import logging

from mcp.server.mcpserver import MCPServer

root = logging.getLogger()
assert not root.handlers
assert root.level == logging.WARNING
placeholder = logging.NullHandler()
root.addHandler(placeholder)
MCPServer("with a handler")
root.removeHandler(placeholder)
print("beside another handler:", root.handlers, logging.getLevelName(root.level))
assert not root.handlers
assert root.level == logging.WARNING
MCPServer("alone")
print("alone:", root.handlers, logging.getLevelName(root.level))
assert len(root.handlers) == 1
assert root.level == logging.INFO
PYTHON
