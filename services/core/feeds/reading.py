"""What a feed holds: RSS, Atom and RDF by feedparser, JSON Feed by hand. Pure, and fetches nothing.

What a feed calls an item's content is an article. Atom's `summary` is not, however long it is; nor is RSS's
`description`, but where it is plainly the whole text: long, of several paragraphs, with nothing that says that it goes on,
in a feed that has no other place for it. feedparser files a second description under content, so RSS content counts
only where the document has the elements that carry whole texts.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import html as markup
import io
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import orjson

from services.core.domain.submission import (
    MAX_LINE,
    MAX_TAG,
    MAX_TAGS,
    checked_published_at,
    without_controls,
)
from services.core.feeds.items import FeedItem

MAX_ITEMS = 500  # of a feed; whole archives come in by other ways
_END = re.compile(
    # Atomic: where it does not match, as many ways to part a row of comments would be tried as there are.
    rb"</(?:\w+:)?(?:rss|feed|rdf|channel)\s*>\s*(?><!--.*?-->\s*)*+\Z",
    re.IGNORECASE | re.DOTALL,
)
_WHOLE = re.compile(rb"<(?:\w+:)?(?:encoded|body|fullitem)[\s>]", re.IGNORECASE)
_PARAGRAPH = re.compile(r"</p\s*>|<br\s*/?>\s*<br\s*/?>", re.IGNORECASE)
_GOES_ON = re.compile(
    r"(?:\.\.\.|\u2026|\[\s*(?:\.\.\.|\u2026)\s*\]|(?:read|continue|keep|more|full|weiter|lire|leer)\b[^.!?]{0,60})[\s\]\u00bb>\u2192]*\Z",
    re.IGNORECASE,
)
WHOLE_CHARACTERS, WHOLE_PARAGRAPHS = 1500, 3  # of a description that is taken for the article
_ENTITY = b"<!ENTITY"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MARKUP = re.compile(r"<[^<>]+>")


class NotAFeed(ValueError):  # noqa: N818 - named by what is wrong
    """Not a feed, or one that was cut off."""


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """What was read: the feed's own title, and its items as it orders them."""

    title: str | None
    items: tuple[FeedItem, ...]


