"""`mentions` and `entries`: which political events are told, by whom, and what the timeline says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import UUID

from services.core.domain.timeline import Entry, EntryKey, Mention, entry_roots, fold_entry
from services.core.projections.codecs import EntryVersion, PlacedMention, period
from services.core.projections.working_set import WorkingSet


class TimelineProjection:
    """Keeps every entry equal to the fold of its open mentions.

    `once(dossier, kind)` says which kinds of political event happen once.
    """

    def __init__(self, once: Callable[[str, str], bool]) -> None:
        self._once = once

    def replace_mentions(
        self, work: WorkingSet, article_id: str, mentions: Iterable[Mention], *, position: int, cause: str
    ) -> set[UUID]:
        """Let the article tell exactly these. Gives the entries to be folded again."""
        work.load_told({article_id})
        before = {placed.mention.id: placed for placed in work.mentions_of_article(article_id)}
        after = {mention.id: mention for mention in mentions}
        touched: set[UUID] = set()
        scopes: set[tuple[str, str]] = set()
        self.load(work, [p.mention.key for p in before.values()] + [m.key for m in after.values()])
        for id_, placed in before.items():
            if id_ not in after:
                work.remove_mention(placed, position=position)
                touched.add(placed.entry_id)
                scopes.add((placed.mention.key.dossier, placed.mention.key.kind))
        fresh: list[UUID] = []
        for id_, mention in after.items():
            present = before.get(id_)
            if present is not None and present.mention == mention:
                continue
            entry_id = present.entry_id if present else mention.key.id
            work.put_mention(PlacedMention(entry_id, mention), position=position, cause=cause)
            fresh.append(id_)
            touched.add(entry_id)
            scopes.add((mention.key.dossier, mention.key.kind))
        for dossier, kind in sorted(scopes):
            if self._once(dossier, kind):
                touched |= self._regroup(work, dossier, kind, fresh, position=position, cause=cause)
        return touched

    def load(self, work: WorkingSet, keys: Iterable[EntryKey]) -> None:
        """Load what mentions under these keys may touch; at once for many is faster than one by one."""
        entries = set()
        for key in keys:
            if self._once(key.dossier, key.kind):
                work.load_scope(key.dossier, key.kind)
            else:
                entries.add(key.id)
        work.load_entries(entries)

    def _regroup(
        self, work: WorkingSet, dossier: str, kind: str, fresh: Iterable[UUID], *, position: int, cause: str
    ) -> set[UUID]:
        """Place every key of a kind that happens once by the finer keys that are told now.

        All mentions of a key lie in one entry, but for those that were just put there (`fresh`).
        """
        told = work.keys_in_scope(dossier, kind)
        roots = entry_roots(told, once=True)
        new = set(fresh)
        touched: set[UUID] = set()
        for key, ids in told.items():
            entry_id = roots[key].id
            settled = next((id_ for id_ in ids if id_ not in new), None)
            moved = settled is not None and work.mention(settled).entry_id != entry_id
            for id_ in list(ids) if moved else [id_ for id_ in new if id_ in ids]:
                placed = work.mention(id_)
                if placed.entry_id != entry_id:
                    touched |= {placed.entry_id, entry_id}
                    work.put_mention(replace(placed, entry_id=entry_id), position=position, cause=cause)
        return touched

    def refold(
        self, work: WorkingSet, touched: Iterable[UUID], *, position: int, cause: str, change_number: int
    ) -> int:
        """Write a new version of every touched entry. Gives the number of the last change."""
        touched = set(touched)
        work.load_entries(touched)
        for entry_id in sorted(touched, key=str):
            mentions = [placed.mention for placed in work.mentions_of_entry(entry_id)]
            before = work.entries.get(entry_id)
            if not mentions and (before is None or not before.content.live):
                continue
            change_number += 1
            version = before.content.version + 1 if before else 1
            if mentions:
                keys = sorted((m.key for m in mentions), key=_finest)
                # No key of its own is left only where a newer dossier says otherwise what happens once.
                root = next((key for key in keys if key.id == entry_id), keys[0])
                change = "changed" if before and before.content.live else "added"
                content = _entry_version(fold_entry(root, mentions), mentions, version, change, change_number)
            elif before is not None:
                merged_into = self._merged_into(work, entry_id, before.content)
                content = replace(
                    before.content,
                    change="merged" if merged_into else "removed",
                    change_number=change_number,
                    version=version,
                    merged_into=merged_into,
                    summary=None,
                )
            work.entries.put(entry_id, content, position=position, cause=cause)
        return change_number

    def _merged_into(self, work: WorkingSet, entry_id: UUID, gone: EntryVersion) -> UUID | None:
        """The entry that now holds what this one told, where its kind joins coarse dates to fine ones."""
        if not self._once(gone.dossier, gone.kind):
            return None
        told = work.keys_in_scope(gone.dossier, gone.kind)
        return next(
            (work.mention(next(iter(ids))).entry_id for key, ids in told.items() if key.id == entry_id), None
        )


def _finest(key: EntryKey) -> tuple[int, int, EntryKey]:
    return (-len(key.date), -len(key.actors), key)


def _entry_version(
    entry: Entry, mentions: list[Mention], version: int, change: str, change_number: int
) -> EntryVersion:
    date_from, date_to = period(entry.key.date)
    return EntryVersion(
        change_number=change_number,
        change=change,
        version=version,
        merged_into=None,
        dossier=entry.key.dossier,
        kind=entry.key.kind,
        plover=entry.plover,
        plover_mode=entry.plover_mode,
        date=entry.key.date,
        date_from=date_from,
        date_to=date_to,
        status=entry.status.value,
        actors=list(entry.actors),
        recipients=list(entry.recipients),
        speakers=sorted({m.person for m in mentions if m.person}),
        outlets=sorted({m.outlet_key for m in mentions}),
        summary=entry.representative.sentence,
        representative=entry.representative.id,
        confidence=entry.representative.confidence,
        mention_count=entry.counts.mentions,
        outlet_count=entry.counts.outlets,
        story_count=entry.counts.stories,
    )
