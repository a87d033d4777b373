"""What a word of speech is about: the stretch of text that its parse gives it as content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span

if TYPE_CHECKING:
    from workers.extraction.document import Document
    from workers.extraction.frames import Operators


_PASSIVE_SUBJECTS = frozenset({"nsubjpass", "csubjpass"})
_BESIDE = frozenset({"nsubj", "csubj", "aux", "auxpass", "neg", "mark", "cc", "conj", "expl", "agent"})
_SUBORDINATE = frozenset(
    [
        "as",
        "when",
        "after",
        "while",
        "although",
        "though",
        "if",
        "because",
        "since",
        "before",
        "until",
        "whereas",
        "in",
        "on",
        "at",
        "speaking",
        "asked",
        "following",
        "despite",
    ]
)


def complement(verb: Any, operators: Operators) -> Iterator[Span]:
    """What follows the verb in its phrase; for a passive its subject; a clause before it ("..., he said")."""
    right: list[Any] = []
    passive = any(c.dep_ in _PASSIVE_SUBJECTS for c in verb.children)
    for child in verb.children:
        if child.dep_ in _PASSIVE_SUBJECTS or (child.dep_ == "ccomp" and child.i < verb.i):
            tokens = list(child.subtree)
            yield Span(tokens[0].idx, tokens[-1].idx + len(tokens[-1]))
        elif child.i > verb.i and child.dep_ not in _BESIDE and child.dep_ != "punct":
            if child.dep_ == "advcl" and child.tag_ == "VBG":
                continue
            right.extend(child.subtree)
    if right and not (passive and operators.verbs.get(verb.lemma_.lower()) == "deny"):
        first, last = min(right, key=lambda t: t.i), max(right, key=lambda t: t.i)
        yield Span(first.idx, last.idx + len(last))


def right_subtree(noun: Any) -> Span | None:
    tokens = [
        t
        for c in noun.children
        if c.i > noun.i and c.dep_ not in {"cc", "conj", "punct", "relcl"}
        for t in c.subtree
    ]
    tokens = _cut(sorted(tokens, key=lambda t: int(t.i)))
    if not tokens:
        return None
    first, last = min(tokens, key=lambda t: t.i), max(tokens, key=lambda t: t.i)
    return Span(first.idx, last.idx + len(last))


def clauses(document: Document, cue: Any, known: tuple[Span, ...]) -> Iterator[Span]:
    """That-clauses of a verb of saying that a quotation after it has hidden."""
    text = document.text
    for child in cue.children:
        if child.dep_ != "ccomp" or child.i < cue.i:
            continue
        inside = list(child.subtree)
        span = Span(inside[0].idx, inside[-1].idx + len(inside[-1]))
        if not any(s.start < span.end and span.start < s.end for s in known) and not broken(span, text):
            yield span


def before_source(document: Document, source: Span, content: Span) -> Span | None:
    """ "The step was wrong, the minister said on Sunday, because ...": the main clause before "the minister"."""
    sentence = document.sentence_at(source.start)
    if sentence is None or content.start < source.start or source.start - sentence.start < 12:
        return None
    tokens = [t for t in document.tokens_in(Span(sentence.start, source.start)) if not t.is_space]
    if len(tokens) < 4 or tokens[-1].text not in {",", ",”", ',"'} or tokens[0].lower_ in _SUBORDINATE:
        return None
    if not any(
        t.tag_ in {"VBD", "VBZ", "VBP", "MD"}
        and any(c.dep_ in {"nsubj", "nsubjpass", "expl"} for c in t.children)
        for t in tokens
    ):
        return None
    return Span(sentence.start, tokens[-1].idx)


def broken(span: Span, text: str) -> bool:
    """Whether a complement runs over the end of a quotation: then the parse is wrong."""
    words = span.of(text)
    return words[:1] in {"”", '"'} or ("”" in words and "“" not in words) or words.count('"') % 2 == 1


def _cut(tokens: list[Any]) -> list[Any]:
    """Without the clause that only adds something: ", which they themselves have violated"."""
    for place, token in enumerate(tokens[:-1]):
        if token.text == "," and tokens[place + 1].lower_ in {"which", "who", "whose", "while"}:
            return tokens[:place]
    return tokens


def trimmed(tokens: list[Any], without: Any) -> Iterator[Span]:
    kept = [t for t in _cut(tokens) if t.i != without.i]
    if kept:
        yield Span(kept[0].idx, kept[-1].idx + len(kept[-1]))
