"""Mentions and entries while a batch is folded: what it touches of them, and no more.

An entry that thousands of articles tell is folded from what it said before, the mentions that came and went, and a few
questions about the others (`fold_more`); only where these cannot settle it, all its mentions are loaded. From one batch to
the next what entries say is kept, and no mention but the one that speaks for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from services.core.domain.review import Ruling
from services.core.domain.timeline import (
    Counts,
    Entry,
    EntryKey,
    Mention,
    account_of,
    fold_entry,
    fold_more,
    shown_actors,
    shown_root,
)
from services.core.domain.vocabulary import Status
from services.core.projections.codecs import EntryCodec, EntryVersion, MentionCodec, PlacedMention
from services.core.projections.versioned import NEWEST, VersionedTable

Scope = tuple[str, str]  # dossier, kind
Account = tuple[UUID, UUID]  # entry, story
Key = TypeVar("Key")
Other = TypeVar("Other")
Move = list[Mention | None]  # of one mention: as an entry was folded with it last, and as it lies there now

_ACCOUNTS = """
SELECT c.entry_id, c.story_id, told.mentions
  FROM unnest(%s::uuid[], %s::uuid[]) AS c (entry_id, story_id)
 CROSS JOIN LATERAL (SELECT count(*) AS mentions FROM mentions m
                      WHERE m.entry_id = c.entry_id AND m.story_id = c.story_id AND m.to_position IS NULL) AS told
"""
_KEYS = """
SELECT date, actors, entry_id, count(*) FROM mentions
 WHERE to_position IS NULL AND dossier = %s AND kind = %s GROUP BY date, actors, entry_id
