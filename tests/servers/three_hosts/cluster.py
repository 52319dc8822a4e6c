"""Three hosts over one PostgreSQL, one Chroma, one object store and one model: a wire to each for the second, a wrong clock for the third."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.api_process import ROOT, environment
from tests.servers.three_hosts.hosts import Host, ahead, free_port
from tests.servers.three_hosts.network import Namespace, is_possible
from tests.servers.three_hosts.servers import Servers
from tests.servers.three_hosts.wires import Wire

AHEAD_S = 300


@dataclass
class Cluster:
    """What runs.

    Attributes:
        folder: Where the hosts' folders are, and all logs.
        servers: What the hosts share.
        hosts: The three hosts.
        calls: The log of the model server.
        key: A key of a front end with many users.
        wires: The second host's wires, by what they lead to.
        namespace: The second host's own network; None where none can be made.
        is_ahead: Whether the third host's clock is ahead.
    """

    folder: Path
    servers: Servers
    hosts: list[Host]
    calls: Path
    key: str
    wires: Mapping[str, Wire]
    namespace: Namespace | None
    is_ahead: bool

    def cut_off(self) -> None:
        """Cut the second host off from everything."""
        for wire in self.wires.values():
            wire.cut()
        if self.namespace is not None:
            self.namespace.cut()

    def reconnect(self) -> None:
        """Connect the second host to everything."""
        if self.namespace is not None:
            self.namespace.mend()
        for wire in self.wires.values():
            wire.mend()

    def logs(self) -> list[Path]:
        """Return the log of every process."""
        return [*(log for host in self.hosts for log in host.logs), self.folder / "model.log"]


@contextmanager
def running(folder: Path, servers: Servers) -> Iterator[Cluster]:
    """Start everything; all processes are ended at the end."""
    with ExitStack() as stack:
        calls = folder / "calls.jsonl"
        model = stack.enter_context(_model(folder, calls))
        namespace = stack.enter_context(Namespace()) if is_possible() else None
        outside = namespace.outside if namespace else "127.0.0.1"
        targets = {"journal": servers.database_url, "chroma": servers.chroma_url, "objects": servers.s3_url, "model": model}
        wires = {name: stack.enter_context(Wire(url, outside)) for name, url in targets.items()}
        wired = {name: wire.url for name, wire in wires.items()}
        clock = ahead(AHEAD_S)
        direct = _settings(servers, targets)
        hosts = [
            Host("one", folder / "one", direct, also=[["work", "--forever", "--health-port", str(free_port())]]),
            Host("two", folder / "two", _settings(servers, wired)),
            Host("three", folder / "three", direct | clock),
        ]
        if namespace is not None:
            hosts[1].address, hosts[1].prefix = namespace.inside, namespace.command
        for host in hosts:
            stack.callback(host.kill)
        made = json.loads(hosts[0].run("key", "create", "--user", "front", "--trust-user-headers", "--json"))
        for host in hosts:
            host.metrics_key = made["id"]
            host.start()
        for host in hosts:
            host.wait()
        yield Cluster(folder, servers, hosts, calls, made["key"], wires, namespace, bool(clock))


def _settings(servers: Servers, urls: Mapping[str, str]) -> dict[str, str]:
    return servers.credentials | {
        "PERSONA_DATABASE_URL": urls["journal"],
        "PERSONA_CHROMA_URL": urls["chroma"],
        "PERSONA_PHOTOS_URL": servers.bucket,
        "AWS_ENDPOINT_URL_S3": urls["objects"],
        "PERSONA_LLM_BASE_URL": urls["model"],
    }


@contextmanager
def _model(folder: Path, calls: Path) -> Iterator[str]:
    with (folder / "model.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.three_hosts.model", str(calls)],
            cwd=ROOT, env=environment(folder / "model"), stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
