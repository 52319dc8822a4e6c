#!/usr/bin/env bash
# Surprise: `S3FileSystem.rm` ends without an error although the store refused to delete the objects. It deletes in bulk (DeleteObjects), also one object,
# and S3 answers such a call with 200 and says of each key whether it was refused (no permission, object lock). s3fs reads what was deleted and passes over the rest.
# Seen with s3fs 2026.9.0 (aiobotocore 3.10.0) against a server on this machine that answers as S3 does to a caller without s3:DeleteObject.
# What follows: who promises that something is gone has to list the names again after a deletion.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet s3fs==2026.9.0 aiobotocore==3.10.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import s3fs

SPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
CONTENTS = "<Contents><Key>report</Key><Size>4</Size><ETag>x</ETag><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
LIST = f"<ListBucketResult {SPACE}><Name>kept</Name><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>{CONTENTS}</ListBucketResult>"
REFUSED = f"<DeleteResult {SPACE}><Error><Key>report</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error></DeleteResult>"
calls = []


class Store(BaseHTTPRequestHandler):
    def answer(self, body: str = "") -> None:
        calls.append(f"{self.command} {self.path.partition('?')[2].split('=')[0]}".strip())
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        length = "4" if self.command == "HEAD" else str(len(body))
        for name, value in (("Content-Length", length), ("ETag", "x"), ("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer(LIST)

    def do_POST(self) -> None:
        self.answer(REFUSED)

    def log_message(self, *_: object) -> None:
        pass


server = HTTPServer(("127.0.0.1", 0), Store)
threading.Thread(target=server.serve_forever, daemon=True).start()
store = s3fs.S3FileSystem(
    key="none", secret="none", endpoint_url=f"http://127.0.0.1:{server.server_port}", client_kwargs={"region_name": "us-east-1"},
    use_listings_cache=False, skip_instance_cache=True,
)
raised = None
try:
    store.rm("kept/report")
except Exception as error:
    raised = error
left = store.exists("kept/report")
print(f"calls {calls}; raised {raised}; still there: {left}")
assert "POST delete" in calls, "it does not delete in bulk any more"
assert raised is None, "it reports the refusal now"
assert left
PYTHON
