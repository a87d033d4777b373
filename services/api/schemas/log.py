"""The log, as CloudEvents."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel

from services.api.schemas.parts import Page


class CloudEvent(BaseModel):
    """CloudEvents 1.0 in structured mode, with the extensions that FORMATS name."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: dt.datetime
    recordedtime: dt.datetime
    sequence: str
    partitionkey: str
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    keyid: str | None = None  # of the API key that it came with
    datacontenttype: Literal["application/json"]
    data: dict[str, Any]


class EventPage(Page):
    data: list[CloudEvent]
