"""A reading as it lies in the log, and back: spans and ids, never words.

A span is [start, end] in code points of the posted text; a speaker is {"person": id of the dossier} or
{"span": [start, end]}. `rule` and the time expressions are not kept: reading again gives them. Records that a second
reader made say so in `reader`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.core.domain.events import ExtractionCompleted, ExtractionSkipped
from services.core.domain.reading import (
    ArticleDate,
    PoliticalEvent,
    Position,
    Quotation,
    Reading,
    SecondReader,
    Span,
    Speaker,
)
from services.core.domain.vocabulary import DateBasis, Stance, Status, Voice

OFF_TOPIC, UNSUPPORTED_LANGUAGE = "off-topic", "unsupported-language"
LANGUAGES = frozenset({"en"})  # that extractors read


def outcome_of(
    reading: Reading, *, article_id: str, revision: int, dossier_version: str, extractor_version: str
) -> ExtractionCompleted | ExtractionSkipped:
    """The event that says what was read out of one revision of an article."""
    common: dict[str, Any] = {
        "article_id": article_id,
        "revision": revision,
        "dossier": reading.dossier,
        "dossier_version": dossier_version,
        "extractor_version": extractor_version,
        "language": reading.language,
        "article_date": reading.date.value,
        "article_date_basis": reading.date.basis.value,
    }
    if not reading.relevant:
        foreign = reading.language is not None and reading.language.split("-")[0].lower() not in LANGUAGES
        return ExtractionSkipped(reason=UNSUPPORTED_LANGUAGE if foreign else OFF_TOPIC, **common)
    return ExtractionCompleted(
        political_events=tuple(_write_political_event(event) for event in reading.events),
        positions=tuple(_write_position(position) for position in reading.positions),
        quotations=tuple(_write_quotation(quotation) for quotation in reading.quotations),
        dropped=reading.dropped,
        refused=dict(reading.refused),
        second_reader=asdict(reading.second_reader) if reading.second_reader else None,
        **common,
    )


def reading_of(event: ExtractionCompleted) -> Reading:
    """The reading that the event was made of, but for rules, time expressions and names."""
    return Reading(
        dossier=event.dossier,
        language=event.language,
        relevant=True,
        date=ArticleDate(event.article_date, DateBasis(event.article_date_basis)),
        quotations=tuple(_read_quotation(data) for data in event.quotations),
        positions=tuple(_read_position(data) for data in event.positions),
        events=tuple(_read_political_event(data) for data in event.political_events),
        refused=event.refused or ({"unknown": event.dropped} if event.dropped else {}),
        second_reader=SecondReader(**event.second_reader) if event.second_reader else None,
    )


def _write_quotation(quotation: Quotation) -> dict[str, Any]:
    return {
        "source": _write_span(quotation.source),
        "cue": _write_span(quotation.cue),
        "content": _write_span(quotation.content),
        "speaker": _write_speaker(quotation.speaker),
        "actor": quotation.actor,
        "direct": quotation.direct,
    }


def _read_quotation(data: dict[str, Any]) -> Quotation:
    return Quotation(
        content=Span(*data["content"]),
        source=_read_span(data["source"]),
        cue=_read_span(data["cue"]),
        speaker=_read_speaker(data["speaker"]),
        actor=data["actor"],
        direct=data["direct"],
    )


def _write_position(position: Position) -> dict[str, Any]:
    return {
        "actor": position.actor,
        "proposition": position.proposition,
        "stance": position.stance.value,
        "condition": _write_span(position.condition),
        "date": position.date,
        "speaker": _write_speaker(position.speaker),
        "voice": position.voice.value,
        "confidence": round(position.confidence, 3),
        "evidence": _write_span(position.evidence),
        **_second(position.rule),
    }


def _read_position(data: dict[str, Any]) -> Position:
    return Position(
        actor=data["actor"],
        proposition=data["proposition"],
        stance=Stance(data["stance"]),
        evidence=Span(*data["evidence"]),
        date=data["date"],
        condition=_read_span(data["condition"]),
        speaker=_read_speaker(data["speaker"]),
        voice=Voice(data["voice"]),
        confidence=data["confidence"],
    )


def _write_political_event(event: PoliticalEvent) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "plover": event.plover,
        "plover_mode": event.plover_mode,
        "date": event.date,
        "status": event.status.value,
        "actors": list(event.actors),
        "recipients": list(event.recipients),
        "speaker": _write_speaker(event.speaker),
        "confidence": round(event.confidence, 3),
        "evidence": _write_span(event.evidence),
        **_second(event.rule),
    }


def _read_political_event(data: dict[str, Any]) -> PoliticalEvent:
    return PoliticalEvent(
        kind=data["kind"],
        plover=data["plover"],
        plover_mode=data["plover_mode"],
        date=data["date"],
        status=Status(data["status"]),
        actors=tuple(data["actors"]),
        recipients=tuple(data["recipients"]),
        evidence=Span(*data["evidence"]),
        speaker=_read_speaker(data["speaker"]),
        confidence=data["confidence"],
    )


def _second(rule: str) -> dict[str, str]:
    """What was not made by the built-in reader says so."""
    return {"reader": rule} if rule.startswith("endpoint/") else {}


def _write_span(span: Span | None) -> list[int] | None:
    return None if span is None else [span.start, span.end]


def _read_span(data: list[int] | None) -> Span | None:
    return None if data is None else Span(*data)


def _write_speaker(speaker: Speaker | None) -> dict[str, Any] | None:
    """A person of the dossier, else where the name stands; a name alone would be the article's words."""
    if speaker is None:
        return None
    if speaker.person is not None:
        return {"person": speaker.person}
    return None if speaker.span is None else {"span": _write_span(speaker.span)}


def _read_speaker(data: dict[str, Any] | None) -> Speaker | None:
    if data is None:
        return None
    return Speaker(person=data.get("person"), span=_read_span(data.get("span")))
