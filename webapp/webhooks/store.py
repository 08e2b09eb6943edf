"""How webhooks and what is sent to them are kept.

A delivery is written in the transaction that gives a change its place in the order. Each endpoint has a queue that one
worker at a time takes, so that a dead one occupies nobody but itself; `due_at` says when the queue is worth a look.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_bytes, token_hex
from typing import Any

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Kind, Subject
from webapp.belonging import apart
from webapp.changes import store as changes
from webapp.changes.audience import Audience
from webapp.changes.change import Change
from webapp.database import IndexModel, Session, db
from webapp.errors import Conflict, EditedMeanwhile, NotFound
from webapp.organisers.organiser import Role
from webapp.walls import sealing
from webapp.webhooks.webhook import (
    MOST,
    OLD_SECRET_LASTS,
    PREFIX,
    Delivery,
    Endpoint,
    State,
    Webhook,
    body_of,
    next_try,
    pause,
)

CLAIM = timedelta(seconds=60)
KEPT_SECONDS = 30 * 24 * 60 * 60
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
NOT_THERE = "There is no such webhook; it may have been deleted."
NO_DELIVERY = "There is no such delivery any more."
PING = "webhook.ping"
NOTHING: Mapping[str, Any] = {}

database.keep("webhooks", IndexModel("organiser_id"))
database.keep("webhook_queues", IndexModel("due_at"))
database.keep(
    "deliveries",
    IndexModel([("webhook_id", 1), ("due_at", 1)], partialFilterExpression={"state": "waiting"}, name="waiting"),
    IndexModel([("webhook_id", 1), ("created_at", -1)]),
    IndexModel("created_at", expireAfterSeconds=KEPT_SECONDS),
)
apart("deliveries", "They name no person, and go after thirty days.")


@dataclass(frozen=True)
class Claim:
    """An endpoint's queue, taken for a minute."""

    webhook: Webhook
    secrets: list[str]
    mark: datetime
    failures: int


async def of(organiser_id: str) -> list[Webhook]:
    """An organiser's webhooks, the oldest first."""
    found = await db().webhooks.find({"organiser_id": organiser_id}).sort("created_at", 1).to_list(None)
    return [Webhook.model_validate(one) for one in found]


async def get(organiser_id: str, webhook_id: str) -> Webhook:
    """Raises NotFound."""
    found = await db().webhooks.find_one({"_id": webhook_id, "organiser_id": organiser_id})
    if found is None:
        raise NotFound(NOT_THERE)
    return Webhook.model_validate(found)


async def add(organiser_id: str, given: Endpoint, *, by: Actor, now: datetime) -> tuple[Webhook, str]:
    """A new webhook, and its secret, which is shown this once. Raises Conflict."""
    webhook_id, secret = database.new_id(), _new_secret()
    kept = {"_id": webhook_id, "organiser_id": organiser_id, "stopped": "", "created_at": now, **given.model_dump()}
    made = Webhook.model_validate(kept)

    async def write(session: Session) -> None:
        if await db().webhooks.count_documents({"organiser_id": organiser_id}, session=session) >= MOST:
            raise Conflict(f"An organiser has {MOST} webhooks at most; delete one first.")
        secrets = [{"sealed": _sealed(secret, webhook_id), "until": None}]
        await db().webhooks.insert_one({**kept, "secrets": secrets}, session=session)
        await db().webhook_queues.insert_one(_queue(webhook_id), session=session)
        shown = {"url": made.url, "families": made.families}
        await audit.record(organiser_id, _about(made), "added", by=by, now=now, session=session, after=shown)

    await database.transaction(write)
    return made, secret


async def change(webhook: Webhook, given: Endpoint, *, by: Actor, now: datetime) -> None:
    """Sends to another address, or of other kinds. Raises NotFound, and EditedMeanwhile where somebody was quicker."""
    was = {"url": webhook.url, "families": list(webhook.families)}
    await _edit(webhook, given.model_dump(), "edited", was, only_as=was, by=by, now=now)


async def rotate(webhook: Webhook, *, by: Actor, now: datetime) -> str:
    """A new secret, shown this once; for a day everything is signed with the old one too."""
    secret = _new_secret()

    async def write(session: Session) -> None:
        kept = await db().webhooks.find_one({"_id": webhook.id}, session=session)
        if kept is None:
            raise NotFound(NOT_THERE)
        latest = {**kept["secrets"][0], "until": now + OLD_SECRET_LASTS}
        secrets = [{"sealed": _sealed(secret, webhook.id), "until": None}, latest]
        await db().webhooks.update_one({"_id": webhook.id}, {"$set": {"secrets": secrets}}, session=session)
        await audit.record(webhook.organiser_id, _about(webhook), "rotated", by=by, now=now, session=session)

    await database.transaction(write)
    return secret


