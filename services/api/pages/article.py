"""`/articles/{id}`: what was read out of an article, in place; its copies, its revisions, its steps in the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.api.articles import find_article
from services.api.deps import Connection, ConnectionDep, DossierDep, PositionDep
from services.api.pages.base import METHODS, page_router, recorded_at, view_of
from services.api.pages.citations import Citation, csl_json, plain, ris
from services.api.pages.frame import page_etag, render
from services.api.pages.passages import notes_of, passages
from services.api.pages.steps import copies_judged, rulings_heard, steps_of
from services.api.quotes import bodies_of
from services.api.stories import find_story
from services.core.domain.dossier import load_dossier
from services.core.settings import Settings
from services.core.web.problems import Problem

_RIS = "application/x-research-info-systems; charset=utf-8"
_CSL = "application/vnd.citationstyles.csl+json"

ArticlePath = Annotated[str, Path(max_length=100)]

router = page_router()


@router.api_route("/articles/{article_id}/cite.{form}", methods=METHODS)
async def cite_article(
    request: Request,
    article_id: ArticlePath,
    form: Literal["txt", "ris", "json"],
    conn: ConnectionDep,
    entry: Annotated[UUID | None, Query(description="As a source of this entry")] = None,
    actor: Annotated[
        str | None, Query(max_length=100, description="As a source of this actor's position …")
    ] = None,
    proposition: Annotated[str | None, Query(max_length=100, description="… on this proposition")] = None,
) -> Response:
    """A citation, as a file for reference managers."""
    article, _, _ = await find_article(conn, article_id)
    if article["state"] == "withdrawn":
        raise Problem(410, "The article was withdrawn")
    view = view_of(request, load_dossier(request.app.state.settings.dossiers[0]))
    permalink = view.permanent("articles", article_id)
    if entry:
        permalink = view.permanent("entries", str(entry))
    elif actor and proposition:
        permalink = view.permanent("positions", actor, proposition)
    cited = citation_of(article, permalink)
    kept = {"Cache-Control": "no-cache"}
    if form == "txt":
        return Response(plain(cited), media_type="text/plain; charset=utf-8", headers=kept)
    content, media_type = (ris(cited).encode(), _RIS) if form == "ris" else (csl_json(cited), _CSL)
    kept["Content-Disposition"] = f'attachment; filename="{article["id"]}.{form}"'
    return Response(content, media_type=media_type, headers=kept)


def citation_of(article: Mapping[str, Any], permalink: str) -> Citation:
    """An article's citation."""
    date = article["date"]["value"] if article["date"] else None
    return Citation(
        article_id=article["id"],
        title=article["title"],
        author=article["author"],
        outlet=article["outlet"],
        published=article["published_at"] or date,
        url=article["url"],
        language=article["language"],
        permalink=permalink,
    )


@router.api_route("/articles/{article_id}", methods=METHODS)
async def show_article(
    request: Request, article_id: ArticlePath, conn: ConnectionDep, newest: PositionDep, dossier: DossierDep
) -> Response:
    """One article: an excerpt of what carries something; the whole text only where the operator allows it."""
    etag = page_etag(request, newest)
    settings: Settings = request.app.state.settings
    article, stream, position = await find_article(conn, article_id)
    view = view_of(request, dossier)
    notes = notes_of(article["readings"])
    text = await _text_read(conn, article)
    if text is None and settings.show_texts:
        text = article["text"]  # nothing was read in it, or not yet
    steps = [*steps_of(stream), *await copies_judged(conn, article_id, position)]
    steps += await rulings_heard(conn, article, position)
    return render(
        "article.html",
        view,
        etag=etag,
        recorded_at=await recorded_at(conn, position),
        position=position,
        article=article,
        notes=notes,
        passages=passages(text, notes, whole=settings.show_texts) if text else [],
        whole=settings.show_texts,
        story=await find_story(conn, UUID(article["story"])) if article["story"] else None,
        steps=sorted(steps, key=lambda step: step.position, reverse=True),
        citation=plain(citation_of(article, view.permanent("articles", article_id))),
    )


async def _text_read(conn: Connection, article: Mapping[str, Any]) -> str | None:
    """The words that the readings' spans point into: of the revision that was read, not of the newest."""
    if article["state"] == "withdrawn" or not article["readings"]:
        return None
    read = article["readings"][0]["revision"]
    key = next(r["body_sha256"] for r in article["revisions"] if r["revision"] == read)
    body = (await bodies_of(conn, [key])).get(key)
    return body.text if body else None
