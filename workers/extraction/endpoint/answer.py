"""From the endpoint's answer to records: its form is checked, its words are looked for in the text.

What is not in the text gets a span outside it, what is in no vocabulary stays as it is, and what names an actor or a
day that the article cannot mean loses both: the guard refuses and counts it, as it does for every reader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from services.core.domain.dossier import Dossier
from services.core.domain.reading import PoliticalEvent, Position, Span, Speaker
from services.core.domain.vocabulary import Stance, Status, Voice
from workers.extraction.endpoint.client import EndpointFailed

NOWHERE = Span(-1, -1)
MOST_RECORDS = 200
CONFIDENCE = 0.5  # nobody measured it: `training/calibrate.py` measures rules
_MOST_EVIDENCE = 1000

_POSITION = ("actor", "proposition", "stance", "condition", "date", "speaker", "voice", "evidence")
_EVENT = ("kind", "date", "status", "actors", "recipients", "speaker", "evidence")
_MAY_LACK = frozenset({"condition", "speaker"})

W = TypeVar("W", Stance, Status, Voice)


@dataclass(frozen=True, slots=True)
class Setting:
    """What an answer is held against: the text, its day, and who occurs in it at all."""

    text: str
    day: str | None
    present: Collection[str]
    dossier: Dossier
    reader: str  # the name that its records bear as their rule


def records(content: str, setting: Setting) -> tuple[list[Position], list[PoliticalEvent]]:
    """The records of an answer, each once. Raises EndpointFailed where its form is not the one asked for."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise EndpointFailed("nonsense") from None
    if not isinstance(answer, dict) or set(answer) != {"positions", "events"}:
        raise EndpointFailed("wrong-schema")
    positions = {
        (p.actor, p.proposition, str(p.stance)): p
        for p in (_position(entry, setting) for entry in _entries(answer["positions"], _POSITION))
    }
    events = {
        (e.kind, e.date, e.actors): e
        for e in (_event(entry, setting) for entry in _entries(answer["events"], _EVENT))
    }
    return list(positions.values()), list(events.values())


def _entries(entries: Any, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    if not isinstance(entries, list) or len(entries) > MOST_RECORDS:
        raise EndpointFailed("wrong-schema")
    for entry in entries:
        if not isinstance(entry, dict) or set(entry) != set(names) or not all(map(_typed, entry.items())):
            raise EndpointFailed("wrong-schema")
        yield entry


def _typed(item: tuple[str, Any]) -> bool:
    name, value = item
    if name in {"actors", "recipients"}:
        return isinstance(value, list) and all(isinstance(actor, str) for actor in value)
    return isinstance(value, str) or (value is None and (name in _MAY_LACK or name == "date"))


def _position(entry: Mapping[str, Any], setting: Setting) -> Position:
    evidence = find(entry["evidence"], setting.text)
    stance = _word(Stance, entry["stance"])
    condition = (
        _condition(entry["condition"], evidence, setting.text) if stance is Stance.CONDITIONAL else None
    )
    return Position(
        actor=_actor(entry["actor"], setting),
        proposition=entry["proposition"],
        stance=stance,
        evidence=evidence,
        date=_said_by(entry["date"] or setting.day, setting.day),
        condition=condition,
        speaker=_speaker(entry["speaker"], setting),
        voice=_word(Voice, entry["voice"]),
        confidence=CONFIDENCE,
        rule=setting.reader,
    )


def _event(entry: Mapping[str, Any], setting: Setting) -> PoliticalEvent:
    kind = setting.dossier.kinds.get(entry["kind"])
    status = _word(Status, entry["status"])
    date = entry["date"] or ""
    return PoliticalEvent(
        kind=entry["kind"],
        plover=kind.plover if kind else None,
        plover_mode=kind.plover_mode if kind else None,
        date=date if status is Status.PLANNED else _said_by(date, setting.day) or "",
        status=status,
        actors=tuple(sorted({_actor(actor, setting) for actor in entry["actors"]})),
        recipients=tuple(
            sorted({_actor(actor, setting) for actor in entry["recipients"]} - set(entry["actors"]))
        ),
        evidence=find(entry["evidence"], setting.text),
        speaker=_speaker(entry["speaker"], setting),
        confidence=CONFIDENCE,
        rule=setting.reader,
    )


def _word(words: type[W], value: str) -> W:
    """The word of a vocabulary; what is none stays as it is, for the guard."""
    try:
        return words(value)
    except ValueError:
        return cast("W", value)


def _actor(actor: str, setting: Setting) -> str:
    """An actor that the text never mentions is none."""
    return actor if actor in setting.present else f"absent: {actor}"


def _said_by(date: str | None, day: str | None) -> str | None:
    """A date of something that was said or done; after the article's own day it is none."""
    if date and day and date > day[: len(date)]:
        return f"after {day}: {date}"
    return date


def _condition(words: str | None, evidence: Span, text: str) -> Span:
    """The condition, nearest to the evidence; without one a conditional stance does not hold."""
    return find(words, text, near=evidence.start) if words else NOWHERE


def _speaker(words: str | None, setting: Setting) -> Speaker | None:
    if words is None:
        return None
    span = find(words, setting.text)
    names = " ".join(words.split())
    for person in setting.dossier.people.values() if span is not NOWHERE else ():
        if names in person.names:
            return Speaker(person=person.id, name=person.name)
    return Speaker(span=span, name=names)


def find(words: str, text: str, near: int = 0) -> Span:
    """Where words stand verbatim in a text, white space compared folded; of several the next to `near`."""
    parts = words.split()
    if not parts or len(words) > _MOST_EVIDENCE:
        return NOWHERE
    spans = [Span(*match.span()) for match in re.finditer(r"\s+".join(map(re.escape, parts)), text)]
    return min(spans, key=lambda span: abs(span.start - near)) if spans else NOWHERE
