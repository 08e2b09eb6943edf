"""The operator's dashboard says what /metrics says."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from quart.typing import TestClientProtocol as Client

from tests.admin.test_admin import admin, text
from webapp.admin import figures, machines
from webapp.admin.figures import Reading
from webapp.database import Database
from webapp.observing import metrics

__all__ = ["admin"]


def told(name: str, **labels: str) -> float:
    """What /metrics says, added up over the labels that are not given."""
    lines = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", metrics.text().decode(), re.M)
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    return sum(float(value) for found, value in lines if wanted <= set(found.split(",")))


async def test_the_page_and_the_metrics_say_the_same(db: Database, admin: Client) -> None:
    metrics.limited.labels("of a test").inc(7)
    for _ in range(3):
        await admin.get("/nowhere")
    assert await machines.note(datetime.now(UTC))
    found = (await machines.every())[0].total
    assert found.counts["answers"] == told("turnout_http_request_duration_seconds_count")
    assert found.limited["of a test"] == told("turnout_limited_total", limit="of a test") == 7
    assert sum(found.connections.values()) == told("turnout_live_connections")
    assert dict(found.spreads["pages"])[0.1] == told("turnout_http_request_duration_seconds_bucket", le="0.1")
    page = await text(admin, "/admin")
    assert f"{found.counts['answers']:,.0f}</dd>" in page
    assert "Too many: of a test" in page


async def test_one_worker_of_a_machine_writes_for_all(db: Database, admin: Client) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    wrote = [await machines.note(now + timedelta(seconds=second)) for second in (0, 1, 5, 6)]
    assert wrote == [True, False, True, False]
    (machine,) = await machines.every()
    assert (machine.seconds, len(machine.points)) == (5, 1)


async def test_what_is_wrong_stands_first(db: Database, admin: Client) -> None:
    now = datetime.now(UTC)
    await machines.note(now)
    metrics.http_seconds.labels("GET", "/", 500).observe(3)
    metrics.limited.labels("of a test").inc(2)
    await machines.note(now + timedelta(seconds=5))
    page = await text(admin, "/admin")
    for said in ("requests failed in the last seconds", "A page takes", "2 requests were refused as too many"):
        assert said in page


@pytest.mark.parametrize(("quantile", "seconds"), [(0.5, 0.1), (0.25, 0.05), (0.75, 0.5), (1, 0.9)])
def test_a_quantile_is_reckoned_as_prometheus_does(quantile: float, seconds: float) -> None:
    spread = [(0.1, 50.0), (0.9, 100.0), (float("inf"), 100.0)]
    assert figures.quantile_of(spread, quantile) == pytest.approx(seconds)


def test_a_machine_that_began_again_counts_from_nothing() -> None:
    before, after = Reading(counts={"answers": 900}), Reading(counts={"answers": 20})
    assert figures.since(before, after).counts == {"answers": 20}
