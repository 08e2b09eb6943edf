"""Reads a calendar in a process of its own, which may be slow, grow or be killed without harm to anyone else.

The file comes on the standard input; NOW (ISO) and NAME are the arguments. Out come JSON lines: the reading without its
entries, then each entry. A file that is refused gives its sentence on the standard error and exit status 3.
"""

import os
import resource
import sys
from datetime import datetime

from webapp.errors import Invalid
from webapp.imports.calendar import read

CPU_SECONDS = 60
MEMORY = 2 * 2**30
REFUSED = 3


def main() -> int:
    """Reads, and gives way to everything that answers people."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    now, name = sys.argv[1:]
    try:
        reading = read(sys.stdin.buffer.read(), now=datetime.fromisoformat(now), name=name)
    except Invalid as refusal:
        print(refusal, end="", file=sys.stderr)
        return REFUSED
    print(reading.model_copy(update={"entries": []}).model_dump_json())
    for entry in reading.entries:
        print(entry.model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())
