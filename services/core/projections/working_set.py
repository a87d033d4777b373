"""What a batch of events touches, loaded in bulk before and written in bulk after it is folded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from services.core.projections.copying import copy_rows, plain
from services.core.projections.rows import ArticleState, RevisionState, StoryState, columns, values_of
from services.core.projections.rulings import RulingSet
from services.core.projections.stated import Stated
from services.core.projections.tellings import Tellings

Row = TypeVar("Row", ArticleState, RevisionState, StoryState)


class WorkingSet:
    """The rows of all read tables that are in play while a batch is folded.

    What entries and standings say is kept from one batch to the next where the same `WorkingSet` folds both. Only where
    nobody else writes the tables.
    """

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn
        self.told = Tellings(conn)
        self.stated = Stated(conn)
        self.begin()

    def begin(self) -> None:
        """Forget what belongs to one batch alone."""
        self.articles: dict[str, ArticleState] = {}
        self.revisions: dict[tuple[str, int], RevisionState] = {}
        self.stories: dict[UUID, StoryState] = {}
        self.dropped_stories: set[UUID] = set()
        self.withdrawn: set[str] = set()
        self.rulings = RulingSet(self._conn)
        self._stored: dict[type, dict[Any, tuple[Any, ...]]] = {  # what lies in the tables, as it was loaded
            ArticleState: {},
            RevisionState: {},
            StoryState: {},
        }
        self._articles_asked: set[str] = set()
        self._stories_asked: set[UUID] = set()
        self._told_loaded: set[str] = set()

    @property
    def size(self) -> int:
        """About how many rows what it keeps beyond the batch takes the room of."""
        return self.told.size + self.stated.size

    def forget(self, rows: int) -> None:
        """What only this batch needs, and of the rest what was used longest ago, until about so many rows are left."""
        self.stated.forget(rows // 2)
        self.told.forget(rows - self.stated.size)

    # -- articles and stories ------------------------------------------------------------------------

    def begin_articles(self, ids: Collection[str]) -> None:
        """Articles of which the tables are known to hold nothing yet: they are not asked for."""
        self._articles_asked.update(ids)
        self._told_loaded.update(ids)
        self.told.know(ids)

    def load_revisions(self, ids: Collection[str]) -> None:
        """All revisions of these articles. Needed only of those that something happens to."""
        loaded = self._select(RevisionState, "article_revisions", "article_id = ANY(%s)", ids) if ids else []
        self.revisions.update({(revision.article_id, revision.revision): revision for revision in loaded})

    def load_articles(self, ids: Collection[str]) -> None:
        """Articles with their stories and the heads of those."""
        missing = [id_ for id_ in ids if id_ not in self._articles_asked]
        if not missing:
            return
        self._articles_asked.update(missing)
        loaded = self._select(ArticleState, "articles", "id = ANY(%s)", missing)
        self.articles.update({article.id: article for article in loaded})
        self.load_stories({article.story_id for article in loaded if article.story_id})

    def load_stories(self, ids: Collection[UUID]) -> None:
        """Stories with their heads."""
        missing = set(ids) - self._stories_asked
        if not missing:
            return
        self._stories_asked |= missing
        loaded = self._select(StoryState, "stories", "id = ANY(%s)", missing)
        self.stories.update({story.id: story for story in loaded})
        self.load_articles({story.head for story in loaded})

    def members_of(self, story_id: UUID) -> list[ArticleState]:
        """Every article of a story. Needed only where its head leaves it."""
        members = self._select(ArticleState, "articles", "story_id = ANY(%s)", {story_id})
        self.load_articles({article.id for article in members})
        return [article for article in self.articles.values() if article.story_id == story_id]

    def _select(self, cls: type[Row], table: str, where: str, parameter: Collection[Any]) -> list[Row]:
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            sql.SQL(", ").join(map(sql.Identifier, columns(cls))),
            sql.Identifier(table),
            sql.SQL(where),
        )
        values = values_of(cls)
        with self._conn.cursor(row_factory=class_row(cls)) as cursor:
            rows = cursor.execute(query, (list(parameter),)).fetchall()
        self._stored[cls].update((_key(row), values(row)) for row in rows)
        return rows

    # -- what articles tell --------------------------------------------------------------------------

    def load_told(self, articles: Collection[str]) -> None:
        """All open mentions and statements of these articles. An article never read tells nothing."""
        new = [id_ for id_ in articles if id_ not in self._told_loaded]
        self._told_loaded.update(new)
        self.told.know(new)
        missing = [id_ for id_ in new if (a := self.articles.get(id_)) and a.shown_revision is not None]
        if missing:
            self.told.load_articles(missing)
            self.stated.load_articles(missing)

    def tells(self, article_id: str) -> bool:
        """Whether the article, as it stands now, tells anything at all. Most do not."""
        if article_id not in self._told_loaded:
            self.load_articles((article_id,))
            self.load_told((article_id,))
        return self.told.tells(article_id) or self.stated.tells(article_id)

    # -- writing -------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write everything that changed. What is versioned stays, for the batch that comes next."""
        if self.dropped_stories:
            self._conn.execute("DELETE FROM stories WHERE id = ANY(%s)", (list(self.dropped_stories),))
        self._write(ArticleState, "articles", self.articles)
        self._write(RevisionState, "article_revisions", self.revisions)
        self._write(StoryState, "stories", self.stories)
        told, stated = self.told, self.stated
        for table in (told.mentions, told.entries, stated.statements, stated.standings):
            table.flush()
        self.rulings.flush()
        if self.withdrawn:
            self._blank(list(self.withdrawn))

    def _write(self, cls: type[Row], table: str, rows: Mapping[Any, Row]) -> None:
        """Rows as they are now, by COPY: those that have changed are put in the place of what lies there."""
        stored, values = self._stored[cls], values_of(cls)
        written = [(key, now) for key, row in rows.items() if (now := values(row)) != stored.get(key)]
        if changed := [key for key, _ in written if key in stored]:
            keys = zip(*changed, strict=True) if cls is RevisionState else [changed]
            self._conn.execute(_DELETE[cls], [list(column) for column in keys])
        if written:
            copy_rows(self._conn, table, columns(cls), _plain_rows(cls, [now for _, now in written]))

    def _blank(self, articles: list[str]) -> None:
        """A takedown reaches into the past: no version keeps a word of a withdrawn article."""
        for statement in _BLANK:
            self._conn.execute(statement, (articles,))


