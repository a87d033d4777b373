"""The text of an article, taken out of its HTML, and what the page says about it.

A whole page is read by trafilatura (main text without the site's furniture); a fragment, such as the body
that a newsroom system sends, is all article. Paragraphs are parted by an empty line. Slow and pure: call it
in a thread.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import lxml.html
import orjson
from lxml import etree

from services.core import metrics
from services.core.domain.canonical_url import canonical_url
from services.core.domain.submission import MAX_LINE, checked_line, checked_published_at, without_controls
from services.ingest.formats import news_article
from services.ingest.formats.posted import Posted
from services.ingest.formats.values import normal_time

_PAGE = re.compile(r"<(html|body|head|!doctype\s+html)[\s>]", re.IGNORECASE)
_NOT_TEXT = frozenset(
    ["script", "style", "template", "noscript", "svg", "math", "iframe", "object", "form", "button", "select"]
)
_FURNITURE = frozenset(["nav", "footer", "aside"])
_HTML_BLOCKS = (
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td tfoot th thead tr ul"
)
_TEI_BLOCKS = "head quote list item row cell"  # trafilatura's
_BLOCKS = frozenset(f"{_HTML_BLOCKS} {_TEI_BLOCKS}".split())
_BREAKS = frozenset(["br", "lb"])
_SPACE = re.compile(r"[ \t\r\f\v\n]+")
_ADDRESSES = '//link[@rel="canonical"]/@href | //meta[@property="og:url"]/@content'
_NAME = re.compile(r"[a-z_][a-z0-9_.-]*", re.IGNORECASE | re.ASCII)
MAX_ATTRIBUTES = 250  # of one tag; real ones have a few dozen at most
MAX_ELEMENTS = 20_000  # of a page that is looked at closely; real pages have a few thousand
SHORT = 250  # characters; below, trafilatura runs a page's words together


@dataclass(frozen=True, slots=True)
class HtmlArticle:
    """What was found. `text` is empty where the HTML holds no words; metadata is valid or None."""

    text: str
    title: str | None = None
    author: str | None = None
    outlet: str | None = None
    published_at: str | None = None
    language: str | None = None
    url: str | None = None


def html_to_article(html: str, *, this_year: int) -> HtmlArticle:
    """Read an HTML page or fragment. Never fails: what cannot be read is left out."""
    with metrics.HTML_SECONDS.time():
        try:
            is_page = _PAGE.search(html) is not None
            html = _without_swollen_tags(html)
            tree = lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=_parser())
        except (etree.LxmlError, ValueError):
            return HtmlArticle("")
        if not is_page:
            return HtmlArticle(_text_of(tree))
        return _page(html, tree, this_year)


def _parser(**more: Any) -> lxml.html.HTMLParser:
    # Not huge_tree: libxml2's limits on depth and size are the guard against bombs.
    return lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, **more)


class _MostAttributes:
    """What a parser tells of tags: how many attributes the fullest has."""

    def __init__(self) -> None:
        self.found = 0

    def start(self, _tag: str, attributes: Mapping[str, str]) -> None:
        self.found = max(self.found, len(attributes))

    def close(self) -> int:
        return self.found


class _Bare:
    """What a parser tells of a page, as a tree in which swollen tags have no attributes, nor any an odd name."""

    def __init__(self) -> None:
        self._builder = etree.TreeBuilder()
        self.close = self._builder.close

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        kept = {} if len(attributes) > MAX_ATTRIBUTES else attributes
        named = {name: without_controls(value) for name, value in kept.items() if _NAME.fullmatch(name)}
        self._builder.start(self._named(tag), named)

    def end(self, tag: str) -> None:
        self._builder.end(self._named(tag))

    def data(self, words: str) -> None:
        self._builder.data(without_controls(words))

    def _named(self, tag: str) -> str:
        return tag if _NAME.fullmatch(tag) else "span"


def _without_swollen_tags(html: str) -> str:
    """The HTML with no attributes in tags that hold over MAX_ATTRIBUTES: a tree with one costs their number squared.

    The parser itself says where tags begin and end: whatever else guesses can be led astray.
    """
    page = html.encode("utf-8", "replace")
    if etree.fromstring(page, _parser(target=_MostAttributes())) <= MAX_ATTRIBUTES:
        return html
    bare = etree.fromstring(page, _parser(target=_Bare()))
    return str(etree.tostring(bare, method="html", encoding="unicode"))


def _page(html: str, tree: Any, this_year: int) -> HtmlArticle:
    documents = _linked_data(tree)
    told = next(filter(None, map(news_article.metadata, documents)), Posted(received_as="html"))
    article = HtmlArticle(
        text="",
        published_at=_stated_date(tree, documents, this_year),
        language=_language(tree.get("lang")) or _language(told.language),
        url=_address([*tree.xpath(_ADDRESSES)[:4], told.url]),
        author=_line("author", told.author),
        outlet=_line("outlet", told.outlet),
    )
    if sum(1 for _ in tree.iter()) > MAX_ELEMENTS:  # minutes of trafilatura's time
        return replace(article, text=_plainly(tree), title=_line("title", tree.findtext(".//title")))
    from trafilatura import bare_extraction  # noqa: PLC0415 - a third of a second, for those who post HTML

    found = bare_extraction(
        html,
        with_metadata=True,
        include_comments=False,
        date_extraction_params={"original_date": True, "extensive_search": False},
    )
    title = _line("title", getattr(found, "title", None))
    body = getattr(found, "body", None)
    text = _text_of(body, without_heading=title) if body is not None else ""
    return replace(
        article,
        text=text if len(text) >= SHORT else _plainly(tree) or text,
        title=title or _line("title", tree.findtext(".//title")),
        author=_line("author", getattr(found, "author", None)) or article.author,
        outlet=_line("outlet", getattr(found, "sitename", None)) or article.outlet,
        published_at=article.published_at or _valid_date(getattr(found, "date", None), this_year),
    )


def _plainly(tree: Any) -> str:
    """All words of what the page marks as its article, else of the page without navigation and footers."""
    for mark in ('//*[@itemprop="articleBody"]', "//article", "//main", "//body"):
        found = tree.xpath(mark)
        if len(found) == 1 and (text := _text_of(found[0], furniture=False)):
            return text
    return ""


def _text_of(tree: Any, *, furniture: bool = True, without_heading: str | None = None) -> str:
    """The tree's words, block by block."""
    paragraphs: list[str] = []
    line: list[str] = []

    def end() -> None:
        rows = [_SPACE.sub(" ", row).strip() for row in "".join(line).split("\0")]
        if paragraph := without_controls("\n".join(row for row in rows if row)):
            paragraphs.append(paragraph)
        line.clear()

    for piece in _pieces(tree, _NOT_TEXT if furniture else _NOT_TEXT | _FURNITURE):
        if piece is None:
            end()
        else:
            line.append(piece)
    end()
    if without_heading and paragraphs and paragraphs[0] == without_heading:
        del paragraphs[0]
    return "\n\n".join(paragraphs)


