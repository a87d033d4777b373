"""When something was said or done: the date that hangs on its verb, else the one that it leans on.

Order (codebook, section 3, rule 3): a date in the clause; the date of the speech that tells it; the date
of the paragraph's last dated act; the article's own day. What the article leaves open has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span, Timex
from workers.extraction.counted_dates import counted_from
from workers.extraction.dates import deadline, resolve
from workers.extraction.story_years import StoryYears

if TYPE_CHECKING:
    from workers.extraction.document import Document

_OPEN = frozenset(
    [
        "repeatedly",
        "long",
        "often",
        "always",
        "consistently",
        "frequently",
        "regularly",
        "continually",
        "constantly",
        "persistently",
        "previously",
        "earlier",
        "traditionally",
        "generally",
        "usually",
        "routinely",
        "never",
        "ever",
        "already",
    ]
)
_OPEN_PHRASE = re.compile(
    r"(?i)\b(?:for (?:many |several |\w+ )?(?:years|months|decades|a long time)|in the past|over the (?:years|past)"
    r"|in recent (?:years|months)|since|for over|time and again|on several occasions)\b"
)
_CLIMB = frozenset(
    [
        "xcomp",
        "ccomp",
        "conj",
        "advcl",
        "acl",
        "pcomp",
        "dobj",
        "attr",
        "pobj",
        "prep",
        "acomp",
        "aux",
        "auxpass",
        "agent",
        "oprd",
        "nsubj",
        "nsubjpass",
        "dative",
    ]
)
_NOMINAL = frozenset({"NOUN", "PROPN", "NUM", "ADJ", "ADP", "SYM", "PRON", "DET", "ADV", "PUNCT", "SCONJ"})


class Basis(StrEnum):
    """How a date is known, from surest to least sure; OPEN: the article leaves it open."""

    EXPLICIT = "explicit"
    SPEECH = "speech"
    LEANED = "leaned"
    ARTICLE = "article"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Dated:
    """A date cut to its precision, or None, and how it is known."""

    value: str | None
    basis: Basis


class Dating:
    """The dates of one article and what they hang on."""

    def __init__(self, document: Document, timexes: Iterable[Timex], article: str | None) -> None:
        timexes = list(timexes)
        self._document = document
        self.article = article
        self._years = StoryYears(document, timexes, article)
        self._by_sentence: dict[int, list[tuple[Timex, str, Any, tuple[int, ...]]]] = {}
        told: list[tuple[Timex, str]] = []
        for timex in timexes:
            value = self._years.leaning(timex, resolve(timex)) or _in_time(document, timex, article)
            tokens = document.tokens_in(Span(timex.start, timex.end))
            if not len(tokens):
                continue
            root = tokens.root
            if value is None:
                if counted := counted_from(document, timex, told, article):
                    number = document.sentence_index(timex.start)
                    self._by_sentence.setdefault(number, []).append((timex, counted[0], root, counted[1]))
                continue
            if _in_dateline(document, timex, value, article):
                continue
            told.append((timex, value))
            if (
                len(value) == 4
                and root.text.isdigit()
                and root.dep_ in {"nummod", "amod", "compound", "nmod"}
                and root.head.pos_ in {"NOUN", "PROPN"}
                and not _concluded(root.head)
            ):
                continue  # "the 1987 treaty", "its 2014 report": a name
            number = document.sentence_index(timex.start)
            governors = tuple(_governors(root, past=bool(article) and value <= str(article)[: len(value)]))
            self._by_sentence.setdefault(number, []).append((timex, value, root, governors))

    def explicit(
        self, token: Any, within: Iterable[Span] = (), *, climb: bool = True, past: bool = False
    ) -> str | None:
        """The date that hangs on a verb or noun of action, or (`climb`) on the verb that it is part of.

        `within`: dates elsewhere count only if they hang on the very word.
        """
        number = self._document.sentence_index(token.idx)
        dates = self._by_sentence.get(number, ())
        if not dates:
            return None
        if when := self._when(token, dates):
            return when
        spans = tuple(within)
        if past and self.article:
            dates = [d for d in dates if d[1] <= str(self.article)[: len(d[1])]]
        for node in _path(token) if climb else (token,):
            hung = [
                (-len(value), abs(root.i - node.i), value)
                for timex, value, root, governors in dates
                if node.i in governors
                and (_allowed(timex, spans) or node.i == _first(governors, self._document))
            ]
            if hung:
                return min(hung)[2]
        return None

    def _when(self, token: Any, dates: Iterable[tuple[Timex, str, Any, tuple[int, ...]]]) -> str | None:
        """The day of "in February, when the pact was suspended": the one right before the clause's "when"."""
        if token.dep_ not in {"relcl", "advcl"}:
            return None
        mark = next((c for c in token.children if c.lower_ == "when" and c.i < token.i), None)
        if mark is None or mark.i == 0:
            return None
        before = mark.nbor(-1)
        if before.is_punct and before.i:
            before = before.nbor(-1)
        return next((value for t, value, _, _ in dates if t.start <= before.idx < t.end), None)

    def in_sentence(self, token: Any) -> list[tuple[Timex, str]]:
        """Every calendar date of the token's sentence."""
        number = self._document.sentence_index(token.idx)
        return [(timex, value) for timex, value, _, _ in self._by_sentence.get(number, ())]

    def dates_of(self, number: int) -> list[tuple[int, str]]:
        """Where the calendar dates of a sentence begin, and their values."""
        return [(timex.start, value) for timex, value, _, _ in self._by_sentence.get(number, ())]

    def lone(self, token: Any, outside: Iterable[Span] = ()) -> str | None:
        """The sentence's only date, if it stands before or right after the token and in no other clause."""
        spans = tuple(outside)
        dates = [
            (timex, value, governors)
            for timex, value, _, governors in self._by_sentence.get(
                self._document.sentence_index(token.idx), ()
            )
            if not any(s.start <= timex.start < s.end for s in spans)
        ]
        if len(dates) != 1:
            return None
        timex, value, governors = dates[0]
        if token.dep_ in {"advcl", "relcl", "acl", "pcomp"} and token.i not in governors:
            return None
        if token.pos_ not in {"VERB", "AUX"} and token.dep_ not in {
            "dobj",
            "nsubj",
            "nsubjpass",
            "ROOT",
            "attr",
        }:
            return None
        verbs = [self._document.doc[g] for g in governors if self._document.doc[g].pos_ in {"VERB", "AUX"}]
        if verbs and verbs[0].dep_ in {"relcl", "acl", "advcl"} and verbs[0].i != token.i:
            return None
        return value if timex.start < token.idx or timex.start - token.idx < 60 else None


