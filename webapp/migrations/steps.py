"""Every migration there is, the oldest first. One is added, none is ever changed: docs/upgrading.md says how."""

from webapp.migrations.migration import Migration


async def as_released() -> None:
    """0.1.0 begins with what the stores declare; there is nothing before it."""


STEPS = [Migration(1, "the schema of 0.1.0", as_released, runs_from=1)]