def _pieces(tree: Any, skipped: frozenset[str]) -> Iterator[str | None]:
    """Words in the document's order, None where a block begins or ends, NUL for a line break."""
    inside_skipped = 0
    for action, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if action == "start":
            inside_skipped += tag in skipped
            if tag in _BLOCKS:
                yield None
            if not inside_skipped:
                if tag in _BREAKS:
                    yield "\0"
                yield (element.text or "").replace("\0", "")
        else:
            inside_skipped -= tag in skipped
            if tag in _BLOCKS:
                yield None
            if not inside_skipped and element is not tree:
                yield (element.tail or "").replace("\0", "")


def _line(name: str, value: object) -> str | None:
    try:
        return checked_line(without_controls(value), MAX_LINE[name]) if isinstance(value, str) else None
    except ValueError:
        return None


def _language(language: str | None) -> str | None:
    return language if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}", language or "") else None


def _address(stated: Iterable[object]) -> str | None:
    """The page's own address, unless it says that it is the front page of its site (a common mistake)."""
    for value in stated:
        try:
            url = canonical_url(str(value or ""))
        except ValueError:
            continue
        if url.count("/") > 3 or "?" in url or not url.endswith("/"):
            return url
    return None


def _linked_data(tree: Any) -> list[Any]:
    documents = []
    for script in tree.xpath('//script[@type="application/ld+json"]/text()')[:20]:
        try:
            documents.append(orjson.loads(str(script)))  # lxml's own kind of str
        except orjson.JSONDecodeError:
            continue
    return documents


def _stated_date(tree: Any, documents: list[Any], this_year: int) -> str | None:
    """When the page says it was published, in so many words of its markup; the time only with its offset."""
    for value in _stated_dates(tree, documents):
        if date := _valid_date(value, this_year):
            return date
    return None


def _stated_dates(tree: Any, documents: list[Any]) -> Iterator[object]:
    for document in documents:
        yield from _published_in(document)
    yield from tree.xpath(
        '//meta[@property="article:published_time" or @name="article:published_time"]/@content'
    )
    yield from tree.xpath(
        '//*[@itemprop="datePublished"]/@content | //*[@itemprop="datePublished"]/@datetime'
    )
    yield from tree.xpath("//time[@pubdate]/@datetime")


def _published_in(data: Any, depth: int = 0) -> Iterator[object]:
    if depth > 5:
        return
    if isinstance(data, list):
        for item in data[:50]:
            yield from _published_in(item, depth + 1)
    elif isinstance(data, dict):
        yield data.get("datePublished")
        yield from _published_in(data.get("@graph"), depth + 1)


def _valid_date(value: object, this_year: int) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        return checked_published_at(normal_time(value, loose=True), this_year)
    except ValueError:
        return None


def this_year() -> int:
    """The year that it is, in UTC."""
    return dt.datetime.now(dt.UTC).year
