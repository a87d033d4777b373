"""Will, or may, an actor deploy ground-based INF-range missiles itself? (`deployment`)"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span
from services.core.domain.vocabulary import Status
from workers.extraction.attitudes import Attitude
from workers.extraction.conditions import condition_of
from workers.extraction.event_dates import Basis, Dated
from workers.extraction.exits import unreal
from workers.extraction.findings import Finding
from workers.extraction.frames import is_negated
from workers.extraction.rulework import CONDITIONAL, OPPOSES, SUPPORTS, after
from workers.extraction.syntax import heads
from workers.extraction.things import thing_finding

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Hit, Line

_P = "deployment"
_WEAPON = "(#inf*|#usmissile|#rumissile|#9m729|missile|weapon)"
_VERB = (
    "(deploy*|station*|field*|place|placing|placement|develop*|build*|produc*|host*|position*|install*|manufactur*|creat*|design*"
    "|acquir*|base|basing|possess*|introduc*|stationing|construct*)"
)
_PATTERNS = (
    f"h={_VERB} (of|on)? ~7 v={_WEAPON}",
    f"v=(#inf*|#usmissile|#rumissile|missile) %9 (be|will be|to be|would be|can be) ~3 h={_VERB}",
    "h=(have|put|send|move|bring|get) ~2 v=(#inf*|#usmissile|#rumissile)",
    "h=(move|send|ship|bring|fly|deploy|station|place|set up) ~3 (launcher|battery|system|unit|it) ~4 (#inf*|#usmissile|#rumissile)",
    "(like|want|favour|favor|love|glad|happy|prefer) ~4 h=(see|have|place|put|field|station) ~4 v=(#inf*|#usmissile)",
    "h=work (on|begin) ~8 v=(#inf*|#rumissile)",
    "v=(#inf*) h=(deployment|development|production)",
    "(#inf*|#usmissile|#rumissile|#9m729) ~8 put them h=on (ground|land)",
    "put (them|it) h=on (ground|land)",
)
_NOT = (
    "(no|any|not|nor|never) ~4 (intention|plan|need|desire|wish|intent|interest|interested|ambition|reason)",
    "(refrain|abstain|desist|hold back|hold off) from?",
    "(not|never|n't|nor|neither|without|against)",
    "(rule* out|oppos*|reject*|refus*|unwilling*)",
)
_FIRST = "(first|mirror|reciprocal*|respon*|same|tit|unless|in kind)"
_WILL = frozenset(
    [
        "will",
        "would",
        "intend",
        "plan",
        "want",
        "ready",
        "right",
        "entitle",
        "free",
        "begin",
        "start",
        "order",
        "going",
        "may",
        "can",
        "shall",
        "decide",
        "decision",
        "instruct",
        "launch",
        "able",
        "authorise",
        "authorize",
        "prepare",
        "agree",
        "vow",
        "need",
        "must",
        "favour",
        "favor",
        "announce",
        "propose",
        "allow",
        "consider",
        "approve",
        "continue",
        "like",
        "hope",
        "aim",
        "seek",
        "'ll",
    ]
)
_ACCUSING = frozenset({"accuse", "deny", "oppose"})


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    if not any(
        w in line.code
        for w in ("#inf", "#usmissile", "#rumissile", "#9m729", " missile ", " them ", " weapon ")
    ):
        return
    done: set[tuple[tuple[str, ...], Any]] = set()
    seen: set[int] = set()
    for source in _PATTERNS:
        for hit in scene.find(line, source):
            token = hit.token()
            if token.i in seen or not _ours(scene, line, hit, token):
                continue
            seen.add(token.i)
            for finding in _at(scene, line, hit, token):
                key = (finding.holders, finding.stance)
                if key not in done or finding.kind == "deployment":
                    done.add(key)
                    yield finding


def _ours(scene: Scene, line: Line, hit: Hit, token: Any) -> bool:
    """INF-range weapons: named so, or plain missiles in an article's passage on them."""
    value = hit.sign("v")
    code = value.code if value is not None else "#inf"
    if "#moratorium" in line.code and abs(_place(line, "#moratorium") - hit.first) < 9:
        return False
    if token.lemma_.lower() in {"have", "put", "move", "send", "bring", "work", "base"} and code not in {
        "#inf",
        "#usmissile",
        "#9m729",
        "#rumissile",
    }:
        return False
    if token.lemma_.lower() in {"have", "possess", "produce", "design"} and token.pos_ == "AUX":
        return False
    if code == "weapon":
        return scene.has(
            line, "(nuclear weapon ~6 @|land - based|ground - based|such weapon|new ~2 nuclear weapon)"
        ) and scene.recently(line, "{treaty}", 4)
    if code == "missile":
        if any(
            w in line.code
            for w in (
                " anti ",
                " intercontinental ",
                " hypersonic ",
                " sea-based ",
                " air-launched ",
                " submarine ",
            )
        ):
            return False
        return scene.recently(line, "(#treaty|#inf*|#moratorium|#usmissile)", 2) or line.number < 2
    return True