_DATELINE_END = re.compile(r"[,.\s]*(?:\d{4})?[,.\s]*(?:\(|/|—|–|-|:|\bUpdated\b)")


def _concluded(noun: Any) -> bool:
    """ "The 1987 treaty, signed by ...": then the year says when."""
    return any(c.dep_ == "acl" and c.tag_ == "VBN" and c.lemma_.lower() in _SIGNED for c in noun.children)


_SIGNED = frozenset({"sign", "conclude", "ink", "seal", "agree", "negotiate"})


def _in_dateline(document: Document, timex: Timex, value: str, article: str | None) -> bool:
    """A date that opens a report ("MOSCOW, October 28. /TASS/.") dates the article, no act.

    One that is not the article's heads an entry of a chronicle ("December 1979: ...").
    """
    if article is not None and value != article[: len(value)]:
        return False
    paragraph = document.paragraphs[max(0, document.paragraph_index(timex.start))]
    before = document.text[paragraph.start : timex.start]
    return (
        len(before) <= 60
        and not re.search(r"[a-z]{3,} [a-z]{2,}", before)
        and bool(_DATELINE_END.match(document.text, timex.end))
    )


def _in_time(document: Document, timex: Timex, article: str | None) -> str | None:
    """ "In six months" is a date; "for six months" and "within 60 days" are not."""
    if timex.type != "DURATION" or not re.search(
        r"(?i)\bin\s+(?:the next\s+)?$", document.text[max(0, timex.start - 14) : timex.start]
    ):
        return None
    return deadline(timex, article)


def is_open(token: Any) -> bool:
    """Whether the time of an act is left open: habits, perfects, a plain present."""
    words = {c.lower_ for c in token.children if c.dep_ in {"advmod", "aux"} and c.i < token.i}
    if words & _OPEN:
        return True
    if any(c.dep_ == "aux" and c.lemma_.lower() == "have" for c in token.children):
        return True
    return token.tag_ in {"VBZ", "VBP"} or (
        token.tag_ == "VBG" and any(c.lower_ in {"is", "are", "been", "'s", "'re"} for c in token.children)
    )


