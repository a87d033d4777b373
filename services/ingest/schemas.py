"""What clients may send, and the way from each form to a checked command.

The plain form is here, the others in `formats/`. What is checked, and how HTML becomes text, is the same for all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from email.message import Message
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.core.domain import submission
from services.core.domain.article import article_id
from services.core.domain.canonical_url import canonical_url
from services.core.domain.commands import HoldArticle, SubmitArticle, WithdrawArticle
from services.core.errors import FieldError, InvalidInput
from services.core.web.problems import Problem, ProblemType, field_errors
from services.ingest.formats import shapes, values
from services.ingest.formats.posted import Canceled, Posted
from services.ingest.html import html_to_article, this_year

Model = TypeVar("Model", bound=BaseModel)
Command = SubmitArticle | HoldArticle | WithdrawArticle


def _line(longest: int | None, description: str, **more: Any) -> Any:
    limits = {} if longest is None else {"maxLength": longest}
    return Field(None, description=description, json_schema_extra=limits | more)


class PlainArticle(BaseModel):
    """An article in the plain form: `text` or `html`, and what is known about it."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "oneOf": [
                {"required": ["text"], "properties": {"text": {"type": "string"}, "html": {"type": "null"}}},
                {"required": ["html"], "properties": {"html": {"type": "string"}, "text": {"type": "null"}}},
            ],
            "examples": [
                {
                    "url": "https://news.example/2019/08/02/treaty-ends",
                    "title": "Treaty ends",
                    "text": "BRUSSELS, August 2. – NATO said on Friday that Russia bore the blame.",
                    "outlet": "Example News",
                    "published_at": "2019-08-02T18:05:00+02:00",
                    "language": "en",
                }
            ],
        },
    )

    text: str | None = _line(None, "The article's words; kept as they are")
    html: str | None = _line(None, "A page, or the article's own HTML; its main text is taken out")
    url: str | None = _line(4096, "Its address; with it, the same address is the same article", format="uri")
    title: str | None = _line(submission.MAX_LINE["title"], "The headline: context, never evidence")
    outlet: str | None = _line(submission.MAX_LINE["outlet"], "Who published it")
    published_at: str | None = _line(
        None,
        "A date (2019-08-02), or an RFC 3339 time, whose offset is kept",
        examples=["2019-08-02T18:05:00+02:00"],
    )
    language: str | None = _line(submission.MAX_LINE["language"], "BCP 47: en, pt-BR")
    author: str | None = _line(submission.MAX_LINE["author"], "The byline")
    tags: Annotated[list[str] | None, Field(json_schema_extra={"maxItems": submission.MAX_TAGS})] = None
    embargoed_until: str | None = _line(
        None,
        "Nobody may know of it before: it waits, and is taken in then. An RFC 3339 time; one without an offset, or"
        " a date, has come when it has come in every time zone",
        examples=["2019-08-02T18:00:00+02:00"],
    )


class ArticleTaken(BaseModel):
    """What was written: the article, its state, and the position in the log to wait for when reading."""

    id: UUID
    state: Literal["received", "extracted", "skipped", "failed", "withdrawn", "embargoed"]
    global_position: int | None = Field(
        ge=1, description="null where nothing is in the log: under embargo, or withdrawn while it was"
    )
    embargoed_until: dt.datetime | None = Field(
        None, description="Of an embargoed one alone: when it is taken in"
    )


class Withdrawal(BaseModel):
    """Why an article is taken down."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(min_length=1, max_length=1000)


def plain_form(value: dict[str, Any]) -> Posted:
    """The plain form. Raises InvalidInput naming fields."""
    plain = validated(PlainArticle, value)
    if (plain.text is None) == (plain.html is None):
        detail = "Give one of text and html" + (", not both" if plain.text is not None else "")
        raise InvalidInput([FieldError("text" if plain.text is None else "html", detail)])
    received_as = "json" if plain.html is None else "html"
    return Posted(**vars(plain) | {"tags": tuple(plain.tags or ())}, received_as=received_as)


def posted(body: bytes, content_type: str) -> shapes.Article:
    """The article that a body of this content type is. Raises Problem 400 and 415, InvalidInput naming fields."""
    media_type = media_type_of(content_type, shapes.MEDIA_TYPES)
    if media_type == shapes.HTML:
        return Posted(html=decoded(body), received_as="html")
    return shapes.read_json(parsed(body), media_type, plain_form)


def posted_value(value: Any) -> shapes.Article:
    """The same of a JSON value, by its shape: a line of many."""
    return shapes.read_json(value, shapes.JSON, plain_form)


def media_type_of(content_type: str, accepted: Collection[str] = (shapes.JSON,)) -> str:
    """The media type. Raises Problem 415 for others than those, and for encodings other than UTF-8."""
    media_type, charset = _read_type(content_type)
    if media_type not in accepted:
        raise Problem(
            ProblemType.UNSUPPORTED_BODY,
            "Content-Type must be " + " or ".join(accepted),
            headers={"Accept-Post": ", ".join(accepted)},
        )
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise Problem(ProblemType.UNSUPPORTED_BODY, "The body must be in UTF-8")
    return media_type


@lru_cache(64)  # senders say the same again and again
def _read_type(content_type: str) -> tuple[str, str]:
    header = Message()
    header["Content-Type"] = content_type
    media_type = header.get_content_type() if content_type else "nothing"
    return media_type, str(header.get_content_charset("utf-8")).lower()


def decoded(body: bytes) -> str:
    """The text of a body. Raises Problem 400 for what is not UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = FieldError("", f"byte {error.start}")
        raise Problem(ProblemType.MALFORMED_BODY, "The body is not UTF-8", errors=[where]) from None


