#!/usr/bin/env bash
# Surprise: langgraph's in-memory runtime makes the folder .langgraph_api in the current directory, whatever folder --config names: importing
# its store is enough. The name stands in its sources in three modules, and no setting names another folder.
# Seen with langgraph-api 0.16.7, langgraph-runtime-inmem 0.36.7, langgraph-cli 0.4.40.
# What follows: start `langgraph dev` in a folder of its own, with --config pointing back (graphs as modules, "app.studio:persona").
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet langgraph-api==0.16.7 langgraph-runtime-inmem==0.36.7
mkdir "$folder/elsewhere"
cd "$folder/elsewhere"
export LANGGRAPH_RUNTIME_EDITION=inmem DATABASE_URI=:memory: REDIS_URI=fake MIGRATIONS_PATH=__inmem
"$folder/venv/bin/python" -c 'import langgraph_runtime_inmem.store'
ls -A
test -d .langgraph_api
