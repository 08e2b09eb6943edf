"""The checks of `make check` notice a spoiled file: each is spoiled in a copy."""

import shutil
from pathlib import Path

import pytest

from ops import check

COPIED = ("ops/kubernetes", "ops/prometheus", ".github")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in COPIED:
        shutil.copytree(check.ROOT / folder, tmp_path / folder)
    for file in ("Dockerfile", "docker-compose.yml"):
        shutil.copy(check.ROOT / file, tmp_path)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    return tmp_path


SPOILED: list[tuple[check.Check, str, str, str]] = [
    (check.dockerfile, "Dockerfile", "USER 10001:10001", "RUN sudo true"),
    (
        check.workflows,
        ".github/workflows/ci.yml",
        "checkout@3d3c42e5aac5ba805825da76410c181273ba90b1",
        "checkout@main",
    ),
    (check.jobs, ".github/workflows/ci.yml", "matrix.python }}", "matrix.pyton }}"),
    (check.schemas, ".github/workflows/ci.yml", "timeout-minutes: 20", "timeout-minuts: 20"),
    (check.schemas, "docker-compose.yml", 'restart: "no"', 'restrat: "no"'),
    (check.schemas, ".github/dependabot.yml", "interval: weekly", "interval: sometimes"),
    (check.manifests, "ops/kubernetes/base/pdb.yaml", "kind: PodDisruptionBudget", "kind: PodDisruption"),
    (check.manifests, "ops/kubernetes/base/service.yaml", "port: 80", "port: eighty"),
    (check.custom, "ops/kubernetes/components/keda/scaledobject.yaml", 'threshold: "4000"', "threshold: 4000"),
    (check.custom, "ops/kubernetes/components/keda/scaledobject.yaml", "maxReplicaCount", "maxReplicas"),
    (
        check.custom,
        "ops/kubernetes/components/prometheus-operator/servicemonitor.yaml",
        "endpoints:",
        "endpoint:",
    ),
    (check.custom, "ops/prometheus/alerts.yml", "    for: ", "    during: "),
    (check.overlays, "ops/kubernetes/base/kustomization.yaml", "pdb.yaml", "nothing.yaml"),
    (check.prometheus, "ops/prometheus/alerts.yml", "> 0.02", "> 0.5"),
]


@pytest.mark.parametrize("asked", dict.fromkeys(asked for asked, *_ in SPOILED))
def test_nothing_is_found_where_nothing_is_spoiled(copy: Path, asked: check.Check) -> None:
    assert not asked()


@pytest.mark.parametrize(("asked", "file", "good", "bad"), SPOILED)
def test_a_spoiled_file_is_noticed(copy: Path, asked: check.Check, file: str, good: str, bad: str) -> None:
    text = (copy / file).read_text()
    assert good in text
    (copy / file).write_text(text.replace(good, bad))
    assert asked()


def test_a_tool_that_is_not_there_is_an_error_and_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "TOOLS", check.ROOT / "nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    assert check.prometheus().startswith("promtool is not installed; `make check` installs")
