"""What the operator can set, read from the environment once; the only place that reads it."""

import os
import re
import secrets
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from webapp.errors import Misconfigured
from webapp.walls.proxy import networks

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


# COUNT/SECONDS; empty takes the default of webapp/walls/limits.py.
RATE = r"^([1-9]\d{0,8}/[1-9]\d{0,5})?$"

ORIGIN = re.compile(r"https?://([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?")


class Settings(BaseModel):
    """Frozen; a field `mongodb_uri` is the variable `MONGODB_URI`, the rest carry the prefix `TURNOUT_`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: Literal["development", "production"] = Field("development", description="Demo tools only in development.")
    mongodb_uri: str = Field("", description="A MongoDB replica set. Empty: Turnout starts its own.")
    redis_url: str = Field("", description="Redis 7 or Valkey. Empty: Turnout starts its own.")
    database: str = Field("turnout", description="The database's name.", pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,37}$")
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    public_url: str = Field("", description="How people reach this Turnout, for links and for the origin check.")
    smtp_url: str = Field("", description="Sends mails: smtp://user:password@host:587 or smtps://. Empty: var/outbox.")
    mail_from: str = Field("Turnout <turnout@localhost>", description="The sender of mails.")
    workers: int = Field(1, ge=1, le=64, description="Worker processes.")
    secret: str = Field("", description="Signs cookies, seals what is kept secret: 32 characters or more.")
    old_secrets: str = Field("", description="Earlier secrets, with commas between, that still open what they made.")
    var: Path = Field(ROOT / "var", description="Where embedded servers and development keep their files.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    live_frame_ms: int = Field(50, ge=1, le=10_000, description="A live region is drawn at most once in this time.")
    max_body_mb: int = Field(5, ge=1, le=100, description="The largest request body, in MiB; larger ones get 413.")
    otel_exporter_otlp_endpoint: str = Field(
        "", description="Where traces go by OTLP over HTTP, such as http://collector:4318. Empty: none are made."
    )
    trace_ratio: float = Field(1.0, ge=0, le=1, description="The share of requests and changes that are traced.")
    metrics_token: str = Field("", description="What Prometheus sends to read /metrics in production.")
    trusted_proxies: str = Field("", description="Networks whose X-Forwarded-* headers count, such as 10.0.0.0/8.")
    cors_origins: str = Field("", description="Origins of other sites whose pages may call the API, with commas.")
    organisers: Literal["anyone", "admins"] = Field("anyone", description="Who may create organisers.")
    admins: str = Field("", description="E-mail addresses of those who look after this installation, with commas.")
    keep_changes_days: int = Field(30, ge=1, le=366, description="For how long programs can follow changes from.")
    keep_personal_days: int = Field(
        0,
        ge=0,
        le=3650,
        description="Days after an event that personal data stays, unless organisers say. 0: for good.",
    )
    webhooks_inside: bool = Field(False, description="Webhooks may go to addresses inside the network.")
    limit_reads: str = Field("", description="Pages one address gets, COUNT/SECONDS.", pattern=RATE)
    limit_writes: str = Field("", description="Changes one address may ask for, COUNT/SECONDS.", pattern=RATE)
    limit_heavy: str = Field("", description="Imports and the like, COUNT/SECONDS.", pattern=RATE)
    limit_door: str = Field("", description="Scans and look-ups at doors, COUNT/SECONDS.", pattern=RATE)
    limit_live: str = Field("", description="Live streams and polls that one address opens.", pattern=RATE)

    @field_validator("mongodb_uri")
    @classmethod
    def _is_mongodb(cls, value: str) -> str:
        if value and not value.startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("must start with mongodb:// or mongodb+srv://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @field_validator("public_url", "otel_exporter_otlp_endpoint")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _is_origins(cls, value: str) -> str:
        for origin in filter(None, map(str.strip, value.split(","))):
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"has {origin}, which is no origin such as https://app.example.org")
        return value.lower()

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, value: str) -> str:
        if value and not value.startswith(("smtp://", "smtps://")):
            raise ValueError("must start with smtp:// or smtps://")
        return value

    @model_validator(mode="after")
    def _knows_its_address(self) -> Self:
        if self.smtp_url and not self.public_url:
            raise ValueError("TURNOUT_PUBLIC_URL is not set, and the links in mails need it")
        return self

    @property
    def address(self) -> str:
        """How people reach this Turnout; never what a request says, which anybody can write."""
        return self.public_url or f"http://{'127.0.0.1' if self.host == '127.0.0.1' else 'localhost'}:{self.port}"

    @property
    def foreign_origins(self) -> frozenset[str]:
        """Other sites whose pages may call the API."""
        return frozenset(filter(None, map(str.strip, self.cors_origins.split(","))))

    @property
    def older_secrets(self) -> tuple[str, ...]:
        """Secrets from before the one of now; nothing new is made with them."""
        return tuple(filter(None, (one.strip() for one in self.old_secrets.split(","))))

    @property
    def is_plain(self) -> bool:
        """Whether cookies must travel unencrypted, which is only so for http on this machine."""
        if not self.public_url:
            return self.is_development
        return self.public_url.startswith("http://") and urlsplit(self.public_url).hostname in LOOPBACK

    @field_validator("trusted_proxies")
    @classmethod
    def _is_networks(cls, value: str) -> str:
        networks(value)
        return value

    @property
    def is_development(self) -> bool:
        return self.env == "development"


BARE = {
    "mongodb_uri",
    "redis_url",
    "smtp_url",
    "otel_exporter_otlp_endpoint",
    "port",
    "host",
    "workers",
    "live_frame_ms",
}


def variable(field: str) -> str:
    """The environment variable that sets a field."""
    return field.upper() if field in BARE else f"TURNOUT_{field.upper()}"


def read(environ: dict[str, str] | None = None) -> Settings:
    """Settings from the environment. Raises Misconfigured with one sentence per wrong value."""
    environ = dict(os.environ) if environ is None else environ
    given: dict[str, Any] = {
        name: value for name in Settings.model_fields if (value := _given(variable(name), environ))
    }
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise Misconfigured("\n".join(_sentence(e) for e in error.errors())) from None
    return _with_secret(settings)


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The whole environment for a child process that must see the same settings, and what else it needs."""
    return {**os.environ, **{variable(k): str(v) for k, v in settings if str(v)}, **more}


