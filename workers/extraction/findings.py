"""A finding: what one rule read out of one sentence, before it becomes a position, an event or both."""

from __future__ import annotations

from dataclasses import dataclass

from services.core.domain.reading import Span, Speaker
from services.core.domain.vocabulary import Stance, Status
from workers.extraction.event_dates import Dated


@dataclass(frozen=True, slots=True)
class Finding:
    """Somebody's (`holders`) stance on a proposition and the kind of act that says so; either may lack.

    `when` dates the act and the position; `line` is the sentence's number. A finding without a kind makes
    no event; one whose `when` is open makes a position only. `weak`: an event only if that actor has no
    other one that day (kind `statement`).
    """

    holders: tuple[str, ...]
    line: int
    evidence: Span
    when: Dated
    rule: str
    confidence: float
    proposition: str | None = None
    stance: Stance | None = None
    kind: str | None = None
    recipients: tuple[str, ...] = ()
    status: Status = Status.ACTUAL
    condition: Span | None = None
    speaker: Speaker | None = None
    weak: bool = False
