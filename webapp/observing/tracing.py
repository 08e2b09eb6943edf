"""Traces by OpenTelemetry: from a request through its change and the relay to the screens. The only door to it.

Nobody has to hand a trace on from worker to worker: its id follows from the cluster time of the change, which MongoDB
tells the worker that writes as well as all that read. A share by ids (TURNOUT_TRACE_RATIO) so keeps whole traces.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping
from time import time
from typing import TYPE_CHECKING, Any

from realtime import tracing as live
from webapp.errors import Misconfigured
from webapp.observing.trace import Trace
from webapp.settings import Settings
from webapp.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_providers: list["TracerProvider"] = []
SCOPE = "turnout"


def use(settings: Settings) -> None:
    """Traces from now on where an endpoint is set. Raises Misconfigured when the packages are not installed."""
    if settings.otel_exporter_otlp_endpoint and not _providers:
        _providers.append(_provider(settings))
        live.listen(_step)


async def finish() -> None:
    """Sends what was not sent yet, and ends."""
    live.deafen()
    while _providers:
        await asyncio.to_thread(_providers.pop().shutdown)


def trace_of(changed: int) -> int:
    """The id of the trace of a change, by its cluster time."""
    return int.from_bytes(_hashed("trace", changed, 16))


def request(scope: Mapping[str, Any], status: int, seconds: float, traced: Trace) -> None:
    """Tells of a request that was answered, and of its commands: in the trace of its last change, if it made one."""
    if not _providers:
        return
    ended = time()
    begun, changed = ended - seconds, int(traced.changed or 0)
    ids = (trace_of(changed), _root(changed)) if changed else (secrets.randbits(128), secrets.randbits(64))
    facts = {
        "http.request.method": scope["method"],
        "http.route": scope.get("route", "none"),
        "http.response.status_code": status,
        "turnout.request_id": traced.id,
    }
    span = _begin(f"{scope['method']} {scope.get('route', 'none')}", ids[0], begun, facts, own=ids[1], is_request=True)
    for one in traced.spent:
        about = {"db.system.name": "mongodb", "db.operation.name": one.command, "db.collection.name": one.collection}
        name = f"{one.command} {one.collection}".strip()
        _begin(name, ids[0], one.ended - one.seconds, about, parent=ids[1]).end(_nanoseconds(one.ended))
    span.end(_nanoseconds(ended))


def _step(step: live.Step) -> None:
    """A step of the live engine, in the trace of each change that caused it."""
    for changed in step.causes:
        facts = {**{f"turnout.{name}": fact for name, fact in step.facts.items()}, "turnout.changed": str(changed)}
        begun = min(step.begun, step.ended)
        span = _begin(step.name, trace_of(changed), begun, facts, parent=_root(changed))
        span.end(_nanoseconds(step.ended))


def _begin(
    name: str,
    trace_id: int,
    begun: float,
    facts: dict[str, Any],
    *,
    parent: int = 0,
    own: int = 0,
    is_request: bool = False,
) -> "Span":
    from opentelemetry import trace

    provider, context = _providers[0], None
    if parent:
        flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        above = trace.SpanContext(trace_id, parent, is_remote=True, trace_flags=flags)
        context = trace.set_span_in_context(trace.NonRecordingSpan(above))
    _next_ids[:] = [trace_id, own or secrets.randbits(64)]
    kind = trace.SpanKind.SERVER if is_request else trace.SpanKind.INTERNAL
    tracer = provider.get_tracer(SCOPE, VERSION)
    return tracer.start_span(name, context, kind, facts, start_time=_nanoseconds(begun))


_next_ids = [0, 0]


def _provider(settings: Settings) -> "TracerProvider":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import IdGenerator
        from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
    except ImportError:
        raise Misconfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the packages for traces are not installed; "
            "install the extra `traces`, or unset it."
        ) from None

    class Chosen(IdGenerator):
        """The ids that follow from a change."""

        def generate_trace_id(self) -> int:
            return _next_ids[0]

        def generate_span_id(self) -> int:
            return _next_ids[1]

    about = Resource.create({"service.name": "turnout", "service.version": VERSION})
    provider = TracerProvider(TraceIdRatioBased(settings.trace_ratio), about, id_generator=Chosen())
    exporter = OTLPSpanExporter(f"{settings.otel_exporter_otlp_endpoint}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _root(changed: int) -> int:
    """The id of the request's span in the trace of its change, which the steps that follow stand below."""
    return int.from_bytes(_hashed("request", changed, 8))


def _hashed(what: str, changed: int, length: int) -> bytes:
    return hashlib.blake2b(f"{what} {changed}".encode(), digest_size=length).digest()


def _nanoseconds(at: float) -> int:
    return int(at * 1e9)
