"""IPTC ninjs, 2.x (keys in lower case) and 3.x (camelCase); 1.x, which is flat, is read as far as it goes.

One object is one version of an item: `versionCreated` dates it, so that a version that comes late does not
replace a newer one. `pubStatus: canceled` takes the item back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.core.errors import FieldError, InvalidInput
from services.ingest.formats import values
from services.ingest.formats.posted import Canceled, Posted

_MARKS = (
    "bodies headlines body_text body_html body_xhtml versioncreated firstcreated pubstatus representationtype"
    " infosources altids embargoeduntil"
)
MARKS = frozenset(_MARKS.split())
REASON = "canceled by its sender (ninjs pubStatus)"
_MAIN = ("main", "body", "fulltext", "full", "text", "")
_SOURCES = ("publisher", "provider", "distributor", "source", "originator", "")
_BYLINE = ("author", "creator", "reporter", "byline")
_STATUSES = ("usable", "withheld", "canceled")


def is_ninjs(value: dict[str, Any]) -> bool:
    """Whether an object has members that only ninjs has."""
    return any(key.lower() in MARKS for key in value) or ("uri" in value and "text" not in value)


def read(value: dict[str, Any]) -> Posted | Canceled:
    """The item. Raises InvalidInput where it is not to be published, or says nothing that names it."""
    called = {key.lower(): key for key in value}  # as the sender writes them
    item = {key.lower(): member for key, member in value.items()}
    try:
        return _read(item, called)
    except InvalidInput as error:
        errors = [FieldError(called.get(e.field, e.field), e.detail, e.where) for e in error.errors]
        raise InvalidInput(errors) from None


def _read(item: dict[str, Any], called: dict[str, str]) -> Posted | Canceled:
    uri, _ = values.string(item, "uri")
    url, url_field = (uri, "uri") if values.is_web(uri) else (_address(item), "altids")
    names = {"uri": called.get("uri", "uri"), "url": called.get(url_field, url_field)}
    status = (values.string(item, "pubstatus")[0] or "usable").strip().lower()
    if status not in _STATUSES:
        raise InvalidInput([FieldError("pubstatus", f"Must be one of {', '.join(_STATUSES)}")])
    if status == "canceled":
        if not uri and not url:
            raise InvalidInput([FieldError("uri", "Say which item is canceled")])
        return Canceled(url=url, uri=uri, reason=REASON, names=names)
    if status == "withheld":
        raise InvalidInput([FieldError("pubstatus", "It is withheld: send it when it may be published")])
    published, date_field = values.string(item, "versioncreated", "firstcreated", "contentcreated")
    embargo, embargo_field = values.string(item, "embargoeduntil", "embargoed")
    text, html, text_field = _body(item)
    return Posted(
        text=text,
        html=html,
        title=_headline(item),
        url=url,
        uri=uri,
        outlet=_outlet(item),
        published_at=values.normal_time(published) if published else None,
        language=values.string(item, "language")[0],
        author=_author(item),
        tags=values.tags(item.get("subjects"), item.get("subject"), item.get("keywords")),
        embargoed_until=values.latest_time(embargo) if embargo else None,
        received_as="ninjs",
        names=names
        | {
            "text": called.get(text_field, text_field),
            "html": called.get(text_field, text_field),
            "published_at": called.get(date_field, date_field),
            "embargoed_until": called.get(embargo_field, embargo_field),
            "title": called.get("headlines", called.get("headline", "title")),
            "outlet": called.get("infosources", "source"),
            "author": called.get("by", called.get("byline", "people")),
            "tags": called.get("subjects", "subject"),
        },
    )


def _parts(value: Any) -> list[dict[str, str]]:
    """The objects of `bodies`, `headlines`, `infosources` …, their members' keys in lower case, strings alone."""
    found = []
    for part in values.items(value):
        if isinstance(part, dict):
            found.append({key.lower(): member for key, member in part.items() if isinstance(member, str)})
        elif isinstance(part, str):
            found.append({"value": part, "name": part})
    return found


def _by_role(parts: list[dict[str, str]], key: str, roles: tuple[str, ...]) -> list[dict[str, str]]:
    """The parts that have the key, those of the first roles first."""
    rank: Callable[[dict[str, str]], int] = lambda part: (  # noqa: E731
        roles.index(role) if (role := part.get("role", "").strip().lower()) in roles else len(roles)
    )
    return sorted((part for part in parts if part.get(key, "").strip()), key=rank)


def _address(item: dict[str, Any]) -> str | None:
    found = (part.get("value") for part in _parts(item.get("altids")))
    return next((value for value in found if values.is_web(value)), None)


def _headline(item: dict[str, Any]) -> str | None:
    for part in _by_role(_parts(item.get("headlines")), "value", ("main", "headline", "")):
        return values.without_tags(part["value"])
    return values.string(item, "headline", "title")[0]


def _outlet(item: dict[str, Any]) -> str | None:
    sources = _parts(item.get("infosources"))
    for key in ("name", "literal"):
        for part in _by_role(sources, key, _SOURCES):
            return part[key]
    return values.string(item, "source", "provider", "copyrightholder")[0]


def _author(item: dict[str, Any]) -> str | None:
    if byline := values.string(item, "by", "byline")[0]:
        return byline
    people = _parts(item.get("people")) + _parts(item.get("person"))
    return values.names([p.get("name") for p in people if p.get("rel", "").lower() in _BYLINE])


def _body(item: dict[str, Any]) -> tuple[str | None, str | None, str]:
    """Text, else HTML, of the main body, and the member it stands in. Plain text wins: it is stored as it is."""
    for parts, where in ((_bodies(item), "bodies"), (_flat(item), "body_text")):
        for part in parts:
            kind, value = part.get("contenttype", "").lower(), part["value"]
            if "html" in kind or "xml" in kind or "nitf" in kind or (not kind and values.is_markup(value)):
                return None, value, where
            return value, None, where
    return "", None, "bodies"


def _bodies(item: dict[str, Any]) -> list[dict[str, str]]:
    ranked = _by_role(_parts(item.get("bodies")), "value", _MAIN)
    if not ranked:
        return []
    first = ranked[0].get("role", "").strip().lower()
    alike = [part for part in ranked if part.get("role", "").strip().lower() == first]
    if first not in _MAIN:  # roles of the sender's own: the longest is the article
        return sorted(ranked, key=lambda part: len(part["value"]), reverse=True)
    return sorted(alike, key=lambda part: part.get("contenttype", "").lower() != "text/plain")


def _flat(item: dict[str, Any]) -> list[dict[str, str]]:
    """The `body_text`, `body_html` … of 1.x."""
    kinds = {"body_text": "text/plain", "body_xhtml": "text/html", "body_html": "text/html"}
    found = ((item.get(key), kind) for key, kind in kinds.items())
    return [
        {"value": value, "contenttype": kind}
        for value, kind in found
        if isinstance(value, str) and value.strip()
    ]
