"""Why a record was made: its sentence, who says it through whom, which rule or model, with what score.

An explanation is taken from the scene that the rules looked at, after the fact: reading is the same with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from services.core.domain.dossier import Dossier
from services.core.domain.reading import ArticleText, PoliticalEvent, Position, Reading, Span, Speaker
from workers.extraction.findings import Finding
from workers.extraction.frames import Frame
from workers.extraction.gazetteer import CONTEXTUAL, fold, gazetteer_of
from workers.extraction.mention import Mention
from workers.extraction.reader import Reader
from workers.extraction.scene import Scene

Record = Position | PoliticalEvent
Days = tuple[date, ...]  # on which a speaker may have held office

OWN_TEXT, ACT = "own text", "act"
_MODELS = ("encoder", "endpoint")


@dataclass(frozen=True, slots=True)
class Link:
    """One voice around the evidence: the words of the text, whom they stand for, and for which actor.

    `how` is the class of what is done with the content ("say", "deny", "accuse", "act" for what is done and not
    said, "own text" for an outlet's own statement); `cue` the word that says so. `anybody`: nobody is named.
    """

    words: str | None
    holder: str | None
    actors: tuple[str, ...]
    how: str
    cue: str | None = None
    direct: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one record comes from. `chain` goes from the outermost voice to the one nearest to the words."""

    sentence: Span
    chain: tuple[Link, ...]
    rule: str
    learned: bool
    score: float | None  # raw, before it became the record's confidence
    date_basis: str | None  # explicit, speech, leaned, article; open: the day of the article stands in


class Reads(Protocol):
    """Whatever reads articles."""

    def read(self, article: ArticleText, *, gated: bool = False) -> Reading:
        """All that it reads out of the article."""


class Explains(Reads, Protocol):
    """Tells of the article that it read last how it came to each record. Not to be shared."""

    def explanation(self, record: Record) -> Explanation:
        """Of a record of the reading that `read` gave last."""


class ExplainingReader(Reader):
    """A reader that tells of the article that it read last how it came to each record. Not to be shared."""

    _scene: Scene | None = None
    _findings: list[Finding]

    def read(self, article: ArticleText, *, gated: bool = False) -> Reading:
        """As any reader reads."""
        self._scene, self._findings = None, []
        return super().read(article, gated=gated)

    def findings(self, scene: Scene) -> list[Finding]:
        """As any reader finds, and keeps it."""
        self._scene, self._findings = scene, super().findings(scene)
        return self._findings

    def actors_present(self) -> frozenset[str]:
        """The actors that the article read last names, by whatever name or person, or whose own text it is."""
        if self._scene is None:
            return frozenset()
        found = {mention.actor for mention in self._scene.mentions} | {self._scene.own_voice}
        for hit in gazetteer_of(self.dossier).find(fold(self._scene.document.text)):
            for entry in hit.entries:
                found |= {office.actor for office in entry.person.offices} if entry.person else set()
                found |= {entry.actor} if entry.kind != CONTEXTUAL else set()
        return frozenset(actor for actor in found if actor)

    def explanation(self, record: Record) -> Explanation:
        """Of a record of the reading that `read` gave last. Raises ValueError where nothing was read."""
        if self._scene is None:
            raise ValueError("no article with records was read")
        scene = self._scene
        finding = next((f for f in self._findings if _made(f, record)), None)
        sentence = scene.document.sentence_at(record.evidence.start) or record.evidence
        return Explanation(
            sentence=sentence,
            chain=tuple(_chain(scene, record, sentence)),
            rule=record.rule,
            learned=record.rule.startswith(_MODELS),
            score=finding.confidence if finding else None,
            date_basis=finding.when.basis.value if finding else None,
        )


def _made(finding: Finding, record: Record) -> bool:
    if (finding.evidence, finding.rule) != (record.evidence, record.rule):
        return False
    if isinstance(record, Position):
        same = (finding.proposition, finding.stance) == (record.proposition, record.stance)
        return same and record.actor in finding.holders
    return finding.kind == record.kind and tuple(sorted(set(finding.holders))) == record.actors


def _chain(scene: Scene, record: Record, sentence: Span) -> Iterator[Link]:
    """The voices around the evidence, as seen from the place where the record's actor is one of them."""
    actors = {record.actor} if isinstance(record, Position) else set(record.actors)
    frames = _frames(scene, record.evidence, actors)
    days = tuple(_day(value) for value in (record.date, scene.article_date) if value)
    named = False
    for frame in reversed(frames):
        link = _link(scene, frame, days)
        named = named or bool(actors & set(link.actors))
        yield link
    if named or not actors:
        return
    if scene.own_voice in actors:
        yield Link(None, _actor_name(scene.dossier, scene.own_voice), (scene.own_voice or "",), OWN_TEXT)
        return
    mention = _mentioned(scene, record.evidence, actors) or _mentioned(scene, sentence, actors)
    if mention is not None and mention.actor:
        words = mention.span.of(scene.document.text)
        yield Link(words, _of_mention(scene, mention, days), (mention.actor,), ACT)


def _frames(scene: Scene, evidence: Span, actors: set[str]) -> tuple[Frame, ...]:
    """The frames around the first word of the evidence that stands in a frame of one of the actors."""
    offsets = [token.idx for token in scene.document.tokens_in(evidence)]
    for offset in offsets:
        chain = scene.chain(offset)
        if any(actors & set(scene.holders(frame)) for frame in chain):
            return chain
    cues = {f.cue.idx: f for f in scene.frames if f.cue is not None and actors & set(scene.holders(f))}
    own = next(
        (cues[offset] for offset in offsets if offset in cues), None
    )  # the evidence is the frame's cue
    around = scene.chain(offsets[0]) if offsets else ()
    return (own, *(f for f in around if f is not own)) if own is not None else around


def _link(scene: Scene, frame: Frame, days: Days) -> Link:
    words = holder = None
    mention = _teller(scene, frame)
    if frame.cue is None:
        words = _label(scene, frame.speaker)
    else:
        doer = scene.cast.doer(frame.cue)
        if mention is not None:
            words = mention.span.of(scene.document.text)
        elif doer is not None:
            words = doer.text
        elif frame.speaker is not None:
            words = _label(scene, frame.speaker)
    if frame.speaker is not None and frame.speaker.person:
        holder = _person(scene.dossier, frame.speaker.person, days)
    elif mention is not None:
        holder = _of_mention(scene, mention, days)
    elif frame.speaker is not None:
        holder = _label(scene, frame.speaker)
    actors = scene.holders(frame)
    return Link(
        words=" ".join(words.split()) if words else None,
        holder=holder or (_actor_name(scene.dossier, actors[0]) if len(actors) == 1 else None),
        actors=actors,
        how=frame.cls,
        cue=frame.cue.text if frame.cue is not None else None,
        direct=frame.direct,
        negated=frame.negated,
    )


def _teller(scene: Scene, frame: Frame) -> Mention | None:
    doer = scene.cast.doer(frame.cue) if frame.cue is not None else None
    return scene.cast.mention(doer) if doer is not None else None


def _mentioned(scene: Scene, within: Span, actors: set[str]) -> Mention | None:
    inside = (m for m in scene.mentions if within.start <= m.span.start < within.end)
    return next((m for m in inside if m.actor in actors), None)


def _label(scene: Scene, speaker: Speaker | None) -> str | None:
    if speaker is None:
        return None
    return speaker.name or (speaker.span.of(scene.document.text) if speaker.span else None)


def _of_mention(scene: Scene, mention: Mention, days: Days) -> str | None:
    """Whom a mention stands for: a person with office, an office, else the actor itself."""
    if mention.person:
        return _person(scene.dossier, mention.person, days)
    described = ", ".join(word for word in (mention.name, mention.role) if word)
    return described or _actor_name(scene.dossier, mention.actor)


def _person(dossier: Dossier, person_id: str, days: Days) -> str:
    """A person with the office held on the first of the days on which they held one."""
    person = dossier.people[person_id]
    office = next((held for day in days if (held := person.office_on(day)) is not None), None)
    if office is None:
        return f"{person.name}, out of office" if days else person.name
    until = office.end.isoformat() if office.end else "today"
    return f"{person.name}, {office.title} ({office.start.isoformat()} to {until})"


def _actor_name(dossier: Dossier, actor: str | None) -> str | None:
    found = dossier.actors.get(actor or "")
    return found.name if found else None


def _day(value: str) -> date:
    """The day, or the first of the month or year that a coarser date names."""
    return date.fromisoformat(value + "-01-01"[len(value) - 4 :])
