"""The Kubernetes manifests are valid by Kubernetes' own types, build into one set, and fit the program. No cluster, no network."""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from app.settings import Settings
from tests.unit.repository.test_compose import SERVICES, flags_of_vllm, options_of

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
FOLDERS = ("base", "stores", "overlays/example")
OUR_PORTS = {"api": {8600}, "page": {8501, 8601}, "worker": {8601}, "migrate": set()}
MODELS = {
    "ConfigMap": "V1ConfigMap", "Deployment": "V1Deployment", "Job": "V1Job", "NetworkPolicy": "V1NetworkPolicy",
    "PersistentVolumeClaim": "V1PersistentVolumeClaim", "PodDisruptionBudget": "V1PodDisruptionBudget", "Secret": "V1Secret",
    "Service": "V1Service", "StatefulSet": "V1StatefulSet",
}  # fmt: skip
GROUPS = {
    "Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1", "NetworkPolicy": "networking.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
}  # fmt: skip


@cache
def models() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from kubernetes import client
    return client


def problems(manifest: dict[str, Any]) -> list[str]:
    """What Kubernetes would refuse: wrong types, missing fields, and fields that are unknown."""
    kind = MODELS[manifest["kind"]]
    try:
        getattr(models(), kind).model_validate(manifest)
    except ValidationError as error:
        return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    return []


def documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def manifests() -> list[Path]:
    return [path for path in sorted(DEPLOY.rglob("*.yaml")) if path.name != "kustomization.yaml"]


def listed() -> set[Path]:
    """The files that the kustomizations name."""
    found = set()
    for folder in FOLDERS:
        spec = documents(DEPLOY / folder / "kustomization.yaml")[0]
        names = [*spec.get("resources", []), *(patch["path"] for patch in spec.get("patches", []))]
        found |= {(DEPLOY / folder / name).resolve() for name in names}
    return found


def of_base(kind: str) -> dict[str, dict[str, Any]]:
    return {
        one["metadata"]["name"]: one
        for path in manifests()
        for one in documents(path)
        if one["kind"] == kind and "overlays" not in path.parts
    }


def pods() -> dict[str, dict[str, Any]]:
    return {
        name: one["spec"]["template"]["spec"]
        for kind in ("StatefulSet", "Deployment", "Job")
        for name, one in of_base(kind).items()
    }


OURS = ("persona-api", "persona-page", "persona-worker", "persona-migrate")


