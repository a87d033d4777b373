"""The feed of changes for those who push it (`workers.webhooks.Feed`): the same changes and filters as the stream's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.api.deps import Connection, projected_position
from services.api.feed import Change, ChangeId, found_by_search, read_changes
from services.api.filters import TimelineFilter, get_timeline_filter
from services.core.domain.dossier import DossierError, load_dossier
from services.core.domain.vocabulary import PloverType
from services.core.errors import InvalidInput
from services.core.webhooks.feed import FilterUnknown


class PushedFeed:
    """Reads through connections that the caller lends, with rows as dicts and in a transaction of one snapshot."""

    async def position(self, conn: Connection) -> int:
        """Up to where the feed is complete."""
        return await projected_position(conn)

    def end_of(self, position: int) -> tuple[int, int]:
        """After every change at a position."""
        return ChangeId.end_of(position)

    def filter_of(self, words: Mapping[str, Any]) -> TimelineFilter:
        """The filter that its stored words mean. Raises FilterUnknown where the dossier no longer has them."""
        given = {"from_" if name == "from" else name: value for name, value in words.items()}
        try:
            if "plover" in given:
                given["plover"] = [PloverType(value) for value in given["plover"]]
            return get_timeline_filter(**given | {"dossier": load_dossier(given["dossier"])})
        except (InvalidInput, DossierError, ValueError) as error:
            raise FilterUnknown(str(error)) from None

    async def read(self, conn: Connection, after: tuple[int, int], upto: int, limit: int) -> Sequence[Change]:
        """The changes that follow one."""
        return await read_changes(conn, ChangeId(*after), upto=upto, limit=limit)

    async def passing(
        self, conn: Connection, changes: Sequence[Change], chosen: TimelineFilter
    ) -> set[ChangeId]:
        """The ids of those that pass a filter."""
        passing = [change for change in changes if change.passes(chosen)]
        if passing and chosen.needs_search:
            return await found_by_search(conn, passing, chosen)
        return {change.id for change in passing}
