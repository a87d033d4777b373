"""A sentence as the encoder sees it: word pieces, with a mark before every actor, concept and date.

Each mark is a piece of its own. An actor's says what part it has in the dispute (`party_of`), never its name, and
people in office are "official", so that nothing is learned about persons. The sentence before goes in front,
between them a separator; whoever speaks in the sentence without being named in it (a quotation that goes on, the
outlet's owner) stands at the very start, and so do the article's own day, the days by which the rules date what
the sentence tells, and the last actors and dates of the lines further up, which a line may lean on. What is asked
of the encoder's output is asked at the marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from workers.extraction.gazetteer import ADJECTIVE, PERSON
from workers.extraction.learned.candidates import told_days
from workers.extraction.mention import PLACE
from workers.extraction.signs import load_concepts

if TYPE_CHECKING:
    from services.core.domain.dossier import Dossier
    from workers.extraction.mention import Mention
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

LENGTH = 176  # pieces; a longer sentence is cut at its end, its context at its start
CONTEXT = 72
_CLS, _SEP = 101, 102  # of the BERT vocabulary, whose pieces 1 to 99 are unused and serve as marks
_NAMED = {"russia": "R", "usa": "U", "nato": "N", "china": "C"}  # whose part in the dispute is their own
_PARTIES = {"R": 1, "U": 2, "N": 3, "C": 4, "B": 5, "X": 6}
_NOBODY, SILENT, _PARAGRAPH = 7, 8, 9
_PAST, _NEAR, _FUTURE = 10, 11, 12
_EARLIER, _ON_TOPIC, _OFF_TOPIC = 13, 14, 15
_ARTICLE, _TOLD, _OPEN = 16, 17, 18
COARSE_PAST, _COARSE_FUTURE = 90, 91
_CONCEPTS = 20  # the first of the concepts' marks
_DAYS_NEAR = 8
_SILENT_MOST = 8  # speakers shown in front of a line
_BACK = 12  # lines up that a line may lean on
_LEAN, _LEAN_DAYS, _TOLD_MOST = 2, 3, 3  # actors and dates of them, and days by the rules, that are shown
_FIRST = frozenset({"i", "we", "our", "us", "my"})


def party_of(actor: str, dossier: Dossier) -> str:
    """R Russia, U the United States, N NATO, C China, B a member of NATO, X others."""
    own = _NAMED.get(actor)
    return own or ("B" if actor in dossier.groups.get("nato", ()) else "X")


class Pieces(Protocol):
    """What turns words into word pieces."""

    def __call__(self, text: str) -> list[int]:
        """The ids of a text's word pieces, without separators."""
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """`holders`: the places of each actor's marks; `times`: place and value of the marks of dates."""

    pieces: tuple[int, ...]
    holders: dict[str, tuple[int, ...]]
    times: tuple[tuple[int, str], ...]
    target: int  # place of the separator before the sentence itself


@dataclass(slots=True)
class _Row:
    """Pieces with the actor or the date that they stand for."""

    pieces: list[int]
    marks: list[tuple[int, str | None, str | None]]  # place, actor, date

    def add(self, pieces: Iterable[int]) -> None:
        self.pieces.extend(pieces)

    def mark(self, piece: int, actor: str | None = None, day: str | None = None) -> None:
        self.marks.append((len(self.pieces), actor, day))
        self.pieces.append(piece)


class Renderer:
    """Shows the lines of one article; a line's own pieces are made once for it and for the line after it."""

    def __init__(self, scene: Scene, pieces: Pieces) -> None:
        self._scene, self._pieces = scene, pieces
        self._rows: dict[int, _Row] = {}
        self._mentions: dict[int, list[Mention]] = {}
        for mention in scene.mentions:
            if mention.kind != PLACE:
                number = scene.document.sentence_index(mention.span.start)
                self._mentions.setdefault(number, []).append(mention)

    def render(self, line: Line, speaking: Iterable[str] = ()) -> Rendered:
        """The sentence with its marks. `speaking`: actors to be held for silent speakers besides those known."""
        scene = self._scene
        front = _Row([_CLS, _ON_TOPIC if scene.topical[line.number] else _OFF_TOPIC], [])
        _dated(front, scene, line)
        for actor in list(dict.fromkeys((*speaking, *_silent(scene, line))))[:_SILENT_MOST]:
            front.add((SILENT,))
            front.mark(_PARTIES[party_of(actor, scene.dossier)], actor)
        before = self._before(line) if line.number else _Row([], [])
        here = self._row(line)
        _lean(front, scene, line, {mark for row in (front, before, here) for mark in row.marks})
        return _joined(front, before, here)

    def _before(self, line: Line) -> _Row:
        """The line before; a mark at its end says that a paragraph ends with it."""
        previous, document = self._scene.lines[line.number - 1], self._scene.document
        row = self._row(previous)
        if document.paragraph_index(previous.span.start) == document.paragraph_index(line.span.start):
            return row
        return _Row([*row.pieces, _PARAGRAPH], row.marks)

    def _row(self, line: Line) -> _Row:
        """A line's own pieces and marks."""
        row = self._rows.get(line.number)
        if row is None:
            row = self._rows[line.number] = _Row([], [])
            inside = (m for m in self._mentions.get(line.number, ()) if m.span.start < line.span.end)
            _fill(row, self._scene, line, self._pieces, inside)
        return row


def render(scene: Scene, line: Line, pieces: Pieces, speaking: Iterable[str] = ()) -> Rendered:
    """One sentence with its marks: see Renderer."""
    return Renderer(scene, pieces).render(line, speaking)


