"""Direct speech by its marks: “…”, "…", ''…'', «…», „…“ and ‘…’, over paragraphs that open their quotation again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.core.domain.reading import Span

_MARK = re.compile(r"''|``|[“”„«»\"]|(?<!\w)‘(?=\S)|(?<=\S)’(?!\w)")
_CLOSERS = {"“": ("”", '"'), "„": ("“", "”"), "«": ("»",), "``": ("''", "”"), "‘": ("’",)}
_STRAIGHT = {'"': ('"', "”"), "''": ("''",)}
_MAX_SINGLE = 600  # a closing ’ further off is an apostrophe


@dataclass(frozen=True, slots=True)
class Quoted:
    """Quoted words with their marks; `opens_again` where the next paragraph goes on with the same speech."""

    span: Span
    opens_again: bool = False


def find_quoted(text: str, paragraphs: tuple[Span, ...]) -> tuple[Quoted, ...]:
    """The quoted pieces in order; none overlaps another (quotes within quotes belong to the outer one)."""
    found: list[Quoted] = []
    for number, paragraph in enumerate(paragraphs):
        following = paragraphs[number + 1] if number + 1 < len(paragraphs) else None
        again = following is not None and text[following.start] in "“\"«„'‘"
        found.extend(_in_paragraph(text, paragraph, again))
    return tuple(found)


def _in_paragraph(text: str, paragraph: Span, again: bool) -> Iterator[Quoted]:
    marks = [(m.start(), m.end(), m[0]) for m in _MARK.finditer(text, paragraph.start, paragraph.end)]
    number = 0
    while number < len(marks):
        start, after, mark = marks[number]
        number += 1
        closers = _closers(text, paragraph, start, after, mark)
        if not closers:
            continue
        for place in range(number, len(marks)):
            where, end, other = marks[place]
            if other in closers and (other not in _STRAIGHT or _closes(text, paragraph, where, end)):
                if mark != "‘" or where - start <= _MAX_SINGLE:
                    yield Quoted(Span(start, end))
                    number = place + 1
                break
        else:
            if mark != "‘" and paragraph.end - after > 1:  # never closed: it goes to the paragraph's end
                yield Quoted(Span(start, paragraph.end), again)
                return


def _closers(text: str, paragraph: Span, start: int, after: int, mark: str) -> tuple[str, ...]:
    if mark in _CLOSERS:
        return _CLOSERS[mark]
    if mark in _STRAIGHT and after < paragraph.end and not text[after].isspace():
        before = text[start - 1] if start > paragraph.start else " "
        if before.isspace() or before in "([—–-/‘'":
            return _STRAIGHT[mark]
    return ()


def _closes(text: str, paragraph: Span, where: int, end: int) -> bool:
    """A straight mark closes where a space, a stop or the end follows, or no space came before it."""
    after = text[end] if end < paragraph.end else " "
    return not text[where - 1].isspace() or after.isspace() or after in ".,;:!?)"
