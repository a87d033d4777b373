"""Two who see, receive, phone or brief each other on a day that the text gives, whatever noun names their meeting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.acts.meetings import on_subject
from workers.extraction.reality import denied, told_as_done
from workers.extraction.rulework import dated_act

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_WHOM = frozenset(
    {"receive", "phone", "telephone", "ring", "see", "brief", "meet", "consult", "visit", "sound"}
)
#: With whom, or to whom, one does these.
_WITH = {
    "talk": {"with", "to"},
    "speak": {"with", "to"},
    "confer": {"with"},
    "sit": {"with"},
    "dine": {"with"},
    "lunch": {"with"},
    "spend": {"with"},
    "raise": {"with"},
    "discuss": {"with"},
    "meet": {"with"},
    "explain": {"to"},
    "present": {"to"},
    "negotiate": {"with"},
    "consult": {"with"},
}
_OPENING = frozenset(
    {"open", "begin", "start", "resume", "hold", "take", "continue", "schedule", "plan", "convene", "meet"}
)
_TALKS = frozenset(
    {
        "talk",
        "talks",
        "negotiation",
        "consultation",
        "round",
        "dialogue",
        "commission",
        "delegation",
        "negotiator",
    }
)


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line: one for each pair and day."""
    done: set[tuple[str, tuple[str, ...]]] = set()
    for sign in line.signs:
        token = line.doc[sign.first]
        if token.pos_ != "VERB":
            continue
        actors = _pair(scene, token) or _talks(scene, line, token)
        if not actors or not told_as_done(token) or denied(scene, token) or not on_subject(scene, line):
            continue
        date = _date(scene, token)
        if not date or len(date) < len("2019-01") or (date, actors) in done:
            continue
        done.add((date, actors))
        yield dated_act(scene, line, token, "consultation", date, actors, rule="encounter", sure=0.65)


def _pair(scene: Scene, token: Any) -> tuple[str, ...]:
    """Who sees whom: two actors or more, one on each side."""
    lemma = token.lemma_.lower()
    guests: list[Any] = []
    if lemma in _WHOM and not (lemma == "see" and _judged(token)):
        guests += [c for c in token.children if c.dep_ in {"dobj", "nsubjpass"}]
    if lemma in _WITH:
        guests += [
            inner
            for c in token.children
            if c.dep_ in {"prep", "dative"} and c.lower_ in _WITH[lemma]
            for inner in c.children
            if inner.dep_ == "pobj"
        ]
    hosts = tuple(a for a in scene.agents(token) if a in scene.dossier.actors)
    met = [a for guest in guests if _somebody(scene, guest) for a in scene.actors(guest)]
    others = tuple(a for a in met if a in scene.dossier.actors and a not in hosts)
    return tuple(dict.fromkeys((*hosts, *others))) if hosts and others else ()


def _judged(token: Any) -> bool:
    """ "Saw Russia as a threat": who is seen as something was not met."""
    near = (token, *(c for c in token.children if c.dep_ == "dobj"))
    return any(c.dep_ == "prep" and c.lower_ == "as" for node in near for c in node.children)


def _somebody(scene: Scene, token: Any) -> bool:
    """Whether a phrase stands for people: no place, no weapons, no words."""
    mention = scene.cast.mention(token)
    if mention is not None:
        return mention.kind != "place"
    return token.lemma_.lower() in _PEOPLE


_PEOPLE = frozenset(
    {
        "minister", "secretary", "president", "adviser", "ambassador", "official", "ally", "leader", "counterpart",
        "colleague", "envoy", "negotiator", "delegation", "inspector", "diplomat", "chief", "deputy", "chancellor", "premier",
    }
)  # fmt: skip


def _talks(scene: Scene, line: Line, token: Any) -> tuple[str, ...]:
    """ "Talks opened in Geneva on ...", nobody named: those of the two sides."""
    if token.lemma_.lower() not in _OPENING or scene.agents(token):
        return ()
    for child in token.children:
        if child.dep_ in {"nsubj", "nsubjpass"} and child.lemma_.lower() in _TALKS:
            named = any(scene.cast.mention(t) is not None for t in child.subtree)
            return () if named or "#other" in line.code else (scene.parts.accused, scene.parts.leaver)
    return ()


def _date(scene: Scene, token: Any) -> str | None:
    spans = [s for f in scene.chain(token.idx) for s in f.spans if f.cue is not None]
    return scene.dating.explicit(token, spans) if spans else scene.act_date(token)
