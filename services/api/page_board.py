"""The table of positions as the page lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.api.clocks import Clocks
from services.api.deps import Connection
from services.api.positions import find_positions
from services.core.domain.dossier import Dossier


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
    """Every cell that the clocks let through, of these actors or of all."""
    cells: list[dict[str, Any]] = []
    after = None
    while True:
        found, after = await find_positions(
            conn, dossier, clocks, actors=sorted(actors) or None, limit=500, after=after
        )
        cells += found
        if after is None:
            return cells