def parsed(body: bytes) -> Any:
    """A JSON value. Raises Problem 400 for what is no JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(
            ProblemType.MALFORMED_BODY,
            "The body is not valid JSON in UTF-8",
            errors=[FieldError("", f"line {error.lineno}, column {error.colno}: {error.msg.split(':')[0]}")],
        ) from None


def read_model(model: type[Model], body: bytes) -> Model:
    """A JSON object as the model. Raises Problem 400 for what is no JSON, InvalidInput for what breaks a rule."""
    return validated(model, parsed(body))


def validated(model: type[Model], data: Any) -> Model:
    """A JSON value as the model. Raises InvalidInput for what breaks a rule."""
    if not isinstance(data, dict):
        raise InvalidInput([FieldError("", "A JSON object is wanted")])
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidInput(field_errors(found, "body")) from None


def checked(article: shapes.Article, *, max_characters: int, key_id: str | None = None) -> Command:
    """The command. For HTML this takes a while: call it in a thread. Raises InvalidInput with all errors.

    Fields are named as the sender's form names them.
    """
    try:
        if isinstance(article, Canceled):
            return _withdrawal(article, key_id)
        return _submission(article, max_characters, key_id)
    except InvalidInput as error:
        errors = [FieldError(_named(article, e.field), e.detail, e.where) for e in error.errors]
        raise InvalidInput(errors) from None


def _named(article: shapes.Article, field: str) -> str:
    name, dot, rest = field.partition(".")
    return article.names.get(name, name) + dot + rest


def _withdrawal(canceled: Canceled, key_id: str | None) -> WithdrawArticle:
    url = uri = None
    try:
        if canceled.url:
            url = canonical_url(canceled.url)
        else:
            uri = submission.checked_uri(canceled.uri or "")
    except ValueError as error:
        raise InvalidInput([FieldError("url" if canceled.url else "uri", str(error))]) from None
    return WithdrawArticle(article_id=article_id(url, "", uri), reason=canceled.reason, key_id=key_id)


def _submission(posted: Posted, max_characters: int, key_id: str | None) -> SubmitArticle | HoldArticle:
    year = this_year()
    text_field = "text"
    until = _embargo(posted.embargoed_until, year)
    if posted.html is not None:
        text_field = "html"
        found = html_to_article(posted.html, this_year=year)
        posted = replace(
            posted,
            text=found.text,
            title=posted.title or found.title,
            url=posted.url or (None if posted.uri else found.url),
            outlet=posted.outlet or found.outlet,
            published_at=posted.published_at or found.published_at,
            language=posted.language or found.language,
            author=posted.author or found.author,
        )
    article = submission.submission(
        text=posted.text or "",
        title=posted.title,
        url=posted.url,
        uri=posted.uri,
        outlet=posted.outlet,
        published_at=posted.published_at,
        language=posted.language,
        author=posted.author,
        tags=posted.tags,
        received_as=posted.received_as,
        key_id=key_id,
        this_year=year,
        max_characters=max_characters,
        text_field=text_field,
    )
    return article if until is None else HoldArticle(article=article, until=until)


def _embargo(until: str | None, year: int) -> dt.datetime | None:
    """When the embargo ends. Whether that is over, the database's clock says, which also lets the article out."""
    if until is None or not until.strip():
        return None
    try:
        found = dt.datetime.fromisoformat(submission.checked_published_at(values.latest_time(until), year))
        return found.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput([FieldError("embargoed_until", str(error))]) from None
