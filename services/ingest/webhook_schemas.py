"""What clients send and are shown of webhooks."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.core.webhooks.deliveries import Delivery
from services.core.webhooks.filters import WebhookFilter
from services.core.webhooks.store import Webhook
from services.core.webhooks.targets import LONGEST

Type = Literal["entry.added", "entry.changed", "entry.merged", "entry.removed", "position.changed"]
Types = Annotated[
    list[Type], Field(max_length=5, description="Changes to be told of; all where none is named")
]
Description = Annotated[str, Field(max_length=200)]

_STRICT = ConfigDict(extra="forbid", strict=True)


class WebhookPosted(BaseModel):
    """A webhook to register."""

    model_config = _STRICT | {
        "json_schema_extra": {
            "examples": [{"url": "https://example.org/treatyline", "filter": {"actor": ["nato"]}}]
        }
    }

    url: str = Field(
        description="Where messages are posted: https, and no address inside the operator's network",
        json_schema_extra={"format": "uri", "maxLength": LONGEST},
    )
    filter: WebhookFilter = Field(default_factory=WebhookFilter)
    types: Types = Field([])
    description: Description | None = None
    after: str | None = Field(
        None,
        description="Tell also what followed this change (an `id` of the stream; 0.0 is the beginning)."
        " default: what changes from now on",
        json_schema_extra={"pattern": r"^[0-9]+\.[0-9]+$"},
    )


class WebhookPatch(BaseModel):
    """What is to be different; fields that are left out stay."""

    model_config = _STRICT

    url: str | None = Field(None, json_schema_extra={"format": "uri", "maxLength": LONGEST})
    filter: WebhookFilter | None = None
    types: Types | None = None
    description: Description | None = None
    state: Literal["active", "disabled"] | None = None


class WebhookShown(BaseModel):
    """A webhook. Its secret is shown when it is made, and never again."""

    id: UUID
    url: str
    description: str | None
    filter: dict[str, Any]
    types: list[Type]
    state: Literal["active", "disabled"]
    disabled_reason: Literal["asked", "gone", "filter"] | None = Field(
        description="gone: it answered 410; filter: what it names is no longer known"
    )
    told_up_to: str = Field(description="The change up to which it was looked at what it is to be told")
    failures: int = Field(description="Attempts in a row that failed, up to now")
    resume_at: dt.datetime | None = Field(description="After failures: nothing is sent before")
    created_at: dt.datetime

    @classmethod
    def of(cls, webhook: Webhook, **more: Any) -> dict[str, Any]:
        """The webhook as JSON."""
        names = ("id", "url", "description", "filter", "types", "state", "disabled_reason", "failures")
        shown = {name: getattr(webhook, name) for name in (*names, "resume_at", "created_at")}
        return shown | {"told_up_to": f"{webhook.position}.{webhook.number}"} | more


class WebhookMade(WebhookShown):
    """A new webhook, with what its receiver checks signatures with."""

    secret: str = Field(description="Shown this once: whsec_…")


class WebhookSecret(BaseModel):
    """A new secret; messages bear signatures of both until the one before ends."""

    secret: str
    previous_until: dt.datetime


class DeliveryShown(BaseModel):
    """A message and what became of it. `id` is its `webhook-id`, the same at every attempt."""

    id: UUID
    type: str
    change: str | None = Field(description="Of which change of the feed; none for a test")
    subject: UUID | None = Field(description="The entry or position")
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    created_at: dt.datetime
    attempted_at: dt.datetime | None
    next_attempt_at: dt.datetime | None = Field(description="Of a pending one: not before")
    ended_at: dt.datetime | None
    status: int | None = Field(description="HTTP status of the last answer")
    error: str | None = Field(
        description="Why there was no answer: timeout, not-resolved, address-refused, not-reached, tls, broken-off,"
        " redirect-refused; change-gone: there is nothing to tell any longer; fault: one of ours, see the log of the relay"
    )

    @classmethod
    def of(cls, delivery: Delivery) -> dict[str, Any]:
        """The delivery as JSON."""
        names = ("id", "type", "subject", "state", "attempts", "created_at", "attempted_at", "ended_at")
        shown = {name: getattr(delivery, name) for name in (*names, "status", "error")}
        change = None if delivery.is_test else f"{delivery.position}.{delivery.number}"
        pending = delivery.state == "pending"
        return shown | {"change": change, "next_attempt_at": delivery.available_at if pending else None}


class WebhookPage(BaseModel):
    """All webhooks."""

    data: list[WebhookShown]
    next: None
    position: int = Field(description="Global position up to which the feed is complete")


class DeliveryPage(BaseModel):
    """Deliveries of a webhook, newest first."""

    data: list[DeliveryShown]
    next: str | None
    position: int = Field(description="Global position up to which the feed is complete")


class Resent(BaseModel):
    """How many messages are due again."""

    resent: int
