"""The command line: python -m webapp COMMAND."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable

import structlog

from webapp import settings
from webapp.errors import TurnoutError

Command = Callable[[argparse.Namespace], int]


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and answers its exit status; what the operator did wrong is one sentence, not a traceback."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.command(given))
    except TurnoutError as error:
        print(f"turnout: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m webapp", description="Turnout, real-time event management.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Command, about: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(command=run)
        return added

    command("run", _run, "Serve Turnout, with servers of its own where none are set.")
    command("regions", _regions, "List every live region, what it watches and who may see it.")
    command("routes", _routes, "List every route, its methods and who may use it, in Markdown.")
    command("settings", _settings, "List every setting, its environment variable and its default.")
    demo = command("demo", _demo, "Fill an empty database with a believable city of events.")
    demo.add_argument("--traffic", action="store_true", help="then make things happen until stopped")
    imports = command("import", _import, "Import an iCalendar file or address.")
    imports.add_argument("source", metavar="FILE-or-URL")
    worker = command("worker", _worker, "Serve as one worker of `run` (started by it).")
    worker.add_argument("fd", type=int)
    return parser


def _run(_: argparse.Namespace) -> int:
    from webapp import serving
    from webapp.demo.command import greet

    given = _configured()
    return serving.run(given, greet=greet)


def _worker(arguments: argparse.Namespace) -> int:
    from webapp import serving

    serving.work(_configured(), arguments.fd)
    return 0


def _regions(_: argparse.Namespace) -> int:
    import webapp.app  # noqa: F401 - every feature's live.py is read
    from realtime import all_regions

    print(f"{'REGION':<18} {'PARTIAL':<26} {'WATCHES':<26} VISIBLE TO")
    for region in all_regions():
        watches = ", ".join(f"{collection}.{rule}" for collection, rule in region.watches.items())
        print(f"{region.name:<18} {region.template:<26} {watches:<26} {region.visible_to.__name__}")
    return 0


def _routes(_: argparse.Namespace) -> int:
    from webapp import routes
    from webapp.app import create_app

    nowhere = settings.Settings(mongodb_uri="mongodb://127.0.0.1:1")
    print(routes.table(create_app(nowhere)), end="")
    return 0


def _settings(_: argparse.Namespace) -> int:
    for name, field in settings.Settings.model_fields.items():
        print(f"{settings.variable(name):<24} {field.default!s:<14} {field.description}")
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from webapp.demo import command

    given = _configured()
    return asyncio.run(command.run(given, traffic=arguments.traffic))


def _import(arguments: argparse.Namespace) -> int:
    from webapp.imports import command

    given = _configured()
    return asyncio.run(command.run(given, arguments.source))


def _configured() -> settings.Settings:
    given = settings.read()
    level = getattr(logging, given.log_level.upper())
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
            if given.is_development
            else structlog.processors.JSONRenderer(),
        ],
    )
    return given


if __name__ == "__main__":
    sys.exit(main())
