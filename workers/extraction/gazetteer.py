"""Where the names of a dossier occur in a text: one pass of an Aho-Corasick automaton, then the longest match."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ahocorasick_rs

from services.core.domain.dossier import Ambiguity, Dossier, Person, ascii_fold

NAME, METONYM, ADJECTIVE, DEMONYM, INSTITUTION, CONTEXTUAL = (
    "name",
    "metonym",
    "adjective",
    "demonym",
    "institution",
    "contextual",
)
PERSON, SURNAME = "person", "surname"
_TOWARDS = re.compile(
    r"(?i)\b(?:in|from|near|outside|around|at|to|into|through|visit(?:ed|ing|s)?|leave|left)(?: the)? $"
)
_DATELINE = re.compile(
    r",? ?(?:\(|/|[-—–]|:|\d|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? )"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a name may stand for: an actor, or a person by full name or by surname."""

    kind: str
    actor: str | None = None
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """`text[start:end]` is a name of the dossier; `entries` are its readings, never empty."""

    start: int
    end: int
    entries: tuple[Entry, ...]


class _Fold(dict[int, str]):
    """One character for one: white space to a blank, quotes to an apostrophe, accents off."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if code > 127:
            if char in "’ʼ‘":
                char = "'"
            elif char.isspace():
                char = " "
            elif not 0xD800 <= code <= 0xDFFF:
                plain = "".join(
                    c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)
                )
                folded = ascii_fold(char)
                char = folded if len(folded) == 1 else plain if len(plain) == 1 else char
            else:
                char = "?"
        elif char.isspace():
            char = " "
        self[code] = char
        return char


_FOLD = _Fold()


def fold(text: str) -> str:
    """The text as names are looked up in it; of the same length."""
    return text.translate(_FOLD)


class Gazetteer:
    """The automaton over all names of one dossier."""

    def __init__(self, dossier: Dossier) -> None:
        self.dossier = dossier
        entries: dict[str, list[Entry]] = {}
        for name, entry in _entries(dossier):
            key = fold(name)
            if entry not in entries.setdefault(key, []):
                entries[key].append(entry)
        self.ambiguities = {fold(a.term).removeprefix("the "): a for a in dossier.ambiguities.values()}
        self._patterns = list(entries)
        self._entries = [tuple(entries[p]) for p in self._patterns]
        self._automaton = ahocorasick_rs.AhoCorasick(self._patterns)

    def find(self, plain: str) -> Iterator[Hit]:
        """The names in a folded text, leftmost and longest, at word boundaries, ambiguities applied."""
        at = 0
        matches = self._automaton.find_matches_as_indexes(plain, overlapping=True)
        for number, start, end in sorted(matches, key=lambda m: (m[1], -m[2])):
            if start < at or not _is_whole(plain, start, end):
                continue
            ambiguity = self.ambiguities.get(self._patterns[number].removeprefix("The ").removeprefix("the "))
            entries = self._entries[number]
            if ambiguity is not None:
                entries = _settled(plain, start, end, entries, ambiguity)
            if entries:
                at = end
                yield Hit(start, end, entries)


_built: dict[int, Gazetteer] = {}


def gazetteer_of(dossier: Dossier) -> Gazetteer:
    """The gazetteer of a dossier, built once (about 20 ms)."""
    found = _built.get(id(dossier))
    if found is None or found.dossier is not dossier:
        found = _built[id(dossier)] = Gazetteer(dossier)
    return found


def _entries(dossier: Dossier) -> Iterator[tuple[str, Entry]]:
    for actor in dossier.actors.values():
        kinds: tuple[tuple[str, Iterable[str]], ...] = (
            (NAME, (actor.name, *actor.aliases)),
            (METONYM, actor.metonyms),
            (ADJECTIVE, actor.adjectives),
            (DEMONYM, actor.demonyms),
            (INSTITUTION, actor.institutions),
            (CONTEXTUAL, actor.contextual),
        )
        for kind, names in kinds:
            for name in names:
                if name.endswith("'s"):
                    continue  # the bare name is there; what follows it decides
                yield name, Entry(kind, actor.id)
                if name.startswith("the "):
                    yield "The " + name[4:], Entry(kind, actor.id)
                    if name[4].isupper():
                        yield name[4:], Entry(kind, actor.id)
                if len(name) > 4 and name[0].isupper() and not name.isupper() and kind != CONTEXTUAL:
                    yield name.upper(), Entry(kind, actor.id)
    for person in dossier.people.values():
        for name in person.names:
            yield name, Entry(PERSON, person=person)
            if len(name) > 5:
                yield name.upper(), Entry(PERSON, person=person)
        yield person.surname, Entry(SURNAME, person=person)
        if len(person.surname) > 4:
            yield person.surname.upper(), Entry(SURNAME, person=person)


def is_place(text: str, plain: str, hit: Hit) -> bool:
    """'in Moscow', 'Moscow, May 5', 'MOSCOW (Reuters) —': where it happened, not who spoke."""
    name = plain[hit.start : hit.end]
    if name.lower().removeprefix("the ") in {"kremlin", "pentagon", "white house"}:
        return False
    before = plain[max(0, hit.start - 12) : hit.start]
    if _TOWARDS.search(before):
        return not re.search(r"(?i)\b(?:from|to)(?: the)? $", before)
    opens = not before.strip() or text[hit.start - 1] == "\n" or name.isupper()
    return opens and bool(_DATELINE.match(plain[hit.end : hit.end + 40]))


def _is_whole(plain: str, start: int, end: int) -> bool:
    before = plain[start - 1] if start else " "
    after = plain[end] if end < len(plain) else " "
    if before.isalnum() or before == "_" or after.isalnum() or after == "_":
        return False
    return not (before == "-" and start > 1 and plain[start - 2].isalnum() and plain[start].islower())


def _settled(
    plain: str, start: int, end: int, entries: tuple[Entry, ...], ambiguity: Ambiguity
) -> tuple[Entry, ...]:
    after, before = plain[end : end + 40].lstrip(" "), plain[max(0, start - 40) : start].rstrip(" ")
    if before.endswith(" the") or before == "the":
        before = before[:-3].rstrip()
    if any(
        after.startswith(fold(word)) and not after[len(word) : len(word) + 1].isalnum()
        for word in ambiguity.not_before
    ):
        return ()
    if any(
        before.endswith(fold(word)) and not before[: -len(word)][-1:].isalnum()
        for word in ambiguity.not_after
    ):
        return ()
    if ambiguity.needs and not any(fold(word) in plain for word in ambiguity.needs):
        return ()
    order = {actor: rank for rank, actor in enumerate(ambiguity.actors)}
    return tuple(
        sorted(
            (e for e in entries if e.actor is None or e.actor in order),
            key=lambda e: order.get(e.actor or "", -1),
        )
    )
