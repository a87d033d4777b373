"""The same article in each form that is taken, and what becomes of a form that is posted."""

from __future__ import annotations

from typing import Any

import pytest

from services.core.domain.commands import HoldArticle, SubmitArticle
from services.core.errors import InvalidInput
from services.ingest.formats import shapes
from services.ingest.formats.posted import Posted
from services.ingest.schemas import Command, checked

TEXT = "GENEVA, August 2. – Delegates met on Friday.\n\nThey will meet again, a spokesman said."


HTML = (
    "<p>GENEVA, August 2. – Delegates met on <b>Friday</b>.</p><p>They will meet again, a spokesman said.</p>"
)


NINJS_3 = {
    "uri": "https://wire.example/items/4711",
    "standard": {
        "name": "ninjs",
        "version": "3.1",
        "schema": "https://www.iptc.org/std/ninjs/ninjs-schema_3.1.json",
    },
    "type": "text",
    "representationType": "complete",
    "profile": "text-photo",
    "version": "2",
    "firstCreated": "2019-08-02T17:00:00+02:00",
    "versionCreated": "2019-08-02T18:05:00+02:00",
    "embargoedUntil": "2019-08-02T18:00:00+02:00",
    "pubStatus": "usable",
    "urgency": 4,
    "copyrightHolder": "Example Holdings",
    "language": "en",
    "by": "Ann Writer and Ben Stringer",
    "slugline": "TREATY-TALKS",
    "headlines": [
        {"role": "short", "value": "Talks go on"},
        {"role": "main", "contentType": "text/html", "value": "Delegates <i>meet</i> again"},
    ],
    "bodies": [
        {"role": "summary", "contentType": "text/plain", "value": "Delegates met."},
        {"role": "main", "contentType": "text/html", "charCount": 99, "value": HTML},
        {"role": "main", "contentType": "text/plain", "wordCount": 12, "value": TEXT},
    ],
    "subjects": [
        {"name": "arms control", "uri": "medtop:20000601", "relevance": 90},
        {"literal": "treaties"},
    ],
    "infoSources": [
        {"name": "A stringer", "role": "reporter"},
        {"name": "Example Wire", "role": "publisher"},
    ],
    "altIds": [{"role": "internal", "value": "X-4711"}],
    "renditions": [{"name": "photo", "href": "https://wire.example/p.jpg"}],
}


NINJS_2 = {
    "uri": "urn:newsml:wire.example:20190802:4711",
    "standard": {"name": "ninjs", "version": "2.1"},
    "type": "text",
    "versioncreated": "2019-08-02T16:05:00Z",
    "pubstatus": "usable",
    "language": "en-GB",
    "by": "Ann Writer",
    "headlines": [{"value": "Delegates meet again"}],
    "bodies": [{"contenttype": "text/html", "value": HTML}],
    "infosources": [{"name": "Example Wire"}],
    "subjects": [{"name": "arms control"}],
}


NINJS_1 = {
    "uri": "tag:wire.example,2019:4711",
    "type": "text",
    "versioncreated": "2019-08-02T16:05:00Z",
    "pubstatus": "usable",
    "headline": "Delegates meet again",
    "byline": "Ann Writer",
    "source": "Example Wire",
    "body_html": HTML,
    "body_text": TEXT,
    "subject": [{"name": "arms control"}],
}


NEWS_ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "mainEntityOfPage": {"@type": "WebPage", "@id": "https://news.example/talks"},
    "headline": "Delegates meet again",
    "datePublished": "2019-08-02T18:05+0200",
    "dateModified": "2019-08-03T09:00:00+02:00",
    "author": [
        {"@type": "Person", "name": "Ann Writer"},
        "Ben Stringer",
        {"@type": "Person", "name": "Ann Writer"},
    ],
    "publisher": {"@type": "NewsMediaOrganization", "name": "Example News", "logo": {"@type": "ImageObject"}},
    "inLanguage": "en_GB",
    "keywords": "arms control, treaties",
    "articleBody": TEXT,
}


GRAPH = {
    "@context": {"@vocab": "http://schema.org/"},
    "@graph": [
        {"@type": "Organization", "@id": "https://news.example/#org", "name": "Example News"},
        {"@type": ["Person"], "@id": "#ann", "name": {"@value": "Ann Writer", "@language": "en"}},
        {"@type": "WebPage", "@id": "https://news.example/talks", "name": "Talks"},
        {
            "@type": ["http://schema.org/NewsArticle", "schema:Article"],
            "@id": "https://news.example/talks#article",
            "headline": {"@value": "Delegates meet again"},
            "articleBody": [
                "GENEVA, August 2. – Delegates met on Friday.",
                "They will meet again, a spokesman said.",
            ],
            "author": {"@id": "#ann"},
            "publisher": [{"@id": "https://news.example/#org"}],
            "datePublished": "2019-08-02",
            "inLanguage": {"@type": "Language", "name": "English", "alternateName": "en"},
        },
    ],
}


FEED_ITEM = {
    "id": "https://news.example/talks",
    "url": "https://news.example/talks?utm_source=feed",
    "title": "Delegates meet again",
    "content_html": HTML,
    "summary": "They met.",
    "date_published": "2019-08-02T18:05:00+02:00",
    "authors": [{"name": "Ann Writer", "url": "https://news.example/ann"}],
    "tags": ["arms control", "treaties"],
    "language": "en",
    "_desk": {"seen": True},
}


def read(value: Any, media_type: str = shapes.JSON) -> Command:
    def plain(_: dict[str, Any]) -> Posted:
        raise AssertionError("taken for the plain form")

    return checked(shapes.read_json(value, media_type, plain), max_characters=10_000, key_id="desk")


def taken(value: Any, media_type: str = shapes.JSON) -> SubmitArticle:
    command = read(value, media_type)
    if isinstance(command, HoldArticle):
        return command.article
    assert isinstance(command, SubmitArticle)
    return command


def refused(value: Any, media_type: str = shapes.JSON) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read(value, media_type)
    return [error.field for error in caught.value.errors]


SECRET = "a secret of some length"


NEW_ENTRIES: dict[str, Any] = {
    "event_type": "new_entries",
    "feed": {"id": 8, "feed_url": "https://news.example/feed", "title": "Example News"},
    "entries": [
        {"id": 231, "url": "https://news.example/talks", "title": "Delegates meet again", "content": HTML,
         "published_at": "2019-08-02T18:05:00+02:00", "author": "Ann Writer", "tags": ["arms control"], "hash": "x"},
        {"id": 232, "url": "https://news.example/empty", "title": 5, "content": ""},
        "entry",
    ],
}  # fmt: skip
