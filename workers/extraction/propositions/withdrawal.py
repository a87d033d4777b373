"""Is the United States right to leave? (`us-withdrawal`) Its own acts, and what others make of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.vocabulary import Status
from workers.extraction.event_dates import Basis, Dated
from workers.extraction.exits import Exit, Mood, exits
from workers.extraction.findings import Finding
from workers.extraction.frames import Frame, is_negated
from workers.extraction.rulework import OPPOSES, SUPPORTS, evidence, from_commitment
from workers.extraction.scene import Commitment

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_P = "us-withdrawal"
_STEP = "h=(step|move|decision|action|announcement|plan|withdrawal|exit|course|approach|pullout|choice|departure|policy)"
_ANAPHOR = _STEP
_RECONSIDER = "h=(reconsider*|rethink*|re-think|reverse|revise|revisit|think twice|think again|change ~2 mind|weigh|consider ~2 consequence|reflect)"
_STAY = "h=(stay|remain|continue) (in|within|party|a party|part of|inside|committed to|commit to) ~4 {treaty}"
_BAD_FAITH = "(pretext|blackmail|unprovoked|bad faith|far - fetched|excuse|smokescreen|invented|cynical*|fabricat*|under ~2 guise|lie|ulterior)"
_PRETEXT = "(pretext|far - fetched|excuse|smokescreen|invented|invent|fabricat*|fig leaf)"
_REACH = 10
_BACKING = (
    "(give|lend|offer|express|voice|pledge|reiterate|declare) @usa? ~4 h=(support|backing|solidarity) ~4",
    "stand shoulder to h=shoulder with ~1 @usa",
    "h=(side|sided) with ~1 @usa",
    "h=understanding (for|of) ~3 (@usa|decision|step|move)",
    "(stand|be|remain) ~4 h=(behind|by|with|alongside|beside) ~2 (@usa|washington|him|decision|#treaty)",
    "(be|stand) at ~2 @usa ~1 h=side",
    "h=(back|support|endorse) (him|@usa|them|this|that|it|decision|move)",
    "h=(share|understand|agree) with? ~4 @usa ~4 (view|assessment|concern|position|decision|reason|move|step)",
)
_ERR = "@usa ~3 (make|commit) ~3 h=(mistake|error|blunder)"
_IT = "h=(regard|consider|see|view|call|describe|be) (this|it|that)? (as)? ~3 ({bad})"


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    found = exits(scene, line)
    for leaving in found:
        if "usa" in leaving.agents and not leaving.negated:
            yield from _act(scene, line, leaving)
    yield from _judgements(scene, line, found)
    yield from _appeals(scene, line, found)
    yield from _backing(scene, line, found)


# --- the United States' own acts ------------------------------------------------------------------------


def _act(scene: Scene, line: Line, leaving: Exit) -> Iterator[Finding]:
    token = leaving.token
    if leaving.mood in {Mood.UNREAL, Mood.THREATENED} or _only_asked(scene, token):
        return
    if leaving.mood is Mood.NAMED and not _announced(scene, token):
        return
    holders = ("usa",)
    chain = [f for f in scene.chain(token.idx) if scene.holders(f)]
    teller = scene.holders(chain[0]) if chain else ()
    own = "usa" in teller
    when, kind, status = _dated(scene, leaving, chain)
    speaker = scene.speaker(chain[0], "usa") if own else None
    unless = scene.has(line, "unless") and leaving.mood is Mood.COMING
    starting = leaving.mood is Mood.COMING and any(
        w in line.before(leaving.number, 6) for w in (" start ", " begin ", " process ")
    )
    if unless and (leaving.suspends or starting):
        kind = None  # a threat with a way out: an ultimatum, no announcement
    yield Finding(
        holders=holders,
        line=line.number,
        evidence=evidence(scene, token),
        when=when,
        rule=f"withdrawal/{leaving.mood.value}",
        confidence=0.85 if own or not teller else 0.65,
        proposition=_P,
        stance=SUPPORTS,
        kind=kind,
        recipients=("russia",),
        status=status,
        speaker=speaker,
    )
    if unless and leaving.suspends and not scene.has(line, "(announce|declare|notify)"):
        return
    if kind == "withdrawal-announced" or starting or (leaving.suspends and status is Status.ACTUAL):
        yield from _planned(scene, line, leaving, when)


def _only_asked(scene: Scene, token: Any) -> bool:
    """Whether somebody else asks for it, fears it or denies it."""
    for frame in scene.chain(token.idx):
        holders = scene.holders(frame)
        if frame.negated or (frame.cls in {"oppose", "endorse"} and "usa" not in holders):
            return True
        if frame.cls in {"urge", "deny"} and frame.cue is not None and "usa" not in holders:
            return True
        if frame.cls == "warn" and frame.noun:
            return True
        if holders:
            return False
    return False


_ANNOUNCING = frozenset(
    [
        "announce",
        "declare",
        "confirm",
        "notify",
        "start",
        "begin",
        "complete",
        "trigger",
        "launch",
        "initiate",
        "order",
        "formalise",
        "formalize",
        "give",
        "submit",
        "serve",
        "announcement",
        "notice",
        "notification",
        "signal",
        "state",
        "unveil",
        "proclaim",
    ]
)


def _announced(scene: Scene, token: Any) -> bool:
    """Whether a noun's exit is announced, begun or given notice of here."""
    node = token
    for _ in range(6):
        if node.head.i == node.i:
            return False
        if node.dep_ not in {
            "dobj",
            "pobj",
            "prep",
            "nsubjpass",
            "xcomp",
            "acl",
            "conj",
            "ccomp",
            "pcomp",
            "attr",
        }:
            return False
        node = node.head
        if node.lemma_.lower() in _ANNOUNCING:
            agents = scene.agents(node)
            return not agents or "usa" in agents
    return False


