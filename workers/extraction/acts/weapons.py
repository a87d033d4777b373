"""Tests of missiles of the kind in question, with their day, month or year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.acts.arms import owner
from workers.extraction.reality import only_perhaps, told_as_done
from workers.extraction.rulework import after, dated_act

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_MISSILE = "(#inf*|#9m729|#usmissile|#rumissile|missile|weapon)"
_TESTS = (
    f"h=(test|test-fire|test-fired|test-launch|fire|launch|fly|flight-test|trial|tested|conduct|carry out|shot) ~7 {_MISSILE}",
    f"h=(test|tests|launch|firing|trial|flight|testing|flights) ~4 of ~6 {_MISSILE}",
    f"{_MISSILE} ~3 h=(test|launch|tests|trial|be test|flight)",
    f"{_MISSILE} %4 be ~2 h=(test|fire|launch|tested|fired)",
    f"conduct|carry ~4 h=(test|tests|launch|trial) ~6 {_MISSILE}",
)


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    if not any(
        w in line.code for w in (" test", " fire", " launch", " trial", " firing", " flight", " fly ")
    ):
        return
    done: set[str] = set()
    for source in _TESTS[:4]:
        for hit in scene.find(line, source):
            token = hit.token()
            if token.lemma_.lower() in {"conduct", "carry"} and not any(
                w in line.code for w in (" test ", " launch ", " trial ")
            ):
                continue
            if token.lemma_.lower() in _LOOSE and token.pos_ == "VERB" and not _trial(scene, line, token):
                continue
            if (
                not told_as_done(token, perhaps=True)
                or _alleged(scene, token)
                or any(w in line.code for w in (" target missile", " intercept"))
            ):
                continue
            carried = _carried(token)
            actors = tuple(a for a in scene.agents(token) if a in scene.dossier.actors)
            actors = (
                actors or (scene.agents(carried) if carried is not None else ()) or _owner(scene, line, token)
            )
            for date in _dates(scene, token) or (_dates(scene, carried) if carried is not None else []):
                if only_perhaps(token) and not after(date, scene.article_date):
                    continue  # "could test last year": was able to
                if date not in done and actors:
                    done.add(date)
                    yield dated_act(
                        scene,
                        line,
                        token,
                        "weapons-test",
                        date,
                        actors,
                        rule="weapons-test",
                        sure=0.75,
                    )


_LOOSE = frozenset({"fire", "launch", "fly"})


def _trial(scene: Scene, line: Line, token: Any) -> bool:
    """Whether a launch is one of a missile of the kind: it is named, a test was told of, or it is a single one."""
    if token.lemma_.lower() == "fly" and (
        not any(c.dep_ == "dobj" for c in token.children) or _carried_off(line, token)
    ):
        return False
    if _known(line) or scene.recently(line, "(test*) ~8 (#inf*|#9m729|missile)", 3):
        return True
    single = any(
        c.dep_ in {"dobj", "nsubjpass"} and c.tag_ == "NN" and c.lemma_.lower() in {"missile", "rocket"}
        for c in token.children
    )
    return single and scene.recently(line, "({treaty}|#inf*|#9m729|#usmissile|#rumissile)", 2)


def _carried_off(line: Line, token: Any) -> bool:
    """ "Flew the missiles out of Germany", "to Denmark": weapons brought from place to place, and no flight of theirs."""
    if any(w in line.code for w in (" test ", " trial ", " range ")):
        return False
    near = (token, *(c for c in token.children if c.dep_ == "dobj"))
    return any(
        c.i > token.i
        and (
            c.lower_ in _WAYS
            or (c.lower_ == "in" and c.dep_ in {"prt", "advmod"})
            or (c.dep_ in {"advcl", "xcomp"} and c.text[0].isupper())  # "to Denmark", taken for an infinitive
        )
        for node in near
        for c in node.children
    )


_WAYS = frozenset({"out", "off", "home", "away", "back", "into", "to", "abroad", "there", "here"})


def _carried(token: Any) -> Any:
    """ "The tests of such missiles carried out by the Pentagon in August": the verb that dates the noun."""
    if token.pos_ != "NOUN":
        return None
    return next(
        (
            t
            for t in token.subtree
            if t.dep_ == "acl" and t.lemma_.lower() in {"carry", "conduct", "perform", "hold", "do", "make"}
        ),
        None,
    )


def _known(line: Line) -> bool:
    return any(s.code in {"#inf", "#9m729", "#usmissile", "#rumissile"} for s in line.signs)


def _alleged(scene: Scene, token: Any) -> bool:
    """What is alleged inside an accusation is not an event."""
    for frame in scene.chain(token.idx):
        if frame.cls in {"accuse", "deny", "urge", "warn"} or (frame.cls == "claim" and scene.holders(frame)):
            return True
        holders = scene.holders(frame)
        if holders and not set(holders) & set(scene.agents(token)) and scene.said(frame).value is None:
            return True
    return False


def _owner(scene: Scene, line: Line, token: Any) -> tuple[str, ...]:
    for child in token.children:
        if child.dep_ in {"nsubjpass", "dobj", "compound"} and (named := owner(scene, line, child)):
            return named
    for other in reversed(scene.lines[max(0, line.number - 3) : line.number]):
        for hit in scene.find(other, "v=@ ~6 test* ~8 (#inf*|#9m729|missile)"):
            sign = hit.sign("v")
            if sign is not None and sign.code in {"@usa", "@russia", "@china"}:
                return (sign.code[1:],)
    for node in (token, token.head):
        for child in node.subtree:
            mention = scene.cast.mention(child)
            if mention is not None and mention.actor in {"usa", "russia", "china"}:
                return (mention.actor,)
    return ()


def _dates(scene: Scene, token: Any) -> list[str]:
    spans = [s for f in scene.chain(token.idx) for s in f.spans if f.cue is not None]
    first = scene.dating.explicit(token, spans) if spans else scene.act_date(token)
    if first is None:
        return []
    more = [
        v
        for t, v in scene.dating.in_sentence(token)
        if v != first and len(v) == len(first) and v[:4] == first[:4] and abs(t.start - token.idx) < 80
    ]
    joined = any(w in scene.document.text[token.idx : token.idx + 120] for w in (" and ",))
    return [first, *(more if joined else [])]
