"""An article as the log has it: what is left to do about it follows from its stream alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from services.core.domain.events import (
    ArticleJudgedDuplicate,
    ArticleJudgedOriginal,
    ArticleReceived,
    ArticleRevised,
    ArticleWithdrawn,
    Event,
    ExtractionCompleted,
    ExtractionFailed,
    ExtractionRequested,
    ExtractionSkipped,
    article_stream,
)
from services.core.domain.ids import derived_id
from services.core.errors import UnknownEventVersion
from services.core.eventstore.store import (
    NewEvent,
    Recorded,
    StreamWrite,
    make_event,
    read_stream,
    read_streams,
)

TAKEN_IN = frozenset({ArticleReceived.type, ArticleRevised.type})
ELSEWHERE = "SELECT FROM events WHERE id = %s AND stream_name <> %s"
JUDGED = frozenset({ArticleJudgedOriginal.type, ArticleJudgedDuplicate.type})
UNREADABLE = (UnknownEventVersion, KeyError, TypeError, ValueError)
"""What folding raises where a newer release, or a stranger, wrote the stream."""
READ = frozenset({ExtractionCompleted.type, ExtractionSkipped.type, ExtractionFailed.type})


@dataclass(slots=True)
class Article:
    """The fold of an article's stream, as far as the pipeline needs it."""

    article_id: str
    received: Recorded
    current: Recorded  # the revision that counts
    version: int  # of the stream
    last_position: int  # global, of the newest event seen
    withdrawn: bool = False
    judged: Recorded | None = None  # the judgement on the current revision
    story_id: UUID | None = None  # by the newest judgement on any revision
    requests: dict[str, Recorded] = field(default_factory=dict)  # by dossier, for the current revision
    outcomes: dict[tuple[str, str], Recorded] = field(default_factory=dict)  # by cause and dossier

    @property
    def revision(self) -> int:
        """Number of the revision that counts."""
        return int(self.current.data["revision"])

    @property
    def needs_judging(self) -> bool:
        """Whether nobody has said yet if the current revision is a copy."""
        return not self.withdrawn and self.judged is None

    def reading_due(self, dossier: str) -> Recorded | None:
        """The event that asks for a reading which the log does not have; None where nothing is to be done."""
        cause = self._asked(dossier)
        return None if cause is None or (str(cause.id), dossier) in self.outcomes else cause

    def failed_reading(self, dossier: str) -> Recorded | None:
        """The failure that the newest asking for a reading has come to; None where it came to something else."""
        cause = self._asked(dossier)
        outcome = self.outcomes.get((str(cause.id), dossier)) if cause is not None else None
        return outcome if outcome is not None and outcome.type == ExtractionFailed.type else None

    def _asked(self, dossier: str) -> Recorded | None:
        if self.withdrawn or self.judged is None:
            return None
        request = self.requests.get(dossier)
        return request if request is not None and request.position > self.judged.position else self.judged

    def write(self, cause: Recorded, *events: tuple[UUID, Event], **versions: str) -> StreamWrite:
        """The events as the next of this article's stream, caused by `cause`."""
        made: list[NewEvent] = [
            make_event(
                event,
                id=event_id,
                correlation_id=self.received.id,
                causation_id=cause.id,
                traceparent=cause.metadata.get("traceparent"),
                **versions,
            )
            for event_id, event in events
        ]
        return StreamWrite(article_stream(self.article_id), made, self.version)


def load_article(conn: psycopg.Connection[Any], article_id: str) -> Article | None:
    """The article as it stands, or None where the log has none of that id."""
    return fold(read_stream(conn, article_stream(article_id)))


def load_articles(conn: psycopg.Connection[Any], article_ids: Iterable[str]) -> dict[str, Article]:
    """The articles as they stand, in the order given, each once; unknown ids are left out."""
    names = {article_id: article_stream(article_id) for article_id in article_ids}
    streams = read_streams(conn, list(names.values()))
    found = {article_id: fold(streams.get(name, ())) for article_id, name in names.items()}
    return {article_id: article for article_id, article in found.items() if article is not None}


def load_readable(
    conn: psycopg.Connection[Any], article_ids: Iterable[str]
) -> tuple[dict[str, Article], dict[str, Exception]]:
    """`load_articles`, and apart from them those whose streams this code cannot fold, with the reason.

    One such stream must not keep back the articles that it is asked for together with.
    """
    wanted = list(dict.fromkeys(article_ids))
    try:
        return load_articles(conn, wanted), {}
    except UNREADABLE:
        pass
    found: dict[str, Article] = {}
    unreadable: dict[str, Exception] = {}
    for article_id in wanted:
        try:
            found |= load_articles(conn, [article_id])
        except UNREADABLE as error:
            unreadable[article_id] = error
    return found, unreadable


def fold(stream: Iterable[Recorded]) -> Article | None:
    """The article that a whole stream describes; None for an empty one."""
    article: Article | None = None
    for event in stream:
        if article is None:
            if event.type != ArticleReceived.type:
                continue
            article = Article(event.data["article_id"], event, event, event.position, event.global_position)
        _apply(article, event)
    return article


def judgement_id(cause: Recorded) -> UUID:
    """The id of the judgement that a revision leads to, whichever way it goes."""
    return derived_id(str(cause.id), "judgement")


def outcome_id(cause_id: UUID, dossier: str) -> UUID:
    """The id of what comes of one cause to read: completed, skipped or failed, but one of them."""
    return derived_id(str(cause_id), "reading", dossier)


def free_id(conn: psycopg.Connection[Any], wanted: UUID, stream_name: str) -> UUID:
    """`wanted`, unless an event of another stream has that id: then the next one derived from it that is free.

    Ids are derived, so that happens only to a log that somebody else wrote to; what is to be said of the
    article must not be lost by it.
    """
    while conn.execute(ELSEWHERE, [wanted, stream_name]).fetchone() is not None:
        wanted = derived_id(str(wanted), "taken elsewhere")
    return wanted


def _apply(article: Article, event: Recorded) -> None:
    article.version, article.last_position = event.position, event.global_position
    data = event.data
    if event.type == ArticleRevised.type and data["current"]:
        article.current, article.judged = event, None
        article.requests.clear()
    elif event.type == ArticleWithdrawn.type:
        article.withdrawn = True
    elif event.type in JUDGED:
        article.story_id = UUID(data["story_id"])
        if data["revision"] == article.revision:
            article.judged = event
    elif event.type == ExtractionRequested.type and data["revision"] == article.revision:
        article.requests[data["dossier"]] = event
    elif event.type in READ:
        article.outcomes[str(event.metadata["causation_id"]), data["dossier"]] = event
