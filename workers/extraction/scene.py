"""All that the rules look at in one article: its lines, who does what, who says what, and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Quotation, Span, Speaker, Timex
from services.core.domain.vocabulary import Voice
from workers.extraction.event_dates import Basis, Dated, Dating, is_open, is_repeated
from workers.extraction.frames import Frame, Operators, read_frames
from workers.extraction.mention import PRONOUN, Mention
from workers.extraction.patterns import lexicon, load_rules
from workers.extraction.signs import Hit, Line, load_concepts, read_lines
from workers.extraction.syntax import SELF, Cast

if TYPE_CHECKING:
    from services.core.domain.dossier import Dossier
    from workers.extraction.document import Document

_TREATY = re.compile(r"#treaty|#9m729|#inf|#moratorium|#mk41|#usmissile|#rumissile|#newtreaty")
_OTHER = re.compile(r"#other")
_RECENT_DAYS = 8
_PRONOUNS = frozenset({"it", "he", "she", "they", "this"})
_SAYING = frozenset(
    {
        "say",
        "add",
        "tell",
        "note",
        "stress",
        "warn",
        "continue",
        "argue",
        "insist",
        "explain",
        "ask",
        "go",
        "write",
        "declare",
    }
)
_CLAIMS = frozenset({"claim", "assertion", "contention", "argument"})
_STORY_DAYS = 3
_NEUTER = frozenset({"it", "its", "they", "their", "itself"})
_COMMITTING = frozenset(
    {"announce", "vow", "pledge", "promise", "decide", "threaten", "agree", "confirm", "declare"}
)


_IN_PLACE = re.compile(
    r"(?:\s+(?:said|says|told\s\w+|stressed|added|announced|declared|warned))?\s+in\s+([A-Z][\w-]+)"
)


@dataclass(frozen=True, slots=True)
class Commitment:
    """An actor's own word on something: `polarity` +1 says yes, -1 says no. `outer`: who tells of it."""

    holders: tuple[str, ...]
    polarity: int
    frame: Frame
    outer: tuple[str, ...]
    rule: str
    sure: float


