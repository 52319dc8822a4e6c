"""The compose file fits the program: its settings, its flags for vLLM, and what it lets out."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import yaml

from app.settings import Settings
from tests.unit.test_serving import serve

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


def filled(text: str) -> str:
    """What Compose makes of `${NAME:-default}` and `${NAME:?why}`."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", re.sub(r"\$\{\w+:\?[^}]*\}", "secret", text))


def test_the_page_alone_is_published_and_on_this_machine_alone():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"app": ["127.0.0.1:8501:8501"]}
    assert not any("network_mode" in service or service.get("privileged") for service in SERVICES.values())


def test_its_settings_are_ours_and_name_services_that_are_there():
    for name in ("app", "worker"):
        environment = SERVICES[name]["environment"]
        known = {f"PERSONA_{field.upper()}" for field in Settings.model_fields} | {"PERSONA_CACHE_DIR"}
        assert set(environment) <= known
        hosts = set(re.findall(r"(?:@|//)(\w+):\d+", " ".join(map(filled, environment.values()))))
        assert hosts == {"postgres", "chroma", "vllm"} <= set(SERVICES)
        assert set(SERVICES[name]["depends_on"]) <= set(SERVICES)


def test_no_password_is_written_down_and_no_version_left_open():
    assert "POSTGRES_PASSWORD:?" in SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"]
    for name in ("vllm", "chroma", "postgres"):
        assert re.fullmatch(r"[\w/-]+:v?\d[\d.]*", SERVICES[name]["image"])
    assert SERVICES["chroma"]["environment"]["ANONYMIZED_TELEMETRY"] == "FALSE"
    assert SERVICES["vllm"]["environment"]["VLLM_NO_USAGE_STATS"] == "1"


def test_vllm_has_the_flags_of_persona_serve():
    ours = shlex.split(serve("qwen2.5-vl-7b", "--print").stdout)
    theirs = shlex.split(filled(SERVICES["vllm"]["command"]))
    own = {"--tensor-parallel-size", "--gpu-memory-utilization", "--host", "--served-model-name"}
    wanted = dict(pairwise(ours[ours.index("--model") :]))
    given = dict(pairwise(theirs))
    flags = {name for name in wanted if name.startswith("--")} - own
    assert {name: given.get(name) for name in flags} == {name: wanted[name] for name in flags}


def test_every_volume_is_declared_and_everything_copied_is_there():
    used = {one.split(":")[0] for service in SERVICES.values() for one in service.get("volumes", ())}
    assert used == set(COMPOSE["volumes"])
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY"):
            assert all((ROOT / name).exists() for name in line.split()[1:-1]), line
