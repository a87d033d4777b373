"""`mentions` and `entries`: which political events are told, by whom, and what the timeline says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import UUID

from services.core.domain.events import RecordCorrected
from services.core.domain.review import Ruling, amended_entry, ruled, ruling_on_part
from services.core.domain.timeline import Entry, EntryKey, Mention, entry_roots, fold_entry, shown_root
from services.core.eventstore.store import Recorded
from services.core.projections.codecs import EntryVersion, PlacedMention, period
from services.core.projections.placing import Placer
from services.core.projections.rulings import CAUSE
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
        keys = [p.mention.key for p in before.values()] + [m.key for m in after.values()]
        self.load(work, keys)
        guests = self._guests(work, keys)
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
            if not self._once(mention.key.dossier, mention.key.kind) and work.rulings.any():
                entry_id = Placer(work, self._once, mention.key.dossier).entry_of(mention)
            touched |= {present.entry_id} if present else set()
            work.put_mention(PlacedMention(entry_id, mention), position=position, cause=cause)
            fresh.append(id_)
            touched.add(entry_id)
            scopes.add((mention.key.dossier, mention.key.kind))
        for dossier, kind in sorted(scopes):
            if not self._once(dossier, kind):
                continue
            if work.rulings.placing(dossier, kind):
                ids = {id_ for told in work.keys_in_scope(dossier, kind).values() for id_ in told}
                others = guests.get((dossier, kind), set()) | Placer(work, self._once, dossier).guests(kind)
                work.load_entries(others)
                ids |= {p.mention.id for entry in others for p in work.mentions_of_entry(entry)}
                touched |= self._settle(work, dossier, ids, position=position, cause=cause)
            else:
                touched |= self._regroup(work, dossier, kind, fresh, position=position, cause=cause)
        return touched

    def rule(self, work: WorkingSet, recorded: Recorded, event: RecordCorrected) -> set[UUID]:
        """Let an analyst's ruling on an entry hold. Gives the entries to be folded again."""
        id_, position, at = UUID(event.record_id), recorded.global_position, recorded.recorded_at
        before = work.rulings.get(id_)
        after = ruled(before, event, position=position, number=recorded.position + 1, at=at)
        places = after.places or (before is not None and before.places)
        placer = Placer(work, self._once, event.dossier)
        entries = placer.reach(id_, event.kind) if places else {id_}
        work.rulings.put(id_, after, position=position)
        ruled_on = {id_}
        if event.part is not None and work.rulings.get(part := UUID(event.part)) is None:
            alone = ruling_on_part(part, event, position=position, at=at)
            work.rulings.put(part, alone, position=position)
            ruled_on.add(part)
        if not places:
            return entries
        entries |= placer.reach(id_, event.kind)
        work.load_entries(entries)
        ids = {p.mention.id for entry in entries for p in work.mentions_of_entry(entry)}
        touched = self._settle(work, event.dossier, ids, position=position, cause=CAUSE)
        return touched | ruled_on

    def _guests(self, work: WorkingSet, keys: Iterable[EntryKey]) -> dict[tuple[str, str], set[UUID]]:
        """By the kinds of the keys that happen once: where, before anything changes, mergers put other kinds."""
        if not work.rulings.any():
            return {}
        scopes = {(key.dossier, key.kind) for key in keys if self._once(key.dossier, key.kind)}
        return {scope: Placer(work, self._once, scope[0]).guests(scope[1]) for scope in scopes}

    def _settle(
        self, work: WorkingSet, dossier: str, ids: Iterable[UUID], *, position: int, cause: str
    ) -> set[UUID]:
        """Put these mentions where they belong. Gives the entries that lost or won some."""
        placer = Placer(work, self._once, dossier)
        work.roots.clear()
        touched: set[UUID] = set()
        for id_ in sorted(ids):
            placed = work.mention(id_)
            entry_id = placer.entry_of(placed.mention)
            if entry_id != placed.entry_id:
                touched |= {placed.entry_id, entry_id}
                work.put_mention(replace(placed, entry_id=entry_id), position=position, cause=cause)
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
        work.rulings.load(entries)

    def _regroup(
        self, work: WorkingSet, dossier: str, kind: str, fresh: Iterable[UUID], *, position: int, cause: str
    ) -> set[UUID]:
        """Place every key of a kind that happens once by the finer keys that are told now.

        All mentions of a key lie in one entry, but for those that were just put there (`fresh`).
        """
        moving = list(fresh)
        roots = work.roots.get((dossier, kind))
        if roots is None:  # with the keys of before, all but the fresh ones lie where they belong
            told = work.keys_in_scope(dossier, kind)
            roots = {key: root.id for key, root in entry_roots(told, once=True).items()}
            work.roots[dossier, kind] = roots
            new = set(moving)
            for key, ids in told.items():
                settled = next((id_ for id_ in ids if id_ not in new), None)
                if settled is not None and work.mention(settled).entry_id != roots[key]:
                    moving += ids
        touched: set[UUID] = set()
        for id_ in moving:
            placed = work.mention(id_)
            entry_id = roots.get(placed.mention.key, placed.entry_id)  # some fresh ones are of other kinds
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
        work.rulings.load(touched)
        for entry_id in sorted(touched, key=str):
            mentions = [placed.mention for placed in work.mentions_of_entry(entry_id)]
            before = work.entries.get(entry_id)
            ruling = work.rulings.get(entry_id)
            live = bool(mentions) and not (ruling and ruling.rejected)
            if not live and (before is None or not (before.content.live or ruling)):
                continue
            version = before.content.version + 1 if before else 1
            if live:
                entry = fold_entry(shown_root(entry_id, {m.key for m in mentions}), mentions)
                if ruling is not None:
                    entry = amended_entry(entry, mentions, ruling.changes)
                change = "changed" if before and before.content.live else "added"
                content = _entry_version(entry, mentions, ruling, version, change, change_number + 1)
            elif before is not None:
                merged_into = None if mentions else self._merged_into(work, entry_id, before.content, ruling)
                change = "merged" if merged_into else "removed"
                if not before.content.live and (change, merged_into) == (
                    before.content.change,
                    before.content.merged_into,
                ):
                    continue
                content = replace(
                    before.content,
                    change=change,
                    change_number=change_number + 1,
                    version=version,
                    merged_into=merged_into,
                    summary=None,
                    review=ruling.shown() if ruling else None,
                )
            change_number += 1
            work.entries.put(entry_id, content, position=position, cause=cause)
        return change_number

    def _merged_into(
        self, work: WorkingSet, entry_id: UUID, gone: EntryVersion, ruling: Ruling | None
    ) -> UUID | None:
        """The entry that now holds what this one told: coarse dates join fine ones, and analysts merge."""
        kind = ruling.kind if ruling else gone.kind
        if ruling is None and not self._once(gone.dossier, gone.kind):
            return None
        shown = Placer(work, self._once, gone.dossier).canonical(entry_id, kind)
        if shown == entry_id:
            return None
        work.load_entries((shown,))
        return shown if work.mentions_of_entry(shown) else None


def _entry_version(
    entry: Entry,
    mentions: list[Mention],
    ruling: Ruling | None,
    version: int,
    change: str,
    change_number: int,
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
        review=ruling.shown() if ruling else None,
    )
