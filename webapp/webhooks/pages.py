"""Webhooks in the browser: listed, made, tried, given another secret, and looked after by an organiser's managers."""

from pydantic import ValidationError
from quart import Blueprint, Response, request

from webapp import meanwhile
from webapp.access import actor, allowed, manager
from webapp.errors import Invalid
from webapp.meanwhile import Meanwhile
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Organiser
from webapp.people import forms
from webapp.people.confirming import confirmed
from webapp.people.pages import never_kept
from webapp.responses import FormErrors, answer, now, page, redirect, sentences
from webapp.webhooks import live, sending, store
from webapp.webhooks.webhook import FAMILIES, Endpoint, Webhook

pages = Blueprint("webhooks", __name__)
pages.after_request(never_kept)

LABELS = {"url": "Address"}


async def _asking(shown: forms.Shown, organiser_slug: str) -> Response:
    return await _form(shown, await organisers.by_slug(organiser_slug), None)


async def _asking_again(shown: forms.Shown, organiser_slug: str, webhook_id: str) -> Response:
    return await _form(shown, *await _found(organiser_slug, webhook_id))


async def _form(shown: forms.Shown, organiser: Organiser, webhook: Webhook | None) -> Response:
    about = {"organiser": organiser, "webhook": webhook, "families": FAMILIES}
    return await forms.shown("webhooks/form.html", {**shown, "labels": LABELS}, **about)


@pages.get("/manage/<organiser_slug>/webhooks")
@allowed(manager)
async def theirs(organiser_slug: str) -> Response:
    """An organiser's webhooks."""
    organiser = await organisers.by_slug(organiser_slug)
    shown = live.organiser_webhooks(organiser.id, organiser.slug)
    return await page("webhooks/theirs.html", shown, organiser=organiser)


@pages.get("/manage/<organiser_slug>/webhooks/new")
@allowed(manager)
@confirmed("/manage/{organiser_slug}/webhooks/new")
async def new(organiser_slug: str) -> Response:
    """Asks where to send what."""
    return await _asking(forms.blank(), organiser_slug)


@pages.post("/manage/<organiser_slug>/webhooks")
@allowed(manager)
@confirmed("/manage/{organiser_slug}/webhooks/new")
@forms.or_again(_asking)
async def create(organiser_slug: str) -> Response:
    """Makes a webhook and shows its secret this one time."""
    organiser = await organisers.by_slug(organiser_slug)
    webhook, secret = await store.add(organiser.id, await _endpoint(), by=actor(), now=now())
    return await page("webhooks/made.html", organiser=organiser, webhook=webhook, secret=secret)


@pages.get("/manage/<organiser_slug>/webhooks/<webhook_id>")
@allowed(manager)
async def show(organiser_slug: str, webhook_id: str) -> Response:
    """What was sent, live."""
    organiser, webhook = await _found(organiser_slug, webhook_id)
    shown = live.webhook_deliveries(organiser.id, webhook.id, organiser.slug)
    return await page("webhooks/show.html", shown, organiser=organiser, webhook=webhook)


@pages.get("/manage/<organiser_slug>/webhooks/<webhook_id>/edit")
@allowed(manager)
@confirmed("/manage/{organiser_slug}/webhooks/{webhook_id}/edit")
async def editing(organiser_slug: str, webhook_id: str) -> Response:
    """Asks for another address, or other changes."""
    _, webhook = await _found(organiser_slug, webhook_id)
    values = meanwhile.opening(_typed_of(webhook))
    return await _asking_again({**forms.blank(), "values": values}, organiser_slug, webhook_id)


