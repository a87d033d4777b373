"""What is read out of one article for one dossier: quotations, positions, political events, dates.

Spans are half-open ranges of Unicode code points into the article's posted text. The log keeps spans
and ids alone; `to_record` adds the words for people (`treatyline extract`, the API).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.core.domain.vocabulary import DateBasis, Precision, Stance, Status, Voice


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The words that the span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whoever uttered the words: a person of the dossier (`person`), else a span of the text."""

    person: str | None = None
    span: Span | None = None
    name: str | None = None  # for display; never written to the log


@dataclass(frozen=True, slots=True)
class ArticleText:
    """An article as the extractor sees it. `published_at` is an ISO 8601 date or time, as posted.

    `received_on` (an ISO 8601 date) bounds the search for the day of an article that brings none; without
    it, the clock does.
    """

    text: str
    title: str | None = None
    published_at: str | None = None
    outlet: str | None = None
    language: str | None = None
    url: str | None = None
    received_on: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleDate:
    """The article's own day (YYYY-MM-DD), or None where it cannot be worked out."""

    value: str | None
    basis: DateBasis


@dataclass(frozen=True, slots=True)
class Timex:
    """A TIMEX3 expression (ISO-TimeML): `type` is DATE, TIME, DURATION or SET."""

    start: int
    end: int
    value: str
    type: str


@dataclass(frozen=True, slots=True)
class Quotation:
    """An attribution relation (PARC3/PolNeAR): source says (cue) content. Split by its cue it is two."""

    content: Span
    source: Span | None = None
    cue: Span | None = None
    speaker: Speaker | None = None
    actor: str | None = None
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Actor x proposition x stance, on the day (`date`, cut to its precision) on which it was stated."""

    actor: str
    proposition: str
    stance: Stance
    evidence: Span
    date: str | None = None
    condition: Span | None = None
    speaker: Speaker | None = None
    voice: Voice = Voice.REPORTED
    confidence: float = 0.5
    rule: str = ""  # which rule or model made it; for --explain, not written to the log


@dataclass(frozen=True, slots=True)
class PoliticalEvent:
    """Something that actors did or said on a date. Never a record of the log: that is an event."""

    kind: str
    plover: str | None
    plover_mode: str | None
    date: str
    status: Status
    actors: tuple[str, ...]
    recipients: tuple[str, ...]
    evidence: Span
    speaker: Speaker | None = None
    confidence: float = 0.5
    rule: str = ""

    @property
    def precision(self) -> Precision:
        return Precision.of(self.date)


@dataclass(frozen=True, slots=True)
class SecondReader:
    """A reader that was asked besides the built-in one. `outcome`: "read", else why nothing came of it."""

    name: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one extractor read out of one article for one dossier."""

    dossier: str
    language: str | None
    relevant: bool
    date: ArticleDate
    quotations: tuple[Quotation, ...] = ()
    positions: tuple[Position, ...] = ()
    events: tuple[PoliticalEvent, ...] = ()
    dates: tuple[Timex, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict, compare=False)  # by the guard: reason -> records
    second_reader: SecondReader | None = None

    @property
    def dropped(self) -> int:
        """How many records the guard refused."""
        return sum(self.refused.values())


def to_record(reading: Reading, article: str, text: str) -> dict[str, Any]:
    """The JSON object that `treatyline extract` prints for an article (shape: DESIGN.md)."""

    def words(span: Span) -> dict[str, Any]:
        return {"start": span.start, "end": span.end, "text": span.of(text)}

    def place(span: Span | None) -> dict[str, int] | None:
        return None if span is None else {"start": span.start, "end": span.end}

    def name(speaker: Speaker | None) -> str | None:
        if speaker is None:
            return None
        return speaker.name or (speaker.span.of(text) if speaker.span else None)

    return {
        "article": article,
        "dossier": reading.dossier,
        "language": reading.language,
        "relevant": reading.relevant,
        "date": {"value": reading.date.value, "basis": reading.date.basis.value},
        "quotations": [
            {
                "source": place(q.source),
                "cue": place(q.cue),
                "content": place(q.content),
                "speaker": name(q.speaker),
                "actor": q.actor,
                "direct": q.direct,
            }
            for q in reading.quotations
        ],
        "positions": [
            {
                "actor": p.actor,
                "proposition": p.proposition,
                "stance": p.stance.value,
                "condition": p.condition.of(text) if p.condition else None,
                "date": p.date,
                "speaker": name(p.speaker),
                "voice": p.voice.value,
                "confidence": round(p.confidence, 3),
                "evidence": words(p.evidence),
            }
            for p in reading.positions
        ],
        "events": [
            {
                "kind": e.kind,
                "plover": e.plover,
                "plover_mode": e.plover_mode,
                "date": e.date,
                "precision": e.precision.value,
                "status": e.status.value,
                "actors": list(e.actors),
                "recipients": list(e.recipients),
                "speaker": name(e.speaker),
                "confidence": round(e.confidence, 3),
                "evidence": words(e.evidence),
            }
            for e in reading.events
        ],
        "dates": [
            {"start": t.start, "end": t.end, "text": text[t.start : t.end], "value": t.value, "type": t.type}
            for t in reading.dates
        ],
    }