def read_feed(body: bytes, content_type: str, url: str, this_year: int) -> FeedDocument:
    """The feed that a body is. Raises NotAFeed."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"{":
        return _read_json(body, url, this_year)
    if _ENTITY in body:  # nobody needs its own entities in a feed but who wants to blow it up
        raise NotAFeed
    if start != b"<" and b"<" not in body[:4096].replace(b"\0", b""):
        raise NotAFeed
    return _read_xml(body, content_type, url, this_year)


# -- RSS, Atom, RDF ---------------------------------------------------------------------------------------------


def _read_xml(body: bytes, content_type: str, url: str, this_year: int) -> FeedDocument:
    import feedparser  # type: ignore[import-untyped]  # noqa: PLC0415 - for those who poll

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        # As a file: bytes by themselves feedparser would first try to open as a file's name.
        try:
            found = feedparser.parse(
                io.BytesIO(body),
                response_headers={"content-type": content_type or "application/xml", "content-location": url},
                resolve_relative_uris=True,
                sanitize_html=False,  # nothing of the markup is kept
            )
        except Exception:  # noqa: BLE001 - it is not proof against all that is sent, such as half a character
            raise NotAFeed from None
    if not found.get("version"):
        raise NotAFeed
    # What does not end was cut off, and the text of its last item with it. (UTF-16 has no such bytes.)
    if b"\0" not in body[:200] and not _END.search(body[-2000:].rstrip()):
        raise NotAFeed
    feed = found.feed
    title = _line("outlet", feed.get("title"))
    language = _language(feed.get("language"))
    whole = found.version.startswith("atom") or _WHOLE.search(body) is not None
    items = [_entry(entry, title, language, this_year, whole=whole) for entry in found.entries[:MAX_ITEMS]]
    return FeedDocument(title, tuple(item for item in items if item is not None))


def _entry(
    entry: Mapping[str, Any], outlet: str | None, language: str | None, this_year: int, *, whole: bool
) -> FeedItem | None:
    url = entry.get("feedburner_origlink") or entry.get("link")
    key = entry.get("id") or url or entry.get("title")
    if not key:
        return None
    html = text = spoken = None
    for content in entry.get("content", ()) if whole else ():
        value = content.get("value") or ""
        if not value.strip():
            continue
        spoken = _language(content.get("language"))
        if content.get("type") == "text/plain":
            text = without_controls(value)
        else:
            html = value
        break
    description = entry.get("summary") if not whole else None
    if isinstance(description, str) and is_whole(description):
        html = description
    source = entry.get("source") if "source" in entry else None
    # "in", not get(): asked for an absent `updated`, feedparser answers with another date.
    dates = [entry[name] for name in ("published", "created", "updated") if name in entry]
    return FeedItem(
        key=str(key),
        url=url,
        title=_line("title", entry.get("title")),
        text=text,
        html=html,
        outlet=_line("outlet", source.get("title") if source else None) or outlet,
        published_at=_first_date(dates, this_year),
        language=spoken or language,
        author=_line("author", entry.get("author")),
        tags=_tags(tag.get("label") or tag.get("term") for tag in entry.get("tags", ())),
    )


def is_whole(description: str) -> bool:
    """Whether a description is plainly the article itself and not what stands for it."""
    if len(description) < WHOLE_CHARACTERS or len(_PARAGRAPH.findall(description)) < WHOLE_PARAGRAPHS:
        return False
    words = " ".join(markup.unescape(_MARKUP.sub(" ", description)).split())
    return len(words) >= WHOLE_CHARACTERS and not _GOES_ON.search(words[-200:])


# -- JSON Feed ----------------------------------------------------------------------------------------------------


def _read_json(body: bytes, url: str, this_year: int) -> FeedDocument:
    try:
        data = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        raise NotAFeed from None
    if not isinstance(data, dict) or "jsonfeed.org/version/" not in str(data.get("version", "")):
        raise NotAFeed
    items = data.get("items")
    if not isinstance(items, list):
        raise NotAFeed
    title = _line("outlet", data.get("title"))
    language = _language(data.get("language"))
    found = [
        _json_item(item, title, language, url, this_year)
        for item in items[:MAX_ITEMS]
        if isinstance(item, dict)
    ]
    return FeedDocument(title, tuple(item for item in found if item is not None))


def _json_item(
    item: Mapping[str, Any], outlet: str | None, language: str | None, base: str, this_year: int
) -> FeedItem | None:
    address = _string(item, "url")
    url = _joined(base, address) if address else None
    key = item.get("id") or url
    if not isinstance(key, str | int | float):
        return None
    authors = item.get("authors")
    if not isinstance(authors, list):
        authors = [item.get("author")]
    names = [name for author in authors if isinstance(author, dict) and (name := _string(author, "name"))]
    tags = item.get("tags")
    html, text = _string(item, "content_html"), _string(item, "content_text")
    return FeedItem(
        key=str(key),
        url=url,
        title=_line("title", item.get("title")),
        text=None if html else without_controls(text or "") or None,
        html=html,
        outlet=outlet,
        published_at=_first_date([item.get("date_published"), item.get("date_modified")], this_year),
        language=_language(item.get("language")) or language,
        author=_line("author", ", ".join(names)),
        tags=_tags(tags if isinstance(tags, list) else ()),
    )


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # `http://[`: refused with its item when that is taken in, and not with all the others
        return address


def _string(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) and value.strip() else None


# -- values ----------------------------------------------------------------------------------------------------------


def _first_date(values: Iterable[object], this_year: int) -> str | None:
    return next(filter(None, (published_at(value, this_year) for value in values)), None)


def published_at(value: object, this_year: int) -> str | None:
    """A feed's date with its own offset, its day where it has none; None for what is no date.

    feedparser's own parsed dates are in UTC: the day on which it was published there would be lost.
    """
    if not isinstance(value, str) or not value.strip():
        return None
    value = value.strip()
    try:
        moment = dt.datetime.fromisoformat(value)
        if _DAY.fullmatch(value):
            return checked_published_at(value, this_year)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            return None
    said = moment.replace(microsecond=0) if moment.tzinfo else moment.date()
    try:
        return checked_published_at(said.isoformat(), this_year)
    except ValueError:
        return None


def _line(name: str, value: object) -> str | None:
    """A line of metadata without markup; cut, for what feeds put there is context and never evidence."""
    if not isinstance(value, str):
        return None
    line = " ".join(without_controls(markup.unescape(_MARKUP.sub(" ", value))).split())
    return line[: MAX_LINE[name]].strip() or None


def _language(value: object) -> str | None:
    tag = value.strip().replace("_", "-") if isinstance(value, str) else ""
    return tag if _LANGUAGE.fullmatch(tag) and len(tag) <= MAX_LINE["language"] else None


def _tags(values: Iterable[object]) -> tuple[str, ...]:
    lines = (" ".join(without_controls(value).split()) for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(line for line in lines if line and len(line) <= MAX_TAG))[:MAX_TAGS]
