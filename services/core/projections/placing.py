"""Where tellings belong: by what else is told, and by what analysts ruled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from services.core.domain.review import Verdict, place
from services.core.domain.timeline import EntryKey, Mention, entry_roots
from services.core.projections.working_set import WorkingSet

Once = Callable[[str, str], bool]  # (dossier, kind): whether such a political event happens once


class Placer:
    """Places mentions by what is told and ruled at one moment: make a new one after either changed."""

    def __init__(self, work: WorkingSet, once: Once, dossier: str) -> None:
        self._work = work
        self._once = once
        self._dossier = dossier
        self._roots: dict[str, Mapping[EntryKey, EntryKey]] = {}
        self._aliases: dict[str, dict[UUID, UUID]] = {}

    def roots(self, kind: str) -> Mapping[EntryKey, EntryKey]:
        """For each told key of a kind that happens once the key of the entry it belongs to."""
        if kind not in self._roots:
            self._work.told.load_keys(self._dossier, kind)
            told = self._work.told.keys(self._dossier, kind)
            self._work.rulings.load(key.id for key in told)
            self._roots[kind] = entry_roots(told, once=True)
        return self._roots[kind]

    def root(self, key: EntryKey) -> UUID:
        """The entry that a key belongs to as it is read."""
        return self.roots(key.kind)[key].id if self._once(key.dossier, key.kind) else key.id

    def settled(self, id_: UUID, kind: str | None) -> UUID:
        """The entry that shows what was read under an id: a coarse telling's is the finer one's."""
        if kind is None or not self._once(self._dossier, kind):
            return id_
        if kind not in self._aliases:
            self._aliases[kind] = {key.id: root.id for key, root in self.roots(kind).items()}
        return self._aliases[kind].get(id_, id_)

    def entry_of(self, mention: Mention) -> UUID:
        """The entry that shows a mention."""
        return place(
            self.root(mention.key),
            mention.article_id,
            mention.story_id,
            self._work.rulings.get,
            self.settled,
        )

    def canonical(self, id_: UUID, kind: str | None) -> UUID:
        """The entry that shows what another one showed that is no more; itself where there is none."""
        return place(self.settled(id_, kind), "", None, self._work.rulings.get, self.settled)

    def reach(self, id_: UUID, kind: str | None) -> set[UUID]:
        """Every entry that may show what was read under an id."""
        reached: set[UUID] = set()
        open_ = [id_, self.settled(id_, kind)]
        while open_:
            here = open_.pop()
            if here in reached:
                continue
            reached.add(here)
            if (ruling := self._work.rulings.get(here)) is not None:
                open_ += [split.part for split in ruling.splits]
                if ruling.verdict is Verdict.MERGE and ruling.into is not None:
                    open_ += [ruling.into, self.settled(ruling.into, ruling.into_kind)]
        return reached

    def guests(self, kind: str) -> set[UUID]:
        """Entries that may show, by a merger into this kind, what was read as another; parts split off there too."""
        reached: set[UUID] = set()
        for ruling in self._work.rulings.placing(self._dossier, kind):
            if ruling.into is not None and ruling.into_kind == kind and ruling.kind != kind:
                reached |= self.reach(ruling.into, kind)
        return reached
