"""From findings to positions: one for each (actor, proposition, stance), with its clearest sentence."""

from __future__ import annotations

from collections.abc import Iterable

from services.core.domain.reading import Position
from services.core.domain.vocabulary import Stance
from workers.extraction.event_dates import Basis
from workers.extraction.findings import Finding


def find_positions(findings: Iterable[Finding], article_date: str | None) -> list[Position]:
    """The positions, in text order. Of the same stance told more than once the surest telling is kept;
    its date is the day on which it was stated, else the article's."""
    best: dict[tuple[str, str, Stance], tuple[Finding, Position]] = {}
    for finding in findings:
        if finding.proposition is None or finding.stance is None:
            continue
        for actor in finding.holders:
            key = (actor, finding.proposition, finding.stance)
            known = best.get(key)
            if known is None or _rank(finding) > _rank(known[0]):
                best[key] = (finding, _position(finding, actor, article_date))
    _settle(best)
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


def _settle(best: dict[tuple[str, str, Stance], tuple[Finding, Position]]) -> None:
    """Of opposite stances of one actor on the same day the weaker is a misreading."""
    for actor, proposition, stance in list(best):
        tied = best.get((actor, proposition, Stance.CONDITIONAL))
        plain = best.get((actor, proposition, stance))
        if (
            stance is Stance.SUPPORTS
            and tied
            and plain
            and plain[1].date == tied[1].date
            and proposition in _ONE_STANCE
        ):
            del best[(actor, proposition, stance)]  # what is asked of others is tied to the same condition
            continue
        if stance is not Stance.SUPPORTS:
            continue
        mine = best.get((actor, proposition, stance))
        against = best.get((actor, proposition, Stance.OPPOSES))
        if mine is None or against is None or mine[1].date != against[1].date:
            continue
        if abs(mine[1].confidence - against[1].confidence) >= 0.1:
            loser = Stance.OPPOSES if mine[1].confidence > against[1].confidence else Stance.SUPPORTS
            del best[(actor, proposition, loser)]
