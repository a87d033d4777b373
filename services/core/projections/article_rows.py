"""Articles, their revisions and stories while a batch is folded. Overwritten, where what is told is versioned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from services.core.eventstore.arrays import UUID as UUIDS
from services.core.eventstore.arrays import bind_packed, pack
from services.core.projections.behind import Behind
from services.core.projections.copying import copy_rows, plain
from services.core.projections.rows import ArticleState, RevisionState, StoryState, columns, values_of

Row = TypeVar("Row", ArticleState, RevisionState, StoryState)
_Whole = tuple[tuple[Any, ...], tuple[Any, ...]]  # an article's row and that of its only revision
_Changes = tuple[type, list[Any], list[tuple[Any, ...]]]  # of a table: keys of rows to be replaced, rows

_TABLES: dict[type, LiteralString] = {
    ArticleState: "articles",
    RevisionState: "article_revisions",
    StoryState: "stories",
}
_DELETE: dict[type, LiteralString] = {
    ArticleState: "DELETE FROM articles WHERE id = ANY(%s)",
    RevisionState: """DELETE FROM article_revisions
        WHERE (article_id, revision) IN (SELECT * FROM unnest(%s::text[], %s::integer[]))""",
    StoryState: "DELETE FROM stories WHERE id = ANY(%s)",
}
_TAGS = columns(RevisionState).index("tags")


class ArticleRows:
    """The rows of a batch's articles, loaded in bulk and written in bulk; for the next batch they are still at hand.

    `behind`: they are written there while that one is folded. What is not at hand was written before them.
    """

    def __init__(self, conn: psycopg.Connection[Any], behind: Behind | None = None) -> None:
        self._conn = conn
        self._behind = behind
        self.articles: dict[str, ArticleState] = {}
        self.revisions: dict[tuple[str, int], RevisionState] = {}
        self.stories: dict[UUID, StoryState] = {}
        self._settled: dict[str, _Whole] = {}  # by article, of those about whom the batch holds no more
        if behind is not None:
            behind.wait()  # what it writes now is at hand only where it was folded
        self.forget_articles()

    def forget_articles(self) -> None:
        """Forget what belongs to one batch alone, but for the rows of the batch before."""
        self._articles_before = self.articles
        self._revisions_before = self.revisions
        self._stories_before = self.stories
        self._settled_before = self._settled
        self.articles, self.revisions, self.stories = {}, {}, {}
        self._settled = {}
        self.dropped_stories: set[UUID] = set()
        self._stored: dict[type, dict[Any, tuple[Any, ...]]] = {cls: {} for cls in _TABLES}  # in the tables
        self._articles_asked: set[str] = set()
        self._stories_asked: set[UUID] = set()

    def begin_articles(self, ids: Collection[str]) -> None:
        """Articles of which the tables are known to hold nothing yet: they are not asked for."""
        self._articles_asked.update(ids)

    def settle(self, whole: Iterable[_Whole]) -> None:
        """Rows of articles with one revision that no table has and nothing else in the batch asks for."""
        self._settled.update((rows[0][0], rows) for rows in whole)

    def load_revisions(self, ids: Collection[str]) -> None:
        """All revisions of these articles. Needed only of those that something happens to."""
        asked = set(ids)
        # Of an article that something happened to in the batch before, all were in it.
        at_hand = [row for (id_, _), row in self._revisions_before.items() if id_ in asked]
        settled = (rows[1] for id_ in asked if (rows := self._settled_before.get(id_)))
        at_hand += [_made(RevisionState, row) for row in settled]
        asked.difference_update([revision.article_id for revision in at_hand])
        for revision in self._loaded(RevisionState, at_hand, "article_id = ANY(%s)", asked):
            self.revisions[revision.article_id, revision.revision] = revision

    def load_articles(self, ids: Collection[str]) -> None:
        """Articles with their stories and the heads of those."""
        asked = set(ids) - self._articles_asked
        if not asked:
            return
        self._articles_asked |= asked
        at_hand = [row for id_ in asked if (row := self._articles_before.get(id_))]
        settled = (rows[0] for id_ in asked if (rows := self._settled_before.get(id_)))
        at_hand += [_made(ArticleState, row) for row in settled]
        asked.difference_update([article.id for article in at_hand])
        loaded = self._loaded(ArticleState, at_hand, "id = ANY(%s)", asked)
        self.articles.update({article.id: article for article in loaded})
        self.load_stories({article.story_id for article in loaded if article.story_id})

    def load_stories(self, ids: Collection[UUID], *, heads: bool = True) -> None:
        """Stories with their heads, which are otherwise loaded where they are needed."""
        asked = set(ids) - self._stories_asked
        if not asked:
            return
        self._stories_asked |= asked
        at_hand = [row for id_ in asked if (row := self._stories_before.get(id_))]
        asked.difference_update([story.id for story in at_hand])
        loaded = self._loaded(StoryState, at_hand, "id = ANY(%b::uuid[])", asked)
        self.stories.update({story.id: story for story in loaded})
        if heads:
            self.load_articles({story.head for story in loaded})

    def members_of(self, story_id: UUID) -> list[ArticleState]:
        """Every article of a story. Needed only where its head leaves it."""
        if self._behind is not None:
            self._behind.wait()
        members = self._select(ArticleState, "story_id = ANY(%s)", {story_id})
        self.load_articles({article.id for article in members})
        return [article for article in self.articles.values() if article.story_id == story_id]

    def _loaded(
        self, cls: type[Row], at_hand: list[Row], where: LiteralString, asked: Collection[Any]
    ) -> list[Row]:
        """The rows at hand and those asked for, each as it lies in the tables or will."""
        found = at_hand + (self._select(cls, where, asked) if asked else [])
        values = values_of(cls)
        self._stored[cls].update((_key(row), values(row)) for row in found)
        return found

    def _select(self, cls: type[Row], where: LiteralString, parameter: Collection[Any]) -> list[Row]:
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            sql.SQL(", ").join(map(sql.Identifier, columns(cls))),
            sql.Identifier(_TABLES[cls]),
            sql.SQL(where),
        )
        with self._conn.cursor(row_factory=class_row(cls)) as cursor:
            if cls is not StoryState:
                return cursor.execute(query, (list(parameter),)).fetchall()
            bind_packed(cursor)  # a batch has thousands of stories, most of them new
            return cursor.execute(query, (pack(UUIDS, [id_.bytes for id_ in parameter]),)).fetchall()

    def flush_articles(self) -> None:
        """Write what changed."""
        changes = [
            self._changes(ArticleState, self.articles),
            self._changes(RevisionState, self.revisions),
            self._changes(StoryState, self.stories),
        ]
        for rows in self._settled.values():
            changes[0][2].append(rows[0])
            changes[1][2].append(rows[1])
        write = partial(_write, dropped=self.dropped_stories, changes=changes)
        if self._behind is None:
            write(self._conn)
            return
        self._behind.write(write)
        if self.dropped_stories:
            self._behind.wait()  # the next batch must not find them

    def _changes(self, cls: type[Row], rows: Mapping[Any, Row]) -> _Changes:
        stored, values = self._stored[cls], values_of(cls)
        written = [(key, now) for key, row in rows.items() if (now := values(row)) != stored.get(key)]
        return cls, [key for key, _ in written if key in stored], [now for _, now in written]


def _write(conn: psycopg.Connection[Any], *, dropped: Collection[UUID], changes: list[_Changes]) -> None:
    """Rows as they are now, by COPY: those that have changed are put in the place of what lies there."""
    if dropped:
        conn.execute("DELETE FROM stories WHERE id = ANY(%s)", (list(dropped),))
    for cls, changed, rows in changes:
        if changed:
            keys = zip(*changed, strict=True) if cls is RevisionState else [changed]
            conn.execute(_DELETE[cls], [list(column) for column in keys])
        if rows:
            copy_rows(conn, _TABLES[cls], columns(cls), _plain(rows) if cls is RevisionState else rows)


def _plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of revisions without the only value that is a list."""
    return [(*row[:_TAGS], plain(row[_TAGS]) if row[_TAGS] else "{}", *row[_TAGS + 1 :]) for row in rows]


def _made(cls: type[Row], values: tuple[Any, ...]) -> Row:
    return cls(**dict(zip(columns(cls), values, strict=True)))


def _key(row: ArticleState | RevisionState | StoryState) -> Any:
    return (row.article_id, row.revision) if isinstance(row, RevisionState) else row.id
