"""A dossier: the actors, people, propositions, event kinds and cue words of one subject, as data.

The data lies beside this module in `dossiers/<id>/*.yaml` (what each file holds: `dossiers/README.md`), or in a folder
of the operator's own (`dossier_folders.py`).
`load_dossier` reads it once, checks that every id, date and pattern in it makes sense, and gives frozen
records. Nothing here knows what the subject is: another dossier is another folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources.abc import Traversable
from itertools import product
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from services.core.domain.dossier_folders import ID as _ID
from services.core.domain.dossier_folders import DossierError, checked_like, file_of, folder_of
from services.core.domain.dossier_records import (
    Actor,
    Ambiguity,
    Dossier,
    EventKind,
    Lexicon,
    Office,
    Parts,
    Period,
    Person,
    Proposition,
    Relevance,
    RelevanceTerm,
    ascii_fold,
)
from services.core.domain.vocabulary import PloverType

__all__ = [
    "Actor",
    "Ambiguity",
    "Dossier",
    "DossierError",
    "EventKind",
    "Lexicon",
    "Office",
    "Parts",
    "Period",
    "Person",
    "Proposition",
    "Relevance",
    "RelevanceTerm",
    "ascii_fold",
    "load_dossier",
    "read_dossier",
]

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where it was built
T = TypeVar("T")


@cache
def load_dossier(dossier_id: str) -> Dossier:
    """The dossier of that id, read once. Raises DossierError if there is none or it is wrong."""
    dossier = read_dossier(folder_of(dossier_id))
    if dossier.id != dossier_id:
        raise DossierError(f"dossier.yaml: the id is {dossier.id!r}, and its folder is named {dossier_id!r}")
    return dossier


def read_dossier(folder: Traversable) -> Dossier:
    """The dossier whose YAML files lie in a folder. Raises DossierError where the data is wrong."""
    head = _read(folder / "dossier.yaml", "id", "version", "title", "groups", "adversaries", "parts")
    for key in ("id", "version", "title"):
        if not isinstance(head[key], str) or not head[key].strip():
            raise DossierError(
                f"dossier.yaml: {key}: {head[key]!r} is no text (in quotes, where it is a number)"
            )
    like = checked_like(head.get("like"))

    def own(name: str) -> Traversable:
        return file_of(folder, name, like)

    cast = _read(own("actors"), "actors", "ambiguities")
    actors = _records(cast["actors"], _actor, "actor")
    names = _Names(_read(own("names"), "given_names", "common_surnames", "particles"))
    people: dict[str, Person] = {}
    if not (folder / "people").is_dir():
        raise DossierError("people: there is no such folder")
    for file in sorted((folder / "people").iterdir(), key=lambda f: f.name):
        for name, entry in (_read(file) if file.name.endswith(".yaml") else {}).items():
            person = _checked(f"person {name!r}", _person, name, entry, names)
            if person.id in people:
                raise DossierError(f"person {person.id!r} is there twice")
            people[person.id] = person
    unclear = _checked("ambiguities", tuple, cast["ambiguities"] or ())
    ambiguities = [_checked(f"ambiguity {e!r}", _ambiguity, e) for e in unclear]
    dossier = Dossier(
        id=head["id"],
        version=head["version"],
        title=head["title"],
        actors=actors,
        people=MappingProxyType(people),
        propositions=_records(_read(own("propositions")), _proposition, "proposition"),
        kinds=_records(_read(own("kinds")), _kind, "event kind"),
        ambiguities=MappingProxyType({a.term: a for a in ambiguities}),
        adversaries=_checked("adversaries", _pairs, head["adversaries"], head["groups"]),
        groups=_records(head["groups"], _group, "group"),
        parts=_checked("parts", _parts, head["parts"]),
        relevance=_checked("relevance", _relevance, _read(own("relevance"))),
        lexicon=_checked("lexicon", _lexicon, _read(own("cues"))),
        like=like,
    )
    _check_references(dossier)
    return dossier


def _read(file: Traversable, *required: str) -> Mapping[str, Any]:
    try:
        data = yaml.load(file.read_text("utf-8"), _Loader)  # noqa: S506  # a safe loader, in C if possible
    except FileNotFoundError:
        raise DossierError(f"{file.name}: there is no such file") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DossierError(f"{file.name}: {error}") from error
    if not isinstance(data, dict) or not data.keys() >= set(required):
        raise DossierError(f"{file.name}: not a mapping with the keys {list(required)}")
    return data


def _checked(what: str, make: Callable[..., T], *arguments: Any) -> T:
    try:
        return make(*arguments)
    except KeyError as error:
        raise DossierError(f"{what}: {error} is not there") from error
    except (AttributeError, TypeError, ValueError, re.error) as error:
        raise DossierError(f"{what}: {error!r}") from error


def _records(entries: Mapping[Any, Any], make: Callable[[str, Any], T], what: str) -> Mapping[str, T]:
    if not isinstance(entries, Mapping):
        raise DossierError(f"{what}: not a mapping from ids")
    for key in entries:
        if not isinstance(key, str) or not _ID.fullmatch(key):
            raise DossierError(f"{what}: not an id: {key!r}")
    return MappingProxyType({k: _checked(f"{what} {k!r}", make, k, e) for k, e in entries.items()})


def _words(entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    words: Any = entry.get(key, ())
    if isinstance(words, str) or not all(isinstance(word, str) and word for word in words):
        raise ValueError(f"{key} is not a list of words: {words!r}")  # an unquoted NO is a boolean in YAML
    return tuple(words)


def _text(entry: Mapping[str, Any], key: str) -> str:
    text = entry[key]
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{key} is no text: {text!r}")
    return text


def _actor(key: str, entry: Mapping[str, Any]) -> Actor:
    return Actor(
        id=key,
        name=_text(entry, "name"),
        type=entry.get("type", "state"),
        aliases=_words(entry, "aliases"),
        metonyms=_words(entry, "metonyms"),
        adjectives=_words(entry, "adjectives"),
        demonyms=_words(entry, "demonyms"),
        institutions=_words(entry, "institutions"),
        contextual=_words(entry, "contextual"),
        former=MappingProxyType({n: Period.parse(p) for n, p in entry.get("former", {}).items()}),
        sites=_words(entry, "sites"),
    )


def _ambiguity(entry: Mapping[str, Any]) -> Ambiguity:
    return Ambiguity(
        term=entry["term"],
        actors=_words(entry, "actors"),
        not_before=_words(entry, "not_before"),
        not_after=_words(entry, "not_after"),
        needs=_words(entry, "needs"),
        note=entry.get("note", ""),
    )


class _Names:
    """What names have in common: spellings of given names, frequent surnames, words before a surname."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.variants = {name: tuple(group) for group in data["given_names"] for name in group}
        self.common = frozenset(data["common_surnames"])
        self.particles = frozenset(data["particles"])

    def surname(self, name: str) -> str:
        words = name.split()
        first = len(words) - 1
        while first > 1 and words[first - 1].casefold() in self.particles:
            first -= 1
        return " ".join(words[first:])

    def spellings(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            given, space, rest = name.partition(" ")
            for variant in (given, *self.variants.get(given, ())):
                yield variant + space + rest
                yield ascii_fold(variant + space + rest)


def _person(name: str, entry: str | Mapping[str, Any], names: _Names) -> Person:
    if isinstance(entry, str):
        entry = {"offices": entry}
    spellings = dict.fromkeys(names.spellings((name, *_words(entry, "aliases"))))
    spellings.pop(name, None)
    surname = entry.get("surname", names.surname(name))
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_fold(name).casefold()).strip("-")
    person_id = entry.get("id", slug)
    if not _ID.fullmatch(person_id):
        raise ValueError(f"not an id: {person_id!r}")
    return Person(
        id=person_id,
        name=name,
        aliases=tuple(spellings),
        offices=tuple(_office(text) for text in entry["offices"].split(";")),
        surname=surname,
        surname_alone=entry.get("surname_alone", surname not in names.common),
    )


