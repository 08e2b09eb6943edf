"""A stand-in for the image that the Dockerfile begins with, of Debian's packages, where no registry is at hand."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# The release of Debian that has the Python of the Dockerfile.
RELEASE = "trixie"
INCLUDED = "ca-certificates,python3"
NOT_NEEDED = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")
PYTHON = "usr/bin/python3.13"
PACKAGES = "usr/local/lib/python3.13/dist-packages"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# What pip and npm of this machine use, so that they reach what this machine reaches.
BORROWED = (Path(CERTIFICATES), Path("/etc/pip.conf"), Path.home() / ".npmrc")


def make(tool: str, name: str) -> None:
    """Makes it under this name, with `podman` or `docker`. Needs root and debootstrap."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        mirror = subprocess.check_output(
            ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian"], text=True
        )
        wanted = ["debootstrap", "--variant=minbase", f"--include={INCLUDED}", RELEASE, folder, _debian(mirror)]
        subprocess.run(wanted, check=True, stdout=subprocess.DEVNULL)
        _like_the_real_one(root)
        with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as packed:
            changes = [
                f"--change=ENV {one}"
                for one in ("PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", f"NODE_EXTRA_CA_CERTS={CERTIFICATES}")
            ]
            subprocess.run([tool, "import", *changes, "-", name], stdin=packed.stdout, check=True)


def borrowed() -> list[str]:
    """The options with which a build sees how this machine reaches its packages; nothing of it stays in the image."""
    return [f"--volume={file}:{_inside(file)}:ro" for file in BORROWED if file.exists()]


def _inside(file: Path) -> str:
    return f"/root/{file.name}" if file.parent == Path.home() else str(file)


def _debian(mirrors: str) -> str:
    return next(one for one in mirrors.split() if "security" not in one)


def _like_the_real_one(root: Path) -> None:
    (root / "usr/local/bin/python").symlink_to(f"/{PYTHON}")
    for mark in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        mark.unlink()
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        f"--target={root / PACKAGES}",
        "pip",
    ]
    subprocess.run(pip, check=True)
    for name in NOT_NEEDED:
        shutil.rmtree(root / name, ignore_errors=True)
