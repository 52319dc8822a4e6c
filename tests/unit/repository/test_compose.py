"""The compose file fits the program: its settings, its flags for vLLM, and what it lets out."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from itertools import pairwise, zip_longest
from pathlib import Path

import typer
import yaml

from app.cli import app
from app.settings import Settings
from tests.unit.app.models.test_serving import serve

ROOT = Path(__file__).parents[3]
FILE = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(FILE)
SERVICES = COMPOSE["services"]
OURS = ("api-1", "api-2", "page", "worker", "migrate")
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def filled(text: str) -> str:
    """What Compose makes of `${NAME:-default}` and `${NAME:?why}`."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", re.sub(r"\$\{\w+:\?[^}]*\}", "secret", text))


def options_of(command: str) -> set[str]:
    """The options of a command of ours."""
    return {option for parameter in typer.main.get_command(app).commands[command].params for option in parameter.opts}


def flags_of_vllm() -> dict[str, str | None]:
    """The flags of vLLM's service; None for those without a value."""
    words = shlex.split(filled(SERVICES["vllm"]["command"]))
    return {
        word: after if after and not after.startswith("--") else None
        for word, after in zip_longest(words, words[1:])
        if word.startswith("--")
    }


def test_the_page_and_the_balancer_alone_are_published_and_on_this_machine_alone():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"page": ["127.0.0.1:8501:8501"], "balancer": ["127.0.0.1:8600:8600"]}
    assert not any("network_mode" in service or service.get("privileged") for service in SERVICES.values())


def test_its_settings_are_ours_and_name_services_that_are_there():
    for name in OURS:
        environment = SERVICES[name]["environment"]
        known = {f"PERSONA_{field.upper()}" for field in Settings.model_fields} | {"PERSONA_CACHE_DIR"}
        assert {one for one in environment if not one.startswith("AWS_")} <= known
        hosts = set(re.findall(r"(?:@|//)(\w+):\d+", " ".join(map(filled, environment.values()))))
        assert hosts == {"postgres", "chroma", "vllm", "minio"} <= set(SERVICES)
        assert set(SERVICES[name]["depends_on"]) <= set(SERVICES)


def test_its_commands_are_ours():
    for name in OURS:
        service = SERVICES[name]
        words = [*service.get("entrypoint", []), *service["command"]]
        assert words[0] == "persona"
        options = options_of(words[1])
        assert {word for word in words if word.startswith("--")} <= options, name


def test_programs_start_once_the_schema_is_theirs_and_the_bucket_is_there():
    for name in ("api-1", "api-2", "page", "worker"):
        waits = SERVICES[name]["depends_on"]
        assert waits["migrate"] == waits["bucket"] == {"condition": "service_completed_successfully"}
        assert "/ready" in SERVICES[name]["healthcheck"]["test"][-1]
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > 10
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_no_two_hosts_share_a_folder():
    used = [volume for name in OURS for volume in SERVICES[name].get("volumes", ())]
    assert len(used) == len(set(used)) == 4


def test_the_balancer_knows_the_hosts_and_asks_whether_they_are_ready():
    http = yaml.safe_load((ROOT / "deploy" / "compose" / "hosts.yml").read_text())["http"]
    balancer = http["services"]["api"]["loadBalancer"]
    assert [one["url"] for one in balancer["servers"]] == [f"http://{name}:8600" for name in ("api-1", "api-2")]
    assert balancer["healthCheck"]["path"] == "/ready"
    assert "!Path(`/metrics`)" in http["routers"]["api"]["rule"]
    [file] = SERVICES["balancer"]["volumes"]
    assert (ROOT / file.split(":")[0]).is_file()
    assert f"--providers.file.filename={file.split(':')[1]}" in SERVICES["balancer"]["command"]


def test_no_password_is_written_down_and_no_version_left_open():
    assert "POSTGRES_PASSWORD:?" in SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"]
    for name in ("MINIO_PASSWORD", "PERSONA_OBJECTS_KEY", "POSTGRES_PASSWORD"):
        assert set(re.findall(rf"\$\{{{name}[^}}]{{0,2}}", FILE)) == {f"${{{name}:?"}
    for name in ("vllm", "chroma", "postgres", "minio", "bucket", "balancer"):
        assert re.fullmatch(r"[\w/-]+:(v?\d[\d.]*|RELEASE\.[\dTZ-]+)", SERVICES[name]["image"])
    assert SERVICES["chroma"]["environment"]["ANONYMIZED_TELEMETRY"] == "FALSE"
    assert SERVICES["vllm"]["environment"]["VLLM_NO_USAGE_STATS"] == "1"
    assert "--global.sendanonymoususage=false" in SERVICES["balancer"]["command"]


def test_vllm_has_the_flags_of_persona_serve():
    ours = shlex.split(serve("qwen2.5-vl-7b", "--print").stdout)
    own = {"--tensor-parallel-size", "--gpu-memory-utilization", "--host", "--served-model-name"}
    wanted = dict(pairwise(ours[ours.index("--model") :]))
    flags = {name for name in wanted if name.startswith("--")} - own
    given = flags_of_vllm()
    assert {name: given.get(name) or "" for name in flags} == {
        name: "" if wanted[name].startswith("--") else wanted[name] for name in flags
    }


def test_every_volume_is_declared_and_everything_copied_is_there():
    used = {one.split(":")[0] for service in SERVICES.values() for one in service.get("volumes", ()) if one[0] != "."}
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


def test_the_image_installs_the_core_and_what_several_hosts_need_and_nothing_of_torch():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    code = re.search(r'RUN python -c "([^"]+)" > needed.txt', DOCKERFILE).group(1)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    extras = [one for name in ("server", "hosts", "api", "telemetry") for one in project["optional-dependencies"][name]]
    assert done.stdout.split("\n")[:-1] == project["dependencies"] + extras
    assert "torch" not in done.stdout


def test_what_the_wheel_needs_is_copied_before_it_is_built():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = {
        name for line in DOCKERFILE.split("\nFROM ")[1].splitlines() if line.startswith("COPY") for name in line.split()[1:-1]
    }
    assert {*wheel["packages"], "README.md", "pyproject.toml"} <= copied
    assert all({name, name.split("/")[0]} & copied for name in wheel["force-include"])