def _dated(front: _Row, scene: Scene, line: Line) -> None:
    """Marks for the article's own day and for the days by which the rules date what a line tells."""
    if scene.article_date:
        front.add((_ARTICLE,))
        front.mark(_NEAR, None, scene.article_date)
    for day in told_days(scene, line)[:_TOLD_MOST]:
        if day is None:
            front.add((_OPEN,))
        else:
            front.add((_TOLD,))
            front.mark(_when(scene.article_date, day), None, day)


def _lean(front: _Row, scene: Scene, line: Line, known: set[tuple[int, str | None, str | None]]) -> None:
    """Marks for the last actors and dates further up that the two sentences do not name themselves."""
    actors = dict.fromkeys(a for _, a, _ in known if a is not None)
    days = dict.fromkeys(d for _, _, d in known if d is not None)
    named, dated = len(actors) + _LEAN, len(days) + _LEAN_DAYS
    for number in range(line.number - 2, max(-1, line.number - 2 - _BACK), -1):
        for sign in scene.lines[number].signs:
            mention = sign.mention
            if mention is None or not mention.actor or mention.kind in {PLACE, ADJECTIVE}:
                continue
            if mention.actor not in actors and len(actors) < named:
                actors[mention.actor] = None
                front.add((_EARLIER,))
                front.mark(_PARTIES[party_of(mention.actor, scene.dossier)], mention.actor)
        for _, value in reversed(scene.dating.dates_of(number)):
            if value not in days and len(days) < dated:
                days[value] = None
                front.add((_EARLIER,))
                front.mark(_when(scene.article_date, value), None, value)


def _joined(front: _Row, before: _Row, here: _Row) -> Rendered:
    cut = max(0, len(before.pieces) - CONTEXT)
    row = _Row([*front.pieces, *before.pieces[cut:], _SEP], list(front.marks))
    target = len(row.pieces) - 1
    row.marks += [(place - cut + len(front.pieces), a, d) for place, a, d in before.marks if place >= cut]
    row.marks += [(place + len(row.pieces), a, d) for place, a, d in here.marks]
    row.pieces += here.pieces
    kept = [*row.pieces[: LENGTH - 1], _SEP]
    holders: dict[str, list[int]] = {}
    times: list[tuple[int, str]] = []
    for place, actor, day in row.marks:
        if place >= LENGTH - 1:
            continue
        if actor is not None:
            holders.setdefault(actor, []).append(place)
        if day is not None:
            times.append((place, day))
    return Rendered(tuple(kept), {a: tuple(p) for a, p in holders.items()}, tuple(times), target)


def _fill(row: _Row, scene: Scene, line: Line, pieces: Pieces, mentions: Iterable[Mention]) -> None:
    text = scene.document.text
    at = line.span.start
    for start, end, piece, actor, day, words in sorted(
        _marks(scene, line, mentions), key=lambda m: (m[0], -m[1])
    ):
        if start < at:
            continue
        row.add(pieces(text[at:start]))
        row.mark(piece, actor, day)
        at = start
        if words is not None:
            row.add(pieces(words))
            at = end
    row.add(pieces(text[at : line.span.end]))


def _marks(
    scene: Scene, line: Line, mentions: Iterable[Mention]
) -> Iterator[tuple[int, int, int, str | None, str | None, str | None]]:
    """Start, end, piece, actor, date, other words for it: everything in a sentence that gets a mark."""
    taken: set[int] = set()
    concepts = concept_marks(scene.dossier.id)
    for mention in mentions:
        taken.add(mention.span.start)
        yield _actor_mark(scene, mention)
    for sign in line.signs:
        token = line.doc[sign.first]
        if token.idx in taken:
            continue
        if sign.code[0] == "#":
            yield token.idx, token.idx, concepts.get(sign.code, _CONCEPTS), None, None, None
        elif token.lower_ in _FIRST:
            for actor in scene.speakers(token.idx)[:1]:
                yield token.idx, token.idx, _PARTIES[party_of(actor, scene.dossier)], actor, None, None
    for start, value in scene.dating.dates_of(line.number):
        yield start, start, _when(scene.article_date, value), None, value, None


def _actor_mark(scene: Scene, mention: Mention) -> tuple[int, int, int, str | None, str | None, str | None]:
    span = mention.span
    if mention.actor is None:
        return span.start, span.start, _NOBODY, None, None, None
    words = "official" if mention.kind == PERSON else None
    return span.start, span.end, _PARTIES[party_of(mention.actor, scene.dossier)], mention.actor, None, words


@cache
def concept_marks(dossier_id: str) -> Mapping[str, int]:
    """The mark of each of a dossier's concepts, in alphabetical order of their tags."""
    tags = {tag for tag, _ in load_concepts(dossier_id).patterns} | {
        "#inf",
        "#newtreaty",
        "#other",
        "#treaty",
    }
    return MappingProxyType({tag: _CONCEPTS + 1 + number for number, tag in enumerate(sorted(tags))})


def _when(article: str | None, value: str) -> int:
    """Whether a date lies before, near or after the article's own; months and years apart from days."""
    day = (article or "")[: len(value)]
    if len(value) < 10:
        return _COARSE_FUTURE if day and value > day else COARSE_PAST
    if not day or value == day:
        return _NEAR
    if value > day:
        return _FUTURE
    gap = (date.fromisoformat(day) - date.fromisoformat(value)).days
    return _NEAR if gap <= _DAYS_NEAR else _PAST


def _silent(scene: Scene, line: Line) -> Iterator[str]:
    """Whoever speaks in a line by words that stand outside of it."""
    if scene.own_voice:
        yield scene.own_voice
    start, end = line.span.start, line.span.end
    for frame in scene.frames_in(line.number):
        if frame.cue is not None and start <= frame.cue.idx < end:
            continue
        if any(s.start < end and start < s.end for s in frame.spans):
            yield from scene.holders(frame)
