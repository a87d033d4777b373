"""Did Russia, did the United States keep to the treaty? (`russia-complied`, `us-complied`)

A word of breach or of compliance, the party it is said of, and everybody who commits to it or denies it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.frames import Frame, is_negated
from workers.extraction.rulework import from_commitment, has_modal, negated, stance_of

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Commitment, Scene
    from workers.extraction.signs import Hit, Line

_PARTY = {"russia": "russia-complied", "usa": "us-complied"}
_OTHER = {"russia": "usa", "usa": "russia"}
_BREACHES = (
    "h={violate}",
    "h=(break|breaking|broke|broken) ~ ({treaty}|{duty})",
    "{treaty} %24 h=(break|breaking|broke|broken) it",
    "h=({treaty} - busting|{treaty} - violat*|#inf* - busting|busting)",
    "(non - |non )h=compl*",
    "h=(noncompliance|non-compliance|non-compliant|noncompliant)",
    "(fail|failure|refuse|refusal|unwilling*) ~1 to ~1 h=(comply|adhere|abide|honour|honor|respect|observe|fulfil|fulfill)",
    "run ~1 h=afoul of ~ {treaty}",
    "h=(disregard*|ignor*|neglect*|defy|defying|defiance|trample|trampl*) ~3 ({treaty}|{duty})",
    "h=(inconsistent|incompatible|contrary|at odds) (with|to) ~4 ({treaty}|{duty})",
    "v=(#9m729|#mk41|missile) ~6 h=(ban|prohibit|outlaw|forbid|exceed|prohibited|banned) ~5 ({treaty}|limit|range|kilometre|kilometer|km)",
    "v=(#9m729|missile|#inf*|range) ~8 h=(beyond|exceed|over|outside) ~4 (limit|range|allow*|permit*|500|threshold)",
    "h=illegal ~2 v=(#9m729|#mk41|missile|#inf*)",
    "v=(#9m729|#mk41|missile|#inf*|@russia|@usa) ~2 be ~1 h=(illegal|treaty - busting|banned|prohibited)",
    "(make|made|making) ~2 h=(mockery|nonsense|farce|joke) of ~3 {treaty}",
    "h=(fly|flying|reach) ~1 (far|farther|further|beyond|long) than? ~4 ({treaty}|limit)",
    "v=#mk41 ~10 (can|could|capable|able|may|might|used) ~5 h=(load|fire|launch|use|shoot|carry|convert) ~6 (#usmissile|cruise|missile|tomahawk|offensive|attack)",
    "h=(breakout|dishonour*|dishonor*) ~4 {treaty}",
    "h=(banned|prohibited|forbidden|illegal|outlawed) ~3 v=(#9m729|missile) ~8 @russia",
    "@russia ~6 h=(banned|prohibited|forbidden|illegal|outlawed) v=(#9m729|missile)",
    "not (live|act) up? ~2 h=(up|commitment|obligation)",
    "@russia ~6 h=(field|deploy|develop|test|build|produce|have|possess|fielding|deployment|development) ~6 v=#inf-banned",
    "v=#inf-banned ~4 by @russia",
    "@russia ~8 h=(test|develop|deploy|build|field|possess|have) ~5 (missile|#inf*|#9m729|weapon|system) (which|that) ~2 {treaty} ~2 (forbid|ban|prohibit|outlaw)",
)
_KEPT = (
    "h=(compl*|compatible|conform*|adher*|abid*|accord*) (with|to|by) ~5 ({treaty}|{duty}|norm|regime|it)",
    "in ~3 h=compliance",
    "h=compliance (with|of) ~6 ({treaty}|{duty}|#9m729)",
    "h=(honour|honor|respect|observe|fulfil|fulfill|uphold|observing|honouring|honoring|observance|fulfilment|execute) ~4 ({treaty}|{duty})",
    "(remain|be|stay|always) ~2 h=(commit|committed|faithful|loyal|true) to ~5 ({treaty}|{duty})",
    (
        "v=(#9m729|missile|range|parameter|#inf*|characteristic) ~8 h=(within|inside|below|under|in line with|consistent with|less than|allow*|permit*) ~4"
        " ({treaty}|limit|parameter|range|framework|500|threshold|ceiling|{duty})"
    ),
    "h=(keep|kept|stick|stuck|hold|held) to ~3 ({treaty}|{duty}|letter)",
    "(keep|put|leave|place) ~3 h=(within|inside) ~3 ({treaty}|limit)",
    "h=(consistent|line|keeping|accordance) with ~4 ({treaty}|{duty})",
    "(not|outside) ~4 h=(fall|subject|cover|prohibit|ban|forbid|outlaw|restrict) ~3 ({treaty}|by|under)",
    "h=compl* ~2 ({treaty}|{duty})",
    "(#9m729|missile|weapon|it|system) ~3 be ~2 h=(legal|lawful|permissible|compliant)",
    "h=(perfectly|entirely|completely) legal ~2 (weapon|missile|system)",
    "(do|done) h=nothing wrong",
    "strictly h=(observe|comply|adhere|follow|implement)",
)
_RETURN = (
    "h=(return|come|get|go|bring|move|back) ~4 (to|into|in) ~6 (compliance|comply|adherence)",
    "h=(resume|restore|ensure|demonstrate|prove|verify) ~3 (full|verifiable)? (compliance|comply)",
    "h=(end|stop|cease|address|remedy|correct|rectify) ~4 (violat*|breach*|non - compliance|noncompliance|infring*)",
    "(must|should|need to|have to|unless @ |until @ |if @ ) ~1 h=(comply|compliance|abide|adhere|honour|honor)",
    "(to|into|for|towards) ~2 (full|verifiable|verifiably|real) (and verifiable|verifiable)? h=(compliance|comply) ",
)
_ELSEWHERE = (
    "(airspace|sovereignty|border|ceasefire|law|sanction|charter|right|waters|territory|#other|resolution|memorandum"
    "|#moratorium|integrity|human|convention|embargo|truce|constitution|trade|protocol)"
)
_EACH_OTHER = "(each other|one another|each side|mutual* accus*|mutual recrimination*|both ~3 accus*|trade* accus*|swap* accus*|accus* ~3 other)"


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    done: set[int] = set()
    made: list[Finding] = []
    for sources, polarity, presupposed in ((_RETURN, -1, True), (_BREACHES, -1, False), (_KEPT, 1, False)):
        for source in sources:
            if not _possible(line, source):
                continue
            for hit in scene.find(line, source):
                token = hit.token()
                if (
                    token.i in done
                    or _elsewhere(scene, hit)
                    or (not presupposed and any(abs(token.i - i) < 3 for i in done))
                ):
                    continue
                found = list(_at(scene, line, hit, token, polarity, presupposed))
                done.update(range(line.signs[hit.first].first, line.signs[hit.last - 1].last))
                made.extend(found)
    yield from made
    yield from _bare_denials(scene, line, made)


_STEMS = (
    "violat",
    "breach",
    "compl",
    "break",
    "abid",
    "adher",
    "honor",
    "honour",
    "respect",
    "observ",
    "infring",
    "contraven",
    "flout",
    "cheat",
    "bust",
    "illegal",
    "ban",
    "prohibit",
    "limit",
    "within",
    "commit",
    "faithful",
    "obligation",
    "range",
    "afoul",
    "incompatible",
    "inconsistent",
    "contrary",
    "ignor",
    "disregard",
    "keep",
    "fulfil",
    "permit",
    "allow",
    "forbid",
    "outlaw",
    "exceed",
    "parameter",
    "accord",
    "implement",
    "stick",
    "consistent",
    "cover",
    "subject",
    "fall",
    "conform",
    "circumvent",
    "sidestep",
    "transgress",
    "hold",
    "beyond",
    "dishono",
    "defy",
    "mockery",
    "wrong",
    "#mk41",
    "legal",
    "lawful",
    "fly",
    "trampl",
    " line ",
    "keeping",
    "inf-banned",
)


def _possible(line: Line, _source: str) -> bool:
    return any(stem in line.code for stem in _STEMS)


def _elsewhere(scene: Scene, hit: Hit) -> bool:
    """Whether the breach is of something else: a border, another treaty, the law."""
    number = hit.names.get("h", hit.first)
    near = hit.line.before(number, 2) + hit.line.after(number, 7)
    if scene.words(_ELSEWHERE).search(near):
        return "#treaty" not in near or near.index("#treaty") > scene.words(_ELSEWHERE).search(near).start()  # type: ignore[union-attr]
    if not any(code in hit.line.code for code in ("#treaty", "#9m729", "#mk41", "#inf")):
        return not scene.recently(hit.line, "({treaty}|#9m729|#mk41)", 3)
    return not scene.topical[hit.line.number]


def _at(  # noqa: PLR0912  # a cascade of cases, each of one line
    scene: Scene, line: Line, hit: Hit, token: Any, polarity: int, presupposed: bool
) -> Iterator[Finding]:
    number = hit.names.get("h", hit.first)
    if not presupposed and "whether" in line.before(number, 6):
        return
    if (
        presupposed
        and any(c.dep_ == "nsubjpass" for c in token.children)
        and not any(c.dep_ == "agent" for c in token.children)
    ):
        return  # "the treaty should be honoured" charges nobody
    if polarity > 0 and not presupposed and _ceasing(line, number):
        return
    flipped = not presupposed and _is_negated(line, number, token, polarity)
    if flipped:
        polarity = -polarity
    commitments = scene.commitments(token, polarity, presupposed=presupposed)
    if scene.has(line, _EACH_OTHER) and not presupposed:
        yield from _mutual(scene, line, token)
        return
    if (
        polarity < 0
        and not flipped
        and any(w in line.before(number, 3) for w in (" alleged ", " so - called ", " supposed "))
    ):
        return
    parties = _parties(scene, line, hit, token, commitments)
    if polarity > 0 and len(set(scene.agents(token)) & set(_PARTY)) > 1:
        return  # "urged both to honour the treaty" charges neither
    for party in parties:
        proposition = _PARTY[party]
        for commitment in commitments:
            holders = tuple(h for h in commitment.holders if not (presupposed and h == party))
            if not holders:
                continue
            kept = commitment.polarity > 0
            if (
                not presupposed
                and polarity > 0
                and party not in holders
                and not flipped
                and _directive(token, commitment)
            ):
                kept, asked = False, True
            else:
                asked = presupposed
            if not presupposed and party in holders and not kept and commitment.rule != "deny":
                continue  # nobody pleads guilty: a misread party
            yield from_commitment(
                scene,
                line,
                token,
                commitment,
                proposition,
                stance_of(1 if kept else -1),
                kind=_kind(scene, commitment, token, party, kept, asked),
                recipients=_recipients(party, kept, holders),
                rule="compliance-return" if asked else "compliance",
            )


def _ceasing(line: Line, number: int) -> bool:
    """ "Would stop fulfilling its obligations" says nothing of the past."""
    before = line.before(number, 4)
    return any(f" {w} " in before for w in ("stop", "cease", "suspend", "long", "end"))


def _is_negated(line: Line, number: int, token: Any, polarity: int) -> bool:
    before = line.before(number, 7)
    if (
        polarity < 0
        and any(f" {w} " in before for w in ("evidence", "proof", "fact"))
        and any(f" {w} " in before for w in ("no", "any", "without", "lack", "never"))
    ):
        return True
    first = line.signs[number].code
    if (
        first in {"fall", "subject", "cover", "prohibit", "ban", "forbid", "outlaw", "restrict"}
        and polarity > 0
    ):
        return False
    if first.startswith("non"):
        return False
    if polarity < 0 and any(line.after(number, 2).startswith(f" {w} ") for w in ("nothing", "no", "neither")):
        return True
    return negated(line, number, token)


def _directive(token: Any, commitment: Commitment) -> bool:
    return commitment.frame.cls in {"urge", "warn"} or has_modal(token)


def _kind(scene: Scene, commitment: Any, token: Any, party: str, kept: bool, asked: bool) -> str | None:
    if kept:
        return "denial" if party in commitment.holders or commitment.rule == "deny" else "statement"
    if asked:
        directive = commitment.frame.cls == "urge" or _directive(token, commitment)
        refusal = any(
            w in scene.lines[scene.document.sentence_index(token.idx)].code
            for w in (" refus", " fail", " not ", " ignor")
        )
        return "demand" if directive else "accusation" if refusal else None
    return "accusation"


def _recipients(party: str, kept: bool, holders: tuple[str, ...]) -> tuple[str, ...]:
    if not kept:
        return (party,)
    return (_OTHER[party],) if party in holders else ()


def _mutual(scene: Scene, line: Line, token: Any) -> Iterator[Finding]:
    """ "Both sides accuse each other": each of the other's breach."""
    near = scene.lines[max(0, line.number - 2) : line.number + 1]
    sides = {s.code for one in near for s in one.signs}
    if not {"@russia", "@usa"} <= sides:
        return
    chain = scene.chain(token.idx)
    cue = next((f.cue for f in chain if f.cls == "accuse" and f.cue is not None), token)
    for holder in ("usa", "russia"):
        one = scene.commit(
            (holder,), -1, Frame("accuse", cue, (), (holder,), noun=cue.pos_ == "NOUN"), (), "accuse"
        )
        yield from_commitment(
            scene,
            line,
            token,
            one,
            _PARTY[_OTHER[holder]],
            stance_of(-1),
            kind="accusation",
            recipients=(_OTHER[holder],),
            rule="compliance-mutual",
        )


