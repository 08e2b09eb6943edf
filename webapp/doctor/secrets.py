"""What protects an installation: the settings of docs/security.md, as far as they can be judged by looking at them."""

from collections.abc import Iterator

from webapp.doctor.finding import Finding, well, wrong
from webapp.settings import Settings
from webapp.walls.proxy import networks

MAKE = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
FEW_LETTERS = 12
EVERYBODY = {"0.0.0.0/0", "::/0"}


def check(given: Settings) -> Iterator[Finding]:
    """One finding for each of the settings that protect."""
    yield _secret(given.secret)
    yield _environment(given)
    if given.is_development:
        return
    yield _address(given)
    yield _proxies(given)
    yield _token(given.metrics_token)
    yield _webhooks(given)


def _secret(secret: str) -> Finding:
    if len(set(secret)) < FEW_LETTERS:
        return wrong("TURNOUT_SECRET could be guessed", f"make a new one with {MAKE}")
    return well("TURNOUT_SECRET is long and varied")


def _environment(given: Settings) -> Finding:
    if given.is_development and given.public_url.startswith("https://"):
        return wrong("A public Turnout runs in development, with demo tools", "set TURNOUT_ENV=production")
    return well(f"TURNOUT_ENV is {given.env}")


def _address(given: Settings) -> Finding:
    if not given.public_url:
        return wrong("Only this machine is served", "set TURNOUT_PUBLIC_URL to the address that people use")
    if not given.public_url.startswith("https://") and not given.is_plain:
        cure = "put a proxy with TLS in front and set TURNOUT_PUBLIC_URL to its https address"
        return wrong("People sign in over plain http, and browsers will not keep the cookie", cure)
    return well(f"People come to {given.public_url}")


def _proxies(given: Settings) -> Finding:
    if EVERYBODY & set(map(str, networks(given.trusted_proxies))):
        return wrong("Anybody may claim any address", "name only your proxies' networks in TURNOUT_TRUSTED_PROXIES")
    if given.public_url.startswith("https://") and not given.trusted_proxies:
        cure = "set TURNOUT_TRUSTED_PROXIES to the network that your proxy connects from"
        return wrong("There has to be a proxy for https, and it is not trusted, so all visitors share one limit", cure)
    return well(f"Trusted proxies are {given.trusted_proxies or 'none'}")


def _token(token: str) -> Finding:
    if not token:
        return wrong("Prometheus cannot read /metrics", "set TURNOUT_METRICS_TOKEN, and the same in Prometheus")
    if len(token) < 16:
        return wrong("TURNOUT_METRICS_TOKEN could be guessed", f"make a new one with {MAKE}")
    return well("Prometheus can read /metrics with the token")


def _webhooks(given: Settings) -> Finding:
    if not given.webhooks_inside:
        return well("Webhooks do not reach into this network")
    if given.organisers == "anyone":
        cure = "unset TURNOUT_WEBHOOKS_INSIDE, or let only admins create organisers (TURNOUT_ORGANISERS=admins)"
        return wrong("Whoever opens an account may have webhooks sent into this network", cure)
    return well("Webhooks may go into this network, for the organisers that admins created")
