"""What the OpenAPI document says of bodies that are not read by a model: what counts in them, the rest is free."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.core.web.problems import ProblemDocument
from services.ingest.formats import shapes
from services.ingest.schemas import PlainArticle

NDJSON = "application/x-ndjson"


class NinjsItem(BaseModel):
    """An IPTC ninjs item, 3.x; 2.x is the same in lower case. docs/formats.md says what is read of it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "uri": "https://wire.example/items/4711",
                    "type": "text",
                    "versionCreated": "2019-08-02T18:05:00+02:00",
                    "pubStatus": "usable",
                    "language": "en",
                    "headlines": [{"role": "main", "value": "Treaty ends"}],
                    "bodies": [
                        {
                            "role": "main",
                            "contentType": "text/plain",
                            "value": "NATO said on Friday that Russia bore the blame.",
                        }
                    ],
                    "infoSources": [{"role": "publisher", "name": "Example Wire"}],
                }
            ]
        },
    )

    uri: str = Field(description="Names the item; an address on the web, or a URI such as urn:newsml:…")
    pubStatus: Literal["usable", "withheld", "canceled"] = Field(  # noqa: N815 - the format's own
        "usable", description="canceled: the item is withdrawn; withheld: it is refused"
    )
    versionCreated: str | None = Field(None, description="When this revision was made")  # noqa: N815


class NewsArticle(BaseModel):
    """A schema.org NewsArticle in JSON-LD, by itself, in a list or in a `@graph`."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    type: str | list[str] = Field(alias="@type")
    articleBody: str  # noqa: N815
    headline: Any = None
    url: Any = None
    datePublished: Any = None  # noqa: N815
    author: Any = Field(None, description="A string, an object, a reference, or a list of those")
    publisher: Any = None


class _FeedItem(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: Any = None
    url: str | None = None
    title: str | None = None
    date_published: str | None = None


class FeedItemText(_FeedItem):
    """An item of a JSON Feed, with plain text."""

    content_text: str


class FeedItemHtml(_FeedItem):
    """An item of a JSON Feed, with HTML."""

    content_html: str


class BulkResult(BaseModel):
    """What became of one line: `status` is what the article by itself would have been answered with."""

    line: int = Field(ge=1, description="Number of the line, or of the item in the list, from 1")
    status: int
    id: UUID | None = None
    state: str | None = None
    global_position: int | None = None
    problem: ProblemDocument | None = None


class MinifluxWebhook(BaseModel):
    """A webhook of Miniflux: `new_entries` with a feed and its entries, `save_entry` with one entry."""

    model_config = ConfigDict(extra="allow")

    event_type: Literal["new_entries", "save_entry"]


class EntryResult(BaseModel):
    """What became of one entry."""

    entry: int | None = Field(None, description="Its number at Miniflux")
    status: int
    id: UUID | None = None
    state: str | None = None
    global_position: int | None = None
    problem: ProblemDocument | None = None


class EntryResults(BaseModel):
    """What became of each entry."""

    data: list[EntryResult]


MODELS: tuple[type[BaseModel], ...] = (
    PlainArticle, NinjsItem, NewsArticle, FeedItemText, FeedItemHtml, BulkResult, MinifluxWebhook,
)  # fmt: skip


def _one_of(*models: type[BaseModel]) -> dict[str, Any]:
    found = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in models]
    return {"schema": found[0] if len(found) == 1 else {"anyOf": found}}


def _body(content: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content, **more}}


ARTICLE = _body(
    {
        shapes.JSON: _one_of(PlainArticle, NinjsItem, NewsArticle, FeedItemText, FeedItemHtml),
        shapes.LINKED_DATA: _one_of(NewsArticle),
        shapes.FEED: _one_of(FeedItemText, FeedItemHtml),
        shapes.HTML: {"schema": {"type": "string"}},
    }
)
_lines = "A JSON object a line, each in one of the forms of `POST /v1/articles`"
BULK = _body(
    {
        NDJSON: {"schema": {"type": "string", "description": _lines}},
        shapes.JSON: {"schema": {"type": "array", "items": {"type": "object"}, "minItems": 1}},
    }
)
MINIFLUX = _body({shapes.JSON: _one_of(MinifluxWebhook)})
BulkLines = Annotated[str, Field(description="A BulkResult a line")]
