"""Statements and standings while a batch is folded: of each cell the newest statements, as far back as they are asked for."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from services.core.domain.standing import (
    Run,
    StatedPosition,
    Stretch,
    lengthened,
    newest_run,
    stretch_of,
)
from services.core.domain.timeline import Counts
from services.core.projections.codecs import StandingCodec, StandingVersion, StatementCodec, standing_id
from services.core.projections.versioned import NEWEST, VersionedTable

Cell = tuple[str, str, str]  # dossier, actor, proposition

Account = tuple[Cell, UUID]  # cell, story
Told = Counter[tuple[str, dt.date]]  # how many statements by stance and day

FIRST = 32  # statements of a cell that are loaded first; further back as many again as there are
MANY = 16  # that tell the current stance: they are not looked at for each one more

_DAYS = """
SELECT c.place, h.day, h.told
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::int[])
       WITH ORDINALITY AS c (dossier, actor, proposition, before, most, place)
 CROSS JOIN LATERAL (
    SELECT min(n.date_to) AS day, count(*) AS told
      FROM (SELECT s.date_to FROM statements s
             WHERE s.dossier = c.dossier AND s.actor = c.actor AND s.proposition = c.proposition
               AND s.to_position IS NULL AND s.date_to < c.before
             ORDER BY s.date_to DESC LIMIT c.most) AS n) AS h
"""
_BETWEEN: LiteralString = """
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::date[])
       AS c (dossier, actor, proposition, since, before)
 CROSS JOIN LATERAL (
    SELECT * FROM {table} AS s
     WHERE s.dossier = c.dossier AND s.actor = c.actor AND s.proposition = c.proposition
       AND s.to_position IS NULL AND s.date_to >= c.since AND s.date_to < c.before OFFSET 0) AS row
"""
_ACCOUNTS = """
SELECT c.place, told.stance, told.day, told.statements
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::uuid[])
       WITH ORDINALITY AS c (dossier, actor, proposition, story_id, place)
 CROSS JOIN LATERAL (
    SELECT s.stance, s.date_to AS day, count(*) AS statements FROM statements s
     WHERE s.story_id = c.story_id AND s.dossier = c.dossier AND s.actor = c.actor AND s.proposition = c.proposition
       AND s.to_position IS NULL AND NOT s.rejected GROUP BY s.stance, s.date_to) AS told
