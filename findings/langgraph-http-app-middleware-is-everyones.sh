#!/usr/bin/env bash
# Surprise: the application of `http.app` in langgraph.json is not mounted beside langgraph's own: it becomes the server. Its middleware
# and its error handlers then hold for langgraph's routes too, so a check of Host or Origin in it refuses Studio.
# Seen with langgraph-api 0.16.7. What follows: give it an application without middleware, whose routes call the real one.
set -euo pipefail
folder=$(mktemp -d)
server=
trap 'test -n "$server" && kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'langgraph-cli[inmem]==0.4.40' langgraph-api==0.16.7 starlette
cd "$folder"
cat > mine.py <<'PYTHON'
from langgraph.graph import MessagesState, StateGraph
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

class Refuse:
    def __init__(self, app): self.app = app
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] != "/ok":
            await PlainTextResponse("mine says no", 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

app = Starlette(middleware=[Middleware(Refuse)])
graph = StateGraph(MessagesState).add_node("n", lambda state: {}).set_entry_point("n").compile()
PYTHON
echo '{"dependencies": ["."], "graphs": {"g": "./mine.py:graph"}, "http": {"app": "./mine.py:app"}}' > langgraph.json
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
LANGSMITH_TRACING=false LANGGRAPH_CLI_NO_ANALYTICS=1 PATH="$folder/venv/bin:$PATH" "$folder/venv/bin/langgraph" dev --no-browser --no-reload --port "$port" > log 2>&1 &
server=$!
for _ in $(seq 120); do curl -sf "http://127.0.0.1:$port/ok" > /dev/null && break; sleep 1; done
answer=$(curl -s -X POST -H 'Content-Type: application/json' -d '{}' "http://127.0.0.1:$port/threads")
echo "POST /threads: $answer"
test "$answer" = "mine says no"
