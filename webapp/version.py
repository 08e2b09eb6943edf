"""Which Turnout this is."""

import tomllib

from webapp.settings import ROOT

VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
