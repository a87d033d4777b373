"""Values as other people's documents hold them: strings where objects are meant, lists where one is, odd times."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from services.core.domain.submission import MAX_TAG, MAX_TAGS
from services.core.errors import FieldError, InvalidInput

MAX_ITEMS = 1000  # of a list that are looked at
MAX_DEPTH = 8

_LOOSE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:[.,]\d+)? ?(Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.IGNORECASE | re.ASCII,
)
_MARKUP = re.compile(
    r"</?(p|br|div|h[1-6]|ul|ol|li|blockquote|table|section|article|figure|html|body)\b[^<>]*>", re.IGNORECASE
)
_TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
_NAMING = ("name", "@value", "value", "literal", "title", "termcode")


def is_web(value: str | None) -> bool:
    """Whether it says that it is an address on the web."""
    return value is not None and value.strip().lower().startswith(("http://", "https://"))


def is_markup(text: str) -> bool:
    """Whether a text of no stated type is HTML: it has tags that part its paragraphs."""
    return _MARKUP.search(text) is not None


def without_tags(line: str) -> str:
    """A line such as a headline without inline markup."""
    return _TAG.sub("", line)


def items(value: Any) -> list[Any]:
    """A list as it is (its first `MAX_ITEMS`), nothing as none, and anything else as the one it is."""
    if value is None:
        return []
    return value[:MAX_ITEMS] if isinstance(value, list) else [value]


def words(value: Any, depth: int = 0) -> str | None:
    """The words of a string, of an object that has a name or a value, or of the first of a list that has some."""
    if isinstance(value, str):
        return value if value.strip() else None
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return next(filter(None, (words(value.get(key), depth + 1) for key in _NAMING)), None)
    if isinstance(value, list):
        return next(filter(None, (words(item, depth + 1) for item in items(value))), None)
    return None


def names(value: Any) -> str | None:
    """All names of a string, an object or a list of either, as a byline has them."""
    found = (words(item) for item in items(value))
    return ", ".join(dict.fromkeys(" ".join(name.split()) for name in found if name)) or None


def tags(*values: Any, commas: bool = False) -> tuple[str, ...]:
    """What an article is said to be about. Those that are beyond what is kept are left out."""
    found: Iterable[str] = (name for value in values for item in items(value) if (name := words(item)))
    if commas:
        found = (part for name in found for part in name.split(","))
    kept = dict.fromkeys(" ".join(tag.split()) for tag in found)
    return tuple(tag for tag in kept if 0 < len(tag) <= MAX_TAG)[:MAX_TAGS]


def string(data: dict[str, Any], *keys: str) -> tuple[str | None, str]:
    """The first of these members that is there and not blank, and its key. Raises InvalidInput for no string."""
    for key in keys:
        value = data.get(key)
        if value is None:
            continue
        if not isinstance(value, str):
            raise InvalidInput([FieldError(key, "Must be a string")])
        if value.strip():
            return value, key
    return None, keys[0]


def normal_time(value: str, *, loose: bool = False) -> str:
    """An ISO 8601 time as RFC 3339 writes it; its day where it has no offset; what is none of it as it is.

    Whoever checks it says what is wrong with the last. `loose`: whatever follows it is passed over.
    """
    match = (_LOOSE_TIME.match if loose else _LOOSE_TIME.fullmatch)(value.strip())
    if match is None:
        return value
    day, minutes, seconds, offset = match.groups()
    if not minutes or not offset:
        return str(day)
    if len(offset) == 3:
        offset += ":00"
    elif len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{day}T{minutes}{seconds or ':00'}{offset.upper()}"


def latest_time(value: str) -> str:
    """The same of a time before which nothing may happen: without an offset it is that of the last place on earth."""
    match = _LOOSE_TIME.fullmatch(value.strip())
    if match is None or match[4]:
        return normal_time(value)
    return f"{match[1]}T{match[2] or '00:00'}{match[3] or ':00'}-12:00"


def within(value: Any, *keys: str) -> Iterator[dict[str, Any]]:
    """The objects in a value: itself, a list's, and those under `keys` of each, from the outside in."""
    waiting = deque([(value, 0)])
    looked_at = 0
    while waiting and looked_at < MAX_ITEMS:
        found, depth = waiting.popleft()
        looked_at += 1
        inside: Iterable[Any] = items(found)
        if isinstance(found, dict):
            yield found
            inside = (found[key] for key in keys if key in found)
        if depth < MAX_DEPTH:
            waiting.extend((item, depth + 1) for item in inside if isinstance(item, dict | list))
