"""What can be asked of the service: each function gives the call for it. Both clients have them as methods."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypedDict, TypeVar, Unpack
from urllib.parse import quote

import httpx2
from pydantic import TypeAdapter

from services.client.calls import Call, Listing, Result, as_model, get, params_of, word_of
from services.client.models import (
    Actor,
    ActorDetail,
    Article,
    ArticleDetail,
    BulkResult,
    ChangeOfStance,
    Entry,
    EntryDetail,
    NewArticle,
    Page,
    Position,
    Posted,
    Taken,
    Webhook,
)

JSON, NDJSON, HTML = "application/json", "application/x-ndjson", "text/html"
LONGEST_WAIT = 30  # seconds that the service waits along at most
BULK_LINES, BULK_BYTES = 1_000, 4 * 1024 * 1024  # of one request of many articles
BULK_SECONDS = 270.0

Day = str | dt.date  # 2019-08-02, 2019-08 or 2019
OneOrMore = str | Sequence[str]
Method = TypeVar("Method", bound=Callable[..., Any])
ToPost = NewArticle | Mapping[str, Any] | Sequence[Any] | str | bytes


class Clocks(TypedDict, total=False):
    """What was known when: said by that day, published by that day, recorded here by that moment or position.

    `at_least` waits (ten seconds at most) until the answer reflects a position: one reads what one posted.
    """

    as_of: Day | None
    reported_by: Day | None
    known_at: str | int | dt.datetime | dt.date | None
    dossier: str | None
    at_least: int | None


class Filters(TypedDict, total=False):
    """What the timeline and its stream are filtered by; each that is given must hold."""

    dossier: str | None
    actor: OneOrMore | None
    recipient: OneOrMore | None
    speaker: OneOrMore | None
    kind: OneOrMore | None
    plover: OneOrMore | None
    proposition: OneOrMore | None
    outlet: OneOrMore | None
    from_: Day | None
    to: Day | None
    status: Literal["actual", "planned"] | None
    min_outlets: int | None
    min_stories: int | None
    q: str | None


class TimelineAsked(Filters, total=False):
    """The timeline's filters, its clocks and its order."""

    as_of: Day | None
    reported_by: Day | None
    known_at: str | int | dt.datetime | dt.date | None
    at_least: int | None
    order: Literal["asc", "desc"] | None


class PositionsAsked(Clocks, total=False):
    """The positions' filters and clocks."""

    actor: OneOrMore | None
    proposition: OneOrMore | None
    stance: Literal["supports", "opposes", "conditional"] | None
    contested: bool | None


class ArticlesAsked(TypedDict, total=False):
    """What the list of articles is filtered by, and its order: as received."""

    state: str | None
    outlet: str | None
    story: str | None
    from_: Day | None
    to: Day | None
    order: Literal["asc", "desc"] | None


# -- taking in --------------------------------------------------------------------------------------------------------


def post(
    article: ToPost,
    *,
    media_type: str = JSON,
    address: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Posted]:
    """Post an article: a NewArticle, or any other form that the service takes (docs/formats.md).

    A mapping or a list is sent as JSON; `str` and `bytes` as they are, under their `media_type` (`text/html` for a
    page, with its `address`). The same article again changes nothing, so it is safe to post one twice.
    """
    headers = {"Content-Type": media_type}
    if address is not None:
        headers["Content-Location"] = address
    if idempotency_key is not None:
        headers["Idempotency-Key"] = _structured_string(idempotency_key)
    return Call("POST", "/v1/articles", _posted, headers=headers, content=body_of(article))


def _posted(response: httpx2.Response) -> Posted:
    taken = Taken.model_validate_json(response.content).model_dump(exclude_unset=True)
    return Posted(**taken, written=response.status_code != httpx2.codes.OK)


def batches(articles: Iterable[ToPost]) -> Iterator[Call[list[BulkResult]]]:
    """Many articles, in requests of a size that the service takes; their results are numbered on."""
    lines: list[bytes] = []
    size = before = 0
    for article in articles:
        line = body_of(article)
        if b"\n" in line or b"\r" in line or not line.strip():
            raise ValueError("one of many articles must be JSON on one line")
        if lines and (len(lines) == BULK_LINES or size + len(line) > BULK_BYTES):
            yield _batch(lines, before)
            before, lines, size = before + len(lines), [], 0
        lines.append(line)
        size += len(line) + 1
    if lines:
        yield _batch(lines, before)