@pytest.mark.parametrize("path", manifests(), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_a_manifest_is_valid_by_kubernetes_types(path):
    for one in documents(path):
        assert one["apiVersion"] == GROUPS.get(one["kind"], "v1")
        if "overlays" in path.parts and one["kind"] == "StatefulSet":
            # A patch leaves out what it does not change.
            one["spec"]["selector"] = {}
        assert problems(one) == []


def test_a_mistake_would_be_found():
    service = next(one for one in documents(DEPLOY / "base" / "page.yaml") if one["kind"] == "Service")
    service["spec"]["clusterIp"] = "None"
    assert problems(service) == ["spec.clusterIp: Extra inputs are not permitted"]
    del service["spec"]["clusterIp"]
    service["spec"]["ports"][0]["port"] = "8501"
    assert problems(service) == ["spec.ports.0.port: Input should be a valid integer"]
    stateful = documents(DEPLOY / "base" / "worker.yaml")[0]
    del stateful["spec"]["selector"]
    assert problems(stateful) == ["spec.selector: Field required"]


def test_every_file_belongs_to_a_kustomization_and_the_secret_is_an_example_without_one():
    example = DEPLOY / "base" / "secret.example.yaml"
    assert {path for path in listed() if path.is_file()} == {path.resolve() for path in manifests()} - {example.resolve()}
    assert all(path.exists() for path in listed())
    assert set(documents(example)[0]["stringData"].values()) == {""}
    assert not any(one["kind"] == "Secret" for path in manifests() if path != example for one in documents(path))


def test_patches_of_the_overlay_change_what_is_there():
    there = {
        (one["kind"], one["metadata"]["name"])
        for path in manifests()
        if "overlays" not in path.parts
        for one in documents(path)
    }
    spec = documents(DEPLOY / "overlays/example/kustomization.yaml")[0]
    for patch in spec["patches"]:
        for one in documents(DEPLOY / "overlays/example" / patch["path"]):
            assert (one["kind"], one["metadata"]["name"]) in there
    assert {one["name"] for one in spec["replicas"]} <= {name for _, name in there}
    assert {one["name"] for one in spec["images"]} == {"personavlm-langgraph"}


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl builds it where it is installed")
@pytest.mark.parametrize("folder", FOLDERS)
def test_kustomize_builds_each_folder_into_valid_objects(folder):
    built = subprocess.run(["kubectl", "kustomize", str(DEPLOY / folder)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    found = list(yaml.safe_load_all(built.stdout))
    assert [said for one in found for said in problems(one)] == []
    if folder.startswith("overlays"):
        assert {one["metadata"]["namespace"] for one in found} == {"persona"}
        by_name = {(one["kind"], one["metadata"]["name"]): one for one in found}
        assert by_name["StatefulSet", "persona-api"]["spec"]["replicas"] == 3
        assert by_name["ConfigMap", "persona"]["data"]["AWS_ENDPOINT_URL"] == "http://minio:9000"
        assert (
            by_name["StatefulSet", "persona-worker"]["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"][
                "cpu"
            ]
            == "2"
        )
        assert "image: personavlm-langgraph\n" not in built.stdout


def test_programs_are_ours_with_settings_that_are_there():
    known = {f"PERSONA_{name.upper()}" for name in Settings.model_fields} | {"PERSONA_CACHE_DIR", "HOME"}
    given = set(of_base("ConfigMap")["persona"]["data"]) | set(of_base("Secret")["persona"]["stringData"])
    assert {name for name in given if not name.startswith("AWS_")} <= known
    for name in OURS:
        [program] = pods()[name]["containers"]
        words = program.get("args") or program["command"]
        options = options_of(words[1])
        assert {word for word in words if word.startswith("--")} <= options, name
        assert {port["containerPort"] for port in program.get("ports", [])} == OUR_PORTS[name.removeprefix("persona-")]
        assert {next(iter(one.values()))["name"] for one in program["envFrom"]} == {"persona"}


def test_monitors_ask_what_the_program_answers_and_it_ends_in_time():
    for name in OURS[:3]:
        [program] = pods()[name]["containers"]
        ports = {port["name"] for port in program["ports"]}
        for probe, path in (("startupProbe", "/health"), ("livenessProbe", "/health"), ("readinessProbe", "/ready")):
            assert program[probe]["httpGet"]["path"] == path
            assert program[probe]["httpGet"]["port"] in ports
        assert pods()[name]["terminationGracePeriodSeconds"] > 10
        [waits] = pods()[name]["initContainers"]
        assert "persona migrate --check" in waits["command"][-1]


def test_nothing_of_ours_runs_as_root_or_writes_where_it_should_not():
    for name in OURS:
        pod = pods()[name]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            alone = container["securityContext"]
            assert (alone["readOnlyRootFilesystem"], alone["allowPrivilegeEscalation"]) == (True, False)
            assert alone["capabilities"] == {"drop": ["ALL"]}
            assert {"/data", "/tmp"} == {mount["mountPath"] for mount in container["volumeMounts"]}


def test_services_policies_and_budgets_select_pods_that_are_there():
    labels = [
        one["spec"]["template"]["metadata"]["labels"]
        for kind in ("StatefulSet", "Deployment", "Job")
        for one in of_base(kind).values()
    ]

    def selects(wanted):
        return any(wanted.items() <= one.items() for one in labels)

    for service in of_base("Service").values():
        assert selects(service["spec"]["selector"]), service["metadata"]["name"]
    for one in [*of_base("NetworkPolicy").values(), *of_base("PodDisruptionBudget").values()]:
        assert selects((one["spec"].get("podSelector") or one["spec"]["selector"])["matchLabels"]), one["metadata"]["name"]
    guarded = [one["spec"]["podSelector"]["matchLabels"] for one in of_base("NetworkPolicy").values()]
    jobs = of_base("Job")["bucket"]["spec"]["template"]["metadata"]["labels"]
    assert all(any(wanted.items() <= one.items() for wanted in guarded) for one in labels if one != jobs)
    for name, stateful in of_base("StatefulSet").items():
        assert stateful["spec"]["serviceName"] in of_base("Service"), name


def test_hosts_named_by_settings_are_services():
    named = {
        re.match(r"http://(\w+):(\d+)", value).groups()
        for value in of_base("ConfigMap")["persona"]["data"].values()
        if value.startswith("http")
    }
    assert named == {("chroma", "8000"), ("vllm", "8000")}
    for name, port in named:
        assert of_base("Service")[name]["spec"]["ports"][0]["port"] == int(port)


def test_images_are_those_of_the_compose_file():
    images = {container["image"] for pod in pods().values() for container in pod["containers"]}
    composed = {service["image"] for name, service in SERVICES.items() if name != "balancer"}
    assert images == composed
    given = dict(one.removeprefix("--").partition("=")[::2] for one in pods()["vllm"]["containers"][0]["args"])
    assert {f"--{name}": value or None for name, value in given.items()} == flags_of_vllm()
