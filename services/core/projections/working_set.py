"""What a batch of events touches, loaded in bulk before and written in bulk after it is folded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from services.core.domain.standing import StatedPosition
from services.core.domain.timeline import EntryKey
from services.core.projections.codecs import (
    EntryCodec,
    EntryVersion,
    MentionCodec,
    PlacedMention,
    StandingCodec,
    StandingVersion,
    StatementCodec,
)
from services.core.projections.copying import copy_rows, plain
from services.core.projections.rows import ArticleState, RevisionState, StoryState, columns, values_of
from services.core.projections.rulings import RulingSet
from services.core.projections.versioned import VersionedTable

Scope = tuple[str, str]  # dossier, kind
Cell = tuple[str, str, str]  # dossier, actor, proposition
Key = TypeVar("Key")
Row = TypeVar("Row", ArticleState, RevisionState, StoryState)


class WorkingSet:
    """The rows of all read tables that are in play while a batch is folded.

    What is versioned is kept from one batch to the next where the same `WorkingSet` folds both, so that an entry
    that thousands of articles tell is not loaded again for each. Only where nobody else writes the tables.
    """

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn
        self.mentions: VersionedTable[PlacedMention] = VersionedTable(conn, MentionCodec())
        self.entries: VersionedTable[EntryVersion] = VersionedTable(conn, EntryCodec())
        self.statements: VersionedTable[StatedPosition] = VersionedTable(conn, StatementCodec())
        self.standings: VersionedTable[StandingVersion] = VersionedTable(conn, StandingCodec())
        self._mentions_by_article: dict[str, set[UUID]] = {}
        self._mentions_by_entry: dict[UUID, set[UUID]] = {}
        self._mentions_by_key: dict[Scope, dict[EntryKey, set[UUID]]] = {}
        # By scope, where every open mention lies in the entry that its key has here. Forgotten with a key that
        # comes or goes; whoever places mentions otherwise has to forget them too.
        self.roots: dict[Scope, Mapping[EntryKey, UUID]] = {}
        self._statements_by_article: dict[str, set[UUID]] = {}
        self._statements_by_cell: dict[Cell, dict[dt.date, set[UUID]]] = {}
        self._entries_loaded: set[UUID] = set()
        self._scopes_loaded: set[tuple[str, str]] = set()
        self._cells_loaded: set[Cell] = set()
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
        """How many versioned rows it holds."""
        return len(self.mentions) + len(self.entries) + len(self.statements) + len(self.standings)

    # -- articles and stories ------------------------------------------------------------------------

    def begin_articles(self, ids: Collection[str]) -> None:
        """Articles of which the tables are known to hold nothing yet: they are not asked for."""
        self._articles_asked.update(ids)
        self._told_loaded.update(ids)

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

    # -- mentions ------------------------------------------------------------------------------------

    def load_told(self, articles: Collection[str]) -> None:
        """All open mentions and statements of these articles. An article never read tells nothing."""
        new = [id_ for id_ in articles if id_ not in self._told_loaded]
        self._told_loaded.update(new)
        missing = [id_ for id_ in new if (a := self.articles.get(id_)) and a.shown_revision is not None]
        if missing:
            self._index_mentions(self.mentions.load("article_id = ANY(%s)", (missing,)))
            self._index_statements(self.statements.load("article_id = ANY(%s)", (missing,)))

    def load_entries(self, ids: Collection[UUID]) -> None:
        """Entries with all their open mentions."""
        missing = [id_ for id_ in ids if id_ not in self._entries_loaded]
        if missing:
            self._entries_loaded.update(missing)
            self._index_mentions(self.mentions.load("entry_id = ANY(%s)", (missing,)))
            self.entries.load("id = ANY(%s)", (missing,))

    def load_scope(self, dossier: str, kind: str) -> None:
        """All open mentions of a kind that happens once, and their entries."""
        if (dossier, kind) not in self._scopes_loaded:
            self._scopes_loaded.add((dossier, kind))
            self._index_mentions(self.mentions.load("dossier = %s AND kind = %s", (dossier, kind)))
            self.entries.load("dossier = %s AND kind = %s", (dossier, kind))

    def _index_mentions(self, ids: Iterable[UUID]) -> None:
        for id_ in ids:
            version = self.mentions.get(id_)
            if version is not None:
                self._mentions_by_article.setdefault(version.content.mention.article_id, set()).add(id_)
                self._mentions_by_entry.setdefault(version.content.entry_id, set()).add(id_)
                key = version.content.mention.key
                told = self._mentions_by_key.setdefault((key.dossier, key.kind), {})
                if key not in told:
                    told[key] = set()
                    self.roots.pop((key.dossier, key.kind), None)
                told[key].add(id_)

    def tells(self, article_id: str) -> bool:
        """Whether the article, as it stands now, tells anything at all. Most do not."""
        if article_id not in self._told_loaded:
            self.load_articles((article_id,))
            self.load_told((article_id,))
        return article_id in self._mentions_by_article or article_id in self._statements_by_article

    def mentions_of_article(self, article_id: str) -> list[PlacedMention]:
        """What `load_told` loaded, as it stands now."""
        ids = self._mentions_by_article.get(article_id, ())
        return [version.content for id_ in ids if (version := self.mentions.get(id_))]

    def mentions_of_entry(self, entry_id: UUID) -> list[PlacedMention]:
        """What `load_entries` or `load_scope` loaded, as it stands now."""
        ids = self._mentions_by_entry.get(entry_id, ())
        return [version.content for id_ in ids if (version := self.mentions.get(id_))]

    def keys_in_scope(self, dossier: str, kind: str) -> Mapping[EntryKey, Collection[UUID]]:
        """The ids of the open mentions of a loaded scope by their keys."""
        return self._mentions_by_key.get((dossier, kind), {})

    def mention(self, id_: UUID) -> PlacedMention:
        """An open mention that was loaded or put."""
        version = self.mentions.get(id_)
        if version is None:
            raise LookupError(id_)
        return version.content

    def put_mention(self, placed: PlacedMention, *, position: int, cause: str) -> None:
        id_ = placed.mention.id
        before = self.mentions.get(id_)
        if before is not None:
            self._mentions_by_entry[before.content.entry_id].discard(id_)
        self.mentions.put(id_, placed, position=position, cause=cause)
        self._index_mentions((id_,))

    def remove_mention(self, placed: PlacedMention, *, position: int) -> None:
        id_ = placed.mention.id
        self._mentions_by_entry[placed.entry_id].discard(id_)
        _discard(self._mentions_by_article, placed.mention.article_id, id_)
        key = placed.mention.key
        in_scope = self._mentions_by_key[key.dossier, key.kind]
        in_scope[key].discard(id_)
        if not in_scope[key]:
            del in_scope[key]
            self.roots.pop((key.dossier, key.kind), None)
        self.mentions.remove(id_, position=position)

    # -- statements ----------------------------------------------------------------------------------

    def load_cells(self, cells: Collection[Cell]) -> None:
        """All open statements of these cells, and the standings."""
        missing = [cell for cell in cells if cell not in self._cells_loaded]
        if missing:
            self._cells_loaded.update(missing)
            where = (
                "(dossier, actor, proposition) IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]))"
            )
            parameters = tuple([cell[i] for cell in missing] for i in range(3))
            self._index_statements(self.statements.load(where, parameters))
            self.standings.load(where, parameters)

    def _index_statements(self, ids: Iterable[UUID]) -> None:
        for id_ in ids:
            version = self.statements.get(id_)
            if version is not None:
                s = version.content
                self._statements_by_article.setdefault(s.article_id, set()).add(id_)
                days = self._statements_by_cell.setdefault((s.dossier, s.actor, s.proposition), {})
                days.setdefault(s.day, set()).add(id_)

    def statements_of_article(self, article_id: str) -> list[StatedPosition]:
        ids = self._statements_by_article.get(article_id, ())
        return [version.content for id_ in ids if (version := self.statements.get(id_))]

    def statements_of_cell(self, cell: Cell) -> list[StatedPosition]:
        days = self._statements_by_cell.get(cell, {})
        ids = (id_ for day in days.values() for id_ in day)
        return [version.content for id_ in ids if (version := self.statements.get(id_))]

    def days_of_cell(self, cell: Cell) -> Iterator[list[StatedPosition]]:
        """What was stated and holds, by day, newest first."""
        days = self._statements_by_cell.get(cell, {})
        for day in sorted(days, reverse=True):
            versions = map(self.statements.get, days[day])
            told = [version.content for version in versions if version and not version.content.rejected]
            if told:
                yield told

    def put_statement(self, statement: StatedPosition, *, position: int, cause: str) -> None:
        before = self.statements.get(statement.id)
        if before is not None:
            self._forget_day(before.content)  # a ruling may have given it another one
        self.statements.put(statement.id, statement, position=position, cause=cause)
        self._index_statements((statement.id,))

    def remove_statement(self, statement: StatedPosition, *, position: int) -> None:
        self.statements.remove(statement.id, position=position)
        _discard(self._statements_by_article, statement.article_id, statement.id)
        self._forget_day(statement)

    def _forget_day(self, s: StatedPosition) -> None:
        _discard(self._statements_by_cell[s.dossier, s.actor, s.proposition], s.day, s.id)

    # -- writing -------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write everything that changed. What is versioned stays, for the batch that comes next."""
        if self.dropped_stories:
            self._conn.execute("DELETE FROM stories WHERE id = ANY(%s)", (list(self.dropped_stories),))
        self._write(ArticleState, "articles", self.articles)
        self._write(RevisionState, "article_revisions", self.revisions)
        self._write(StoryState, "stories", self.stories)
        for table in (self.mentions, self.entries, self.statements, self.standings):
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


def _discard(index: dict[Key, set[UUID]], key: Key, id_: UUID) -> None:
    """Takes an id out of an index, and a key that has none left."""
    ids = index[key]
    ids.discard(id_)
    if not ids:
        del index[key]
