"""What speaks for each record that rules or encoder would make of an article, and how likely it is right.

A case is one actor's stance on a question, or one kind of act of one actor on one date; what the rules found and
what the encoder believes of it in each of the article's lines is put together. How much each sign weighs
(`weights.json`, by training/weigh.py) is a logistic regression on articles that the encoder did not learn from:
a stacked generalisation (Wolpert 1992) of the two readers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from operator import itemgetter
from typing import TYPE_CHECKING

from workers.extraction.confidence import EVENTS, POSITIONS, family
from workers.extraction.learned.candidates import candidate_of, told_on, word_of

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.learned.encoder import Belief
    from workers.extraction.learned.second_look import Look
    from workers.extraction.scene import Scene

FAINT = 0.05  # what only the encoder sees, and less likely than this, is no case
_MOST = 6.0  # logits are cut here
_NOT_THE_SUBJECT = frozenset({"#other", "#treaty", "#newtreaty"})  # concepts of treaties at large
_DAY = len("2019-08-02")

Weights = Mapping[str, Mapping[str, float]]  # positions or events -> sign -> weight


@dataclass(frozen=True, slots=True)
class Sight:
    """What the encoder believes of a case in one line: of all of it, and leaving the date aside."""

    look: Look
    chance: float
    undated: float


@dataclass(slots=True)
class Case:
    """`label`: "proposition stance" or a kind; `day`: of an act. `rules`: what the rules found of it."""

    of: str
    actor: str
    label: str
    day: str | None
    rules: list[Finding] = field(default_factory=list)
    seen: list[Sight] = field(default_factory=list)
    contested: bool = False  # the rules say otherwise in a line where the encoder sees it

    @property
    def best(self) -> Sight:
        """Where the encoder is surest."""
        return max(self.seen, key=lambda s: s.chance)


Key = tuple[str, str, str, str | None]  # positions or events, actor, label, day


def cases(found: Iterable[Finding], looks: Iterable[Look]) -> dict[Key, Case]:
    """Everything that rules or encoder would make of an article, in text order."""
    made: dict[Key, Case] = {}
    said: dict[tuple[int, str], list[Key]] = {}

    def case(key: Key) -> Case:
        return made.setdefault(key, Case(*key))

    for finding in found:
        for key in keys_of(finding):
            case(key).rules.append(finding)
            said.setdefault((finding.line, key[1]), []).append(key)
    held: dict[str, list[tuple[Look, Belief]]] = {}
    done: dict[tuple[str, str | None], list[tuple[Look, Belief]]] = {}
    for look in looks:
        for actor, belief in look.beliefs.items():
            held.setdefault(actor, []).append((look, belief))
            for day in belief.acts:
                done.setdefault((actor, day), []).append((look, belief))
            for key in _likely(actor, belief):
                case(key)
    for one in made.values():
        seen = held.get(one.actor, ()) if one.of == POSITIONS else done.get((one.actor, one.day), ())
        for look, belief in seen:
            chances = _chances(one, belief)
            if chances is not None:
                _see(one, look, *chances, said.get((look.line.number, one.actor), ()))
    return made


def _likely(actor: str, belief: Belief) -> Iterator[Key]:
    """The cases that the encoder alone makes of a line for an actor."""
    for label, chance in belief.positions.items():
        if chance >= FAINT:
            yield (POSITIONS, actor, label, None)
    likely = [
        (number, kind, day)
        for day, kinds in belief.acts.items()
        for number, (kind, chance) in enumerate(kinds.items())
        if chance >= FAINT
    ]
    for _, kind, day in sorted(likely, key=itemgetter(0)):
        yield (EVENTS, actor, kind, day)


def _chances(case: Case, belief: Belief) -> tuple[float, float] | None:
    """What the encoder believes of a case in a line: its chance, and that leaving the date aside."""
    if case.day is None:
        chance = belief.positions.get(case.label)
        return None if chance is None else (chance, chance)
    chance = belief.acts[case.day].get(case.label)
    if chance is None:
        return None
    return chance, sum(kinds.get(case.label, 0.0) for kinds in belief.acts.values())


def keys_of(finding: Finding) -> list[Key]:
    """The cases that a finding of the rules speaks for; an act without a date or an actor is none."""
    keys: list[Key] = []
    for actor in finding.holders:
        if finding.proposition is not None and finding.stance is not None:
            keys.append((POSITIONS, actor, f"{finding.proposition} {finding.stance}", None))
        if finding.kind is not None and finding.when.value is not None:
            keys.append((EVENTS, actor, finding.kind, finding.when.value))
    return keys


def _see(case: Case, look: Look, chance: float, undated: float, others: Iterable[Key]) -> None:
    case.seen.append(Sight(look, chance, undated))
    mine = (case.of, case.actor, case.label, case.day)
    question = case.label.partition(" ")[0]
    case.contested |= any(
        key != mine and key[0] == case.of and key[2].partition(" ")[0] == question for key in others
    )


def signs(scene: Scene, case: Case, among: Mapping[Key, Case]) -> dict[str, float]:
    """What speaks for and against a case, by name."""
    made = {"always": 1.0, f"label {case.label}": 1.0}
    if case.seen:
        best = case.best
        seen = _logit(best.chance)
        made["encoder"] = seen
        made["encoder undated"] = _logit(max(s.undated for s in case.seen)) - seen
        made["encoder again"] = _logit(1.0 - math.prod(1.0 - s.chance for s in case.seen)) - seen
        concepts = {sign.code for sign in best.look.line.signs if sign.code[0] == "#"}
        made["subject named"] = float(bool(concepts - _NOT_THE_SUBJECT))
        made["another treaty named"] = float("#other" in concepts)
        made["off topic"] = float(not any(scene.topical[s.look.line.number] for s in case.seen))
    else:
        seen = made["encoder"] = _logit(0.0)
        made["unseen"] = 1.0
    if case.rules:
        made["rules"] = 1.0
        made["rules and encoder"] = seen
        made["rules again"] = math.log(len({f.line for f in case.rules}))
        for name in {family(f.rule) for f in case.rules}:
            made[f"rule {name}"] = 1.0
    made["contested"] = float(case.contested)
    made["own voice"] = float(case.actor == scene.own_voice)
    if case.day is not None:
        made |= _of_day(scene, case, case.day)
    else:
        question = case.label.partition(" ")[0]
        against = [
            c
            for key, c in among.items()
            if c is not case and key[:2] == (POSITIONS, case.actor) and key[2].partition(" ")[0] == question
        ]
        chances = [s.chance for c in against for s in c.seen]
        made["encoder against"] = _logit(max(chances, default=0.0))
        made["rules against"] = float(any(c.rules for c in against))
    return {name: value for name, value in made.items() if value}


def _of_day(scene: Scene, case: Case, day: str) -> dict[str, float]:
    article = scene.article_date
    made = {
        "coarse": float(len(day) < _DAY and not scene.dossier.kinds[case.label].once),
        "article's day": float(day == article),
        "later": float(bool(article) and day > str(article)[: len(day)]),
    }
    if case.seen and not case.rules:
        line = case.best.look.line
        candidate = candidate_of(scene, line, case.actor)
        told = told_on(scene, candidate, word_of(line, candidate), case.actor).value
        made["left open"] = float(told is None)
        made["dated by rules"] = float(told == day)
    return made


def _logit(chance: float) -> float:
    if chance <= 0.0:
        return -_MOST
    if chance >= 1.0:
        return _MOST
    return max(-_MOST, min(_MOST, math.log(chance / (1.0 - chance))))


def chance_of(found: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """How likely a case is right, by its signs."""
    return 1.0 / (1.0 + math.exp(-sum(value * weights.get(name, 0.0) for name, value in found.items())))


@cache
def load_weights(dossier_id: str) -> Weights:
    """The packaged weights of a dossier, read once; empty where none were fitted."""
    file = resources.files("workers.extraction.learned").joinpath(dossier_id, "weights.json")
    weights: Weights = json.loads(file.read_text("utf-8"))["weights"] if file.is_file() else {}
    return weights
