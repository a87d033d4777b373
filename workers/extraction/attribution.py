"""Attribution relations of one parsed document: who (source) is said by which words (cue) to say what (contents).

The conventions are those of PARC3 (Pareti 2015) and PolNeAR (Newell et al. 2018): the source is the whole noun
phrase, the cue the verb with its auxiliaries, the content the whole complement with its quote marks; beliefs,
intentions and attitudes count. The method is rules over spaCy's dependency parse and the quote marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.core.domain.reading import Span
from workers.extraction import speech_verbs as words
from workers.extraction.document import Document

_SUBJECTS = frozenset({"nsubj", "expl", "csubj"})
_CLAUSES = frozenset({"ccomp", "xcomp"})
_VERBS = (
    words.SAYING
    | words.THINKING
    | words.INTENDING
    | words.DIRECTING
    | words.TREATING
    | words.NAMING
    | words.PREPOSITIONAL.keys()
)
_QUOTES = frozenset("\"“”„«»'‘’`") | {"''", "``"}
_STOPS = frozenset({",", ".", ";", ":", "—", "–", "--", "-", "!", "?"})
_MAX_SOURCE = 40  # tokens


@dataclass(slots=True)
class Attribution:
    """`head` is the cue's main token; contents are in text order."""

    head: Any
    source: Span | None
    cue: Span
    contents: list[Span] = field(default_factory=list)
    subject: Any = None


def find_attributions(document: Document, quoted: tuple[Span, ...]) -> list[Attribution]:
    """All attributions by cue words, in text order; nested ones included."""
    found: list[Attribution] = []
    for sentence in document.sentences:
        tokens = document.tokens_in(sentence)
        for token in tokens:
            made = _attribution(document, sentence, token)
            if made is not None and made.contents:
                made.contents = _over_quotes(made.contents, quoted)
                found.append(made)
    return found


def _attribution(document: Document, sentence: Span, token: Any) -> Attribution | None:
    lemma = token.lemma_.lower()
    if token.pos_ == "VERB" or token.tag_.startswith("VB"):
        if lemma == "accord" or token.lower_ == "according":
            return _according(document, sentence, token)
        if lemma in _VERBS:
            return _by_verb(sentence, token, lemma)
        if lemma in words.LIGHT:
            return _by_light_verb(token)
        if lemma == "be":
            return _by_adjective(token)
        return None
    if token.pos_ == "AUX" and lemma == "be" and token.dep_ not in {"aux", "auxpass"}:
        return _by_adjective(token)
    if token.pos_ == "NOUN" and lemma in words.NOUNS:
        return _by_noun(token)
    if token.lower_ == "according":
        return _according(document, sentence, token)
    return None


# --- verbs -------------------------------------------------------------------------------------------------


def _by_verb(sentence: Span, verb: Any, lemma: str) -> Attribution | None:
    if verb.dep_ in {"amod", "compound", "nmod"}:
        return None
    if any(child.dep_ == "auxpass" for child in verb.children):
        return _passive(verb, lemma)
    subject, top = find_subject(verb)
    if subject is not None and (
        subject.dep_ == "expl" or (subject.lower_ in {"it", "there", "what"} and lemma not in words.SAYING)
    ):
        return None
    made = Attribution(verb, _noun_phrase(subject, verb), _cue(verb, top), subject=subject)
    if lemma in words.SAYING and _parenthetical(sentence, verb, subject, made):
        return made
    contents = _complement(verb, lemma, made)
    if contents is None:
        return None
    made.contents = [contents]
    return made


def _passive(verb: Any, lemma: str) -> Attribution | None:
    """'X was described as Y by Z', 'it is believed that X': the subject is what is spoken of."""
    agent = next((c for c in verb.children if c.dep_ == "agent"), None)
    by = next((c for c in agent.children if c.dep_ == "pobj"), None) if agent is not None else None
    subject = next((c for c in verb.children if c.dep_ == "nsubjpass"), None)
    if subject is None or not (by is not None or lemma in words.NAMING | words.SAYING | words.THINKING):
        return None
    made = Attribution(verb, _noun_phrase(by, verb), _cue(verb, verb), subject=by)
    after = [
        c
        for c in verb.rights
        if c.dep_ in {"oprd", "xcomp", "ccomp"} or (c.dep_ == "prep" and c.lower_ == "as")
    ]
    if by is None and not after:
        return None
    if subject.lower_ != "it":
        made.contents.append(_subtree(subject, before=verb.i))
    if after:
        made.contents.append(_join(after))
    return made


