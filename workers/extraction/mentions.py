"""Who is meant where: states and bodies, institutions, officials by name or by role, and words that refer back.

A mention's actor is the one whose words the mentioned one's would count for on the article's day. Legislators,
experts, journalists, parties and former officials are mentioned without an actor.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cached_property

from services.core.domain.dossier import Dossier, Person
from services.core.domain.reading import Span
from workers.extraction import gazetteer
from workers.extraction.document import Document
from workers.extraction.gazetteer import Entry, Hit, fold, gazetteer_of, is_place
from workers.extraction.mention import OFFICIAL, PLACE, Mention
from workers.extraction.owner import first_person
from workers.extraction.references import last_ministry, refer_back
from workers.extraction.roles import ROLE_WORDS, Role, is_institution, role_of

_STEP = re.compile(r"('s?)?[ -]+(\w[\w-]*)")
_PERSON_NAME = re.compile(
    r",? +((?:(?:[A-Z][a-z]?\.|[A-Z][\w'-]*[a-z][\w'-]*|[A-Z]{2,}|al|bin|de|der|di|van|von|ten) ){0,3}[A-Z][\w'-]*\w)"
)
_FORMER = re.compile(
    r"(?i)(?:\b(?:former|ex|erstwhile|retired|late|one-time|outgoing)[ -]|\bex-)(?:[\w.'-]+ ){0,3}$"
)
_THEN = re.compile(r"(?i)\bthen[ -](?:[\w.'-]+ ){0,3}$")
_BEFORE_ROLE = re.compile(
    r"(?i)((?:(?:a|an|the|one|two|three|several|some|senior|top|high-ranking|unnamed|anonymous|another|other|many|key) )+)$"
)
_OF = re.compile(r"(?i)\b((?:[\w-]+ ){0,5}?[\w-]+) (?:of|for|at|from|with) (?:the )?$")
_TITLE = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|Gen|Col|Adm|Sen|Rep|Gov|President|Minister|Secretary|Chancellor|General|Premier)\.? $"
)
_NOT_NAMES = frozenset(
    re.findall(
        r"\w+",
        """
    January February March April May June July August September October November December Monday
    Tuesday Wednesday Thursday Friday Saturday Sunday The A An In On At But And He She It They We I
    """,
    )
)


_EVERY_STATE_HAS = re.compile(
    r"(?i)(?:foreign|defen[cs]e) (?:ministry|office)|ministry of (?:foreign affairs|defen[cs]e)|mfa|mod|general staff"
)
_HOME_WEIGHT = 3  # how often an article must name the state of its dateline to be about its affairs

_SEATED = re.compile(
    r"\b(?P<who>(?P<body>(?i:(?:foreign|defen[cs]e) (?:ministry|office)|ministry of (?:foreign affairs|defen[cs]e)))"
    r"(?: (?P<official>(?i:spokes(?:man|woman|person)|official)))?)"
    r"(?: (?:said|told reporters|announced|warned|declared)(?: on \w+| at a (?:briefing|news conference))?)?"
    r" in (?P<place>[A-Z]\w+)"
)


def find_mentions(document: Document, dossier: Dossier, on: date | None) -> list[Mention]:
    """All mentions in text order, none within another. `on` is the article's day, None if it is not known."""
    return _Finder(document, dossier, on).run()