def is_repeated(token: Any, inside: Iterable[Span]) -> bool:
    """Whether words like "repeatedly" or "for years" by the verb say that there is no one day.

    `inside` is what is said, which may have its own.
    """
    said = tuple(inside)
    for child in token.children:
        if any(s.start <= child.idx < s.end for s in said):
            continue
        if child.dep_ == "advmod" and child.lower_ in _OPEN and (child.i < token.i or child.lower_ != "long"):
            return True  # "has long said", but not "will stay as long as"
        if child.dep_ in {"prep", "npadvmod", "advmod", "mark", "advcl"}:
            words = " ".join(t.text for t in child.subtree)
            if len(words) < 60 and _OPEN_PHRASE.search(words):
                return True
    return False


def _governors(root: Any, *, past: bool) -> Iterable[int]:
    """The tokens that a date hangs on: up over nouns and prepositions to the first verb.

    What is still to be done ("announced his intention to leave on October 20") is not done on a day that is
    `past`: then the date belongs to the verb above.
    """
    node = root
    asked_by = root.head.lower_ in _DEADLINE
    if root.dep_ in {"compound", "nmod", "amod"} and root.i and root.nbor(-1).lower_ == "on":
        node = root.nbor(-1)  # "rejected on Friday allegations that ..."
        yield node.i
    for _ in range(9):
        if node.head.i == node.i:
            return
        node = node.head
        if past and node.pos_ == "VERB" and _to_come(node):
            if asked_by:
                return
            continue
        yield node.i
        if node.pos_ in {"VERB", "AUX"}:
            return
        if node.lemma_.lower() in _EVENTFUL and node.dep_ == "pobj" and node.head.lower_ not in _WHEN:
            return


#: "urged it to come back before 2 August": a day by which something was to be done is nobody's day of saying so.
_DEADLINE = frozenset({"before", "by", "until", "till"})
#: A date on one of these says when it happened, not when what it is part of did,
_EVENTFUL = frozenset(
    [
        "decision",
        "announcement",
        "withdrawal",
        "meeting",
        "statement",
        "test",
        "launch",
        "summit",
        "talk",
        "visit",
        "speech",
        "letter",
        "proposal",
        "attack",
        "suspension",
        "exit",
        "pullout",
        "expiry",
        "termination",
        "signing",
        "collapse",
        "end",
        "demise",
        "strike",
        "invasion",
        "election",
        "report",
    ]
)
#: save where that is said to be at the same time.
_WHEN = frozenset({"of", "after", "following", "at", "during", "in", "on", "before"})


def _to_come(verb: Any) -> bool:
    return verb.dep_ in {"xcomp", "acl", "pcomp", "advcl"} and (
        any(c.dep_ == "aux" and c.lower_ == "to" for c in verb.children)
        or (verb.tag_ == "VBG" and verb.dep_ in {"pcomp", "xcomp"})
    )


def _first(governors: tuple[int, ...], document: Document) -> int:
    """The first verb, or noun of action, that a date hangs on."""
    nodes = (document.doc[g] for g in governors)
    return next((t.i for t in nodes if t.pos_ in {"VERB", "AUX"} or t.lemma_.lower() in _EVENTFUL), -1)


def _path(token: Any) -> Iterable[Any]:
    """The token and what it is part of, up to the clause's main verb."""
    node = token
    for step in range(7):
        yield node
        if node.head.i == node.i or (node.dep_ not in _CLIMB and step > 0) or node.dep_ in {"relcl", "ROOT"}:
            return
        if node.dep_ in {"ccomp", "advcl"} and _finite(node):
            return
        node = node.head


def _finite(verb: Any) -> bool:
    return verb.tag_ in {"VBD", "VBZ", "VBP", "MD"} or any(
        c.dep_ in {"aux", "auxpass"} and c.tag_ in {"VBD", "VBZ", "VBP", "MD"} for c in verb.children
    )


def _allowed(timex: Timex, spans: tuple[Span, ...]) -> bool:
    return not spans or any(s.start <= timex.start < s.end for s in spans)