@pages.post("/manage/<organiser_slug>/webhooks/<webhook_id>")
@allowed(manager)
@confirmed("/manage/{organiser_slug}/webhooks/{webhook_id}/edit")
@forms.or_again(_asking_again)
async def edit(organiser_slug: str, webhook_id: str) -> Response:
    """Sends to another address, or other changes; the secret stays."""
    organiser = await organisers.by_slug(organiser_slug)
    given = await _endpoint()

    async def write(seen: Webhook) -> None:
        await store.change(seen, given, by=actor(), now=now())

    try:
        await meanwhile.save(await _sent(), lambda: store.get(organiser.id, webhook_id), _typed_of, write, FAMILIES)
    except Meanwhile as other:
        raise FormErrors(other.values, other.fields) from None
    return await redirect(f"{organiser.manage_path}/webhooks/{webhook_id}", "Saved. What is sent goes there now.")


@pages.post("/manage/<organiser_slug>/webhooks/<webhook_id>/ping")
@allowed(manager)
async def ping(organiser_slug: str, webhook_id: str) -> Response:
    """Sends a test."""
    organiser, webhook = await _found(organiser_slug, webhook_id)
    await store.ping(webhook, now=now())
    return await _drawn(organiser, webhook, "A test is on its way.")


@pages.post("/manage/<organiser_slug>/webhooks/<webhook_id>/deliveries/<delivery_id>/again")
@allowed(manager)
async def send_again(organiser_slug: str, webhook_id: str, delivery_id: str) -> Response:
    """Sends something once more."""
    organiser, webhook = await _found(organiser_slug, webhook_id)
    await store.send_again(webhook, delivery_id, now=now())
    return await _drawn(organiser, webhook, "It is sent again.")


@pages.post("/manage/<organiser_slug>/webhooks/<webhook_id>/on")
@allowed(manager)
async def turn_on(organiser_slug: str, webhook_id: str) -> Response:
    """Sends to an endpoint again that was stopped."""
    organiser, webhook = await _found(organiser_slug, webhook_id)
    await store.turn_on(webhook, by=actor(), now=now())
    return await _drawn(organiser, webhook, "From now on changes are sent again.")


@pages.post("/manage/<organiser_slug>/webhooks/<webhook_id>/secret")
@allowed(manager)
@confirmed("/manage/{organiser_slug}/webhooks/{webhook_id}")
async def rotate(organiser_slug: str, webhook_id: str) -> Response:
    """Gives an endpoint another secret and shows it this one time."""
    organiser, webhook = await _found(organiser_slug, webhook_id)
    secret = await store.rotate(webhook, by=actor(), now=now())
    return await page("webhooks/made.html", organiser=organiser, webhook=webhook, secret=secret)


@pages.post("/manage/<organiser_slug>/webhooks/<webhook_id>/delete")
@allowed(manager)
async def delete(organiser_slug: str, webhook_id: str) -> Response:
    """Ends a webhook."""
    organiser, webhook = await _found(organiser_slug, webhook_id)
    await store.delete(webhook, by=actor(), now=now())
    return await redirect(f"{organiser.manage_path}/webhooks", "The webhook is deleted.")


def _typed_of(webhook: Webhook) -> forms.Shown:
    return {"url": webhook.url, "families": list(webhook.families)}


async def _sent() -> forms.Shown:
    typed = await request.form
    return {**typed.to_dict(), "families": typed.getlist("families")}


async def _endpoint() -> Endpoint:
    values = await _sent()
    try:
        given = Endpoint.model_validate(values)
        sending.check_encrypted(given)
    except ValidationError as error:
        raise FormErrors(values, sentences(error)) from None
    except Invalid as wrong:
        raise FormErrors(values, wrong.fields) from None
    return given


async def _found(organiser_slug: str, webhook_id: str) -> tuple[Organiser, Webhook]:
    organiser = await organisers.by_slug(organiser_slug)
    return organiser, await store.get(organiser.id, webhook_id)


async def _drawn(organiser: Organiser, webhook: Webhook, notice: str) -> Response:
    shown = live.webhook_deliveries(organiser.id, webhook.id, organiser.slug)
    return await answer(shown, otherwise=f"{organiser.manage_path}/webhooks/{webhook.id}", notice=notice)