def _dated(scene: Scene, leaving: Exit, chain: list[Frame]) -> tuple[Dated, str | None, Status]:
    token = leaving.token
    own = next((f for f in chain if "usa" in scene.holders(f)), None)
    told = [span for f in chain for span in f.spans]
    explicit = scene.dating.explicit(token, told) if told else scene.act_date(token)
    if leaving.mood is Mood.DONE:
        kind = "suspension" if leaving.suspends else "agreement-ended"
        formal = any(c.lower_ in {"formally", "officially", "today"} for c in token.children)
        if explicit is None and formal and not chain and scene.document.paragraph_index(token.idx) <= 2:
            explicit = scene.article_date
        if explicit is None and own is not None and not leaving.suspends:
            return scene.said(own), None, Status.ACTUAL
        if explicit:
            late = _after(explicit, scene.article_date)
            return Dated(explicit, Basis.EXPLICIT), kind, Status.PLANNED if late else Status.ACTUAL
        return Dated(None, Basis.OPEN), None, Status.ACTUAL
    kind = "suspension" if leaving.suspends else "withdrawal-announced"
    if own is not None:
        return scene.said(own), kind, Status.ACTUAL
    announcing = _announcing_verb(scene, token)
    if announcing is not None:
        when = scene.done(announcing, ("usa",))
        return when, kind if when.value else None, Status.ACTUAL
    if explicit:
        late = _after(explicit, scene.article_date)
        return (
            Dated(explicit, Basis.EXPLICIT),
            "agreement-ended" if late and not leaving.suspends else kind,
            Status.PLANNED if late else Status.ACTUAL,
        )
    return Dated(None, Basis.OPEN), None, Status.ACTUAL


def _announcing_verb(scene: Scene, token: Any) -> Any:
    node = token
    for _ in range(6):
        if node.head.i == node.i:
            return None
        node = node.head
        if node.lemma_.lower() in _ANNOUNCING | {
            "say",
            "decide",
            "vow",
            "pledge",
            "threaten",
        } and node.pos_ in {"VERB", "NOUN"}:
            agents = scene.agents(node)
            return node if not agents or "usa" in agents else None
    return None


def _planned(scene: Scene, line: Line, leaving: Exit, when: Dated) -> Iterator[Finding]:
    """The day on which what is announced takes effect, if the sentence gives it."""
    said = when.value or scene.article_date
    if not said:
        return
    for timex, value in scene.dating.in_sentence(leaving.token):
        if not _after(value, said):
            continue
        near = _clause_exit(scene, line, timex.start)
        kind = "suspension" if near is not None and near.suspends else "agreement-ended"
        if near is None or (near.token.i != leaving.token.i and "russia" in near.agents):
            continue
        if scene.dating.explicit(near.token) != value and scene.dating.explicit(leaving.token) != value:
            continue
        starting = any(w in line.code for w in (" process ", " start ", " begin ", " notice "))
        if starting and kind == "agreement-ended" and "month" not in timex_text(scene, timex):
            kind = "withdrawal-announced"
        yield Finding(
            holders=("usa",),
            line=line.number,
            evidence=evidence(scene, leaving.token),
            when=Dated(value, Basis.EXPLICIT),
            rule="withdrawal/planned",
            confidence=0.7,
            kind=kind,
            recipients=("russia",),
            status=Status.PLANNED,
        )


