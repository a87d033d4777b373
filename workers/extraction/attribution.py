"""Attribution relations of one parsed document: who (source) is said by which words (cue) to say what (contents).

The conventions are those of PARC3 (Pareti 2015) and PolNeAR (Newell et al. 2018): the source is the whole noun
phrase, the cue the verb with its auxiliaries, the content the whole complement with its quote marks; beliefs,
intentions and attitudes count. The method is rules over spaCy's dependency parse and the quote marks.
"""

from __future__ import annotations

from typing import Any

from services.core.domain.reading import Span
from workers.extraction import speech_verbs as words
from workers.extraction.attribution_spans import (
    Attribution,
    cue_of,
    end_of,
    join,
    lemma_of,
    noun_phrase,
    over_quotes,
    subtree,
)
from workers.extraction.beside_quotes import beside_quotes
from workers.extraction.document import Document
from workers.extraction.inserted import according_to, fill_if_inserted

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
_NOUNS = words.NOUNS | words.JUDGING_NOUNS
_CARRIERS = frozenset({"VERB", "AUX", "ADP", "SCONJ"})
_CLAUSAL = words.SAYING | words.THINKING | words.INTENDING | words.DIRECTING | words.NAMING | words.TREATING
_KEPT_PREPOSITIONS = frozenset({"as", "for", "to", "of"})
_ROUTINE = frozenset(
    {"request", "comment", "message", "call", "email", "inquiry"}
)  # "did not respond to requests"
_ABOUT = frozenset({"about", "over", "on", "for", "against"})
_NO_SOURCES = frozenset(
    {"there", "what", "that", "which", "this", "you", "everything", "nothing", "these", "those"}
)


def find_attributions(document: Document, quoted: tuple[Span, ...]) -> list[Attribution]:
    """All attributions, nested ones included. `quoted` are the pieces in quotation marks, in order."""
    found: list[Attribution] = []
    for sentence in document.sentences:
        for token in document.tokens_in(sentence):
            made = _attribution(sentence, token)
            if made is not None and made.contents:
                around = [q for q in quoted if not q.start <= made.cue.start < q.end]
                made.contents = over_quotes(made.contents, around)
                found.append(made)
    by_marks = beside_quotes(document, quoted, found)
    heads = {made.head.i for made in by_marks}
    return [*(made for made in found if made.head.i not in heads), *by_marks]


def _attribution(sentence: Span, token: Any) -> Attribution | None:
    lemma = lemma_of(token)
    made: Attribution | None = None
    if token.lower_ == "according":
        made = according_to(sentence, token)
    elif lemma == "be" and token.dep_ not in {"aux", "auxpass"}:
        made = _by_adjective(token)
    elif token.pos_ == "VERB" or token.tag_.startswith("VB"):
        if lemma in _VERBS:
            made = _by_verb(sentence, token, lemma)
        elif lemma in words.LIGHT:
            made = _by_light_verb(token)
    elif token.pos_ == "NOUN" and lemma in _NOUNS:
        made = _by_noun(token)
    return made


# --- verbs -------------------------------------------------------------------------------------------------


def _by_verb(sentence: Span, verb: Any, lemma: str) -> Attribution | None:
    if verb.dep_ in {"amod", "compound", "nmod"}:
        return None
    if any(child.dep_ == "auxpass" for child in verb.children):
        return _passive(verb, lemma)
    subject, top = find_subject(verb)
    if subject is not None and not _may_be_source(subject, lemma):
        return None
    made = Attribution(verb, noun_phrase(subject, verb), cue_of(verb, top), subject=subject)
    if lemma in words.SAYING and fill_if_inserted(sentence, verb, subject, made):
        made.inserted = True
        return made
    contents = _complement(verb, lemma, made)
    if contents is None:
        return None
    made.contents = [contents]
    return made


def _may_be_source(subject: Any, lemma: str) -> bool:
    word = subject.lower_
    if subject.dep_ == "expl" or word in _NO_SOURCES:
        return False
    if word == "who":
        return lemma in words.SAYING or lemma in words.THINKING
    return not (word == "it" and lemma in words.INTENDING)


