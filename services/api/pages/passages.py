"""An article with what was read in it marked in place: the sentences that carry something, or the whole text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.core.domain.sentences import sentence_around

APART = 2  # characters between two sentences that are still shown as one passage


@dataclass(frozen=True, slots=True)
class Note:
    """One record that was read out of the article, under the number that its words bear."""

    number: int
    what: str  # event, position, quotation
    start: int
    end: int
    dossier: str
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that the same records are read out of; none for what only stands between."""

    text: str
    what: tuple[str, ...]
    ends: tuple[int, ...]  # numbers of the notes whose words end here


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences with their notes."""

    pieces: tuple[Piece, ...]
    notes: tuple[Note, ...]
    cut_before: bool
    cut_after: bool


def notes_of(readings: Iterable[Mapping[str, Any]]) -> list[Note]:
    """Everything that readings hold, numbered as it stands in the text."""
    found = [
        (record[span]["start"], record[span]["end"], what, reading["dossier"], record)
        for reading in readings
        for what, name, span in (
            ("event", "events", "evidence"),
            ("position", "positions", "evidence"),
            ("quotation", "quotations", "content"),
        )
        for record in reading[name]
    ]
    found.sort(key=lambda item: item[:3])
    return [
        Note(number, what, start, end, dossier, record)
        for number, (start, end, what, dossier, record) in enumerate(found, 1)
    ]


def passages(text: str, notes: Sequence[Note], *, whole: bool) -> list[Passage]:
    """The text cut to the sentences that carry events and positions; with `whole` all of it, as one passage."""
    spans: list[list[int]] = []
    for note in notes:
        if note.what == "quotation":
            continue
        first, last = sentence_around(text, note.start, note.end)
        if spans and first <= spans[-1][1] + APART:
            spans[-1][1] = max(spans[-1][1], last)
        else:
            spans.append([first, last])
    if whole:
        spans = [[0, len(text)]]
    # What only stands elsewhere is not shown, and leaves no gap in the numbers.
    shown = [n for n in notes if any(n.start < last and first < n.end for first, last in spans)]
    notes = [replace(note, number=number) for number, note in enumerate(shown, 1)]
    found = []
    told: set[int] = set()
    for first, last in spans:
        here = [note for note in notes if note.start < last and first < note.end]
        found.append(_passage(text, first, last, here, [note for note in here if note.number not in told]))
        told |= {note.number for note in here}
    return found


def _passage(text: str, first: int, last: int, marked: Sequence[Note], notes: Sequence[Note]) -> Passage:
    """`marked` have words here; of them `notes` are told here, the others beside an earlier passage."""
    edges = {first, last}
    for note in marked:
        edges |= {edge for edge in (note.start, note.end) if first < edge < last}
    ordered = sorted(edges)
    pieces = []
    for start, end in itertools.pairwise(ordered):
        here = [note for note in marked if note.start <= start and end <= note.end]
        what = tuple(sorted({note.what for note in here}))
        ends = tuple(
            n.number for n in notes if n in here and (n.end == end or (n.end > last and end == last))
        )
        pieces.append(Piece(text[start:end], what, ends))
    return Passage(tuple(pieces), tuple(notes), first > 0, last < len(text))
