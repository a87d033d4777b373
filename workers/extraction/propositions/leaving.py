"""A party leaves the treaty: its own announcing, suspending and ending, as acts and as its stance (`us-withdrawal`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.vocabulary import Status
from workers.extraction.event_dates import Basis, Dated
from workers.extraction.exits import Exit, Mood, exits
from workers.extraction.findings import Finding
from workers.extraction.rulework import SUPPORTS, after, evidence
from workers.extraction.syntax import heads

if TYPE_CHECKING:
    from workers.extraction.frames import Frame
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


_P = "us-withdrawal"


def act_of_leaving(scene: Scene, line: Line, leaving: Exit) -> Iterator[Finding]:
    leaver, token = scene.parts.leaver, leaving.token
    if leaving.mood in {Mood.UNREAL, Mood.THREATENED} or _only_asked(scene, token):
        return
    if leaving.mood is Mood.NAMED and not _announced(scene, token):
        return
    holders = (leaver,)
    chain = [f for f in scene.chain(token.idx) if scene.holders(f)]
    teller = scene.holders(chain[0]) if chain else ()
    own = leaver in teller
    when, kind, status = _dated(scene, leaving, chain)
    speaker = scene.speaker(chain[0], leaver) if own else None
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
        recipients=(scene.parts.accused,),
        status=status,
        speaker=speaker,
    )
    if unless and leaving.suspends and not scene.has(line, "(announce|declare|notify)"):
        return
    if kind == "withdrawal-announced" or starting or (leaving.suspends and status is Status.ACTUAL):
        yield from _planned(scene, line, leaving, when)


def _only_asked(scene: Scene, token: Any) -> bool:
    """Whether somebody else asks for it, fears it or denies it."""
    leaver = scene.parts.leaver
    for frame in scene.chain(token.idx):
        holders = scene.holders(frame)
        if frame.negated or (frame.cls in {"oppose", "endorse"} and leaver not in holders):
            return True
        if frame.cls in {"urge", "deny"} and frame.cue is not None and leaver not in holders:
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
_PART_OF = frozenset({"dobj", "pobj", "prep", "nsubjpass", "xcomp", "acl", "conj", "ccomp", "pcomp", "attr"})


def _announced(scene: Scene, token: Any) -> bool:
    """Whether a noun's exit is announced, begun or given notice of here."""
    for node in heads(token, 6, _PART_OF):
        if node.lemma_.lower() in _ANNOUNCING:
            agents = scene.agents(node)
            return not agents or scene.parts.leaver in agents
    return False


def _dated(scene: Scene, leaving: Exit, chain: list[Frame]) -> tuple[Dated, str | None, Status]:
    leaver, token = scene.parts.leaver, leaving.token
    own = next((f for f in chain if leaver in scene.holders(f)), None)
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
            late = after(explicit, scene.article_date)
            return Dated(explicit, Basis.EXPLICIT), kind, Status.PLANNED if late else Status.ACTUAL
        return Dated(None, Basis.OPEN), None, Status.ACTUAL
    kind = "suspension" if leaving.suspends else "withdrawal-announced"
    if own is not None:
        return scene.said(own), kind, Status.ACTUAL
    announcing = _announcing_verb(scene, token)
    if announcing is not None:
        when = scene.done(announcing, (leaver,))
        return when, kind if when.value else None, Status.ACTUAL
    if explicit:
        late = after(explicit, scene.article_date)
        return (
            Dated(explicit, Basis.EXPLICIT),
            "agreement-ended" if late and not leaving.suspends else kind,
            Status.PLANNED if late else Status.ACTUAL,
        )
    return Dated(None, Basis.OPEN), None, Status.ACTUAL


def _announcing_verb(scene: Scene, token: Any) -> Any:
    for node in heads(token, 6):
        if node.lemma_.lower() in _ANNOUNCING | {
            "say",
            "decide",
            "vow",
            "pledge",
            "threaten",
        } and node.pos_ in {"VERB", "NOUN"}:
            agents = scene.agents(node)
            return node if not agents or scene.parts.leaver in agents else None
    return None


def _planned(scene: Scene, line: Line, leaving: Exit, when: Dated) -> Iterator[Finding]:
    """The day on which what is announced takes effect, if the sentence gives it."""
    said = when.value or scene.article_date
    if not said:
        return
    for timex, value in scene.dating.in_sentence(leaving.token):
        if not after(value, said):
            continue
        near = _clause_exit(scene, line, timex.start)
        kind = "suspension" if near is not None and near.suspends else "agreement-ended"
        if near is None or (near.mood is Mood.DONE and near.token.i != leaving.token.i):
            continue  # "gave notice in February and left in August": done, not planned
        if near.token.i != leaving.token.i and scene.parts.accused in near.agents:
            continue
        if scene.dating.explicit(near.token) != value and scene.dating.explicit(leaving.token) != value:
            continue
        starting = any(w in line.code for w in (" process ", " start ", " begin ", " notice "))
        if starting and kind == "agreement-ended" and "month" not in timex_text(scene, timex):
            kind = "withdrawal-announced"
        yield Finding(
            holders=(scene.parts.leaver,),
            line=line.number,
            evidence=evidence(scene, leaving.token),
            when=Dated(value, Basis.EXPLICIT),
            rule="withdrawal/planned",
            confidence=0.7,
            kind=kind,
            recipients=(scene.parts.accused,),
            status=Status.PLANNED,
        )


def timex_text(scene: Scene, timex: Any) -> str:
    """The words of a time expression."""
    return scene.document.text[timex.start : timex.end].lower()


def _clause_exit(scene: Scene, line: Line, offset: int) -> Exit | None:
    """The exit word that stands nearest before a date."""
    before = [e for e in exits(scene, line) if e.token.idx < offset]
    return before[-1] if before else None
