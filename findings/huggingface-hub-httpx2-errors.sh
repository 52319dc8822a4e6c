#!/usr/bin/env bash
# Surprise: huggingface_hub 2 speaks httpx2, another package than httpx, with the same names of classes. What it raises when a hub is down is
# httpx2.ConnectError: `except httpx.HTTPError`, right for huggingface_hub 1 (which requires httpx), catches nothing.
# Seen with huggingface_hub 2.4.0 and httpx 0.28.1, both installed, and a port of loopback on which nothing listens.
# What follows: catch by the base Exception and name the type, or import httpx2 and pin huggingface_hub to >=2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet huggingface_hub==2.4.0 httpx==0.28.1
HF_HOME="$folder/home" HF_HUB_DISABLE_TELEMETRY=1 "$folder/venv/bin/python" - <<'PYTHON'
import socket

import httpx
from huggingface_hub import HfApi, get_session

with socket.create_server(("127.0.0.1", 0)) as closed:
    port = closed.getsockname()[1]
try:
    HfApi(endpoint=f"http://127.0.0.1:{port}").model_info("us/tiny", timeout=5)
except httpx.HTTPError:
    raise SystemExit("httpx's error after all")
except Exception as error:
    print("raised:", f"{type(error).__module__}.{type(error).__name__}", "is an httpx.HTTPError:", isinstance(error, httpx.HTTPError))
    assert type(error).__module__ == "httpx2"
print("its session:", type(get_session()).__module__, "is an httpx.Client:", isinstance(get_session(), httpx.Client))
PYTHON
