"""The log: lines for people in development, one JSON object a line in production, on standard error.

What libraries say passes the same way, from warnings on: at a finer level the driver would tell what documents say.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter

from webapp.observing import trace
from webapp.settings import Settings

OURS = "realtime"


def configure(given: Settings) -> None:
    """Logs as the settings say, from now on."""
    level = getattr(logging, given.log_level.upper())
    head: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        with_request,
    ]
    tail: list[Any] = [structlog.processors.format_exc_info, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    if not given.is_development:
        tail = [*tail[:1], structlog.processors.EventRenamer("message"), structlog.processors.JSONRenderer()]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[*head, *tail],
    )
    handler = logging.StreamHandler(sys.stderr)
    told = [ProcessorFormatter.remove_processors_meta, *tail]
    handler.setFormatter(
        ProcessorFormatter(processors=told, foreign_pre_chain=[structlog.stdlib.add_logger_name, *head])
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(level)


def with_request(_: Any, __: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds the id of the request in which something is logged."""
    traced = trace.current.get()
    if traced is not None:
        told.setdefault("request_id", traced.id)
    return told
