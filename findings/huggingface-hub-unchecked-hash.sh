#!/usr/bin/env bash
# Surprise: hf_hub_download does not hash what it downloads. The hub states the sha256 of a large file as its ETag, and the client uses it to name
# the file in its cache and to recognise it later; a file of the right size with other bytes is taken, and is called up to date from then on.
# Seen with huggingface_hub 2.4.0 against a hub on loopback that states the hash of one file and sends another of the same length.
# What follows: hash a downloaded model yourself before anything loads it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet huggingface_hub==2.4.0
HF_HOME="$folder/home" FOLDER="$folder/model" "$folder/venv/bin/python" - <<'PYTHON'
import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STATED, SENT = b"the weights" * 1_000, b"other bytes" * 1_000
COMMIT = "c0ffee" * 6 + "c0ff"


class Hub(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(STATED)))
        self.send_header("ETag", f'"{hashlib.sha256(STATED).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()

    def do_GET(self):
        self.do_HEAD()
        self.wfile.write(SENT)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ |= {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}", "HF_HUB_DISABLE_TELEMETRY": "1"}
from huggingface_hub import hf_hub_download  # noqa: E402  reads the endpoint when it is imported

for kept in ({"local_dir": os.environ["FOLDER"]}, {}):
    for call in ("first", "second"):
        path = Path(hf_hub_download("us/tiny", "tiny.gguf", **kept))
        print(call, "call,", "into a folder:" if kept else "into the cache:", path.read_bytes()[:11], "was taken for", STATED[:11])
        assert path.read_bytes() == SENT
PYTHON