def _office(text: str) -> Office:
    """`usa | Secretary of State | 2018-04-26/2021-01-20`."""
    actor, title, interval = (part.strip() for part in text.split("|"))
    period = Period.parse(interval)
    if period.start is None or not title:
        raise ValueError(f"an office without title or start: {text!r}")
    return Office(actor, title, period.start, period.end)


def _proposition(key: str, entry: Mapping[str, Any]) -> Proposition:
    return Proposition(id=key, label=_text(entry, "label"), text=_text(entry, "text"))


def _kind(key: str, entry: Mapping[str, Any]) -> EventKind:
    plover = entry.get("plover")
    return EventKind(
        id=key,
        label=_text(entry, "label"),
        text=_text(entry, "text"),
        plover=None if plover is None else PloverType(plover).value,
        plover_mode=entry.get("mode"),
        plover_auxiliary=entry.get("auxiliary"),
        once=entry.get("once", False),
    )


def _group(_key: str, entry: Mapping[str, str]) -> Mapping[str, Period]:
    return MappingProxyType({actor: Period.parse(interval) for actor, interval in entry.items()})


def _pairs(disputes: Iterable[Mapping[str, Any]], groups: Mapping[str, Any]) -> frozenset[frozenset[str]]:
    def side(entries: Iterable[str]) -> set[str]:
        """`all of nato` stands for everybody who was ever in that group."""
        members = (groups[e.removeprefix("all of ")] if e.startswith("all of ") else (e,) for e in entries)
        return {actor for group in members for actor in group}

    found: set[frozenset[str]] = set()
    for dispute in disputes:
        one, other = side(dispute["one"]), side(dispute["other"])
        found |= {frozenset(pair) for pair in product(one, other) if pair[0] != pair[1]}
    return frozenset(found)


