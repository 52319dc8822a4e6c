#!/usr/bin/env bash
# Surprise: `MCPServer.streamable_http_app()` answers 421 "Invalid Host header" to every host but loopback's, though it is only an ASGI application:
# its argument `host` defaults to 127.0.0.1 and does not say where to listen, it switches the check of the header on. Mounted in a server
# that is reached by a name, every request fails. `TransportSecuritySettings()` alone refuses even loopback, for its lists are empty.
# Seen with mcp 2.3.0.
# What follows: pass `transport_security` with the names, or with `enable_dns_rebinding_protection=False` where the server checks Host and Origin itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mcp==2.3.0 httpx==0.28.1
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio

import httpx
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

BODY = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}},
}
HEADERS = {"Accept": "application/json, text/event-stream"}


async def status(host, **settings):
    server = MCPServer("one", log_level="CRITICAL")
    app = server.streamable_http_app(**settings)
    async with server.session_manager.run(), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{host}") as client:
        return (await client.post("/mcp", json=BODY, headers=HEADERS)).status_code


async def main():
    off = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    seen = [
        await status("127.0.0.1:8600"),
        await status("memory.example"),
        await status("127.0.0.1:8600", transport_security=TransportSecuritySettings()),
        await status("memory.example", transport_security=off),
    ]
    print(seen)
    assert seen == [200, 421, 421, 200]


asyncio.run(main())
PYTHON
