"""All that the rules look at in one article: its lines, who does what, who says what, and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Quotation, Span, Speaker, Timex
from workers.extraction.event_dates import Dated, Dating
from workers.extraction.frames import Frame, Operators, read_frames
from workers.extraction.mention import Mention
from workers.extraction.patterns import lexicon, load_rules
from workers.extraction.settled_mentions import settle
from workers.extraction.signs import Hit, Line, load_concepts, read_lines
from workers.extraction.syntax import SELF, Cast
from workers.extraction.telling import Telling

if TYPE_CHECKING:
    from services.core.domain.dossier import Dossier
    from workers.extraction.document import Document

_TREATY = re.compile(r"#treaty|#9m729|#inf|#moratorium|#mk41|#usmissile|#rumissile|#newtreaty")
_OTHER = re.compile(r"#other")
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
        self.parts = dossier.parts
        self.dating = Dating(document, timexes, article_date)
        self.mentions = mentions = settle(mentions, document, dossier, self.dating)
        operators = load_rules(dossier.id, "operators")
        self.operators = Operators(operators)
        self.cast = Cast(document, mentions, operators)
        self.lines: list[Line] = read_lines(document, mentions, load_concepts(dossier.id))
        self.words = lexicon(dossier.id)
        self.frames = read_frames(document, quotations, self.cast, self.operators)
        self.own_voice = own_voice
        self.article_date = article_date
        self._chains: dict[int, tuple[Frame, ...]] = {}
        self.memo: dict[tuple[str, int], Any] = {}  # what rules share about a line

    @cached_property
    def in_present(self) -> bool:
        """Whether the article tells in the present tense, as a live page or the radio does."""
        cues = [
            f.cue
            for f in self.spoken
            if f.cls in {"say", "claim", "urge"} and f.cue.tag_ in {"VBD", "VBZ", "VBP"}
        ]
        return len(cues) >= 4 and sum(c.tag_ != "VBD" for c in cues) > 0.6 * len(cues)

    # --- looking at lines --------------------------------------------------------------------------------

    def find(self, line: Line, source: str) -> Iterator[Hit]:
        """The places of a pattern in a line."""
        sought = self.words.sought(source)
        return line.find(sought.pattern) if sought.may_be_in(line.lowered) else iter(())

    def has(self, line: Line, source: str) -> bool:
        """Whether a pattern is in a line."""
        sought = self.words.sought(source)
        return sought.may_be_in(line.lowered) and line.has(sought.pattern)

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
        near = self.lines[max(0, line.number - back) : line.number + 1]
        return any(self.has(other, source) for other in near)

    # --- who says it -------------------------------------------------------------------------------------

    def chain(self, offset: int) -> tuple[Frame, ...]:
        """The frames around a character, innermost first."""
        found = self._chains.get(offset)
        if found is None:
            near = self.frames_in(self.document.sentence_index(offset))
            covering = [f for f in near if f.covers(offset)]
            found = self._chains[offset] = tuple(sorted(covering, key=lambda f: f.size))
        return found

    def frames_in(self, number: int) -> Sequence[Frame]:
        """The frames that reach into a sentence, in text order."""
        return self._by_sentence.get(number, ())

    def cued_in(self, number: int) -> Sequence[Frame]:
        """The frames whose operator stands in a sentence, in text order."""
        return self._by_cue.get(number, ())

    @cached_property
    def _by_sentence(self) -> dict[int, list[Frame]]:
        found: dict[int, list[Frame]] = {}
        for frame in self.frames:
            numbers: set[int] = set()
            for span in frame.spans:
                first = self.document.sentence_index(span.start)
                numbers.update(range(first, self.document.sentence_index(max(span.start, span.end - 1)) + 1))
            for number in numbers:
                found.setdefault(number, []).append(frame)
        return found

    @cached_property
    def _by_cue(self) -> dict[int, list[Frame]]:
        found: dict[int, list[Frame]] = {}
        for frame in self.frames:
            if frame.cue is not None:
                found.setdefault(self.document.sentence_index(frame.cue.idx), []).append(frame)
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
            [f for f in self.spoken if f.cue.idx < cue.idx and f.cls in {"say", "claim", "accuse", "warn"}]
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
        return self._telling.said(frame)

    def done(self, token: Any, holders: tuple[str, ...]) -> Dated:
        """When an act was done whose verb or noun is the token: like something said."""
        return self._telling.done(token, holders)

    def act_date(self, token: Any, spans: Iterable[Span] = (), *, past: bool = False) -> str | None:
        """The date that the clause of an act gives it, leaving out dates within `spans`."""
        return self._telling.act_date(token, spans, past=past)

    @cached_property
    def _telling(self) -> Telling:
        return Telling(self)

    @cached_property
    def spoken(self) -> list[Frame]:
        """The frames whose operator is a verb, in text order."""
        return sorted((f for f in self.frames if f.cue is not None and not f.noun), key=lambda f: f.cue.idx)
