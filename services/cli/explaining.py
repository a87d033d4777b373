"""`treatyline extract --explain`: for people, and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from services.core.domain.reading import Reading, to_record
from workers.extraction.explaining import Explains, Explanation, Link

_BASES = {
    "explicit": "said beside it",
    "speech": "the day of the speech",
    "leaned": "the day of what was told before",
    "article": "the article's day",
    "open": "left open",
}


def explained(reader: Explains, reading: Reading, article: str, text: str) -> dict[str, Any]:
    """The article's record as `extract` prints it; each position and event has an `explanation` besides."""
    record = to_record(reading, article, text)
    for entry, position in zip(record["positions"], reading.positions, strict=True):
        entry["explanation"] = _as_json(reader.explanation(position), text)
    for entry, event in zip(record["events"], reading.events, strict=True):
        entry["explanation"] = _as_json(reader.explanation(event), text)
    record["refused"] = dict(reading.refused)
    record["second_reader"] = asdict(reading.second_reader) if reading.second_reader else None
    return record


def _as_json(made: Explanation, text: str) -> dict[str, Any]:
    span = made.sentence
    return {
        "sentence": {"start": span.start, "end": span.end, "text": span.of(text)},
        "chain": [{**asdict(link), "actors": list(link.actors)} for link in made.chain],
        "rule": made.rule,
        "made_by": "model" if made.learned else "rule",
        "score": None if made.score is None else round(made.score, 3),
        "date_basis": made.date_basis,
    }


def in_words(record: dict[str, Any]) -> Iterator[str]:
    """The lines that explain an article's record to a person."""
    day = record["date"]
    yield f"{record['article']}: {day['value'] or 'no date'} ({day['basis']}), language {record['language'] or 'unknown'}"
    if not record["relevant"]:
        yield "  nothing is read out of it: it is not on the subject, or in a language that is not read"
    for number, position in enumerate(record["positions"], start=1):
        yield ""
        yield f"position {number}: {position['actor']} {position['stance']} {position['proposition']}"
        yield from _lines(position)
    for number, event in enumerate(record["events"], start=1):
        to = f" to {', '.join(event['recipients'])}" if event["recipients"] else ""
        planned = ", planned" if event["status"] == "planned" else ""
        yield ""
        yield f"event {number}: {event['kind']} by {', '.join(event['actors']) or 'nobody named'}{to}{planned}"
        yield from _lines(event)
    if record["second_reader"]:
        yield ""
        yield f"second reader: {record['second_reader']['name']}, {record['second_reader']['outcome']}"
    if record["refused"]:
        yield ""
        yield "refused: " + ", ".join(f"{count} for {reason}" for reason, count in record["refused"].items())
    yield ""


def _lines(entry: dict[str, Any]) -> Iterator[str]:
    made = entry["explanation"]
    yield f"  sentence:   {_folded(made['sentence']['text'])}"
    yield f"  evidence:   {_folded(entry['evidence']['text'])}"
    if entry.get("condition"):
        yield f"  condition:  {_folded(entry['condition'])}"
    chain = [Link(**{**link, "actors": tuple(link["actors"])}) for link in made["chain"]]
    for number, told in enumerate(_voices(chain)):
        yield f"  {'said by:' if number == 0 else '  which:':11} {told}"
    if entry.get("voice"):
        yield f"  voice:      {entry['voice']}"
    yield f"  date:       {entry['date'] or 'none'} ({_BASES.get(made['date_basis'], 'unknown')})"
    score = "" if made["score"] is None else f", score {made['score']:.2f}"
    yield f"  made by:    {made['made_by']} {made['rule']}{score}, right in {entry['confidence']:.0%} of such cases"


def _voices(chain: Iterable[Link]) -> Iterator[str]:
    for link in chain:
        words = f'"{link.words}"' if link.words else ""
        counts = ", ".join(link.actors) or ("nobody that counts" if words else "nobody named")
        steps = (words, link.holder or "", counts)
        how = f"{'not ' if link.negated else ''}{link.how}"
        cue = f' by "{link.cue}"' if link.cue else ""
        yield f"{' → '.join(step for step in steps if step)}  ({how}{cue}{', in quotes' if link.direct else ''})"


def _folded(words: str) -> str:
    return " ".join(words.split())