def _passive(verb: Any, lemma: str) -> Attribution | None:
    """'X was described as Y by Z', 'it is believed that X': the subject is what is spoken of."""
    agent = next((c for c in verb.children if c.dep_ == "agent"), None)
    by = next((c for c in agent.children if c.dep_ == "pobj"), None) if agent is not None else None
    subject = next((c for c in verb.children if c.dep_ == "nsubjpass"), None)
    after = [
        c
        for c in verb.rights
        if c.dep_ in {"oprd", "xcomp", "ccomp"} or (c.dep_ == "prep" and c.lower_ == "as")
    ]
    content = join(after) if after else None
    if by is None and content is not None:  # "described as a trick by Z", "by" hung on the trick
        late = next((t for c in after for t in c.subtree if t.lower_ == "by" and t.dep_ == "prep"), None)
        by = next((c for c in late.rights if c.dep_ == "pobj"), None) if late is not None else None
        if by is not None and late is not None and late.idx > content.start:
            content = Span(content.start, end_of(late.doc[late.i - 1]))
    if subject is None or (by is None and (content is None or lemma not in _CLAUSAL)):
        return None
    made = Attribution(verb, noun_phrase(by, verb), cue_of(verb, verb), subject=by)
    if subject.lower_ not in _NO_SOURCES | {"it"}:
        made.contents.append(subtree(subject, before=verb.i))
    if content is not None:
        made.contents.append(content)
    return made


def find_subject(verb: Any) -> tuple[Any, Any]:
    """(subject token or None, the verb that has it): looks up through coordination, infinitives, participles."""
    top = verb
    for _ in range(6):
        subjects = [c for c in top.children if c.dep_ in _SUBJECTS]
        if subjects:
            return min(subjects, key=lambda c: abs(c.i - top.i)), top
        head = top.head
        if head.i == top.i:
            break
        if (
            top.dep_ == "acl"
            and head.pos_ not in _CARRIERS
            and (top.tag_ == "VBG" or _is_mistaken(top, head))
        ):
            return head, top
        if not _shares_subject(top, head):
            break
        passive = next((c for c in head.children if c.dep_ == "nsubjpass"), None)
        if passive is not None:
            return passive, head
        top = head
    return None, top


def _is_mistaken(verb: Any, head: Any) -> bool:
    """The parser took 'The envoy called on them' for a noun with a participle."""
    return bool(verb.tag_ == "VBD" and head.dep_ == "ROOT" and head.i < verb.i)


def _shares_subject(lower: Any, head: Any) -> bool:
    """'said and did', 'wants to say', 'by saying', '…, saying': the subject is that of the verb above."""
    if lower.dep_ == "ccomp":
        return lower.tag_ in {"VBG", "VB"} and head.pos_ in _CARRIERS
    return lower.dep_ == "prep" or head.pos_ in _CARRIERS


def _complement(verb: Any, lemma: str, made: Attribution) -> Span | None:
    """The region of the complement after the verb, by the frames that the verb takes."""
    rights = [c for c in verb.rights if c.dep_ not in {"punct", "cc", "conj"}]
    objects = [c for c in rights if c.dep_ in {"dobj", "dative"}]
    if lemma == "continue" and any(c.dep_ == "xcomp" and lemma_of(c) in _VERBS for c in rights):
        return None  # "continues to believe": the other verb is the cue
    return (
        _clause(lemma, rights, objects, made)
        or _named(lemma, rights, objects)
        or _after_preposition(lemma, rights, objects, made)
        or _object(lemma, rights, objects)
    )


def _clause(lemma: str, rights: list[Any], objects: list[Any], made: Attribution) -> Span | None:
    """'that it rained', 'to leave', 'him to leave', 'on him to leave'."""
    first = next((c for c in rights if c.dep_ == "ccomp"), None) or next(
        (c for c in rights if c.dep_ == "xcomp"), None
    )
    if first is None or lemma not in _CLAUSAL:
        return None
    if first.dep_ == "xcomp":
        asked = _after_preposition(lemma, [c for c in rights if c.i <= first.i], [], made)
        if asked is not None:
            return asked
    keep = [c for c in rights if c.i >= first.i and c.dep_ in _CLAUSES]
    takes_object = first.dep_ == "xcomp" or lemma in words.DIRECTING or lemma in words.NAMING
    if takes_object and lemma not in words.ADDRESSING:
        keep = [c for c in objects if c.i < first.i] + keep
    return join(keep)


