"""An endpoint of an organiser's, what is sent to it, and when it is tried again. Rules only.

Signed as the Standard Webhooks specification says (github.com/standard-webhooks/standard-webhooks).
"""

import hashlib
import hmac
import json
import random
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from webapp.changes.audience import Wish
from webapp.changes.change import Change, rfc3339

PREFIX = "whsec_"
MOST = 20
GIVEN_UP_AFTER = timedelta(days=3)
OLD_SECRET_LASTS = timedelta(days=1)
WAITS = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600]
"""Seconds before each next attempt; the last goes on until three days have passed."""
LONGEST_PAUSE = 600
FAMILIES = {
    "event": "Events",
    "registration": "Registrations",
    "waiting_list_entry": "The waiting list",
    "check_in": "Check-ins",
    "tickets": "Ticket types and pools",
    "team": "The team",
}


class State(StrEnum):
    """How a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    STOPPED = "stopped"


class Webhook(BaseModel):
    """Where changes are sent, and which: no families means all. `stopped` says why nothing is sent any more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(alias="_id")
    organiser_id: str
    url: str
    families: tuple[str, ...] = ()
    stopped: str = ""
    created_at: datetime

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def is_on(self) -> bool:
        return not self.stopped

    @property
    def wish(self) -> Wish:
        return Wish(kinds=self.families)

    @property
    def words(self) -> list[str]:
        return [FAMILIES.get(family, family) for family in self.families]


class Delivery(BaseModel):
    """One change on its way to one endpoint. `message_id` is the change's own id, in every attempt."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(alias="_id")
    webhook_id: str
    organiser_id: str
    message_id: str
    kind: str
    body: str = Field(repr=False)
    state: State
    attempts: int = 0
    created_at: datetime
    tried_at: datetime | None = None
    due_at: datetime | None = None
    told: str = ""

    @property
    def may_be_sent_again(self) -> bool:
        return self.state is not State.WAITING or self.attempts > 0


def _all(value: Any) -> Any:
    return [value] if isinstance(value, str) and value else value or []


class Endpoint(BaseModel):
    """What an organiser types."""

    model_config = ConfigDict(str_strip_whitespace=True)

    url: str = Field(min_length=1, max_length=500)
    families: Annotated[list[str], BeforeValidator(_all)] = Field(default_factory=list)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            is_fine = parts.scheme in {"https", "http"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            is_fine = False
        if not is_fine or not url.isascii() or any(sign <= " " for sign in url):
            raise PydanticCustomError("turnout", "Write the whole address, such as https://example.org/turnout.")
        if parts.username or parts.password:
            raise PydanticCustomError("turnout", "Write the address without a name and password in it.")
        return url

    @field_validator("families")
    @classmethod
    def _are_known(cls, families: list[str]) -> list[str]:
        if not set(families) <= set(FAMILIES):
            raise PydanticCustomError("turnout", "Choose from the list.")
        return [family for family in FAMILIES if family in families]


def body_of(change: Change) -> str:
    """What is sent of a change."""
    return json.dumps({"type": change.kind, "timestamp": rfc3339(change.at), "data": change.told()})


def headers(message_id: str, body: str, secrets: Iterable[str], *, now: datetime) -> dict[str, str]:
    """The headers of a message: signed with every secret that is good, so that one can be replaced without a gap."""
    stamp = str(int(now.timestamp()))
    signed = f"{message_id}.{stamp}.{body}".encode()
    signatures = " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signatures}


def next_try(attempts: int, created_at: datetime, now: datetime) -> datetime | None:
    """When to try again after so many attempts, up to a fifth later or sooner; None once it has been tried enough."""
    wait = WAITS[min(attempts, len(WAITS)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - so that not all come at once
    at = now + timedelta(seconds=wait)
    return at if at - created_at <= GIVEN_UP_AFTER else None


def pause(failures: int) -> timedelta:
    """For how long an endpoint is left alone that has failed so often in a row."""
    return timedelta(seconds=min(LONGEST_PAUSE, 2 ** min(failures, 20)) * random.uniform(0.8, 1.2))  # noqa: S311


def _signature(secret: str, signed: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
