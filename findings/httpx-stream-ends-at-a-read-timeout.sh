#!/usr/bin/env bash
# Surprise: with httpx a short read timeout cannot be used to look up now and then while a stream is silent: after ReadTimeout the connection is
# closed and the rest of the answer is lost; the next read raises StreamConsumed, though nothing was read and the server goes on writing.
# Seen with httpx 0.28.1.
# What follows: anyone who must be able to give up a silent server needs a thread beside the call, or a client that can go on (urllib3 over a raw socket).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet httpx==0.28.1
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import threading

import httpx

silent = threading.Event()


def serve(listener):
    connection, _ = listener.accept()
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    # It says nothing until the client has timed out once, and then everything.
    silent.wait()
    try:
        connection.sendall(b"5\r\nhello\r\n0\r\n\r\n")
    except OSError:
        print("the connection is closed")


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
seen = []
with (
    httpx.Client(timeout=httpx.Timeout(5, read=0.2), trust_env=False) as client,
    client.stream("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/") as response,
):
    for _ in range(2):
        try:
            seen += list(response.iter_bytes())
        except (httpx.ReadTimeout, httpx.StreamConsumed) as error:
            seen.append(type(error).__name__)
            silent.set()
print(seen)
assert seen == ["ReadTimeout", "StreamConsumed"]
PYTHON
