"""The doctor finds what is wrong with a database's schema, with who writes down the changes, and with traces."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from realtime.change import Position
from tests.observing.receiver import collecting
from webapp import embedded
from webapp.changes.scribe import key_at
from webapp.changes.store import LEASE, TIP
from webapp.doctor import changes, schema, traces
from webapp.doctor.finding import Finding
from webapp.migrations.steps import STEPS
from webapp.migrations.store import KEY, RESTORING
from webapp.settings import Settings

NUMBER = STEPS[-1].number


@pytest.fixture
def patient(servers: embedded.Addresses) -> Iterator[Any]:
    """A database in which nothing is but what a test puts there."""
    with MongoClient[dict[str, Any]](servers.mongodb_uri, tz_aware=True) as client:
        yield client.doctor_patient
        client.drop_database("doctor_patient")


def cured(finding: Finding, what: str, cure: str) -> bool:
    return what in finding.what and cure in finding.cure


@pytest.mark.parametrize(("number", "runs_from"), [(NUMBER, NUMBER), (NUMBER + 1, NUMBER)])
def test_a_schema_that_this_version_runs_on_is_well(patient: Any, number: int, runs_from: int) -> None:
    patient.schema.insert_one({"_id": KEY, "number": number, "runs_from": runs_from, "version": "9.0.0"})
    assert schema.check(patient) == Finding(f"doctor_patient has schema {number}, on which this version runs")


def test_a_schema_that_is_too_new(patient: Any) -> None:
    patient.schema.insert_one({"_id": KEY, "number": 99, "runs_from": 99, "version": "9.0.0"})
    assert cured(schema.check(patient), "has schema 99, made by Turnout 9.0.0", "start 9.0.0 or newer, or restore")


def test_a_schema_that_is_too_old(patient: Any) -> None:
    assert cured(
        schema.check(patient), f"has schema 0, and this version needs {NUMBER}", "run python -m webapp migrate"
    )


def test_a_restore_that_was_interrupted(patient: Any) -> None:
    patient.schema.insert_one({"_id": RESTORING, "at": datetime.now(UTC)})
    assert cured(schema.check(patient), "was not finished", "python -m webapp restore --replace")


@pytest.mark.parametrize(
    ("late", "is_held", "what", "cure"),
    [
        (12, True, "as they happen", ""),
        (600, True, "600 s late", "see whether MongoDB is slow"),
        (600, False, "600 s late", "restart the workers one by one: none writes them down"),
    ],
)
def test_changes_that_are_written_down_late(patient: Any, late: int, is_held: bool, what: str, cure: str) -> None:
    beat = datetime(2026, 6, 1, 12, tzinfo=UTC)
    patient.heartbeats.insert_one({"_id": "turnout", "at": beat})
    written = Position(int((beat - timedelta(seconds=late)).timestamp()) << 32, 0)
    patient.change_tips.insert_one({"_id": TIP, "at": key_at(written), "since": key_at(written)})
    until = beat + timedelta(seconds=2 if is_held else -600)
    patient.change_tips.insert_one({"_id": LEASE, "holder": "somebody", "until": until})
    (finding,) = changes.check(patient)
    assert cured(finding, what, cure)
    assert finding.is_well is not bool(cure)


def test_where_nothing_ever_ran_nothing_is_late(patient: Any) -> None:
    assert not list(changes.check(patient))


def traced(endpoint: str) -> list[Finding]:
    return list(traces.check(Settings(otel_exporter_otlp_endpoint=endpoint)))


def test_a_collector_that_does_not_answer_or_is_none() -> None:
    assert not traced("")
    (away,) = traced("http://127.0.0.1:1")
    assert cured(away, "nothing takes them at http://127.0.0.1:1/v1/traces", "start the collector, or correct OTEL_")
    with collecting() as collector:
        (taken,) = traced(collector.endpoint)
        assert taken.is_well
        (elsewhere,) = traced(f"{collector.endpoint}/elsewhere")
    assert cured(elsewhere, "answers 404", "without /v1/traces")
    assert not collector.spans
