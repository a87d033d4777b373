"""`statements` and `standings`: who stated what, and where each actor stands by it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from services.core.domain.events import RecordCorrected
from services.core.domain.review import ruled, ruled_statement, stated_id, subject_of
from services.core.domain.standing import Run, StatedPosition, Stretch
from services.core.eventstore.store import Recorded
from services.core.projections.codecs import StandingVersion, standing_id
from services.core.projections.rulings import CAUSE
from services.core.projections.stated import Cell, cell_of
from services.core.projections.working_set import WorkingSet


class ActorPositionsProjection:
    """Keeps every standing equal to the fold of its open statements."""

    def replace_statements(
        self,
        work: WorkingSet,
        article_id: str,
        statements: Iterable[StatedPosition],
        *,
        position: int,
        cause: str,
    ) -> set[Cell]:
        """Let the article tell exactly these. Gives the cells to be folded again."""
        work.load_told({article_id})
        before = {statement.id: statement for statement in work.stated.of_article(article_id)}
        read = [statement.as_read() for statement in statements]
        work.rulings.load(map(_stated_id, read))
        after = {statement.id: _ruled(work, statement) for statement in read}
        cells = {cell_of(s) for id_, s in before.items() if after.get(id_) != s}
        cells |= {cell_of(s) for id_, s in after.items() if before.get(id_) != s}
        work.stated.load_cells(cells)
        for id_, statement in before.items():
            if id_ not in after:
                work.stated.remove(statement, position=position)
        for id_, statement in after.items():
            if before.get(id_) != statement:
                work.stated.put(statement, position=position, cause=cause)
        return cells

    def rule(self, work: WorkingSet, recorded: Recorded, event: RecordCorrected) -> set[Cell]:
        """Let an analyst's ruling on what was stated on a day hold. Gives the cells to be folded again."""
        id_, position = subject_of(event), recorded.global_position
        stated = event.stated or {}
        before = work.rulings.get(id_)
        number = recorded.position + 1
        ruling = ruled(before, event, position=position, number=number, at=recorded.recorded_at)
        work.rulings.put(id_, ruling, position=position)
        cell = (event.dossier, stated["actor"], stated["proposition"])
        work.stated.load_whole(cell)
        for statement in work.stated.of_cell(cell):
            if (statement.read_stance, statement.read_date) == (stated["stance"], stated["date"]):
                work.stated.put(_ruled(work, statement), position=position, cause=CAUSE)
        return {cell}

    def refold(
        self, work: WorkingSet, cells: Iterable[Cell], *, position: int, cause: str, change_number: int
    ) -> int:
        """Write a new version of every standing that changed. Gives the number of the last change."""
        for cell in sorted(cells):
            id_ = standing_id(*cell)
            before = work.stated.standings.get(id_)
            run = work.stated.fold(cell, anew=cause == CAUSE)
            if run is None and (before is None or before.content.stance is None):
                continue
            content = _standing_version(
                cell, run, before.content.version + 1 if before else 1, change_number + 1
            )
            # A ruling is told also where it confirms: it may be what a reader waited for.
            if before is not None and _same(before.content, content) and cause != CAUSE:
                continue
            change_number += 1
            work.stated.standings.put(id_, content, position=position, cause=cause)
        return change_number


def _ruled(work: WorkingSet, statement: StatedPosition) -> StatedPosition:
    """The statement with what is ruled on its stance and day."""
    read = statement.as_read()
    return ruled_statement(read, work.rulings.get(_stated_id(read))) if work.rulings.any() else read


def _stated_id(read: StatedPosition) -> UUID:
    return stated_id(read.dossier, read.actor, read.proposition, read.stance.value, read.date)


def _same(before: StandingVersion, after: StandingVersion) -> bool:
    """Whether nothing changed. Words do not count: a replay may not have them any more."""
    ignored = {"version", "change_number", "condition"}
    return all(
        getattr(before, name) == getattr(after, name)
        for name in StandingVersion.__dataclass_fields__
        if name not in ignored
    )


def _standing_version(
    cell: Cell, run: Run | Stretch | None, version: int, change_number: int
) -> StandingVersion:
    dossier, actor, proposition = cell
    shown = run.representative if run else None
    return StandingVersion(
        change_number=change_number,
        version=version,
        dossier=dossier,
        actor=actor,
        proposition=proposition,
        stance=run.stance.value if run else None,
        condition=shown.condition if shown else None,
        contested=run.contested if run else False,
        since=run.since if run else None,
        last_stated=run.last_stated if run else None,
        voice=shown.voice.value if shown else None,
        representative=shown.id if shown else None,
        revision=shown.revision if shown else None,
        mention_count=run.counts.mentions if run else 0,
        outlet_count=run.counts.outlets if run else 0,
        story_count=run.counts.stories if run else 0,
    )