_RESULTS = TypeAdapter(BulkResult)


def _batch(lines: Sequence[bytes], before: int) -> Call[list[BulkResult]]:
    def read(response: httpx2.Response) -> list[BulkResult]:
        results = (_RESULTS.validate_json(line) for line in response.content.splitlines() if line)
        return [result.model_copy(update={"line": result.line + before}) for result in results]

    return Call(
        "POST",
        "/v1/articles/bulk",
        read,
        headers={"Content-Type": NDJSON},
        content=b"\n".join(lines) + b"\n",
        seconds=BULK_SECONDS,
    )


def withdraw(article_id: str, *, reason: str) -> Call[Taken]:
    """Withdraw an article, with the reason; its words are deleted."""
    path, content = f"/v1/articles/{_part(article_id)}", _json({"reason": reason})
    return Call("DELETE", path, as_model(Taken), headers={"Content-Type": JSON}, content=content)


# -- reading ----------------------------------------------------------------------------------------------------------


def article(article_id: str, *, wait: int = 0, at_least: int | None = None) -> Call[ArticleDetail]:
    """One article with what was read out of it; `wait`: up to so many seconds (30 at most) until it is finished."""
    seconds = min(max(wait, 0), LONGEST_WAIT)
    prefer = {"Prefer": f"wait={seconds}"} if seconds else {}
    path = f"/v1/articles/{_part(article_id)}"
    return get(path, ArticleDetail, headers=prefer | _at_least(at_least), seconds=float(seconds))


def articles(*, most: int | None = None, **asked: Unpack[ArticlesAsked]) -> Listing[Article]:
    """Articles as they stand, newest first."""
    return _listing("/v1/articles", Page[Article], dict(asked), most)


def timeline(*, most: int | None = None, **asked: Unpack[TimelineAsked]) -> Listing[Entry]:
    """The timeline's entries, newest first unless `order="asc"`; pages are fetched as they are needed."""
    return _listing("/v1/timeline", Page[Entry], dict(asked), most)


def entry(entry_id: str, **clocks: Unpack[Clocks]) -> Call[EntryDetail]:
    """One entry with all its mentions. One that was merged is answered by the entry that it became part of."""
    return _one(f"/v1/timeline/{_part(entry_id)}", EntryDetail, dict(clocks))


def positions(*, most: int | None = None, **asked: Unpack[PositionsAsked]) -> Listing[Position]:
    """Where each actor stands on each question, now or `as_of` a day."""
    return _listing("/v1/positions", Page[Position], dict(asked), most)


def actors(*, most: int | None = None, **clocks: Unpack[Clocks]) -> Listing[Actor]:
    """The dossier's actors, with how much is known of each."""
    return _listing("/v1/actors", Page[Actor], dict(clocks), most)


def actor(actor_id: str, **clocks: Unpack[Clocks]) -> Call[ActorDetail]:
    """One actor with its names and those who speak for it."""
    return _one(f"/v1/actors/{_part(actor_id)}", ActorDetail, dict(clocks))


def actor_positions(actor_id: str, *, most: int | None = None, **clocks: Unpack[Clocks]) -> Listing[Position]:
    """Where one actor stands on every question that it took a position on."""
    return _listing(f"/v1/actors/{_part(actor_id)}/positions", Page[Position], dict(clocks), most)


def history(actor_id: str, proposition: str, **clocks: Unpack[Clocks]) -> Call[list[ChangeOfStance]]:
    """Every change of an actor's stance on a proposition, newest first."""
    path = f"/v1/actors/{_part(actor_id)}/positions/{_part(proposition)}/history"
    asked = dict(clocks)
    headers = _at_least(clocks.get("at_least"))
    asked.pop("at_least", None)
    return Call("GET", path, _data_of(Page[ChangeOfStance]), params_of(asked), headers)


# -- webhooks ---------------------------------------------------------------------------------------------------------


def webhooks() -> Call[list[Webhook]]:
    """Every webhook, oldest first. Wants a key with the scope `admin`, as all of webhooks does."""
    return Call("GET", "/v1/webhooks", _data_of(Page[Webhook]))