_DELETE: dict[type, LiteralString] = {
    ArticleState: "DELETE FROM articles WHERE id = ANY(%s)",
    RevisionState: """DELETE FROM article_revisions
        WHERE (article_id, revision) IN (SELECT * FROM unnest(%s::text[], %s::integer[]))""",
    StoryState: "DELETE FROM stories WHERE id = ANY(%s)",
}
_BLANK = (
    """UPDATE entries SET summary = NULL FROM mentions m
       WHERE m.article_id = ANY(%s) AND entries.representative = m.id AND summary IS NOT NULL""",
    """UPDATE standings SET condition = NULL FROM statements s
       WHERE s.article_id = ANY(%s) AND standings.representative = s.id AND standings.condition IS NOT NULL""",
    """UPDATE mentions SET evidence_text = NULL, sentence = NULL, speaker = CASE WHEN person IS NOT NULL THEN speaker END
       WHERE article_id = ANY(%s)""",
    """UPDATE statements SET evidence_text = NULL, sentence = NULL, condition = NULL, read_condition = NULL,
       speaker = CASE WHEN person IS NOT NULL THEN speaker END WHERE article_id = ANY(%s)""",
)


_TAGS = columns(RevisionState).index("tags")


def _plain_rows(cls: type, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows without the only value that is a list."""
    if cls is not RevisionState:
        return rows
    return [(*row[:_TAGS], plain(row[_TAGS]), *row[_TAGS + 1 :]) for row in rows]


def _key(row: ArticleState | RevisionState | StoryState) -> Any:
    return (row.article_id, row.revision) if isinstance(row, RevisionState) else row.id