def find_subject(verb: Any) -> tuple[Any, Any]:
    """(subject token or None, the verb that has it): looks up through coordination, infinitives, participles."""
    top = verb
    for _ in range(6):
        for child in top.children:
            if child.dep_ in _SUBJECTS:
                return child, top
        head = top.head
        if head.i == top.i:
            return None, top
        if top.dep_ == "conj" and head.pos_ in {"VERB", "AUX"}:
            passive = next((c for c in head.children if c.dep_ == "nsubjpass"), None)
            if passive is not None:
                return passive, head
        elif top.dep_ in {"xcomp", "advcl", "pcomp", "ccomp"} and head.pos_ in {
            "VERB",
            "AUX",
            "ADP",
            "SCONJ",
        }:
            if top.dep_ == "ccomp" and top.tag_ not in {"VBG", "VB"}:
                return None, top
            passive = next((c for c in head.children if c.dep_ == "nsubjpass"), None)
            if passive is not None:
                return passive, head
        elif top.dep_ == "prep" or head.pos_ in {"VERB", "AUX", "ADP"}:
            pass
        elif top.dep_ == "acl" and top.tag_ == "VBG":
            return head, top
        else:
            return None, top
        top = head
    return None, top


def _complement(verb: Any, lemma: str, made: Attribution) -> Span | None:
    """The region of the complement after the verb, by the frames that the verb takes."""
    rights = [c for c in verb.rights if c.dep_ not in {"punct", "cc", "conj"}]
    clauses = [c for c in rights if c.dep_ == "ccomp"]
    infinitives = [c for c in rights if c.dep_ == "xcomp"]
    objects = [c for c in rights if c.dep_ in {"dobj", "dative"}]
    speech = lemma in words.SAYING or lemma in words.THINKING
    if clauses and (speech or lemma in words.INTENDING or lemma in words.DIRECTING or lemma in words.NAMING):
        first = clauses[0]
        keep = [c for c in rights if c.i >= first.i and c.dep_ in _CLAUSES]
        if lemma in words.DIRECTING or lemma in words.NAMING:
            keep = [c for c in objects if c.i < first.i and lemma not in words.ADDRESSING] + keep
        return _join(keep)
    if infinitives and (
        lemma in words.INTENDING or lemma in words.DIRECTING or lemma in words.NAMING or speech
    ):
        keep = infinitives
        if lemma not in words.ADDRESSING:
            keep = [c for c in objects if c.i < infinitives[0].i] + keep
        return _join(keep)
    naming = [c for c in rights if c.dep_ == "oprd" or (c.dep_ == "prep" and c.lower_ in {"as", "for"})]
    if objects and lemma in words.NAMING:
        return _join(objects + [c for c in naming if c.i > objects[0].i])
    prepositions = words.PREPOSITIONAL.get(lemma, frozenset())
    about = next((c for c in rights if c.dep_ in {"prep", "agent"} and c.lower_ in prepositions), None)
    if about is not None and (not objects or lemma in words.ADDRESSING or lemma not in words.TREATING):
        inside = [c for c in about.rights if c.dep_ in {"pobj", "pcomp"}]
        if inside:
            made.cue = Span(made.cue.start, _end(about))
            more = [c for c in rights if c.i > about.i and c.dep_ in {"xcomp", "ccomp"}]
            return _join(inside + more)
    if (
        objects
        and lemma in words.TREATING
        and not (lemma in words.ADDRESSING and lemma not in {"warn", "thank"})
    ):
        more = [
            c
            for c in rights
            if c.i > objects[-1].i and c.dep_ == "prep" and c.lower_ in {"as", "for", "to", "of"}
        ]
        return _join(objects + more)
    if objects and lemma in words.THINKING | words.INTENDING | words.DIRECTING - words.ADDRESSING:
        return _join(objects)
    return None


def _by_light_verb(verb: Any) -> Attribution | None:
    noun = next((c for c in verb.rights if c.dep_ == "dobj" and c.lemma_.lower() in words.NOUNS), None)
    if noun is None:
        return None
    content = _noun_content(noun)
    if content is None:
        return None
    subject, top = find_subject(verb)
    if subject is None or subject.lower_ in {"it", "there"}:
        return None
    cue = _cue(verb, top)
    return Attribution(noun, _noun_phrase(subject, verb), Span(cue.start, _end(noun)), [content], subject)


def _by_adjective(verb: Any) -> Attribution | None:
    adjective = next(
        (c for c in verb.rights if c.dep_ == "acomp" and c.lemma_.lower() in words.ADJECTIVES), None
    )
    if adjective is None:
        return None
    subject, top = find_subject(verb)
    if subject is None or subject.lower_ in {"it", "there", "this", "that", "which"}:
        return None
    inside = [c for c in (*adjective.rights, *verb.rights) if c.dep_ in _CLAUSES and c.i > adjective.i]
    cue = _cue(verb, top)
    end = _end(adjective)
    if not inside:
        about = next((c for c in adjective.rights if c.dep_ == "prep"), None)
        if about is None:
            return None
        inside = [c for c in about.rights if c.dep_ in {"pobj", "pcomp"}]
        end = _end(about)
        if not inside:
            return None
    return Attribution(adjective, _noun_phrase(subject, verb), Span(cue.start, end), [_join(inside)], subject)


