"""The manifests keep to the Pod Security profile `restricted`, and to what the drain and the autoscaler count on."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import yaml
from quart.typing import TestClientProtocol as Client

from tests.ops.test_monitoring import names_of
from tests.product import ROOT
from webapp import serving
from webapp.imports import fetch
from webapp.settings import Settings, variable

FOLDER = ROOT / "ops" / "kubernetes"
KINDS = {"Deployment", "StatefulSet", "Job", "CronJob", "DaemonSet"}
Spec = dict[str, Any]


def manifests() -> Iterator[Spec]:
    for file in sorted(FOLDER.rglob("*.yaml")):
        yield from (one for one in yaml.safe_load_all(file.read_text()) if one and "kind" in one)


def one(kind: str, name: str = "turnout") -> Spec:
    return next(found for found in manifests() if found["kind"] == kind and found["metadata"]["name"] == name)


def workloads() -> list[Spec]:
    return [found for found in manifests() if found["kind"] in KINDS]


def breaches(pod: Spec) -> list[str]:
    """What of the profile `restricted` a pod does not keep to (kubernetes.io, Pod Security Standards)."""
    found = [f"pod: {name}" for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name)]
    allowed = {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
    found += [f"volume: {v['name']}" for v in pod.get("volumes", []) if not (set(v) - {"name"}) <= allowed]
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        given = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
        capabilities = given.get("capabilities", {})
        kept = {
            "runAsNonRoot": given.get("runAsNonRoot") is True and given.get("runAsUser") != 0,
            "allowPrivilegeEscalation": given.get("allowPrivilegeEscalation") is False,
            "privileged": not given.get("privileged"),
            "capabilities": capabilities.get("drop") == ["ALL"]
            and set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
            "seccomp": given.get("seccompProfile", {}).get("type") in {"RuntimeDefault", "Localhost"},
            "hostPort": not any("hostPort" in port for port in container.get("ports", [])),
        }
        found += [f"{container['name']}: {name}" for name, is_kept in kept.items() if not is_kept]
    return found


@pytest.mark.parametrize("workload", workloads(), ids=lambda workload: workload["metadata"]["name"])
def test_every_pod_is_restricted_and_more(workload: Spec) -> None:
    pod = workload["spec"]["template"]["spec"]
    assert not breaches(pod)
    assert pod["automountServiceAccountToken"] is False
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["resources"]["limits"]["memory"]
    for container in pod["containers"]:
        assert container["readinessProbe"] != container["livenessProbe"]


@pytest.mark.parametrize("spoiled", [{"privileged": True}, {"runAsNonRoot": False}, {"capabilities": {"drop": []}}])
def test_a_pod_that_is_not_restricted_is_noticed(spoiled: Spec) -> None:
    pod = workloads()[0]["spec"]["template"]["spec"]
    pod["containers"][0]["securityContext"] |= spoiled
    assert breaches(pod)


def test_a_pod_has_time_to_send_its_viewers_elsewhere() -> None:
    pod = one("Deployment")["spec"]["template"]["spec"]
    leaving = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > leaving + serving.STOP_SECONDS


def test_a_pod_migrates_before_it_serves_with_the_same_settings_and_image() -> None:
    pod = one("Deployment")["spec"]["template"]["spec"]
    (migrate,), (web,) = pod["initContainers"], pod["containers"]
    assert migrate["args"] == ["migrate"]
    assert all(migrate[name] == web[name] for name in ("image", "envFrom"))


def test_a_rollout_that_migrates_is_not_given_up_after_some_minutes() -> None:
    steps = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())["jobs"]["deploy"]["steps"]
    (waiting,) = [step["run"] for step in steps if step.get("name", "").startswith("Wait until")]
    (minutes,) = re.findall(r"rollout status deployment/turnout --timeout=(\d+)m", waiting)
    assert 1800 <= one("Deployment")["spec"]["progressDeadlineSeconds"] < 60 * int(minutes)
    (rollout,) = [step["run"] for step in steps if step.get("name") == "Roll out"]
    assert {f'"{name}=$IMAGE"' for name in ("web", "migrate")} <= set(rollout.split())


def test_the_settings_named_are_settings_that_exist() -> None:
    known = {variable(name) for name in Settings.model_fields}
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["web"]["environment"]
    named = {name.removesuffix("_FILE") for name in compose}
    for file in FOLDER.rglob("kustomization.yaml"):
        for made in yaml.safe_load(file.read_text()).get("configMapGenerator", []):
            named |= {literal.partition("=")[0] for literal in made["literals"]}
    for example in FOLDER.rglob("secrets.env.example"):
        named |= {line.partition("=")[0] for line in example.read_text().splitlines()}
    assert named <= known


def egress(port: int) -> Iterator[Spec]:
    """The rules by which a worker reaches a port."""
    policy = one("NetworkPolicy", "web")["spec"]["egress"]
    return (rule for rule in policy if port in {given["port"] for given in rule["ports"]})


def may_reach(address: str, port: int) -> bool:
    """Whether a worker reaches an address, by the rules that name no pods."""
    wanted = ip_address(address)
    blocks = [to["ipBlock"] for rule in egress(port) for to in rule.get("to", [])]
    within = [block for block in blocks if wanted in ip_network(block["cidr"])]
    return any(not any(wanted in ip_network(no) for no in block["except"]) for block in within)


@pytest.mark.parametrize("port", sorted(fetch.PORTS))
def test_webhooks_and_imports_go_out_and_not_in(port: int) -> None:
    assert may_reach("93.184.215.14", port)
    assert may_reach("2606:2800:21f::1", port)
    for inside in ("10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "::ffff:10.0.0.1", "fd00::1"):
        assert not may_reach(inside, port)
        assert not fetch.is_public(inside)


@pytest.mark.parametrize("port", [27017, 6379, 465, 587, 4318])
def test_servers_and_collectors_may_be_anywhere(port: int) -> None:
    assert any("to" not in rule for rule in egress(port))


def test_the_adapter_asks_for_a_figure_by_the_name_that_the_autoscaler_wants() -> None:
    (rule,) = yaml.safe_load((FOLDER / "production" / "prometheus-adapter.yaml").read_text())["rules"]["custom"]
    asked = one("HorizontalPodAutoscaler")["spec"]["metrics"]
    (wanted,) = [metric["pods"]["metric"]["name"] for metric in asked if "pods" in metric]
    assert rule["name"]["as"] == wanted
    assert rule["seriesQuery"].startswith(f"{wanted}{{")


async def test_the_autoscalers_ask_for_a_figure_that_is_exported(client: Client) -> None:
    exported = names_of(await (await client.get("/metrics")).get_data(as_text=True))
    of_hpa = [
        metric["pods"]["metric"]["name"]
        for metric in one("HorizontalPodAutoscaler")["spec"]["metrics"]
        if "pods" in metric
    ]
    query = one("ScaledObject")["spec"]["triggers"][0]["metadata"]["query"]
    assert of_hpa == ["turnout_live_connections"]
    assert query == 'sum(turnout_live_connections{job="turnout"})'
    assert "turnout_live_connections" in exported


@pytest.mark.parametrize("kind", ["HorizontalPodAutoscaler", "ScaledObject"])
def test_a_wave_of_reconnects_does_not_flap(kind: str) -> None:
    spec = one(kind)["spec"]
    behaviour = (
        spec["behavior"] if "behavior" in spec else spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    )
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] >= 300
    assert behaviour["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 120}]
