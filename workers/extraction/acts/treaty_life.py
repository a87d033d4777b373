"""What happened to the treaty: signed, in force, joined, suspended, left, ended."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from workers.extraction.event_dates import Basis, Dated
from workers.extraction.exits import Mood, exits, unreal
from workers.extraction.findings import Finding
from workers.extraction.reality import asked, denied
from workers.extraction.rulework import SUPPORTS, dated_act, evidence

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Hit, Line

_SIGNED = (
    "{treaty} %10 (be|have|,)? ~3 h=(sign|conclude|ink|signed|concluded|inked|initial)",
    "{treaty} %10 h=(sign|conclude|ink|signed|concluded|inked|reach)",
    "h=(sign|ink|conclude|signing|conclusion|signed|inked|concluded|signature|put ~2 (signature|name)) (of)? ~4 ({treaty}|it)",
    "h=(sign|signed|inked|ink|conclude|concluded) (by|in|on|at|between) %14 ,? %8 {treaty}",
    "h=(sign|signed|inked|concluded) (by|in|on|at|between)",
    "(put|affix) ~2 h=(signature|name) (to|on|under)",
)
_IN_FORCE = (
    "(enter|come|go|put|entry|coming|entered|came|went) ~1 (into|in) h=(force|effect|operation)",
    "h=(take|took) effect",
    "(have|has|be) (be)? ~1 in h=force since",
    "h=effective (on|from|since|in)",
)
_JOINED = (
    "h=(join|accede|succeed|become|inherit*|successor|multilaterali*|party) ~8 ({treaty}|party|successor|parties)",
    "{treaty} ~6 h=(multilaterali*|extend*|broaden*|widen*)",
)
_ENDED = (
    "{treaty} %28 be ~1 h=(terminate|end|dissolve)",
    "{treaty} %16 h=(expire|lapse|collapse|end|terminate|cease|die|expired|lapsed|ended|terminated|defunct|dissolve|finish|conclude|run|fall|perish)",
    "h=(termination|end|expiry|expiration|demise|collapse|death|lapse|termination) of ~3 {treaty}",
    "({treaty}|it) %6 h=(come|came|draw|drew) to ~1 end",
    "({treaty}|it) ~3 be h=(over|history|dead|gone|no more)",
    "{treaty} h=(termination|expiry|expiration|demise|collapse|death)",
    "h=(terminate|end|bury) {treaty}",
)
_ENDED_WORDS = frozenset(
    [
        "come",
        "draw",
        "over",
        "history",
        "dead",
        "gone",
        "expire",
        "lapse",
        "collapse",
        "end",
        "terminate",
        "cease",
        "die",
        "dissolve",
        "termination",
        "expiry",
        "expiration",
        "demise",
        "death",
        "defunct",
        "finish",
        "run",
        "fall",
        "perish",
    ]
)
_EFFECT = "({exit-noun}|decision|it|which|exit) %8 (take|took|come|came|go|went|become|became|be) ~2 h=(effect|effective|force|final|complete*|official)"

_happened = partial(dated_act, rule="life", sure=0.85)


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    if scene.has(line, "#treaty") or scene.recently(line, "{treaty}", 2):
        yield from _signed(scene, line)
        yield from _in_force(scene, line)
        yield from _joined(scene, line)
        yield from _ended(scene, line)
    yield from _left(scene, line)


def _dated(scene: Scene, token: Any) -> str | None:
    """The day of an act; the date of a speech about it is not its own."""
    spans = [span for f in scene.chain(token.idx) for span in f.spans if f.cue is not None and not f.noun]
    return scene.dating.explicit(token, spans) or (
        scene.act_date(token) if not spans else _lone_inside(scene, token, spans)
    )


def _lone_inside(scene: Scene, token: Any, spans: list[Any]) -> str | None:
    inside = [v for t, v in scene.dating.in_sentence(token) if any(s.start <= t.start < s.end for s in spans)]
    return inside[0] if len(inside) == 1 else None


def _signed(scene: Scene, line: Line) -> Iterator[Finding]:
    if not any(w in line.code for w in (" sign", " ink", " conclu", " initial", " reach")) or (
        "#newtreaty" in line.code and "#treaty" not in line.code
    ):
        return
    for source in _SIGNED:
        for hit in scene.find(line, source):
            token = hit.token()
            if _about_other(line, hit) or any(c.dep_ == "neg" for c in token.children):
                continue
            if token.lemma_.lower() in {"conclude", "reach"} and token.pos_ != "VERB":
                continue
            if any(
                w in line.after(hit.names["h"], 3)
                for w in (" decree ", " law ", " bill ", " order ", " letter ", " document ", " statement ")
            ):
                continue
            date = _dated(scene, token) or _near_date(scene, token)
            if not date or (
                scene.article_date and date >= scene.article_date[: len(date)] and int(date[:4]) > 1990
            ):
                continue
            if int(date[:4]) > 1992:
                continue
            yield _happened(scene, line, token, "agreement-signed", date, _parties(scene))
            return


def _near_date(scene: Scene, token: Any) -> str | None:
    """The sentence's date nearest to a word, where the parse ties none to it."""
    dates = [(abs(t.start - token.idx), v) for t, v in scene.dating.in_sentence(token)]
    near = [pair for pair in dates if pair[0] < 90]
    return min(near)[1] if near else None


