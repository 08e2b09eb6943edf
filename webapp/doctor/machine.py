"""The machine that Turnout runs on: its Python, its disk, its limits, and what was built for it."""

import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from webapp.doctor.finding import Finding, well, wrong
from webapp.settings import ROOT, Settings

LEAST_FREE = 200 * 2**20
LEAST_FILES = 4096
OLDEST = {"quart": (0, 20), "hypercorn": (0, 18), "motor": (3, 7), "redis": (6, 0), "pydantic": (2, 11)}


def check(given: Settings, *, least_free: int = LEAST_FREE) -> Iterator[Finding]:
    """Findings about this machine."""
    yield _versions()
    yield _assets()
    yield _folder(given.var, least_free)
    yield _files()


def _versions() -> Finding:
    old = [name for name, least in OLDEST.items() if _version(name) < least]
    if old:
        return wrong(f"Too old: {', '.join(old)}", "install what ops/requirements/app.txt says")
    return well(f"Python {sys.version.split()[0]} with the packages it needs")


def _version(package: str) -> tuple[int, ...]:
    return tuple(int(part) for part in metadata.version(package).split(".")[:2] if part.isdigit())


def _assets() -> Finding:
    if not (ROOT / "static" / "dist" / "manifest.json").exists():
        return wrong("The stylesheet and the script are not built", "run make assets, or use the image")
    return well("The stylesheet and the script are built")


def _folder(var: Path, least: int) -> Finding:
    try:
        var.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=var):
            free = shutil.disk_usage(var).free
    except OSError as error:
        reason = (error.strerror or "error").lower()
        return wrong(f"{var} cannot be written ({reason})", "let TURNOUT_VAR name a folder that can")
    if free < least:
        cure = f"free {least // 2**20} MiB or more there, or let TURNOUT_VAR name another"
        return wrong(f"{var} has {free // 2**20} MiB left", cure)
    return well(f"{var} can be written and has {free // 2**20:,} MiB left")


def _files() -> Finding:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most < LEAST_FILES:
        cure = "raise the limit (LimitNOFILE, ulimit -n) to 20000: every open page takes one"
        return wrong(f"A worker may open {most:,} files", cure)
    return well(f"A worker may open {most:,} files")
