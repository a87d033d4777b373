"""What the rules for propositions and acts share: evidence, targets, stances, making a finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span
from services.core.domain.vocabulary import Stance, Status
from workers.extraction.event_dates import Basis, Dated
from workers.extraction.findings import Finding
from workers.extraction.frames import Frame
from workers.extraction.scene import Commitment

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line, Sign

_MAX_EVIDENCE = 260
SUPPORTS, OPPOSES, CONDITIONAL = Stance.SUPPORTS, Stance.OPPOSES, Stance.CONDITIONAL


def evidence(scene: Scene, token: Any, *more: Any) -> Span:
    """The clause around a token (and others), within its sentence and, if it stands in one, its content."""
    sentence = scene.document.sentence_at(token.idx) or Span(token.idx, token.idx + len(token))
    verb = token
    while verb.pos_ not in {"VERB", "AUX"} and verb.head.i != verb.i and verb.dep_ != "ROOT":
        verb = verb.head
    tokens = [t for t in verb.subtree if sentence.start <= t.idx < sentence.end] or [token]
    tokens = [*tokens, token, *more]
    start = min(t.idx for t in tokens)
    end = max(t.idx + len(t) for t in tokens)
    for frame in scene.chain(token.idx):
        for span in frame.spans:
            if span.start <= token.idx < span.end and span.end - span.start >= 20:
                start, end = max(start, span.start), min(end, span.end)
                break
        break
    if end - start > _MAX_EVIDENCE:
        start = max(start, token.idx - _MAX_EVIDENCE // 2)
        end = min(end, token.idx + _MAX_EVIDENCE // 2)
        start = scene.document.token_at(start).idx
        last = scene.document.token_at(end - 1)
        end = last.idx + len(last)
    text = scene.document.text
    while start < end and text[start] in " \n\t,.;:\"“”'’":
        start += 1
    while end > start and text[end - 1] in " \n\t,;:\"“'":
        end -= 1
    return Span(start, end) if end > start else Span(token.idx, token.idx + len(token))


def stance_of(polarity: int) -> Stance:
    """+1 supports, -1 opposes."""
    return SUPPORTS if polarity > 0 else OPPOSES


def from_commitment(
    scene: Scene,
    line: Line,
    token: Any,
    commitment: Commitment,
    proposition: str | None = None,
    stance: Stance | None = None,
    *,
    kind: str | None = None,
    recipients: Iterable[str] = (),
    condition: Span | None = None,
    weak: bool = False,
    rule: str = "",
    sure: float | None = None,
    status: Status = Status.ACTUAL,
) -> Finding:
    """The finding for what somebody commits to. Told by somebody else and undated, it makes no event."""
    frame = commitment.frame
    when = scene.said(frame) if commitment.rule != "own" else Dated(scene.article_date, Basis.SPEECH)
    if commitment.rule == "accuser":
        when, kind = Dated(None, Basis.OPEN), None
    if commitment.outer and when.basis is not Basis.EXPLICIT:
        kind = None
    holders = commitment.holders
    return Finding(
        holders=holders,
        line=line.number,
        evidence=evidence(scene, token),
        when=when,
        rule=f"{rule}/{commitment.rule}",
        confidence=sure if sure is not None else commitment.sure,
        proposition=proposition,
        stance=stance,
        kind=kind,
        recipients=tuple(r for r in recipients if r not in holders),
        condition=condition,
        speaker=scene.speaker(frame, holders[0]) if len(holders) == 1 else None,
        weak=weak,
        status=status,
    )


def spoken_act(
    scene: Scene,
    line: Line,
    frame: Frame,
    kind: str,
    recipients: Iterable[str] = (),
    *,
    rule: str,
    sure: float,
    weak: bool = False,
) -> Finding:
    """The finding for what a frame's verb does by itself, whatever is said."""
    holders = scene.holders(frame)
    return Finding(
        holders=holders,
        line=line.number,
        evidence=evidence(scene, frame.cue),
        when=scene.said(frame),
        rule=rule,
        confidence=sure,
        kind=kind,
        recipients=tuple(r for r in recipients if r not in holders),
        speaker=scene.speaker(frame, holders[0]) if len(holders) == 1 else None,
        weak=weak,
    )


