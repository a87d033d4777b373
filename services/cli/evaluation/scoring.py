"""Scores of readings against coded articles, by the rules of the codebook (section 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.cli.evaluation.coded import CodedArticle, CodedEvent, CodedPosition


@dataclass(slots=True)
class Count:
    """True and false positives, and what was missed."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def precision(self) -> float:
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0

    @property
    def recall(self) -> float:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def as_json(self) -> dict[str, Any]:
        """Counts and, to three places, what follows from them."""
        return {
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
            "precision": round(self.precision, 3),
            "recall": round(self.recall, 3),
            "f1": round(self.f1, 3),
        }


@dataclass(slots=True)
class Share:
    """How many of how many."""

    right: int = 0
    of: int = 0

    def add(self, right: bool) -> None:
        self.right += right
        self.of += 1

    @property
    def value(self) -> float | None:
        return self.right / self.of if self.of else None

    def as_json(self) -> dict[str, Any]:
        """The counts."""
        return {"right": self.right, "of": self.of}


@dataclass(frozen=True, slots=True)
class Judged:
    """A record that was found, by what rule if that is known, and whether gold has it."""

    confidence: float
    right: bool
    rule: str


@dataclass(slots=True)
class Score:
    """What a set of articles scored. `judged`: the records found, but for those that are optional in gold."""

    articles: int = 0
    article_dates: Share = field(default_factory=Share)
    positions: Count = field(default_factory=Count)
    events: Count = field(default_factory=Count)
    events_lenient: Count = field(default_factory=Count)
    by_proposition: defaultdict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    by_kind: defaultdict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    position_dates: Share = field(default_factory=Share)
    voices: Share = field(default_factory=Share)
    event_status: Share = field(default_factory=Share)
    event_recipients: Share = field(default_factory=Share)
    nothing_to_code: int = 0  # articles without any record in gold
    read_into_them: int = 0  # records found in those
    judged: dict[str, list[Judged]] = field(default_factory=lambda: {"positions": [], "events": []})
    errors: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The figures, those of the codebook's own scorer under its names."""
        return {
            "articles": self.articles,
            "article_dates": self.article_dates.as_json(),
            "positions": self.positions.as_json(),
            "events": self.events.as_json(),
            "events_lenient": self.events_lenient.as_json(),
            "position_dates_right": _rounded(self.position_dates.value),
            "event_status_right": _rounded(self.event_status.value),
            "event_recipients_right": _rounded(self.event_recipients.value),
            "voices": self.voices.as_json(),
            "nothing_to_code": {"articles": self.nothing_to_code, "records_found": self.read_into_them},
            "by_proposition": {
                name: self.by_proposition[name].as_json() for name in sorted(self.by_proposition)
            },
            "by_kind": {name: self.by_kind[name].as_json() for name in sorted(self.by_kind)},
        }


def score(pairs: Iterable[tuple[CodedArticle, CodedArticle | None]]) -> Score:
    """The score of (gold, found) pairs; an article that was not read has nothing found."""
    total = Score()
    for gold, read in pairs:
        found = read or CodedArticle(gold.name, None, False, (), ())
        total.articles += 1
        if gold.empty:
            total.nothing_to_code += 1
            total.read_into_them += len(found.positions) + len(found.events)
        if gold.date_scored:
            total.article_dates.add(found.date == gold.date)
            if found.date != gold.date:
                total.errors.append(f"{gold.name}: article date {found.date} instead of {gold.date}")
        _positions(total, gold, found)
        _events(total, gold, found)
    return total


