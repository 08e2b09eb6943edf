"""Sends what is due to webhooks: each endpoint's queue by one worker at a time, several endpoints beside each other."""

import asyncio
from datetime import UTC, datetime
from time import perf_counter

import httpx
import structlog

from webapp import due
from webapp.database import PyMongoError
from webapp.errors import Invalid
from webapp.imports.fetch import pinned
from webapp.observing import metrics
from webapp.settings import Settings
from webapp.webhooks import store
from webapp.webhooks.store import Claim
from webapp.webhooks.webhook import Delivery, Endpoint, State, headers

SECONDS = 10.0
AT_ONCE = 16
OF_ONE = 20
BESIDE_EACH_OTHER = 4
MOST_READ = 4_096
GONE = 410
NOT_ENCRYPTED = "Write an address that begins with https://, so that what is sent stays between you two."

log = structlog.get_logger()
_beside = due.Beside(AT_ONCE)
_inside: list[bool] = [False]


def use(settings: Settings) -> None:
    """Sends as the settings say from now on."""
    _inside[:] = [settings.webhooks_inside]


def may_go_inside() -> bool:
    """Whether endpoints may be inside the network of this installation."""
    return _inside[0]


def check_encrypted(given: Endpoint) -> None:
    """Raises Invalid for an address to which things would travel unencrypted, unless that is inside the network."""
    if not given.url.startswith("https://") and not may_go_inside():
        raise Invalid({"url": NOT_ENCRYPTED})


@due.job(due.When("webhook_queues", "due_at"))
async def start_due(now: datetime) -> int:
    """Takes the queue of an endpoint, if one has something to be sent, and serves it beside everything else."""
    if _beside.is_full:
        return 0
    claim = await store.claim(now)
    if claim is None:
        return 0
    _beside.begin(_serve(claim))
    return 1


async def finish() -> None:
    """Waits for what is being sent."""
    await _beside.finish()


async def _serve(claim: Claim) -> None:
    is_well = False
    try:
        is_well = await _send_all(claim)
    except PyMongoError as error:
        log.info("a webhook waits for the database", error=str(error))
    finally:
        try:
            await store.release(claim, is_well=is_well, now=datetime.now(UTC))
        except PyMongoError as error:  # the claim ends by itself
            log.info("a webhook waits for the database", error=str(error))


async def _send_all(claim: Claim) -> bool:
    """Sends in the order of the changes, a few at a time; whether the endpoint took the last of it."""
    deliveries = await store.due(claim, datetime.now(UTC), limit=OF_ONE)
    if claim.failures:
        deliveries = deliveries[:1]
    for start in range(0, len(deliveries), BESIDE_EACH_OTHER):
        some = deliveries[start : start + BESIDE_EACH_OTHER]
        if not all(await asyncio.gather(*(_send(claim, one) for one in some))):
            return False
    return True


async def _send(claim: Claim, delivery: Delivery) -> bool:
    began = perf_counter()
    status, told = await _attempt(claim, delivery)
    metrics.webhook_seconds.observe(perf_counter() - began)
    now = datetime.now(UTC)
    if status == GONE:
        metrics.webhooks.labels("stopped").inc()
        await store.note(delivery, State.STOPPED, told, now=now)
        await store.stop(claim.webhook, f"The endpoint answered 410 Gone on {now:%-d %B %Y}.")
        return True
    is_taken = httpx.codes.is_success(status)
    state = await store.note(delivery, State.DELIVERED if is_taken else State.WAITING, told, now=now)
    metrics.webhooks.labels("put_off" if state is State.WAITING else state.value).inc()
    return is_taken


async def _attempt(claim: Claim, delivery: Delivery) -> tuple[int, str]:
    """The status that the endpoint answered, 0 for none, and a sentence about it."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _post(claim, delivery)
    except TimeoutError:
        return 0, f"No answer within {SECONDS:.0f} seconds."
    except Invalid as refused:
        return 0, str(refused)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return 0, f"No answer: {type(error).__name__}."


async def _post(claim: Claim, delivery: Delivery) -> tuple[int, str]:
    given = headers(delivery.message_id, delivery.body, claim.secrets, now=datetime.now(UTC))
    given |= {"Content-Type": "application/json", "User-Agent": "Turnout", "Accept-Encoding": "identity"}
    # Never by a proxy of the environment and never on to another address: either would undo the check.
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False, follow_redirects=False) as client:
        request = await pinned(
            client, "POST", claim.webhook.url, inside=may_go_inside(), headers=given, content=delivery.body
        )
        response = await client.send(request, stream=True)
        try:
            return (
                response.status_code,
                f"{response.status_code} {response.reason_phrase}. {await _words(response)}".strip(),
            )
        finally:
            await response.aclose()


async def _words(response: httpx.Response) -> str:
    """The beginning of what an endpoint says; it may say as much as it likes, nobody reads on."""
    read = bytearray()
    async for part in response.aiter_raw(1_024):
        read += part
        if len(read) >= MOST_READ:
            break
    words = bytes(read[:200]).decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else " " for sign in words).strip()
