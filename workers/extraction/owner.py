"""Whose own text an article is: a ministry's statement, a president's speech, an alliance's communiqué.

In such a text "we", "our country" and "I" are the owner's words; in everyone else's they are not coded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from services.core.domain.dossier import Dossier
from services.core.domain.reading import Span
from workers.extraction.document import Document
from workers.extraction.gazetteer import INSTITUTION, METONYM, NAME, fold, gazetteer_of
from workers.extraction.mention import SELF, Mention
from workers.extraction.quote_marks import find_quoted

_PRESS = re.compile(
    r"(?i)\b(?:news|times|post|daily|today|herald|tribune|journal|agency|broadcast|radio|tv|television|press|media"
    r"|magazine|review|observer|guardian|independent|standard|report|weekly|voice|insider|matters|watch|monitor"
    r"|institute|center|centre|foundation|university|think|blog|online|examiner|gazette|mail|sun|star|wire)\w*"
)
_OFFICIAL = re.compile(
    r"(?i)\b(?:ministr|government|mission|embassy|presiden|department|delegation|council|parliament|duma|secretariat"
    r"|commission|chancell|office|consulate|administration)"
)
_HEADING = re.compile(
    r"(?i)^(?:\W*(?:joint|press|official|opening|closing|full|text|transcript|of|the|a) ){0,4}(?:statement|remarks|address"
    r"|speech|comments?|commentary|declaration|message|briefing|answers?|reply|interview|article|letter|communiqu[eé]"
    r"|press release|doorstep)\b"
)
_ISSUED_BY = re.compile(r"(?i)(?:\b(?:by|of|from|with)(?: the| a)? |^)$")
_FIRST_PERSON = re.compile(r"\b(?:[Ww]e|[Oo]urs?|[Uu]s|I|[Mm]y)\b")
_PLURAL = frozenset({"we", "our", "ours", "us"})
_OWN = frozenset({"country", "state", "nation", "government"})


def owner_of(
    document: Document, dossier: Dossier, outlet: str | None = None, mentions: Sequence[Mention] = ()
) -> str | None:
    """The actor whose own statement the text is, None for news and for what an outlet says itself.

    It is known by the outlet's name or address, else by a heading ("Statement by the Foreign Ministry") over a text
    in the first person, else by a text that says "we" and names the actor formally ("the Russian Federation").
    """
    owner = owner_by_address(outlet or document.outlet, document.url, dossier)
    if owner is not None:
        return owner
    if not _speaks_as_we(document):
        return None
    return _by_heading(document, mentions) or _by_formal_name(document, dossier, mentions)


def owner_by_address(outlet: str | None, url: str | None, dossier: Dossier) -> str | None:
    """The actor that an outlet's name, or a site's address, belongs to; None for the press and strangers."""
    return _by_outlet(outlet, dossier) or _by_host(url, dossier)


def _by_outlet(outlet: str | None, dossier: Dossier) -> str | None:
    if not outlet or _PRESS.search(outlet):
        return None
    plain = fold(outlet)
    for hit in gazetteer_of(dossier).find(plain):
        entry = hit.entries[0]
        whole = hit.start == 0 and hit.end == len(plain)
        body = entry.actor is not None and dossier.actors[entry.actor].type != "state"
        if entry.actor and (
            (entry.kind == METONYM and ("the " + plain[hit.start : hit.end]).lower() in _SEATS)
            or entry.kind == INSTITUTION
            or _OFFICIAL.search(plain)
            or (entry.kind == NAME and whole and body)
        ):
            return entry.actor
    return None


_SEATS = frozenset({"the kremlin", "the white house", "the pentagon", "the the kremlin"})


def _by_host(url: str | None, dossier: Dossier) -> str | None:
    try:
        labels = (urlsplit(url or "").hostname or "").split(".")
    except ValueError:
        return None
    ends = (dossier.sites.get(".".join(labels[start:])) for start in range(len(labels)))
    return next((actor for actor in ends if actor), None)


def _speaks_as_we(document: Document) -> bool:
    spans = [q.span for q in find_quoted(document.text[: len(document.doc.text)], document.paragraphs)]
    words = len(document.doc)
    count = sum(
        1
        for found in _FIRST_PERSON.finditer(document.text)
        if not any(s.start < found.start() < s.end for s in spans)
    )
    return not document.turns and count >= 3 and count >= 0.008 * words


def _by_heading(document: Document, mentions: Sequence[Mention]) -> str | None:
    if not document.paragraphs:
        return None
    first = document.paragraphs[0]
    if not _HEADING.match(first.of(document.text)):
        return None
    for mention in mentions:
        if mention.span.start >= first.end:
            break
        if mention.actor and _ISSUED_BY.search(document.text[first.start : mention.span.start]):
            return mention.actor
    return None


def _by_formal_name(document: Document, dossier: Dossier, mentions: Sequence[Mention]) -> str | None:
    """Diplomatic prose names the own state formally as the subject, more often than any other."""
    subjects: Counter[str] = Counter()
    for mention in mentions:
        if mention.kind != NAME or not mention.actor:
            continue
        name = mention.span.of(document.text)
        formal = name in dossier.actors[mention.actor].aliases and name.startswith(
            ("Russian Fed", "Republic", "People")
        )
        tokens = document.tokens_in(mention.span)
        if formal and len(tokens) and tokens.root.dep_ in {"nsubj", "nsubjpass"}:
            subjects[mention.actor] += 1
    ranked = subjects.most_common(2)
    if ranked and ranked[0][1] >= 2 and (len(ranked) < 2 or ranked[0][1] > ranked[1][1]):
        return ranked[0][0]
    return None


def first_person(document: Document, dossier: Dossier, mentions: Sequence[Mention]) -> list[Mention]:
    """Mentions of the owner, or of a transcript's speaker, by "we", "our country" and "I", outside quotations."""
    owner = owner_of(document, dossier, document.outlet, mentions)
    voices: list[tuple[Span, Mention]] = []
    for turn in document.turns:
        speaker = next(
            (
                m
                for m in mentions
                if m.span.start < turn.speaker.end and m.span.end > turn.speaker.start and m.actor
            ),
            None,
        )
        if speaker is not None:
            voices.append((turn.content, speaker))
    if owner is not None and not document.turns:
        whole = Span(0, len(document.doc.text))
        voices.append((whole, Mention(whole, owner, None, SELF)))
    made: list[Mention] = []
    quoted = [q.span for q in find_quoted(document.text[: len(document.doc.text)], document.paragraphs)]
    for span, voice in voices:
        for token in document.tokens_in(span):
            word = token.lower_
            if word in _PLURAL and len(word) == 2 and token.text.isupper():
                continue  # "US" is a state
            if word not in _PLURAL and token.text not in {"I", "my", "My"}:
                continue
            if any(q.start < token.idx < q.end for q in quoted):
                continue
            end = token.idx + len(token)
            if word == "our" and token.head.lower_ in _OWN and token.head.i == token.i + 1:
                end = token.head.idx + len(token.head)
            made.append(replace(voice, span=Span(token.idx, end), kind=SELF))
    return made
