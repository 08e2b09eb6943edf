"""The installation whose mails are looked at."""

from tests.events.conftest import app

__all__ = ["app"]
