"""Holds the pages against the HTML checker of the W3C and Lighthouse, the document of the API against Spectral.

Exit status 1 when a measure is missed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MODULES = HERE / "node_modules"
LEAST = {"accessibility": 100, "best-practices": 100, "performance": 95}
CHROME_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


@contextmanager
def turnout(var: str) -> Iterator[str]:
    """The demo city, on a port of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp", "run"],
        cwd=ROOT,
        env=os.environ | {"TURNOUT_VAR": var, "PORT": "0"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        address = re.search(r"http://\S+", process.stdout.readline())
        told = re.search(r"as (\S+) with the password (\S+)", process.stdout.readline())
        assert address
        assert told
        urllib.request.install_opener(urllib.request.build_opener(urllib.request.HTTPCookieProcessor()))
        urllib.request.urlopen(f"{address[0]}/sign-in", urlencode({"email": told[1], "password": told[2]}).encode())
        yield address[0]
    finally:
        process.terminate()
        process.wait(30)


def get(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def pages(address: str) -> dict[str, str]:
    """The paths that are looked at, by name."""
    manage = "/manage/quay-street-studio"
    path = next(iter(re.findall(r'href="(/events/[a-z0-9-]+)/edit"', get(address + manage))))
    return {
        "front": "/",
        "event": path,
        "calendar": "/calendar",
        "new": f"{manage}/events/new",
        "edit": f"{path}/edit",
        "manage": manage,
        "import": f"{manage}/import",
        "team": f"{manage}/team",
        "settings": f"{manage}/settings",
        "organiser": "/organisers/quay-street-studio",
        "organisers": "/me/organisers",
        "missing": "/nothing-here",
    }


def check_html(address: str, paths: dict[str, str], folder: Path) -> bool:
    for name, path in paths.items():
        (folder / f"{name}.html").write_text(get(address + path))
    command = ["java", "-jar", str(MODULES / "vnu-jar/build/dist/vnu.jar"), "--stdout", "--format", "text"]
    files = [str(file) for file in sorted(folder.glob("*.html"))]
    checked = subprocess.run(
        [*command, "--filterpattern", ".*Attribute .hx-.*", *files], capture_output=True, text=True, check=False
    )
    print(f"HTML: {len(files)} pages, {checked.stdout.strip() or 'no complaint'}")
    return checked.returncode == 0


def check_lighthouse(address: str, paths: dict[str, str], folder: Path) -> bool:
    found = [_lighthouse(name, address + paths[name], folder) for name in ("front", "event")]
    return all(found)


def check_document(address: str, _: dict[str, str], folder: Path) -> bool:
    document = folder / "openapi.json"
    document.write_text(get(f"{address}/api/v1/openapi.json"))
    command = [str(MODULES / ".bin/spectral"), "lint", str(document), "--ruleset", str(HERE / "spectral.yaml")]
    checked = subprocess.run([*command, "--fail-severity", "hint"], capture_output=True, text=True, check=False)
    print(f"OpenAPI: {(checked.stdout + checked.stderr).strip()}")
    return checked.returncode == 0


def _lighthouse(name: str, url: str, folder: Path) -> bool:
    report = folder / f"{name}.json"
    chrome = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
    subprocess.run(
        [
            *(str(MODULES / ".bin/lighthouse"), url, "--quiet", "--output=json", f"--output-path={report}"),
            *(f"--chrome-flags={CHROME_FLAGS}", "--only-categories=performance,accessibility,best-practices,seo"),
        ],
        env=os.environ | {"CHROME_PATH": chrome},
        check=True,
    )
    found = json.loads(report.read_text())
    scores = {kind: round(100 * one["score"]) for kind, one in found["categories"].items()}
    print(f"Lighthouse, {name} page, mobile: {scores}")
    for audit in found["audits"].values():
        if audit["score"] is not None and audit["score"] < 0.9 and audit["scoreDisplayMode"] != "informative":
            print(f"  {audit['score']}: {audit['title']} {audit.get('displayValue', '')}")
    return all(scores[kind] >= least for kind, least in LEAST.items())


def main() -> int:
    with tempfile.TemporaryDirectory() as var, turnout(f"{var}/var") as address:
        time.sleep(3)
        paths = pages(address)
        results = [check(address, paths, Path(var)) for check in (check_html, check_document, check_lighthouse)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
