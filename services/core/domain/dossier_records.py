"""The frozen records that a dossier is made of. `dossier.py` loads them and is what others import."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from types import MappingProxyType


def ascii_fold(text: str) -> str:
    """The text without accents, as a newsroom without them writes it: `Borut Pahor`, `Sanchez`, `Gul`."""
    if text.isascii():
        return text
    plain = text.translate(_NO_DECOMPOSITION)
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))


_NO_DECOMPOSITION = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae"}
)


def third_person(verb: str) -> str:
    """`says`, `denies`, `pushes` of a verb's base form."""
    if verb == "have":
        return "has"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if re.search(r"(s|x|z|ch|sh|o)$", verb) else "s")


def past_tense(verb: str) -> str:
    """`urged`, `denied`, `asked` of a regular verb's base form."""
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ied"
    return verb + ("d" if verb.endswith("e") else "ed")


def present_participle(verb: str, irregular: tuple[str, ...] = ()) -> str:
    """`saying`, `urging`, `admitting`; a past with a doubled letter, or a short stop, doubles here too."""
    doubled = verb + verb[-1]
    if any(form.startswith(doubled) for form in irregular) or re.fullmatch(
        r"(qu|[^aeiou]*)[aeiou][tgpn]", verb
    ):
        return doubled + "ing"
    if re.search(r"[^aeoy]e$", verb):
        return verb[:-1] + "ing"
    return verb + "ing"