def _parties(scene: Scene, line: Line, hit: Hit, token: Any, commitments: list[Any]) -> list[str]:  # noqa: PLR0912  # a cascade of cases, each of one line
    """Whose conduct it is: the doer, the weapon's owner, whoever is accused; else the nearest before it."""
    value = hit.sign("v")
    if value is not None:
        owner = _owner(value.code)
        if owner and value.code not in {"missile", "#inf", "range", "parameter", "characteristic"}:
            return [owner]
    agents = scene.agents(token)
    doers = [a for a in agents if a in _PARTY]
    if doers:
        return doers[:1]
    if agents and token.pos_ != "NOUN" and not any(c.dep_ == "auxpass" for c in token.children):
        return []
    doer = scene.cast.doer(token)
    if doer is not None:
        sign = line.sign_of(doer.i)
        owner = _owner(line.signs[sign].code) if sign is not None else None
        if owner is None and sign is not None:
            owner = _phrase_owner(line, doer)
        if owner:
            return [owner]
    accusing = next(
        (f for f in scene.chain(token.idx) if f.cls in {"accuse", "oppose", "urge"} and f.cue is not None),
        None,
    )
    if accusing is not None:
        for target in scene.cast.objects(accusing.cue):
            named = [a for a in scene.actors(target) if a in _PARTY]
            if named:
                return named[:1]
    number = hit.names.get("h", hit.first)
    by = scene.words("by v=(@russia|@usa)")
    after = next((h for h in line.find(by) if number < h.first < number + 8), None)
    if after is not None:
        sign_v = after.sign("v")
        return [sign_v.code[1:]] if sign_v else []
    held = {h for c in commitments if c.rule != "accuser" for h in c.holders}
    denying = any(c.rule == "deny" for c in commitments)
    for back in range(number - 1, max(-1, number - 14), -1):
        owner = _owner(line.signs[back].code)
        if owner and (owner not in held or denying or line.signs[back].code[0] == "#"):
            return [owner]
        if (
            owner
            and owner in held
            and line.signs[back].code[0] == "@"
            and commitments
            and all(c.polarity > 0 for c in commitments)
        ):
            return [owner]
        if line.signs[back].code in {"we", "our", "us"}:
            spoken = [a for a in scene.speakers(token.idx) if a in _PARTY]
            if spoken:
                return spoken
    if denying:
        return [h for h in held if h in _PARTY][:1]
    for holder in held:
        if holder not in _PARTY:
            return ["russia"]
        if all(c.polarity < 0 for c in commitments):
            return [_OTHER[holder]]
        return [holder]
    return []