class Scene:
    """One article with its lines, frames and dates. Built once per article; the rules only read it."""

    def __init__(
        self,
        document: Document,
        dossier: Dossier,
        mentions: list[Mention],
        quotations: list[Quotation],
        timexes: Iterable[Timex],
        article_date: str | None,
        own_voice: str | None = None,
    ) -> None:
        self.document = document
        self.dossier = dossier
        self.dating = Dating(document, timexes, article_date)
        mentions = [self._seated(self._in_office(m)) for m in mentions]
        self.mentions = mentions = self._coreferent(mentions)
        operators = load_rules(dossier.id, "operators")
        self.operators = Operators(operators)
        self.cast = Cast(document, mentions, operators)
        self.lines: list[Line] = read_lines(document, mentions, load_concepts(dossier.id))
        self.words = lexicon(dossier.id)
        self.frames = read_frames(document, quotations, self.cast, self.operators)
        self.own_voice = own_voice
        self.article_date = article_date
        self._chains: dict[int, tuple[Frame, ...]] = {}
        self._said: dict[tuple[int, tuple[Span, ...]], Dated] = {}
        self._story: dict[str, str | None] = {}
        self.memo: dict[tuple[str, int], Any] = {}  # what rules share about a line

    def _in_office(self, mention: Mention) -> Mention:
        """Somebody out of office on the article's day may have been in office on the day told of."""
        if mention.actor or not mention.person or mention.former:
            return mention
        token = self.document.token_at(mention.span.start)
        days = [value for _, value in self.dating.in_sentence(token)] if token is not None else []
        offices = self.dossier.people[mention.person].offices
        for value in days:
            for office in offices:
                end = office.end.isoformat() if office.end else "9999"
                if office.start.isoformat()[: len(value)] <= value <= end:
                    return replace(mention, actor=office.actor)
        return mention

    def _seated(self, mention: Mention) -> Mention:
        """ "The foreign ministry in Paris" is that of France, whatever else the article is about."""
        if mention.role is None or mention.person or mention.name:
            return mention
        words = mention.span.of(self.document.text)
        actor = self.dossier.actors.get(mention.actor or "")
        if actor is not None and any(
            name in words for name in (actor.name, *actor.adjectives, *actor.metonyms)
        ):
            return mention
        found = _IN_PLACE.match(self.document.text, mention.span.end)
        seats = (a.id for a in self.dossier.actors.values() if found and found[1] in a.metonyms)
        seat = next(seats, None)
        return replace(mention, actor=seat) if seat else mention

    def _coreferent(self, mentions: list[Mention]) -> list[Mention]:
        """ "Moscow said it ...": what follows a verb of saying goes on with its subject."""
        at = {t.i: m for m in mentions for t in self.document.tokens_in(m.span)}
        made: dict[int, Mention] = {m.span.start: m for m in mentions}
        for token in self.document.doc:
            known = at.get(token.i)
            if token.lower_ not in _NEUTER or (known is not None and known.kind != PRONOUN):
                continue
            if known is None and token.dep_ not in {"nsubj", "nsubjpass", "poss"}:
                continue  # as an object "it" is what is spoken of: the treaty, the charge
            teller = self._teller(token, at)
            if teller is not None:
                span = Span(token.idx, token.idx + len(token))
                made[token.idx] = (
                    replace(known, actor=teller.actor)
                    if known
                    else Mention(span, teller.actor, None, PRONOUN)
                )
        return [made[start] for start in sorted(made)]

    def _teller(self, token: Any, at: dict[int, Mention]) -> Mention | None:
        """The subject of the verb of saying above a pronoun, where the pronoun can only mean it."""
        verb = token
        for _ in range(8):
            if (verb.pos_ in {"VERB", "AUX"} and verb.dep_ == "ccomp") or verb.head.i == verb.i:
                break
            verb = verb.head
        if verb.dep_ != "ccomp" or verb.head.pos_ != "VERB":
            return None
        subject = next((c for c in verb.head.children if c.dep_ == "nsubj"), None)
        teller = at.get(subject.i) if subject is not None else None
        if teller is None or not teller.actor or teller.kind == PRONOUN:
            return None
        return teller if teller.person is None or verb.head.lemma_.lower() in _COMMITTING else None

    @cached_property
    def _in_present(self) -> bool:
        """Whether the article tells in the present tense, as a live page or the radio does."""
        cues = [
            f.cue
            for f in self._spoken
            if f.cls in {"say", "claim", "urge"} and f.cue.tag_ in {"VBD", "VBZ", "VBP"}
        ]
        return len(cues) >= 4 and sum(c.tag_ != "VBD" for c in cues) > 0.6 * len(cues)

    # --- looking at lines --------------------------------------------------------------------------------

    def find(self, line: Line, source: str) -> Iterator[Hit]:
        """The places of a pattern in a line."""
        return line.find(self.words(source))

    def has(self, line: Line, source: str) -> bool:
        """Whether a pattern is in a line."""
        return line.has(self.words(source))

    @cached_property
    def topical(self) -> list[bool]:
        """Which lines are about the subject: they name it, or stand near one that does."""
        named = [bool(_TREATY.search(line.code)) for line in self.lines]
        other = [bool(_OTHER.search(line.code)) for line in self.lines]
        dense = sum(named) >= 0.25 * max(1, len(named))
        reach = 8 if dense else 2
        return [
            own or (not elsewhere and any(named[max(0, n - reach) : n + 2]))
            for n, (own, elsewhere) in enumerate(zip(named, other, strict=True))
        ]

    def recently(self, line: Line, source: str, back: int = 2) -> bool:
        """Whether a pattern is in the line or in one of the `back` lines before it."""
        pattern = self.words(source)
        return any(other.has(pattern) for other in self.lines[max(0, line.number - back) : line.number + 1])

    # --- who says it -------------------------------------------------------------------------------------

    def chain(self, offset: int) -> tuple[Frame, ...]:
        """The frames around a character, innermost first."""
        found = self._chains.get(offset)
        if found is None:
            covering = [f for f in self.frames if f.covers(offset)]
            found = self._chains[offset] = tuple(sorted(covering, key=lambda f: f.size))
        return found

    def holders(self, frame: Frame) -> tuple[str, ...]:
        """The actors that a frame puts its content into the mouth of, a first person resolved."""
        if (frame.holders and not self._to_itself(frame)) or frame.cue is None or frame.lemma == "false":
            return self.resolve(frame.holders, frame.cue.idx if frame.cue is not None else -1)
        key = ("holders", frame.cue.i)
        if key not in self.memo:
            self.memo[key] = ()  # a loop of frames ends here
            self.memo[key] = self._implied(frame)
        implied: tuple[str, ...] = self.memo[key]
        return implied

    def _to_itself(self, frame: Frame) -> bool:
        """ "The Allies declared that Russia had ..., and called on Moscow ...": nobody appeals to itself."""
        if frame.cls not in {"urge", "accuse"} or frame.noun or frame.cue is None or frame.cue.dep_ != "conj":
            return False
        objects = {a for token in self.cast.objects(frame.cue) for a in self.cast.actors(token)}
        return bool(objects) and set(frame.holders) <= objects

    def _implied(self, frame: Frame) -> tuple[str, ...]:
        """The holder of a frame that the parse gives none: "... and urged", "it said" go on with who spoke last."""
        cue = frame.cue
        if frame.noun or (frame.speaker is not None and frame.speaker.person):
            return ()
        doer = self.cast.doer(cue)
        itself = bool(frame.holders)
        lost = (
            doer is not None
            and cue.dep_ == "conj"
            and not self.cast.actors(doer)
            and self.cast.mention(doer) is None
        )
        if doer is not None and doer.lower_ not in _PRONOUNS and not itself and not lost:
            return ("nato",) if doer.text == "Allies" else ()
        if doer is None and (
            cue.dep_ not in {"conj", "ccomp", "advcl", "dep"}
            or any(c.dep_ in {"nsubj", "nsubjpass"} for c in cue.children)
        ):
            return ()
        for outer in self.chain(cue.idx):
            if outer.cue is not None and outer.cue.i != cue.i and outer.cls != "deny":
                return self.holders(outer)
        number = self.document.sentence_index(cue.idx)
        for other in reversed(
            [f for f in self._spoken if f.cue.idx < cue.idx and f.cls in {"say", "claim", "accuse", "warn"}]
        ):
            if number - self.document.sentence_index(other.cue.idx) > 2:
                break
            if other.holders and (doer is not None) and cue.lemma_.lower() in _SAYING:
                return self.resolve(other.holders, other.cue.idx)
        return ()

    def resolve(self, actors: Iterable[str], offset: int) -> tuple[str, ...]:
        """The actors with a first person replaced by whoever speaks at the offset."""
        found: dict[str, None] = {}
        for actor in actors:
            if actor == SELF:
                found.update(dict.fromkeys(self.speakers(offset)))
            else:
                found[actor] = None
        return tuple(found)

    def speakers(self, offset: int) -> tuple[str, ...]:
        """Whoever says "we" at the offset: the innermost direct speech's holder, else any frame's."""
        chain = self.chain(offset) if offset >= 0 else ()
        for frame in sorted(chain, key=lambda f: not f.direct):
            named = tuple(a for a in frame.holders if a != SELF)
            if named:
                return named
        return (self.own_voice,) if self.own_voice else ()

    def agents(self, token: Any) -> tuple[str, ...]:
        """The actors that do what a verb or noun says."""
        return self.resolve(self.cast.agents(token), token.idx)

    def actors(self, token: Any) -> tuple[str, ...]:
        """The actors that a noun phrase's head stands for."""
        return self.resolve(self.cast.actors(token), token.idx)

    def commitments(self, token: Any, polarity: int, *, presupposed: bool = False) -> list[Commitment]:  # noqa: PLR0912  # a cascade of cases, each of one line
        """Who commits to what a word says: climbs the frames around it from the innermost outwards.

        Denials flip what they cover; an accusation that nobody is said to make is its denier's adversary's.
        `presupposed`: what "return to compliance" takes for granted survives denial and is never the
        denier's own word.
        """
        found: list[Commitment] = []
        chain = self.chain(token.idx)
        own = next(
            (f for f in self.frames if f.cue is not None and f.cue.i == token.i and self.holders(f)), None
        )
        if own is not None and own not in chain:
            chain = (own, *chain)
        anonymous = assigned = False
        flip = 1
        for number, frame in enumerate(chain):
            if frame.cue is not None and frame.cue.i == token.i and frame is not own:
                continue
            holders = self.holders(frame)
            outer = self.outer_of(chain[number + 1 :], holders)
            if frame.cls == "deny":
                if presupposed:
                    continue
                if not holders:
                    flip = -flip
                    continue
                found.append(
                    self.commit(
                        holders, polarity * -flip * (-1 if frame.negated else 1), frame, outer, "deny"
                    )
                )
                if anonymous and not any(c.polarity == polarity for c in found):
                    found.extend(self._accuser(holders, polarity, frame))
                break
            if frame.negated and frame.cls in {"say", "claim", "accuse"}:
                break
            if not holders:
                anonymous = anonymous or (frame.noun and (frame.cls == "accuse" or frame.lemma in _CLAIMS))
                continue
            if assigned and flip > 0:
                if frame.cls == "endorse" and not any(set(c.holders) & set(holders) for c in found):
                    found.append(self.commit(holders, polarity, frame, outer, "endorse"))
                break
            if anonymous and flip > 0 and not frame.direct and frame.cls != "accuse":
                break
            if flip < 0 and anonymous and not assigned:
                found.extend(self._accuser(holders, polarity, frame))
            found.append(self.commit(holders, polarity * flip, frame, outer, frame.cls))
            assigned = True
            if flip < 0:
                break
        if not found and self.own_voice and not anonymous and flip > 0:
            found.append(self.own_word(polarity))
        elif self.own_voice and flip < 0 and not any(self.own_voice in c.holders for c in found):
            found.extend(
                self._accuser((self.own_voice,), polarity, self.own_word(polarity).frame) if not found else ()
            )
            found.append(self.own_word(-polarity))
        return found

    def own_word(self, polarity: int) -> Commitment:
        frame = Frame("say", None, (Span(0, len(self.document.text)),), (self.own_voice or "",), direct=True)
        return Commitment(frame.holders, polarity, frame, (), "own", 0.7)

    def commit(
        self, holders: tuple[str, ...], polarity: int, frame: Frame, outer: tuple[str, ...], rule: str
    ) -> Commitment:
        return Commitment(
            holders, polarity, frame, outer, rule, 0.85 if frame.speaker or frame.direct else 0.75
        )

    def _accuser(self, deniers: tuple[str, ...], polarity: int, frame: Frame) -> Iterator[Commitment]:
        """The adversary that an article names near an accusation without an accuser."""
        number = self.document.sentence_index(frame.spans[0].start)
        near = [
            s.code[1:]
            for line in self.lines[max(0, number - 2) : number + 1]
            for s in line.signs
            if s.code[0] == "@"
        ]
        for candidate in ("usa", "russia", "nato"):
            if candidate in near and any(self.dossier.are_adversaries(candidate, d) for d in deniers):
                yield Commitment((candidate,), polarity, frame, deniers, "accuser", 0.55)
                return

    def outer_of(self, frames: Iterable[Frame], holders: tuple[str, ...]) -> tuple[str, ...]:
        for frame in frames:
            named = self.holders(frame)
            if named and not set(named) & set(holders):
                return named
        return ()

    def voice(self, commitment: Commitment, offset: int) -> Voice:
        """Own where the words stand in the holder's quotation, adversary where its opponent tells them."""
        holder = commitment.holders[0]
        if any(self.dossier.are_adversaries(holder, other) for other in commitment.outer):
            return Voice.ADVERSARY
        for frame in self.chain(offset):
            if frame.direct and holder in self.holders(frame):
                return Voice.OWN
        return Voice.OWN if commitment.rule == "own" else Voice.REPORTED

    def speaker(self, frame: Frame, actor: str) -> Speaker | None:
        """The person or words that uttered a frame's content, if known."""
        if frame.speaker is not None:
            return frame.speaker
        if frame.cue is None:
            return None
        doer = self.cast.doer(frame.cue)
        mention = self.cast.mention(doer) if doer is not None else None
        if mention is not None and mention.actor == actor:
            return Speaker(person=mention.person, span=None if mention.person else mention.span)
        return None

    # --- when it was said --------------------------------------------------------------------------------

    def said(self, frame: Frame) -> Dated:
        """When a frame's content was uttered."""
        if frame.cue is None:
            return Dated(self.article_date, Basis.SPEECH)
        key = (frame.cue.i, frame.spans)
        known = self._said.get(key)
        if known is None:
            self._said[key] = Dated(None, Basis.OPEN)  # a loop of frames ends here
            known = self._said[key] = self._said_on(frame)
        return known

    def done(self, token: Any, holders: tuple[str, ...]) -> Dated:
        """When an act was done whose verb or noun is the token: like something said."""
        return self.said(Frame("act", token, (), holders, noun=token.pos_ == "NOUN"))

    def _said_on(self, frame: Frame) -> Dated:
        cue = frame.cue
        explicit = (
            self.act_date(cue, frame.spans, past=True)
            if not self._embedded(frame)
            else self.dating.explicit(cue, climb=False)
        )
        if explicit and not (self.article_date and explicit > self.article_date):
            return Dated(explicit, Basis.EXPLICIT)
        if is_repeated(cue, frame.spans):
            return Dated(None, Basis.OPEN)
        for outer in self.chain(cue.idx):
            if outer.cue is None or outer.cue.i == cue.i:
                continue
            when = self.said(outer)
            same = not self.holders(outer) or bool(set(self.holders(outer)) & set(self.holders(frame)))
            if not same and (is_open(cue) or frame.noun or cue.tag_ in {"VBD", "VBN"}):
                return Dated(None, Basis.OPEN)
            return Dated(when.value, Basis.SPEECH if when.basis is Basis.EXPLICIT else when.basis)
        if frame.noun and cue.dep_ not in {"dobj", "ROOT"}:
            return Dated(None, Basis.OPEN)
        if cue.dep_ == "advcl" and any(
            c.lower_ in {"after", "before", "since", "when", "until"} for c in cue.children
        ):
            return Dated(None, Basis.OPEN)
        issued = self._issued(cue)
        if issued:
            return Dated(issued, Basis.EXPLICIT)
        verb = cue.head if frame.noun else cue
        if self.own_voice and self.own_voice in frame.holders:
            return Dated(self.article_date, Basis.SPEECH)
        if is_open(verb) and not (self._in_present and frame.cls != "act"):
            return Dated(None, Basis.OPEN)
        leaned = self._lean(frame)
        if leaned:
            return Dated(leaned, Basis.LEANED)
        return Dated(self.article_date, Basis.ARTICLE)

    def _issued(self, cue: Any) -> str | None:
        """The day of a report or statement "published on Tuesday" that says it."""
        doer = self.cast.doer(cue)
        for child in doer.children if doer is not None else ():
            if child.dep_ in {"acl", "relcl"} and child.lemma_.lower() in {
                "publish",
                "release",
                "issue",
                "send",
                "post",
            }:
                return self.dating.explicit(child)
        return None

    def _embedded(self, frame: Frame) -> bool:
        """A noun of speech that another operator acts on: "rejected on Friday allegations by ..."."""
        head = frame.cue.head
        return frame.noun and (
            frame.cue.dep_ not in {"dobj", "ROOT"} or head.lemma_.lower() not in self.operators.light
        )

    def act_date(self, token: Any, spans: Iterable[Span] = (), *, past: bool = False) -> str | None:
        """The date that the clause of an act gives it, leaving out dates within `spans`."""
        inside = tuple(spans)
        sentence = self.document.sentence_at(token.idx)
        if sentence is None:
            return None
        free = tuple(_gaps(sentence, inside)) if inside else ()
        return self.dating.explicit(token, free, past=past) or self.dating.lone(token, inside)

    def _lean(self, frame: Frame) -> str | None:
        """The date of the paragraph's last dated act, or of the same speaker's last recent statement."""
        cue = frame.cue
        paragraph = self.document.paragraph_index(cue.idx)
        mine = self._who(frame)
        same: str | None = None
        before: str | None = None
        for other in self._spoken:
            if other.cue.idx >= cue.idx:
                break
            date = self.act_date(other.cue, other.spans)
            if not date or len(date) < 10 or (self.article_date and date > self.article_date):
                continue
            there = self.document.paragraph_index(other.cue.idx)
            if mine & self._who(other) and (paragraph - there <= 1 or self._recent(date)):
                same = date
            if there == paragraph and not self._recent(date, _STORY_DAYS):
                before = date
        return same or before or self._met(paragraph, cue) or self._story_day()

    def _story_day(self) -> str | None:
        """The day on which the story plays: where all its dated statements of the last days are of one."""
        if "story" not in self._story:
            days = set()
            for frame in self._spoken:
                date = self.act_date(frame.cue, frame.spans)
                if (
                    date
                    and len(date) == 10
                    and frame.cue.tag_ in {"VBD", "VBN"}
                    and self._recent(date, _STORY_DAYS)
                ):
                    days.add(date)
            self._story["story"] = days.pop() if len(days) == 1 else None
        return self._story["story"]

    def _met(self, paragraph: int, cue: Any) -> str | None:
        """The day of a meeting that the paragraph told of before."""
        found = None
        span = self.document.paragraphs[paragraph - 1 if paragraph > 3 else paragraph]
        for line in self.lines:
            if line.span.start < span.start or line.span.start >= cue.idx or line.span.end > cue.idx:
                continue
            for hit in self.find(line, "(hold|meet|discuss|gather|convene|host|meeting|talk|consultation)"):
                found = self.act_date(hit.token()) or found
        return found

    @cached_property
    def _spoken(self) -> list[Frame]:
        return sorted((f for f in self.frames if f.cue is not None and not f.noun), key=lambda f: f.cue.idx)

    def _who(self, frame: Frame) -> set[str]:
        speaker = frame.speaker
        if speaker is not None and speaker.person:
            return {speaker.person}
        doer = self.cast.doer(frame.cue)
        mention = self.cast.mention(doer) if doer is not None else None
        if mention is not None and mention.person:
            return {mention.person}
        return {f"actor:{a}" for a in self.holders(frame)}

    def _recent(self, value: str, days: int = _RECENT_DAYS) -> bool:
        if not self.article_date or len(self.article_date) < 10 or len(value) < 10:
            return False
        gap = (date.fromisoformat(self.article_date) - date.fromisoformat(value)).days
        return 0 <= gap <= days


def _gaps(sentence: Span, inside: tuple[Span, ...]) -> Iterator[Span]:
    at = sentence.start
    for span in sorted(inside):
        if span.start > at:
            yield Span(at, min(span.start, sentence.end))
        at = max(at, span.end)
    if at < sentence.end:
        yield Span(at, sentence.end)