def _place(line: Line, code: str) -> int:
    return next((n for n, s in enumerate(line.signs) if s.code == code), 10**6)


def _at(scene: Scene, line: Line, hit: Hit, token: Any) -> Iterator[Finding]:  # noqa: PLR0912  # a cascade of cases, each of one line
    depends = scene.has(line, "whether ~12 (depend*|hinge*)")
    if unreal(token) and not depends:
        return
    agents = scene.agents(token) or _orderer(scene, token)
    if token.pos_ == "NOUN" and value_owner(line, hit):
        agents = value_owner(line, hit)
    chain = [f for f in scene.chain(token.idx) if scene.holders(f)]
    speakers = scene.holders(chain[0]) if chain else ((scene.own_voice,) if scene.own_voice else ())
    if chain and chain[0].cls in _ACCUSING and chain[0].cls != "deny":
        return
    if chain and chain[0].cls == "urge" and not set(agents) & set(speakers):
        return
    if not agents and value_owner(line, hit):
        agents = value_owner(line, hit)
    if not agents and speakers and _own_intent(line, hit):
        agents = speakers
    if not agents:
        return
    holders = tuple(a for a in agents if not speakers or a in speakers)
    told = not holders
    if told:
        if "russia" in agents and ("#9m729" in line.code or speakers):
            return
        if not _act(token) or is_negated(token):
            return
        holders = agents
    stance, condition, kind = _stance(scene, line, hit, token, told)
    if depends:
        stance, condition, kind = CONDITIONAL, None, "statement"
    if stance is None:
        return
    when = scene.said(chain[0]) if chain and not told else scene.done(_main(token), holders)
    status = Status.ACTUAL
    explicit = scene.dating.explicit(token)
    attitude = Attitude(holders, 1, token, kind or "", when, told)
    yield thing_finding(
        scene,
        line,
        token,
        attitude,
        _P,
        stance,
        kind,
        (),
        condition=condition,
        rule="deployment",
        sure=0.7,
        weak=kind == "statement",
    )
    if (
        stance is SUPPORTS
        and explicit
        and token.lemma_.lower()
        in {"deploy", "deployment", "station", "move", "send", "place", "field", "bring", "install"}
    ):
        if after(explicit, when.value or scene.article_date):
            status = Status.PLANNED
        elif not _past(token):
            return
        dated = replace(attitude, when=Dated(explicit, Basis.EXPLICIT))
        made = thing_finding(
            scene,
            line,
            token,
            dated,
            None,
            None,
            "deployment",
            _where(line, hit),
            rule="deployment-act",
            sure=0.7,
        )
        yield replace(made, status=status)


def value_owner(line: Line, hit: Hit) -> tuple[str, ...]:
    """ "American missiles are to be stationed in Germany": whose missiles they are."""
    value = hit.sign("v")
    number = hit.names.get("v")
    if value is None or number is None:
        return ()
    if value.code == "#usmissile":
        return ("usa",)
    before = [s.code for s in line.signs[max(0, number - 3) : number]]
    return next(((c[1:],) for c in reversed(before) if c in {"@usa", "@russia", "@china"}), ())


