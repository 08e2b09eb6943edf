"""A real Prometheus reads two real copies: every rule and every panel is asked, and alerts fire when a copy ends."""

import json
import subprocess
import time
from typing import Any

import httpx

from ops.grafana import boards
from ops.rehearse.stage import TOKEN, Stage
from ops.soak.servers import free_port, wait_until
from webapp.settings import ROOT

SECONDS = 60
# What needs something to have happened: nobody was refused, nothing failed, no mail was sent.
MAY_BE_EMPTY = ("limited", "uncounted", "refused", "failures", "mails", "resets", "ended", "5..", "regist")


def rehearse(stage: Stage) -> list[str]:
    """Answers what was wrong."""
    problems = _metrics(stage)
    port = free_port()
    with subprocess.Popen(_command(stage, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as prometheus:
        try:
            return problems + _asked(stage, f"http://127.0.0.1:{port}")
        finally:
            prometheus.terminate()


def _metrics(stage: Stage) -> list[str]:
    text = _figures(stage)
    told = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    print(f"/metrics: {len(text):,} bytes, promtool says: {told.stderr.strip() or 'nothing'}")
    return [f"promtool check metrics: {told.stderr}"] if told.returncode else []


def _figures(stage: Stage) -> str:
    authorised = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.get(f"{stage.copies[0].origin}/metrics", headers=authorised, timeout=20).text


def _command(stage: Stage, port: int) -> list[str]:
    targets = [f"127.0.0.1:{copy.given.port}" for copy in stage.copies]
    file = stage.folder / "prometheus.json"
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(ROOT / "ops" / "prometheus" / name) for name in ("recording.yml", "alerts.yml")],
        "scrape_configs": [
            {
                "job_name": "turnout",
                "authorization": {"credentials": TOKEN},
                "static_configs": [{"targets": targets}],
            }
        ],
    }
    file.write_text(json.dumps(config))
    return [
        "prometheus",
        f"--config.file={file}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.tsdb.path={stage.folder / 'prometheus'}",
    ]


def _asked(stage: Stage, address: str) -> list[str]:
    with httpx.Client(base_url=address, timeout=20) as prometheus:

        def ask(query: str) -> list[Any]:
            answer = prometheus.get("/api/v1/query", params={"query": query}).json()
            if answer["status"] != "success":
                raise ValueError(f"{query}: {answer.get('error')}")
            return list(answer["data"]["result"])

        def holds(query: str) -> bool:
            try:
                return bool(ask(query))
            except (httpx.HTTPError, ValueError):
                return False

        wait_until(lambda: holds('count(up{job="turnout"} == 1) == 2'), SECONDS)
        _visit(stage, 20)
        empty = [query for query in _panels() if not ask(query) and not any(word in query for word in MAY_BE_EMPTY)]
        print(f"{len(_panels())} panels asked, {len(empty)} of them empty")
        stage.copies[1].stop()
        wait_until(lambda: holds('ALERTS{alertname="TurnoutDown", alertstate="pending"}'), SECONDS)
        stage.copies[1].start()
        wait_until(lambda: not holds('ALERTS{alertname="TurnoutDown"}'), SECONDS)
        print("TurnoutDown was pending while a copy was away, and is not any more")
        return [f"a panel is empty: {query}" for query in empty]


def _panels() -> list[str]:
    return [ask.replace("$__rate_interval", "1m") for board in boards.BOARDS for ask in boards.expressions(board)]


def _visit(stage: Stage, seconds: float) -> None:
    until = time.monotonic() + seconds
    with httpx.Client(base_url=stage.address, timeout=20) as visitor:
        while time.monotonic() < until:
            visitor.get("/")
            time.sleep(0.1)
