"""The compose file fits the program: its settings, its flags for vLLM, and what it lets out."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import yaml

from app.settings import Settings
from tests.unit.app.models.test_serving import serve

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


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
    for line in DOCKERFILE.splitlines():
        if line.startswith("COPY") and "--from=" not in line:
            assert all((ROOT / name).exists() for name in line.split()[1:-1]), line


def test_the_image_is_made_in_two_stages_and_runs_as_nobody_special():
    stages = DOCKERFILE.split("\nFROM ")[1:]
    assert len(stages) == 2
    assert "USER persona" in stages[1]
    assert stages[1].index("USER persona") < stages[1].index("ENTRYPOINT")
    assert "COPY --from=built /opt/persona /opt/persona" in stages[1]


def test_the_image_installs_the_core_and_the_driver_of_the_database_and_nothing_of_torch():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    code = re.search(r'RUN python -c "([^"]+)" > needed.txt', DOCKERFILE).group(1)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == project["dependencies"] + project["optional-dependencies"]["server"]
    assert "torch" not in done.stdout


def test_what_the_wheel_needs_is_copied_before_it_is_built():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = {
        name for line in DOCKERFILE.split("\nFROM ")[1].splitlines() if line.startswith("COPY") for name in line.split()[1:-1]
    }
    assert {*wheel["packages"], "README.md", "pyproject.toml"} <= copied
    assert all({name, name.split("/")[0]} & copied for name in wheel["force-include"])
