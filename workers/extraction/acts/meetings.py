"""Talks, meetings, councils, briefings, calls, as far as they have a date and to do with the subject."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.event_dates import Basis
from workers.extraction.rulework import dated_act
from workers.extraction.syntax import heads

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_NOUNS = frozenset(
    [
        "meeting",
        "talk",
        "talks",
        "consultation",
        "summit",
        "session",
        "briefing",
        "negotiation",
        "discussion",
        "visit",
        "call",
        "conversation",
        "dialogue",
        "conference",
        "gathering",
        "round",
        "presentation",
        "demonstration",
        "display",
        "ministerial",
    ]
)

_SHOWN = frozenset({"show", "demonstrate", "present", "display", "unveil", "exhibit"})
_VERB = "h=(see|reach|meet|hold|discuss|consult|confer|gather|convene|negotiate|brief|host|talk|sit|show|demonstrate|present|display|visit|speak|attend|exhibit|take)"
_NOUN = "h=(meeting|talk|talks|consultation|summit|session|briefing|negotiation|discussion|visit|call|conversation|round|presentation|demonstration|display)"
_NAMED = "({treaty}|#9m729|#inf*|#moratorium|#usmissile|#rumissile)"
#: What else is met about, where the subject is not named beside it.
_ELSEWHERE = (
    "(about|on|over|regarding|concerning) ~3 (war|trade|climate|economy|gas|grain|prisoner|syria|@ukraine|libya|energy|"
    "sanction|border|migration|migrant|budget|tariff|visa|election|terrorism|@iran|@north-korea|peace|pension|football)"
)
_SUBJECT = "(#treaty|#9m729|#inf*|#moratorium|missile|arms control|#mk41|inf|disarmament)"


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line: one for each day."""
    days: set[str] = set()
    for source in (_VERB, _NOUN):
        for hit in scene.find(line, source):
            token = hit.token()
            if not _is_meeting(scene, line, token):
                continue
            date = _date(scene, token)
            if not date or len(date) < 7 or date in days:
                continue
            actors = _actors(scene, token)
            if not actors or not on_subject(scene, line):
                continue
            if (
                token.dep_ == "pobj"
                and token.head.lower_ in {"after", "following", "at", "during", "of", "before"}
                and len(actors) < 2
            ):
                continue  # the place of another act, not an act of its own
            days.add(date)
            guests = [guest for guest in _guests(scene, token) if guest not in actors]
            yield dated_act(
                scene, line, token, "consultation", date, actors, guests, rule="meeting", sure=0.7
            )


def _is_meeting(scene: Scene, line: Line, token: Any) -> bool:  # noqa: PLR0912  # a cascade of cases, each of one line
    lemma = token.lemma_.lower()
    if lemma == "host" and token.pos_ != "VERB":
        return False
    if token.pos_ == "VERB":
        if lemma == "meet":
            return not any(c.dep_ == "dobj" and not scene.actors(c) for c in token.children)
        if lemma == "see":
            return token.dep_ == "xcomp" and token.head.lemma_.lower() in {
                "due",
                "schedule",
                "set",
                "expect",
                "plan",
            }
        if lemma == "reach":
            return " by phone " in line.code or " by telephone " in line.code
        if lemma == "sit" and any(c.lower_ == "down" for c in token.children):
            return True
        if lemma in {"hold", "host", "attend", "take", "sit"}:
            return any(
                c.lemma_.lower() in _NOUNS for c in token.subtree if c.i > token.i and c.i < token.i + 8
            ) or (lemma == "take" and any(c.lemma_.lower() == "part" for c in token.children))
        if lemma in _SHOWN:
            return "#9m729" in line.code or any(
                w in line.code for w in (" attache", " diplomat", " journalist", " reporter ")
            )
        if lemma == "visit":
            return False
        if lemma == "speak":
            return any(w in line.code for w in (" phone ", " telephone ", " call "))
        if lemma == "discuss":
            return token.dep_ != "xcomp" or token.head.lemma_.lower() in {
                "meet",
                "gather",
                "due",
                "expect",
                "schedule",
            }
        return lemma in {"consult", "confer", "gather", "convene", "negotiate", "brief", "talk"}
    if token.pos_ not in {"NOUN", "PROPN"}:
        return False
    if lemma == "call":
        return any(c.lemma_.lower() in {"phone", "telephone", "conference", "video"} for c in token.children)
    if lemma in {
        "visit",
        "conversation",
        "discussion",
        "display",
        "demonstration",
        "presentation",
        "round",
        "briefing",
    }:
        return "#9m729" in line.code or (
            lemma in {"round", "conversation", "discussion", "briefing"}
            and "weekly" not in line.code
            and " news " not in line.code
            and " press " not in line.code
        )
    return not any(
        w in line.before(line.sign_of(token.i) or 0, 2)
        for w in (" ready for ", " call for ", " call on ", " propose ")
    )