async def turn_on(webhook: Webhook, *, by: Actor, now: datetime) -> None:
    """Sends to an endpoint again that was stopped; what happens from now on."""
    await _edit(webhook, {"stopped": ""}, "turned on", {"stopped": webhook.stopped}, by=by, now=now)


async def delete(webhook: Webhook, *, by: Actor, now: datetime) -> None:
    """Ends a webhook, and what was on its way."""

    async def write(session: Session) -> None:
        gone = await db().webhooks.delete_one({"_id": webhook.id}, session=session)
        await db().webhook_queues.delete_one({"_id": webhook.id}, session=session)
        if gone.deleted_count:
            await audit.record(webhook.organiser_id, _about(webhook), "deleted", by=by, now=now, session=session)

    await database.transaction(write)
    await db().deliveries.delete_many({"webhook_id": webhook.id})


@changes.beside
async def deliver(told: Sequence[Change], session: Session) -> None:
    """Leaves the changes to be sent to all who want them, in the transaction that adds them."""
    organisers = sorted({change.organiser_id for change in told})
    found = (
        await db().webhooks.find({"organiser_id": {"$in": organisers}, "stopped": ""}, session=session).to_list(None)
    )
    webhooks = [Webhook.model_validate(one) for one in found]
    now = datetime.now(UTC)
    made = [
        _delivery(webhook, change.id, change.kind, body_of(change), now)
        for webhook in webhooks
        for change in told
        if _hears(webhook, change)
    ]
    if made:
        await db().deliveries.insert_many(made, session=session)
        await _wake(sorted({one["webhook_id"] for one in made}), now, session)


async def ping(webhook: Webhook, *, now: datetime) -> str:
    """Sends something that means nothing, to try the endpoint; answers the id of the delivery."""
    message_id = f"ping-{token_hex(8)}"
    told = Change("0-0", PING, webhook.organiser_id, "", webhook.id, now)
    body = body_of(told).replace('"id": "0-0"', f'"id": "{message_id}"')
    made = _delivery(webhook, message_id, PING, body, now)
    await db().deliveries.insert_one(made)
    await _wake([webhook.id], now)
    return str(made["_id"])


async def send_again(webhook: Webhook, delivery_id: str, *, now: datetime) -> None:
    """Sends something once more, under the same id. Raises NotFound."""
    anew = {"state": State.WAITING, "due_at": now, "attempts": 0, "created_at": now}
    done = await db().deliveries.update_one({"_id": delivery_id, "webhook_id": webhook.id}, {"$set": anew})
    if not done.matched_count:
        raise NotFound(NO_DELIVERY)
    await _wake([webhook.id], now)


async def delivery(webhook: Webhook, delivery_id: str) -> Delivery:
    """Raises NotFound."""
    found = await db().deliveries.find_one({"_id": delivery_id, "webhook_id": webhook.id})
    if found is None:
        raise NotFound(NO_DELIVERY)
    return Delivery.model_validate(found)


async def latest(webhook_id: str, *, limit: int) -> list[Delivery]:
    """What was sent or waits, the latest first."""
    found = db().deliveries.find({"webhook_id": webhook_id}).sort("created_at", -1).limit(limit)
    return [Delivery.model_validate(one) for one in await found.to_list(limit)]


async def claim(now: datetime) -> Claim | None:
    """Takes the queue of an endpoint that has something to be sent, for a minute."""
    mark = now + CLAIM
    is_free = {"due_at": {"$lte": now}, "claimed_until": {"$lte": now}, "quiet_until": {"$lte": now}}
    taken = {"$set": {"claimed_until": mark, "due_at": mark}}
    queue = await db().webhook_queues.find_one_and_update(is_free, taken, sort=[("due_at", 1)])
    if queue is None:
        return None
    found = await db().webhooks.find_one({"_id": queue["_id"]})
    if found is None or found["stopped"]:
        await db().webhook_queues.update_one({"_id": queue["_id"]}, {"$set": {"due_at": NEVER, "claimed_until": EPOCH}})
        return None
    good = [one["sealed"] for one in found["secrets"] if one["until"] is None or one["until"] > now]
    opened = [sealing.opened(sealed, about=_sealed_for(found["_id"])) for sealed in good]
    return Claim(Webhook.model_validate(found), [one for one in opened if one], mark, queue["failures"])


async def due(claim: Claim, now: datetime, *, limit: int) -> list[Delivery]:
    """What is to be sent to an endpoint, the earliest first."""
    query = {"webhook_id": claim.webhook.id, "state": State.WAITING, "due_at": {"$lte": now}}
    found = await db().deliveries.find(query).sort("due_at", 1).limit(limit).to_list(limit)
    return [Delivery.model_validate(one) for one in found]