def _positions(total: Score, gold: CodedArticle, found: CodedArticle) -> None:
    wanted = {p.key: p for p in gold.positions}
    mine = {p.key: p for p in found.positions}
    for key, position in mine.items():
        right = wanted.get(key)
        if right is None:
            total.positions.fp += 1
            total.by_proposition[position.proposition].fp += 1
            total.errors.append(f"{gold.name}: position not in gold: {' '.join(key)}{_words(position)}")
        else:
            total.positions.tp += not right.optional
            total.by_proposition[right.proposition].tp += not right.optional
            total.position_dates.add(same_date(right.date, position.date))
            if right.voice is not None:
                total.voices.add(right.voice == position.voice)
        if position.confidence is not None and (right is None or not right.optional):
            total.judged["positions"].append(Judged(position.confidence, right is not None, position.rule))
    for key, position in wanted.items():
        if key not in mine and not position.optional:
            total.positions.fn += 1
            total.by_proposition[position.proposition].fn += 1
            total.errors.append(f"{gold.name}: position missed: {' '.join(key)}{_words(position)}")


def _events(total: Score, gold: CodedArticle, found: CodedArticle) -> None:
    lenient = match(gold.events, found.events, lenient=True)
    _count(total.events_lenient, gold.events, found.events, lenient)
    matches = match(gold.events, found.events, lenient=False)
    _count(total.events, gold.events, found.events, matches)
    for i, j in matches.items():
        right, event = gold.events[i], found.events[j]
        total.by_kind[right.kind].tp += not right.optional
        total.event_status.add(right.status == event.status)
        total.event_recipients.add(right.recipients == event.recipients)
    taken = {j: i for i, j in matches.items()}
    for j, event in enumerate(found.events):
        if j not in taken:
            total.by_kind[event.kind].fp += 1
            total.errors.append(f"{gold.name}: event not in gold: {_named(event)}")
        if event.confidence is not None and not (j in taken and gold.events[taken[j]].optional):
            total.judged["events"].append(Judged(event.confidence, j in taken, event.rule))
    for i, event in enumerate(gold.events):
        if i not in matches and not event.optional:
            total.by_kind[event.kind].fn += 1
            total.errors.append(f"{gold.name}: event missed: {_named(event)}")


def _count(
    count: Count, gold: Sequence[CodedEvent], found: Sequence[CodedEvent], matches: dict[int, int]
) -> None:
    count.tp += sum(not gold[i].optional for i in matches)
    count.fp += len(found) - len(matches)
    count.fn += sum(1 for i, event in enumerate(gold) if i not in matches and not event.optional)


def same_date(gold: str | None, found: str | None) -> bool:
    """Whether dates are equal at the gold one's precision."""
    return bool(gold and found) and (found or "")[: len(gold or "")] == gold


def match(gold: Sequence[CodedEvent], found: Sequence[CodedEvent], *, lenient: bool) -> dict[int, int]:
    """Which event of gold (number) is which found one: one to one, best agreement first.

    `lenient` lets the kinds differ.
    """
    matches: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in sorted(_candidates(gold, found, lenient), reverse=True):
        if -i not in matches and -j not in taken:
            matches[-i] = -j
            taken.add(-j)
    return matches


def _candidates(
    gold: Sequence[CodedEvent], found: Sequence[CodedEvent], lenient: bool
) -> Iterator[tuple[tuple[bool, ...], int, int]]:
    for i, right in enumerate(gold):
        for j, event in enumerate(found):
            if not lenient and right.kind != event.kind:
                continue
            if not any(same_date(day, event.date) for day in (right.date, *right.also)):
                continue
            if right.actors and not right.actors & event.actors:
                continue
            agreement = (
                right.kind == event.kind,
                right.actors == event.actors,
                right.recipients == event.recipients,
                not right.optional,
            )
            yield agreement, -i, -j


def _named(event: CodedEvent) -> str:
    return f"{event.date} {event.kind} {sorted(event.actors)}{_words(event)}"


def _words(record: CodedPosition | CodedEvent) -> str:
    told = (f"[{record.rule}]" if record.rule else "", " ".join(record.evidence.split()))
    words = " ".join(word for word in told if word)
    return f" | {words}" if words else ""


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