def timex_text(scene: Scene, timex: Any) -> str:
    """The words of a time expression."""
    return scene.document.text[timex.start : timex.end].lower()


def _clause_exit(scene: Scene, line: Line, offset: int) -> Exit | None:
    """The exit word that stands nearest before a date."""
    before = [e for e in exits(scene, line) if e.token.idx < offset]
    return before[-1] if before else None


def _after(value: str, day: str | None) -> bool:
    """Whether a date lies after a day at the coarser of both precisions."""
    if not day:
        return False
    size = min(len(value), len(day))
    return value[:size] > day[:size]


# --- what others make of it -------------------------------------------------------------------------------


def _judgements(scene: Scene, line: Line, found: list[Exit]) -> Iterator[Finding]:
    places = [(e.token, e.number) for e in found if _is_us(e) and not e.suspends]
    if not places and _lately(scene, line):
        for hit in scene.find(line, _ANAPHOR):
            number = hit.names.get("h", hit.first)
            if hit.token().tag_ == "NNS":
                continue
            places.append((line.doc[line.signs[number].first], number))
        for hit in scene.find(line, _IT):
            number = hit.names["h"]
            if any(s.code in {"this", "it", "that"} for s in line.signs[max(0, number - 1) : number + 2]):
                places.append((line.doc[line.signs[number].first], number))
    if not places and _lately(scene, line, 60):
        places.extend((hit.token(), hit.names["h"] - 1) for hit in scene.find(line, _ERR))
    done: set[tuple[tuple[str, ...], str]] = set()
    for token, number in places:
        for finding in _judged(scene, line, token, number):
            key = (finding.holders, finding.stance.value if finding.stance else "")
            if key not in done:
                done.add(key)
                yield finding


def _is_us(leaving: Exit) -> bool:
    return "usa" in leaving.agents or not leaving.agents


def _lately(scene: Scene, line: Line, back: int = 12) -> bool:
    return any(
        "usa" in e.agents
        for other in scene.lines[max(0, line.number - back) : line.number + 1]
        for e in exits(scene, other)
    )


def _judged(scene: Scene, line: Line, token: Any, number: int) -> Iterator[Finding]:
    chain = scene.chain(token.idx)
    for frame in chain:
        holders = scene.holders(frame)
        if "usa" in holders and frame.cls != "endorse":
            if frame.noun:
                continue
            return
        if not holders:
            continue
        if frame.cls in {"pledge", "propose", "urge"}:
            continue
        stance = _by_frame(frame) or _by_words(scene, line, frame, number)
        if stance is None and frame.cls == "deny":
            return
        if stance is None:
            continue
        commitment = Commitment(
            holders, 1, frame, scene.outer_of(chain[chain.index(frame) + 1 :], holders), frame.cls, 0.75
        )
        yield from _judgement(scene, line, token, commitment, stance, 0.8 if _by_frame(frame) else 0.68)
        return
    if scene.own_voice and scene.own_voice != "usa":
        stance = _near(scene, line, number, 0, len(line.signs))
        if stance is not None:
            yield from _judgement(scene, line, token, scene.own_word(1), stance, 0.68)


def _judgement(
    scene: Scene, line: Line, token: Any, commitment: Commitment, stance: Any, sure: float
) -> Iterator[Finding]:
    bad_faith = stance is OPPOSES and scene.has(line, _BAD_FAITH)
    kind = "accusation" if bad_faith else "endorsement" if stance is SUPPORTS else "statement"
    if "usa" in commitment.holders:
        kind = "statement"
    yield from_commitment(
        scene,
        line,
        token,
        commitment,
        _P,
        stance,
        kind=kind,
        recipients=("usa",) if kind != "statement" else (),
        weak=kind == "statement",
        rule="withdrawal-judged",
        sure=sure,
    )
    if bad_faith and "russia" in commitment.holders and scene.has(line, _PRETEXT):
        yield from_commitment(  # a pretext is a charge without ground
            scene,
            line,
            token,
            commitment,
            "russia-complied",
            SUPPORTS,
            kind="denial",
            recipients=("usa",),
            rule="withdrawal-pretext",
            sure=0.6,
        )


def _by_frame(frame: Frame) -> Any:
    if frame.negated:
        return OPPOSES if frame.cls == "endorse" else None
    if frame.cls == "oppose" or (frame.cls == "warn" and frame.lemma in {"concern", "worry", "fear"}):
        return OPPOSES
    if frame.cls == "endorse" or frame.lemma in {"understand", "agree with", "share"}:
        return SUPPORTS
    return None