def _named(lemma: str, rights: list[Any], objects: list[Any]) -> Span | None:
    """'Y a failure', 'Y as a failure'."""
    if not objects or lemma not in words.NAMING:
        return None
    names = [c for c in rights if c.dep_ == "oprd" or (c.dep_ == "prep" and c.lower_ in {"as", "for"})]
    if not names and lemma not in words.TREATING:
        return None
    return join(objects + [c for c in names if c.i > objects[0].i])


def _after_preposition(lemma: str, rights: list[Any], objects: list[Any], made: Attribution) -> Span | None:
    """'for a ban', with the preposition in the cue."""
    prepositions = words.PREPOSITIONAL.get(lemma, frozenset())
    about = next((c for c in rights if c.dep_ in {"prep", "agent"} and c.lower_ in prepositions), None)
    if about is None or (objects and lemma not in words.ADDRESSING and lemma in words.TREATING):
        return None
    inside = [c for c in about.rights if c.dep_ in {"pobj", "pcomp"}]
    if not inside or (lemma == "respond" and inside[0].lemma_ in _ROUTINE):
        return None
    made.cue = Span(made.cue.start, end_of(about))
    return join(inside + [c for c in rights if c.i > about.i and c.dep_ in _CLAUSES])


def _object(lemma: str, rights: list[Any], objects: list[Any]) -> Span | None:
    """'the proposal', 'him of lying'."""
    if not objects:
        return None
    if lemma in words.TREATING and (lemma not in words.ADDRESSING or lemma in {"warn", "thank"}):
        more = [
            c for c in rights if c.i > objects[-1].i and c.dep_ == "prep" and c.lower_ in _KEPT_PREPOSITIONS
        ]
        return join(objects + more)
    if lemma in words.THINKING | words.INTENDING | words.DIRECTING - words.ADDRESSING:
        return join(objects)
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
    cue = cue_of(verb, top)
    return Attribution(noun, noun_phrase(subject, verb), Span(cue.start, end_of(noun)), [content], subject)


def _by_adjective(verb: Any) -> Attribution | None:
    """'X is confident that Y', 'X is critical of Y', 'X is a supporter of Y'; `verb` is the copula."""
    head = next((c for c in verb.rights if _is_attitude(c)), None)
    subject, top = find_subject(verb)
    if head is None or subject is None or subject.lower_ in _NO_SOURCES | {"it"}:
        return None
    inside = [c for c in (*head.rights, *verb.rights) if c.dep_ in _CLAUSES and c.i > head.i]
    end = end_of(head)
    if not inside:
        about = next((c for c in head.rights if c.dep_ == "prep"), None)
        inside = [c for c in about.rights if c.dep_ in {"pobj", "pcomp"}] if about is not None else []
        if not inside:
            return None
        end = end_of(about)
    source, cue = noun_phrase(subject, verb), Span(cue_of(verb, top).start, end)
    return Attribution(head, source, cue, [join(inside)], subject)


def _is_attitude(token: Any) -> bool:
    if token.dep_ == "attr":
        return lemma_of(token) in words.HOLDERS
    return token.dep_ == "acomp" and lemma_of(token) in words.ADJECTIVES


# --- nouns -------------------------------------------------------------------------------------------------


def _noun_content(noun: Any) -> Span | None:
    """What is claimed, wanted or judged: 'that it rained', 'to leave', 'about the rain'."""
    clauses = [c for c in noun.rights if c.dep_ in {"ccomp", "acl"} and _is_clause(c, noun)]
    if clauses:
        return join(clauses)
    prepositions = _ABOUT | {"of"} if lemma_of(noun) in words.JUDGING_NOUNS else _ABOUT
    about = next((c for c in noun.rights if c.dep_ == "prep" and c.lower_ in prepositions), None)
    if about is None:
        return None
    inside = [c for c in about.rights if c.dep_ in {"pobj", "pcomp"}]
    return join(inside) if inside else None


def _is_clause(clause: Any, noun: Any) -> bool:
    if any(m.lower_ == "that" and m.dep_ == "mark" for m in clause.lefts) or clause.dep_ == "ccomp":
        return True
    if not any(m.dep_ == "aux" for m in clause.lefts) or clause.tag_ in {"VBN", "VBG", "VBD"}:
        return False
    return bool(clause.left_edge.i - noun.i <= 1)  # further off, "to" belongs to another noun


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
    span = noun_phrase(source, noun)
    return Attribution(noun, span, Span(noun.idx, end_of(noun)), [content], source)