"""
_OUTLETS = 16  # in the list of an entry's take about as much room as another row


class Placement:
    """Which keys of a kind are told and in which entries, as numbers of mentions."""

    def __init__(self) -> None:
        self.entries: dict[EntryKey, dict[UUID, int]] = {}
        self.keys: dict[UUID, dict[EntryKey, int]] = {}

    def add(self, key: EntryKey, entry_id: UUID, mentions: int) -> bool:
        """So many more or fewer. Gives whether the key was told by none before, or is by none now."""
        known = key in self.entries
        _add(self.entries, key, entry_id, mentions)
        _add(self.keys, entry_id, key, mentions)
        return known is not (key in self.entries)


class Tellings:
    """The open mentions and entries that a batch touches."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn
        self.entries: VersionedTable[EntryVersion] = VersionedTable(conn, EntryCodec())
        self._folded: dict[UUID, Entry] = {}  # before anything is amended; least recently used first
        self._room = 0  # that these take, in rows
        self._placements: dict[Scope, Placement] = {}
        # By scope, where every open mention lies in the entry that its key has here. Forgotten with a key that
        # comes or goes; whoever places mentions otherwise has to forget them too.
        self.roots: dict[Scope, Mapping[EntryKey, UUID]] = {}
        # Where rulings place mentions: scopes in which all lie where they belong, until a key comes or goes.
        self.settled: set[Scope] = set()
        self.begin()

    def begin(self) -> None:
        """Forget what belongs to one batch alone."""
        self.mentions: VersionedTable[PlacedMention] = VersionedTable(self._conn, MentionCodec())
        self._by_article: dict[str, set[UUID]] = {}
        self._by_entry: dict[UUID, set[UUID]] = {}
        self._whole: set[UUID] = set()  # entries of which all mentions are here
        self._articles: set[str] = set()  # articles of which all mentions are here
        self._asked: set[UUID] = set()  # entries that were looked for
        self._moves: dict[UUID, dict[UUID, Move]] = {}
        self._changes: list[tuple[PlacedMention | None, PlacedMention | None]] = []
        self._accounts: dict[Account, int] = {}  # mentions of a story in an entry, as the tables have it
        self._more: Counter[Account] = Counter()  # and how many more there are by now

    @property
    def size(self) -> int:
        """About how many rows what it keeps beyond the batch takes the room of."""
        return self._room + sum(len(placement.entries) for placement in self._placements.values())

    def forget(self, rows: int) -> None:
        """What only this batch needs, and of the rest what was used longest ago, until no more than so many are left."""
        for id_ in self._asked:
            if id_ not in self._folded:
                self.entries.forget(id_)
        keys = self.size - self._room
        while self._folded and self._room + keys > rows:
            id_ = next(iter(self._folded))
            self._keep(id_, None)
            self.entries.forget(id_)
        if keys > rows:
            self._placements.clear()
            self.roots.clear()
            self.settled.clear()
        self.begin()

    def _keep(self, entry_id: UUID, entry: Entry | None) -> None:
        """As the one that was used last."""
        before = self._folded.pop(entry_id, None)
        if before is not None:
            self._room -= 2 + len(before.outlets) // _OUTLETS
        if entry is not None:
            self._folded[entry_id] = entry
            self._room += 2 + len(entry.outlets) // _OUTLETS
        else:
            self._asked.add(entry_id)  # the row goes with the batch

    # -- loading -------------------------------------------------------------------------------------

    def know(self, articles: Iterable[str]) -> None:
        """Articles that tell nothing in the tables."""
        self._articles.update(articles)

    def load_articles(self, ids: Collection[str]) -> None:
        """All open mentions of these articles."""
        self._articles.update(ids)
        self._index(self.mentions.load("article_id = ANY(%s)", (list(ids),)))

    def load_entries(self, ids: Iterable[UUID]) -> None:
        """Entries, without their mentions but those that speak for them."""
        missing = [id_ for id_ in set(ids) - self._asked if self.entries.get(id_) is None]
        if missing:
            self._asked.update(missing)
            self.entries.load_from(NEWEST, (missing,))
            rows = (version.content for id_ in missing if (version := self.entries.get(id_)))
            speaking = [row.representative for row in rows if row.live]
            if speaking:
                self._index(self.mentions.load("id = ANY(%s)", (speaking,)))

    def load_mentions(self, ids: Collection[UUID]) -> None:
        """Entries with all their open mentions."""
        self.load_entries(ids)
        missing = [id_ for id_ in ids if id_ not in self._whole]
        if missing:
            self._whole.update(missing)
            self._index(self.mentions.load("entry_id = ANY(%s)", (missing,)))

    def load_keys(self, dossier: str, kind: str) -> None:
        """Which keys of a kind are told."""
        if (dossier, kind) in self._placements:
            return
        self._placements[dossier, kind] = placement = Placement()
        for date, actors, entry_id, mentions in self._conn.execute(_KEYS, (dossier, kind)):
            placement.add(EntryKey(dossier, kind, date, tuple(actors)), entry_id, mentions)
        for before, after in self._changes:  # which are not in the tables yet
            for placed, more in ((after, 1), (before, -1)):
                if placed is not None and placed.mention.key[:2] == (dossier, kind):
                    placement.add(placed.mention.key, placed.entry_id, more)

    def load_scope(self, dossier: str, kind: str) -> set[UUID]:
        """All open mentions of a kind; gives their ids."""
        self.load_keys(dossier, kind)
        placement = self._placements[dossier, kind]
        self.load_mentions(list(placement.keys))
        return {
            id_
            for entry_id in placement.keys
            for id_ in self._by_entry.get(entry_id, ())
            if self.mention(id_).mention.key[:2] == (dossier, kind)
        }

    def load_accounts(self, asked: Iterable[Account]) -> None:
        """How many mentions of a story each entry has."""
        missing = [account for account in set(asked) if account not in self._accounts]
        if missing:
            entries, stories = zip(*missing, strict=True)
            for entry_id, story_id, mentions in self._conn.execute(_ACCOUNTS, (list(entries), list(stories))):
                self._accounts[entry_id, story_id] = mentions

    def _index(self, ids: Iterable[UUID]) -> None:
        for id_ in ids:
            placed = self.mention(id_)
            self._by_article.setdefault(placed.mention.article_id, set()).add(id_)
            self._by_entry.setdefault(placed.entry_id, set()).add(id_)

    # -- asking --------------------------------------------------------------------------------------

    def tells(self, article_id: str) -> bool:
        """Whether an article, all of whose mentions were loaded, has any."""
        return bool(self._by_article.get(article_id))

    def of_article(self, article_id: str) -> list[PlacedMention]:
        """What `load_articles` loaded, as it stands now."""
        return [self.mention(id_) for id_ in self._by_article.get(article_id, ())]

    def of_entry(self, entry_id: UUID) -> list[PlacedMention]:
        """What `load_mentions` loaded, as it stands now."""
        return [self.mention(id_) for id_ in self._by_entry.get(entry_id, ())]

    def keys(self, dossier: str, kind: str) -> Mapping[EntryKey, Mapping[UUID, int]]:
        """The told keys of a kind that `load_keys` loaded, with how many mentions lie in which entries."""
        return self._placements[dossier, kind].entries

    def is_told(self, entry_id: UUID) -> bool:
        """Whether the entry has any open mention."""
        if self._by_entry.get(entry_id):
            return True
        self.load_mentions((entry_id,))
        return bool(self._by_entry.get(entry_id))

    def mention(self, id_: UUID) -> PlacedMention:
        """An open mention that was loaded or put."""
        version = self.mentions.get(id_)
        if version is None:
            raise LookupError(id_)
        return version.content

    # -- changing ------------------------------------------------------------------------------------

    def put(self, placed: PlacedMention, *, position: int, cause: str) -> None:
        """From `position` on the mention is this, and lies there."""
        id_ = placed.mention.id
        version = self.mentions.get(id_)
        before = version.content if version else None
        if before is not None:
            self._by_entry[before.entry_id].discard(id_)
        self.mentions.put(id_, placed, position=position, cause=cause)
        self._index((id_,))
        self._change(id_, before, placed)

    def remove(self, placed: PlacedMention, *, position: int) -> None:
        """From `position` on the article does not tell it."""
        id_ = placed.mention.id
        self._by_entry[placed.entry_id].discard(id_)
        self._by_article[placed.mention.article_id].discard(id_)
        self.mentions.remove(id_, position=position)
        self._change(id_, placed, None)

    def _change(self, id_: UUID, before: PlacedMention | None, after: PlacedMention | None) -> None:
        self._changes.append((before, after))
        if before is not None:
            self._moves.setdefault(before.entry_id, {}).setdefault(id_, [before.mention, None])[1] = None
        if after is not None:
            self._moves.setdefault(after.entry_id, {}).setdefault(id_, [None, None])[1] = after.mention
        for placed, more in ((after, 1), (before, -1)):  # a key that stays is not gone for a moment
            if placed is None:
                continue
            key, story_id = placed.mention.key, placed.mention.story_id
            if story_id is not None:
                self._more[placed.entry_id, story_id] += more
            placement = self._placements.get(key[:2])
            if placement is not None and placement.add(key, placed.entry_id, more):
                self.roots.pop(key[:2], None)
                self.settled.discard(key[:2])

    # -- folding -------------------------------------------------------------------------------------

    def fold(
        self, entry_id: UUID, ruling: Ruling | None, placed: Callable[[str, str], bool], *, anew: bool
    ) -> Entry | None:
        """What the entry's mentions say by now, before anything is amended; None where there are none.

        `placed(dossier, kind)`: whether mentions lie by their keys alone, which are loaded. `anew`: rulings changed.
        """
        moved = [move for move in self._moves.pop(entry_id, {}).values() if move[0] != move[1]]
        gone = [mention for mention, _ in moved if mention is not None]
        come = [mention for _, mention in moved if mention is not None]
        before = None if anew else self._before(entry_id, ruling, gone)
        entry = before
        if before is not None and moved:
            more = self._counts(before, entry_id, gone, come)
            known = placed(*before.key[:2])
            stays = more is not None and self._root_stays(before, entry_id, gone, come, known=known)
            entry = fold_more(before, gone, come, more) if more is not None and stays else None
        if entry is None:
            self.load_mentions((entry_id,))
            if mentions := [placed.mention for placed in self.of_entry(entry_id)]:
                entry = fold_entry(shown_root(entry_id, {m.key for m in mentions}), mentions)
        self._keep(entry_id, entry)
        return entry

    def _before(self, entry_id: UUID, ruling: Ruling | None, gone: Iterable[Mention]) -> Entry | None:
        """As it was folded last, where that is known."""
        if (entry := self._folded.get(entry_id)) is not None:
            return entry
        version = self.entries.get(entry_id)
        row = version.content if version else None
        if row is None or not row.live:
            if ruling is None:  # there was nothing of it: what is told now is all
                self._whole.add(entry_id)
            return None
        if ruling is not None and ruling.changes:
            return None
        speaks = next((mention for mention in gone if mention.id == row.representative), None)
        if speaks is None and (present := self.mentions.get(row.representative)) is not None:
            speaks = present.content.mention
        return _entry_of(row, speaks) if speaks is not None else None

    def _counts(
        self, before: Entry, entry_id: UUID, gone: Iterable[Mention], come: Iterable[Mention]
    ) -> Counts | None:
        """The counts by now; None where they are not to be had without the other mentions."""
        articles: Counter[str] = Counter()
        accounts: Counter[UUID | str] = Counter()
        for mentions, more in ((come, 1), (gone, -1)):
            for mention in mentions:
                articles[mention.article_id] += more
                accounts[account_of(mention)] += more
        if not self._articles.issuperset(articles):
            return None
        mentions_more = stories_more = 0
        for article_id, more in articles.items():
            told = [p.mention for p in self.of_article(article_id) if p.entry_id == entry_id]
            mentions_more += (len(told) > 0) - (len(told) > more)
            if article_id in accounts:
                alone = sum(mention.story_id is None for mention in told)
                stories_more += (alone > 0) - (alone > accounts[article_id])
        stories = {
            (entry_id, story): more for story, more in accounts.items() if isinstance(story, UUID) and more
        }
        self.load_accounts(stories)
        for account, more in stories.items():
            told_by = self._accounts[account] + self._more[account]
            stories_more += (told_by > 0) - (told_by > more)
        counts = before.counts
        return Counts(
            mentions=counts.mentions + mentions_more,
            outlets=counts.outlets,  # which follow from the outlets
            stories=counts.stories + stories_more,
        )

    def _root_stays(
        self,
        before: Entry,
        entry_id: UUID,
        gone: Collection[Mention],
        come: Collection[Mention],
        *,
        known: bool,
    ) -> bool:
        """Whether the key that says what the entry is stays, and with it its actors."""
        placement = self._placements.get(before.key[:2]) if known else None
        if placement is not None:
            keys: Collection[EntryKey] = placement.keys.get(entry_id, ())
        else:  # nobody knows the others' keys, but its own comes before all others
            keys = {mention.key for mention in (*gone, *come)} if len(come) >= len(gone) else ()
            if any(key.id != entry_id for key in keys):
                return False
        if not keys:
            return False
        root = shown_root(entry_id, keys)
        return (root[:3], shown_actors(root, keys)) == (before.key[:3], before.actors)


def _entry_of(row: EntryVersion, representative: Mention) -> Entry:
    """What was folded, by the row that tells it and the mention that speaks for it."""
    return Entry(
        key=EntryKey(row.dossier, row.kind, row.date, tuple(row.actors)),
        plover=row.plover,
        plover_mode=row.plover_mode,
        status=Status(row.status),
        actors=tuple(row.actors),
        recipients=tuple(row.recipients),
        speakers=row.speakers,
        outlets=row.outlets,
        representative=representative,
        counts=Counts(mentions=row.mention_count, outlets=row.outlet_count, stories=row.story_count),
    )


def _add(numbers: dict[Key, dict[Other, int]], key: Key, other: Other, more: int) -> None:
    """Adds to a number of numbers, of which none is kept that is 0."""
    within = numbers.setdefault(key, {})
    within[other] = within.get(other, 0) + more
    if not within[other]:
        del within[other]
    if not within:
        del numbers[key]