# --- nouns -------------------------------------------------------------------------------------------------


def _noun_content(noun: Any) -> Span | None:
    clauses = [
        c
        for c in noun.rights
        if (c.dep_ in {"ccomp", "acl"} and c.tag_ not in {"VBN", "VBG", "VBD"}) or c.dep_ == "ccomp"
    ]
    clauses = [c for c in clauses if any(m.dep_ in {"mark", "aux"} or m.lower_ == "that" for m in c.lefts)]
    if clauses:
        return _join(clauses)
    about = next(
        (
            c
            for c in noun.rights
            if c.dep_ == "prep" and c.lower_ in {"about", "over", "on", "for", "against"}
        ),
        None,
    )
    if about is not None:
        inside = [c for c in about.rights if c.dep_ in {"pobj", "pcomp"}]
        return _join(inside) if inside else None
    return None


def _by_noun(noun: Any) -> Attribution | None:
    content = _noun_content(noun)
    if content is None:
        return None
    source = next((c for c in noun.lefts if c.dep_ == "poss"), None)
    if source is None:
        by = next(
            (
                c
                for c in noun.rights
                if c.dep_ in {"prep", "agent"} and c.lower_ in {"by", "from"} and c.i < content.start
            ),
            None,
        )
        source = next((c for c in by.rights if c.dep_ == "pobj"), None) if by is not None else None
    if source is None:
        return None
    span = _noun_phrase(source, noun)
    return Attribution(noun, span, Span(noun.idx, _end(noun)), [content], source)


# --- according to, and attributions beside or within what they attribute ------------------------------------


def _according(document: Document, sentence: Span, token: Any) -> Attribution | None:
    to = next((t for t in token.doc[token.i + 1 : token.i + 2] if t.lower_ == "to"), None)
    if to is None:
        return None
    inside = next((c for c in to.rights if c.dep_ in {"pobj", "pcomp"}), None)
    if inside is None:
        return None
    source = _noun_phrase(inside, None)
    if source is None:
        return None
    made = Attribution(token, source, Span(token.idx, _end(to)), subject=inside)
    made.contents = _around(sentence, Span(token.idx, source.end), token)
    return made


def _parenthetical(sentence: Span, verb: Any, subject: Any, made: Attribution) -> bool:
    """Fill `contents` if the clause of saying stands after or within what it attributes, or is 'as X said'."""
    doc = verb.doc
    first = min(verb.i, subject.left_edge.i if subject is not None else verb.i)
    first = min(
        [first, *(c.i for c in verb.lefts if c.dep_ in {"aux", "neg", "advmod"} and c.i >= first - 3)]
    )
    has_subject = subject is not None and subject.head.i == verb.i
    if not has_subject:
        return False
    last = max(verb.i, min(subject.right_edge.i, subject.i + _MAX_SOURCE) if subject.i > verb.i else verb.i)
    as_clause = first > 0 and doc[first - 1].lower_ == "as" and doc[first - 1].idx >= sentence.start
    before = doc[first - 1] if first > 0 and doc[first - 1].idx >= sentence.start else None
    if as_clause:
        chunk = Span(doc[first - 1].idx, _end(doc[last]))
    else:
        if before is None or not (before.text in _STOPS or before.text in _QUOTES):
            return False
        if before.text == ":":
            return False
        closing = before.text in _QUOTES
        right = [
            c for c in verb.rights if c.dep_ in {"ccomp", "xcomp"} and c.i > last and not _is_participle(c)
        ]
        if right and not (closing and not any(m.lower_ == "that" for c in right for m in c.lefts)):
            following = doc[last + 1] if last + 1 < len(doc) else None
            if following is None or following.text not in _STOPS:
                return False
        if not closing and not right:
            objects = [c for c in verb.rights if c.dep_ == "dobj" and c.i > last]
            if objects and verb.lemma_ not in words.ADDRESSING:
                return False
            following = doc[last + 1] if last + 1 < len(doc) else None
            left_clause = any(c.dep_ in {"ccomp", "parataxis"} for c in verb.lefts) or verb.dep_ in {
                "parataxis",
                "ccomp",
                "advcl",
            }
            if (
                following is not None
                and following.text in {",", ":"}
                and _opens_quote(doc, last + 2)
                and not left_clause
            ):
                return False
        chunk = Span(doc[first].idx, _end(doc[last]))
    made.contents = _around(sentence, chunk, verb, last)
    return bool(made.contents)


def _is_participle(token: Any) -> bool:
    return bool(token.tag_ == "VBG" and not any(c.dep_ == "mark" for c in token.lefts))


