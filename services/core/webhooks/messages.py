"""The body of a webhook: a change of the feed as CloudEvents 1.0, structured mode. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson

MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
SOURCE = "/treatyline/timeline"
TEST = "webhook.test"
CHANGES = ("entry.added", "entry.changed", "entry.merged", "entry.removed", "position.changed")


def change_message(
    type_: str, *, position: int, number: int, subject: str, recorded_at: dt.datetime, data: bytes
) -> bytes:
    """A change. `id` is the change's on the stream, the same for every receiver; `data` is what the stream tells."""
    return _message(
        type_,
        id=f"{position}.{number}",
        subject=subject,
        time=recorded_at,
        sequence=f"{position:020d}.{number:05d}",  # sorts as the feed does
        data=orjson.Fragment(data),
    )


def trial_message(delivery_id: str, webhook_id: str, at: dt.datetime) -> bytes:
    """A message that says nothing, to see whether it arrives."""
    return _message(TEST, id=delivery_id, subject=webhook_id, time=at, data={"webhook": webhook_id})


def _message(type_: str, **more: Any) -> bytes:
    data = more.pop("data")
    event = {"specversion": "1.0", "source": SOURCE, "type": type_, **more}
    return orjson.dumps(
        event | {"datacontenttype": "application/json", "data": data}, option=orjson.OPT_UTC_Z
    )