class _Finder:
    def __init__(self, document: Document, dossier: Dossier, on: date | None) -> None:
        self.document, self.dossier, self.on = document, dossier, on
        self.plain = fold(
            document.text[: document.doc[-1].idx + len(document.doc[-1])] if len(document.doc) else ""
        )
        self.hits = list(gazetteer_of(dossier).find(self.plain))
        self.starts = [h.start for h in self.hits]
        self.actor_words = {self.plain[h.start : h.end].split()[-1] for h in self.hits if h.entries[0].actor}
        self.weight = Counter(h.entries[0].actor for h in self.hits if len({e.actor for e in h.entries}) == 1)
        self.people: dict[str, Mention] = {}  # by surname, as introduced in this article
        self.named = {
            e.person.id for h in self.hits for e in h.entries if e.kind == gazetteer.PERSON and e.person
        }
        self.found: list[Mention] = []

    def run(self) -> list[Mention]:
        at = 0
        for hit in self.hits:
            if hit.start < at:
                continue
            mention = self._mention(hit)
            if mention is not None:
                self.found.append(mention)
                at = mention.span.end
        self._seat_institutions()
        self._introduce_by_apposition()
        self._surnames_of_the_unknown()
        found = refer_back(self.document, self.found, self.dossier)
        own = first_person(self.document, self.dossier, found)
        return sorted([*found, *own], key=lambda m: m.span) if own else found

    def _seat_institutions(self) -> None:
        """ "The foreign ministry in Paris" is that of France, whomever the article is about."""
        seats = {name: a.id for a in self.dossier.actors.values() if a.type == "state" for name in a.metonyms}
        for match in _SEATED.finditer(self.plain):
            actor = seats.get(match["place"])
            span = Span(match.start("who"), match.end("who"))
            there = [m for m in self.found if m.span.start < span.end and span.start < m.span.end]
            if actor is None or any(self._qualified(m, span) for m in there):
                continue  # "the Russian Foreign Ministry said in Geneva" says whose it is
            official = match["official"]
            kind = OFFICIAL if official else gazetteer.INSTITUTION
            role = (official or match["body"].split()[0 if "of" in match["body"] else -1]).lower()
            self.found = [m for m in self.found if m not in there]
            self.found.append(Mention(span, actor, None, kind, role))
        self.found.sort(key=lambda m: m.span)

    def _qualified(self, mention: Mention, institution: Span) -> bool:
        """Whether the mention begins with more than an article: "the Russian Foreign Ministry"."""
        before = self.plain[mention.span.start : institution.start].strip().lower()
        return before not in {"", "a", "an", "the"}

    # --- one hit -------------------------------------------------------------------------------------------

    def _mention(self, hit: Hit) -> Mention | None:
        people = [e.person for e in hit.entries if e.person is not None]
        if people and not any(e.actor for e in hit.entries):
            return self._person(hit, people)
        entry = self._choose(hit)
        if entry is None or entry.actor is None:
            return None
        return self._group(hit, entry)

    def _choose(self, hit: Hit) -> Entry | None:
        """The reading of an ambiguous name: the actor that the words around and the article name most."""
        entries = [e for e in hit.entries if e.actor is not None]
        if all(e.kind == gazetteer.CONTEXTUAL for e in entries):
            return self._contextual(hit, entries)
        entries = [e for e in entries if e.kind != gazetteer.CONTEXTUAL]
        actors = {e.actor for e in entries}
        if len(actors) > 1:
            best = max(self.weight[e.actor] for e in entries)
            entries = [e for e in entries if self.weight[e.actor] == best]
        return entries[0] if entries else None

    def _contextual(self, hit: Hit, entries: list[Entry]) -> Entry | None:
        """'The Foreign Ministry' is that of whom the article last named with it, else of whom it is about."""
        name = self.plain[hit.start : hit.end].lower()
        role = role_of(name.split())
        actors = {e.actor for e in entries}
        if _EVERY_STATE_HAS.fullmatch(name):
            actor = last_ministry(self.plain, self.found, name) or self._home
            if actor is not None:
                return Entry(gazetteer.CONTEXTUAL, actor)
        if role is not None:
            for mention in reversed(self.found[-40:]):
                if mention.role == role.name and mention.actor in actors:
                    return next(e for e in entries if e.actor == mention.actor)
        ranked = sorted(entries, key=lambda e: -self.weight[e.actor])
        first = self.weight[ranked[0].actor]
        second = self.weight[ranked[1].actor] if len(ranked) > 1 else 0
        return ranked[0] if first >= 3 and first >= 2 * second else None

    @cached_property
    def _home(self) -> str | None:
        """The state whose capital the dateline names, where the article is about that state's affairs."""
        first = self.document.paragraphs[0].start if self.document.paragraphs else 0
        for hit in self.hits[:2]:
            entries = [e for e in hit.entries if e.kind == gazetteer.METONYM]
            if (
                hit.start != first
                or len({e.actor for e in entries}) != 1
                or not is_place(self.document.text, self.plain, hit)
            ):
                continue
            actor = entries[0].actor
            state = actor is not None and self.dossier.actors[actor].type == "state"
            return actor if state and self.weight[actor] >= _HOME_WEIGHT else None
        return None

    def _group(self, hit: Hit, entry: Entry) -> Mention:
        """Grow a name by the office or institution that it goes with: 'Russian' + 'Deputy Foreign Minister X'."""
        start, end, role = self._role_after(hit)
        actor, kind = entry.actor, entry.kind
        name: str | None = None
        person: str | None = None
        former = False
        if role is None and kind == gazetteer.METONYM and is_place(self.document.text, self.plain, hit):
            return Mention(Span(hit.start, hit.end), None, None, PLACE)
        if role is None and kind in {gazetteer.INSTITUTION, gazetteer.CONTEXTUAL, gazetteer.METONYM}:
            own = role_of(self.plain[hit.start : hit.end].lower().split())
            role = own if own is not None and is_institution(own) else None
            end = hit.end
        elif role is not None:
            kind = OFFICIAL if not is_institution(role) else gazetteer.INSTITUTION
        silent = role is not None and not role.speaks
        before_start, before_role = self._role_before(hit.start)
        if before_role is not None and (role is None or is_institution(role) or silent):
            start, role, kind = before_start, before_role, OFFICIAL
        if role is not None and not is_institution(role):
            former = bool(_FORMER.search(self.plain[max(0, start - 40) : start]))
            known = self._name_after(end)
            if known is not None:
                end, name, person = known
        quantity = _BEFORE_ROLE.search(self.plain[max(0, start - 40) : start])
        if kind == OFFICIAL and quantity:
            start -= len(quantity[1])
        if silent or (role is not None and (not role.speaks or former)):
            actor = None  # also for the head of a parliament's committee
        if person is not None:
            actor = self._speaks_for(person, former) if role is None or role.speaks else actor
        elif role is not None and kind == OFFICIAL and name is None and actor:
            person = self._holder(actor, self.plain[hit.start : end])
        mention = Mention(Span(start, end), actor, person, kind, role.name if role else None, name, former)
        if name is not None and person is None:
            self._introduce(name, mention)
        elif person is not None:
            self._introduce(self.dossier.people[person].surname, mention)
        return mention

    def _role_after(self, hit: Hit) -> tuple[int, int, Role | None]:
        """Walk over the words of offices and institutions that follow."""
        at, end, role = hit.end, hit.end, None
        words: list[str] = []
        for _ in range(10):
            step = _STEP.match(self.plain, at)
            if step is None or step[2].lower() not in ROLE_WORDS:
                break
            at = step.end()
            words.append(step[2].lower())
            ending = role_of(words)
            if ending is not None:
                role, end = ending, at
        return hit.start, end, role

    def _role_before(self, start: int) -> tuple[int, Role | None]:
        """'a spokeswoman for the' + 'US State Department', 'the president of' + 'Russia'."""
        window = self.plain[max(0, start - 80) : start]
        found = _OF.search(window)
        if found is None:
            return start, None
        words = found[1].split()
        while words and words[0].lower() not in ROLE_WORDS:
            words.pop(0)
        if not words or any(w.lower() not in ROLE_WORDS for w in words):
            words = words[-1:]
        role = role_of([w.lower() for w in words])
        if role is None or (
            is_institution(role) and role.name not in {"ministry", "department", "government", "delegation"}
        ):
            return start, None
        at = start - len(window) + found.start(1) + found[1].rfind(" ".join(words))
        return at, role

    def _name_after(self, end: int) -> tuple[int, str, str | None] | None:
        """The person's name after an office, with the dossier's id if it knows them."""
        found = _PERSON_NAME.match(self.plain, end)
        if found is None or found[1].split()[0] in _NOT_NAMES:
            return None
        for hit in self.hits[bisect_left(self.starts, found.start(1)) :]:
            if hit.start >= found.end(1):
                break
            if hit.start >= found.start(1):
                people = [e.person for e in hit.entries if e.person is not None]
                if people and (hit.start == found.start(1) or hit.entries[0].kind == gazetteer.SURNAME):
                    person = self._one_of(people)
                    return hit.end, self.plain[hit.start : hit.end], person.id if person else None
                if hit.start == found.start(1):
                    return None
        if self.plain[end] == "," and " " not in found[1]:
            return None
        return found.end(1), found[1], None

    # --- people --------------------------------------------------------------------------------------------

    def _person(self, hit: Hit, people: list[Person]) -> Mention | None:
        window = self.plain[max(0, hit.start - 40) : hit.start]
        full = any(e.kind == gazetteer.PERSON for e in hit.entries)
        surname = self.plain[hit.start : hit.end]
        introduced = self.people.get(surname.casefold())
        if not full:
            if self._has_other_first_name(window):
                return None
            if introduced is not None:
                return replace(introduced, span=Span(hit.start, hit.end), kind=gazetteer.PERSON)
            titled = _TITLE.search(window)
            known = [p for p in people if p.id in self.named]
            people = known or [p for p in people if p.surname_alone or titled]
        person = self._one_of(people)
        if person is None:
            return None
        former = bool(_FORMER.search(window)) and full
        mention = Mention(
            Span(hit.start, hit.end),
            self._speaks_for(person.id, former),
            person.id,
            gazetteer.PERSON,
            self._title(person),
            former=former,
        )
        if full:
            self._introduce(person.surname, mention)
        return mention

    def _has_other_first_name(self, window: str) -> bool:
        before = re.search(r"([A-Z][a-z'-]+) $", window)
        if (
            before is None
            or before[1].lower() in ROLE_WORDS
            or _TITLE.search(window)
            or before[1] in _NOT_NAMES
        ):
            return False
        if re.search(r"(?:^|[.!?:;”\"'] ?)[A-Z][a-z'-]+ $", window):
            return False  # the first word of a sentence is in capitals anyhow
        return before[1] not in self.actor_words

    def _one_of(self, people: list[Person]) -> Person | None:
        named = [p for p in people if p.id in self.named]
        people = named or people
        if len(people) > 1 and self.on is not None:
            people = [p for p in people if p.office_on(self.on)] or people
        return people[0] if len({p.id for p in people}) == 1 else None

    def _speaks_for(self, person: str, former: bool) -> str | None:
        return None if former else self.dossier.speaks_for(person, self.on)

    def _title(self, person: Person) -> str | None:
        office = person.office_on(self.on) if self.on else person.offices[-1] if person.offices else None
        role = role_of(office.title.lower().replace(",", " ").split()) if office else None
        return role.name if role else None

    def _holder(self, actor: str, words: str) -> str | None:
        """'The Russian president' is whoever was it that day, if the dossier knows one alone."""
        if self.on is None:
            return None
        title = re.sub(
            r"^.*?(?=(?:Deputy|Foreign|Defen[cs]e|Prime|President|Secretary|Chancellor|Under))",
            "",
            words,
            flags=re.IGNORECASE,
        ).lower()
        holders = {
            p.id
            for p in self.dossier.people.values()
            for o in p.offices
            if o.actor == actor and o.title.lower() == title and o.held_on(self.on)
        }
        return holders.pop() if len(holders) == 1 else None

    def _introduce(self, name: str, mention: Mention) -> None:
        surname = name.rsplit(maxsplit=1)[-1].casefold()
        known = self.people.get(surname)
        if known is None or (known.actor is None and not known.former and mention.actor is not None):
            self.people[surname] = mention

    def _introduce_by_apposition(self) -> None:
        """'Jane Doe, the US ambassador to NATO': the name before the comma holds the office after it."""
        more: list[Mention] = []
        for mention in self.found:
            if mention.kind != OFFICIAL or mention.name or mention.person:
                continue
            before = self.plain[max(0, mention.span.start - 60) : mention.span.start]
            found = re.search(r"((?:[A-Z][\w'.-]+ ){1,3}[A-Z][\w'-]+), (?:the |a |an )?$", before)
            if found is None or found[1].split()[0] in _NOT_NAMES:
                continue
            start = mention.span.start - len(before) + found.start(1)
            if any(m.span.start < start + len(found[1]) and m.span.end > start for m in self.found):
                continue
            named = replace(mention, span=Span(start, start + len(found[1])), name=found[1])
            more.append(named)
            self._introduce(found[1], named)
        if more:
            self.found = sorted([*self.found, *more], key=lambda m: m.span)

    def _surnames_of_the_unknown(self) -> None:
        """Later mentions by surname of people whom only the article introduced."""
        unknown = {s: m for s, m in self.people.items() if m.person is None and m.name and len(s) > 2}
        if not unknown:
            return
        pattern = re.compile(
            r"\b(?:" + "|".join(re.escape(m.name.split()[-1]) for m in unknown.values() if m.name) + r")\b"
        )
        taken = [m.span for m in self.found]
        more = []
        for found in pattern.finditer(self.plain):
            if any(s.start < found.end() and s.end > found.start() for s in taken):
                continue
            mention = unknown.get(found[0].casefold())
            if mention is not None and found.start() > mention.span.start:
                more.append(replace(mention, span=Span(found.start(), found.end()), kind=gazetteer.PERSON))
        if more:
            self.found = sorted([*self.found, *more], key=lambda m: m.span)
