"""Atom (RFC 4287, paged by RFC 5005, what is gone by RFC 6721) and JSON Feed 1.1 (https://jsonfeed.org/version/1.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from xml.etree import ElementTree as ET  # only written, never read

from pydantic import BaseModel, ConfigDict, Field

from services.api.exports.gone import Gone
from services.api.exports.lines import Line, rfc3339
from services.api.exports.safety import one_line, plain
from services.api.exports.words import as_html, as_text
from services.api.schemas.timeline import Entry
from services.core.domain.ids import derived_id

ATOM = "application/atom+xml"
JSON_FEED = "application/feed+json"
_VERSION = "https://jsonfeed.org/version/1.1"
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_NAME = "Treatyline"


@dataclass(frozen=True, slots=True)
class Head:
    """What a feed says of itself."""

    title: str
    subtitle: str
    question: tuple[str, ...]  # what was asked: it names the feed wherever it is served
    here: str  # this page of it
    first: str  # its first page
    following: str | None  # its next page
    page: str  # the same for people
    recorded_at: dt.datetime  # the last thing that it reflects
    gone: Sequence[Gone] = ()  # what belonged on this page and is no longer told

    @property
    def urn(self) -> str:
        return f"urn:uuid:{derived_id('feed', *self.question)}"

    def updated(self, lines: Sequence[Line]) -> dt.datetime:
        """When a feed of these entries last changed."""
        changes = [line.updated for line in lines] + [gone.at for gone in self.gone]
        return max(changes, default=self.recorded_at)


def atom(head: Head, lines: Sequence[Line]) -> bytes:
    """An Atom document, well-formed whatever the words are."""
    feed = ET.Element(
        "feed", {"xmlns": "http://www.w3.org/2005/Atom", "xmlns:at": _TOMBSTONES, "xml:lang": "en"}
    )
    _text(feed, "id", head.urn)
    _text(feed, "title", one_line(head.title))
    if head.subtitle:
        _text(feed, "subtitle", one_line(head.subtitle))
    _text(feed, "updated", rfc3339(head.updated(lines)))
    _text(ET.SubElement(feed, "author"), "name", _NAME)
    _text(feed, "generator", _NAME, version=version("treatyline"))
    _link(feed, "self", head.here, ATOM)
    _link(feed, "first", head.first, ATOM)
    if head.following:
        _link(feed, "next", head.following, ATOM)
    _link(feed, "alternate", head.page, "text/html")
    for line in lines:
        feed.append(_atom_entry(line))
    for gone in head.gone:
        ET.SubElement(feed, "at:deleted-entry", {"ref": gone.urn, "when": rfc3339(gone.at)})
    document: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _atom_entry(line: Line) -> ET.Element:
    made = ET.Element("entry")
    _text(made, "id", line.urn)
    _text(made, "title", f"{line.when}: {line.headline}")
    _text(made, "published", rfc3339(line.published))
    _text(made, "updated", rfc3339(line.updated))
    _link(made, "alternate", line.page, "text/html")
    for source in line.sources:
        if source.url:
            _link(made, "via", source.url, title=one_line(source.outlet))
    for scheme, terms in _tags(line):
        for term, label in terms:
            ET.SubElement(made, "category", term=plain(term), scheme=f"urn:treatyline:{scheme}", label=label)
    if line.entry["summary"]:
        _text(made, "summary", plain(line.entry["summary"]))
    _text(made, "content", as_html(line), type="html")
    return made


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text


def _link(
    parent: ET.Element, rel: str, href: str, type_: str | None = None, title: str | None = None
) -> None:
    attributes = {"rel": rel, "href": plain(href), "type": type_, "title": title}
    ET.SubElement(parent, "link", {k: v for k, v in attributes.items() if v})


def _tags(line: Line) -> list[tuple[str, list[tuple[str, str]]]]:
    entry = line.entry
    plover = [(entry["plover"], entry["plover"])] if entry["plover"] else []
    return [
        ("kind", [(entry["kind"], line.kind)]),
        ("plover", plover),
        ("actor", list(zip(entry["actors"], line.actors, strict=True))),
        ("recipient", list(zip(entry["recipients"], line.recipients, strict=True))),
    ]


def json_feed(head: Head, lines: Sequence[Line]) -> dict[str, Any]:
    """A JSON Feed; the whole entry is under `_treatyline`, there also what is no longer told."""
    deleted = [
        {
            "id": gone.urn,
            "date_deleted": rfc3339(gone.at),
            "merged_into": f"urn:uuid:{gone.merged_into}" if gone.merged_into else None,
        }
        for gone in head.gone
    ]
    found = {
        "version": _VERSION,
        "title": one_line(head.title),
        "home_page_url": head.page,
        "feed_url": head.first,
        "description": one_line(head.subtitle) or None,
        "next_url": head.following,
        "language": "en",
        "authors": [{"name": _NAME}],
        "items": [_item(line) for line in lines],
        "_treatyline": {"deleted": deleted} if deleted else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _item(line: Line) -> dict[str, Any]:
    found = {
        "id": line.urn,
        "url": line.page,
        "external_url": next((source.url for source in line.sources if source.url), None),
        "title": f"{line.when}: {line.headline}",
        "content_html": as_html(line),
        "content_text": as_text(line),
        "summary": plain(line.entry["summary"]) if line.entry["summary"] else None,
        "date_published": rfc3339(line.published),
        "date_modified": rfc3339(line.updated),
        "tags": list(dict.fromkeys(label for _, terms in _tags(line) for _, label in terms)),
        "_treatyline": line.entry,
    }
    return {key: value for key, value in found.items() if value is not None}


class _Feed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FeedAuthor(_Feed):
    name: str


class FeedItem(_Feed):
    """`date_modified` is when the entry last changed here, `external_url` its first source."""

    id: str
    url: str
    external_url: str | None = None
    title: str
    content_html: str
    content_text: str
    summary: str | None = None
    date_published: dt.datetime
    date_modified: dt.datetime
    tags: list[str]
    entry: Entry = Field(alias="_treatyline")


class FeedDeletion(_Feed):
    """An item that a reader may have and that is no longer told, or is part of another one now."""

    id: str
    date_deleted: dt.datetime
    merged_into: str | None


class FeedDeletions(_Feed):
    """`deleted` holds what went, the last first."""

    deleted: list[FeedDeletion]


class JSONFeed(_Feed):
    """JSON Feed 1.1."""

    version: str
    title: str
    home_page_url: str
    feed_url: str
    description: str | None = None
    next_url: str | None = None
    language: str
    authors: list[FeedAuthor]
    items: list[FeedItem]
    gone: FeedDeletions | None = Field(None, alias="_treatyline")
