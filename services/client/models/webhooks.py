"""Webhooks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.client.models.parts import Model


class Webhook(Model):
    """A webhook. `secret` is there once, in the answer to its registration."""

    id: str
    url: str
    description: str | None = None
    filter: dict[str, Any]
    types: list[str]
    state: str
    disabled_reason: str | None = None
    told_up_to: str
    failures: int
    created_at: dt.datetime
    secret: str | None = None
