"""The one projection that keeps all read tables: articles, timeline, positions, in step with each other.

They share what they know of an article (its story, its day, whether it is a copy), so they are folded
together and carry one checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import scalar_row

from services.core.domain.events import (
    ArticleJudgedDuplicate,
    ArticleJudgedOriginal,
    ArticleReceived,
    ArticleRevised,
    ArticleWithdrawn,
    Event,
    ExtractionCompleted,
    ExtractionSkipped,
    RecordCorrected,
    article_stream,
    event_of,
    ruling_of,
)
from services.core.domain.standing import StatedPosition
from services.core.domain.timeline import Mention
from services.core.eventstore.bodies import get_bodies
from services.core.eventstore.store import Recorded
from services.core.projections import contributions
from services.core.projections.actor_positions import ActorPositionsProjection
from services.core.projections.articles import ArticlesProjection, is_copy, story_of
from services.core.projections.base import SCHEMA
from services.core.projections.behind import Behind
from services.core.projections.contributions import NameOf
from services.core.projections.memory import Memory
from services.core.projections.rows import ArticleState
from services.core.projections.rulings import CAUSE
from services.core.projections.settled import settle
from services.core.projections.timeline import TimelineProjection
from services.core.projections.working_set import WorkingSet

_Revision = tuple[str, int]  # article id, revision
_Happened = Sequence[tuple[Recorded, Event | RecordCorrected]]

_RECEIVED = (ArticleReceived, ArticleRevised)
_JUDGED = (ArticleJudgedOriginal, ArticleJudgedDuplicate)
_READ = (ExtractionCompleted, ExtractionSkipped)
_WITHDRAWN = "SELECT stream_name FROM events WHERE stream_name = ANY (%s) AND type = 'ArticleWithdrawn'"


class ReadModels:
    """Folds the log into the read tables of one schema.

    `once(dossier, kind)`: whether a kind of political event happens once. `name_of(dossier, person)`:
    a speaker's name. `alone`: for a rebuild, which begins with empty tables that nobody else has. It writes no words
    of articles that are withdrawn later in the log, even where another article still holds the same body.
    `behind`: where it writes rows of articles while it folds the next batch; they are there after `behind.wait()`.
    """

    name = "read-models"

    def __init__(
        self,
        once: Callable[[str, str], bool],
        name_of: NameOf,
        *,
        schema: str = SCHEMA,
        alone: bool = False,
        behind: Behind | None = None,
    ) -> None:
        self._name_of = name_of
        self._alone = alone
        self._memory = Memory(self.name, schema, alone=alone, behind=behind)
        self._articles = ArticlesProjection()
        self._timeline = TimelineProjection(once)
        self._positions = ActorPositionsProjection()

    def apply(self, conn: psycopg.Connection[Any], batch: Sequence[Recorded]) -> None:
        """See `Projection.apply`."""
        work = self._memory.begin(conn)
        if self._alone:
            batch = settle(work, batch)
        happened = [(r, found) for r in batch if (found := _event_of(r)) is not None]
        readings = self._load(work, happened)
        texts = self._texts(conn, work, happened, readings) if readings else {}
        for recorded, event in happened:
            if isinstance(event, RecordCorrected):
                self._rule(work, recorded, event)
            else:
                self._apply_one(work, recorded, event, texts)
        work.flush()
        self._memory.end(work)

    def _rule(self, work: WorkingSet, recorded: Recorded, event: RecordCorrected) -> None:
        position = recorded.global_position
        if event.record_type == "position":
            cells = self._positions.rule(work, recorded, event)
            self._positions.refold(work, cells, position=position, cause=CAUSE, change_number=0)
        else:
            entries = self._timeline.rule(work, recorded, event)
            self._timeline.refold(work, entries, position=position, cause=CAUSE, change_number=0)

    def _load(self, work: WorkingSet, happened: _Happened) -> list[ExtractionCompleted]:
        """What the batch touches, in a few queries rather than some for each event. Gives its readings."""
        articles: set[str] = set()
        new: set[str] = set()
        judged: dict[str, UUID] = {}  # to which stories
        readings: list[ExtractionCompleted] = []
        for recorded, event in happened:
            if isinstance(event, RecordCorrected):
                continue
            articles.add(event.article_id)
            if recorded.position == 0:
                new.add(event.article_id)
            if isinstance(event, _JUDGED):
                judged[event.article_id] = story_of(event.story_id)
            elif isinstance(event, ExtractionCompleted):
                readings.append(event)
        if self._alone:
            work.begin_articles(new)
            articles -= new
        work.load_revisions(articles)
        work.load_articles(articles)
        work.load_stories(set(judged.values()))
        work.load_told(articles)
        told = {
            (contributions.key_of(e.dossier, r), e.article_id) for e in readings for r in e.political_events
        }
        self._timeline.load(work, {key for key, _ in told})
        self._timeline.load_accounts(work, told, judged)
        stated = {
            ((e.dossier, r["actor"], r["proposition"]), e.article_id) for e in readings for r in e.positions
        }
        work.stated.load_cells({cell for cell, _ in stated})
        stories = {
            article_id: article.story_id
            for _, article_id in stated
            if (article := work.articles.get(article_id))
        }
        stories |= judged
        work.stated.load_accounts(
            (cell, story) for cell, a in stated if (story := stories.get(a)) is not None
        )
        return readings

    def _texts(
        self,
        conn: psycopg.Connection[Any],
        work: WorkingSet,
        happened: _Happened,
        readings: Iterable[ExtractionCompleted],
    ) -> dict[_Revision, str]:
        """The texts that the batch's readings point into."""
        read = {(e.article_id, e.revision) for e in readings if e.positions or e.political_events}
        if self._alone and read:
            with conn.cursor(row_factory=scalar_row) as cursor:
                streams = [article_stream(article_id) for article_id, _ in read]
                gone = set(cursor.execute(_WITHDRAWN, (streams,)))
            read = {key for key in read if article_stream(key[0]) not in gone}
        bodies = {key: work.revisions[key].body_sha256 for key in read if key in work.revisions}
        bodies |= {
            (e.article_id, e.revision): e.body_sha256
            for _, e in happened
            if isinstance(e, _RECEIVED) and (e.article_id, e.revision) in read
        }
        found = get_bodies(conn, map(bytes.fromhex, set(bodies.values()))) if bodies else {}
        return {
            key: body.text
            for key, sha256 in bodies.items()
            if (body := found.get(bytes.fromhex(sha256))) is not None
        }

    def _apply_one(
        self, work: WorkingSet, recorded: Recorded, event: Event, texts: dict[_Revision, str]
    ) -> None:
        revision = None
        read_before = False
        if isinstance(event, _READ):
            revision = event.revision
            before = work.revisions.get((event.article_id, revision))
            read_before = before is not None and before.reading_position is not None
        moved = self._articles.apply(work, recorded, event)
        withdrawn = isinstance(event, ArticleWithdrawn)
        if revision is None and not moved and not withdrawn:
            return
        article = work.articles[event.article_id]
        own = withdrawn or (revision == article.revision and article.state != "withdrawn")
        anew = own and (isinstance(event, ExtractionCompleted) or work.tells(article.id))
        again = [id_ for id_ in moved if work.tells(id_) and not (own and id_ == article.id)]
        if anew or again:  # most are about nothing that is told
            self._tell(work, recorded, event, texts, anew=anew, again=sorted(again), read_before=read_before)

    def _tell(
        self,
        work: WorkingSet,
        recorded: Recorded,
        event: Event,
        texts: dict[_Revision, str],
        *,
        anew: bool,
        again: Sequence[str],
        read_before: bool,
    ) -> None:
        """Let the event's article tell what it tells now (`anew`), and others what they told, in their new place."""
        position = recorded.global_position
        cause = _cause(work, event, read_before=read_before)
        entries: set[Any] = set()
        cells: set[Any] = set()

        def tell(article_id: str, mentions: list[Mention], statements: list[StatedPosition]) -> None:
            entries.update(
                self._timeline.replace_mentions(work, article_id, mentions, position=position, cause=cause)
            )
            cells.update(
                self._positions.replace_statements(
                    work, article_id, statements, position=position, cause=cause
                )
            )

        if anew:
            article = work.articles[event.article_id]
            told = self._read(work, article, event, texts) if isinstance(event, _READ) else ([], [])
            tell(article.id, *told)
        for article_id in again:
            tell(article_id, *self._replaced(work, article_id))
        number = self._timeline.refold(work, entries, position=position, cause=cause, change_number=0)
        self._positions.refold(work, cells, position=position, cause=cause, change_number=number)

    def _read(
        self,
        work: WorkingSet,
        article: ArticleState,
        event: ExtractionCompleted | ExtractionSkipped,
        texts: dict[_Revision, str],
    ) -> tuple[list[Mention], list[StatedPosition]]:
        """What the article tells now that it was read for a dossier; what it tells of others stays."""
        mentions, statements = self._replaced(work, article.id)
        new_mentions, new_statements = self._contributions(work, article, event, texts)
        return (
            [m for m in mentions if m.key.dossier != event.dossier] + new_mentions,
            [s for s in statements if s.dossier != event.dossier] + new_statements,
        )

    def _contributions(
        self,
        work: WorkingSet,
        article: ArticleState,
        event: ExtractionCompleted | ExtractionSkipped,
        texts: dict[_Revision, str],
    ) -> tuple[list[Mention], list[StatedPosition]]:
        if isinstance(event, ExtractionSkipped):
            return [], []
        revision = work.revisions[event.article_id, event.revision]
        text = texts.get((event.article_id, event.revision))
        copy = is_copy(work, article)
        return (
            contributions.mentions(event, article, revision, text, self._name_of, copy=copy),
            contributions.statements(event, article, revision, text, self._name_of, copy=copy),
        )

    def _replaced(self, work: WorkingSet, article_id: str) -> tuple[list[Mention], list[StatedPosition]]:
        """What the article tells, with the story it belongs to now."""
        work.load_articles({article_id})
        work.load_told({article_id})
        article = work.articles[article_id]
        place: dict[str, Any] = {
            "story_id": article.story_id,
            "copy": is_copy(work, article),
            "published_on": article.published_on,
        }
        return (
            [replace(placed.mention, **place) for placed in work.told.of_article(article_id)],
            [replace(statement, **place) for statement in work.stated.of_article(article_id)],
        )


def _event_of(recorded: Recorded) -> Event | RecordCorrected | None:
    """The event, where it is about an article or a ruling."""
    if recorded.stream_name.startswith("article-"):
        return event_of(recorded.type, recorded.data)
    return ruling_of(recorded.data) if recorded.type == RecordCorrected.type else None


def _cause(work: WorkingSet, event: Event, *, read_before: bool) -> str:
    """What a change is put down to: news, copy, revision, withdrawal or re-reading."""
    match event:
        case ArticleJudgedOriginal() | ArticleJudgedDuplicate():
            return "copy"
        case ArticleWithdrawn():
            return "withdrawal"
        case ExtractionCompleted() | ExtractionSkipped():
            if read_before:
                return "re-reading"
            if event.revision > 1:
                return "revision"
            return "copy" if is_copy(work, work.articles[event.article_id]) else "news"
    return "revision"
