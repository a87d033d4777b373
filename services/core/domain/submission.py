"""What a posted article must be before it is taken in. Every broken rule is named, with its field."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from services.core.domain.canonical_url import canonical_url
from services.core.domain.commands import SubmitArticle
from services.core.errors import FieldError, InvalidInput

MAX_LINE = {"title": 1000, "outlet": 200, "author": 500, "language": 35}
MAX_TAGS = 100
MAX_TAG = 200
MAX_URI = 4096
MAX_UNBROKEN = 10_000  # characters without white space: a word, a URL; also a paragraph of Chinese
EARLIEST_YEAR = 1900

# Not in any text that people wrote, and not in XML 1.0, which feeds are written in.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_FORBIDDEN = re.compile(f"{_CONTROL.pattern[:-1]}{_SURROGATE.pattern[1:]}")  # both, in one pass
_UNBROKEN = re.compile(rf"\S{{{MAX_UNBROKEN + 1}}}")
# Words: runs of letters, or single characters of scripts that put no spaces between words.
_WORD = re.compile(r"[\u0e00-\u0e7f\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W\d_]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")  # RFC 3986: a scheme and something
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2}(?:\.\d+)?)([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def submission(
    *,
    text: str,
    title: str | None = None,
    url: str | None = None,
    uri: str | None = None,
    outlet: str | None = None,
    published_at: str | None = None,
    language: str | None = None,
    author: str | None = None,
    tags: Iterable[str] = (),
    received_as: str = "json",
    key_id: str | None = None,
    this_year: int,
    max_characters: int = 1_000_000,
    text_field: str = "text",
) -> SubmitArticle:
    """A checked submission: URL canonical, lines without needless white space, blank metadata left out.

    The text stays as it is. `text_field` is what the sender calls it. Raises InvalidInput with all errors.
    """
    errors: list[FieldError] = []

    def line(name: str, value: str | None) -> str | None:
        try:
            return checked_line(value, MAX_LINE[name])
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
            return None

    def tried(name: str, check: str | None) -> None:
        if check:
            errors.append(FieldError(name, check))

    tried(text_field, text_error(text, max_characters))
    canonical = published = None
    if url and url.strip():
        try:
            canonical = canonical_url(url)
        except ValueError as error:
            tried("url", str(error))
    named = None
    if canonical is None and uri and uri.strip():
        try:
            named = checked_uri(uri)
        except ValueError as error:
            tried("uri", str(error))
    if published_at and published_at.strip():
        try:
            published = checked_published_at(published_at, this_year)
        except ValueError as error:
            tried("published_at", str(error))
    spoken = line("language", language)
    if spoken and not _LANGUAGE.fullmatch(spoken):
        tried("language", "is not a language tag such as en or pt-BR (BCP 47)")
    made = SubmitArticle(
        text=text,
        title=line("title", title),
        url=canonical,
        uri=named,
        outlet=line("outlet", outlet),
        published_at=published,
        language=spoken,
        author=line("author", author),
        tags=_tags(list(tags), errors),
        received_as=received_as,
        key_id=key_id,
    )
    if errors:
        raise InvalidInput(errors)
    return made


def text_error(text: str, max_characters: int) -> str | None:
    """What is wrong with an article's text, or None."""
    if len(text) > max_characters:
        return f"is longer than {max_characters} characters"
    if bad := character_error(text):
        return bad
    words = _WORD.finditer(text)
    if next(words, None) is None or next(words, None) is None:
        return "holds no article: at least two words are wanted"
    if _has_longer_than(MAX_UNBROKEN, text) and (found := _UNBROKEN.search(text)):
        return f"holds more than {MAX_UNBROKEN} characters without a space, from character {found.start()}"
    return None


def _has_longer_than(characters: int, text: str) -> bool:
    """Whether a word is longer, told faster than by the pattern, which only says where."""
    return len(text) > characters and max(map(len, text.split()), default=0) > characters


def character_error(text: str) -> str | None:
    """Which character is not allowed in text, or None."""
    if not _FORBIDDEN.search(text):
        return None
    if found := _SURROGATE.search(text):
        return f"holds half a surrogate pair at character {found.start()}"
    if found := _CONTROL.search(text):
        return f"holds a control character (U+{ord(found[0]):04X}) at character {found.start()}"
    return None


def without_controls(text: str) -> str:
    """The text without the characters that `character_error` refuses: for text that a program took out of HTML."""
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", text))


def checked_line(value: str | None, longest: int) -> str | None:
    """A line with single spaces; None where it is blank. Raises ValueError for what is no line."""
    if value is None:
        return None
    if len(value) > longest:
        raise ValueError(f"is longer than {longest} characters")
    if bad := character_error(value):
        raise ValueError(bad)
    return " ".join(value.split()) or None


def checked_uri(value: str) -> str:
    """A URI that names an article wherever it is: urn:newsml:…, tag:…. Raises ValueError for others."""
    value = value.strip()
    if len(value) > MAX_URI:
        raise ValueError(f"is longer than {MAX_URI} characters")
    if not _URI.fullmatch(value) or character_error(value):
        raise ValueError("is no URI such as urn:newsml:wire.example:20190802:1")
    return value


def checked_published_at(value: str, this_year: int) -> str:
    """A date or a time with its offset, as posted (`T` and `Z` in capitals). Raises ValueError for others."""
    value = value.strip()
    if match := _TIME.fullmatch(value):
        value = f"{match[1]}T{match[2]}{match[3].upper()}"
    elif not _DATE.fullmatch(value):
        raise ValueError(
            "is neither a date (2019-08-02) nor a time with its offset (2019-08-02T10:30:00+02:00)"
        )
    try:
        moment = dt.datetime.fromisoformat(value)
        moment.astimezone(dt.UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        raise ValueError("is no day of the calendar, or no time of the day") from None
    if not EARLIEST_YEAR <= moment.year <= this_year + 1:
        raise ValueError(f"is not between {EARLIEST_YEAR} and next year")
    return value


def _tags(tags: list[str], errors: list[FieldError]) -> tuple[str, ...]:
    if len(tags) > MAX_TAGS:
        errors.append(FieldError("tags", f"holds more than {MAX_TAGS} tags"))
        return ()
    kept: dict[str, None] = {}
    for n, tag in enumerate(tags):
        try:
            if line := checked_line(tag, MAX_TAG):
                kept[line] = None
        except ValueError as error:
            errors.append(FieldError(f"tags.{n}", str(error)))
    return tuple(kept)