def _parties(scene: Scene) -> tuple[str, ...]:
    """Who concluded the dossier's treaty: those that were parties from its first day."""
    first = min((p.start for p in scene.dossier.groups["parties"].values() if p.start), default=None)
    return tuple(sorted(a for a, p in scene.dossier.groups["parties"].items() if p.start == first))


def _about_other(line: Line, hit: Hit) -> bool:
    """Whether another treaty stands nearer to the word than ours."""
    number = hit.names.get("h", hit.first)
    ours = min((abs(n - number) for n, s in enumerate(line.signs) if s.code == "#treaty"), default=99)
    other = min((abs(n - number) for n, s in enumerate(line.signs) if s.code == "#other"), default=99)
    return other < ours


def _in_force(scene: Scene, line: Line) -> Iterator[Finding]:
    for source in _IN_FORCE:
        for hit in scene.find(line, source):
            token = hit.token()
            near = line.before(hit.first, 12)
            if _about_other(line, hit) or any(
                w in near
                for w in (" withdraw", " exit ", " suspen", " decision ", " pullout ", " termination ")
            ):
                continue
            if "#treaty" not in line.code and not any(w in near for w in (" it ", " which ", " and ")):
                continue
            verb = (
                token if token.pos_ == "VERB" else token.head.head if token.head.pos_ == "ADP" else token.head
            )
            date = _dated(scene, verb) or _near_date(scene, token)
            if date and date < "1990":
                yield _happened(scene, line, token, "agreement-in-force", date, _parties(scene))
                return


def _joined(scene: Scene, line: Line) -> Iterator[Finding]:
    later = scene.dossier.groups["parties"].keys() - set(_parties(scene))
    heirs = tuple(dict.fromkeys(s.code[1:] for s in line.signs if s.code[0] == "@" and s.code[1:] in later))
    if not heirs:
        return
    for source in _JOINED:
        for hit in scene.find(line, source):
            token = hit.token()
            date = _dated(scene, token) or _near_date(scene, token)
            if date and date < "1996":
                yield _happened(scene, line, token, "agreement-joined", date, heirs)
                return


def _ended(scene: Scene, line: Line) -> Iterator[Finding]:  # noqa: PLR0912  # a cascade of cases, each of one line
    for source in _ENDED:
        for hit in scene.find(line, source):
            token = hit.token()
            if token.lemma_.lower() not in _ENDED_WORDS or _about_other(line, hit):
                continue
            if token.lemma_.lower() in {"run", "fall"} and not any(
                c.lower_ in {"out", "apart"} for c in token.children
            ):
                continue
            if token.pos_ == "VERB" and any(
                c.dep_ == "neg" or c.lower_ in {"if", "unless", "could", "may", "might", "should"}
                for c in token.children
            ):
                continue
            if (
                token.dep_ in {"acl", "relcl"}
                and token.pos_ == "VERB"
                and "#treaty" not in line.before(hit.names["h"], 6)
            ):
                continue
            if not _subject_is_treaty(line, token):
                continue
            if unreal(token) or any(c.lower_ in {"until", "before"} for c in token.children):
                continue
            if token.dep_ == "xcomp" and token.head.lemma_.lower() not in {
                "say",
                "announce",
                "due",
                "set",
                "expect",
                "schedule",
            }:
                continue
            date = _dated(scene, token) if token.pos_ == "VERB" else scene.dating.explicit(token, climb=False)
            if not date and token.pos_ != "VERB" and token.dep_ in {"nsubj", "dobj", "nsubjpass"}:
                date = _dated(scene, token)
            if not date:
                continue
            enders = _ender(scene, line, token)
            yield from _ended_by(scene, line, token, date, enders, ())
            return
    leaver = scene.parts.leaver
    for hit in scene.find(line, _EFFECT):
        token = hit.token()
        verb = token if token.pos_ == "VERB" else token.head
        date = _dated(scene, verb) or _near_date(scene, token)
        leaving = exits(scene, line) or [
            e for o in scene.lines[max(0, line.number - 1) : line.number] for e in exits(scene, o)
        ]
        if date and date > "1995" and leaving:
            agents = next((e.agents for e in leaving if e.agents), (leaver,))
            yield from _ended_by(scene, line, token, date, agents, (leaver,))
            return