def _owner(code: str) -> str | None:
    if code in {"@russia", "#9m729", "#rumissile"}:
        return "russia"
    if code in {"@usa", "#mk41", "#usmissile"}:
        return "usa"
    return None


def _phrase_owner(line: Line, noun: Any) -> str | None:
    for token in noun.subtree:
        number = line.sign_of(token.i)
        owner = _owner(line.signs[number].code) if number is not None else None
        if owner:
            return owner
    return None


_CHARGES = frozenset(
    [
        "accusation",
        "allegation",
        "charge",
        "claim",
        "finding",
        "assertion",
        "complaint",
        "insinuation",
        "wrongdoing",
        "contention",
        "suggestion",
        "suspicion",
        "report",
        "accusations",
        "argument",
    ]
)
_REFERRING = frozenset({"which", "it", "this", "that", "them", "these", "so", "those"})
_NO_DENIAL = frozenset(
    {"refuse", "decline", "doubt", "question", "rule out", "turn down", "spurn", "challenge", "discount"}
)
_ALLEGED = "({violate}|#mk41 ~10 (load|fire|launch)|non - compliance|noncompliance|non-compliance|breach*|accus*|comply|compliance|in line with|#inf-banned)"


def _bare_denials(scene: Scene, line: Line, found: list[Finding]) -> Iterator[Finding]:
    """'Moscow denies the charge', 'which Russia denies': what was alleged stands before, here or in a line above."""
    back = scene.lines[max(0, line.number - 3) : line.number + 1]
    if not any(scene.has(one, _ALLEGED) for one in back):
        return
    denied = {h for f in found for h in f.holders if f.rule.endswith("/deny") or (f.kind == "denial")}
    for sign in line.signs:
        token = line.doc[sign.first]
        frame = _bare_frame(scene, token)
        if frame is None:
            continue
        for holder in scene.holders(frame):
            if holder not in _PARTY or holder in denied:
                continue
            denied.add(holder)
            outer = scene.outer_of(scene.chain(token.idx), (holder,))
            commitment = scene.commit((holder,), 1, frame, outer, "deny")
            yield from_commitment(
                scene,
                line,
                token,
                commitment,
                _PARTY[holder],
                stance_of(1),
                kind="denial",
                recipients=(_OTHER[holder],),
                rule="compliance-bare",
                sure=0.7,
            )


