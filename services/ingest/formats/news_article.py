"""schema.org NewsArticle and its kin in JSON-LD: one object, a list of them, or a `@graph`.

It is read as publishers write it, not expanded by its context: authors as strings, objects, lists or references,
types with or without `https://schema.org/`.
"""

from __future__ import annotations

from typing import Any

from services.core.errors import FieldError, InvalidInput
from services.ingest.formats import values
from services.ingest.formats.posted import Posted

_TYPES = (
    "NewsArticle AnalysisNewsArticle AskPublicNewsArticle BackgroundNewsArticle OpinionNewsArticle"
    " ReportageNewsArticle ReviewNewsArticle Article Report BlogPosting LiveBlogPosting TechArticle"
    " ScholarlyArticle AdvertiserContentArticle SatiricalArticle SocialMediaPosting"
)
TYPES = frozenset(_TYPES.split())
_HOLDERS = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item")


def is_linked_data(value: Any) -> bool:
    """Whether it is JSON-LD by its look."""
    first = next(iter(value), None) if isinstance(value, list) else value
    return isinstance(first, dict) and not {"@type", "@graph", "@context"}.isdisjoint(first)


def read(value: Any) -> Posted:
    """The one article that a document holds. Raises InvalidInput where it holds none, or several."""
    found = [node for node in values.within(value, *_HOLDERS) if _types(node) & TYPES]
    if not found:
        raise InvalidInput(
            [FieldError("@type", "Holds no NewsArticle, or none at a place where one is looked for")]
        )
    whole = [node for node in found if _body(node)[0]]
    if len({str(_body(node)[0]) for node in whole}) > 1:
        raise InvalidInput([FieldError("", "Holds several articles: send each by itself, or in bulk")])
    return article(whole[0] if whole else found[0], value)


def metadata(value: Any) -> Posted | None:
    """What a page's JSON-LD says about its article, if it is of one; words in it are not asked for."""
    found = [node for node in values.within(value, *_HOLDERS) if _types(node) & TYPES]
    return article(found[0], value) if len(found) == 1 else None


def article(node: dict[str, Any], document: Any) -> Posted:
    """An article's node in its document, which may hold what the node refers to."""
    known = {
        str(other["@id"]): other
        for other in values.within(document, *_HOLDERS)
        if isinstance(other.get("@id"), str) and len(other) > 1
    }

    def resolved(value: Any) -> list[Any]:
        return [
            known.get(item["@id"], item)
            if isinstance(item, dict) and isinstance(item.get("@id"), str)
            else item
            for item in values.items(value)
        ]

    body, body_field = _body(node)
    html = body if body and values.is_markup(body) else None
    url, url_field = _url(node)
    published, date_field = _first(node, "datePublished", "dateCreated", "dateModified")
    title, title_field = _first(node, "headline", "name")
    outlet = [
        values.names(resolved(node.get(key))) for key in ("publisher", "sourceOrganization", "provider")
    ]
    return Posted(
        text=None if html else body or "",
        html=html,
        title=values.without_tags(title) if title else None,
        url=url,
        outlet=next(filter(None, outlet), None),
        published_at=values.normal_time(published) if published else None,
        language=_language(node.get("inLanguage")),
        author=values.names(resolved(node.get("author"))) or values.names(resolved(node.get("creator"))),
        tags=values.tags(node.get("keywords"), node.get("articleSection"), commas=True),
        received_as="news-article",
        names={
            "text": body_field,
            "html": body_field,
            "url": url_field,
            "title": title_field,
            "published_at": date_field,
            "language": "inLanguage",
            "outlet": "publisher",
            "tags": "keywords",
        },
    )


def _types(node: dict[str, Any]) -> set[str]:
    names = (name for name in values.items(node.get("@type")) if isinstance(name, str))
    return {name.rsplit("/", 1)[-1].rsplit(":", 1)[-1].rsplit("#", 1)[-1] for name in names}


def _first(node: dict[str, Any], *keys: str) -> tuple[str | None, str]:
    """The words of the first member that has some, and its key."""
    for key in keys:
        if found := values.words(node.get(key)):
            return found, key
    return None, keys[0]


def _body(node: dict[str, Any]) -> tuple[str | None, str]:
    parts = [values.words(part) for part in values.items(node.get("articleBody"))]
    if body := "\n\n".join(part for part in parts if part):  # a list's paragraphs; one string as it is
        return body, "articleBody"
    found, _ = _first(node, "text")
    return found, "text" if found else "articleBody"


def _url(node: dict[str, Any]) -> tuple[str | None, str]:
    for key in ("url", "mainEntityOfPage", "@id"):
        for value in values.items(node.get(key)):
            for found in (value.get("@id"), value.get("url")) if isinstance(value, dict) else (value,):
                if isinstance(found, str) and values.is_web(found):
                    return found, key
    found = node.get("url")  # said, but no address of a page: to be refused, not to be passed over
    return (found, "url") if isinstance(found, str) and ":" in found else (None, "url")


def _language(value: Any) -> str | None:
    for item in values.items(value):
        if isinstance(item, dict):
            found = values.words(item.get("alternateName")) or values.words(item.get("@value"))
            if found is None and len(name := values.words(item.get("name")) or "") <= 3:
                found = name or None
        else:
            found = values.words(item)
        if found:
            return found.strip().replace("_", "-")
    return None