def add_webhook(
    url: str,
    *,
    types: Sequence[str] = (),
    description: str | None = None,
    after: str | None = None,
    **chosen: Unpack[Filters],
) -> Call[Webhook]:
    """Register a webhook. The answer's `secret`, which its receiver checks signatures with, is shown this once."""
    wanted: dict[str, Any] = {"url": url, "types": list(types), "filter": _as_body(dict(chosen))}
    wanted |= {
        name: value for name, value in (("description", description), ("after", after)) if value is not None
    }
    return request("POST", "/v1/webhooks", as_model(Webhook), json=wanted)


def delete_webhook(webhook_id: str) -> Call[None]:
    """Delete a webhook, with what it still had to be sent."""
    return request("DELETE", f"/v1/webhooks/{_part(webhook_id)}", lambda _: None)


# -- anything else ----------------------------------------------------------------------------------------------------


def request(
    method: str,
    path: str,
    read: Callable[[httpx2.Response], Any],
    *,
    json: Any = None,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Call[Any]:
    """Any other request. Sent again only where the method says that twice is as good as once."""
    content = None if json is None else _json(json)
    typed = {"Content-Type": JSON} if content is not None else {}
    return Call(
        method,
        path,
        read,
        params_of(params or {}),
        {**typed, **(headers or {})},
        content,
        repeatable=method in {"GET", "HEAD", "PUT", "DELETE"},
    )


def raw(
    method: str,
    path: str,
    *,
    json: Any = None,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Call[Any]:
    """Any other request; the answer is its JSON as it is, None where there is none."""
    return request(
        method,
        path,
        lambda response: response.json() if response.content else None,
        json=json,
        params=params,
        headers=headers,
    )


# -- inside -----------------------------------------------------------------------------------------------------------


def shown_as(make: Callable[..., Any], answer: str) -> Callable[[Method], Method]:
    """Gives a client's method the name, the words and the signature of an endpoint, for `help` and editors.

    `answer` is what it gives in place of a Call or Listing: "{}", with what that is of.
    """

    def dressed(method: Method) -> Method:
        signature = inspect.signature(make)
        itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
        of = str(signature.return_annotation).partition("[")[2].removesuffix("]")
        functools.update_wrapper(method, make)
        method.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[itself, *signature.parameters.values()], return_annotation=answer.format(of)
        )
        return method

    return dressed


def body_of(article: ToPost) -> bytes:
    """An article as it is sent."""
    if isinstance(article, bytes):
        return article
    if isinstance(article, str):
        return article.encode()
    if isinstance(article, NewArticle):
        return article.model_dump_json(exclude_none=True).encode()
    return _json(article)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_day_or_moment).encode()


def _day_or_moment(value: Any) -> str:
    if isinstance(value, dt.date):
        return word_of(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def _part(name: str) -> str:
    """A part of a path, whatever is in it. Raises ValueError for what would lead elsewhere."""
    if name in {"", ".", ".."}:
        raise ValueError("an id is wanted")
    return quote(name, safe="")


def _at_least(position: int | None) -> dict[str, str]:
    return {} if position is None else {"X-Min-Position": str(position)}


def _one(path: str, model: type[Result], asked: dict[str, Any]) -> Call[Result]:
    headers = _at_least(asked.pop("at_least", None))
    return get(path, model, asked, headers=headers, seconds=10.0 if headers else 0.0)


def _listing(path: str, page: type[Page[Any]], asked: dict[str, Any], most: int | None) -> Listing[Any]:
    return Listing(_one(path, page, asked), most)


def _data_of(page: type[Page[Any]]) -> Callable[[httpx2.Response], list[Any]]:
    return lambda response: page.model_validate_json(response.content).data


def _as_body(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Filters as a webhook's body has them: lists where there may be several."""
    several = {"actor", "recipient", "speaker", "kind", "plover", "proposition", "outlet"}
    return {
        name.rstrip("_"): [value] if name in several and isinstance(value, str) else value
        for name, value in chosen.items()
        if value is not None
    }


def _structured_string(text: str) -> str:
    """In double quotes (RFC 9651). Raises ValueError for what cannot be in one."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("an idempotency key is printable ASCII")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
