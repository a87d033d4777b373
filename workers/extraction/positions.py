"""From findings to positions: one for each (actor, proposition, stance), with its clearest sentence."""

from __future__ import annotations

from collections.abc import Iterable

from services.core.domain.reading import Position
from services.core.domain.vocabulary import Stance
from workers.extraction.event_dates import Basis
from workers.extraction.findings import Finding

_Key = tuple[str, str, Stance]  # actor, proposition, stance


def find_positions(findings: Iterable[Finding], article_date: str | None) -> list[Position]:
    """The positions, in text order. Of the same stance told more than once the surest telling is kept;
    its date is the day on which it was stated, else the article's."""
    best: dict[_Key, tuple[Finding, Position]] = {}
    tellings: dict[_Key, dict[int, float]] = {}
    for finding in findings:
        if finding.proposition is None or finding.stance is None:
            continue
        for actor in finding.holders:
            key = (actor, finding.proposition, finding.stance)
            surest = tellings.setdefault(key, {})
            surest[finding.line] = max(finding.confidence, surest.get(finding.line, 0.0))
            known = best.get(key)
            if known is None or _rank(finding) > _rank(known[0]):
                best[key] = (finding, _position(finding, actor, article_date))
    _settle(best, {key: _odds(surest.values()) for key, surest in tellings.items()})
    return sorted((p for _, p in best.values()), key=lambda p: (p.evidence, p.actor, p.proposition))


def _rank(finding: Finding) -> tuple[float, bool, int]:
    return (finding.confidence, finding.when.basis in {Basis.EXPLICIT, Basis.SPEECH}, -finding.line)


def _position(finding: Finding, actor: str, article_date: str | None) -> Position:
    return Position(
        actor=actor,
        proposition=finding.proposition or "",
        stance=finding.stance or Stance.SUPPORTS,
        evidence=finding.evidence,
        date=finding.when.value or article_date,
        condition=finding.condition,
        speaker=finding.speaker,
        confidence=finding.confidence,
        rule=finding.rule,
    )


_ONE_STANCE = frozenset({"moratorium", "deployment"})
_EQUAL = 1.5  # odds that differ by less decide nothing
_LEAST = 1e-300


def _odds(chances: Iterable[float]) -> float:
    """The odds that at least one of several tellings is read rightly."""
    wrong = 1.0
    for chance in chances:
        wrong *= 1.0 - min(chance, 0.999)
    wrong = max(wrong, _LEAST)  # told hundreds of times it would be nothing
    return (1.0 - wrong) / wrong


def _settle(best: dict[_Key, tuple[Finding, Position]], odds: dict[_Key, float]) -> None:
    """Of opposite stances of one actor on the same day the less likely is a misreading; so is, on some questions,
    the plain one beside one with a condition: what is asked of others is tied to the same condition."""
    for actor, proposition, stance in list(best):
        if stance is not Stance.SUPPORTS:
            continue
        plain, tied, against = (
            (actor, proposition, s) for s in (Stance.SUPPORTS, Stance.CONDITIONAL, Stance.OPPOSES)
        )
        if proposition in _ONE_STANCE and _same_day(best, plain, tied) and odds[plain] <= _EQUAL * odds[tied]:
            del best[plain]
        elif _same_day(best, plain, against):
            if odds[plain] >= _EQUAL * odds[against]:
                del best[against]
            elif odds[against] >= _EQUAL * odds[plain]:
                del best[plain]


def _same_day(best: dict[_Key, tuple[Finding, Position]], one: _Key, other: _Key) -> bool:
    return one in best and other in best and best[one][1].date == best[other][1].date
