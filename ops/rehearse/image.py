"""The image: built with podman or docker where one is at hand, then run as production would, with nothing to write on.

Where podman reaches no registry, a stand-in of Debian's packages is made for the image that the Dockerfile begins with.
"""

import json
import shutil
import subprocess
import time

from ops.rehearse import base, container
from webapp.settings import ROOT

NAME = "turnout:rehearsal"
LARGEST_MB = 200


def rehearse() -> list[str]:
    """Answers what was wrong."""
    tool = shutil.which("podman") or shutil.which("docker")
    if not tool:
        print("image: not built, since neither podman nor docker is installed")
        return []
    _get_base(tool)
    begun = time.monotonic()
    built = subprocess.run(_build(tool), capture_output=True, text=True, check=False)
    if built.returncode:
        return [f"the image is not built: {(built.stderr or built.stdout)[-800:]}"]
    about = json.loads(subprocess.check_output([tool, "image", "inspect", NAME]))[0]
    size = about["Size"] / 1e6
    of_base = json.loads(subprocess.check_output([tool, "image", "inspect", _base()]))[0]["Size"] / 1e6
    print(f"image: built in {time.monotonic() - begun:.0f} s, {size:.0f} MB of which the base is {of_base:.0f}")
    wrong = [f"the image adds {size - of_base:.0f} MB to its base"] if size - of_base > LARGEST_MB else []
    if about["Config"]["User"] != "10001:10001":
        wrong.append(f"the image runs as {about['Config']['User']!r}")
    return wrong + container.rehearse(tool, NAME)


def _get_base(tool: str) -> None:
    """Has the image there that the Dockerfile begins with: docker builds from one without keeping it by its name."""
    has = subprocess.run([tool, "image", "inspect", _base()], capture_output=True, check=False)
    if (
        has.returncode
        and subprocess.run([tool, "pull", "--quiet", _base()], capture_output=True, check=False).returncode
    ):
        print("image: no registry answers, so it begins with a stand-in of Debian's packages")
        base.make(tool, _base())


def _build(tool: str) -> list[str]:
    podman = ["--pull=never", "--format=docker", *base.borrowed()] if "podman" in tool else []
    return [tool, "build", "--network=host", *podman, "-t", NAME, str(ROOT)]


def _base() -> str:
    first = next(line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("ARG PYTHON="))
    return f"docker.io/library/python:{first.partition('=')[2]}"
