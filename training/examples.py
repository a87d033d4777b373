"""Examples for the encoder: rendered sentences with what each actor in them holds and does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from services.core.domain.dossier import Dossier
from services.core.domain.reading import Span
from training.articles import Code, CodedArticle
from training.bank import Entry, staged
from workers.extraction.dates import find_dates
from workers.extraction.document import parse
from workers.extraction.learned.rendering import Pieces, Rendered, render
from workers.extraction.mentions import find_mentions
from workers.extraction.owner import owner_of
from workers.extraction.quotations import find_quotations
from workers.extraction.scene import Scene

ANY = "any"  # dated by whatever


@dataclass
class Example:
    """`positions`: actor -> labels. `acts`: (actor, a date's value or ANY where no marked date is the act's, kind).
    `unsure`: the same, to be left out of account. A sentence's group is its article."""

    group: str
    rendered: Rendered
    positions: dict[str, set[str]] = field(default_factory=dict)
    acts: set[tuple[str, str, str]] = field(default_factory=set)
    unsure_positions: set[tuple[str, str]] = field(default_factory=set)
    unsure_acts: set[tuple[str, str]] = field(default_factory=set)

    @property
    def coded(self) -> bool:
        """Whether there is anything to tell; the bank's sentences count, they are near misses."""
        told = self.positions or self.acts or self.unsure_positions or self.unsure_acts
        return bool(told) or "/" in self.group


def from_article(coded: CodedArticle, dossier: Dossier, pieces: Pieces) -> Iterator[Example]:
    """One example for each sentence."""
    document = parse(coded.text)
    day = date.fromisoformat(coded.day)
    mentions = find_mentions(document, dossier, day)
    scene = Scene(
        document,
        dossier,
        mentions,
        find_quotations(document, mentions, dossier, nested=True),
        find_dates(document.text, day),
        coded.day,
        owner_of(document, dossier, coded.text.outlet, mentions),
    )
    by_line: dict[int, list[Code]] = {}
    for code in coded.codes:
        by_line.setdefault(_line_of(scene, code.span), []).append(code)
    for line in scene.lines:
        codes = by_line.get(line.number, [])
        if not line.signs:
            continue
        wanted = [a for code in codes for a in code.actors]
        rendered = render(scene, line, pieces)
        missing = [] if set(wanted) & rendered.holders.keys() else wanted[:1]
        missing += [
            a
            for code in codes
            if code.actors and not set(code.actors) & rendered.holders.keys()
            for a in code.actors[:1]
        ]
        if missing:
            rendered = render(scene, line, pieces, missing)
        example = _labelled(Example(coded.name, rendered), codes)
        yield example if coded.whole else _told_again(example, coded.codes)


def _told_again(example: Example, codes: Iterable[Code]) -> Example:
    """What is coded in another sentence only may be told here, too."""
    for code in codes:
        for actor in code.actors:
            if " " in code.label:
                if code.label not in example.positions.get(actor, ()):
                    example.unsure_positions.add((actor, code.label))
            elif not any((a, kind) == (actor, code.label) for a, _, kind in example.acts):
                example.unsure_acts.add((actor, code.label))
    return example


def from_sentence(entry: Entry, dossier: Dossier, pieces: Pieces) -> Iterator[Example]:
    """The example of one sentence of the bank; its acts have no dates."""
    scene, offset, labels = staged(entry, dossier)
    for line in scene.lines:
        if line.span.end <= offset or not line.signs:
            continue
        rendered = render(scene, line, pieces)
        missing = [a for a in labels if a not in rendered.holders]
        if missing:
            rendered = render(scene, line, pieces, missing)
        example = Example(f"{entry.file}/{entry.number}", rendered)
        for actor, names in labels.items():
            example.positions[actor] = {name for name in names if " " in name}
            example.acts |= {(actor, ANY, name) for name in names if " " not in name}
        yield example


def _line_of(scene: Scene, span: Span) -> int:
    def shared(number: int) -> int:
        line = scene.lines[number].span
        return min(line.end, span.end) - max(line.start, span.start)

    return max(range(len(scene.lines)), key=shared)


def _labelled(example: Example, codes: list[Code]) -> Example:
    times = [value for _, value in example.rendered.times]
    for code in codes:
        for actor in code.actors:
            if actor not in example.rendered.holders:
                continue
            if " " in code.label:
                if code.optional:
                    example.unsure_positions.add((actor, code.label))
                else:
                    example.positions.setdefault(actor, set()).add(code.label)
            elif code.optional:
                example.unsure_acts.add((actor, code.label))
            else:
                dated = code.date if code.date in times else ANY
                example.acts.add((actor, dated, code.label))
    return example
