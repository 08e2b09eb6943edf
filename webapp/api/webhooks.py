"""Webhooks: where an organiser's changes are posted to, and what became of each message."""

import json
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field
from quart import Blueprint, Response

from webapp.access import actor, allowed, manager
from webapp.api import answering, finding, listing, tags
from webapp.api.answering import View, example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.data import asked, patched, sent
from webapp.responses import now
from webapp.webhooks import sending, store
from webapp.webhooks.webhook import FAMILIES, Delivery, Endpoint, State, Webhook

api = Blueprint("api_webhooks", __name__)

ABOUT = "Webhooks"
PATH = "/api/v1/organisers/<organiser_slug>/webhooks"
ONE = f"{PATH}/<webhook_id>"
DELIVERIES = f"{ONE}/deliveries"
TO = {"url": "https://example.org/turnout", "families": ["registration", "check_in"]}
EXAMPLE = {
    "id": "4h9s2d7f3g8k1m6p",
    "organiser_id": "7mrxm5hj4y7cvp2k",
    **TO,
    "stopped": "",
    "created_at": "2026-06-01T10:00:00Z",
}
SECRET = "whsec_..."  # noqa: S105 - an example of one


class WebhookBody(Endpoint):
    """Where to post, and which families of changes; none named means all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(TO))


class WebhookView(View):
    """An address that changes are posted to."""

    model_config = ConfigDict(json_schema_extra=example(EXAMPLE))

    organiser_id: str
    url: str
    families: list[str] = Field(description=f"Among {', '.join(FAMILIES)}; none means all.")
    stopped: str = Field(description="Why nothing is sent any more; empty while it is on.")
    created_at: datetime

    @classmethod
    def of(cls, one: Webhook) -> Self:
        return cls.made_of(one, families=list(one.families))


class SecretView(WebhookView):
    """A webhook with its secret, which is told this once."""

    model_config = ConfigDict(json_schema_extra=example({**EXAMPLE, "secret": SECRET}))

    secret: str = Field(description="Verifies the signatures, as Standard Webhooks says.")

    @classmethod
    def with_secret(cls, one: Webhook, secret: str) -> Self:
        return cls.made_of(one, families=list(one.families), secret=secret)


class DeliveryView(View):
    """A message on its way. `message_id` is the change's own id, in every attempt."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "4h9s2d7f3g8k1m6p:7708283116430983169-3",
                "webhook_id": "4h9s2d7f3g8k1m6p",
                "message_id": "7708283116430983169-3",
                "kind": "registration.confirmed",
                "state": "delivered",
                "attempts": 1,
                "created_at": "2026-06-01T10:01:12Z",
                "tried_at": "2026-06-01T10:01:12Z",
                "due_at": None,
                "told": "204 No Content.",
                "body": {"type": "registration.confirmed", "timestamp": "2026-06-01T10:01:12.400Z", "data": {}},
            }
        )
    )

    webhook_id: str
    message_id: str
    kind: str
    state: State
    attempts: int
    created_at: datetime
    tried_at: datetime | None
    due_at: datetime | None = Field(description="When it is tried next.")
    told: str = Field(description="What the endpoint answered last.")
    body: dict[str, Any] = Field(description="What is posted.")

    @classmethod
    def of(cls, one: Delivery) -> Self:
        return cls.made_of(one, body=json.loads(one.body))


class Webhooks(Listing):
    """Which webhooks."""

    sort: Literal["created_at", "-created_at", "url", "-url"] = "created_at"


class Deliveries(Listing):
    """Which deliveries."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    state: State | None = Field(None, description="Is in this state.")


@api.get(PATH)
@allowed(manager)
@operation(ABOUT, lists=WebhookView, query=Webhooks)
async def index(organiser_slug: str) -> Response:
    """Lists an organiser's webhooks."""
    organiser, given = await finding.organiser(organiser_slug), asked(Webhooks)
    views = [WebhookView.of(one) for one in await store.of(organiser.id)]
    return await answering.listed(listing.among(views, given), given)


@api.post(PATH)
@allowed(manager)
@operation(ABOUT, answers=SecretView, status=201, body=WebhookBody)
async def create(organiser_slug: str) -> Response:
    """Makes a webhook; its secret is told this once."""
    organiser, body = await finding.organiser(organiser_slug), await sent(WebhookBody)
    sending.check_encrypted(body)
    one, secret = await store.add(organiser.id, body, by=actor(), now=now())
    view = SecretView.with_secret(one, secret)
    return await answering.made(view, f"/api/v1/organisers/{organiser_slug}/webhooks/{one.id}", edit=_tag(one))


