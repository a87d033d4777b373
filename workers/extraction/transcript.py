"""The turns of a transcript: a speaker's label ("Sergei Lavrov:", "QUESTION:") and what follows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from services.core.domain.reading import Span

_WORD = r"[A-Z][\w.'’-]*"
_GLUE = r"(?:of|the|for|and|de|von|van|al|&)"
_LABEL = re.compile(
    rf"^[^\S\n]*[\"“(]?(?P<name>{_WORD}(?:[^\S\n]*\n?[^\S\n]*(?<=\s)(?:{_WORD}|{_GLUE})){{0,9}})"
    r"(?P<aside>\s?(?:\([^()]{1,60}\)|\[[^\[\]]{1,60}\]))?[^\S\n]?:(?=\s|$)",
    re.MULTILINE,
)
_NO_SPEAKER = re.compile(
    r"(?i)(?:publi|posted|updated?|direct|read|see|note|source|photo|image|video|caption|credit|tags?\b|topics?\b"
    r"|e-?mail|tel|phone|fax|follow|share|related|more|date|time|location|place|contact|by\b|for\b|subject"
    r"|from|to|cc|example|another|first|second|third|listen|fact|the latest|breaking|analysis|opinion|exclusive"
    r"|here|this|these|there|in|on|at|so|let|my|we|our|it|one|conclusion|summary|background|author|chapter|and|but)\b"
)
_FOOTER = re.compile(
    r"(?i)(?:published in|publication date|direct link|text version|read (?:more|also)|follow )"
)
_FIRST_PERSON = re.compile(r"\b(?:I|[Ww]e|[Oo]ur|[Mm]y|[Uu]s)\b")
_OWN_SHARE = (
    0.01  # first-person words among all words: speech has 2 to 6 %, news prose outside quotes under 0.5 %
)
_MAX_LABEL = 100


@dataclass(frozen=True, slots=True)
class Label:
    """`name` is the speaker as written; the words begin at `body`; `start` is the label's first character."""

    start: int
    name: Span
    body: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker of a transcript says, up to the next label. `content` may hold several paragraphs."""

    speaker: Span
    content: Span


def find_labels(text: str) -> tuple[Label, ...]:
    """The labels at line starts, if the text is a transcript: labels that repeat or shout, or are followed by
    speech in the first person. A heading with a colon ("Poll: Most voters want ...") makes none."""
    labels = tuple(
        Label(found.start("name"), Span(found.start("name"), found.end("name")), found.end())
        for found in _LABEL.finditer(text)
        if found.end() - found.start() <= _MAX_LABEL and may_speak(found["name"])
    )
    if not labels:
        return ()
    names = [" ".join(label.name.of(text).split()) for label in labels]
    shouts = [name.isupper() or name in {"Question", "Answer"} for name in names]
    if sum(shouts) >= 2:
        return tuple(label for label, shout in zip(labels, shouts, strict=True) if shout)
    repeated = len(names) >= 3 and len(set(names)) < len(names)
    if repeated or _is_speech(text[labels[0].body :]):
        return labels
    return ()


def turns(text: str, paragraphs: tuple[Span, ...], labels: tuple[Label, ...]) -> Iterator[Turn]:
    """One turn for each label that has words; a site's footer ends the last one."""
    ends = {label.start: len(text) for label in labels}
    for label, following in pairwise(labels):
        ends[label.start] = following.start
    for label in labels:
        end = ends[label.start]
        for paragraph in paragraphs:
            if label.body < paragraph.start < end and _FOOTER.match(text, paragraph.start):
                end = paragraph.start
                break
        words = text[label.body : end]
        if words.strip():
            start = label.body + len(words) - len(words.lstrip())
            yield Turn(label.name, Span(start, label.body + len(words.rstrip())))


def may_speak(name: str) -> bool:
    """Whether words before a colon can name a speaker ("Sergei Lavrov", "QUESTION"), not a rubric ("Photo")."""
    if _NO_SPEAKER.match(name):
        return False
    return len(name) > 1 or name in "QA"


def _is_speech(words: str) -> bool:
    unquoted = re.sub(r"[“\"][^”\"]{0,1500}[”\"]", " ", words)
    count = len(unquoted.split())
    return count >= 40 and len(_FIRST_PERSON.findall(unquoted)) >= max(3, _OWN_SHARE * count)
