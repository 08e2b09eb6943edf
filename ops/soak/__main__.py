"""The long run: `python -m ops.soak`. Prints a table; the exit status is 1 when anything was wrong."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

import uvloop

from ops.soak import run
from ops.soak.stage import Size


def main() -> int:
    """Runs until there were enough writes and enough faults."""
    given = _parser().parse_args()
    print(f"seed {given.seed}", flush=True)
    size = Size(given.nodes, given.workers, given.screens, given.gatherings, given.rate, given.frame_ms, given.hung)
    with tempfile.TemporaryDirectory(prefix="turnout-soak-", ignore_cleanup_errors=True) as temporary:
        folder = Path(given.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        long = run.Long(given.writes, given.faults, frozenset(given.only))
        ledger = uvloop.run(run.soak(folder, size, random.Random(given.seed), long, say=_say))
    print(run.summary(ledger, given.seed))
    return 1 if ledger.problems else 0


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m ops.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="to repeat the order of a run")
    parser.add_argument("--writes", type=int, default=20_000)
    parser.add_argument("--faults", type=int, default=24)
    parser.add_argument("--only", nargs="*", default=[], help="only faults with these words in their names")
    parser.add_argument("--nodes", type=int, default=3, choices=(1, 3), help="of MongoDB")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--screens", type=int, default=120)
    parser.add_argument("--gatherings", type=int, default=30)
    parser.add_argument("--rate", type=float, default=60, help="writes a second while nothing is broken")
    parser.add_argument("--frame-ms", type=int, default=200)
    parser.add_argument("--hung", type=float, default=10, help="seconds for which something is frozen or away")
    parser.add_argument("--keep", default="", help="an empty folder for data and logs, to look at afterwards")
    return parser


if __name__ == "__main__":
    sys.exit(main())