def _opens_quote(doc: Any, i: int) -> bool:
    return bool(i < len(doc) and doc[i].text in _QUOTES)


def _around(sentence: Span, chunk: Span, head: Any, last: int | None = None) -> list[Span]:
    """What is left of the sentence before and after an inserted attribution."""
    doc = head.doc
    contents: list[Span] = []
    before = _clean(doc, sentence.start, chunk.start)
    if before is not None and not _only_opens(doc, before):
        contents.append(before)
    i = last + 1 if last is not None else head.i
    while i < len(doc) and doc[i].idx < chunk.end:
        i += 1
    while (
        i < len(doc)
        and doc[i].idx < sentence.end
        and doc[i].text not in _STOPS
        and doc[i].text not in _QUOTES
    ):
        i += 1  # "said", "on Monday in Geneva"
    if i >= len(doc) or doc[i].idx >= sentence.end:
        return contents
    if contents and doc[i].text not in {",", "—", "–", "--"} and doc[i].text not in _QUOTES:
        return contents
    start = i + 1 if doc[i].text in _STOPS else i
    if start < len(doc) and doc[start].idx < sentence.end:
        opening = doc[start]
        if contents and (
            _is_participle(opening)
            or opening.lower_ in {"who", "which", "whose", "where", "when", "after", "while"}
        ):
            return contents
        after = _clean(doc, opening.idx, sentence.end)
        if after is not None:
            contents.append(after)
    return contents


def _only_opens(doc: Any, span: Span) -> bool:
    """'But', 'In Geneva on Friday': words before the attribution that are no clause."""
    piece = doc.char_span(span.start, span.end, alignment_mode="expand")
    return (
        piece is not None
        and len(piece) <= 12
        and not any(t.pos_ in {"VERB", "AUX"} or t.text in _QUOTES for t in piece)
    )


# --- spans -------------------------------------------------------------------------------------------------


def _end(token: Any) -> int:
    return int(token.idx) + len(token)


def _subtree(token: Any, before: int | None = None) -> Span:
    right = token.right_edge
    if before is not None and right.i >= before > token.i:
        right = token.doc[before - 1]
    return _trim(token.doc, token.left_edge.i, right.i)


def _join(tokens: list[Any]) -> Span:
    left = min(t.left_edge.i for t in tokens)
    right = max(t.right_edge.i for t in tokens)
    return _trim(tokens[0].doc, left, right)


def _trim(doc: Any, left: int, right: int) -> Span:
    while right > left and (doc[right].is_space or doc[right].text in _STOPS):
        right -= 1
    while left < right and (doc[left].is_space or doc[left].text in _STOPS):
        left += 1
    return Span(doc[left].idx, _end(doc[right]))


def _clean(doc: Any, start: int, end: int) -> Span | None:
    piece = doc.char_span(start, end, alignment_mode="contract")
    if piece is None or not any(t.is_alpha or t.like_num for t in piece):
        return None
    return _trim(doc, piece.start, piece.end - 1)


def _noun_phrase(token: Any, verb: Any) -> Span | None:
    if token is None:
        return None
    left, right = token.left_edge.i, token.right_edge.i
    if verb is not None:
        if left < verb.i <= right and token.i < verb.i:
            right = verb.i - 1
        elif left <= verb.i < right and token.i > verb.i:
            left = verb.i + 1
    if right - left > _MAX_SOURCE:
        right = token.i
    if token.dep_ == "poss" and token.doc[right].tag_ == "POS":
        pass
    return _trim(token.doc, left, right)


def _cue(verb: Any, top: Any) -> Span:
    first = (
        top
        if top.i < verb.i and all(t.pos_ in {"VERB", "AUX", "PART", "ADV"} for t in verb.doc[top.i : verb.i])
        else verb
    )
    left = first.i
    while left > 0:
        token = verb.doc[left - 1]
        if (
            token.head.i == first.i
            and token.dep_ in {"aux", "auxpass", "neg", "advmod"}
            and token.tag_ not in {"WRB", "WDT"}
        ):
            left -= 1
        else:
            break
    right = verb.i
    if right + 1 < len(verb.doc) and verb.doc[right + 1].dep_ == "prt":
        right += 1
    return Span(verb.doc[left].idx, _end(verb.doc[right]))


def _over_quotes(contents: list[Span], quoted: tuple[Span, ...]) -> list[Span]:
    """Grow a content that cuts into a quotation to all of it."""
    grown: list[Span] = []
    for span in contents:
        start, end = span.start, span.end
        for quote in quoted:
            if quote.start < end and quote.end > start:
                start, end = min(start, quote.start), max(end, quote.end)
            elif quote.start >= end:
                break
        grown.append(Span(start, end))
    return grown


def iter_tokens(document: Document, span: Span) -> Iterator[Any]:
    yield from document.tokens_in(span)
