from pathlib import Path

import pytest

from webapp import configuration, settings
from webapp.errors import Misconfigured
from webapp.settings import ROOT

SECRET = {"TURNOUT_SECRET": "x" * 40}


def test_an_empty_environment_is_a_laptop() -> None:
    given = settings.read(SECRET)
    assert (given.env, given.mongodb_uri, given.port, given.workers) == ("development", "", 8000, 1)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "eighty"),
        ("WORKERS", "0"),
        ("MONGODB_URI", "localhost"),
        ("REDIS_URL", "http://localhost"),
        ("TURNOUT_ENV", "staging"),
        ("TURNOUT_PUBLIC_URL", "turnout.example"),
        ("TURNOUT_SECRET", "short"),
    ],
)
def test_a_wrong_value_is_named_with_its_variable(variable: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=variable):
        settings.read({**SECRET, variable: value})


def test_production_does_not_start_without_a_secret() -> None:
    with pytest.raises(Misconfigured, match="TURNOUT_SECRET is not set"):
        settings.read({"TURNOUT_ENV": "production"})


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("y" * 40 + "\n")
    assert settings.read({"TURNOUT_SECRET_FILE": str(tmp_path / "secret")}).secret == "y" * 40
    with pytest.raises(Misconfigured, match=r"TURNOUT_SECRET_FILE is .*nothing"):
        settings.read({"TURNOUT_SECRET_FILE": str(tmp_path / "nothing")})


def test_the_settings_in_the_documentation_are_what_is_so() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text()
    assert written == configuration.page(), "run: python -m webapp settings --markdown > docs/configuration.md"


def test_a_child_process_reads_the_same_settings() -> None:
    given = settings.read({**SECRET, "PORT": "8123", "TURNOUT_LOG_LEVEL": "debug"})
    assert settings.read(settings.environment(given)) == given