def doing(token: Any, agents: tuple[str, ...], sure: float) -> Commitment:
    """The word of those who do what a verb or noun says, where nobody else tells of it."""
    return Commitment(agents, 1, Frame("act", token, (), agents), (), "act", sure)


def after(value: str, day: str | None) -> bool:
    """Whether a date lies after a day at the coarser of both precisions; nothing lies after an unknown day."""
    if not day:
        return False
    size = min(len(value), len(day))
    return value[:size] > day[:size]


def dated_act(
    scene: Scene,
    line: Line,
    token: Any,
    kind: str,
    date: str,
    actors: tuple[str, ...],
    recipients: Iterable[str] = (),
    *,
    rule: str,
    sure: float,
    status: Status | None = None,
) -> Finding:
    """The finding for an act that the text dates. Without a status, what lies after the article's day is planned."""
    if status is None:
        status = Status.PLANNED if after(date, scene.article_date) else Status.ACTUAL
    return Finding(
        holders=actors,
        line=line.number,
        evidence=evidence(scene, token),
        when=Dated(date, Basis.EXPLICIT),
        rule=rule,
        confidence=sure,
        kind=kind,
        recipients=tuple(recipients),
        status=status,
    )


def negated(line: Line, number: int, token: Any, reach: int = 4) -> bool:
    """Whether a word is denied in its clause: by the parse, or by a negator shortly before it."""
    if " why not " in line.before(number, reach + 2):
        return False
    before = line.before(number, reach).rsplit(" , ", 1)[-1]
    words = before.split()
    for negator in ("not", "no", "never", "without", "neither", "nor", "hardly", "cannot", "n't", "nothing"):
        if negator in words:
            if "why" in words:
                continue
            rest = words[words.index(negator) + 1 :]
            if not {"but", "because", "only", "doubt"} & set(rest[:2]) and not {"that", "which", "who"} & set(
                rest
            ):
                return True
    node = token
    for _ in range(5):
        if any(c.dep_ == "neg" for c in node.children):
            return True
        if (
            node.dep_ in {"xcomp", "aux", "auxpass", "acomp", "amod", "attr", "dobj", "pobj", "prep", "oprd"}
            and node.head.i != node.i
        ):
            node = node.head
            if node.lemma_.lower() in _BARRIERS:
                return False
        else:
            break
    return False


_BARRIERS = frozenset({"say", "tell", "think", "believe", "claim", "want", "deny", "accuse", "reject"})


def actor_signs(line: Line, first: int, last: int) -> Iterator[tuple[int, Sign]]:
    """The actors' signs between two places, with their numbers."""
    for number in range(max(0, first), min(last, len(line.signs))):
        if line.signs[number].code.startswith("@"):
            yield number, line.signs[number]


def has_modal(token: Any) -> bool:
    """Whether a word stands under "must", "should", "have to", "need to"."""
    node = token
    for _ in range(4):
        for child in node.children:
            if child.dep_ == "aux" and child.lower_ in {"must", "should", "ought"}:
                return True
        if (
            node.lemma_.lower() in {"have", "need", "require", "obligate", "oblige"}
            and node.i != token.i
            and node.pos_ in {"VERB", "AUX"}
        ):
            return True
        if node.dep_ in {"xcomp", "conj", "ccomp", "acl", "pobj", "prep", "dobj"} and node.head.i != node.i:
            node = node.head
        else:
            return False
    return False


def frames_of(scene: Scene, token: Any, classes: Iterable[str]) -> Frame | None:
    """The innermost frame of one of some classes around a token."""
    wanted = frozenset(classes)
    return next((f for f in scene.chain(token.idx) if f.cls in wanted), None)