def _subject_is_treaty(line: Line, token: Any) -> bool:
    """Whether it is the treaty that ends, not an era, a meeting or a production line."""
    for child in token.children:
        if child.dep_ in {"nsubj", "nsubjpass"}:
            number = line.sign_of(child.i)
            return child.pos_ == "PRON" or number is None or line.signs[number].code == "#treaty"
    return True


def _ended_by(
    scene: Scene, line: Line, token: Any, date: str, enders: tuple[str, ...], others: tuple[str, ...]
) -> Iterator[Finding]:
    """The treaty's end, and who ended it stands by its leaving; `others` are told where somebody else did."""
    left = scene.parts.leaver in enders
    told = (scene.parts.accused,) if left else others
    yield _happened(scene, line, token, "agreement-ended", date, enders, told)
    if not left:
        return
    yield Finding(
        holders=(scene.parts.leaver,),
        line=line.number,
        evidence=evidence(scene, token),
        when=Dated(date, Basis.EXPLICIT),
        rule="life-ended",
        confidence=0.7,
        proposition="us-withdrawal",
        stance=SUPPORTS,
    )


def _ender(scene: Scene, line: Line, token: Any) -> tuple[str, ...]:
    """Who ended it: the doer, or "at the initiative of", "by", "after X withdrew"."""
    if token.pos_ == "VERB":
        sides = {scene.parts.leaver, scene.parts.accused}
        agents = tuple(a for a in scene.agents(token) if a in sides)
        if agents:
            return agents
    if scene.has(line, scene.words.pattern("life/once-left")):
        return (scene.parts.leaver,)
    for hit in scene.find(line, scene.words.pattern("life/by")):
        sign = hit.sign("v")
        if sign is not None:
            return (sign.code[1:],)
    return ()


def _left(scene: Scene, line: Line) -> Iterator[Finding]:
    """Suspensions, and the accused's own announcements of leaving (the leaver's: propositions/withdrawal.py)."""
    leaver, accused = scene.parts.leaver, scene.parts.accused
    for leaving in exits(scene, line):
        agents = leaving.agents or (scene.agents(_decree(leaving.token)) if leaving.suspends else ())
        if not leaving.suspends and (accused not in agents or leaver in agents):
            continue
        if (
            leaving.negated
            or leaving.mood in {Mood.UNREAL, Mood.THREATENED}
            or (leaving.suspends and leaver in agents and accused not in agents)
        ):
            continue
        actors = tuple(a for a in agents if a in {accused, leaver})
        if not actors:
            continue
        token = leaving.token
        if denied(scene, token) or asked(token):
            continue
        others = tuple(a for a in (leaver, accused) if a not in actors)
        spans = [s for f in scene.chain(token.idx) for s in f.spans]
        date = scene.dating.explicit(token, spans) if spans else scene.act_date(token)
        chain = [f for f in scene.chain(token.idx) if set(scene.holders(f)) & set(actors)]
        if not date and chain:
            said = scene.said(chain[0])
            date = said.value
        if not date and not spans:
            date = scene.done(_decree(token), actors).value
        if date:
            kind = "suspension" if leaving.suspends else "withdrawal-announced"
            yield dated_act(scene, line, token, kind, date, actors, others, rule="life-left", sure=0.75)


def _decree(token: Any) -> Any:
    """The verb of the act that a suspension is part of: "signed a decree suspending"."""
    node = token
    while (
        node.dep_ in {"acl", "relcl", "xcomp", "dobj", "pobj", "prep", "pcomp", "advcl", "conj"}
        and node.head.i != node.i
        and node.head.pos_ in {"VERB", "NOUN", "ADP"}
    ):
        node = node.head
    return node if node.pos_ == "VERB" else token
