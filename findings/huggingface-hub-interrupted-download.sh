#!/usr/bin/env bash
# Surprise: hf_hub_download keeps nothing of a download that was interrupted. A line that is reset in the middle is not tried again within the
# call, what had arrived is deleted, and the next call asks for the whole file: it sends no Range header, though resuming was its default for years.
# Seen with huggingface_hub 2.4.0 against a hub on loopback whose line is reset after half of a file of ten megabytes.
# What follows: for files of gigabytes keep a part of your own, ask for the rest by Range, and check the hash yourself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet huggingface_hub==2.4.0
HF_HOME="$folder/home" FOLDER="$folder/model" "$folder/venv/bin/python" - <<'PYTHON'
import hashlib
import os
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DATA = os.urandom(10_000_000)
COMMIT = "c0ffee" * 6 + "c0ff"
asked, resets = [], [5_000_000]


class Hub(BaseHTTPRequestHandler):
    def head(self):
        wanted = self.headers["Range"]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(DATA) - start))
        self.send_header("ETag", f'"{hashlib.sha256(DATA).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        return wanted, start

    do_HEAD = head

    def do_GET(self):
        wanted, start = self.head()
        asked.append(wanted)
        end = resets.pop() if resets else len(DATA)
        self.wfile.write(DATA[start:end])
        if end < len(DATA):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
server.handle_error = lambda *args: None
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ |= {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}", "HF_HUB_DISABLE_TELEMETRY": "1"}
from huggingface_hub import hf_hub_download  # noqa: E402  reads the endpoint when it is imported


def download():
    return hf_hub_download("us/tiny", "tiny.gguf", local_dir=os.environ["FOLDER"])


try:
    download()
    raise SystemExit("it went on by itself")
except Exception as error:
    print("the first call:", type(error).__name__)
left = [path.name for path in Path(os.environ["FOLDER"]).rglob("*") if path.is_file() and path.stat().st_size > 1_000]
print("left of the five megabytes that had arrived:", left)
print("the second call:", Path(download()).stat().st_size, "bytes, by requests with the Range headers", asked)
assert left == [] and asked == [None, None]
PYTHON
