#!/usr/bin/env bash
# Surprise: langgraph's server tells a client the message of a ValueError, TypeError, KeyError, AttributeError or RuntimeError, and "An
# internal error occurred" for every other class. An exception class of one's own, derived from Exception, never says a word to a user.
# Seen with langgraph-api 0.16.7. What follows: derive from RuntimeError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet langgraph-api==0.16.7 langgraph-runtime-inmem==0.36.7
cd "$folder"
export LANGGRAPH_RUNTIME_EDITION=inmem DATABASE_URI=:memory: REDIS_URI=fake MIGRATIONS_PATH=__inmem
"$folder/venv/bin/python" - <<'PYTHON'
from langgraph_api.serde import json_dumpb

class Plain(Exception): ...
class Runtime(RuntimeError): ...

for error in (Plain("No model server answers."), Runtime("No model server answers.")):
    print(json_dumpb(error).decode())
assert b"internal error" in json_dumpb(Plain("x")) and b'"x"' in json_dumpb(Runtime("x"))
PYTHON