def is_continuous_integration() -> bool:
    return bool(os.environ.get("CI"))


def _given(name: str, environ: dict[str, str]) -> str:
    """What the variable says, or the file that NAME_FILE names, as containers are handed their secrets."""
    file = environ.get(f"{name}_FILE")
    if environ.get(name) or not file:
        return environ.get(name, "")
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise Misconfigured(f"{name}_FILE is {file!r}, which cannot be read: {error.strerror}.") from None


def _with_secret(settings: Settings) -> Settings:
    if settings.secret and len(settings.secret) < 32:
        raise Misconfigured(
            "TURNOUT_SECRET is shorter than 32 characters; "
            "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    if any(len(one) < 32 for one in settings.older_secrets):
        raise Misconfigured(
            "TURNOUT_OLD_SECRETS has one shorter than 32 characters; "
            "list whole secrets that TURNOUT_SECRET had before, with commas between them."
        )
    if settings.secret:
        return settings
    if not settings.is_development:
        raise Misconfigured(
            "TURNOUT_SECRET is not set; in production set it, the same on every worker: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return settings.model_copy(update={"secret": _kept_secret(settings.var)})


def _kept_secret(var: Path) -> str:
    file = var / "secret"
    if not file.exists():
        var.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text()


def _sentence(error: Any) -> str:
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ") + "."
    name = variable(str(error["loc"][0]))
    given = re.sub(r"//.*@", "//***@", repr(error["input"]))  # an address may carry a password
    return f"{name} is {given}: {error['msg'].removeprefix('Value error, ')}."
