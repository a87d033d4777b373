"""TimelineJS 3 (https://timeline.knightlab.com/docs/json-format.html): headlines and texts are HTML there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.api.exports.lines import Line
from services.api.exports.safety import html
from services.api.exports.words import as_html
from services.core.web.responses import json_bytes


class TimelineJS:
    """Writes the document part by part."""

    def __init__(self, title: str, subtitle: str) -> None:
        self._title, self._subtitle = title, subtitle
        self._begun = False

    def head(self) -> bytes:
        slide = {"text": {"headline": html(self._title), "text": html(self._subtitle)}}
        return b'{"title":%b,"scale":"human","events":[' % json_bytes(slide)

    def part(self, lines: Sequence[Line]) -> bytes:
        if not lines:
            return b""
        comma = b"," if self._begun else b""
        self._begun = True
        return comma + b",".join(json_bytes(_slide(line)) for line in lines)

    def tail(self) -> bytes:
        return b"]}"


def _slide(line: Line) -> dict[str, Any]:
    entry = line.entry
    names = ("year", "month", "day")
    parts = (int(part) for part in entry["date"].split("-"))
    return {
        "unique_id": f"e-{entry['id']}",
        "start_date": {**dict(zip(names, parts, strict=False)), "display_date": line.when},
        "display_date": line.when,
        "group": html(line.kind),
        "text": {"headline": html(line.headline), "text": as_html(line)},
        "autolink": False,  # what is an address in an article's words stays words
    }


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SlideDate(_Shown):
    """No finer than the date is known."""

    year: int
    month: int | None = None
    day: int | None = None
    display_date: str


class SlideText(_Shown):
    headline: str
    text: str


class TitleSlide(_Shown):
    text: SlideText


class Slide(_Shown):
    unique_id: str
    start_date: SlideDate
    display_date: str
    group: str
    text: SlideText
    autolink: bool


class TimelineJSDocument(_Shown):
    """What TimelineJS 3 takes as its source."""

    title: TitleSlide
    scale: str
    events: list[Slide]
