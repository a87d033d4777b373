"""Frames: somebody (holder) says, denies, urges, ... a content, as far as the parse or a quotation shows.

A frame covers its content's characters. What stands in several frames is in the innermost one's mouth,
and the outer ones say what they do with it: "Moscow rejects Washington's charge that ..." is two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Quotation, Span, Speaker
from workers.extraction.contents import before_source, broken, clauses, complement, right_subtree
from workers.extraction.falsehoods import called_false

if TYPE_CHECKING:
    from workers.extraction.document import Document
    from workers.extraction.syntax import Cast


@dataclass(frozen=True, slots=True)
class Frame:
    """`cls` is a class of `operators.yaml`; `cue` the operator's token, None for a transcript's turn."""

    cls: str
    cue: Any
    spans: tuple[Span, ...]
    holders: tuple[str, ...]
    speaker: Speaker | None = None
    direct: bool = False
    negated: bool = False
    noun: bool = False
    lemma: str = ""

    @property
    def size(self) -> int:
        return sum(s.end - s.start for s in self.spans)

    def covers(self, offset: int) -> bool:
        """Whether the content holds the character."""
        return any(s.start <= offset < s.end for s in self.spans)


_ENDEAVOUR = frozenset(
    [
        "try",
        "attempt",
        "continue",
        "fail",
        "strive",
        "begin",
        "start",
        "seek",
        "aim",
        "plan",
        "intend",
        "prepare",
        "manage",
        "choose",
        "opt",
        "look",
        "work",
        "need",
        "mean",
        "hesitate",
        "vie",
        "dare",
        "go",
        "decide",
    ]
)


class Operators:
    """The operator lexicon of a dossier by word."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.verbs = {word: cls for cls, words in data["verbs"].items() for word in words}
        self.nouns = {word: cls for cls, words in data["nouns"].items() for word in words}
        self.falsehoods = frozenset(data["falsehood"])
        self.light = frozenset(data["light"])

    def verb(self, token: Any) -> tuple[str, str] | None:
        """Class and full word ("call on") of an operator verb."""
        lemma = token.lemma_.lower()
        if lemma == "call" and token.i + 1 < len(token.doc) and token.nbor(1).lower_ == "for":
            return self.verbs.get("call for", "urge"), "call for"  # "for the missiles to be destroyed" too
        for child in token.children:
            if child.dep_ in {"prt", "prep", "advmod"} and child.i > token.i:
                word = f"{lemma} {child.lower_}"
                if word in self.verbs:
                    return self.verbs[word], word
        cls = self.verbs.get(lemma)
        return (cls, lemma) if cls else None


def read_frames(
    document: Document,
    quotations: list[Quotation],
    cast: Cast,
    operators: Operators,
) -> list[Frame]:
    """All frames of an article, in no particular order. `quotations` hold the nested ones too."""
    frames: list[Frame] = []
    used: set[int] = set()
    for quotation in quotations:
        cue = _cue(document, quotation, operators)
        quoted = document.text[quotation.content.start] in '"“‘«'
        if cue is not None and not quoted and cue.lemma_.lower() in _ENDEAVOUR:
            continue  # whoever tries or goes on to do something does not say it
        if cue is not None and cue.lemma_.lower() in _ENDEAVOUR and quotation.source is None:
            continue
        if (
            cue is not None
            and cue.pos_ == "NOUN"
            and cue.lemma_.lower() not in operators.nouns
            and not quotation.direct
        ):
            continue  # a decision or a plan is no speech
        if cue is not None:
            used.add(cue.i)
        frames.append(_frame(document, quotation, cue, cast, operators))
    frames.extend(_in_the_view_of(document, cast))
    for token in document.doc:
        frames.extend(_from_parse(document, token, cast, operators, known=token.i in used))
    return frames


_VIEWS = frozenset(
    {"view", "eye", "opinion", "reading", "judgment", "judgement", "word", "assessment", "telling", "account"}
)


def _in_the_view_of(document: Document, cast: Cast) -> Iterator[Frame]:
    """ "In Moscow's view the treaty ...", "as far as Beijing is concerned ...": the clause around it."""
    for token in document.doc:
        if (
            token.lemma_.lower() not in _VIEWS
            or token.dep_ != "pobj"
            or token.head.lower_ not in {"in", "to", "by"}
        ):
            continue
        holders = cast.actors(token, joined=False)
        for child in token.children:
            if child.dep_ == "prep" and child.lower_ == "of":
                holders = holders or tuple(
                    a for g in child.children if g.dep_ == "pobj" for a in cast.actors(g)
                )
        clause = token.head.head
        if holders and clause.pos_ in {"VERB", "AUX"}:
            inside = list(clause.subtree)
            yield Frame(
                "claim",
                token,
                (Span(inside[0].idx, inside[-1].idx + len(inside[-1])),),
                holders,
                noun=True,
                lemma="view",
            )


