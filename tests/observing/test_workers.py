"""The figures of several workers are one Turnout's, also when a worker has died."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.product import ROOT, eventually, processes, running


def figures(address: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{address}/metrics", timeout=20) as answer:
        lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_two_workers_are_counted_as_one_turnout(tmp_path: Path) -> None:
    with running(tmp_path, WORKERS="2") as (_, address):
        eventually(lambda: figures(address).get("turnout_workers") == 2)
        for _ in range(20):
            urllib.request.urlopen(f"{address}/healthz", timeout=20).read()
        found = figures(address)
        counted = 'turnout_http_request_duration_seconds_count{method="GET",route="/healthz",status="200"}'
        assert found[counted] == 20
        assert found["process_resident_memory_bytes"] > found["turnout_worker_resident_memory_max_bytes"] > 2**24
        workers = [pid for pid in processes(tmp_path) if b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(workers[0], signal.SIGKILL)
        eventually(lambda: figures(address)["turnout_worker_starts_total"] == 3)
        eventually(lambda: figures(address)["turnout_workers"] == 2)
        assert figures(address)[counted] == 20


@pytest.mark.parametrize(("gauge", "well", "ill"), [("relay_lag", 1, 900), ("source", 1, 0)])
def test_a_dead_workers_alarm_ends_with_it(tmp_path: Path, gauge: str, well: int, ill: int) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def run(value: int, then: str) -> str:
        head = "import os\nfrom realtime import metrics as live\nfrom webapp.observing import metrics\n"
        command = [sys.executable, "-c", f"{head}live.{gauge}.set({value}); {then}"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    dead = int(run(ill, "print(os.getpid())"))
    told = re.compile(rf"^turnout_live_{gauge}\w* (\S+)$", re.M)
    assert told.findall(run(well, "print(metrics.text().decode())")) == [f"{ill}.0"]
    forgotten = run(well, f"metrics.forget({dead}, {str(tmp_path)!r}); print(metrics.text().decode())")
    assert told.findall(forgotten) == [f"{well}.0"]


def test_a_worker_that_has_only_begun_its_file_spoils_nothing(tmp_path: Path) -> None:
    (tmp_path / "counter_99999.db").touch()
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    program = "from webapp.observing import metrics; metrics.begin('1'); print(metrics.text().decode())"
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "turnout_workers 1.0" in told
