#!/usr/bin/env bash
# Surprise: the official client repeats a request that was answered with 409, twice by default, as it does after 429 and 5xx. A server that
# means "a newer message took the place of this one" by 409 gets the old message again, which then replaces the newer one. A whole
# conversation of two such requests at one place went on until one client had used up its tries. The client does not repeat a 410.
# Seen with openai 3.57.0.
# What follows: answer a state that a repetition cannot change with a status that is not repeated (410 or 422).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openai==3.57.0
"$folder/venv/bin/python" - <<'PYTHON'
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from openai import APIStatusError, OpenAI

asked = []


class Refusing(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        asked.append(self.path)
        status = int(self.path.split("/")[1])
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *given):
        pass


server = HTTPServer(("127.0.0.1", 0), Refusing)
threading.Thread(target=server.serve_forever, daemon=True).start()
seen = {}
for status in (400, 409, 410, 422):
    asked.clear()
    client = OpenAI(base_url=f"http://127.0.0.1:{server.server_port}/{status}", api_key="none")
    try:
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hello"}])
    except APIStatusError as error:
        assert error.status_code == status
    seen[status] = len(asked)
print(seen)
assert seen == {400: 1, 409: 3, 410: 1, 422: 1}
PYTHON
