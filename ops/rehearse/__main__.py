"""Rehearses and prints what was seen; ends with 1 where something was not as it should be."""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ops.rehearse import image, restart, scrape
from ops.rehearse.stage import Stage

PARTS = ["image", "restart", "scrape"]
PACKAGES = {"nginx": "nginx-light", "prometheus": "prometheus", "promtool": "prometheus"}


def main() -> int:
    """Everything, or the parts that are named: image, restart, scrape."""
    given = _parser().parse_args()
    wanted = set(given.parts) or set(PARTS)
    problems = image.rehearse() if "image" in wanted else []
    if wanted & {"restart", "scrape"}:
        problems += _on_stage(wanted, given)
    for problem in problems:
        print(f"WRONG: {problem}")
    print("As it should be." if not problems else f"{len(problems)} things are not as they should be.")
    return 1 if problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m ops.rehearse")
    parser.add_argument("parts", nargs="*", choices=PARTS, metavar="|".join(PARTS))
    parser.add_argument("--rounds", type=int, default=1, help="how often every copy is restarted")
    parser.add_argument("--keep-forms", action="store_true", help="as nginx is without our care: loses some forms")
    kinds = ["nginx", "caddy", "traefik"]
    parser.add_argument("--proxy", choices=kinds, default="nginx", help="what stands before the copies")
    parser.add_argument("--before", default="", metavar="COMMIT", help="begin with this version, and upgrade from it")
    return parser


def _on_stage(wanted: set[str], given: argparse.Namespace) -> list[str]:
    install({name: package for name, package in PACKAGES.items() if not shutil.which(name)})
    if given.proxy != "nginx" and not shutil.which(given.proxy):
        sys.exit(f"Put a {given.proxy} on PATH; the package {given.proxy}-bin of PyPI has one.")
    with (
        tempfile.TemporaryDirectory() as folder,
        Stage(Path(folder), proxy=given.proxy, keeps_forms=given.keep_forms, before=given.before) as stage,
    ):
        problems = asyncio.run(restart.rehearse(stage, given.rounds)) if "restart" in wanted else []
        return problems + (scrape.rehearse(stage) if "scrape" in wanted else [])


def install(missing: dict[str, str]) -> None:
    """Installs what is missing with the system's package manager, and ends what that starts by itself."""
    if missing:
        apt = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *sorted(set(missing.values()))]
        subprocess.run(["sudo", *apt] if shutil.which("sudo") else apt, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