@api.get(ONE)
@allowed(manager)
@operation(ABOUT, answers=WebhookView, query=Choosing)
async def read(organiser_slug: str, webhook_id: str) -> Response:
    """Reads a webhook."""
    return await _one(await _there(organiser_slug, webhook_id), asked(Choosing))


@api.patch(ONE)
@allowed(manager)
@operation(ABOUT, answers=WebhookView, body=WebhookBody, edits=True)
async def edit(organiser_slug: str, webhook_id: str) -> Response:
    """Posts to another address, or other changes; what is on its way goes there too."""
    one = await _there(organiser_slug, webhook_id)
    tags.expect(_tag(one))
    body = await patched(WebhookBody, _known(one))
    sending.check_encrypted(body)
    with tags.of_one_version():
        await store.change(one, body, by=actor(), now=now())
    return await _one(await _there(organiser_slug, webhook_id))


@api.delete(ONE)
@allowed(manager)
@operation(ABOUT, status=204, edits=True)
async def delete(organiser_slug: str, webhook_id: str) -> Response:
    """Ends a webhook, and what was on its way."""
    one = await _there(organiser_slug, webhook_id)
    tags.expect_if_given(_tag(one))
    await store.delete(one, by=actor(), now=now())
    return answering.nothing()


@api.post(f"{ONE}/secret")
@allowed(manager)
@operation(ABOUT, answers=SecretView)
async def rotate(organiser_slug: str, webhook_id: str) -> Response:
    """Gives a webhook another secret, told this once; for a day messages are signed with the old one too."""
    one = await _there(organiser_slug, webhook_id)
    secret = await store.rotate(one, by=actor(), now=now())
    return await answering.one(SecretView.with_secret(one, secret), edit=_tag(one))


@api.post(f"{ONE}/on")
@allowed(manager)
@operation(ABOUT, answers=WebhookView)
async def turn_on(organiser_slug: str, webhook_id: str) -> Response:
    """Posts again to an endpoint that was stopped; what happens from now on."""
    await store.turn_on(await _there(organiser_slug, webhook_id), by=actor(), now=now())
    return await _one(await _there(organiser_slug, webhook_id))


@api.post(f"{ONE}/ping")
@allowed(manager)
@operation(ABOUT, answers=DeliveryView, status=201)
async def ping(organiser_slug: str, webhook_id: str) -> Response:
    """Posts a message that means nothing, to try the endpoint; read the delivery for what it answered."""
    one = await _there(organiser_slug, webhook_id)
    made = await store.delivery(one, await store.ping(one, now=now()))
    path = f"/api/v1/organisers/{organiser_slug}/webhooks/{one.id}/deliveries/{made.id}"
    return await answering.made(DeliveryView.of(made), path)


@api.get(DELIVERIES)
@allowed(manager)
@operation(ABOUT, lists=DeliveryView, query=Deliveries)
async def deliveries(organiser_slug: str, webhook_id: str) -> Response:
    """Lists what was posted in the last thirty days or waits, the latest first."""
    one, given = await _there(organiser_slug, webhook_id), asked(Deliveries)
    state = {"state": given.state.value} if given.state else {}
    found = await listing.page(
        "deliveries", {"webhook_id": one.id, **state}, given, lambda row: DeliveryView.of(Delivery.model_validate(row))
    )
    return await answering.listed(found, given)


@api.get(f"{DELIVERIES}/<delivery_id>")
@allowed(manager)
@operation(ABOUT, answers=DeliveryView, query=Choosing)
async def read_delivery(organiser_slug: str, webhook_id: str, delivery_id: str) -> Response:
    """Reads what became of a message."""
    one = await _there(organiser_slug, webhook_id)
    return await answering.one(DeliveryView.of(await store.delivery(one, delivery_id)), choosing=asked(Choosing))


@api.post(f"{DELIVERIES}/<delivery_id>/again")
@allowed(manager)
@operation(ABOUT, answers=DeliveryView)
async def send_again(organiser_slug: str, webhook_id: str, delivery_id: str) -> Response:
    """Posts a message once more, under the same id."""
    one = await _there(organiser_slug, webhook_id)
    await store.send_again(one, delivery_id, now=now())
    return await answering.one(DeliveryView.of(await store.delivery(one, delivery_id)))


async def _there(organiser_slug: str, webhook_id: str) -> Webhook:
    return await store.get((await finding.organiser(organiser_slug)).id, webhook_id)


def _known(one: Webhook) -> dict[str, Any]:
    return {"url": one.url, "families": list(one.families)}


def _tag(one: Webhook) -> str:
    return tags.edit_of(_known(one))


async def _one(one: Webhook, choosing: Choosing | None = None) -> Response:
    return await answering.one(WebhookView.of(one), edit=_tag(one), choosing=choosing)
