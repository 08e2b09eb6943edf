"""The command line: python -m webapp COMMAND."""

import argparse
import asyncio
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from webapp import settings
from webapp.errors import TurnoutError
from webapp.observing import logs

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
    shown = command("settings", _settings, "List every setting, its environment variable and its default.")
    shown.add_argument("--markdown", action="store_true", help="as the page docs/configuration.md")
    command("doctor", _doctor, "Say what is wrong with this installation, and the cure.")
    demo = command("demo", _demo, "Fill an empty database with a believable city of events.")
    demo.add_argument("--traffic", action="store_true", help="then make things happen until stopped")
    command("audit", _audit, "Count every place again and say where the counters differ; status 1 if they do.")
    backup = command("backup", _backup, "Write the whole database, as it is at one instant, into a file.")
    backup.add_argument("file", metavar="FILE", help="or - for standard output")
    restored = command("restore", _restore, "Put a backup into an empty database, and bring it up to date.")
    restored.add_argument("file", metavar="FILE")
    restored.add_argument("--replace", action="store_true", help="delete what the database has")
    command("migrate", _migrate, "Bring the database up to date, as every start does.")
    imports = command("import", _import, "Import an iCalendar file or address.")
    imports.add_argument("source", metavar="FILE-or-URL")
    keys = command("keys", _keys, "Replace the key that signs access tokens; nobody is signed out.")
    keys.add_argument("what", choices=["rotate"])
    keys.add_argument("--at-once", action="store_true", help="older keys verify no more: one was stolen")
    imports.add_argument("--organiser", default="", metavar="SLUG", help="whose events they become")
    imports.add_argument("--quiet", action="store_true", help="tell nobody that an event is at another time or place")
    worker = command("worker", _worker, "Serve as one worker of `run` (started by it).")
    worker.add_argument("fd", type=int)
    return parser


def _run(_: argparse.Namespace) -> int:
    with _quickly_imported():
        from webapp import serving
        from webapp.demo.command import greet

    given = _configured()
    return serving.run(given, greet=greet)


def _worker(arguments: argparse.Namespace) -> int:
    with _quickly_imported():
        from webapp import serving

    serving.work(_configured(), arguments.fd)
    return 0


@contextmanager
def _quickly_imported() -> Iterator[None]:
    """The collector would go through all that is imported again and again: a seventh of the time of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


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


def _settings(arguments: argparse.Namespace) -> int:
    if arguments.markdown:
        from webapp import configuration

        print(configuration.page(), end="")
        return 0
    for name, field in settings.Settings.model_fields.items():
        print(f"{settings.variable(name):<24} {field.default!s:<14} {field.description}")
    return 0


def _doctor(_: argparse.Namespace) -> int:
    from webapp.doctor import command

    return command.run(_configured())


def _demo(arguments: argparse.Namespace) -> int:
    from webapp.demo import command

    given = _configured()
    return asyncio.run(command.run(given, traffic=arguments.traffic))


def _audit(_: argparse.Namespace) -> int:
    from webapp.places import command

    given = _configured()
    return asyncio.run(command.run(given))


def _backup(arguments: argparse.Namespace) -> int:
    from webapp.backup import command

    return command.backup(_configured(), arguments.file)


def _restore(arguments: argparse.Namespace) -> int:
    from webapp.backup import command

    return command.restore(_configured(), arguments.file, replaces=arguments.replace)


def _migrate(_: argparse.Namespace) -> int:
    from webapp.migrations import command

    given = _configured()
    return asyncio.run(command.run(given))


def _import(arguments: argparse.Namespace) -> int:
    import webapp.features  # noqa: F401 - who comes to an event is told by what says so there
    from webapp.imports import command

    given = _configured()
    return asyncio.run(command.run(given, arguments.source, arguments.organiser, is_quiet=arguments.quiet))


def _keys(arguments: argparse.Namespace) -> int:
    from webapp.programs import command

    given = _configured()
    return asyncio.run(command.rotate(given, at_once=arguments.at_once))


def _configured() -> settings.Settings:
    given = settings.read()
    logs.configure(given)
    return given


if __name__ == "__main__":
    sys.exit(main())
