"""`mentions` and `entries`: which political events are told, by whom, and what the timeline says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from services.core.domain.events import RecordCorrected
from services.core.domain.review import Ruling, amended_entry, ruled, ruling_on_part
from services.core.domain.timeline import Entry, EntryKey, Mention, entry_roots
from services.core.eventstore.store import Recorded
from services.core.projections.codecs import EntryVersion, PlacedMention, period
from services.core.projections.placing import Placer
from services.core.projections.rulings import CAUSE
from services.core.projections.tellings import Scope
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
        before = {placed.mention.id: placed for placed in work.told.of_article(article_id)}
        after = {mention.id: mention for mention in mentions}
        touched: set[UUID] = set()
        scopes: set[Scope] = set()
        keys = [p.mention.key for p in before.values()] + [m.key for m in after.values()]
        self.load(work, keys)
        guests = self._guests(work, keys)
        for id_, placed in before.items():
            if id_ not in after:
                work.told.remove(placed, position=position)
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
            work.told.put(PlacedMention(entry_id, mention), position=position, cause=cause)
            fresh.append(id_)
            touched.add(entry_id)
            scopes.add((mention.key.dossier, mention.key.kind))
        for dossier, kind in sorted(scopes):
            if not self._once(dossier, kind):
                continue
            if work.rulings.placing(dossier, kind):
                others = guests.get((dossier, kind), set())
                touched |= self._place(work, dossier, kind, fresh, others, position=position, cause=cause)
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
        work.told.roots.clear()
        work.told.settled.clear()
        work.told.load_mentions(entries)
        ids = {p.mention.id for entry in entries for p in work.told.of_entry(entry)}
        touched = self._settle(work, event.dossier, ids, position=position, cause=CAUSE)
        return touched | ruled_on

    def _guests(self, work: WorkingSet, keys: Iterable[EntryKey]) -> dict[Scope, set[UUID]]:
        """By the kinds of the keys that happen once: where, before anything changes, mergers put other kinds."""
        if not work.rulings.any():
            return {}
        scopes = {(key.dossier, key.kind) for key in keys if self._once(key.dossier, key.kind)}
        return {scope: Placer(work, self._once, scope[0]).guests(scope[1]) for scope in scopes}

    def _place(
        self,
        work: WorkingSet,
        dossier: str,
        kind: str,
        fresh: Iterable[UUID],
        guests: set[UUID],
        *,
        position: int,
        cause: str,
    ) -> set[UUID]:
        """Put what is told of a kind that happens once, of which rulings place some, where it belongs.

        While no key comes or goes, all but the fresh ones lie there. `guests`: where mergers put other kinds before.
        """
        told = work.told
        ids = {id_ for id_ in fresh if told.mention(id_).mention.key[:2] == (dossier, kind)}
        if (dossier, kind) not in told.settled:
            told.roots.clear()
            others = guests | Placer(work, self._once, dossier).guests(kind)
            told.load_mentions(others)
            ids |= told.load_scope(dossier, kind)
            ids |= {p.mention.id for entry in others for p in told.of_entry(entry)}
        touched = self._settle(work, dossier, ids, position=position, cause=cause)
        told.settled.add((dossier, kind))
        return touched

    def _settle(
        self, work: WorkingSet, dossier: str, ids: Iterable[UUID], *, position: int, cause: str
    ) -> set[UUID]:
        """Put these mentions where they belong. Gives the entries that lost or won some."""
        placer = Placer(work, self._once, dossier)
        touched: set[UUID] = set()
        for id_ in sorted(ids):
            placed = work.told.mention(id_)
            entry_id = placer.entry_of(placed.mention)
            if entry_id != placed.entry_id:
                touched |= {placed.entry_id, entry_id}
                work.told.put(replace(placed, entry_id=entry_id), position=position, cause=cause)
        return touched

    def load(self, work: WorkingSet, keys: Iterable[EntryKey]) -> None:
        """Load what mentions under these keys may touch; at once for many is faster than one by one."""
        entries = set()
        for key in keys:
            entries.add(key.id)
            if self._once(key.dossier, key.kind):
                work.told.load_keys(key.dossier, key.kind)
                entries.update(work.told.keys(key.dossier, key.kind).get(key, ()))
        work.told.load_entries(entries)
        work.rulings.load(entries)

    def load_accounts(
        self, work: WorkingSet, told: Iterable[tuple[EntryKey, str]], judged: Mapping[str, UUID]
    ) -> None:
        """Whether the stories of these articles tell of these keys already; `judged` says where they are put now."""
        asked: set[tuple[UUID, UUID]] = set()
        for key, article_id in told:
            article = work.articles.get(article_id)
            story_id = judged.get(article_id) or (article.story_id if article else None)
            if story_id is not None:
                once = self._once(key.dossier, key.kind)
                entries = work.told.keys(key.dossier, key.kind).get(key, ()) if once else (key.id,)
                asked.update((entry_id, story_id) for entry_id in entries)
        work.told.load_accounts(asked)

    def _regroup(
        self, work: WorkingSet, dossier: str, kind: str, fresh: Iterable[UUID], *, position: int, cause: str
    ) -> set[UUID]:
        """Place every key of a kind that happens once by the finer keys that are told now.

        While no key comes or goes, all mentions of a key lie in one entry, but for those that were just put there
        (`fresh`).
        """
        told = work.told
        moving = set(fresh)
        roots = told.roots.get((dossier, kind))
        if roots is None:
            placed_keys = told.keys(dossier, kind)
            roots = {key: root.id for key, root in entry_roots(placed_keys, once=True).items()}
            just_put = Counter((p.mention.key, p.entry_id) for p in map(told.mention, moving))
            astray = {
                entry_id
                for key, entries in placed_keys.items()
                for entry_id, mentions in entries.items()
                if entry_id != roots[key] and mentions > just_put[key, entry_id]
            }
            told.load_mentions(astray)
            moving.update(p.mention.id for entry in astray for p in told.of_entry(entry))
            told.roots[dossier, kind] = roots
        touched: set[UUID] = set()
        for id_ in moving:
            placed = told.mention(id_)
            entry_id = roots.get(placed.mention.key, placed.entry_id)  # some are of other kinds
            if placed.entry_id != entry_id:
                touched |= {placed.entry_id, entry_id}
                told.put(replace(placed, entry_id=entry_id), position=position, cause=cause)
        return touched

    def refold(
        self, work: WorkingSet, touched: Iterable[UUID], *, position: int, cause: str, change_number: int
    ) -> int:
        """Write a new version of every touched entry. Gives the number of the last change."""
        touched = set(touched)
        work.told.load_entries(touched)
        work.rulings.load(touched)
        for entry_id in sorted(touched, key=str):
            before = work.told.entries.get(entry_id)
            ruling = work.rulings.get(entry_id)
            read = self._fold(work, entry_id, ruling, anew=cause == CAUSE)
            entry = None if ruling and ruling.rejected else read
            if entry is None and (before is None or not (before.content.live or ruling)):
                continue
            version = before.content.version + 1 if before else 1
            if entry is not None:
                if ruling is not None:
                    entry = self._amended(work, entry_id, entry, ruling)
                change = "changed" if before and before.content.live else "added"
                content = _entry_version(entry, ruling, version, change, change_number + 1)
            elif before is not None:
                merged_into = None if read else self._merged_into(work, entry_id, before.content, ruling)
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
            work.told.entries.put(entry_id, content, position=position, cause=cause)
        return change_number

    def _fold(self, work: WorkingSet, entry_id: UUID, ruling: Ruling | None, *, anew: bool) -> Entry | None:
        """What the entry's mentions say, before anything is amended."""

        def keys_known(dossier: str, kind: str) -> bool:
            return self._once(dossier, kind) and not work.rulings.placing(dossier, kind)

        return work.told.fold(entry_id, ruling, keys_known, anew=anew)

    def _amended(self, work: WorkingSet, entry_id: UUID, entry: Entry, ruling: Ruling) -> Entry:
        """The entry as an analyst amended it."""
        speaks: list[Mention] = []
        if (article_id := ruling.changes.get("representative")) is not None:
            work.load_articles((article_id,))
            work.load_told((article_id,))
            speaks = [p.mention for p in work.told.of_article(article_id) if p.entry_id == entry_id]
        return amended_entry(entry, speaks, ruling.changes)

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
        return shown if work.told.is_told(shown) else None


def _entry_version(
    entry: Entry, ruling: Ruling | None, version: int, change: str, change_number: int
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
        speakers=list(entry.speakers),
        outlets=list(entry.outlets),
        summary=entry.representative.sentence,
        representative=entry.representative.id,
        confidence=entry.representative.confidence,
        mention_count=entry.counts.mentions,
        outlet_count=entry.counts.outlets,
        story_count=entry.counts.stories,
        review=ruling.shown() if ruling else None,
    )
