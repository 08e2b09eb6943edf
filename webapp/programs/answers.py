"""What programs are told about their tokens. Rules only."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Tokens(BaseModel):
    """A short token, and with a person's sign-in the next refresh token."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"access_token": "eyJ...", "token_type": "Bearer", "expires_in": 600, "scope": "read write checkin"}
            ]
        }
    )

    access_token: str
    token_type: str
    expires_in: int = Field(description="Seconds.")
    scope: str
    refresh_token: str | None = None


class Current(BaseModel):
    """Who a token acts for, what it may do, and until when."""

    id: str
    name: str
    scope: str
    roles: dict[str, str] = Field(description="By the organiser's id.")
    expires_at: datetime


class Keys(BaseModel):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, Any]]


class Ticket(BaseModel):
    """A word that opens one WebSocket."""

    ticket: str
    expires_in: int = Field(description="Seconds.")