async def note(delivery: Delivery, state: State, told: str, *, now: datetime) -> State:
    """Writes down how an attempt ended; one that failed is tried again until it was tried for three days."""
    attempts = delivery.attempts + 1
    due_at = next_try(attempts, delivery.created_at, now) if state is State.WAITING else None
    if state is State.WAITING and due_at is None:
        state = State.FAILED
    values: dict[str, Any] = {"state": state, "attempts": attempts, "tried_at": now, "told": told, "due_at": due_at}
    await db().deliveries.update_one({"_id": delivery.id}, {"$set": values})
    return state


async def release(claim: Claim, *, is_well: bool, now: datetime) -> None:
    """Gives a queue back; after a failure it is left alone for a while, longer each time."""
    waiting = {"webhook_id": claim.webhook.id, "state": State.WAITING}
    first = await db().deliveries.find_one(waiting, sort=[("due_at", 1)])
    mine = {"_id": claim.webhook.id, "due_at": claim.mark}
    # What came in since has set an earlier time, which stays.
    await db().webhook_queues.update_one(mine, {"$set": {"due_at": first["due_at"] if first else NEVER}})
    failures = 0 if is_well else claim.failures + 1
    quiet_until = EPOCH if is_well else now + pause(failures)
    values = {"failures": failures, "quiet_until": quiet_until, "claimed_until": EPOCH}
    held = {"_id": claim.webhook.id, "claimed_until": claim.mark}
    await db().webhook_queues.update_one(held, {"$set": values})


async def stop(webhook: Webhook, reason: str) -> None:
    """Sends no more to an endpoint that wants nothing more."""
    await db().webhooks.update_one({"_id": webhook.id}, {"$set": {"stopped": reason}})
    waiting = {"webhook_id": webhook.id, "state": State.WAITING}
    await db().deliveries.update_many(waiting, {"$set": {"state": State.STOPPED, "due_at": None, "told": reason}})


async def overdue(now: datetime) -> int:
    """Endpoints whose queue should have been looked at by now, were all well."""
    late = now - CLAIM
    return await db().webhook_queues.count_documents({"due_at": {"$lte": late}, "quiet_until": {"$lte": late}})


async def _wake(webhook_ids: Sequence[str], now: datetime, session: Session | None = None) -> None:
    later = {"_id": {"$in": list(webhook_ids)}, "due_at": {"$gt": now}}
    await db().webhook_queues.update_many(later, {"$set": {"due_at": now}}, session=session)


async def _edit(
    webhook: Webhook,
    values: dict[str, Any],
    action: str,
    was: dict[str, Any],
    *,
    only_as: Mapping[str, Any] = NOTHING,
    by: Actor,
    now: datetime,
) -> None:
    mine = {"_id": webhook.id}

    async def write(session: Session) -> None:
        done = await db().webhooks.update_one({**mine, **only_as}, {"$set": values}, session=session)
        if not done.matched_count:
            is_there = await db().webhooks.find_one(mine, {"_id": 1}, session=session)
            raise EditedMeanwhile if is_there else NotFound(NOT_THERE)
        sides = {"before": was, "after": values}
        await audit.record(webhook.organiser_id, _about(webhook), action, by=by, now=now, session=session, **sides)

    await database.transaction(write)


def _hears(webhook: Webhook, change: Change) -> bool:
    return Audience({webhook.organiser_id: Role.MANAGER}).has(change) and webhook.wish.has(change)


def _delivery(webhook: Webhook, message_id: str, kind: str, body: str, now: datetime) -> dict[str, Any]:
    whose = {"webhook_id": webhook.id, "organiser_id": webhook.organiser_id}
    what = {"message_id": message_id, "kind": kind, "body": body, "told": "", "tried_at": None}
    when = {"created_at": now, "due_at": now, "attempts": 0, "state": State.WAITING}
    return {"_id": f"{webhook.id}:{message_id}", **whose, **what, **when}


def _queue(webhook_id: str) -> dict[str, Any]:
    return {"_id": webhook_id, "due_at": NEVER, "claimed_until": EPOCH, "quiet_until": EPOCH, "failures": 0}


def _about(webhook: Webhook) -> Subject:
    return Subject(Kind.WEBHOOK, webhook.id, webhook.host)


def _new_secret() -> str:
    return PREFIX + b64encode(token_bytes(32)).decode()


def _sealed(secret: str, webhook_id: str) -> str:
    return sealing.seal(secret, about=_sealed_for(webhook_id))


def _sealed_for(webhook_id: str) -> str:
    return f"webhook {webhook_id}"