def _orderer(scene: Scene, token: Any) -> tuple[str, ...]:
    """ "ordered the development of", "work to begin on": whoever has it done."""
    for node in heads(token, 3, {"dobj", "pobj", "prep", "xcomp", "ccomp", "nsubj"}):
        if node.lemma_.lower() in {
            "order",
            "begin",
            "start",
            "approve",
            "announce",
            "authorise",
            "authorize",
            "instruct",
            "launch",
            "plan",
            "continue",
        }:
            agents = scene.agents(node)
            if agents:
                return agents
    return ()


def _where(line: Line, hit: Hit) -> tuple[str, ...]:
    after = line.signs[hit.last : hit.last + 6]
    return tuple(dict.fromkeys(s.code[1:] for s in after if s.code.startswith("@") and s.code != "@nobody"))


def _own_intent(line: Line, hit: Hit) -> bool:
    before = line.before(hit.first, 6)
    return any(w in before for w in (" we ", " our ", " ready ", " intention ", " plan ", " right "))


def _act(token: Any) -> bool:
    """Deployments that are told as facts or plans: "the US will deploy", "has deployed", "began deploying"."""
    return (
        token.pos_ == "VERB"
        and token.dep_ not in {"acl", "amod"}
        and token.lemma_.lower()
        in {"deploy", "station", "field", "place", "move", "send", "position", "install", "bring", "develop"}
    )


def _past(token: Any) -> bool:
    return token.tag_ in {"VBD", "VBN"} or token.pos_ == "NOUN"


def _main(token: Any) -> Any:
    node = token
    for _ in range(4):
        if (
            node.dep_ in {"xcomp", "acl", "pcomp", "prep", "dobj", "pobj", "conj"}
            and node.head.i != node.i
            and node.head.pos_ in {"VERB", "NOUN", "ADP", "AUX"}
        ):
            node = node.head
        else:
            break
    return node if node.pos_ in {"VERB", "NOUN"} else token


def _stance(
    scene: Scene, line: Line, hit: Hit, token: Any, told: bool
) -> tuple[Any, Span | None, str | None]:
    number = hit.names.get("h", hit.first)
    before = " " + line.before(number, 9).rsplit(" , ", 1)[-1].strip() + " "
    condition = condition_of(scene, line, token)
    denied = any(scene.words(source).search(before) for source in _NOT) or _frame_denies(scene, token)
    first = (
        scene.has(line, "not ~5 (be)? ~2 first")
        or scene.has(line, "first to ~2 (deploy|station|place|field)")
        or scene.has(line, "where ~2 (none|such|@usa|similar|other)")
    )
    if denied:
        if condition is not None or first:
            return CONDITIONAL, condition, "pledge"
        return OPPOSES, None, "pledge"
    if condition is not None:
        return CONDITIONAL, condition, "warning"
    if first:
        return CONDITIONAL, None, "pledge"
    if (
        told
        or _willed(token)
        or token.tag_ in {"VBZ", "VBP", "VBD"}
        or scene.has(line, "(right|entitled|free) ~3 to")
    ):
        promised = (
            scene.has(line, "(announce|declare|promise|pledge|vow|decide|agree|confirm) %20 (will|would|to) ")
            and not told
        )
        return SUPPORTS, None, "pledge" if promised else "statement"
    return None, None, None


def _frame_denies(scene: Scene, token: Any) -> bool:
    chain = scene.chain(token.idx)
    return bool(chain) and chain[0].cls == "deny" and bool(scene.holders(chain[0]))


def _willed(token: Any) -> bool:
    node = token
    for _ in range(6):
        if any(c.dep_ in {"aux", "advmod"} and c.lemma_.lower() in _WILL for c in node.children):
            return True
        if node.lemma_.lower() in _WILL and node.i != token.i:
            return True
        if (
            node.dep_
            in {"xcomp", "acl", "ccomp", "pcomp", "prep", "conj", "dobj", "pobj", "nsubjpass", "acomp"}
            and node.head.i != node.i
        ):
            node = node.head
        else:
            return False
    return False
