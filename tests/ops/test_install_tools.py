"""What is no Python package is looked for on PATH, and what is nowhere is said."""

import subprocess
from pathlib import Path

import pytest

from tests.product import ROOT

TOOLS = pytest.mark.parametrize("tool", ["chromium", "promtool"])


def asked_for(tool: str, on_path: Path) -> "subprocess.CompletedProcess[str]":
    """Where nothing is on PATH but what lies in this folder."""
    command = ["/bin/sh", str(ROOT / "ops" / "install_tools.sh"), tool]
    return subprocess.run(command, cwd=on_path, env={"PATH": str(on_path)}, capture_output=True, text=True, check=False)


@TOOLS
def test_a_tool_that_nothing_here_can_install_is_said(tool: str, tmp_path: Path) -> None:
    done = asked_for(tool, tmp_path)
    assert done.returncode == 1
    assert f"{tool} is not here" in done.stderr


@TOOLS
def test_a_tool_that_is_there_is_taken(tool: str, tmp_path: Path) -> None:
    (tmp_path / tool).write_text("#!/bin/sh\n")
    (tmp_path / tool).chmod(0o755)
    assert asked_for(tool, tmp_path).returncode == 0