def _parts(entry: Mapping[str, str]) -> Parts:
    return Parts(**{part: _text(entry, part) for part in entry})


def _relevance(data: Mapping[str, Any]) -> Relevance:
    company = {e["id"]: re.compile(e["pattern"], re.VERBOSE) for e in data.get("company", ())}

    def patterns(ids: Iterable[str]) -> tuple[re.Pattern[str], ...]:
        return tuple(company[wanted] for wanted in ids)

    def terms(entries: Iterable[Mapping[str, Any]]) -> tuple[RelevanceTerm, ...]:
        return tuple(
            RelevanceTerm(
                e["id"],
                re.compile(e["pattern"], re.VERBOSE),
                float(e["weight"]),
                patterns(e.get("needs", ())),
                patterns(e.get("without", ())),
            )
            for e in entries
        )

    return Relevance(float(data["threshold"]), terms(data["core"]), terms(data["context"]))


def _lexicon(data: Mapping[str, Any]) -> Lexicon:
    return MappingProxyType(
        {s: MappingProxyType({g: _words(groups, g) for g in groups}) for s, groups in data.items()}
    )


def _check_references(dossier: Dossier) -> None:
    """Raises DossierError where a record names an actor that the dossier does not have."""
    named = [(f"person {p.id!r}", o.actor) for p in dossier.people.values() for o in p.offices]
    named += [(f"ambiguity {a.term!r}", actor) for a in dossier.ambiguities.values() for actor in a.actors]
    named += [("adversaries", actor) for pair in dossier.adversaries for actor in pair]
    named += [(f"group {group!r}", a) for group, members in dossier.groups.items() for a in members]
    named += [(f"part {part!r}", actor) for part, actor in asdict(dossier.parts).items()]
    for what, actor in named:
        if actor not in dossier.actors:
            raise DossierError(f"{what} names the unknown actor {actor!r}")
    owner: dict[str, str] = {}
    written = [(a.id, (a.name, *a.aliases, *a.metonyms, *a.sites)) for a in dossier.actors.values()]
    written += [(p.id, p.names) for p in dossier.people.values()]
    for owner_id, words in written:
        for word in words:
            if owner.setdefault(word, owner_id) != owner_id:
                raise DossierError(f"{word!r} stands for both {owner[word]!r} and {owner_id!r}")