def _by_words(scene: Scene, line: Line, frame: Frame, number: int) -> Any:
    covered = [n for n, s in enumerate(line.signs) if frame.covers(line.doc[s.first].idx)]
    if not covered:
        return None
    cue = line.sign_of(frame.cue.i) if frame.cue is not None else None
    if (
        frame.lemma
        in {
            "call",
            "describe",
            "label",
            "brand",
            "dub",
            "term",
            "see",
            "view",
            "regard",
            "consider",
            "deem",
            "condemn",
        }
        and cue is not None
    ):
        covered = [*covered, *range(covered[-1] + 1, min(len(line.signs), covered[-1] + 6))]
    return _near(scene, line, number, covered[0], covered[-1] + 1)


def _near(scene: Scene, line: Line, number: int, first: int, last: int) -> Any:
    """The judging word nearest to the exit, not about Russia's conduct and not denied."""
    if scene.has(line, _BAD_FAITH):
        return OPPOSES
    best: tuple[int, Any] | None = None
    for source, stance in (("h=({bad})", OPPOSES), ("h=({good})", SUPPORTS)):
        for hit in scene.find(line, source):
            at = hit.names["h"]
            distance = abs(at - number)
            if not first <= at < last or distance > _REACH or at == number:
                continue
            between = line.signs[min(at, number) + 1 : max(at, number)]
            if (
                any(
                    s.code in {"@russia", ";", "#9m729"} or s.code.startswith(("violat", "breach"))
                    for s in between
                )
                and distance > 3
            ):
                continue
            negative = any(
                s.code in {"not", "no", "never", "hardly"} for s in line.signs[max(0, at - 3) : at]
            )
            judged = stance if not negative else (SUPPORTS if stance is OPPOSES else OPPOSES)
            if negative and stance is OPPOSES:
                continue
            if best is None or distance < best[0]:
                best = (distance, judged)
    return best[1] if best else None


# --- backing and blame without the word ---------------------------------------------------------------------


def _backing(scene: Scene, line: Line, found: list[Exit]) -> Iterator[Finding]:
    """ "gave Washington its full support", "sided with the Americans", "stood firmly behind the decision"."""
    if not (found or _lately(scene, line, 40)):
        return
    for source in _BACKING:
        for hit in scene.find(line, source):
            token = hit.token()
            if is_negated(token):
                continue
            for commitment in scene.commitments(token, 1):
                if "usa" in commitment.holders or "russia" in commitment.holders or commitment.polarity < 0:
                    continue
                yield from_commitment(
                    scene,
                    line,
                    token,
                    commitment,
                    _P,
                    SUPPORTS,
                    kind="endorsement",
                    recipients=("usa",),
                    rule="withdrawal-backed",
                    sure=0.65,
                )
                return
            agents = tuple(a for a in scene.agents(token) if a not in {"usa", "russia"})
            if agents and not scene.chain(token.idx):
                frame = Frame("endorse", token, (), agents, noun=token.pos_ == "NOUN")
                commitment = Commitment(agents, 1, frame, (), "endorse", 0.65)
                yield from_commitment(
                    scene,
                    line,
                    token,
                    commitment,
                    _P,
                    SUPPORTS,
                    kind="endorsement",
                    recipients=("usa",),
                    rule="withdrawal-backed",
                    sure=0.65,
                )
                return


# --- appeals ----------------------------------------------------------------------------------------------


def _appeals(scene: Scene, line: Line, found: list[Exit]) -> Iterator[Finding]:
    tokens = [e.token for e in found if e.negated and _is_us(e)]
    if found or _lately(scene, line):
        tokens += [h.token() for h in scene.find(line, _RECONSIDER)]
    tokens += [h.token() for h in scene.find(line, _STAY) if "@usa" in line.code]
    for token in tokens:
        for frame in scene.chain(token.idx):
            holders = tuple(h for h in scene.holders(frame) if h != "usa")
            if not holders:
                continue
            if frame.cls == "urge" or frame.lemma in {"urge", "ask", "call"}:
                commitment = Commitment(holders, -1, frame, (), "urge", 0.75)
                yield from_commitment(
                    scene,
                    line,
                    token,
                    commitment,
                    _P,
                    OPPOSES,
                    kind="demand",
                    recipients=("usa",),
                    rule="withdrawal-appeal",
                )
            break