def _bare_frame(scene: Scene, token: Any) -> Frame | None:
    operator = scene.operators.verb(token) if token.pos_ == "VERB" else None
    lemma = operator[1] if operator else token.lemma_.lower()
    if operator and operator[0] == "deny" and lemma not in _NO_DENIAL and not is_negated(token):
        things = [c for c in token.children if c.dep_ in {"dobj", "nsubjpass", "ccomp", "xcomp", "pobj"}]
        things += [
            g for c in token.children if c.dep_ == "prep" for g in c.children if g.dep_ in {"pobj", "pcomp"}
        ]
        if token.dep_ == "relcl" and token.head.lemma_.lower() in _CHARGES:
            things = [token.head]
        if token.dep_ == "acl" and token.tag_ == "VBN" and token.head.lemma_.lower() in _CHARGES:
            things = [token.head]
        if things and not any(
            t.lower_ in _REFERRING or t.lemma_.lower() in _CHARGES or (t.lemma_ == "do" and t.dep_ == "ccomp")
            for t in things
        ):
            return None
        agents = scene.agents(token)
        return Frame("deny", token, (), agents, lemma=lemma) if agents else None
    if lemma in scene.operators.falsehoods:
        for frame in scene.chain(token.idx):
            holders = scene.holders(frame)
            if holders and frame.cls != "deny":
                target = next((c for c in token.head.children if c.dep_ == "nsubj"), None)
                target = token.head if token.dep_ == "amod" else target
                if target is not None and target.lemma_.lower() in _CHARGES and not frame.negated:
                    return frame
                return None
    return None
