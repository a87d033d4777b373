"""What clients may send, and the way from each form to a checked `SubmitArticle`.

A form is an adapter: bytes in, `Posted` out. To take a new one, write its adapter and name its content types
in `ADAPTERS`; what is checked, and how HTML becomes text, is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import Message
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.core.domain import submission
from services.core.domain.commands import SubmitArticle
from services.core.errors import FieldError, InvalidInput
from services.core.web.problems import Problem, ProblemType, field_errors
from services.ingest.html import html_to_article, this_year


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An article as it came, whatever its form: not yet checked. Exactly one of `text` and `html` is given."""

    text: str | None = None
    html: str | None = None
    title: str | None = None
    url: str | None = None
    outlet: str | None = None
    published_at: str | None = None
    language: str | None = None
    author: str | None = None
    tags: tuple[str, ...] = ()
    received_as: str


Model = TypeVar("Model", bound=BaseModel)
Adapter = Callable[[bytes], Posted]


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


class ArticleTaken(BaseModel):
    """What was written: the article, its state, and the position in the log to wait for when reading."""

    id: UUID
    state: Literal["received", "extracted", "skipped", "failed", "withdrawn"]
    global_position: int = Field(ge=1)


class Withdrawal(BaseModel):
    """Why an article is taken down."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(min_length=1, max_length=1000)


def plain_json(body: bytes) -> Posted:
    """The plain form. Raises Problem 400 for what is no JSON, InvalidInput naming fields."""
    plain = read_model(PlainArticle, body)
    if (plain.text is None) == (plain.html is None):
        detail = "Give one of text and html" + (", not both" if plain.text is not None else "")
        raise InvalidInput([FieldError("text" if plain.text is None else "html", detail)])
    fields = plain.model_dump(exclude={"tags"})
    return Posted(
        **fields, tags=tuple(plain.tags or ()), received_as="json" if plain.html is None else "html"
    )


ADAPTERS: dict[str, Adapter] = {"application/json": plain_json}


def adapter_for(content_type: str) -> Adapter:
    """The adapter of a content type. Raises Problem 415 for others, and for encodings other than UTF-8."""
    header = Message()
    header["Content-Type"] = content_type
    media_type = header.get_content_type() if content_type else "nothing"
    adapter = ADAPTERS.get(media_type)
    if adapter is None:
        raise Problem(
            ProblemType.UNSUPPORTED_BODY,
            "Content-Type must be one of: " + ", ".join(ADAPTERS),
            headers={"Accept-Post": ", ".join(ADAPTERS)},
        )
    if str(header.get_content_charset("utf-8")).lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise Problem(ProblemType.UNSUPPORTED_BODY, "The body must be in UTF-8")
    return adapter


def read_model(model: type[Model], body: bytes) -> Model:
    """A JSON object as the model. Raises Problem 400 for what is no JSON, InvalidInput for what breaks a rule."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(
            ProblemType.MALFORMED_BODY,
            "The body is not valid JSON in UTF-8",
            errors=[FieldError("", f"line {error.lineno}, column {error.colno}: {error.msg.split(':')[0]}")],
        ) from None
    if not isinstance(data, dict):
        raise InvalidInput([FieldError("", "A JSON object is wanted")])
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidInput(field_errors(found, "body")) from None


def checked(posted: Posted, *, max_characters: int, key_id: str | None = None) -> SubmitArticle:
    """The command. For HTML this takes a while: call it in a thread. Raises InvalidInput with all errors."""
    year = this_year()
    text_field = "text"
    if posted.html is not None:
        text_field = "html"
        found = html_to_article(posted.html, this_year=year)
        posted = replace(
            posted,
            text=found.text,
            title=posted.title or found.title,
            url=posted.url or found.url,
            outlet=posted.outlet or found.outlet,
            published_at=posted.published_at or found.published_at,
            language=posted.language or found.language,
            author=posted.author or found.author,
        )
    return submission.submission(
        text=posted.text or "",
        title=posted.title,
        url=posted.url,
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
