"""Which mentions tell of the same political event, and what their entry on the timeline says.

Pure functions of a set of mentions, by the rules of DESIGN.md ("Timeline entries and positions"): the
order in which articles arrive changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, Protocol
from uuid import UUID

from services.core.domain.calendar import covering
from services.core.domain.ids import derived_id
from services.core.domain.vocabulary import Status


class EntryKey(NamedTuple):
    """What a political event is recognised by: mentions with equal keys tell of the same one."""

    dossier: str
    kind: str
    date: str  # cut to its precision
    actors: tuple[str, ...]  # sorted

    @property
    def id(self) -> UUID:
        """The entry's id, derived from the key as first read."""
        return _entry_id(self)


@lru_cache(maxsize=8192)  # what is told is told of again
def _entry_id(key: EntryKey) -> UUID:
    return derived_id("entry", key.dossier, key.kind, key.date, *key.actors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One article's telling of a political event. `words` are None once the article is withdrawn."""

    id: UUID
    key: EntryKey
    article_id: str
    revision: int
    plover: str | None
    plover_mode: str | None
    status: Status
    recipients: tuple[str, ...]
    person: str | None
    speaker: str | None
    confidence: float
    evidence: tuple[int, int]
    words: str | None
    sentence: str | None  # that the words stand in
    outlet: str | None
    url: str | None
    published_at: str | None
    published_on: dt.date
    story_id: UUID | None
    copy: bool

    @property
    def outlet_key(self) -> str:
        """Distinct outlets are counted by name, else by domain."""
        return outlet_key(self.outlet, self.url)


@lru_cache(maxsize=4096)
def outlet_key(outlet: str | None, url: str | None) -> str:
    """What tells one outlet from another: its name, else its domain. All that bring neither are as one."""
    if outlet:
        return " ".join(outlet.split()).casefold()
    return url.split("/")[2].removeprefix("www.") if url else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Articles that tell it, distinct outlets, independent accounts."""

    mentions: int
    outlets: int
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the timeline says of one political event."""

    key: EntryKey  # the finest key of its mentions
    plover: str | None
    plover_mode: str | None
    status: Status
    actors: tuple[str, ...]
    recipients: tuple[str, ...]
    speakers: Sequence[str]  # persons, sorted
    outlets: Sequence[str]  # by their keys, sorted
    representative: Mention
    counts: Counts


def entry_roots(keys: Iterable[EntryKey], *, once: bool) -> dict[EntryKey, EntryKey]:
    """For each key of one dossier and kind the key of the entry it belongs to.

    Kinds that happen once: a coarser date or an empty actor set joins the one finer entry in its
    period, if there is exactly one. Other kinds stand each for themselves.
    """
    found = frozenset(keys)
    return dict(_roots(found)) if once else {key: key for key in found}


@lru_cache(maxsize=64)  # most tellings bring no key that was not told before
def _roots(found: frozenset[EntryKey]) -> Mapping[EntryKey, EntryKey]:
    roots: dict[EntryKey, EntryKey] = {}
    entries: dict[str, list[EntryKey]] = {}  # by every date that covers theirs
    for key in sorted(found, key=_finest_first):
        # Entries, not the keys that joined them: by way of one without actors others' would slip in.
        finer = [entry for entry in entries.get(key.date, ()) if _joins(key, entry)]
        roots[key] = finer[0] if len(finer) == 1 else key
        if len(finer) != 1:
            for date in covering(key.date):
                entries.setdefault(date, []).append(key)
    return roots


def _joins(coarse: EntryKey, fine: EntryKey) -> bool:
    """Whether it does as far as the actors go, where its date covers the other one's."""
    if coarse.date == fine.date:
        return not coarse.actors and bool(fine.actors)
    return coarse.actors == fine.actors or not coarse.actors or not fine.actors


def shown_root(id_: UUID, keys: Iterable[EntryKey]) -> EntryKey:
    """The key that says what an entry is: its own, else the finest of what is told.

    No key of its own is left where an analyst merged or split, or where a newer dossier says otherwise what
    happens once.
    """
    ordered = sorted(keys, key=_finest_first)
    return next((key for key in ordered if key.id == id_), ordered[0])


def fold_entry(root: EntryKey, mentions: Sequence[Mention]) -> Entry:
    """The entry that a non-empty set of mentions of one political event makes."""
    # Where an analyst merged in what was read as another kind, it does not say what this is.
    own = [m for m in mentions if m.key.kind == root.kind] or mentions
    status = Status.ACTUAL if any(m.status is Status.ACTUAL for m in own) else Status.PLANNED
    # An announcement must not speak for what has happened since.
    representative = _representative([m for m in own if m.status is status])
    actors = shown_actors(root, {m.key for m in mentions})
    return Entry(
        key=root,
        plover=representative.plover,
        plover_mode=representative.plover_mode,
        status=status,
        actors=actors,
        recipients=tuple(sorted({r for m in mentions for r in m.recipients} - set(actors))),
        speakers=sorted({m.person for m in mentions if m.person}),
        outlets=sorted({m.outlet_key for m in mentions}),
        representative=representative,
        counts=count(mentions),
    )


def shown_actors(root: EntryKey, keys: Iterable[EntryKey]) -> tuple[str, ...]:
    """The actors of an entry: its root's; where that has none, those that another of its keys has."""
    return root.actors or next((key.actors for key in sorted(keys) if key.actors), ())


def fold_more(entry: Entry, gone: Sequence[Mention], come: Sequence[Mention], counts: Counts) -> Entry | None:
    """What `fold_entry` makes of an entry's mentions once some have gone and others come, by these alone.

    Its root stays; `counts` are of all there are now, but for the outlets. None where it takes a look at those that
    stayed: where what goes may have been the last of its outlet, or the one that spoke for all.
    """
    if any(mention.key.kind != entry.key.kind for mention in (*gone, *come)):
        return None
    actual = sum(m.status is Status.ACTUAL for m in come) - sum(m.status is Status.ACTUAL for m in gone)
    recipients = _exchanged(
        entry.recipients,
        (r for m in gone for r in m.recipients if r not in entry.actors),
        (r for m in come for r in m.recipients if r not in entry.actors),
    )
    speakers = _exchanged(
        entry.speakers, (m.person for m in gone if m.person), (m.person for m in come if m.person)
    )
    outlets = _exchanged(entry.outlets, (m.outlet_key for m in gone), (m.outlet_key for m in come))
    if actual < 0 or recipients is None or speakers is None or outlets is None:
        return None
    status = Status.ACTUAL if actual > 0 else entry.status
    candidates = [m for m in come if m.status is status]
    if status is entry.status:
        shown = entry.representative
        now = next((m for m in candidates if m.id == shown.id), shown)
        if any(m.id == shown.id for m in gone) and (
            now is shown or representative_order(now) > representative_order(shown)
        ):
            return None
        candidates.append(now)
    representative = min(candidates, key=representative_order)
    return replace(
        entry,
        plover=representative.plover,
        plover_mode=representative.plover_mode,
        status=status,
        recipients=tuple(recipients),
        speakers=speakers,
        outlets=outlets,
        representative=representative,
        counts=replace(counts, outlets=len(outlets)),
    )


def _exchanged(present: Sequence[str], gone: Iterable[str], come: Iterable[str]) -> Sequence[str] | None:
    """The distinct values, sorted, once some have gone and come; None where one may have been the last of its kind."""
    more = Counter(come)
    more.subtract(gone)
    if any(number < 0 for number in more.values()):
        return None
    new = [value for value, number in more.items() if number > 0 and value not in present]
    return sorted((*present, *new)) if new else present


def _representative(mentions: Sequence[Mention]) -> Mention:
    """The first by `representative_order`, of which the first two terms leave few."""
    copy, doubt = min((m.copy, -m.confidence) for m in mentions)
    return min((m for m in mentions if m.copy == copy and -m.confidence == doubt), key=representative_order)


def representative_order(mention: Mention) -> tuple[object, ...]:
    """Sorts the earliest independent mention of highest confidence first."""
    return (
        mention.copy,
        -mention.confidence,
        mention.published_on,
        mention.published_at or "",
        mention.article_id,
        _finest_first(mention.key),
        mention.evidence,
    )


def _finest_first(key: EntryKey) -> tuple[object, ...]:
    return (-len(key.date), -len(key.actors), key)


def account_of(telling: Telling) -> UUID | str:
    """What counts as one independent account: its story, else the article alone."""
    return telling.story_id or telling.article_id


class Telling(Protocol):
    """What counts of an article's telling, of a political event or of a position."""

    @property
    def article_id(self) -> str: ...
    @property
    def outlet_key(self) -> str: ...
    @property
    def story_id(self) -> UUID | None: ...


def count(tellings: Iterable[Telling]) -> Counts:
    """Articles, distinct outlets, independent accounts: an article that tells it twice counts once."""
    tellings = list(tellings)
    return Counts(
        mentions=len({t.article_id for t in tellings}),
        outlets=len({t.outlet_key for t in tellings}),
        stories=len(set(map(account_of, tellings))),
    )


def group(mentions: Iterable[Mention], once: Callable[[str, str], bool]) -> Mapping[EntryKey, list[Mention]]:
    """All mentions by the entry they belong to. `once(dossier, kind)` says which kinds happen once."""
    scopes: dict[tuple[str, str], list[Mention]] = {}
    for mention in mentions:
        scopes.setdefault((mention.key.dossier, mention.key.kind), []).append(mention)
    groups: dict[EntryKey, list[Mention]] = {}
    for (dossier, kind), members in scopes.items():
        roots = entry_roots({m.key for m in members}, once=once(dossier, kind))
        for mention in members:
            groups.setdefault(roots[mention.key], []).append(mention)
    return groups
