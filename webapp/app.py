"""Where everything meets: `create_app` makes the ASGI application and the live engine around it."""

from datetime import timedelta

from quart import Quart

from webapp import access, compressing, failures, features, lifetime, responses
from webapp.api import document, versions
from webapp.door import codes
from webapp.framework import App
from webapp.mail import sending
from webapp.observing import http, tracing
from webapp.people import cookies
from webapp.programs import guard as programs
from webapp.retention import policy as personal_data
from webapp.settings import Settings
from webapp.walls import cors, headers, hosts, limits, sealing, signing
from webapp.webhooks import sending as webhooks

__all__ = ["create_app", "use"]


def use(settings: Settings) -> None:
    """Has this process do as these settings say, in what it keeps once: keys, mails, webhooks, drawing."""
    signing.use(settings.secret, *settings.older_secrets)
    sealing.use(settings.secret, *settings.older_secrets)
    codes.use(settings.secret)
    sending.use(settings, responses.render)
    webhooks.use(settings)
    personal_data.use(settings)
    responses.environment.globals["is_development"] = settings.is_development
    responses.environment.auto_reload = settings.is_development


def create_app(settings: Settings) -> Quart:
    """The ASGI application, its live engine around it. Connects when it starts serving."""
    use(settings)
    app = App(__name__, static_folder=None)
    app.extensions["settings"] = settings
    _configure(app, settings)
    cookies.install(app, settings)
    for blueprint in (*features.BLUEPRINTS, *(features.WHILE_DEVELOPING if settings.is_development else ())):
        app.register_blueprint(blueprint)
    failures.translate(app)
    http.install(app)
    tracing.use(settings)
    access.guard(app, settings.public_url)
    lifetime.live(app, settings)
    limits.enforce(app)
    programs.guard(app)
    versions.pin(app)
    document.describe(app)
    cors.allow(app)
    headers.keep_private(app)
    compressing.compress(app)
    app.asgi_app = hosts.around(app.asgi_app, settings)  # type: ignore[method-assign, assignment]
    return app


def _configure(app: Quart, settings: Settings) -> None:
    app.secret_key = settings.secret
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_mb * 2**20,
        SESSION_COOKIE_NAME="turnout_notice" if settings.is_plain else "__Host-turnout_notice",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=not settings.is_plain,
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=5),
        SECRET_KEY_FALLBACKS=list(settings.older_secrets),
    )