#: Lexicon section -> group -> words or phrases; see `dossiers/README.md` for the sections.
Lexicon = Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days from `start` to `end`, both included; None is open."""

    start: date | None = None
    end: date | None = None

    def __contains__(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    @classmethod
    def parse(cls, text: str) -> Period:
        """An ISO 8601-2 interval: `2018-04-26/2021-01-20`, `2004-03/..`, `../1991-12-25`, `1985/1991`.

        A month or year counts whole. Raises ValueError where it is none or ends before it starts.
        """
        start, slash, end = text.strip().partition("/")
        if not slash:
            raise ValueError(f"not an interval: {text!r}")
        period = cls(
            None if start == ".." else _edge(start, last=False),
            None if end == ".." else _edge(end, last=True),
        )
        if period.start and period.end and period.end < period.start:
            raise ValueError(f"ends before it starts: {text!r}")
        return period


def _edge(text: str, *, last: bool) -> date:
    """The first or last day of an ISO 8601 date, month or year. Raises ValueError for anything else."""
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", text):
        raise ValueError(f"not a date cut to day, month or year: {text!r}")
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        return date(*parts)
    if not last:
        return date(parts[0], parts[1] if len(parts) == 2 else 1, 1)
    year, month = (parts[0], parts[1]) if len(parts) == 2 else (parts[0], 12)
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Office:
    """Somebody speaks for `actor` from `start` to `end`, both days included; end None: still in office."""

    actor: str
    title: str
    start: date
    end: date | None

    def held_on(self, day: date) -> bool:
        return day in Period(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who spoke for an actor. Outside their offices nobody's words count for it.

    `aliases` holds every other spelling of the full name (transliterations, nicknames, no accents).
    `surname_alone`: the surname is rare enough to count before the full name occurred in an article.
    """

    id: str
    name: str
    aliases: tuple[str, ...]
    offices: tuple[Office, ...]
    surname: str
    surname_alone: bool

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)

    def office_on(self, day: date) -> Office | None:
        """The office held on that day; of several the one taken up last."""
        held = [office for office in self.offices if office.held_on(day)]
        return max(held, key=lambda office: office.start) if held else None


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """When `term` does not mean the actor that lists it, or means one of several.

    The term counts only where none of `not_before` directly follows it, none of `not_after` directly
    precedes it and, if `needs` is not empty, one of `needs` occurs elsewhere in the article. `actors`
    are the candidates, likeliest first.
    """

    term: str
    actors: tuple[str, ...]
    not_before: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """A state, an organisation or another named body, with the words that stand for it.

    `aliases` and `institutions` are unambiguous alone (but see `Dossier.ambiguities`), `metonyms` are
    places that stand for the actor when they act or speak ("Moscow said"), not after "in" or "from".
    `adjectives` and `demonyms` go with a generic institution, office or unnamed official ("the Russian
    Foreign Ministry", "a US official"). `contextual` institutions need an adjective or an article that
    is about the actor ("the Senate"). `former` dates names that the actor bore only for a time. `sites` are the ends of
    the hosts on which it publishes its own words (ministries of most states sit under gov.<state>).
    """

    id: str
    name: str
    type: str
    aliases: tuple[str, ...] = ()
    metonyms: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    demonyms: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    contextual: tuple[str, ...] = ()
    former: Mapping[str, Period] = field(default_factory=dict)
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposition:
    """A question in dispute: `text` is the sentence that an actor supports or opposes."""

    id: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of political event and what it is called in PLOVER; `once`: it happens once per date."""

    id: str
    label: str
    text: str
    plover: str | None
    plover_mode: str | None
    plover_auxiliary: str | None
    once: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """The actor that plays each part in the dispute; rules speak of the part and name no actor.

    `accused` is charged with the breach and `accuser` charges it with that; `leaver` left the treaty;
    `proposer` offered what should stand in its place; `invited` is who others want to be bound as well.
    """

    accused: str
    accuser: str
    leaver: str
    proposer: str
    invited: str


@dataclass(frozen=True, slots=True)
class RelevanceTerm:
    """A pattern that makes an article likelier to be about the subject, by `weight` if found at all.

    It counts only where all the company that it `needs` is in the text too, and none that it is to be `without`.
    """

    id: str
    pattern: re.Pattern[str]
    weight: float
    needs: tuple[re.Pattern[str], ...] = ()
    without: tuple[re.Pattern[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Relevance:
    """An article is on topic where the weights found reach `threshold`, with at least one `core` term."""

    threshold: float
    core: tuple[RelevanceTerm, ...]
    context: tuple[RelevanceTerm, ...]


@dataclass(frozen=True)
class Dossier:
    """All that the extractor knows of one subject. Immutable; the mappings keep the files' order."""

    id: str
    version: str
    title: str
    actors: Mapping[str, Actor]
    people: Mapping[str, Person]
    propositions: Mapping[str, Proposition]
    kinds: Mapping[str, EventKind]
    ambiguities: Mapping[str, Ambiguity]  # by term
    adversaries: frozenset[frozenset[str]]  # pairs of actors in dispute
    groups: Mapping[str, Mapping[str, Period]]  # members of an organisation, parties of the treaty
    parts: Parts
    relevance: Relevance
    lexicon: Lexicon
    like: str | None = None  # the packaged dossier whose files stand for those that it has not

    @cached_property
    def sites(self) -> Mapping[str, str]:
        """Ends of hosts to the actor that publishes its own words there: `gov.uk` is `uk`."""
        return MappingProxyType({site: actor.id for actor in self.actors.values() for site in actor.sites})

    @cached_property
    def _by_surname(self) -> Mapping[str, tuple[Person, ...]]:
        found: dict[str, list[Person]] = {}
        for person in self.people.values():
            for surname in {person.surname, ascii_fold(person.surname)}:
                found.setdefault(surname.casefold(), []).append(person)
        return {surname: tuple(people) for surname, people in found.items()}

    def with_surname(self, surname: str, on: date | None = None) -> tuple[Person, ...]:
        """Everybody of that surname (any case, with or without accents); with `on`: in office that day."""
        people = self._by_surname.get(surname.casefold(), ())
        return people if on is None else tuple(p for p in people if p.office_on(on))

    def speaks_for(self, person_id: str, on: date | None) -> str | None:
        """The actor whose words a person's were on a day; None out of office or for an unknown id.

        Without a day it is the one actor that the person ever spoke for, None if there were several.
        """
        person = self.people.get(person_id)
        if person is None:
            return None
        if on is None:
            actors = {office.actor for office in person.offices}
            return actors.pop() if len(actors) == 1 else None
        office = person.office_on(on)
        return office.actor if office else None

    def are_adversaries(self, one: str, other: str) -> bool:
        return frozenset((one, other)) in self.adversaries

    def members(self, group: str, on: date) -> tuple[str, ...]:
        """The actors that belonged to a group on a day. Raises KeyError for an unknown group."""
        return tuple(actor for actor, period in self.groups[group].items() if on in period)

    def verb_forms(self, lemma: str) -> tuple[str, ...]:
        """Every form of a lexicon verb, its particle kept: `call for` gives calls, called, calling for.

        Irregular verbs, and those that double their last letter, are listed in the lexicon.
        """
        verb, space, particle = lemma.partition(" ")
        if verb == "be":
            forms = ["be", "is", "are", "am", "was", "were", "been", "being"]
        else:
            irregular = self.lexicon.get("irregular_verbs", {}).get(verb, ())
            forms = [
                verb,
                third_person(verb),
                *(irregular or (past_tense(verb),)),
                present_participle(verb, irregular),
            ]
        return tuple(dict.fromkeys(form + space + particle for form in forms))

    def terms(self, section: str, groups: Iterable[str] | None = None) -> tuple[str, ...]:
        """The words of a lexicon section, or of some of its groups. Raises KeyError for unknown names."""
        chosen = self.lexicon[section]
        return tuple(term for group in (chosen if groups is None else groups) for term in chosen[group])