def _cue(document: Document, quotation: Quotation, operators: Operators) -> Any:
    """The token of a quotation's cue that says what kind of frame it is."""
    best = None
    if quotation.cue is not None:
        for token in document.tokens_in(quotation.cue):
            if token.pos_ == "VERB" and operators.verb(token) and token.lemma_.lower() not in operators.light:
                return token
            if token.pos_ == "NOUN" and token.lemma_.lower() in operators.nouns:
                return token
            if best is None or (token.pos_ in {"VERB", "ADJ"} and best.pos_ not in {"VERB", "ADJ"}):
                best = token
    return best


def _frame(document: Document, quotation: Quotation, cue: Any, cast: Cast, operators: Operators) -> Frame:  # noqa: PLR0912  # a cascade of cases, each of one line
    cls, lemma = "say", ""
    if cue is not None:
        lemma = cue.lemma_.lower()
        if cue.pos_ == "NOUN":
            cls = operators.nouns.get(lemma, "say")
        else:
            cls, lemma = operators.verb(cue) or ("say", lemma)
    holders: tuple[str, ...] = (quotation.actor,) if quotation.actor else ()
    if quotation.source is not None and (not holders or _joined(document, quotation.source)):
        for token in document.tokens_in(quotation.source):
            if token.dep_ not in {"compound", "amod", "poss", "det"} or not holders:
                found = cast.actors(token)
                if found:
                    holders = tuple(dict.fromkeys((*holders, *found)))
                    break
    if not holders and cue is not None:
        holders = cast.agents(cue)
    if not holders and cue is not None and quotation.speaker is None:
        holders = _beside(cue, cast)
    owner = _noun_owner(cue, cast, operators)
    if owner:
        holders, cls = (owner,), operators.nouns[cue.lemma_.lower()]
    spans: tuple[Span, ...] = (quotation.content,)
    if cue is not None and cls == "say" and quotation.source is not None and not quotation.direct:
        before = before_source(document, quotation.source, quotation.content)
        if before is not None:
            spans = (before, *spans)
    if cue is not None and cls in {"say", "claim"} and cue.pos_ == "VERB":
        spans = (*spans, *clauses(document, cue, spans))
    if cue is not None and cue.pos_ == "VERB" and cls not in {"say", "claim"}:
        text = document.text
        wider = [
            s for s in complement(cue, operators) if s.end > quotation.content.end and not broken(s, text)
        ]
        spans = (*spans, *wider)
    return Frame(
        cls=cls,
        cue=cue,
        spans=spans,
        holders=holders,
        speaker=quotation.speaker,
        direct=quotation.direct,
        negated=cue is not None and is_negated(cue),
        noun=cue is not None and cue.pos_ == "NOUN",
        lemma=lemma,
    )


def _beside(cue: Any, cast: Cast) -> tuple[str, ...]:
    """ "Ryabkov on Sunday called ...": whoever stands right before a verb that the parse gave another subject."""
    if cue.tag_ not in {"VBD", "VBZ", "VBP"}:
        return ()
    for token in reversed(cue.doc[max(cue.sent.start, cue.i - 5) : cue.i]):
        mention = cast.mention(token)
        if mention is not None:
            return (mention.actor,) if mention.actor and mention.kind != "place" else ()
        if token.pos_ not in {"ADV", "ADP", "AUX", "NUM", "PROPN", "PART"} or token.lower_ in {
            "of",
            "by",
            "with",
            "for",
        }:
            return ()
    return ()


def _noun_owner(cue: Any, cast: Cast, operators: Operators) -> str | None:
    """ "of US claims that ...": a noun that the tagger took for a verb, with its owner right before it."""
    if (
        cue is None
        or cue.pos_ != "VERB"
        or cue.dep_ not in {"pobj", "dobj", "nsubjpass", "conj"}
        or cue.i == 0
    ):
        return None
    if cue.lemma_.lower() not in operators.nouns or cue.tag_ not in {"VBZ", "NNS", "VB"}:
        return None
    mention = cast.mention(cue.nbor(-1))
    return mention.actor if mention is not None else None


def _joined(document: Document, source: Span) -> bool:
    return any(token.dep_ == "cc" and token.lower_ == "and" for token in document.tokens_in(source))


def _from_parse(
    document: Document, token: Any, cast: Cast, operators: Operators, *, known: bool
) -> Iterator[Frame]:
    if token.pos_ == "VERB" and not known:
        found = operators.verb(token)
        if found:
            text = document.text
            spans = tuple(s for s in complement(token, operators) if not broken(s, text))
            if spans:
                cls, lemma = found
                yield Frame(cls, token, spans, cast.agents(token), negated=is_negated(token), lemma=lemma)
    elif token.pos_ == "NOUN" and not known:
        cls_ = operators.nouns.get(token.lemma_.lower())
        span = right_subtree(token)
        if cls_ and span:
            yield Frame(cls_, token, (span,), cast.agents(token), noun=True, lemma=token.lemma_.lower())
    false = called_false(token, operators)
    if false:  # denied by whoever calls it so: no holder of its own
        yield Frame("deny", token, false, (), noun=True, lemma="false")


def is_negated(token: Any) -> bool:
    """Whether "not", "never", "no longer" or a negating auxiliary belongs to the verb."""
    return any(
        c.dep_ == "neg" or c.lower_ in {"never", "nowhere", "hardly"}
        for t in (token, *(c for c in token.children if c.dep_ == "aux"))
        for c in t.children
    )
