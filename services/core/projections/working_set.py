"""What a batch of events touches, loaded in bulk before and written in bulk after it is folded."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg

from services.core.projections.article_rows import ArticleRows
from services.core.projections.behind import Behind
from services.core.projections.rulings import RulingSet
from services.core.projections.stated import Stated
from services.core.projections.tellings import Tellings


class WorkingSet(ArticleRows):
    """The rows of all read tables that are in play while a batch is folded.

    What entries and standings say, the batch's articles and that there are no rulings is kept from one batch to the next
    where the same `WorkingSet` folds both. Only where nobody else writes the tables.
    """

    def __init__(self, conn: psycopg.Connection[Any], behind: Behind | None = None) -> None:
        super().__init__(conn, behind)
        self.told = Tellings(conn)
        self.stated = Stated(conn)
        self.rulings = RulingSet(conn)
        self.begin()

    def begin(self) -> None:
        """Forget what belongs to one batch alone."""
        self.forget_articles()
        self.withdrawn: set[str] = set()
        self.rulings = RulingSet(self._conn, none=self.rulings.none)
        self._told_loaded: set[str] = set()

    @property
    def size(self) -> int:
        """About how many rows what it keeps beyond the batch takes the room of."""
        return self.told.size + self.stated.size

    def forget(self, rows: int) -> None:
        """What only this batch needs, and of the rest what was used longest ago, until about so many rows are left."""
        self.stated.forget(rows // 2)
        self.told.forget(rows - self.stated.size)

    def begin_articles(self, ids: Collection[str]) -> None:
        """Articles of which the tables are known to hold nothing yet: they are not asked for."""
        super().begin_articles(ids)
        self._told_loaded.update(ids)
        self.told.know(ids)

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
        self.flush_articles()
        told, stated = self.told, self.stated
        for table in (told.mentions, told.entries, stated.statements, stated.standings):
            table.flush()
        self.rulings.flush()
        if self.withdrawn:
            self._blank(list(self.withdrawn))

    def _blank(self, articles: list[str]) -> None:
        """A takedown reaches into the past: no version keeps a word of a withdrawn article."""
        for statement in _BLANK:
            self._conn.execute(statement, (articles,))


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
