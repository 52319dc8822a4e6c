#!/usr/bin/env bash
# Surprise: Ctrl-C does not end `MCPServer.run("stdio")` as long as standard input is open: the loop is cancelled, and then waits for the thread that
# reads the next line. Code after `run`, which closes a database for example, is not reached. SIGTERM ends the process, as it does without a handler.
# Seen with mcp 2.3.0, anyio 4.16.0.
# What follows: run it in a daemon thread, wait for that thread in short steps, and leave with `os._exit` after the clean-up.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mcp==2.3.0 anyio==4.16.0
cat > "$folder/server.py" <<'PYTHON'
import sys

from mcp.server.mcpserver import MCPServer

server = MCPServer("waits", log_level="ERROR")
print("begun", file=sys.stderr, flush=True)
try:
    server.run("stdio")
except KeyboardInterrupt:
    print("interrupted", file=sys.stderr, flush=True)
PYTHON
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import signal
import subprocess
import sys
import time

folder = sys.argv[1]
process = subprocess.Popen(
    [f"{folder}/venv/bin/python", f"{folder}/server.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
)
assert process.stderr.readline() == "begun\n"
time.sleep(2)
process.send_signal(signal.SIGINT)
time.sleep(5)
still_there = process.poll() is None
print("5 s after Ctrl-C it runs:", still_there)
process.stdin.close()
process.wait(10)
print("and with its input closed:", process.returncode, process.stderr.read().strip())
assert still_there
PYTHON