def _date(scene: Scene, token: Any) -> str | None:
    for child in token.children:
        if child.dep_ in {"relcl", "acl"} and child.lemma_.lower() in {
            "organize",
            "organise",
            "hold",
            "take",
            "host",
            "convene",
        }:
            return scene.dating.explicit(child)
    spans = [s for f in scene.chain(token.idx) for s in f.spans if f.cue is not None]
    inside = scene.dating.explicit(token, spans) if spans else None
    if inside:
        return inside
    for timex, value in scene.dating.in_sentence(token):
        if token.pos_ in {"NOUN", "PROPN"}:
            between = abs(timex.start - token.idx)
            if between < 45 and (timex.end <= token.idx + 1 or _hangs(scene, timex, token)):
                return value
    if token.pos_ == "VERB" and not spans:
        given = scene.act_date(token)
        if (
            given is None
            and token.tag_ == "VBD"
            and token.lemma_.lower() in {"meet", "sit", "confer", "hold"}
            and scene.document.paragraph_index(token.idx) <= 6
        ):
            done = scene.done(token, ())
            return done.value if done.basis in {Basis.ARTICLE, Basis.LEANED} else None
        return given
    if token.pos_ == "VERB":
        return scene.dating.explicit(token)
    return (
        scene.dating.explicit(token, spans)
        if spans
        else scene.act_date(token)
        if token.dep_ in {"dobj", "nsubjpass", "nsubj"}
        else None
    )


def _hangs(scene: Scene, timex: Any, token: Any) -> bool:
    for node in heads(scene.document.token_at(timex.start), 5):
        if node.i == token.i:
            return True
        if node.pos_ == "VERB":
            return False
    return False


def _actors(scene: Scene, token: Any) -> tuple[str, ...]:  # noqa: PLR0912  # a cascade of cases, each of one line
    found: dict[str, None] = {}
    if token.pos_ == "VERB":
        found.update(dict.fromkeys(scene.agents(token)))
        nouns = [c for c in token.children if c.dep_ in {"dobj", "nsubjpass"}]
    else:
        nouns = [token]
        head = token.head
        if head.pos_ == "VERB" and head.lemma_.lower() in {
            "hold",
            "take",
            "host",
            "attend",
            "have",
            "begin",
            "open",
            "continue",
            "start",
            "resume",
            "end",
            "conclude",
            "fail",
            "stall",
            "schedule",
            "plan",
        }:
            found.update(dict.fromkeys(scene.agents(head)))
    if token.pos_ == "VERB" and token.lemma_.lower() in _SHOWN | {"brief"}:
        return tuple(a for a in found if a != "nobody")
    for noun in nouns:
        if noun.pos_ == "VERB":
            continue
        for child in noun.subtree:
            if child.dep_ == "relcl":
                break
            mention = scene.cast.mention(child)
            if mention is not None and mention.actor and mention.kind != "place":
                found[mention.actor] = None
    for node in (token, *([token.head] if token.pos_ == "NOUN" and token.head.pos_ == "VERB" else [])):
        for child in node.children:
            if (
                child.dep_ == "dobj"
                and node.pos_ == "VERB"
                and node.lemma_.lower() in {"meet", "consult", "visit", "see", "reach"}
            ):
                found.update(dict.fromkeys(scene.actors(child)))
            if child.dep_ == "prep" and child.lower_ in {"with", "between", "of", "by"}:
                for inner in child.children:
                    if inner.dep_ == "pobj":
                        found.update(dict.fromkeys(scene.actors(inner)))
    return tuple(a for a in found if a in scene.dossier.actors)


def _guests(scene: Scene, token: Any) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for child in token.children:
        if child.dep_ in {"prep", "dative"} and child.lower_ in {"to", "for"}:
            for inner in child.children:
                if inner.dep_ == "pobj":
                    found.update(dict.fromkeys(scene.actors(inner)))
    return tuple(found)


def on_subject(scene: Scene, line: Line) -> bool:
    """Whether a meeting told of in a line has to do with the subject."""
    if "#other" in line.code and "#treaty" not in line.code:
        return False
    if not scene.has(line, _SUBJECT) and scene.has(line, _ELSEWHERE):
        return False
    return scene.has(line, _SUBJECT) or scene.recently(line, _NAMED, 5)