"""


class Stated:
    """The open statements and standings that a batch touches."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn
        self.statements: VersionedTable[StatedPosition] = VersionedTable(conn, StatementCodec())
        self.standings: VersionedTable[StandingVersion] = VersionedTable(conn, StandingCodec())
        self._by_article: dict[str, set[UUID]] = {}
        self._by_cell: dict[Cell, dict[dt.date, set[UUID]]] = {}
        # From which day on all that was stated on a cell is here; the least recently used first.
        self._since: dict[Cell, dt.date] = {}
        self._stretches: dict[Cell, Stretch] = {}  # of the cells on which many tell the current stance
        self.begin()

    def begin(self) -> None:
        """Forget what belongs to one batch alone."""
        self._touched: set[UUID] = set()
        self._needed: dict[Cell, dt.date] = {}  # of the cells that were folded: how far back that took a look
        self._days: set[tuple[Cell, dt.date]] = set()  # days before `_since` that are here
        self._changed: dict[Cell, dict[UUID, list[StatedPosition | None]]] = {}  # since a cell was folded
        self._accounts: dict[Account, Told] = {}  # statements of a story on a cell, as the tables have them
        self._more: dict[Account, Told] = {}  # and how many more there are by now

    @property
    def size(self) -> int:
        """How many rows it holds."""
        return len(self.statements) + len(self.standings)

    def forget(self, rows: int) -> None:
        """What only this batch needs, and of the rest what was used longest ago, until no more than so many are left."""
        for cell, day in self._needed.items():
            self._since[cell] = since = max(self._since.pop(cell), day)
            days = self._by_cell.get(cell, {})
            for gone in [day for day in days if day < since]:
                self._drop(list(days[gone]))
        self._drop([id_ for id_ in self._touched if not self._is_kept(id_)])
        while self._since and self.size > rows:
            cell = next(iter(self._since))
            del self._since[cell]
            self._stretches.pop(cell, None)
            self._drop([id_ for ids in self._by_cell.get(cell, {}).values() for id_ in ids])
            self.standings.forget(standing_id(*cell))
        self.begin()

    def _is_kept(self, id_: UUID) -> bool:
        version = self.statements.get(id_)
        if version is None:
            return True
        since = self._since.get(cell_of(version.content))
        return since is not None and version.content.day >= since

    def _drop(self, ids: Iterable[UUID]) -> None:
        for id_ in ids:
            version = self.statements.get(id_)
            if version is not None:
                self._unindex(version.content)
                _discard(self._by_article, version.content.article_id, id_)
                self.statements.forget(id_)

    # -- loading -------------------------------------------------------------------------------------

    def load_articles(self, ids: Collection[str]) -> None:
        """All open statements of these articles."""
        self._index(self.statements.load("article_id = ANY(%s)", (list(ids),)))

    def load_cells(self, cells: Collection[Cell]) -> None:
        """The newest statements of these cells, and the standings."""
        missing = [cell for cell in set(cells) if cell not in self._since]
        if missing:
            self.standings.load_from(NEWEST, ([standing_id(*cell) for cell in missing],))
            self._load_back(missing, [FIRST] * len(missing))

    def load_whole(self, cell: Cell) -> None:
        """All open statements of a cell."""
        self.load_cells((cell,))
        while self._since[cell] > dt.date.min:
            self._load_older(cell)

    def _load_older(self, cell: Cell) -> None:
        held = sum(map(len, self._by_cell.get(cell, {}).values()))
        self._load_back([cell], [max(FIRST, held)])

    def _load_back(self, cells: list[Cell], most: list[int]) -> None:
        """About so many statements more of each cell: whole days."""
        names = [[cell[i] for cell in cells] for i in range(3)]
        before = [self._since[cell].isoformat() if cell in self._since else "infinity" for cell in cells]
        since: list[str] = []
        for place, day, told in self._conn.execute(_DAYS, (*names, before, most)).fetchall():
            all_of_it = told < most[place - 1]
            self._since[cells[place - 1]] = dt.date.min if all_of_it else day
            since.append("-infinity" if all_of_it else day.isoformat())
        self._index(self.statements.load_from(_BETWEEN, (*names, since, before)))

    def load_accounts(self, asked: Iterable[Account]) -> None:
        """What stories tell of cells on which many tell the current stance."""
        missing = [a for a in set(asked) if a[0] in self._stretches and a not in self._accounts]
        if missing:
            self._accounts.update((account, Counter()) for account in missing)
            names = [[cell[i] for cell, _ in missing] for i in range(3)]
            found = self._conn.execute(_ACCOUNTS, (*names, [story_id for _, story_id in missing]))
            for place, stance, day, statements in found:
                self._accounts[missing[place - 1]][stance, day] = statements

    def _index(self, ids: Iterable[UUID]) -> None:
        for id_ in ids:
            version = self.statements.get(id_)
            if version is not None:
                s = version.content
                self._touched.add(id_)
                self._by_article.setdefault(s.article_id, set()).add(id_)
                self._by_cell.setdefault(cell_of(s), {}).setdefault(s.day, set()).add(id_)

    # -- asking --------------------------------------------------------------------------------------

    def tells(self, article_id: str) -> bool:
        """Whether an article, all of whose statements were loaded, has any."""
        return article_id in self._by_article

    def of_article(self, article_id: str) -> list[StatedPosition]:
        """What `load_articles` loaded, as it stands now."""
        return self._present(self._by_article.get(article_id, ()))

    def of_cell(self, cell: Cell) -> list[StatedPosition]:
        """What `load_whole` loaded, as it stands now."""
        return [s for ids in self._by_cell.get(cell, {}).values() for s in self._present(ids)]

    def days(self, cell: Cell) -> Iterator[list[StatedPosition]]:
        """What was stated and holds, by day, newest first; loaded as it is asked for."""
        before = None
        self._needed[cell] = dt.date.min
        while True:
            since, days = self._since[cell], self._by_cell.get(cell, {})
            for day in sorted(
                (d for d in days if d >= since and (before is None or d < before)), reverse=True
            ):
                if told := [s for s in self._present(days[day]) if not s.rejected]:
                    self._needed[cell] = day
                    yield told
                    self._needed[cell] = dt.date.min
            if since == dt.date.min:
                return
            before = since
            self._load_older(cell)

    def _on_day(self, cell: Cell, day: dt.date) -> list[StatedPosition]:
        if day < self._since[cell] and (cell, day) not in self._days:
            self._days.add((cell, day))
            names = [[name] for name in cell]
            limits = [[day.isoformat()], [(day + dt.timedelta(days=1)).isoformat()]]
            self._index(self.statements.load_from(_BETWEEN, (*names, *limits)))
        return [s for s in self._present(self._by_cell[cell][day]) if not s.rejected]

    def _present(self, ids: Iterable[UUID]) -> list[StatedPosition]:
        return [version.content for id_ in ids if (version := self.statements.get(id_))]

    # -- changing ------------------------------------------------------------------------------------

    def put(self, statement: StatedPosition, *, position: int, cause: str) -> None:
        """From `position` on the statement is this."""
        version = self.statements.get(statement.id)
        before = version.content if version else None
        if before is not None:
            self._unindex(before)  # a ruling may have given it another day
        self.statements.put(statement.id, statement, position=position, cause=cause)
        self._index((statement.id,))
        self._change(before, statement)

    def remove(self, statement: StatedPosition, *, position: int) -> None:
        """From `position` on the article does not tell it."""
        self.statements.remove(statement.id, position=position)
        _discard(self._by_article, statement.article_id, statement.id)
        self._unindex(statement)
        self._change(statement, None)

    def _change(self, before: StatedPosition | None, after: StatedPosition | None) -> None:
        for statement, more in ((before, -1), (after, 1)):
            if statement is not None:
                cell, id_ = cell_of(statement), statement.id
                changed = self._changed.setdefault(cell, {}).setdefault(id_, [before, None])
                changed[1] = after
                if statement.story_id is not None and not statement.rejected:
                    told = self._more.setdefault((cell, statement.story_id), Counter())
                    told[statement.stance.value, statement.day] += more

    def _unindex(self, s: StatedPosition) -> None:
        days = self._by_cell[cell_of(s)]
        _discard(days, s.day, s.id)
        if not days:
            del self._by_cell[cell_of(s)]

    # -- folding -------------------------------------------------------------------------------------

    def fold(self, cell: Cell, *, anew: bool) -> Run | Stretch | None:
        """The current stance by now; None where nothing is stated. `anew`: rulings changed."""
        changed = self._changed.pop(cell, {})
        stretch = self._stretches.get(cell)
        if stretch is not None and not anew:
            longer = lengthened(
                stretch,
                changed.values(),
                lambda day: self._on_day(cell, day),
                lambda longer, new: self._counts(cell, longer, new),
            )
            if longer is not None:
                self._stretches[cell] = longer
                self._needed[cell] = longer.last
                return longer
        self._stretches.pop(cell, None)
        run = newest_run(self.days(cell))
        if run is not None and len(run.told_by) >= MANY:
            self._stretches[cell] = stretch = stretch_of(run, self._needed[cell])
            self._needed[cell] = stretch.last
        return run

    def _counts(self, cell: Cell, stretch: Stretch, new: Iterable[StatedPosition]) -> Counts:
        """What the stretch counts, of which some are new."""
        articles = Counter(s.article_id for s in new)
        stories: Counter[UUID] = Counter()
        mentions_more = stories_more = 0
        for article_id, more in articles.items():
            told = [
                s
                for s in self.of_article(article_id)
                if s.stance is stretch.stance
                and s.day >= stretch.first
                and not s.rejected
                and cell_of(s) == cell
            ]
            mentions_more += len(told) == more
            story_id = told[0].story_id  # all that an article tells is of one
            if story_id is None:
                stories_more += len(told) == more
            else:
                stories[story_id] += more
        self.load_accounts((cell, story_id) for story_id in stories)
        for story_id, more in stories.items():
            account = (cell, story_id)
            told_by = sum(
                statements
                for told in (self._accounts[account], self._more[account])
                for (stance, day), statements in told.items()
                if stance == stretch.stance.value and day >= stretch.first
            )
            stories_more += told_by == more
        counts = stretch.counts
        return Counts(
            mentions=counts.mentions + mentions_more,
            outlets=counts.outlets,
            stories=counts.stories + stories_more,
        )


def cell_of(statement: StatedPosition) -> Cell:
    """The cell of the table of positions that it tells of."""
    return statement.dossier, statement.actor, statement.proposition


def _discard(index: dict[Any, set[UUID]], key: Any, id_: UUID) -> None:
    """Takes an id out of an index, and a key that has none left."""
    ids = index[key]
    ids.discard(id_)
    if not ids:
        del index[key]
