"""Where traces go: the packages are there, and a collector takes OTLP over HTTP."""

from collections.abc import Iterator
from importlib import metadata

import httpx

from webapp.doctor.finding import Finding, well, wrong
from webapp.settings import Settings

SECONDS = 5
EXPORTER = "opentelemetry-exporter-otlp-proto-http"


def check(given: Settings) -> Iterator[Finding]:
    """Findings about traces; nothing where none are made. What is sent has no trace in it."""
    if not given.otel_exporter_otlp_endpoint:
        return
    try:
        metadata.version(EXPORTER)
    except metadata.PackageNotFoundError:
        yield wrong("The packages for traces are not installed", "install the extra traces, or use the image")
        return
    yield _collector(f"{given.otel_exporter_otlp_endpoint}/v1/traces")


def _collector(url: str) -> Finding:
    try:
        answer = httpx.post(url, content=b"", headers={"Content-Type": "application/x-protobuf"}, timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        cure = "start the collector, or correct OTEL_EXPORTER_OTLP_ENDPOINT: OTLP over HTTP, which is port 4318"
        return wrong(f"Traces get lost, since nothing takes them at {url} ({reason})", cure)
    if answer.status_code in {401, 403}:
        # The exporter itself may have what this one does not send.
        return well(f"A collector at {url} takes traces of those it knows")
    if not answer.is_success:
        cure = "let OTEL_EXPORTER_OTLP_ENDPOINT name a collector that takes OTLP over HTTP, without /v1/traces"
        return wrong(f"Traces get lost, since {url} answers {answer.status_code}", cure)
    return well(f"A collector takes traces at {url}")
