"""The table of positions as the page lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from services.api.clocks import Clocks
from services.api.deps import Connection
from services.api.pages.excerpts import add_excerpts
from services.api.standings import conditions, load_statements, position_json
from services.core.domain.dossier import Dossier
from services.core.domain.standing import history

EVIDENCE = 2
OTHER_EVIDENCE = 1


@dataclass(frozen=True, slots=True)
class Board:
    """Actors by propositions, in the dossier's order of both."""

    rows: Sequence[tuple[str, Mapping[str, dict[str, Any]]]]  # actor id, cells by proposition id
    left_out: int = 0

    @classmethod
    def of(cls, dossier: Dossier, cells: Sequence[dict[str, Any]]) -> Board:
        by_actor: dict[str, dict[str, dict[str, Any]]] = {}
        for cell in cells:
            by_actor.setdefault(cell["actor"], {})[cell["proposition"]] = cell
        known = list(dossier.actors)
        ordered = sorted(by_actor, key=lambda a: (known.index(a) if a in dossier.actors else len(known), a))
        return cls([(actor, by_actor[actor]) for actor in ordered])

    def front(self, most: int) -> Board:
        """The actors that most is told of, still in the dossier's order."""

        def told(row: tuple[str, Mapping[str, dict[str, Any]]]) -> int:
            return sum(cell["counts"]["stories"] for cell in row[1].values())

        chosen = {actor for actor, _ in sorted(self.rows, key=told, reverse=True)[:most]}
        return Board([row for row in self.rows if row[0] in chosen], max(0, len(self.rows) - most))


async def all_positions(
    conn: Connection, dossier: Dossier, clocks: Clocks, actors: frozenset[str] = frozenset()
) -> list[dict[str, Any]]:
    """Every cell that the clocks let through, of these actors or of all, as the API shows it.

    `before` is the stance that it had before, None where it never changed; the evidence has excerpts.
    """
    where = conditions(clocks, dossier.id)
    if actors:
        where.append(sql.SQL("s.actor = ANY({})").format(sql.Literal(sorted(actors))))
    cells = []
    for cell, statements in sorted((await load_statements(conn, where)).items()):
        runs = history(statements)
        shown = position_json(dossier.id, cell, statements, most=EVIDENCE)
        before = runs[-2].stance.value if len(runs) > 1 else None
        for other in shown["alternatives"]:
            other["evidence"] = other["evidence"][:OTHER_EVIDENCE]
        cells.append(shown | {"before": before})
    told = [s for c in cells for side in (c, *c["alternatives"]) for s in side["evidence"]]
    await add_excerpts(conn, clocks, "statements", told)
    return cells
